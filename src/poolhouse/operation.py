"""What an operation gets: who asks, for which account and region, when, and the parts it may use."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from poolhouse.config import Settings
from poolhouse.core.audit import AuditRecord
from poolhouse.core.auth_events import Origin
from poolhouse.core.ids import Random, uuid7
from poolhouse.core.messages import CustomText
from poolhouse.core.outgoing import Outcome
from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.limits import Limits
from poolhouse.ports import Ports
from poolhouse.store import Store, Transaction
from poolhouse.store.cache import Cache
from poolhouse.store.gathering import Gathering

Result = TypeVar("Result")
RANDOM_AT_ONCE = 4_096


class Clock(Protocol):
    def now(self) -> datetime:
        """The time, aware, UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Addresses(Protocol):
    def of_domain(self, name: str, *, is_custom: bool) -> str:
        """The canonical base address of a domain, without a slash at its end."""


class Postman(Protocol):
    def send(self, message_ids: Iterable[str], /) -> Sequence[asyncio.Task[Outcome]]:
        """Begin to deliver messages of the outbox. The tasks go on whoever waits for them, and never raise."""


class SystemRandom:
    """The system's randomness, fetched a few kilobytes at a time: a call of the system for each id would cost
    the token path more than making the id. Every byte is given out once, whichever thread asks: units of work
    run beside the event loop. Belongs to one process."""

    __slots__ = ("_at", "_bytes", "_lock")

    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0
        self._lock = threading.Lock()

    def token_bytes(self, size: int, /) -> bytes:
        with self._lock:
            at, end = self._at, self._at + size
            if end > len(self._bytes):
                self._bytes = secrets.token_bytes(max(RANDOM_AT_ONCE, size))
                at, end = 0, size
            self._at = end
            return self._bytes[at:end]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `access_key_id` is None for a call that nobody signed."""

    arn: str = "anonymous"
    access_key_id: str | None = None
    policies: tuple[Mapping[str, Any], ...] = ()
    """Each must allow what is asked. Empty for the root, who may do everything, and for nobody."""
    is_root: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """What the composition root put together; one per process."""

    settings: Settings
    clock: Clock
    random: Random
    store: Store
    cache: Cache
    ports: Ports
    limits: Limits
    addresses: Addresses
    postman: Postman
    started_at: datetime
    token_records: Gathering | None = None
    """Where requests for tokens that change nothing wait for their audit record; None where none is kept of them."""

    def home_of(self, pool_id: str) -> str:
        """The address below which a pool's public documents are, and, unless its owner chose another, its issuer."""
        return f"{self.settings.public_url}/{pool_id}"

    def issuer_of(self, pool: PoolSnapshot) -> str:
        """The `iss` of the pool's tokens."""
        return pool.issuer or self.home_of(pool.id)

    def domain_of(self, pool: PoolSnapshot) -> str | None:
        """The canonical address of the pool's domain, without a slash at its end: the custom one before the prefix;
        None where it has none."""
        names = dict(pool.domains)
        name = names.get("custom") or names.get("prefix")
        return None if name is None else self.addresses.of_domain(name, is_custom="custom" in names)


@dataclass(frozen=True, slots=True)
class Call:
    """One invocation of one operation."""

    parts: Parts
    caller: Caller
    account_id: str
    region: str
    now: datetime
    request_id: str
    address: str
    """The caller's network address."""
    user_agent: str = ""
    """What the caller's client says of itself, cut to 512 characters."""
    operation: str = ""
    service: str = ""
    audit_parameters: Mapping[str, Any] = field(default_factory=dict)
    """The request without its secret members, for the audit record."""
    subject: str | None = None
    """The person that the call is about, by sub, where that is known before it writes; for the audit record."""
    client_id: str | None = None
    """The app client that it is made for, where the request does not name it; for the audit record."""
    origin: Origin | None = None
    """Where the person is, where the request says more of it than who calls."""
    message_metadata: dict[str, str] = field(default_factory=dict)
    """The request's ClientMetadata, where functions get it that send messages."""
    texts: dict[tuple[str, str], CustomText] = field(default_factory=dict)
    """What a function of the pool wants people to be sent, by sub and purpose, as far as it was asked in this call."""

    @property
    def settings(self) -> Settings:
        return self.parts.settings

    @property
    def store(self) -> Store:
        return self.parts.store

    @property
    def cache(self) -> Cache:
        return self.parts.cache

    @property
    def ports(self) -> Ports:
        return self.parts.ports

    @property
    def random(self) -> Random:
        return self.parts.random

    async def write(
        self,
        change: Callable[[Transaction], Result],
        *,
        pool_id: str | None = None,
        patience: float | None = None,
    ) -> Result:
        """Run `change` in a transaction, with the audit record of this call in it.

        Every administrative change goes through here, so none can miss its record. `patience` is how many
        seconds it may take, where that is more than a change usually does.
        """
        record = self.record(pool_id)

        def audited(tx: Transaction) -> Result:
            result = change(tx)
            tx.audit.add(record)
            return result

        return await self.store.write(audited, patience=patience)

    def in_pools_account(self, pool: UserPool | PoolSnapshot, arn: str) -> Call:
        """The call for the audit record, in the account of the pool and by this name, where no administrator signed it."""
        if self.caller.access_key_id is not None or self.caller.is_root:
            return self
        return replace(self, account_id=pool.account_id, region=pool.region, caller=Caller(arn))

    async def tell_refusal(self, error_code: str, *, pool_id: str | None) -> None:
        """Put into the audit that this call was refused before anything was done."""
        record = replace(self.record(pool_id), error_code=error_code)
        await self.store.write(lambda tx: tx.audit.add(record))

    def record(self, pool_id: str | None) -> AuditRecord:
        """The audit record of this call: for a transaction that has something to tell only as it turns out."""
        return AuditRecord(
            id=uuid7(self.now, self.random),
            at=self.now,
            account_id=self.account_id,
            region=self.region,
            event_source=self.service,
            event_name=self.operation,
            actor=self.caller.arn,
            source_ip_address=self.address,
            request_id=self.request_id,
            pool_id=pool_id,
            request_parameters=self.audit_parameters,
            access_key_id=self.caller.access_key_id,
            sub=self.subject,
            client_id=self.client_id or self.audit_parameters.get("ClientId"),
            user_agent=self.user_agent or None,
            is_told=self.settings.events_webhook_url is not None,
        )
