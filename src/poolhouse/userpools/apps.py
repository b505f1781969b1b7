"""The app client that people come through."""

from __future__ import annotations

from poolhouse.core.errors import ResourceNotFoundException
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call


async def find_app(call: Call, client_id: str) -> AppSnapshot:
    """The client with its pool, as unsigned operations begin: nothing is proven by it.

    Raises:
        ResourceNotFoundException: no such client.
    """
    app: AppSnapshot | None = await call.cache.get("app", client_id)
    if app is None:
        raise ResourceNotFoundException(f"User pool client {client_id} does not exist.")
    return app
