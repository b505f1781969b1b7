"""What the audit tells of who came from an identity provider, and was not let in."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call


async def tell_in_vain(call: Call, app: AppSnapshot, provider: str) -> None:
    """An answer that is not believed, or somebody proved who may not sign in. The application hears
    `invalid_request`; why is in the log."""
    record = replace(
        call.record(app.pool.id),
        client_id=app.client.id,
        error_code="invalid_request",
        additional={"provider": provider},
    )
    await call.store.write(lambda tx: tx.audit.add(record))
