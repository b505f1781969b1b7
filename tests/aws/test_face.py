"""The AWS face: who gets as far as an operation, what the operation is handed, and how its outcome is answered."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.aws.signed import KEY_ID, SECRET, later, received
from tests.aws.stand import ROOT_ID, ROOT_SECRET, Stand, call, error, headers, unsigned_call

from poolhouse.core.errors import (
    ConcurrentModificationException,
    InternalErrorException,
    ResourceNotFoundException,
    StoreUnavailable,
)
from poolhouse.http import Request

UNKNOWN_KEY = (400, "UnrecognizedClientException", "The security token included in the request is invalid.")
POOL_A = "arn:aws:cognito-idp:eu-west-3:000000000000:userpool/eu-west-3_A"
ALL = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
AS_KEY = {"key_id": KEY_ID, "secret": SECRET}


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_the_root_calls_an_operation(stand):
    stand.outcome = lambda: {"UserPools": [{"Id": "a_b", "Name": None, "CreationDate": 1.5}], "Internal": "x"}

    response = stand.ask(call("ListUserPools", {"MaxResults": 10.0, "NextToken": None, "Unknown": [1]}))

    assert response.status == 200
    assert json.loads(response.body) == {"UserPools": [{"Id": "a_b", "CreationDate": 1.5}]}
    assert dict(response.headers)[b"content-type"] == b"application/x-amz-json-1.1"
    assert response.labels == (("service", "cognito-idp"), ("operation", "ListUserPools"))
    ((made, request),) = stand.calls
    assert request == {"MaxResults": 10}
    assert made.caller.is_root
    assert made.caller.arn == "arn:aws:iam::000000000000:root"
    assert made.caller.access_key_id == ROOT_ID
    assert (made.region, made.account_id) == ("eu-west-3", "000000000000")
    assert (made.service, made.operation, made.request_id, made.address) == (
        "cognito-idp",
        "ListUserPools",
        "request-id",
        "127.0.0.1",
    )


def test_an_operation_without_an_output_is_answered_with_an_empty_body(stand):
    stand.outcome = lambda: None

    response = stand.ask(call("DeleteUserPool", {"UserPoolId": "a_b"}))

    assert (response.status, response.body) == (200, b"")


def test_an_operation_with_an_empty_output_is_answered_with_an_empty_object(stand):
    stand.outcome = dict

    response = stand.ask(call("UntagResource", {"ResourceArn": POOL_A, "TagKeys": ["a"]}))

    assert (response.status, response.body) == (200, b"{}")


# --- the target -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "ListUserPools",
        "AWSCognitoIdentityProviderService",
        "AWSCognitoIdentityProviderService.",
        "AWSCognitoIdentityProviderService.NoSuchOperation",
        "AWSCognitoIdentityProviderService.listuserpools",
        "AWSCognitoIdentityService.ListUserPools",
        "DynamoDB_20120810.ListTables",
        "AWSCognitoIdentityProviderService.ListUserPools,AWSCognitoIdentityProviderService.ListUserPools",
    ],
)
def test_an_unknown_target_is_refused(stand, target):
    sent = {**headers("ListUserPools"), "X-Amz-Target": target}
    request = received(
        "POST", "http://localhost/", {name: value for name, value in sent.items() if value is not None}
    )

    assert error(stand.ask(request)) == (400, "UnknownOperationException", "")
    assert stand.calls == []


def test_two_targets_are_refused(stand):
    request = call("ListUserPools", {"MaxResults": 10})
    request.headers.append((b"x-amz-target", b"AWSCognitoIdentityProviderService.DeleteUserPool"))

    assert error(stand.ask(request)) == (400, "UnknownOperationException", "")


@pytest.mark.parametrize(
    "content_type", [b"application/json", b"text/plain", b"", b"application/x-amz-json-1.0"]
)
def test_another_content_type_is_refused(stand, content_type):
    request = call("ListUserPools", {"MaxResults": 10})
    request.headers = [
        (name, content_type if name == b"content-type" else value) for name, value in request.headers
    ]

    assert error(stand.ask(request)) == (400, "UnknownOperationException", "")


def test_parameters_of_the_content_type_are_ignored(stand):
    sent = headers("GetClientToken") | {"Content-Type": "Application/X-Amz-Json-1.1; charset=utf-8"}
    body = json.dumps({"ClientId": "a", "Secret": "b" * 24}).encode()

    assert stand.ask(received("POST", "http://localhost/", sent, body)).status == 200


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "PATCH"])
def test_another_method_is_not_understood(stand, method):
    response = stand.ask(received(method, "http://localhost/", headers("ListUserPools")))

    assert response.status == 404
    assert json.loads(response.body)["code"] == "BadRequest"


def test_an_operation_that_is_not_here_yet_says_so_to_those_who_may_call_it(stand):
    stand.has_key({"Statement": {"Effect": "Allow", "Action": "cognito-idp:List*", "Resource": "*"}})
    document = {"UserPoolId": "a_b", "Username": "a"}

    assert error(stand.ask(call("AdminGetUser", document))) == (
        400,
        "UnsupportedOperationException",
        "AdminGetUser is not available in this version of Poolhouse; see docs/compatibility.md",
    )
    assert error(stand.ask(call("AdminGetUser", document, **AS_KEY)))[1] == "AccessDeniedException"
    assert (
        error(stand.ask(unsigned_call("AdminGetUser", document)))[1] == "MissingAuthenticationTokenException"
    )
    assert error(stand.ask(unsigned_call("SignUp", {})))[1] == "UnsupportedOperationException"
    assert error(stand.ask(call("ListIdentityPools", {}, service="cognito-identity")))[1] == (
        "UnsupportedOperationException"
    )


# --- the order of the checks ------------------------------------------------------------------------------


def test_types_come_before_the_signature_and_constraints_after_it(stand):
    assert (
        error(stand.ask(unsigned_call("ListUserPools", {"MaxResults": "a"})))[1] == "SerializationException"
    )
    assert error(stand.ask(unsigned_call("ListUserPools", {"MaxResults": 0}))) == (
        400,
        "MissingAuthenticationTokenException",
        "Missing Authentication Token",
    )
    assert error(stand.ask(call("ListUserPools", {"MaxResults": 0})))[1] == "InvalidParameterException"
    assert stand.calls == []


def test_a_large_body_is_not_parsed_for_somebody_who_signed_nothing(stand):
    request = unsigned_call("ListUserPools")
    request.body = b"[" * 100_000

    assert error(stand.ask(request))[1] == "MissingAuthenticationTokenException"


def test_a_body_over_the_limit_is_refused(stand):
    request = unsigned_call("GetClientToken")
    request.body = b" " * (1024 * 1024 + 1)

    assert error(stand.ask(request))[:2] == (413, "RequestEntityTooLargeException")


def test_what_the_framework_raises_has_a_capital_message(stand):
    response = stand.ask(unsigned_call("ListUserPools", {"MaxResults": "a"}))

    assert json.loads(response.body) == {
        "__type": "SerializationException",
        "Message": "class java.lang.String can not be converted to an Integer",
    }


# --- keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_id", ["test", "admin", "AKIAIOSFODNN7EXAMPLE", "", "a" * 200, KEY_ID])
def test_an_unknown_key_is_refused(stand, key_id):
    request = call("ListUserPools", {"MaxResults": 10}, key_id=key_id, secret=SECRET)

    assert error(stand.ask(request)) == UNKNOWN_KEY


def test_a_server_without_a_root_key_knows_no_root(stand):
    stand.settings = replace(stand.settings, root_access_key_id=None, root_secret_access_key=None)

    assert error(stand.ask(call("ListUserPools", {"MaxResults": 10}))) == UNKNOWN_KEY


def test_the_root_with_a_wrong_secret_is_refused(stand):
    refused = error(stand.ask(call("ListUserPools", {"MaxResults": 10}, secret=SECRET)))

    assert refused[:2] == (400, "InvalidSignatureException")


def test_a_key_that_is_not_active_is_as_unknown_as_none(stand):
    stand.has_key(ALL, is_active=False)

    assert error(stand.ask(call("ListUserPools", {"MaxResults": 10}, **AS_KEY))) == UNKNOWN_KEY


def test_a_key_may_do_what_its_policy_allows(stand):
    stand.has_key({"Statement": {"Effect": "Allow", "Action": "cognito-idp:Describe*", "Resource": POOL_A}})

    def asked(operation, pool_id, **signing):
        return stand.ask(call(operation, {"UserPoolId": pool_id}, **AS_KEY, **signing))

    assert asked("DescribeUserPool", "eu-west-3_A").status == 200
    made, _ = stand.calls[0]
    assert made.caller.arn == "arn:aws:iam::000000000000:user/ci"
    assert made.caller.access_key_id == KEY_ID
    assert made.caller.policies == stand.keys[KEY_ID].policies
    assert not made.caller.is_root
    assert error(asked("DescribeUserPool", "eu-west-3_B"))[:2] == (400, "AccessDeniedException")
    assert error(asked("DescribeUserPool", "eu-west-3_A", region="us-east-1"))[1] == "AccessDeniedException"
    assert error(asked("DeleteUserPool", "eu-west-3_A"))[1] == "AccessDeniedException"
    assert error(stand.ask(call("ListUserPools", {"MaxResults": 10}, **AS_KEY)))[1] == "AccessDeniedException"
    assert error(stand.ask(call("DescribeUserPool", {}, **AS_KEY)))[1] == "AccessDeniedException"
    assert len(stand.calls) == 1


def test_without_an_id_it_is_any_pool(stand):
    stand.has_key({"Statement": {"Effect": "Allow", "Action": "*", "Resource": POOL_A}})
    refused = error(stand.ask(call("DescribeUserPool", {}, **AS_KEY)))
    assert "on resource: arn:aws:cognito-idp:eu-west-3:000000000000:userpool/* because" in refused[2]

    any_pool = "arn:aws:cognito-idp:eu-west-3:000000000000:userpool/*"
    stand.has_key({"Statement": {"Effect": "Allow", "Action": "*", "Resource": any_pool}})
    assert error(stand.ask(call("DescribeUserPool", {}, **AS_KEY)))[1] == "InvalidParameterException"


def test_a_key_without_a_policy_may_do_nothing(stand):
    stand.has_key()

    assert error(stand.ask(call("ListUserPools", {"MaxResults": 10}, **AS_KEY)))[1] == "AccessDeniedException"


def test_the_denial_names_the_resource(stand):
    stand.has_key()
    response = stand.ask(call("DescribeUserPool", {"UserPoolId": "eu-west-3_A"}, **AS_KEY))

    assert json.loads(response.body)["Message"] == (
        "User: arn:aws:iam::000000000000:user/ci is not authorized to perform: cognito-idp:DescribeUserPool on"
        f" resource: {POOL_A} because no identity-based policy allows the cognito-idp:DescribeUserPool action"
    )


@pytest.mark.parametrize(
    ("condition", "operation", "document"),
    [
        ({"StringEquals": {"aws:RequestTag/team": "a"}}, "CreateUserPool", {"PoolName": "p", "UserPoolTags": {"team": "a"}}),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}, "TagResource", {"ResourceArn": POOL_A, "Tags": {"team": "a"}}),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": "team"}}, "UntagResource", {"ResourceArn": POOL_A, "TagKeys": ["team"]}),
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, "DescribeUserPool", {"UserPoolId": "eu-west-3_A"}),
        ({"StringEquals": {"aws:ResourceTag/team": "a"}}, "UntagResource", {"ResourceArn": POOL_A, "TagKeys": ["x"]}),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, "DescribeUserPool", {"UserPoolId": "eu-west-3_A"}),
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-3"}}, "ListUserPools", {"MaxResults": 1}),
        ({"Bool": {"aws:SecureTransport": "false"}}, "ListUserPools", {"MaxResults": 1}),
    ],
)  # fmt: skip
def test_a_condition_sees_the_request(stand, condition, operation, document):
    stand.pools = {"eu-west-3_A": SimpleNamespace(arn=POOL_A, tags={"team": "a"})}
    stand.has_key({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}})
    assert stand.ask(call(operation, document, **AS_KEY)).status == 200

    stand.has_key(
        ALL, {"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}}
    )
    assert error(stand.ask(call(operation, document, **AS_KEY)))[1] == "AccessDeniedException"


def test_an_operation_that_needs_no_signature_ignores_one(stand):
    document = {"ClientId": "a", "Secret": "b" * 24}

    assert stand.ask(unsigned_call("GetClientToken", document)).status == 200
    assert stand.ask(call("GetClientToken", document, key_id="unknown")).status == 200
    for made, _ in stand.calls:
        assert made.caller.arn == "anonymous"
        assert not made.caller.is_root


def test_the_region_of_a_call_that_nobody_signed_is_that_of_its_client(stand):
    stand.clients = {"a": SimpleNamespace(pool=SimpleNamespace(region="ap-south-1"))}
    stand.ask(unsigned_call("GetClientToken", {"ClientId": "a", "Secret": "b" * 24}))
    stand.ask(unsigned_call("GetClientToken", {"ClientId": "unknown", "Secret": "b" * 24}))

    assert [made.region for made, _ in stand.calls] == ["ap-south-1", "us-east-1"]


def test_anonymous_administration_lets_the_unsigned_in_and_no_wrong_signature(stand):
    stand.settings = replace(stand.settings, anonymous_admin=True)

    assert stand.ask(unsigned_call("ListUserPools", {"MaxResults": 10})).status == 200
    made, _ = stand.calls[0]
    assert (made.caller.is_root, made.region) == (True, "us-east-1")
    assert (
        error(stand.ask(call("ListUserPools", {"MaxResults": 10}, secret=SECRET)))[1]
        == "InvalidSignatureException"
    )


@pytest.mark.parametrize("region", ["", "US-EAST-1", "a" * 33, "us_east_1", "-a", "a b"])
def test_what_can_not_be_a_region_is_refused(stand, region):
    request = call("ListUserPools", {"MaxResults": 10}, region=region)

    assert error(stand.ask(request))[:2] == (400, "InvalidSignatureException")


def test_the_window_of_time_is_the_setting(stand):
    stand.now = later(minutes=5, seconds=1)

    assert error(stand.ask(call("ListUserPools", {"MaxResults": 10})))[2].startswith("Signature expired: ")


# --- outcomes ---------------------------------------------------------------------------------------------


def raising(exception):
    def raise_it():
        raise exception

    return raise_it


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (ResourceNotFoundException("User pool a_b does not exist."), (400, "ResourceNotFoundException", "User pool a_b does not exist.")),
        (ConcurrentModificationException("x\r\nset-cookie: y"), (400, "ConcurrentModificationException", "x\r\nset-cookie: y")),
        (InternalErrorException(), (500, "InternalErrorException", "Something went wrong")),
        (StoreUnavailable("no connection"), (503, "ServiceUnavailableException", "Service is unavailable. Try again.")),
    ],
)  # fmt: skip
def test_an_error_is_answered_in_its_envelope(stand, exception, expected):
    stand.outcome = raising(exception)
    response = stand.ask(call("ListUserPools", {"MaxResults": 10}))
    document = json.loads(response.body)

    assert (response.status, document["__type"], document["message"]) == expected
    assert not any(b"\n" in value or b"\r" in value for _, value in response.headers)


def test_the_detail_is_for_the_log_alone(stand):
    stand.outcome = raising(ResourceNotFoundException("no", detail="canary"))
    response = stand.ask(call("ListUserPools", {"MaxResults": 10}))

    assert response.reason == "canary"
    assert b"canary" not in response.body
    assert response.labels == (
        ("service", "cognito-idp"),
        ("operation", "ListUserPools"),
        ("error", "ResourceNotFoundException"),
    )


@pytest.mark.parametrize("message", ["Größe", "a\nb", "a" * 2000])
def test_a_message_that_is_no_header_stands_in_the_body_alone(stand, message):
    stand.outcome = raising(ResourceNotFoundException(message))
    response = stand.ask(call("ListUserPools", {"MaxResults": 10}))

    assert json.loads(response.body)["message"] == message
    assert b"x-amzn-errormessage" not in dict(response.headers)


def test_the_audit_record_gets_no_secret(stand):
    stand.ask(unsigned_call("GetClientToken", {"ClientId": "a", "Secret": "b" * 24, "Scopes": ["a/b"]}))
    made, _ = stand.calls[0]

    assert made.audit_parameters == {"ClientId": "a", "Scopes": ["a/b"]}


# --- browsers ---------------------------------------------------------------------------------------------


def test_a_browser_may_send_every_header_that_it_asks_for(stand):
    asked = "content-type,x-amz-target,authorization,amz-sdk-request"
    request = received("OPTIONS", "http://localhost/", {"Access-Control-Request-Headers": asked})
    response = stand.ask(request)
    sent = dict(response.headers)

    assert (response.status, response.body) == (200, b"")
    assert sent[b"access-control-allow-origin"] == b"*"
    assert sent[b"access-control-allow-headers"] == asked.encode()
    assert b"POST" in sent[b"access-control-allow-methods"]


def test_a_browser_may_read_the_headers_of_an_answer(stand):
    for request in (call("ListUserPools", {"MaxResults": 10}), unsigned_call("ListUserPools")):
        sent = dict(stand.ask(request).headers)
        assert (
            sent[b"access-control-expose-headers"]
            == b"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
        )


# --- whatever comes ---------------------------------------------------------------------------------------


@given(
    target=st.sampled_from(["ListUserPools", "CreateUserPool", "GetClientToken", "SignUp", "NoSuch"]),
    body=st.binary(max_size=100)
    | st.from_regex(rb'\{"(PoolName|ClientId|MaxResults)":.{0,30}\}', fullmatch=True),
    extra=st.lists(
        st.tuples(
            st.sampled_from(
                [b"x-amz-target", b"authorization", b"content-type", b"x-amz-date", b"host", b"x-amz-z"]
            ),
            st.binary(max_size=40),
        ),
        max_size=3,
    ),
    query=st.text(st.characters(codec="latin-1"), max_size=40),
    method=st.sampled_from(["POST", "GET", "OPTIONS", "PUT"]),
)
def test_whatever_comes_is_answered_and_reaches_no_operation_unsigned(target, body, extra, query, method):
    stand = Stand()
    lines = [(name.lower().encode(), value.encode()) for name, value in headers(target).items()]
    request = Request(method, "/", query, [(b"host", b"h"), *lines, *extra], body, "id", "127.0.0.1")

    response = stand.ask(request)

    assert response.status in (200, 400, 403, 404)
    assert all(made.operation == "GetClientToken" for made, _ in stand.calls)


def test_the_roots_secret_is_in_no_answer(stand):
    for request in (call("ListUserPools", {"MaxResults": 10}), call("ListUserPools", {}, secret=SECRET)):
        response = stand.ask(request)
        assert ROOT_SECRET.reveal().encode() not in response.body
