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
    facts = await call.store.read(lambda tx: tx.facts())
    return {
        "Status": {
            "Version": __version__,
            "DatabaseEngine": facts.engine,
            "DatabaseVersion": facts.engine_version,
            "MigrationRevision": facts.revision,
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
