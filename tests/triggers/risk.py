"""Pools that threat protection watches, and people who come from somewhere, for the tests."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.conftest import a_pool
from tests.people.people import PASSWORD

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
HOME, NEIGHBOUR, ABROAD = "192.0.2.10", "192.0.2.77", "198.51.100.9"
MESSAGE = "Hello {username}: {login-time} {device-name} {ip-address} <a href={one-click-link-valid}>yes</a>"


def protected(mode: str = "ENFORCED", **additional: Any) -> dict[str, Any]:
    """Of a pool where threat protection watches; `ENFORCED`: and acts."""
    return {"UserPoolTier": "PLUS", "UserPoolAddOns": {"AdvancedSecurityMode": mode, **additional}}


def a_protected_pool(cognito: Any, mode: str = "ENFORCED", **options: Any) -> str:
    return a_pool(cognito, **protected(mode), **options)


def takeover(action: str, *, notify: bool = False, **levels: str) -> dict[str, Any]:
    """AccountTakeoverRiskConfiguration: `action` at all levels but those that are given."""
    return {
        "Actions": {
            f"{level}Action": {"Notify": notify, "EventAction": levels.get(level, action)}
            for level in ("Low", "Medium", "High")
        }
    }


def seen_at(address: str, agent: str, *, header: str = "User-Agent") -> dict[str, Any]:
    """ContextData: where a back end says that its user is, and what their browser calls itself."""
    return {
        "IpAddress": address,
        "ServerName": "shop.example.com",
        "ServerPath": "/login",
        "HttpHeaders": [{"headerName": header, "headerValue": agent}],
    }


def come(
    cognito: Any,
    pool_id: str,
    client_id: str,
    *,
    address: str = HOME,
    agent: str = CHROME,
    device: str = "",
    username: str = "ada",
    password: str = PASSWORD,
) -> dict[str, Any]:
    """Begin a sign-in by a back end, which says where its user is; the whole answer."""
    context = seen_at(address, agent)
    if device:
        context["EncodedData"] = encoded(device)
    answer: dict[str, Any] = cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
        ContextData=context,
    )
    return answer


def encoded(device: str) -> str:
    """EncodedData, in the form of Cognito's library for browsers."""
    payload = {
        "contextData": {"DeviceId": device, "DevicePlatform": "Linux"},
        "timestamp": "1",
        "username": "ada",
    }
    document = {"payload": json.dumps(payload), "signature": "c2lnbmF0dXJl", "version": "JS20171115"}
    return base64.b64encode(json.dumps(document).encode()).decode()


def events_of(cognito: Any, pool_id: str, username: str = "ada") -> list[dict[str, Any]]:
    """Newest first."""
    answer = cognito.admin_list_user_auth_events(UserPoolId=pool_id, Username=username)
    events: list[dict[str, Any]] = answer["AuthEvents"]
    return events


def risk_of(cognito: Any, pool_id: str, username: str = "ada") -> tuple[str, str | None, str]:
    """(decision, level, outcome) of the newest event."""
    event = events_of(cognito, pool_id, username)[0]
    risk = event["EventRisk"]
    return risk["RiskDecision"], risk.get("RiskLevel"), event["EventResponse"]
