"""Secrets are sealed: bound to their place, not to be found in the file, and opened by the master key alone."""

from __future__ import annotations

import base64
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from tests.store.conftest import MASTER_KEY, Opener, StoreSettings
from tests.store.examples import (
    POOL,
    a_client,
    a_pool,
    a_secret,
    a_signing_key,
    an_access_key,
)

from poolhouse.core.sealing import Place, SealBroken, SealingKey
from poolhouse.core.secret import Secret
from poolhouse.store import MasterKeyError, Store, Transaction, ensure_master_key, rewrap_data_keys
from poolhouse.store.master_keys import parse_master_key
from poolhouse.store.tables import client_secret

KEY = SealingKey(bytes(range(32)))
PLACE = Place("table", "column", "pool", "row")
NONCE = b"n" * 12


@given(st.binary(max_size=200))
def test_what_is_sealed_opens_at_its_place(plain: bytes) -> None:
    assert KEY.open(KEY.seal(plain, PLACE, NONCE), PLACE) == plain


@pytest.mark.parametrize(
    "place",
    [
        Place("other", "column", "pool", "row"),
        Place("table", "other", "pool", "row"),
        Place("table", "column", "other", "row"),
        Place("table", "column", "pool", "other"),
        Place("table", "columnpool", "", "row"),
    ],
)
def test_what_is_sealed_opens_nowhere_else(place: Place) -> None:
    sealed = KEY.seal(b"secret", PLACE, NONCE)
    with pytest.raises(SealBroken):
        KEY.open(sealed, place)


def test_no_changed_byte_goes_unseen() -> None:
    sealed = KEY.seal(b"secret", PLACE, NONCE)
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(SealBroken):
            KEY.open(bytes(changed), PLACE)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            KEY.open(sealed[:length], PLACE)


def test_a_key_does_not_show_itself() -> None:
    assert repr(KEY) == f"SealingKey({KEY.id.hex()})"
    assert bytes(range(4)).hex() not in repr(KEY)


def test_a_secret_moved_to_another_row_is_refused(store: Store) -> None:
    def write(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(a_client("client1"))
        tx.clients.add(a_client("client2"))
        tx.client_secrets.add(a_secret("one", client_id="client1"))
        tx.client_secrets.add(a_secret("two", client_id="client2"))

    store.write_now(write)

    def swap(tx: Transaction) -> None:
        sealed = dict(
            tx.connection.execute(sa.select(client_secret.c.client_id, client_secret.c.sealed)).all()
        )
        for client_id, other in (("client1", "client2"), ("client2", "client1")):
            row = sa.update(client_secret).where(client_secret.c.client_id == client_id)
            tx.connection.execute(row.values(sealed=sealed[other]))

    store.write_now(swap)
    for client_id in ("client1", "client2"):
        with pytest.raises(SealBroken):
            store.write_now(lambda tx, client_id=client_id: tx.client_secrets.of(client_id))


def test_no_secret_is_found_in_the_database(sqlite_settings: StoreSettings, a_store: Opener) -> None:
    canary = "canary7d1f0c2b9a"
    key = a_signing_key()
    store = a_store(sqlite_settings)

    def write(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret(canary))
        tx.access_keys.add(an_access_key(secret=canary))
        tx.signing_keys.add(key)

    store.write_now(write)
    assert store.write_now(lambda tx: tx.client_secrets.of("client1"))[0].value.reveal() == canary
    plain = [
        canary.encode(),
        base64.b64decode(key.private.reveal())[40:80],
        key.private.reveal()[60:120].encode(),
    ]
    plain += [store.page_key, bytes.fromhex(MASTER_KEY.reveal())]
    files = [path for path in sqlite_settings.data_dir.iterdir() if path.is_file()]
    content = b"".join(path.read_bytes() for path in files)
    assert b"user_pool_client" in content, "the right files were searched"
    for secret in plain:
        for spelled in (
            secret,
            secret.hex().encode(),
            secret.hex().upper().encode(),
            base64.b64encode(secret)[4:-4],
        ):
            assert spelled not in content


def test_without_a_master_key_nothing_starts(settings: StoreSettings, a_store: Opener, engine: str) -> None:
    if engine == "sqlite":
        a_store(settings).close()
    with pytest.raises(MasterKeyError, match="POOLHOUSE_MASTER_KEY"):
        a_store(StoreSettings(settings.data_dir, settings.database_url, ()))


def test_another_master_key_is_refused_and_nothing_is_made_anew(
    settings: StoreSettings, a_store: Opener
) -> None:
    store = a_store(settings)
    store.write_now(lambda tx: tx.pools.add(a_pool()))
    store.close()
    wrong = StoreSettings(settings.data_dir, settings.database_url, (Secret("ab" * 32),))
    with pytest.raises(MasterKeyError, match="sealed with another master key") as refused:
        a_store(wrong)
    assert "5c5c" not in str(refused.value)
    assert "abab" not in str(refused.value)
    again = a_store(settings)
    assert again.page_key == store.page_key


@pytest.mark.parametrize(
    "text", ["", "short", "5c" * 31, "z" * 64, base64.b64encode(b"x" * 31).decode(), "ü" * 44]
)
def test_a_text_that_is_no_master_key_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(MasterKeyError) as refused:
        parse_master_key(Secret(text))
    assert not text or text not in str(refused.value)


def test_a_master_key_may_be_written_in_two_ways() -> None:
    key = bytes(range(200, 232))
    spellings = [
        key.hex(),
        key.hex().upper(),
        base64.b64encode(key).decode(),
        base64.urlsafe_b64encode(key).decode(),
    ]
    spellings += [base64.b64encode(key).decode().rstrip("="), f" {key.hex()}\n"]
    assert {parse_master_key(Secret(text)).id for text in spellings} == {SealingKey(key).id}


def test_the_first_start_makes_the_folder_and_the_key_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    key = ensure_master_key(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "master.key").stat().st_mode & 0o777 == 0o600
    assert ensure_master_key(folder) == key
    assert [path.name for path in folder.iterdir()] == ["master.key"]


def test_all_files_of_the_database_are_for_the_owner_alone(tmp_path: Path, a_store: Opener) -> None:
    store = a_store(StoreSettings(tmp_path / "data", master_keys=()))
    store.write_now(lambda tx: tx.pools.add(a_pool()))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert set(modes) >= {"poolhouse.db", "master.key"}
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    ensure_master_key(tmp_path / "data")
    (tmp_path / "data" / "master.key").chmod(mode)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        ensure_master_key(tmp_path / "data")


def test_a_lost_key_file_is_never_made_anew(tmp_path: Path, a_store: Opener) -> None:
    a_store(StoreSettings(tmp_path / "data", master_keys=())).close()
    key_file = tmp_path / "data" / "master.key"
    key_file.unlink()
    with pytest.raises(MasterKeyError, match=r"has a database but no master\.key"):
        a_store(StoreSettings(tmp_path / "data", master_keys=()))
    assert not key_file.exists()


def test_a_database_of_another_name_counts_too(tmp_path: Path, a_store: Opener) -> None:
    settings = StoreSettings(tmp_path, Secret(f"sqlite:///{tmp_path}/data/other.db"), ())
    a_store(settings).close()
    (tmp_path / "data" / "master.key").unlink()
    with pytest.raises(MasterKeyError, match="has a database"):
        a_store(settings)
    assert not (tmp_path / "data" / "master.key").exists()


@pytest.mark.parametrize("content", ["", "nonsense", "ab" * 32])
def test_an_empty_or_wrong_key_file_is_refused(tmp_path: Path, a_store: Opener, content: str) -> None:
    a_store(StoreSettings(tmp_path / "data", master_keys=())).close()
    (tmp_path / "data" / "master.key").write_text(content)
    with pytest.raises(MasterKeyError):
        a_store(StoreSettings(tmp_path / "data", master_keys=()))


def test_the_master_key_rotates_while_the_server_runs(settings: StoreSettings, a_store: Opener, run) -> None:
    old, new = settings.master_keys[0], Secret("ab" * 32)
    store = a_store(settings)

    def write(tx: Transaction) -> None:
        for number in range(5):
            tx.pools.add(a_pool(f"us-east-1_{number}"))
        tx.clients.add(a_client(pool_id="us-east-1_3"))
        tx.client_secrets.add(a_secret("canary", pool_id="us-east-1_3"))

    store.write_now(write)
    both = a_store(StoreSettings(settings.data_dir, settings.database_url, (new, old)))
    done = []
    while moved := run(rewrap_data_keys(both, 2)):
        done.append(moved)
        # Killed here, it would go on where it stopped; meanwhile every key opens.
        assert both.write_now(lambda tx: tx.client_secrets.of("client1"))[0].value.reveal() == "canary"
    assert done == [2, 2, 2], "five pools and the server"
    assert store.write_now(lambda tx: tx.client_secrets.of("client1"))[0].value.reveal() == "canary"
    alone = a_store(StoreSettings(settings.data_dir, settings.database_url, (new,)))
    assert alone.write_now(lambda tx: tx.client_secrets.of("client1"))[0].value.reveal() == "canary"
    with pytest.raises(MasterKeyError):
        a_store(StoreSettings(settings.data_dir, settings.database_url, (old,)))


def test_a_data_key_whose_transaction_was_taken_back_does_no_harm(store: Store) -> None:
    def fail(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret("first"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write_now(fail)

    def write(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret("second"))

    store.write_now(write)
    assert store.write_now(lambda tx: tx.client_secrets.of("client1"))[0].value.reveal() == "second"
    store.write_now(lambda tx: tx.pools.remove(POOL))
    store.write_now(write)
    assert store.write_now(lambda tx: tx.client_secrets.of("client1"))[0].value.reveal() == "second"


def test_page_keys_are_the_same_for_every_node_and_random(
    settings: StoreSettings, a_store: Opener, tmp_path
) -> None:
    one, other = a_store(settings), a_store(settings)
    assert one.page_key == other.page_key
    assert len(one.page_key) == 32
    assert a_store(StoreSettings(tmp_path / "another")).page_key != one.page_key


def test_a_changed_sealed_fact_is_noticed_at_start(sqlite_settings: StoreSettings, a_store: Opener) -> None:
    a_store(sqlite_settings).close()
    with sqlite3.connect(sqlite_settings.data_dir / "poolhouse.db") as connection:
        connection.execute("UPDATE data_key SET sealed = randomblob(69)")
    connection.close()
    with pytest.raises(MasterKeyError, match="restore it from a backup"):
        a_store(sqlite_settings)
