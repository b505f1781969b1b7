"""A JWKS document as it came, whoever fetched it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """`max_age_s` is what Cache-Control says; None if it says nothing."""

    body: bytes
    max_age_s: float | None = None
