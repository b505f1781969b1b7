"""kill -9 in the middle of writing: what was acknowledged is there, and nothing is there by halves."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import tests.store.writer
from tests.store.conftest import MASTER_KEY, Opener, StoreSettings
from tests.store.examples import POOL, a_client, a_pool, a_secret

from poolhouse.store import Transaction
from poolhouse.store.backup import BackupError, backup, check, restore

ROOT = Path(tests.store.writer.__file__).parents[2]


@pytest.mark.parametrize("round_", range(2))
def test_every_acknowledged_write_survives_a_kill(
    settings: StoreSettings, a_store: Opener, engine: str, round_: int
) -> None:
    store = a_store(settings)
    store.write_now(lambda tx: tx.pools.add(a_pool()))
    store.close()
    url = "" if settings.database_url is None else settings.database_url.reveal()
    seed = random.randrange(10**9)
    print("seed", seed)
    acknowledged = _write_until_killed(str(settings.data_dir), url, random.Random(seed).randrange(5, 300))
    assert len(acknowledged) >= 5

    def ledger(tx: Transaction) -> dict[str, list[str]]:
        clients = tx.clients.page(POOL, size=100_000)
        return {client.id: [s.value.reveal() for s in tx.client_secrets.of(client.id)] for client in clients}

    found = a_store(settings).write_now(ledger)
    assert acknowledged <= found.keys()
    assert all(secrets == [f"secret of {client_id}"] for client_id, secrets in found.items())
    if engine == "sqlite":
        assert check(settings.data_dir / "poolhouse.db", settings.master_keys) == []


def _write_until_killed(data_dir: str, url: str, count: int) -> set[str]:
    """What a process acknowledged that was killed after `count` lines, those in the pipe too."""
    command = [sys.executable, "-m", "tests.store.writer", data_dir, url, "k"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
        lines += process.stdout.readlines()
    # The last line may be torn: then nobody was told.
    return {line.strip() for line in lines if line.endswith("\n")}


def test_a_backup_under_load_is_whole_and_is_restored(
    sqlite_settings: StoreSettings, a_store: Opener, tmp_path: Path
) -> None:
    store = a_store(sqlite_settings)
    target = tmp_path / "backup.db"

    async def main() -> int:
        await store.write(lambda tx: tx.pools.add(a_pool()))
        done = asyncio.Event()
        count = 0

        async def load() -> None:
            nonlocal count
            while not done.is_set():
                client_id = f"client{count}"

                def write(tx: Transaction, client_id: str = client_id) -> None:
                    tx.clients.add(a_client(client_id))
                    tx.client_secrets.add(a_secret(client_id=client_id))

                await store.write(write)
                count += 1

        loading = asyncio.ensure_future(load())
        while count < 20:
            await asyncio.sleep(0)
        before = count
        await asyncio.to_thread(backup, sqlite_settings.data_dir / "poolhouse.db", target)
        done.set()
        await loading
        return before

    before = asyncio.run(main())
    assert target.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.db", "data"]
    with pytest.raises(BackupError, match="is there already"):
        backup(sqlite_settings.data_dir / "poolhouse.db", target)
    elsewhere = StoreSettings(tmp_path / "elsewhere")
    restore(target, elsewhere.data_dir)
    assert [path.name for path in elsewhere.data_dir.iterdir()] == ["poolhouse.db"], "no key, no journal"
    with pytest.raises(BackupError, match="would overwrite"):
        restore(target, elsewhere.data_dir)
    restore(target, elsewhere.data_dir, overwrite=True)
    assert check(elsewhere.data_dir / "poolhouse.db", [MASTER_KEY]) == []
    restored = a_store(elsewhere)
    assert restored.write_now(lambda tx: tx.clients.count(POOL)) >= before
    assert restored.write_now(lambda tx: tx.client_secrets.of("client3"))[0].value.reveal() == "secret"


def test_what_is_not_sound_is_neither_backed_up_nor_restored(tmp_path: Path) -> None:
    (tmp_path / "poolhouse.db").write_bytes(b"nonsense " * 5000)
    with pytest.raises(BackupError):
        backup(tmp_path / "poolhouse.db", tmp_path / "backup.db")
    with pytest.raises(BackupError):
        restore(tmp_path / "poolhouse.db", tmp_path / "data")
    with pytest.raises(BackupError, match="There is no database"):
        backup(tmp_path / "none.db", tmp_path / "backup.db")
    assert not (tmp_path / "backup.db").exists()
    assert not (tmp_path / "data" / "poolhouse.db").exists()


def test_the_check_names_a_damaged_page_a_lost_parent_and_a_broken_seal(
    sqlite_settings: StoreSettings, a_store: Opener
) -> None:
    store = a_store(sqlite_settings)

    def fill(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        for number in range(300):
            tx.clients.add(a_client(f"client{number}"))
        tx.client_secrets.add(a_secret())

    store.write_now(fill)
    store.close()
    path = sqlite_settings.data_dir / "poolhouse.db"
    assert check(path, [MASTER_KEY]) == []

    def change(statement: str) -> None:
        connection = sqlite3.connect(path)
        connection.execute(statement)
        connection.commit()
        connection.close()

    change("UPDATE client_secret SET sealed = zeroblob(80)")
    assert check(path) == []
    (found,) = check(path, [MASTER_KEY])
    assert "does not open" in found
    change("INSERT INTO user_group VALUES ('nowhere', 'x', '{}', 1)")
    assert any("user_group" in found for found in check(path))
    content = bytearray(path.read_bytes())
    middle = 4096 * (len(content) // 4096 // 2)
    content[middle : middle + 100] = b"\xff" * 100
    path.write_bytes(content)
    assert check(path)


def test_a_torn_journal_loses_at_most_what_was_not_acknowledged(
    sqlite_settings: StoreSettings, a_store: Opener, tmp_path: Path
) -> None:
    """The power fails while the journal is written: cut anywhere, what is before the cut is whole."""
    store = a_store(sqlite_settings)

    async def fill() -> None:
        for number in range(30):
            await store.write(lambda tx, n=number: tx.pools.add(a_pool(f"us-east-1_{n:02}")))

    asyncio.run(fill())
    database = (sqlite_settings.data_dir / "poolhouse.db").read_bytes()
    journal = (sqlite_settings.data_dir / "poolhouse.db-wal").read_bytes()
    assert len(journal) > 50_000
    chosen = random.Random(5)
    for number in range(12):
        torn = tmp_path / f"torn{number}"
        torn.mkdir()
        cut = chosen.randrange(len(journal))
        (torn / "poolhouse.db").write_bytes(database)
        (torn / "poolhouse.db-wal").write_bytes(journal[:cut] + chosen.randbytes(number % 3 * 100))
        with sqlite3.connect(torn / "poolhouse.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            try:
                there = [row[0] for row in connection.execute("SELECT id FROM user_pool ORDER BY id")]
            except sqlite3.OperationalError:
                there = []
        connection.close()
        assert there == [f"us-east-1_{n:02}" for n in range(len(there))]
