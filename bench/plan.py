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
    """Before each turn: what the others have driven out of the caches is back. With many pools that takes one request
    for each."""
    first_warm_up: int
    """Before the first round: a just-in-time compiler needs some thousands."""
    document_requests: int
    """JWKS documents in each turn."""
    pools: int
    clients_per_pool: int
    starts: int
    connections: int = 16


FULL = Plan(
    rounds=17,
    signatures=300,
    requests=1_500,
    warm_up=1_500,
    first_warm_up=6_000,
    document_requests=4_000,
    pools=1_000,
    clients_per_pool=100,
    starts=5,
)
QUICK = Plan(
    rounds=5,
    signatures=200,
    requests=500,
    warm_up=50,
    first_warm_up=1_000,
    document_requests=1_500,
    pools=10,
    clients_per_pool=100,
    starts=1,
)
