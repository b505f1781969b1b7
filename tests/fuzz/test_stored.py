"""Nothing that an operation stores can make a later answer fail: every text, number and list that the service
model allows is tried, however strange; afterwards everything can still be described, listed, changed and deleted,
and tokens are issued."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import EVERYTHING, House
from tests.fuzz.values import structure, value
from tests.fuzz.wire import check_harmless

from poolhouse.aws.model import service_model

SERVICES = ("cognito-idp", "poolhouse")


def request_of(operation: str, given: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A request of the operation with any values but for the members that are `given`."""
    for service in SERVICES:
        model = service_model(service).operations.get(operation)
        if model is not None and model.input is not None:
            return structure(service, model.input, given)
    raise KeyError(operation)


CHANGING = (
    *("UpdateUserPool", "SetUserPoolMfaConfig", "AddCustomAttributes", "TagResource", "UntagResource"),
    *("CreateUserPoolClient", "UpdateUserPoolClient", "CreateResourceServer", "UpdateResourceServer"),
    *("CreateGroup", "UpdateGroup", "UpdateUserPoolDomain", "CreateUserPoolDomain"),
    *("CreateManagedLoginBranding", "UpdateManagedLoginBranding", "SetUICustomization"),
    *("CreateTerms", "UpdateTerms"),
    *("UpdateUserPoolExtensions", "UpdateUserPoolClientExtensions", "CreateAccessKey", "UpdateAccessKey"),
)
NAMED = (
    *("UserPoolId", "ClientId", "Identifier", "GroupName", "Domain", "ResourceArn", "AccessKeyId"),
    *("ManagedLoginBrandingId", "TermsId"),
)
"""What finds the thing that is changed, and so is not made up; a new thing's own name is."""
NEW = {"CreateResourceServer": "Identifier", "CreateGroup": "GroupName", "CreateUserPoolDomain": "Domain"}


@pytest.mark.parametrize("operation", CHANGING)
@examples(8)
@given(data=st.data())
def test_whatever_is_stored_everything_is_answered(house: House, operation: str, data: st.DataObject) -> None:
    known = house.requests()[operation]
    given = {name: known[name] for name in NAMED if name in known and name != NEW.get(operation)}
    if "AccessKey" in operation:
        given["Policy"] = EVERYTHING
    request = without_contradictions(operation, data.draw(request_of(operation, given)))
    reply = house.call(operation, request)
    check_harmless(reply)
    keep_the_machine(house)
    check_new_things(house, operation, reply.document if reply.body else {}, request)
    house.check_all_answers()


def without_contradictions(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """What no operation can accept is put right, so that the rest of the request is stored; strange texts stay."""
    for absent in (
        "Routing",
        "PublishSecretsInAWSSecretsManager",
        "AnalyticsConfiguration",
        "SupportedIdentityProviders",
    ):
        request.pop(absent, None)
    for addresses in ("CallbackURLs", "LogoutURLs"):
        if addresses in request:
            request[addresses] = [f"app:/{text}".replace("#", "")[:1024] for text in request[addresses]]
    if "DefaultRedirectURI" in request:
        request["CallbackURLs"] = [f"app:/{request['DefaultRedirectURI']}".replace("#", "")[:1024]]
        request["DefaultRedirectURI"] = request["CallbackURLs"][0]
    for attributes in ("ReadAttributes", "WriteAttributes"):
        if attributes in request:
            request[attributes] = ["email", "name"]
    for number, attribute in enumerate(request.get("CustomAttributes", ())):
        attribute |= {"Name": attribute.get("Name", "a")[:18] + str(number), "Required": False}
        attribute.setdefault("AttributeDataType", "String")
    if "Links" in request:
        request["Links"] = {name: f"https://a.example/{url}"[:1024] for name, url in request["Links"].items()}
    if operation == "UpdateUserPool":
        request["DeletionProtection"] = "INACTIVE"
    if operation == "CreateUserPoolDomain":
        request["CustomDomainConfig"] = {"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}
        request["Domain"] = f"{request['Domain'].replace('.', 'x')[:60].rstrip('-')}.example.com"
    if operation in ("CreateUserPoolDomain", "UpdateUserPoolDomain"):
        request["ManagedLoginVersion"] = 1 + request.get("ManagedLoginVersion", 0) % 2
    if operation == "UpdateUserPoolDomain":
        request.pop("CustomDomainConfig", None)
    return request


def keep_the_machine(house: House) -> None:
    """An update may rightly have taken flow, scope or resource server from the client, the key's status, or from
    people the issuer of their tokens and what their pool offers."""
    pool = {"UserPoolId": house.machine.pool_id}
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in ("read", "write")]
    orders = {**pool, "Identifier": "orders", "Name": "Orders", "Scopes": scopes}
    client = {
        **pool,
        "ClientId": house.machine.client_id,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": ["orders/read"],
        "AllowedOAuthFlowsUserPoolClient": True,
    }
    own = house.requests()
    for operation, request in (
        ("UpdateUserPool", own["UpdateUserPool"]),
        ("SetUserPoolMfaConfig", own["SetUserPoolMfaConfig"]),
        ("UpdateUserPoolExtensions", pool),
        ("UpdateResourceServer", orders),
        ("UpdateUserPoolClient", client),
    ):
        reply = house.call(operation, request)
        assert reply.status == 200, (operation, reply.body)


def check_new_things(house: House, operation: str, answer: dict[str, Any], request: dict[str, Any]) -> None:
    """What was made is there with all that it was given, and can be deleted."""
    if "__type" in answer:
        return
    pool = {"UserPoolId": house.machine.pool_id}
    if operation == "CreateUserPoolClient":
        one = {**pool, "ClientId": answer["UserPoolClient"]["ClientId"]}
        described = house.call("DescribeUserPoolClient", one).document["UserPoolClient"]
        assert described == answer["UserPoolClient"]
        assert described["ClientName"] == request["ClientName"]
        assert house.call("UpdateUserPoolClient", one).status == 200
        assert house.call("DeleteUserPoolClient", one).status == 200
    elif operation == "CreateResourceServer":
        one = {**pool, "Identifier": request["Identifier"]}
        described = house.call("DescribeResourceServer", one).document["ResourceServer"]
        assert (described["Name"], described.get("Scopes", [])) == (
            request["Name"],
            request.get("Scopes", []),
        )
        assert house.call("DeleteResourceServer", one).status == 200
    elif operation == "CreateGroup":
        one = {**pool, "GroupName": request["GroupName"]}
        described = house.call("GetGroup", one).document["Group"]
        assert {name: described[name] for name in request} == request
        assert house.call("DeleteGroup", one).status == 200
    elif operation == "CreateUserPoolDomain":
        assert house.call("DeleteUserPoolDomain", {**pool, "Domain": request["Domain"]}).status == 200
    elif operation == "CreateAccessKey":
        one = {"AccessKeyId": answer["AccessKey"]["AccessKeyId"]}
        assert house.call("GetAccessKey", one).document["AccessKey"]["UserName"] == request["UserName"]
        assert house.call("DeleteAccessKey", one).status == 200
    elif operation == "CreateManagedLoginBranding":
        style = answer["ManagedLoginBranding"]
        one = {name: style[name] for name in ("UserPoolId", "ManagedLoginBrandingId")}
        assert house.call("DescribeManagedLoginBranding", one).document["ManagedLoginBranding"] == style
        assert house.call("DeleteManagedLoginBranding", one).status == 200
    elif operation == "CreateTerms":
        one = {**pool, "TermsId": answer["Terms"]["TermsId"]}
        assert house.call("DescribeTerms", one).document["Terms"] == answer["Terms"]
        assert answer["Terms"]["Links"] == request["Links"]
        assert house.call("DeleteTerms", one).status == 200
    elif operation == "UpdateAccessKey":
        restored = {"AccessKeyId": house.access_key_id, "Status": "ACTIVE", "Policy": EVERYTHING}
        assert house.call("UpdateAccessKey", restored).status == 200


@examples(10)
@given(data=st.data())
def test_whatever_a_pool_is_made_with_it_can_be_read_changed_and_deleted(
    house: House, data: st.DataObject
) -> None:
    request = data.draw(request_of("CreateUserPool", {"DeletionProtection": "INACTIVE"}))
    made = house.call("CreateUserPool", request)
    check_harmless(made)
    if made.status != 200:
        return
    pool = {"UserPoolId": made.document["UserPool"]["Id"]}
    described = house.call("DescribeUserPool", pool)
    assert described.document["UserPool"] == made.document["UserPool"]
    assert described.document["UserPool"]["Name"] == request["PoolName"]
    for operation in ("GetUserPoolMfaConfig", "ListUserPoolClients", "ListGroups", "UpdateUserPool"):
        assert house.call(operation, pool).status == 200
    for document in ("jwks.json", "openid-configuration"):
        assert house.wire.send("GET", f"/{pool['UserPoolId']}/.well-known/{document}").status == 200
    assert house.call("DeleteUserPool", pool).status == 200


@examples(12)
@given(data=st.data())
def test_a_secret_of_any_form_issues_tokens(house: House, data: st.DataObject) -> None:
    secret = data.draw(value("cognito-idp", "ClientSecretType"))
    client = {"UserPoolId": house.machine.pool_id, "ClientId": house.machine.client_id}
    house.call("DeleteUserPoolClientSecret", {**client, "ClientSecretId": house.secret_id})
    added = house.call("AddUserPoolClientSecret", {**client, "ClientSecret": secret})
    assert added.status == 200, added.body
    house.secret_id = added.document["ClientSecretDescriptor"]["ClientSecretId"]
    assert house.token(secret=quote(secret, safe="")).status == 200
    assert house.token(secret=quote(secret[:-1], safe="")).error == "invalid_client"
