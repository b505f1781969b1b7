"""How sure a sign-in is: Cognito's four levels, from what was proved.

1 a password; 2 one code by SMS or e-mail; 3 a passkey, or a password and a code; 4 a password and TOTP.

Source: Cognito developer guide, "Step-up authentication" (acr, amr); RFC 8176.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from poolhouse.core.pool_settings import ACR_LEVELS, tier
from poolhouse.core.pools import UserPool
from poolhouse.core.users import Factor

LOWEST, HIGHEST = 1, 4
CODES = frozenset({"sms", "email_otp"})
PASSKEYS = frozenset({"swk", "hwk"})
FACTORS = frozenset({"pwd", "otp", *CODES, *PASSKEYS})


def amr_of(proved: Iterable[str]) -> tuple[str, ...]:
    """The methods, each once, and `mfa` where two different factors are among them."""
    methods = tuple(dict.fromkeys(method for method in proved if method != "mfa"))
    return (*methods, "mfa") if len(FACTORS & set(methods)) > 1 else methods


def level_of(amr: Collection[str]) -> int:
    """The level that a sign-in by these methods reached."""
    methods = set(amr)
    if {"pwd", "otp"} <= methods:
        return 4
    if methods & PASSKEYS or ("pwd" in methods and methods & CODES):
        return 3
    return 2 if methods & CODES else LOWEST


def level_within_reach(*, password: bool, passkey: bool, code: bool, otp: bool) -> frozenset[int]:
    """The levels that somebody can reach with the factors that they have."""
    reached = {
        1: password,
        2: code or passkey or (password and otp),
        3: passkey or (password and (code or otp)),
        4: password and otp,
    }
    return frozenset(level for level, can in reached.items() if can)


def reach_of_password(factors: Collection[Factor]) -> int:
    """The level of a sign-in by password and one of these second factors, the surest of them."""
    if Factor.TOTP in factors:
        return 4
    return 3 if factors else LOWEST


def ways_that_reach(reach: Mapping[str, int], levels: Iterable[int]) -> tuple[str, ...]:
    """Of the ways to begin a sign-in those that reach the first level that any of them does; all, where none does.
    `reach` is the level that each leads to."""
    for level in levels:
        ways = tuple(way for way, reached in reach.items() if reached >= level)
        if ways:
            return ways
    return tuple(reach)


def factors_that_reach(factors: tuple[Factor, ...], levels: Iterable[int]) -> tuple[Factor, ...]:
    """Of the second factors beside a password those that reach the first level that any of them does."""
    reach = {factor.value: reach_of_password((factor,)) for factor in factors}
    chosen = ways_that_reach(reach, levels)
    return tuple(factor for factor in factors if factor.value in chosen)


def acr_name(pool: UserPool, level: int) -> str:
    """What a pool calls a level. Source: Cognito API reference, CreateUserPool (AcrConfiguration)."""
    return _names(pool)[level]


def asked_levels(pool: UserPool, acr_values: Iterable[str]) -> tuple[int, ...]:
    """The levels that an application asks for, the one that it prefers first; what the pool calls nothing is left
    out. On the plan without step-up none is asked for.

    Source: Cognito developer guide, "Authorize endpoint" (acr_values).
    """
    if tier(pool.settings) == "LITE":
        return ()
    levels = {name: level for level, name in _names(pool).items()}
    return tuple(levels[value] for value in acr_values if value in levels)


def _names(pool: UserPool) -> dict[int, str]:
    configured = {**ACR_LEVELS, **pool.settings.get("AcrConfiguration", {})}
    return {level: configured[f"Level{level}"]["AcrValue"] for level in range(LOWEST, HIGHEST + 1)}
