"""Access policies: deny by default, an explicit deny wins, every document must allow; and what is refused
when it is stored."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core.authorization import Access, Decision, authorize, evaluate, mentions
from poolhouse.core.errors import AccessDeniedException, InvalidParameterException
from poolhouse.core.policies import check_policy, parse_policy

POOL_A = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_A"
POOL_B = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_B"
DESCRIBE = "cognito-idp:DescribeUserPool"


def policy(*statements, **single):
    return {"Version": "2012-10-17", "Statement": list(statements) or [single]}


def allow(action="*", resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action="*", resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def decide(*policies, action=DESCRIBE, resource=POOL_A, **context):
    for document in policies:
        check_policy(document)
    keys = {name.replace("__", "/").replace("_", ":", 1): values for name, values in context.items()}
    return evaluate(policies, Access(action, resource, keys))


ALLOWED, NOT_ALLOWED, DENIED = Decision.ALLOWED, Decision.NOT_ALLOWED, Decision.DENIED


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow()], ALLOWED),
        ([allow("cognito-idp:*")], ALLOWED),
        ([allow("cognito-idp:Describe*")], ALLOWED),
        ([allow("COGNITO-IDP:describeuserpool")], ALLOWED),
        ([allow("cognito-idp:DescribeUserPoo?")], ALLOWED),
        ([allow(["cognito-idp:ListUserPools", DESCRIBE])], ALLOWED),
        ([allow("cognito-idp:DescribeUserPoolClient")], NOT_ALLOWED),
        ([allow("cognito-idp:Describe")], NOT_ALLOWED),
        ([allow("cognito-identity:*")], NOT_ALLOWED),
        ([allow(resource=POOL_A)], ALLOWED),
        ([allow(resource=POOL_A.lower())], NOT_ALLOWED),
        ([allow(resource=POOL_B)], NOT_ALLOWED),
        ([allow(resource=[POOL_B, "arn:aws:cognito-idp:*:*:userpool/us-east-1_?"])], ALLOWED),
        ([allow(resource="arn:aws:cognito-idp:*")], ALLOWED),
        ([allow(resource="arn:aws:cognito-idp:eu-*")], NOT_ALLOWED),
        ([allow(), deny()], DENIED),
        ([deny(), allow()], DENIED),
        ([deny(resource=POOL_A), allow()], DENIED),
        ([deny(resource=POOL_B), allow()], ALLOWED),
        ([deny("cognito-idp:Delete*"), allow()], ALLOWED),
        ([{"Effect": "Allow", "NotAction": "cognito-idp:Delete*", "Resource": "*"}], ALLOWED),
        ([{"Effect": "Allow", "NotAction": "cognito-idp:Describe*", "Resource": "*"}], NOT_ALLOWED),
        ([{"Effect": "Allow", "Action": "*", "NotResource": POOL_B}], ALLOWED),
        ([{"Effect": "Allow", "Action": "*", "NotResource": POOL_A}], NOT_ALLOWED),
        ([{"Effect": "Deny", "NotAction": DESCRIBE, "Resource": "*"}, allow()], ALLOWED),
    ],
)
def test_a_document_decides(statements, expected):
    assert decide(policy(*statements)) is expected


def test_no_policy_allows_nothing():
    assert decide() is NOT_ALLOWED


def test_a_statement_may_stand_without_a_list():
    assert decide({"Statement": allow()}) is ALLOWED


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (allow(), allow(resource=POOL_A), ALLOWED),
        (allow(), allow(resource=POOL_B), NOT_ALLOWED),
        (allow(resource=POOL_B), allow(), NOT_ALLOWED),
        (allow(), deny(), DENIED),
        (allow(resource=POOL_B), deny(), DENIED),
    ],
)
def test_each_of_several_documents_must_allow(first, second, expected):
    assert decide(policy(first), policy(second)) is expected


def test_a_policy_for_a_pool_does_not_reach_what_has_no_resource():
    """So a key that is limited to a pool can't list the others."""
    assert (
        decide(policy(allow(resource=POOL_A)), action="cognito-idp:ListUserPools", resource="*")
        is NOT_ALLOWED
    )


def test_brackets_are_no_wildcards():
    assert decide(policy(allow(resource="arn:aws:cognito-idp:[u]*"))) is NOT_ALLOWED
    assert decide(policy(allow(resource="arn:[a]")), resource="arn:[a]") is ALLOWED


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "a"}}, {"aws_requesttag__team": ("a",)}, True),
        ({"StringEquals": {"aws:RequestTag/team": "a"}}, {"aws_requesttag__team": ("A",)}, False),
        ({"StringEquals": {"AWS:requesttag/TEAM": ["b", "a"]}}, {"aws_requesttag__team": ("a",)}, True),
        ({"StringEquals": {"aws:RequestTag/team": "a"}}, {}, False),
        ({"StringEqualsIfExists": {"aws:RequestTag/team": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"aws:RequestTag/team": "a"}}, {"aws_requesttag__team": ("b",)}, False),
        ({"StringEqualsIgnoreCase": {"aws:RequestTag/team": "a"}}, {"aws_requesttag__team": ("A",)}, True),
        ({"StringNotEquals": {"aws:ResourceTag/team": "a"}}, {"aws_resourcetag__team": ("b",)}, True),
        ({"StringNotEquals": {"aws:ResourceTag/team": "a"}}, {"aws_resourcetag__team": ("a",)}, False),
        ({"StringNotEquals": {"aws:ResourceTag/team": ["a", "b"]}}, {"aws_resourcetag__team": ("b",)}, False),
        ({"StringNotEquals": {"aws:ResourceTag/team": "a"}}, {}, True),
        ({"StringLike": {"aws:ResourceTag/team": "te?m-*"}}, {"aws_resourcetag__team": ("team-1",)}, True),
        ({"StringLike": {"aws:ResourceTag/team": "te?m-*"}}, {"aws_resourcetag__team": ("teem",)}, False),
        ({"ArnLike": {"aws:ResourceTag/owner": "arn:aws:iam::*:user/a"}}, {"aws_resourcetag__owner": ("arn:aws:iam::1:user/a",)}, True),
        ({"Null": {"aws:RequestTag/team": "true"}}, {}, True),
        ({"Null": {"aws:RequestTag/team": True}}, {"aws_requesttag__team": ("a",)}, False),
        ({"Null": {"aws:RequestTag/team": "false"}}, {"aws_requesttag__team": ("a",)}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws_securetransport": ("true",)}, True),
        ({"Bool": {"aws:SecureTransport": True}}, {"aws_securetransport": ("false",)}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": ("10.1.2.3",)}, True),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "::1"]}}, {"aws_sourceip": ("::1",)}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": ("11.1.2.3",)}, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": ("",)}, False),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": ("11.1.2.3",)}, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws_sourceip": ("10.1.2.3",)}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws_tagkeys": ("a",)}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {"aws_tagkeys": ("a", "c")}, False),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}, {}, True),
        ({"ForAnyValue:StringLike": {"aws:TagKeys": "a*"}}, {"aws_tagkeys": ("b", "ab")}, True),
        ({"ForAnyValue:StringLike": {"aws:TagKeys": "a*"}}, {}, False),
        ({"StringEquals": {"aws:RequestedRegion": "a", "aws:RequestTag/team": "b"}}, {"aws_requestedregion": ("a",)}, False),
        (
            {"StringEquals": {"aws:RequestedRegion": "a"}, "Bool": {"aws:SecureTransport": "true"}},
            {"aws_requestedregion": ("a",), "aws_securetransport": ("false",)},
            False,
        ),
    ],
)  # fmt: skip
def test_a_condition_holds(condition, context, holds):
    assert (decide(policy(allow(Condition=condition)), **context) is ALLOWED) is holds
    assert (decide(policy(allow(), deny(Condition=condition)), **context) is DENIED) is holds


def test_the_denial_says_who_what_and_why():
    with pytest.raises(AccessDeniedException) as refused:
        authorize(
            "arn:aws:iam::000000000000:user/ci", [policy(allow(resource=POOL_B))], Access(DESCRIBE, POOL_A)
        )
    assert refused.value.message == (
        f"User: arn:aws:iam::000000000000:user/ci is not authorized to perform: {DESCRIBE} on resource: {POOL_A}"
        f" because no identity-based policy allows the {DESCRIBE} action"
    )

    with pytest.raises(AccessDeniedException, match=r"with an explicit deny in an identity-based policy$"):
        authorize("arn:aws:iam::000000000000:user/ci", [policy(deny())], Access(DESCRIBE, POOL_A))


def test_tags_are_only_asked_for_where_a_policy_speaks_of_them():
    condition = {"StringEquals": {"AWS:ResourceTag/team": "a"}}

    assert mentions([policy(allow(), allow(Condition=condition))], "aws:ResourceTag/")
    assert not mentions([policy(allow())], "aws:ResourceTag/")


# --- what is refused when it is stored --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "not a JSON object"),
        ({}, "there is no Statement"),
        ({"Statement": []}, "there is no Statement"),
        ({"Statement": "a"}, "statement 1 is not an object"),
        ({"Statement": [allow(), 5]}, "statement 2 is not an object"),
        ({"Statement": [allow()], "Version": "2026-01-01"}, "Version must be one of"),
        ({"Statement": [allow()], "Statements": []}, "unknown element 'Statements'"),
        ({"Statement": [allow()], "Id": 5}, "Id is not a text"),
        (policy(allow(Principal="*")), "unknown element 'Principal'"),
        (policy(allow(Sid="a b")), "Sid of statement 1"),
        (policy({**allow(), "Effect": "allow"}), "Effect of statement 1"),
        (policy({"Action": "*", "Resource": "*"}), "Effect of statement 1"),
        (policy({"Effect": "Deny", "Resource": "*"}), "either Action or NotAction"),
        (policy({"Effect": "Deny", "Action": "*"}), "either Resource or NotResource"),
        (policy(allow(NotAction="a:b")), "either Action or NotAction"),
        (policy(allow(NotResource="*")), "either Resource or NotResource"),
        (policy(allow(action=[])), "Action of statement 1 is empty"),
        (policy(allow(action="DescribeUserPool")), "not 'DescribeUserPool'"),
        (policy(allow(action=5)), "not '5'"),
        (policy(allow(resource="us-east-1_A")), "must be an ARN"),
        (policy(allow(resource="arn:${aws:username}")), "policy variable"),
        (policy(allow(Condition=[])), "Condition of statement 1"),
        (
            policy(deny(Condition={"StringEqual": {"aws:TagKeys": "a"}})),
            "unknown condition operator 'StringEqual'",
        ),
        (policy(deny(Condition={"DateLessThan": {"aws:TagKeys": "a"}})), "unknown condition operator"),
        (
            policy(deny(Condition={"ForAllValues:Null": {"aws:TagKeys": "true"}})),
            "unknown condition operator",
        ),
        (policy(deny(Condition={"NullIfExists": {"aws:TagKeys": "true"}})), "unknown condition operator"),
        (policy(deny(Condition={"StringEquals": []})), "must be an object of condition keys"),
        (policy(deny(Condition={"StringEquals": {}})), "must be an object of condition keys"),
        (policy(deny(Condition={"StringEquals": {"aws:MultiFactorAuthAge": "1"}})), "unknown condition key"),
        (policy(deny(Condition={"StringEquals": {"aws:TagKeys": []}})), "has no value"),
        (policy(deny(Condition={"StringEquals": {"aws:TagKeys": 5}})), "must be a text"),
        (policy(deny(Condition={"Bool": {"aws:SecureTransport": "yes"}})), "must be true or false"),
        (policy(deny(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/33"}})), "CIDR"),
    ],
)
def test_a_document_that_would_not_be_understood_is_refused(document, why):
    with pytest.raises(InvalidParameterException, match=r"^Invalid policy: ") as refused:
        check_policy(document)

    assert why in refused.value.message


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 6000, '{"Id": "\\ud800"}', '"a"', "null"])
def test_a_text_that_is_no_document_is_refused(text):
    with pytest.raises(InvalidParameterException, match=r"^Invalid policy: "):
        parse_policy(text)


def test_a_document_comes_back_as_it_was_written():
    document = policy(allow(DESCRIBE, POOL_A, Sid="Read1", Condition={"Bool": {"aws:SecureTransport": True}}))

    assert parse_policy(json.dumps(document)) == document


WORDS = st.sampled_from(
    ["Allow", "Deny", "*", "a:b", "Statement", "Effect", "Action", "Resource", "Condition", "StringEquals", "aws:TagKeys"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(document=JSON, statement=st.dictionaries(WORDS, JSON, max_size=4))
def test_whatever_is_accepted_can_be_evaluated(document, statement):
    for candidate in (document, policy(statement), policy({**allow(), **statement})):
        try:
            check_policy(candidate)
        except InvalidParameterException:
            continue
        evaluate([candidate], Access(DESCRIBE, POOL_A, {"aws:tagkeys": ("a",)}))
        mentions([candidate], "aws:ResourceTag/")
