"""A server with one of everything in it, and for each operation a request that it would accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Machine, a_machine
from tests.fuzz.looks import Looks, decorate
from tests.fuzz.people import MFA, POOL, SIGNED_IN, People, move_in
from tests.fuzz.providers import open_doors, provider_requests
from tests.fuzz.rows import Database, Things
from tests.fuzz.wire import FORM, Reply, Wire
from tests.harness import RunningServer

from poolhouse.aws.model import service_model
from poolhouse.aws.targets import TARGETS
from poolhouse.core.auth_events import feedback_token
from poolhouse.userpools.event_history import KEY as FEEDBACK_KEY

Document = Mapping[str, Any]
OPERATIONS = [(service, name) for service, operations in TARGETS.items() for name in operations]
UNSIGNED = {name for service, name in OPERATIONS if service_model(service).operations[name].is_unsigned}
"""They need no key: what they are given proves what it must."""
RISK = {
    "CompromisedCredentialsRiskConfiguration": {
        "EventFilter": ["SIGN_UP", "PASSWORD_CHANGE"],
        "Actions": {"EventAction": "NO_ACTION"},
    },
    "AccountTakeoverRiskConfiguration": {
        "Actions": {"HighAction": {"Notify": True, "EventAction": "MFA_IF_CONFIGURED"}},
        "NotifyConfiguration": {
            "SourceArn": "arn:aws:ses:eu-central-1:000000000000:identity/watch@example.com",
            "MfaEmail": {"Subject": "Asked", "HtmlBody": "<p>{login-time}</p>"},
        },
    },
    "RiskExceptionConfiguration": {
        "BlockedIPRangeList": ["203.0.113.0/24"],
        "SkippedIPRangeList": ["::1/128"],
    },
}
LOGS = {
    "EventSource": "userNotification",
    "LogLevel": "ERROR",
    "CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:pools"},
}
KEY = {"KeyId": "alias/poolhouse"}
EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@dataclass(repr=False)
class House:
    server: RunningServer
    cognito: Any
    wire: Wire
    database: Database
    machine: Machine = field(init=False)
    group: str = field(init=False)
    secret_id: str = field(init=False)
    """Of one of the two secrets that the machine has."""
    access_key_id: str = field(init=False)
    access_key_secret: str = field(init=False)
    ciphertext: str = field(init=False)
    """What the server's own key encrypted."""
    looks: Looks = field(init=False)
    people: People = field(init=False)
    things: Things = field(init=False)
    """What people have, as it was when they moved in."""

    def furnish(self) -> None:
        """Put one of everything in: a pool anew, with all that is in it."""
        self.machine = a_machine(self.server, self.cognito, **POOL)
        self.group = "readers"
        pool = {"UserPoolId": self.machine.pool_id}
        self.ask("CreateGroup", {**pool, "GroupName": self.group})
        self.ask("SetUserPoolMfaConfig", {**pool, **MFA})
        self.looks = decorate(self.ask, self.machine.pool_id)
        self.people = move_in(self.ask, self.machine.pool_id, self.group)
        open_doors(self.ask, self.machine.pool_id)
        self.things = self.database.things_of_people(self.machine.pool_id)
        client = {**pool, "ClientId": self.machine.client_id}
        secret = self.call("AddUserPoolClientSecret", client).document["ClientSecretDescriptor"]
        policy = {"UserName": "somebody", "Policy": EVERYTHING}
        key = self.call("CreateAccessKey", policy).document["AccessKey"]
        self.ciphertext = self.ask("Encrypt", {**KEY, "Plaintext": "aGVsbG8="})["CiphertextBlob"]
        self.secret_id = secret["ClientSecretId"]
        self.access_key_id, self.access_key_secret = key["AccessKeyId"], key["SecretAccessKey"]

    def mend(self) -> None:
        """Furnish again, if a request that was accepted has taken something away."""
        looked_at = (
            "DescribeResourceServer",
            "GetGroup",
            "DescribeUserPoolDomain",
            "GetAccessKey",
            "GetUser",
            "DescribeManagedLoginBrandingByClient",
            "DescribeTermsByClient",
            "DescribeIdentityProvider",
            "GetIdentityProviderByIdentifier",
        )
        if (
            self.token().status != 200
            or any(self.call(name).status != 200 for name in looked_at)
            or len(self.call("ListUserPoolClientSecrets").document["ClientSecrets"]) != 2
            or not self.things <= self.database.things_of_people(self.machine.pool_id)
        ):
            self.furnish()

    @property
    def pool_arn(self) -> str:
        settings = self.server.settings
        return (
            f"arn:aws:cognito-idp:{self.server.region}:{settings.account_id}:userpool/{self.machine.pool_id}"
        )

    def call(self, operation: str, body: bytes | Document | None = None, **how: Any) -> Reply:
        """A call of an operation by its name alone, by default with the request of `requests`."""
        service = next(service for service, name in OPERATIONS if name == operation)
        return self.wire.aws(service, operation, self.requests()[operation] if body is None else body, **how)

    def ask(self, operation: str, request: Document) -> Any:
        """The document of an answer that is no refusal."""
        reply = self.call(operation, request)
        assert reply.status == 200, (operation, reply.body)
        return reply.document if reply.body else None

    def requests(self) -> dict[str, dict[str, Any]]:
        """A whole request for every operation there is: complete, so that a new operation is not forgotten."""
        m = self.machine
        pool = {"UserPoolId": m.pool_id}
        client = {**pool, "ClientId": m.client_id}
        server = {**pool, "Identifier": "orders"}
        group = {**pool, "GroupName": self.group}
        domain = {**pool, "Domain": m.domain}
        arn = {"ResourceArn": self.pool_arn}
        key = {"AccessKeyId": self.access_key_id}
        attribute = {"Name": "shoe", "AttributeDataType": "String"}
        requests: dict[str, dict[str, Any]] = {
            "AddCustomAttributes": {**pool, "CustomAttributes": [attribute]},
            "AddUserPoolClientSecret": client,
            "CreateGroup": {**pool, "GroupName": "new"},
            "CreateResourceServer": {**pool, "Identifier": "new", "Name": "New"},
            "CreateUserPool": {"PoolName": "new"},
            "CreateUserPoolClient": {**pool, "ClientName": "new"},
            "CreateUserPoolDomain": {**pool, "Domain": f"new-{m.domain}"},
            "DeleteGroup": group,
            "DeleteResourceServer": server,
            "DeleteUserPool": pool,
            "DeleteUserPoolClient": client,
            "DeleteUserPoolClientSecret": {**client, "ClientSecretId": self.secret_id},
            "DeleteUserPoolDomain": domain,
            "DescribeResourceServer": server,
            "DescribeRiskConfiguration": client,
            "DescribeUserPool": pool,
            "DescribeUserPoolClient": client,
            "DescribeUserPoolDomain": {"Domain": m.domain},
            "GetClientToken": {"ClientId": m.client_id, "Secret": m.client_secret},
            "GetGroup": group,
            "GetLogDeliveryConfiguration": pool,
            "GetUserPoolMfaConfig": pool,
            "ListGroups": pool,
            "ListResourceServers": pool,
            "ListTagsForResource": arn,
            "ListUserPoolClients": pool,
            "ListUserPoolClientSecrets": client,
            "ListUserPools": {"MaxResults": 60},
            "SetLogDeliveryConfiguration": {**pool, "LogConfigurations": [LOGS]},
            "SetRiskConfiguration": {**client, **RISK},
            "SetUserPoolMfaConfig": {**pool, **MFA},
            "TagResource": {**arn, "Tags": {"stage": "test"}},
            "UntagResource": {**arn, "TagKeys": ["stage"]},
            "UpdateAuthEventFeedback": self._feedback(),
            "UpdateGroup": {**group, "Description": "changed"},
            "UpdateResourceServer": {**server, "Name": "Changed"},
            "UpdateUserPool": {**pool, **POOL},
            "UpdateUserPoolClient": client,
            "UpdateUserPoolDomain": {**domain, "ManagedLoginVersion": 2},
            "CreateAccessKey": {"UserName": "new", "Policy": EVERYTHING},
            "Decrypt": {**KEY, "CiphertextBlob": self.ciphertext},
            "DeleteAccessKey": key,
            "DescribeKey": KEY,
            "DescribeUserPoolClientExtensions": client,
            "DescribeUserPoolExtensions": pool,
            "Encrypt": {**KEY, "Plaintext": "aGVsbG8="},
            "GenerateDataKey": {**KEY, "KeySpec": "AES_256"},
            "GetAccessKey": key,
            "GetPagesPreview": client,
            "GetServerStatus": {},
            "ListAccessKeys": {},
            "ListAuditEvents": pool,
            "ListInboxMessages": pool,
            "ListSigningKeys": pool,
            "RotateMasterKey": {},
            "RotateSigningKey": {**pool, "Use": "ACCESS"},
            "UpdateAccessKey": {**key, "Status": "INACTIVE"},
            "UpdateUserPoolClientExtensions": {**client, "Audience": "orders"},
            "UpdateUserPoolExtensions": {**pool, "Issuer": "AWS"},
            **self.looks.requests(m.pool_id),
            **provider_requests(m.pool_id),
            **self.people.requests(m.pool_id, self.group, self.server.clock.now()),
        }
        assert requests.keys() == {name for _, name in OPERATIONS}
        return requests

    def _feedback(self) -> dict[str, Any]:
        sub, event_id = self.people.event
        key = self.server.server.parts.store.key_for(FEEDBACK_KEY)
        return {
            "UserPoolId": self.machine.pool_id,
            "Username": SIGNED_IN,
            "EventId": event_id,
            "FeedbackToken": feedback_token(key, self.machine.pool_id, sub, event_id),
            "FeedbackValue": "Invalid",
        }

    def token(self, client_id: str | None = None, secret: str | None = None) -> Reply:
        m = self.machine
        body = (
            f"grant_type=client_credentials&client_id={client_id or m.client_id}"
            f"&client_secret={secret or m.client_secret}"
        )
        return self.wire.send(
            "POST", f"/domains/{m.domain}/oauth2/token", {"Content-Type": FORM}, body.encode()
        )

    def check_all_answers(self) -> None:
        """Whatever was stored: everything can be described and listed, and tokens are issued."""
        m = self.machine
        for operation in (
            *(
                "DescribeUserPool",
                "GetUserPoolMfaConfig",
                "ListTagsForResource",
                "DescribeUserPoolExtensions",
            ),
            *("ListUserPoolClients", "ListResourceServers", "ListGroups", "ListUserPools", "ListAccessKeys"),
            *("DescribeUserPoolClient", "ListUserPoolClientSecrets", "DescribeUserPoolClientExtensions"),
            *(
                "DescribeResourceServer",
                "GetGroup",
                "DescribeUserPoolDomain",
                "GetAccessKey",
                "ListSigningKeys",
            ),
            *("ListUsers", "ListUsersInGroup", "AdminGetUser", "AdminListDevices", "AdminListGroupsForUser"),
            *("DescribeManagedLoginBranding", "DescribeTerms", "ListTerms", "GetUICustomization"),
            *("DescribeIdentityProvider", "ListIdentityProviders", "GetIdentityProviderByIdentifier"),
            *("AdminGetUserAuthFactors", "GetUser", "ListWebAuthnCredentials", "ListInboxMessages"),
            *("AdminListUserAuthEvents", "GetLogDeliveryConfiguration", "ListAuditEvents"),
            "DescribeRiskConfiguration",
        ):
            reply = self.call(operation)
            if reply.status == 503:  # a machine that is busy with other tests: an SDK asks again
                reply = self.call(operation)
            assert reply.status == 200, (operation, reply.body[:500])
        for document in ("jwks.json", "openid-configuration"):
            assert self.wire.send("GET", f"/{m.pool_id}/.well-known/{document}").status == 200
        reply = self.token()
        assert reply.status == 200, reply.body


@contextmanager
def a_house(server: RunningServer) -> Iterator[House]:
    house = House(server, server.client(), Wire(server), Database(server))
    try:
        house.furnish()
        yield house
    finally:
        house.wire.close()
        house.database.close()
