"""The composition root: the only place where the parts meet.

`build(settings, …)` puts a server together in this process, `Server.start` opens it on sockets; `serve(settings)`
is what `poolhouse serve` runs: one process, or a supervisor and its workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from poolhouse import credentials
from poolhouse.config import ConfigurationError, Settings
from poolhouse.core.dispatches import DispatchKind
from poolhouse.core.ids import Random
from poolhouse.core.loopback import is_near_url
from poolhouse.dispatcher import Dispatcher
from poolhouse.edge import descriptors, notify
from poolhouse.edge.addresses import Addresses
from poolhouse.edge.application import AdminApplication, Application
from poolhouse.edge.hang_up import end_with_the_terminal
from poolhouse.edge.health import Health
from poolhouse.edge.inbox import Inbox
from poolhouse.edge.listener import Listener, bind
from poolhouse.edge.log import AccessLog, set_up_logging
from poolhouse.edge.metrics import Metrics, share_between_workers, stop_sharing
from poolhouse.edge.recorder import Recorder
from poolhouse.edge.supervisor import Supervisor
from poolhouse.edge.tls import Certificate
from poolhouse.edge.tracing import Tracing, tracing_from
from poolhouse.functions import confine
from poolhouse.limits import Limits
from poolhouse.operation import Clock, Parts, SystemClock, SystemRandom
from poolhouse.ports import Ports
from poolhouse.ports.bounded import BoundedPool
from poolhouse.ports.carriers import Carrier
from poolhouse.ports.compromised import (
    CommonPasswords,
    CompromisedPasswords,
    HashFile,
    HashRanges,
    check_hash_file,
)
from poolhouse.ports.functions.build import functions_from, isolation_warning
from poolhouse.ports.functions.configuration import read_functions
from poolhouse.ports.functions.configured import ConfiguredFunctions
from poolhouse.ports.guarded import GuardedOutbound
from poolhouse.ports.key_sets import KeySets
from poolhouse.ports.kms import RemoteKms
from poolhouse.ports.listeners import EventWebhook, LogFiles
from poolhouse.ports.listeners import Listener as EventListener
from poolhouse.ports.mail import SmtpCarrier, SmtpServer
from poolhouse.ports.passwords import Argon2Hasher
from poolhouse.ports.powers import powers
from poolhouse.ports.signer import LoopSigner
from poolhouse.ports.signing import AwsKeys
from poolhouse.ports.sms import SmsWebhook
from poolhouse.ports.sns import SnsAccount, SnsCarrier
from poolhouse.postman import Postman
from poolhouse.store import open_store
from poolhouse.store.cache import Cache
from poolhouse.store.gathering import Gathering
from poolhouse.sweeper import Sweeper

DOCUMENT_THREADS, DOCUMENT_QUEUE = 2, 32
"""For XML of SAML providers: a message takes some milliseconds, a hostile one up to a few hundred."""

log = logging.getLogger("poolhouse")


class Server:
    """A server of this process. Made by `build`, started on the loop that is to run it."""

    def __init__(
        self,
        parts: Parts,
        access_log: AccessLog,
        metrics: Metrics,
        tracing: Tracing | None,
        certificate: Certificate | None,
    ) -> None:
        self.parts = parts
        addresses = parts.addresses
        assert isinstance(addresses, Addresses)
        self.recorder = Recorder(access_log, metrics, tracing)
        self._health = Health(parts, self.recorder.figures)
        settings = parts.settings
        application = Application(parts, addresses, self._health, self.recorder)
        self.listener = Listener(application, settings, certificate)
        self._admin = Listener(AdminApplication(self._health, parts.random), settings, None)
        assert isinstance(parts.postman, Postman)
        self.postman = parts.postman
        self.sweeper = Sweeper(parts.store, parts.clock, parts.random, settings.audit_retention)
        self.dispatcher = Dispatcher(parts.store, parts.clock, _listeners(settings, parts.clock))
        self._metrics = metrics
        self.postman.on_attempt, self.postman.on_look = metrics.message, metrics.messages_wait
        self.dispatcher.on_attempt = metrics.event_told
        self._functions = parts.ports.functions
        if isinstance(self._functions, ConfiguredFunctions):
            self._functions.on_call = metrics.function_called
        metrics.watch_connections(lambda: self.listener.connections)

    async def start(self, sockets: list[socket.socket], admin_sockets: list[socket.socket]) -> None:
        """Accept connections on `sockets`; on none where a supervisor hands them over."""
        self.sweeper.start()
        self.postman.start()
        self.dispatcher.start()
        self._metrics.start()
        if isinstance(self._functions, ConfiguredFunctions):
            self._functions.start()
        await self.listener.start(sockets)
        await self._admin.start(admin_sockets)

    async def stop(self) -> None:
        """Finish what is being answered, then close everything."""
        self._health.is_stopping = True
        await self.listener.stop(self.parts.settings.shutdown_grace.total_seconds())
        await self._admin.stop(0)
        await self.sweeper.stop()
        await self.postman.stop()
        if isinstance(self._functions, ConfiguredFunctions):
            await self._functions.aclose()
        if self.parts.ports.kms is not None:
            await self.parts.ports.kms.aclose()
        await self.dispatcher.stop()
        self.parts.ports.close()
        self.parts.cache.close()
        await self.parts.store.aclose()
        self.recorder.flush()
        await asyncio.to_thread(self.recorder.close)  # the last spans go over the network


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    ports: Ports | None = None,
    access_log: AccessLog | None = None,
    certificate: Certificate | None = None,
) -> Server:
    """Put a server together. What is left out is the real thing.

    Raises:
        MasterKeyError, SchemaError: the database can't be opened with these settings.
        TracingUnavailable: spans are asked for, and what sends them is not installed.
    """
    clock = clock or SystemClock()
    random = random or SystemRandom()
    store = open_store(settings, now=clock.now)
    ports = ports or _ports(settings, clock)
    parts = Parts(
        settings=settings,
        clock=clock,
        random=random,
        store=store,
        cache=Cache(store, entries=settings.cache_entries, stale_for=settings.stale_tokens_for),
        ports=ports,
        limits=Limits(
            per_client=settings.token_rate_per_client,
            per_pool=settings.token_rate_per_pool,
            per_address=settings.rate_per_address,
            per_person=settings.rate_per_person,
            registrations_per_address=settings.registration_rate_per_address,
            people_per_pool=settings.people_rate_per_pool,
        ),
        addresses=Addresses(settings),
        postman=Postman(store, clock, ports, local_inbox=settings.local_inbox),
        started_at=clock.now(),
        token_records=Gathering(store) if settings.audit_tokens == "every" else None,
    )
    return Server(
        parts,
        access_log or AccessLog(settings),
        Metrics(),
        tracing_from(os.environ),
        certificate or _certificate(settings),
    )


def _ports(settings: Settings, clock: Clock) -> Ports:
    outbound = GuardedOutbound(settings.allowed_outgoing_networks)
    return Ports(
        signer=LoopSigner(),
        passwords=Argon2Hasher(settings.hashing_threads, settings.hashing_queue),
        powers=powers(settings.hashing_threads, settings.hashing_queue),
        documents=BoundedPool("documents", DOCUMENT_THREADS, DOCUMENT_QUEUE),
        outbound=outbound,
        key_sets=KeySets(outbound, clock.now),
        functions=functions_from(settings, clock.now),
        compromised=_compromised(settings, outbound),
        kms=_kms(settings),
        mail=_mail(settings),
        sms=_sms(settings, clock),
    )


def _compromised(settings: Settings, outbound: GuardedOutbound) -> CompromisedPasswords:
    """Raises ConfigurationError: the file is none of hashes."""
    path, url = settings.compromised_passwords_file, settings.compromised_passwords_url
    if path is not None:
        try:
            check_hash_file(path)
        except (OSError, ValueError) as error:
            raise ConfigurationError([f"compromised_passwords_file {path}: {error}"]) from None
        return HashFile(path)
    return CommonPasswords() if url is None else HashRanges(url, outbound)


def _listeners(settings: Settings, clock: Clock) -> dict[DispatchKind, EventListener]:
    if settings.events_webhook_url is not None and settings.events_webhook_secret is not None:
        webhook = EventWebhook(settings.events_webhook_url, settings.events_webhook_secret, clock.now)
        return {DispatchKind.AUDIT: webhook, DispatchKind.LOG: webhook}
    folder = settings.exported_logs_dir or settings.data_dir / "exported-logs"
    return {DispatchKind.LOG: LogFiles(folder)}


def _kms(settings: Settings) -> RemoteKms | None:
    if settings.kms_access_key_id is None or settings.kms_secret_access_key is None:
        return None
    keys = AwsKeys(settings.kms_access_key_id, settings.kms_secret_access_key, settings.kms_session_token)
    return RemoteKms(keys, settings.kms_endpoint_url)


def _mail(settings: Settings) -> Carrier | None:
    if settings.smtp_host is None or settings.mail_from is None:
        return None
    return SmtpCarrier(
        SmtpServer(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            username=settings.smtp_username,
            password=settings.smtp_password,
            sender=settings.mail_from,
        )
    )


def _sms_way(settings: Settings) -> str | None:
    return settings.sms_webhook_url or settings.sns_access_key_id


def _sms(settings: Settings, clock: Clock) -> Carrier | None:
    if settings.sms_webhook_url is not None and settings.sms_webhook_secret is not None:
        return SmsWebhook(settings.sms_webhook_url, settings.sms_webhook_secret, clock.now)
    if settings.sns_access_key_id is None or settings.sns_secret_access_key is None:
        return None
    return SnsCarrier(
        SnsAccount(
            region=settings.sns_region or settings.region,
            access_key_id=settings.sns_access_key_id,
            secret_access_key=settings.sns_secret_access_key,
            endpoint_url=settings.sns_endpoint_url,
            sender_id=settings.sms_sender_id,
        )
    )


def serve(settings: Settings, on_ready: Callable[[Settings], None] | None = None) -> int:
    """Serve until told to stop; the exit code. `on_ready` is called once requests are answered.

    Raises:
        ConfigurationError, MasterKeyError, SchemaError, OSError: it can't start; the text says why and what to do.
    """
    set_up_logging(settings)
    settings = with_root_keys(settings)
    if settings.root_access_key_id is None:
        log.warning("the root has no access key: only keys that were made before can administer this server")
    if settings.local_inbox and not is_near_url(settings.public_url):
        for what, carrier in (("e-mail", settings.smtp_host), ("SMS", _sms_way(settings))):
            if carrier is None:
                log.warning("nothing is configured to carry %s: it stays in the local inbox", what)
    functions = read_functions(settings)
    if warning := isolation_warning(functions):
        log.warning("%s", warning)
    if functions.runs_processes:
        confine.hide()
    # Once, for all workers: one that is born later, when a renewed file is bad, has the old one too.
    certificate = _certificate(settings)
    sockets = bind(settings.host, settings.port)
    admin = bind(settings.admin_host, settings.admin_port) if settings.admin_port is not None else []

    def ready() -> None:
        notify.ready()
        if on_ready is not None:
            on_ready(settings)

    if settings.workers == 1:
        descriptors.allow_connections(settings.max_connections)
        return _run(_serve_alone(settings, certificate, sockets, admin, ready))
    descriptors.allow_connections(settings.max_connections + settings.workers)
    # Opened once before any worker is, so that one process migrates and makes the keys.
    open_store(settings).close()
    folder = share_between_workers()
    supervisor = Supervisor(
        sockets,
        settings.workers,
        lambda channel: _run(_serve_for_supervisor(settings, certificate, channel, admin)),
        on_ready=ready,
        grace=settings.shutdown_grace.total_seconds(),
    )
    try:
        return supervisor.run()
    finally:
        stop_sharing(folder)


def with_root_keys(settings: Settings) -> Settings:
    """The settings with the root's keys: those given, else the pair that an embedded database keeps beside it."""
    if settings.root_access_key_id is not None or settings.database_url is not None:
        return settings
    key_id, secret = credentials.ensure_root_keys(settings.data_dir, SystemRandom())
    return replace(settings, root_access_key_id=key_id, root_secret_access_key=secret)


def _certificate(settings: Settings) -> Certificate | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_cert, settings.tls_key)


async def _serve_alone(
    settings: Settings,
    certificate: Certificate | None,
    sockets: list[socket.socket],
    admin: list[socket.socket],
    ready: Callable[[], None],
) -> int:
    server = build(settings, certificate=certificate)
    await server.start(sockets, admin)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    end_with_the_terminal(lambda handler: loop.add_signal_handler(signal.SIGHUP, handler), stop.set)
    ready()
    await stop.wait()
    notify.stopping()
    log.info("stopping; what is being answered may finish")
    await server.stop()
    return 0


async def _serve_for_supervisor(
    settings: Settings, certificate: Certificate | None, channel: socket.socket, admin: list[socket.socket]
) -> int:
    server = build(settings, certificate=certificate)
    await server.start([], admin)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    inbox = Inbox(channel, server.listener, on_orphaned=stop.set)
    await stop.wait()
    await inbox.close()
    await server.stop()
    return 0


def _run(work: Any) -> int:
    """Run a coroutine on the fastest loop there is."""
    loop_factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        code: int = runner.run(work)
        return code
