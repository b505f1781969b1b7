"""The rotation of the master key: every data key is sealed anew under the first of the master keys.

Start all nodes with both keys, the new one first; run this until it gives 0; start them with the new one alone.
What the data keys seal is not touched, so it is quick, and a stop at any point leaves nothing half done.
"""

from __future__ import annotations

from poolhouse.store.store import Store


async def rewrap_data_keys(store: Store, limit: int = 100) -> int:
    """Reseal up to `limit` data keys; how many were still under an older master key."""
    return await store.write(lambda tx: tx.data_keys.rewrap(limit))
