"""Where everything is kept: SQL, behind units of work.

`Store.read(fn)` and `Store.write(fn)` run a synchronous function of a `Transaction` in a thread and answer the
event loop: on SQLite one writer with group commit and a few readers, on PostgreSQL a few threads, each with a
connection. A `Transaction` holds the repositories, one per aggregate; they alone know the tables. What is secret is sealed
under a data key per pool (`keyring`), itself sealed under the master key. Every change of configuration appends
to the table `change`; a `Cache` hears of it by the engine's bell, so what it holds is never stale.

    open_store ─ migrations, master key ─► Store ─► Database (sqlite, postgresql) ─► Transaction ─► repositories
                                             └────► Bell ─► Cache ─► snapshots

The room imports `core` and nothing else of Poolhouse. Dialect differences live in it alone.
"""

from poolhouse.store.database import Bell
from poolhouse.store.master_keys import MasterKeyError, ensure_master_key
from poolhouse.store.migrations import SchemaError
from poolhouse.store.opening import open_store
from poolhouse.store.rewrapping import rewrap_data_keys
from poolhouse.store.store import Store
from poolhouse.store.transaction import Transaction

__all__ = [
    "Bell",
    "MasterKeyError",
    "SchemaError",
    "Store",
    "Transaction",
    "ensure_master_key",
    "open_store",
    "rewrap_data_keys",
]
