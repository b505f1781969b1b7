"""What back ends say of their users is in the audit, without what their users' browsers prove themselves by."""

from __future__ import annotations

import json
from typing import Any

from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app
from tests.triggers.risk import HOME, a_protected_pool, encoded
from tests.triggers.test_audit import audit_of

SECRETS = ("a-session-of-the-shop", "a-bearer-token-of-the-shop")


def test_headers_that_a_back_end_hands_on_are_not_kept(server: RunningServer, cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    cookie, bearer = SECRETS
    device = encoded("a-device")
    cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        ContextData={
            "IpAddress": HOME,
            "ServerName": "shop.example.com",
            "ServerPath": "/login",
            "HttpHeaders": [
                {"headerName": "Cookie", "headerValue": f"session={cookie}"},
                {"headerName": "Authorization", "headerValue": f"Bearer {bearer}"},
            ],
            "EncodedData": device,
        },
    )
    [event] = audit_of(server, UserPoolId=pool_id, EventNames=["AdminInitiateAuth"])
    assert event["requestParameters"]["ContextData"]["IpAddress"] == HOME
    text = json.dumps(event)
    for secret in (*SECRETS, device):
        assert secret not in text
