"""The units of the ratios, measured in a process of its own: CPU seconds of what can't be left out.

python -m bench.people.units password COUNT          one verification by argon2-cffi
python -m bench.people.units powers COUNT            SRP's three powers, by each library that can take them
python -m bench.people.units transaction COUNT PLACE one row written and committed, through Poolhouse's own engine
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

LIMIT = 120.0
CALLERS = 16
"""That write at once, as many as there are callers of a server."""
KEY = "POOLHOUSE_MASTER_KEY"
MASTER_KEY = secrets.token_hex(32)
"""Of all databases of one run."""
ROW = "bench_row"
ROWS = 256
"""Of the table that a bare transaction writes to."""
Power = Callable[[int, int], int]


def unit_seconds(what: str, count: int, place: str = "") -> dict[str, float]:
    """CPU seconds of one, the mean of `count`, by what did it."""
    command = [sys.executable, "-m", "bench.people.units", what, str(count), place]
    environment = {**os.environ, KEY: MASTER_KEY}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=LIMIT)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def password(count: int) -> dict[str, float]:
    import argon2

    from bench.people.crowd import PASSWORD
    from poolhouse.ports.passwords import LANES, MEMORY_KIB, PASSES

    hasher = argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
    hash = hasher.hash(PASSWORD)
    return {"argon2-cffi": _cpu(count, lambda: hasher.verify(hash, PASSWORD))}


def powers(count: int) -> dict[str, float]:
    """g^b, v^u and (A v^u)^b of RFC 5054, b and u of 256 bits."""
    from poolhouse.core import srp

    v = pow(srp.g, secrets.randbits(256), srp.N)
    A = pow(srp.g, secrets.randbits(256), srp.N)
    b, u = (secrets.randbits(256) | 1 << 255 for _ in range(2))

    def all_of(power: Power) -> Callable[[], object]:
        return lambda: (power(srp.g, b), power(A * power(v, u) % srp.N, b))

    found = {}
    for name, power in _libraries().items():
        assert power(A, b) == pow(A, b, srp.N), name
        found[name] = _cpu(count, all_of(power))
    return found


def _libraries() -> dict[str, Power]:
    """What takes powers in a time that does not depend on the exponent's bits."""
    import gmpy2
    from cryptography.hazmat.primitives.asymmetric import dh

    from poolhouse.core import srp

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that finite fields are to go
        group = dh.DHParameterNumbers(srp.N, srp.g)
        public, private = dh.DHPublicNumbers, dh.DHPrivateNumbers
    any_public = public(srp.g, group)

    def by_openssl(base: int, exponent: int) -> int:
        key = private(exponent, any_public).private_key()
        return int.from_bytes(key.exchange(public(base, group).public_key()))

    return {
        "gmpy2 (powmod_sec)": lambda base, exponent: int(gmpy2.powmod_sec(base, exponent, srp.N)),
        "cryptography (DH)": by_openssl,
    }


def transaction(count: int, place: str) -> dict[str, float]:
    from poolhouse.config import Settings
    from poolhouse.core.secret import Secret
    from poolhouse.store import Transaction, open_store

    settings = Settings(data_dir=Path(place))
    if "://" in place:
        settings = Settings(database_url=Secret(place), master_keys=(Secret(os.environ[KEY]),))
    store = open_store(settings)
    statement = sa.text(f"UPDATE {ROW} SET value = value + 1 WHERE id = :id")

    def write(number: int) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            tx.connection.execute(statement, {"id": number % ROWS})

        return work

    async def caller(first: int, times: int) -> None:
        for number in range(times):
            await store.write(write(first + number * CALLERS))

    async def all_callers(times: int) -> None:
        await asyncio.gather(*(caller(first, times) for first in range(CALLERS)))

    async def measured() -> float:
        await all_callers(3)
        began = time.process_time()
        await all_callers(count // CALLERS)
        return (time.process_time() - began) / (count // CALLERS * CALLERS)

    try:
        return {"a transaction": asyncio.run(measured())}
    finally:
        store.close()


def _cpu(count: int, work: Callable[[], object]) -> float:
    work()
    began = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began) / count


if __name__ == "__main__":
    what, count = sys.argv[1], int(sys.argv[2])
    if what == "transaction":
        print(json.dumps(transaction(count, sys.argv[3])))
    else:
        print(json.dumps({"password": password, "powers": powers}[what](count)))
