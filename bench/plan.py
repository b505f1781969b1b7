"""How much is run: bounded in count, so bounded in time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    signatures: int
    """Bare signatures, before and after each turn of a server."""
    requests: int
    """Measured in each turn."""
    warm_up: int
    """Before each turn."""
    first_warm_up: int
    """Before the first round: a just-in-time compiler needs some thousands."""
    document_requests: int
    """JWKS documents in each turn."""
    pools: int
    clients_per_pool: int
    starts: int
    connections: int = 16


FULL = Plan(
    rounds=9,
    signatures=800,
    requests=4_000,
    warm_up=200,
    first_warm_up=6_000,
    document_requests=15_000,
    pools=1_000,
    clients_per_pool=100,
    starts=5,
)
QUICK = Plan(
    rounds=3,
    signatures=400,
    requests=1_200,
    warm_up=100,
    first_warm_up=1_500,
    document_requests=4_000,
    pools=20,
    clients_per_pool=100,
    starts=2,
)
