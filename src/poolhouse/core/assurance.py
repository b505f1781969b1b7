"""How sure a sign-in is: Cognito's four levels, from what was proved.

Source: Cognito developer guide, "Step-up authentication" (acr, amr); RFC 8176.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

LEVELS = tuple(f"urn:cognito:loa:{level}" for level in (1, 2, 3, 4))
"""1 a password; 2 one code by SMS or e-mail; 3 a passkey, or a password and a code; 4 a password and TOTP."""
CODES = frozenset({"sms", "email_otp"})
PASSKEYS = frozenset({"swk", "hwk"})
FACTORS = frozenset({"pwd", "otp", *CODES, *PASSKEYS})


def amr_of(proved: Iterable[str]) -> tuple[str, ...]:
    """The methods, each once, and `mfa` where two different factors are among them."""
    methods = tuple(dict.fromkeys(method for method in proved if method != "mfa"))
    return (*methods, "mfa") if len(FACTORS & set(methods)) > 1 else methods


def acr_of(amr: Collection[str]) -> str:
    """The level that a sign-in by these methods reached."""
    return LEVELS[_level(amr) - 1]


def _level(amr: Collection[str]) -> int:
    methods = set(amr)
    if {"pwd", "otp"} <= methods:
        return 4
    if methods & PASSKEYS or ("pwd" in methods and methods & CODES):
        return 3
    return 2 if methods & CODES else 1


def reaches(acr: str, asked: str) -> bool:
    """Whether the level `acr` is `asked` or a higher one."""
    return acr in LEVELS and asked in LEVELS and LEVELS.index(acr) >= LEVELS.index(asked)
