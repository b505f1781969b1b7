"""The server as a whole: what it is, and its master key."""

from __future__ import annotations

from poolhouse import __version__
from poolhouse.core.documents import epoch
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import (
    GetServerStatusRequest,
    GetServerStatusResponse,
    RotateMasterKeyRequest,
    RotateMasterKeyResponse,
)
from poolhouse.store import rewrap_data_keys

BATCH = 100


async def get_server_status(call: Call, request: GetServerStatusRequest) -> GetServerStatusResponse:
    (engine, engine_version), revision = await call.store.read(
        lambda tx: (tx.server.engine(), tx.server.revision())
    )
    return {
        "Status": {
            "Version": __version__,
            "DatabaseEngine": engine,
            "DatabaseVersion": engine_version,
            "MigrationRevision": revision,
            "MasterKeyId": call.store.master_key_id,
            "PublicUrl": call.settings.public_url,
            "Region": call.settings.region,
            "AccountId": call.settings.account_id,
            "StartDate": epoch(call.parts.started_at),
        }
    }


async def rotate_master_key(call: Call, request: RotateMasterKeyRequest) -> RotateMasterKeyResponse:
    """Seal every data key under the first of the server's master keys, in batches: it may be interrupted and
    called again. The sealed secrets themselves are not touched."""
    rewrapped = 0
    while done := await rewrap_data_keys(call.store, BATCH):
        rewrapped += done
    await call.write(lambda tx: None)
    return {"RewrappedDataKeys": rewrapped, "MasterKeyId": call.store.master_key_id}
