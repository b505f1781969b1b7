"""The words in which a request is refused, as AWS writes them; and what they must not say."""

from __future__ import annotations

import pytest
from tests.aws.examples import read, wrong

from poolhouse.aws.sensitivity import without_secrets
from poolhouse.aws.validation import MAX_FAILURES
from poolhouse.core.errors import SerializationException


@pytest.mark.parametrize(
    ("operation", "document", "expected"),
    [
        ("CreateUserPool", {}, "1 validation error detected: Value null at 'poolName' failed to satisfy constraint: Member must not be null"),
        (
            # As recorded from Cognito, but for the lower bound of the password, which the model has no more.
            "SignUp",
            {"ClientId": "a", "Username": "", "Password": ""},
            "3 validation errors detected: Value at 'password' failed to satisfy constraint: Member must satisfy"
            r" regular expression pattern: [\S]+; Value at 'username' failed to satisfy constraint: Member must"
            " have length greater than or equal to 1; Value at 'username' failed to satisfy constraint: Member"
            r" must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+",
        ),
        (
            "DescribeUserPoolClient",
            {"UserPoolId": "a_b", "ClientId": "a b"},
            r"1 validation error detected: Value 'a b' at 'clientId' failed to satisfy constraint: Member must"
            r" satisfy regular expression pattern: [\w+]+",
        ),
        (
            "CreateUserPool",
            {"PoolName": "a", "Schema": [{"Name": "a"}, {"Name": "a" * 21}]},
            "1 validation error detected: Value 'aaaaaaaaaaaaaaaaaaaaa' at 'schema.2.member.name' failed to satisfy"
            " constraint: Member must have length less than or equal to 20",
        ),
        (
            "CreateUserPool",
            {"PoolName": "a", "LambdaConfig": {"CustomMessage": "a"}},
            "Value 'a' at 'lambdaConfig.customMessage' failed to satisfy constraint: Member must have length",
        ),
        (
            "CreateUserPoolClient",
            {"UserPoolId": "a_b", "ClientName": "a", "CallbackURLs": ["https://a", ""]},
            "1 validation error detected: Value '[https://a, ]' at 'callbackURLs' failed to satisfy constraint: Member"
            " must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length"
            r" greater than or equal to 1, Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+]",
        ),
        (
            "CreateUserPool",
            {"PoolName": "a", "UserPoolTags": {"": "v"}},
            "1 validation error detected: Value '{=v}' at 'userPoolTags' failed to satisfy constraint: Map keys must"
            " satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater"
            " than or equal to 1]",
        ),
        (
            "TagResource",
            {"ResourceArn": "arn:aws:cognito-idp:a:0:userpool/a", "Tags": {"k": None}},
            "1 validation error detected: Value '{k=null}' at 'tags' failed to satisfy constraint: Map value must satisfy"
            " constraint: [Member must have length less than or equal to 256, Member must have length greater than or"
            " equal to 0, Member must not be null]",
        ),
        (
            "CreateUserPool",
            {"PoolName": "a", "Schema": [None]},
            "1 validation error detected: Value null at 'schema.1.member' failed to satisfy constraint: Member must not be null",
        ),
        (
            "ListUserPools",
            {"MaxResults": 0},
            "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value"
            " greater than or equal to 1",
        ),
    ],
)  # fmt: skip
def test_the_words(operation, document, expected):
    assert expected in wrong("cognito-idp", f"{operation}Request", document)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            5,
            "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
        ),
        (True, "class java.lang.Boolean can not be converted to an String"),
        ({}, "Start of structure or map found where not expected."),
        ([], "Start of list found where not expected"),
    ],
)
def test_the_words_for_what_is_no_text(value, expected):
    with pytest.raises(SerializationException) as refused:
        read("cognito-idp", "CreateUserPoolRequest", {"PoolName": value})

    assert refused.value.message == expected


def test_unknown_and_null_members_are_dropped_at_every_depth():
    document = {
        "PoolName": "a",
        "Unknown": 1,
        "MfaConfiguration": None,
        "LambdaConfig": {"PreSignUp": None, "Unknown": {"a": 1}},
        "Schema": [{"Name": "a", "Unknown": True, "Mutable": None}],
    }

    assert read("cognito-idp", "CreateUserPoolRequest", document) == {
        "PoolName": "a",
        "LambdaConfig": {},
        "Schema": [{"Name": "a"}],
    }


def test_a_whole_number_may_be_written_as_a_fraction():
    assert read("cognito-idp", "ListUserPoolsRequest", {"MaxResults": 60.0}) == {"MaxResults": 60}


def test_forty_empty_assets_with_all_their_failures_make_a_bounded_answer():
    message = wrong("cognito-idp", "UpdateManagedLoginBrandingRequest", {"Assets": [{}] * 40})

    assert message.startswith(f"{MAX_FAILURES} validation errors detected: ")


def test_what_stands_in_a_list_that_is_too_long_is_not_told():
    message = wrong("cognito-idp", "UpdateManagedLoginBrandingRequest", {"Assets": [{}] * 41})

    assert message.startswith("1 validation error detected: Value '[{}, {}, ")
    assert message.endswith(
        "'assets' failed to satisfy constraint: Member must have length less than or equal to 40"
    )


def test_a_secret_stands_in_no_message_and_in_no_audit_record():
    document = {
        "UserPoolId": "a_b",
        "Username": "canary",
        "TemporaryPassword": "canary canary",
        "UserAttributes": [{"Name": "email", "Value": "canary\0"}],
    }
    shape = "AdminCreateUserRequest"

    assert "canary" not in wrong("cognito-idp", shape, document)
    assert without_secrets("cognito-idp", shape, document) == {
        "UserPoolId": "a_b",
        "UserAttributes": [{"Name": "email"}],
    }


def test_a_client_id_is_shown_and_its_secret_is_not():
    document = {"UserPoolId": "a_b", "ClientId": "abc", "ClientSecret": "canary"}

    assert without_secrets("cognito-idp", "AddUserPoolClientSecretRequest", document) == {
        "UserPoolId": "a_b",
        "ClientId": "abc",
    }
