"""The claims of a person's tokens, as Cognito writes them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from poolhouse.core.base64url import base64url
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.families import Family
from poolhouse.core.groups import Group
from poolhouse.core.scopes import render_scope
from poolhouse.core.users import EMAIL, PHONE_NUMBER, VERIFIED, User

CLAIMS: Mapping[str, frozenset[str]] = {
    "profile": frozenset(),
    "email": frozenset({EMAIL, VERIFIED[EMAIL]}),
    "phone": frozenset({PHONE_NUMBER, VERIFIED[PHONE_NUMBER]}),
}
"""The attributes that a scope stands for; `profile` for all of them."""
_BOOLEANS = frozenset(VERIFIED.values())
_LAST = 1 << 31
"""Behind every precedence that a group may have: where those stand that have none."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom tokens are made for, and as what."""

    client: UserPoolClient
    user: User
    groups: Sequence[Group]
    family: Family
    issuer: str
    now: datetime


def access_claims(bearer: Bearer, jti: str) -> dict[str, Any]:
    """The claims of an access token.

    Source: Cognito developer guide, "Understanding the access token"; RFC 7519 §4.1.
    """
    family = bearer.family
    return {
        "sub": bearer.user.sub,
        **_groups(bearer.groups),
        "iss": bearer.issuer,
        "client_id": bearer.client.id,
        **_origin(bearer),
        "event_id": family.id,
        "token_use": "access",
        "scope": render_scope(family.scopes),
        "auth_time": int(family.auth_time.timestamp()),
        "exp": int(bearer.now.timestamp()) + int(bearer.client.access_token_lifetime.total_seconds()),
        "iat": int(bearer.now.timestamp()),
        "jti": jti,
        "username": bearer.user.username,
        **({} if family.device_key is None else {"device_key": family.device_key}),
        **_of_pages(family),
        **({} if family.through is None else {"version": 2}),
        **_audience(family),
    }


IDENTITIES = "identities"
"""Where a person comes from. No client's list of attributes can hold it, and every ID token has it."""


def id_claims(
    bearer: Bearer,
    jti: str,
    readable: Collection[str] | None,
    *,
    nonce: str | None = None,
    access_token: str | None = None,
) -> dict[str, Any]:
    """The claims of an ID token; `readable` are the attributes that the client may see, None for all. `access_token`
    is the one that it is given with.

    `nonce` is the application's, for the first ID token of a sign-in alone (OIDC Core §12.2).

    Source: Cognito developer guide, "Understanding the identity (ID) token".
    """
    family = bearer.family
    attributes = bearer.user.attributes
    return {
        **{
            name: _claim(name, value)
            for name, value in attributes.items()
            if readable is None or name in readable or name == IDENTITIES
        },
        "sub": bearer.user.sub,
        **_groups(bearer.groups),
        **_roles(bearer.groups),
        "iss": bearer.issuer,
        "cognito:username": bearer.user.username,
        **_origin(bearer),
        "aud": bearer.client.id,
        "event_id": family.id,
        "token_use": "id",
        "auth_time": int(family.auth_time.timestamp()),
        "exp": int(bearer.now.timestamp()) + int(bearer.client.id_token_lifetime.total_seconds()),
        "iat": int(bearer.now.timestamp()),
        **({"jti": jti} if bearer.client.may_revoke_tokens else {}),
        **_of_pages(family),
        **({} if nonce is None else {"nonce": nonce}),
        **({} if access_token is None else {"at_hash": at_hash(access_token)}),
    }


def has_id_token(family: Family) -> bool:
    """Whether an ID token belongs to a sign-in: always where it was by the API."""
    return family.through is None or "openid" in family.scopes


def shown(scopes: Collection[str], readable: Collection[str] | None) -> Collection[str] | None:
    """The attributes that a sign-in at the pages shows an application, of those that its client may read; None for
    all. `openid` alone, and `profile`, give every one.

    Source: Cognito developer guide, "Scopes, M2M, and resource servers" (standard scopes).
    """
    named = [CLAIMS[scope] for scope in scopes if scope in CLAIMS]
    if not named or "profile" in scopes:
        return readable
    asked = frozenset().union(*named)
    return asked if readable is None else asked & frozenset(readable)


def hidden_by(scopes: Collection[str], readable: Collection[str] | None) -> Collection[str]:
    """Attributes that a scope is made of and that the client may not read: then the scope can't be granted.

    Source: Cognito developer guide, "Token endpoint" (invalid_grant).
    """
    if readable is None:
        return ()
    return frozenset().union(*(CLAIMS[scope] for scope in scopes if scope in CLAIMS)) - frozenset(readable)


def user_info(user: User, scopes: Collection[str], readable: Collection[str] | None) -> dict[str, Any]:
    """What userInfo tells. Unlike the ID token it has `*_verified` as texts.

    Source: Cognito developer guide, "The userInfo endpoint"; OIDC Core §5.3.2.
    """
    visible = shown(scopes, readable)
    return {
        "sub": user.sub,
        **{
            name: value if name in _BOOLEANS else _claim(name, value)
            for name, value in user.attributes.items()
            if visible is None or name in visible
        },
        "username": user.username,
    }


def at_hash(access_token: str) -> str:
    """Source: OIDC Core §3.1.3.6, for RS256."""
    half = hashlib.sha256(access_token.encode("ascii")).digest()[:16]
    return base64url(half)


def in_precedence(groups: Sequence[Group]) -> list[Group]:
    """The best first: 0 is the highest precedence, none the lowest.

    Source: Cognito API reference, CreateGroup (Precedence).
    """
    return sorted(groups, key=lambda group: (_precedence(group), group.name))


def preferred_role(groups: Sequence[Group]) -> str | None:
    """The role of the group that goes before the others; None where two with different roles stand side by side.

    Source: Cognito API reference, CreateGroup (Precedence); developer guide, "Adding groups to a user pool".
    """
    with_role = [group for group in in_precedence(groups) if group.role_arn]
    roles = {group.role_arn for group in with_role}
    if len(roles) > 1:
        roles = {group.role_arn for group in with_role if _precedence(group) == _precedence(with_role[0])}
    return roles.pop() if len(roles) == 1 else None


def _precedence(group: Group) -> int:
    return _LAST if group.precedence is None else group.precedence


def _of_pages(family: Family) -> dict[str, Any]:
    through = family.through
    return {} if through is None else {"acr": through.acr, "amr": list(through.amr)}


def _audience(family: Family) -> dict[str, str]:
    """Source: Cognito developer guide, "Authorize endpoint" (resource)."""
    audience = None if family.through is None else family.through.audience
    return {} if audience is None else {"aud": audience}


def _groups(groups: Sequence[Group]) -> dict[str, list[str]]:
    return {"cognito:groups": [group.name for group in in_precedence(groups)]} if groups else {}


def _roles(groups: Sequence[Group]) -> dict[str, Any]:
    roles = dict.fromkeys(group.role_arn for group in in_precedence(groups) if group.role_arn)
    if not roles:
        return {}
    preferred = preferred_role(groups)
    return {
        "cognito:roles": list(roles),
        **({} if preferred is None else {"cognito:preferred_role": preferred}),
    }


def _origin(bearer: Bearer) -> Mapping[str, str]:
    """Source: Cognito API reference, CreateUserPoolClient (EnableTokenRevocation adds origin_jti and jti)."""
    return {"origin_jti": bearer.family.origin_jti} if bearer.client.may_revoke_tokens else {}


def _claim(name: str, value: str) -> Any:
    """An attribute as a claim: OpenID Connect's types for its own (OIDC Core §5.1), text for all others."""
    if name in _BOOLEANS:
        return value == "true"
    if name == "updated_at" and value.isascii() and value.isdigit() and len(value) <= 15:
        return int(value)
    if name == "address":
        return {"formatted": value}
    if name == IDENTITIES:
        return list(_identities(value)) or value
    return value


def _identities(text: str) -> Iterator[dict[str, Any]]:
    """The identities of a federated person: the attribute has a boolean and a number where the token has texts."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    for identity in found if isinstance(found, list) else ():
        if isinstance(identity, dict):
            yield {name: _text(value) for name, value in identity.items()}


def _text(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case _:
            return value
