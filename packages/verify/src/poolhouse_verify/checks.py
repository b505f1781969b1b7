"""What a token must say to be accepted here: one function a rule, each raising its own error.

Issuer and times are looked at before the signature: that tells a forger nothing, and tokens of other issuers and
old ones cause neither a fetch of keys nor RSA. All else is answered only to genuine tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from poolhouse_verify.compact import ParsedToken
from poolhouse_verify.errors import (
    ExpiredToken,
    MalformedToken,
    MissingScope,
    NotYetValid,
    WrongAudience,
    WrongClient,
    WrongIssuer,
    WrongTokenUse,
    quoted,
)
from poolhouse_verify.rules import Rules

Check = Callable[[ParsedToken, Rules], None]

LAST_DATE = 253_402_300_799  # the end of the year 9999, the last that a datetime holds

# RFC 8725 §3.11: Cognito writes no `typ`, RFC 9068 writes `at+jwt`; any other typed JWT was made for other eyes.
_TYPES = {"access": ("jwt", "at+jwt"), "id": ("jwt",)}


def check_issuer(token: ParsedToken, rules: Rules) -> None:
    """RFC 7519 §4.1.1: equal character for character, no slash more or less."""
    issuer = token.claims.get("iss")
    if issuer != rules.issuer:
        raise WrongIssuer(f"iss is {quoted(issuer)}, expected {quoted(rules.issuer)}.")


def check_times(token: ParsedToken, rules: Rules, now: float) -> None:
    """RFC 7519 §4.1.4 to §4.1.6. `exp` must be there; the moment it names is already too late."""
    expires = _date(token.claims, "exp")
    not_before = _date(token.claims, "nbf")
    issued = _date(token.claims, "iat")
    if expires is None:
        raise MalformedToken("The claim exp is missing.")
    if now >= expires + rules.leeway_s:
        raise ExpiredToken(f"The token expired at {_moment(expires)}, {now - expires:.0f} s ago.")
    if not_before is not None and now < not_before - rules.leeway_s:
        raise NotYetValid(f"The token is not valid before {_moment(not_before)} (nbf).")
    if issued is not None and now < issued - rules.leeway_s:
        raise NotYetValid(f"The token was issued at {_moment(issued)} (iat), which is in the future here.")


def check_token_use(token: ParsedToken, rules: Rules) -> None:
    """An ID token says who signed in to an application; it is not a permission to call anything."""
    use = token.claims.get("token_use")
    if use != rules.token_use:
        raise WrongTokenUse(f"token_use is {quoted(use)}, expected {rules.token_use!r}.")
    typ = token.header.get("typ")
    if typ is None:
        return
    # RFC 7515 §4.1.9: a media type, compared without case, "application/" left out.
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in _TYPES[rules.token_use]:
        raise WrongTokenUse(f"The header's typ is {quoted(typ)}, which is no {rules.token_use} token.")


def check_client(token: ParsedToken, rules: Rules) -> None:
    """Access tokens name their client in `client_id`, ID tokens in `aud`."""
    _text(token.claims, "sub")
    client_id = _text(token.claims, "client_id" if rules.token_use == "access" else "aud")
    if rules.client_ids is not None and client_id not in rules.client_ids:
        raise WrongClient(
            f"The token was issued to the client {quoted(client_id)}, which is not allowed here."
        )


def check_audience(token: ParsedToken, rules: Rules) -> None:
    """RFC 7519 §4.1.3: a token that names its audience is for nobody else, also where none was configured.

    Cognito's access tokens name none, or a resource that they are bound to; a trigger may add the client itself.
    """
    if rules.token_use == "id":
        return
    audience = token_audience(token.claims)
    if rules.audience is None:
        if any(name != token.claims.get("client_id") for name in audience):
            raise WrongAudience(
                f"The token is bound to {quoted(sorted(audience))}. If that is this service, set audience."
            )
    elif not audience & rules.audience:
        raise WrongAudience(
            f"aud is {quoted(token.claims.get('aud'))}, expected {quoted(sorted(rules.audience))}."
        )


AFTER_THE_SIGNATURE: tuple[Check, ...] = (check_token_use, check_client, check_audience)


def check_scopes(held: frozenset[str], required: frozenset[str]) -> None:
    """All required scopes must be there."""
    if not required <= held:
        missing = " ".join(sorted(required - held))
        raise MissingScope(f"The token lacks {missing}.", required=required)


def token_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """RFC 9068 §2.2.3, RFC 8693 §4.2: one text, separated by spaces; none at all if absent."""
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise MalformedToken("The claim scope is not text.")
    return frozenset(scope.split(" ")) - {""}


def token_audience(claims: Mapping[str, Any]) -> frozenset[str]:
    """RFC 7519 §4.1.3: one text or a list of them; none at all if absent."""
    audience = claims.get("aud", [])
    names = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(name, str) for name in names):
        raise MalformedToken("The claim aud is neither text nor a list of texts.")
    return frozenset(names)


def _date(claims: Mapping[str, Any], name: str) -> float | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LAST_DATE:
        raise MalformedToken(f"The claim {name} is {quoted(value)}, which is not a date in seconds.")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedToken(f"The claim {name} is missing or not text.")
    return value


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
