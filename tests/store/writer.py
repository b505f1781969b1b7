"""A process that writes clients and says which were acknowledged, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.store.conftest import StoreSettings
from tests.store.examples import a_client, a_secret

from poolhouse.core.secret import Secret
from poolhouse.store import Transaction, open_store


async def main(data_dir: str, url: str, name: str) -> None:
    store = open_store(StoreSettings(Path(data_dir), Secret(url) if url else None))

    async def write_on(lane: int) -> None:
        number = 0
        while True:
            client_id = f"{name}x{lane}x{number}"

            def write(tx: Transaction, client_id: str = client_id) -> None:
                tx.clients.add(a_client(client_id))
                tx.client_secrets.add(a_secret(f"secret of {client_id}", client_id=client_id))

            await store.write(write)
            sys.stdout.write(client_id + "\n")
            sys.stdout.flush()
            number += 1

    await asyncio.gather(*(write_on(lane) for lane in range(8)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
