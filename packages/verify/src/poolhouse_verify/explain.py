"""What a token says, and everything that is wrong with it: for people with a token in their clipboard.

A verifier stops at the first fault, and says little. This looks at all of them, and shows the header and claims even
of tokens that prove nothing. Never decide by it what a caller may do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Literal

from poolhouse_verify.addresses import jwks_address
from poolhouse_verify.checks import (
    AFTER_THE_SIGNATURE,
    check_issuer,
    check_scopes,
    check_times,
    token_audience,
    token_scopes,
)
from poolhouse_verify.compact import ParsedToken, parse, read_object, refuse_foreign_header, split
from poolhouse_verify.errors import BadSignature, KeysUnavailable, MalformedToken, TokenError, WrongIssuer
from poolhouse_verify.keys import KeySource
from poolhouse_verify.remote_keys import RemoteKeys
from poolhouse_verify.rules import DEFAULT_LEEWAY, Rules, TokenUse, make_rules, scope_set
from poolhouse_verify.verifier import check_signature, key_id

Signature = Literal["verified", "bad", "unchecked"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `code` is that of a TokenError."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A token laid open. `header` and `claims` are None where they can't be read at all.

    `signature` says whether the key of `jwks_uri` (None if keys were given) made it: `unchecked` where no key was
    found to ask. `issuer_from_token`: nobody said whose token it should be, so it was believed.
    """

    header: dict[str, Any] | None
    claims: dict[str, Any] | None
    issuer: str | None
    issuer_from_token: bool
    jwks_uri: str | None
    signature: Signature
    problems: tuple[Problem, ...]

    @property
    def is_verified(self) -> bool:
        return self.signature == "verified" and not self.problems


def explain(
    token: str,
    *,
    issuer: str | None = None,
    client_ids: str | Collection[str] | None = None,
    scopes: str | Collection[str] = (),
    token_use: TokenUse | None = None,
    audience: str | Collection[str] | None = None,
    leeway: timedelta = DEFAULT_LEEWAY,
    jwks_uri: str | None = None,
    allow_http: bool = False,
    keys: KeySource | None = None,
    clock: Callable[[], float] = time.time,
) -> Explanation:
    """Look at a token from all sides.

    What is not given is taken from the token itself and so not checked. That includes the issuer: its keys are then
    fetched from wherever the token says (https, or http on loopback; no redirects; bounded in size and time), and
    "verified" means only that it was signed by whom it names. That is trust on paste, for a human who reads the
    issuer; a service that did so could be sent to addresses within its own network.

    Raises:
        ValueError: arguments that can't be meant so.
    """
    required = scope_set(scopes)
    try:
        parsed = parse(token)
    except MalformedToken as error:
        return _unreadable(token, issuer, error)
    named = parsed.claims.get("iss") if issuer is None else issuer
    if not isinstance(named, str) or not named:
        nobody = Problem(
            WrongIssuer.code, "The claim iss is missing or not text, so nobody's keys can be asked."
        )
        return Explanation(parsed.header, parsed.claims, None, True, None, "unchecked", (nobody,))
    if token_use is None and (required or audience is not None):
        token_use = "access"  # only access tokens have scopes and an audience of their own
    use = token_use or _claimed_use(parsed)
    rules = make_rules(
        named,
        client_ids=client_ids or (_claimed_client(parsed) if use == "id" else None),
        scopes=(),
        token_use=use,
        audience=audience or (_claimed_audience(parsed) if use == "access" else None),
        leeway=leeway,
    )
    problems = list(_faults(parsed, rules, required, clock()))
    address = None if keys is not None else jwks_uri or jwks_address(named)
    signature, fault = _check_signature(parsed, keys, address, allow_http)
    if fault is not None and fault not in problems:
        problems.append(fault)
    return Explanation(
        parsed.header, parsed.claims, named, issuer is None, address, signature, tuple(problems)
    )


def _unreadable(token: str, issuer: str | None, error: MalformedToken) -> Explanation:
    """Whatever parts can be read alone are shown, so that one sees what kind of text it is."""
    try:
        header, claims, _ = split(token)
    except MalformedToken:
        readable: list[dict[str, Any] | None] = [None, None]
    else:
        readable = [_object_or_none(header), _object_or_none(claims)]
    return Explanation(readable[0], readable[1], issuer, False, None, "unchecked", (_problem(error),))


def _object_or_none(part: bytes) -> dict[str, Any] | None:
    try:
        return read_object("part", part)
    except MalformedToken:
        return None


def _faults(parsed: ParsedToken, rules: Rules, required: frozenset[str], now: float) -> Iterator[Problem]:
    checks: list[Callable[[], None]] = [
        lambda: refuse_foreign_header(parsed),
        lambda: check_issuer(parsed, rules),
        lambda: check_times(parsed, rules, now),
        *(partial(check, parsed, rules) for check in AFTER_THE_SIGNATURE),
        lambda: check_scopes(token_scopes(parsed.claims), required),
    ]
    for check in checks:
        try:
            check()
        except TokenError as error:
            yield _problem(error)


def _check_signature(
    parsed: ParsedToken, keys: KeySource | None, address: str | None, allow_http: bool
) -> tuple[Signature, Problem | None]:
    try:
        refuse_foreign_header(parsed)
        kid = key_id(parsed)
        if keys is None:
            assert address is not None
            keys = RemoteKeys(address, allow_http=allow_http)
        check_signature(parsed, keys.find(kid))
    except BadSignature as error:
        return "bad", _problem(error)
    except TokenError as error:
        return "unchecked", _problem(error)
    except ValueError as error:  # an address that keys may not come from
        return "unchecked", Problem(KeysUnavailable.code, str(error))
    return "verified", None


def _claimed_use(parsed: ParsedToken) -> TokenUse:
    return "id" if parsed.claims.get("token_use") == "id" else "access"


def _claimed_client(parsed: ParsedToken) -> str:
    client_id = parsed.claims.get("aud")
    return client_id if isinstance(client_id, str) else "?"  # which the check of the client then says


def _claimed_audience(parsed: ParsedToken) -> frozenset[str] | None:
    try:
        return token_audience(parsed.claims) or None
    except MalformedToken:
        return None  # which the check of the audience then says


def _problem(error: TokenError) -> Problem:
    return Problem(error.code, str(error))
