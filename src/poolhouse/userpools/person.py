"""Who shows an access token: the person, and that the sign-in it came from still stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature

from poolhouse.core.errors import CognitoError, NotAuthorizedException, UserNotFoundException
from poolhouse.core.families import Family
from poolhouse.core.snapshots import AppSnapshot, PoolSnapshot, SignerKey
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.ports.signer import HASH, PKCS1
from poolhouse.store import Transaction
from poolhouse.userpools.user_tokens import SELF_SERVICE, in_the_name_of, issuer_of, refuse_disabled
from poolhouse_verify.compact import ParsedToken, parse, refuse_foreign_header
from poolhouse_verify.errors import TokenError

INVALID = "Invalid Access Token"
EXPIRED = "Access Token has expired"
REVOKED = "Access Token has been revoked"
OUT_OF_SCOPE = "Access Token does not have required scopes"
WITHOUT_USER_NOT_FOUND = frozenset(
    {
        "AssociateSoftwareToken",
        "CompleteWebAuthnRegistration",
        "DeleteWebAuthnCredential",
        "GlobalSignOut",
        "ListWebAuthnCredentials",
        "StartWebAuthnRegistration",
    }
)
"""Operations with an access token whose model has no UserNotFoundException."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who calls, by an access token."""

    app: AppSnapshot
    user: User
    family: Family
    claims: Mapping[str, Any]
    call: Call
    """The call in their name: an audit record of what it writes tells who it was."""

    def again(self, tx: Transaction) -> User:
        """The person as they are now, their row locked: for a transaction that writes because of who calls.

        Raises:
            NotAuthorizedException, UserNotFoundException: as `authenticate_person`, if that changed meanwhile.
        """
        user = tx.users.lock(self.app.pool.id, self.user.sub)
        family = tx.families.find(self.app.pool.id, self.family.id)
        return _standing(self.call, user, family)[0]


async def authenticate_person(call: Call, access_token: str, *, scope: str | None = SELF_SERVICE) -> Person:
    """The person whose access token this is. The token says who; the database, whether it still is so: a sign-out,
    a revocation or a disabled person is seen on every node at once.

    Raises:
        NotAuthorizedException: the token is none of a pool's here, too old, ended, or not for this.
        UserNotFoundException: the person was deleted.

    Source: Cognito developer guide, "Verifying JSON web tokens"; RFC 8725 §3.
    """
    app, claims = await read_access_token(call, access_token)
    sub, event_id = claims.get("sub"), claims.get("event_id")
    if not (isinstance(sub, str) and isinstance(event_id, str)):
        raise NotAuthorizedException(INVALID, detail="a machine's token, which no person has")
    if scope is not None and scope not in scopes_of(claims):
        raise NotAuthorizedException(OUT_OF_SCOPE)

    def read(tx: Transaction) -> tuple[User | None, Family | None]:
        family, user = tx.people.of_family(app.pool.id, event_id) or (None, None)
        if user is None or user.sub != sub:
            user = tx.users.by_sub(app.pool.id, sub)
        return user, family

    user, family = _standing(call, *await call.store.look_up(read))
    if family.sub != sub or family.client_id != app.client.id:
        raise NotAuthorizedException(INVALID, detail="of another person's or client's sign-in")
    return Person(app, user, family, claims, in_the_name_of(call, app, sub))


async def read_access_token(call: Call, access_token: str) -> tuple[AppSnapshot, Mapping[str, Any]]:
    """The client and the claims of an access token that was signed here and has not expired, a person's or a
    machine's. Whether the person's sign-in still stands is not asked.

    Raises:
        NotAuthorizedException: it is none of a pool's here, or too old.
    """
    parsed = _parse(access_token)
    app = await _app(call, parsed)
    claims = parsed.claims
    _check_signature(call, app.pool, parsed)
    if claims.get("iss") != issuer_of(call, app) or claims.get("token_use") != "access":
        raise NotAuthorizedException(INVALID, detail="of another issuer, or no access token")
    expires = claims.get("exp")
    if not isinstance(expires, int):
        raise NotAuthorizedException(INVALID, detail="no time of expiry")
    if call.now.timestamp() >= expires:
        raise NotAuthorizedException(EXPIRED)
    return app, claims


def scopes_of(claims: Mapping[str, Any]) -> list[str]:
    return str(claims.get("scope", "")).split(" ")


def looks_like_jwt(token: str) -> bool:
    """Whether this is an access or ID token in form, whoever made it. A refresh token is not."""
    try:
        parse(token)
    except TokenError:
        return False
    return True


def _parse(access_token: str) -> ParsedToken:
    try:
        parsed = parse(access_token)
        refuse_foreign_header(parsed)
    except TokenError as error:
        raise NotAuthorizedException(INVALID, detail="malformed") from error
    return parsed


async def _app(call: Call, parsed: ParsedToken) -> AppSnapshot:
    """The client that the token says it is for. It is not verified yet: this says only whose keys to try."""
    client_id = parsed.claims.get("client_id")
    app: AppSnapshot | None = None
    if isinstance(client_id, str) and len(client_id) <= 128:
        app = await call.cache.get("app", client_id)
    if app is None:
        raise NotAuthorizedException(INVALID, detail="no such client")
    return app


def _check_signature(call: Call, pool: PoolSnapshot, parsed: ParsedToken) -> None:
    """By a key that signs access tokens, as long as it is published: a withdrawn one verifies nothing."""
    now = call.now.timestamp()
    published = {
        key.jwk["kid"] for key in pool.published_keys if key.withdrawn_at is None or now < key.withdrawn_at
    }
    keys = tuple(key for key in pool.access_keys if key.kid in published)
    if not any(key.kid == parsed.kid for key in keys):
        raise NotAuthorizedException(INVALID, detail="signed with no key of the pool's access tokens")
    if not is_signed_by(keys, parsed):
        raise NotAuthorizedException(INVALID, detail="the signature is wrong")


def is_signed_by(keys: Iterable[SignerKey], parsed: ParsedToken) -> bool:
    """Whether one of these keys, the one that the token names, signed it."""
    for key in keys:
        if key.kid == parsed.kid:
            try:
                key.private.public_key().verify(parsed.signature, parsed.signing_input, PKCS1, HASH)
            except InvalidSignature:
                return False
            return True
    return False


def _standing(call: Call, user: User | None, family: Family | None) -> tuple[User, Family]:
    if user is None:
        raise _not_found(call)
    refuse_disabled(user)
    if family is None:
        raise NotAuthorizedException(INVALID, detail="no such sign-in")
    if family.revoked_at is not None:
        raise NotAuthorizedException(REVOKED)
    return user, family


def _not_found(call: Call) -> CognitoError:
    if call.operation in WITHOUT_USER_NOT_FOUND:
        return NotAuthorizedException(INVALID, detail="the person was deleted")
    return UserNotFoundException()
