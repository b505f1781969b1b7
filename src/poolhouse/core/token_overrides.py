"""What a pool's function, or the configuration of a client, makes of the claims of tokens.

Source: Cognito developer guide, "Pre token generation Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.scopes import SCOPE, render_scope
from poolhouse.core.triggers import UNRECOGNIZABLE
from poolhouse.core.users import EMAIL, PHONE_NUMBER, VERIFIED

V1 = "V1_0"
V3 = "V3_0"
RESERVED = frozenset(
    {
        "acr",
        "amr",
        "at_hash",
        "auth_time",
        "azp",
        "client_id",
        "device_key",
        "event_id",
        "exp",
        "iat",
        "identities",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "version",
    }
)
"""Claims that say what a token is, which nobody may add, change or suppress. `scope` has members of its own."""
RESERVED_PREFIXES = ("cognito:", "dev:")
"""Groups and roles among them: they have a member of their own."""
AUDIENCE = "aud"
TYPED = frozenset({VERIFIED[EMAIL], VERIFIED[PHONE_NUMBER], "updated_at", "address"})
"""Claims of an ID token that OpenID Connect gives a type: no function may put anything else there."""
MAX_ADDITIONS = 5_000
"""Claims and scopes of one answer together. Source: the developer guide, as above."""
MAX_SIZE = 7_000
"""Of what is added to one token, in bytes of JSON: with more, and what a client's configuration may add, the token
would be longer than any HTTP server takes in a header."""
GROUPS, ROLES, PREFERRED_ROLE = "cognito:groups", "cognito:roles", "cognito:preferred_role"


@dataclass(frozen=True, slots=True)
class ClaimChanges:
    """Of one token."""

    add: Mapping[str, Any] = field(default_factory=dict)
    suppress: tuple[str, ...] = ()

    def to_document(self) -> dict[str, Any]:
        return {"add": dict(self.add), "suppress": list(self.suppress)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(add=document["add"], suppress=tuple(document["suppress"]))


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """The groups and roles in place of the person's own."""

    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    preferred_role: str | None = None

    def claims(self) -> dict[str, Any]:
        return {
            **({GROUPS: list(self.groups)} if self.groups else {}),
            **({ROLES: list(self.roles)} if self.roles else {}),
            **({PREFERRED_ROLE: self.preferred_role} if self.preferred_role else {}),
        }

    def to_document(self) -> dict[str, Any]:
        return {
            "groups": list(self.groups),
            "roles": list(self.roles),
            "preferred_role": self.preferred_role,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(tuple(document["groups"]), tuple(document["roles"]), document["preferred_role"])


@dataclass(frozen=True, slots=True)
class TokenOverrides:
    """What one answer of a function says of the tokens that are about to be made."""

    id: ClaimChanges = ClaimChanges()
    access: ClaimChanges = ClaimChanges()
    scopes_to_add: tuple[str, ...] = ()
    scopes_to_suppress: tuple[str, ...] = ()
    groups: GroupChanges | None = None
    """None leaves them as they are."""

    def to_document(self) -> dict[str, Any]:
        return {
            "id": self.id.to_document(),
            "access": self.access.to_document(),
            "scopes_to_add": list(self.scopes_to_add),
            "scopes_to_suppress": list(self.scopes_to_suppress),
            "groups": None if self.groups is None else self.groups.to_document(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        groups = document["groups"]
        return cls(
            id=ClaimChanges.from_document(document["id"]),
            access=ClaimChanges.from_document(document["access"]),
            scopes_to_add=tuple(document["scopes_to_add"]),
            scopes_to_suppress=tuple(document["scopes_to_suppress"]),
            groups=None if groups is None else GroupChanges.from_document(groups),
        )


NO_OVERRIDES = TokenOverrides()


@dataclass(frozen=True, slots=True)
class Shaping:
    """An answer, and of whom it is true."""

    of: str
    """The digest of what the function was told."""
    overrides: TokenOverrides

    def to_document(self) -> dict[str, Any]:
        return {"of": self.of, "overrides": self.overrides.to_document()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(document["of"], TokenOverrides.from_document(document["overrides"]))


def overrides_in(response: Mapping[str, Any], version: str) -> TokenOverrides:
    """What a function's answer says. A member that is null or left out changes nothing, but for the groups: they are
    replaced whole by what stands there, and null or nothing takes them away.

    Raises:
        InvalidLambdaResponseException: a member is not of its type, a scope has a blank, or there are too many.
    """
    response = _clean(response)
    if version == V1:
        details = _object(response.get("claimsOverrideDetails"))
        overrides = TokenOverrides(id=_changes(details, texts_only=True), groups=_groups(details))
    else:
        details = _object(response.get("claimsAndScopeOverrideDetails"))
        access = _object(details.get("accessTokenGeneration"))
        overrides = TokenOverrides(
            id=_changes(_object(details.get("idTokenGeneration"))),
            access=_changes(access),
            scopes_to_add=_scopes(access.get("scopesToAdd")),
            scopes_to_suppress=_texts(access.get("scopesToSuppress")),
            groups=_groups(details),
        )
    for name in TYPED & overrides.id.add.keys():
        if isinstance(overrides.id.add[name], dict | list):
            raise _invalid(f"the claim {name} of an ID token can have no complex value")
    changed = (overrides.id, overrides.access)
    count = sum(len(changes.add) + len(changes.suppress) for changes in changed)
    if count + len(overrides.scopes_to_add) + len(overrides.scopes_to_suppress) > MAX_ADDITIONS:
        raise _invalid(f"more than {MAX_ADDITIONS} claims and scopes")
    scopes_and_groups = [overrides.scopes_to_add, () if overrides.groups is None else overrides.groups.groups]
    for changes in changed:
        if len(orjson.dumps([changes.add, *scopes_and_groups])) > MAX_SIZE:
            raise _invalid(f"more than {MAX_SIZE} bytes for one token")
    return overrides


def is_reserved(name: str) -> bool:
    """Whether a claim is made by the server alone, whoever asks for another."""
    return name in RESERVED or name.startswith(RESERVED_PREFIXES)


def access_with(claims: Mapping[str, Any], overrides: TokenOverrides, client_id: str) -> dict[str, Any]:
    """The claims of an access token, a person's or a machine's, after a function's answer."""
    changed = _with_groups(claims, overrides.groups, only=(GROUPS,))
    if overrides.scopes_to_add or overrides.scopes_to_suppress:
        changed["scope"] = render_scope(_scopes_after(str(claims.get("scope", "")), overrides))
    add = dict(overrides.access.add)
    if AUDIENCE in add and (AUDIENCE in claims or add[AUDIENCE] != client_id):
        # A token for one service must not become one for another (RFC 8707 §2).
        del add[AUDIENCE]
    suppress = [name for name in overrides.access.suppress if name != AUDIENCE or AUDIENCE not in claims]
    return _changed(changed, ClaimChanges(add, tuple(suppress)))


def id_with(claims: Mapping[str, Any], overrides: TokenOverrides) -> dict[str, Any]:
    """The claims of an ID token after a function's answer."""
    changed = _with_groups(claims, overrides.groups, only=(GROUPS, ROLES, PREFERRED_ROLE))
    add = {
        name: _typed(name, value)
        for name, value in overrides.id.add.items()
        # Of an ID token the audience is who it is for (OIDC Core §2).
        if name != AUDIENCE
    }
    suppress = [name for name in overrides.id.suppress if name != AUDIENCE]
    return _changed(changed, ClaimChanges(add, tuple(suppress)))


def with_configured(claims: dict[str, Any], configured: Mapping[str, Any]) -> dict[str, Any]:
    """The same with the claims that the client's configuration adds. What the server itself says stays: a person's
    attribute too."""
    return {**configured, **claims}


def unusable(names: Iterable[str]) -> str | None:
    """The first of these names that no configuration may give a claim."""
    return next((name for name in names if not name or name == AUDIENCE or is_reserved(name)), None)


def _changed(claims: Mapping[str, Any], changes: ClaimChanges) -> dict[str, Any]:
    """Suppressing wins over adding. A null adds nothing."""
    add = {name: value for name, value in changes.add.items() if value is not None and not is_reserved(name)}
    suppress = {name for name in changes.suppress if not is_reserved(name)}
    return {name: value for name, value in {**claims, **add}.items() if name not in suppress}


def _with_groups(
    claims: Mapping[str, Any], groups: GroupChanges | None, *, only: Collection[str]
) -> dict[str, Any]:
    if groups is None:
        return dict(claims)
    kept = {name: value for name, value in claims.items() if name not in only}
    return kept | {name: value for name, value in groups.claims().items() if name in only}


def _scopes_after(scope: str, overrides: TokenOverrides) -> Sequence[str]:
    scopes = dict.fromkeys((*scope.split(), *overrides.scopes_to_add))
    return [name for name in scopes if name not in overrides.scopes_to_suppress]


def _typed(name: str, value: Any) -> Any:
    """A text as the type that OpenID Connect gives the claim (OIDC Core §5.1), as the attribute would be."""
    if not isinstance(value, str) or name not in TYPED:
        return value
    if name == "address":
        return {"formatted": value}
    if name == "updated_at":
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else value
    return value == "true"


def _changes(given: Mapping[str, Any], *, texts_only: bool = False) -> ClaimChanges:
    add = _object(given.get("claimsToAddOrOverride"))
    if texts_only and not all(value is None or isinstance(value, str) for value in add.values()):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return ClaimChanges(add, _texts(given.get("claimsToSuppress")))


def _groups(details: Mapping[str, Any]) -> GroupChanges | None:
    if "groupOverrideDetails" not in details:
        return None
    given = _object(details["groupOverrideDetails"])
    preferred = given.get("preferredRole")
    if preferred is not None and not isinstance(preferred, str):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return GroupChanges(
        _texts(given.get("groupsToOverride")), _texts(given.get("iamRolesToOverride")), preferred
    )


def _scopes(given: Any) -> tuple[str, ...]:
    scopes = _texts(given)
    for scope in scopes:
        if " " in scope or not SCOPE.fullmatch(scope):
            raise _invalid("a scope to add has a blank, or a character that no scope has")
    return scopes


def _clean(response: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same without what no token can hold: half a surrogate pair, numbers without a bound."""
    try:
        cleaned: Mapping[str, Any] = orjson.loads(orjson.dumps(response))
    except (TypeError, ValueError):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE) from None
    return cleaned


def _object(given: Any) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return given


def _texts(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return tuple(given)


def _invalid(why: str) -> InvalidLambdaResponseException:
    return InvalidLambdaResponseException(f"Invalid lambda function output : {why}")
