"""The figures for Prometheus. A label's value is always of a closed set: no caller can make a series.

Several workers share their figures through files in a folder (prometheus-client's own way), which
`share_between_workers` makes before the first `Metrics` exists. Any worker then answers for all.
"""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from poolhouse import __version__
from poolhouse.core.errors import CognitoError, OAuthError
from poolhouse.http import Response

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Histogram

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
FACES = frozenset({"aws", "domain", "pool", "server", "inbox", "nothing", "unknown_host"})
OAUTH_OPERATIONS = frozenset({"token", "jwks", "discovery"})
TOKEN_OPERATIONS = frozenset({"token", "GetClientToken"})
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
REFRESH = 1.0
OTHER = "other"


def share_between_workers() -> Path:
    """Call in the supervisor before it forks and before any `Metrics` is made; remove the folder at the end
    with `stop_sharing`."""
    folder = Path(tempfile.mkdtemp(prefix="poolhouse-metrics-"))
    os.environ[FOLDER_VARIABLE] = str(folder)
    return folder


def stop_sharing(folder: Path) -> None:
    os.environ.pop(FOLDER_VARIABLE, None)
    shutil.rmtree(folder, ignore_errors=True)


def forget_worker(pid: int) -> None:
    """Its connections no longer count; its requests still do. Called by the supervisor for a worker that ended."""
    from prometheus_client import multiprocess

    if FOLDER_VARIABLE in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]  # the library has no types here


class Metrics:
    """`operations` are the names of the AWS operations there are, by default those of `aws/targets.py`; any other
    counts as `other`."""

    def __init__(self, operations: Iterable[str] | None = None) -> None:
        # Imported here: the library decides at its import whether the figures are shared.
        from prometheus_client import (
            CollectorRegistry,
            Counter,
            Gauge,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
        )

        disable_created_metrics()  # type: ignore[no-untyped-call]  # as below; a time for each series is of no use

        self._folder = os.environ.get(FOLDER_VARIABLE)
        self._operations = OAUTH_OPERATIONS | frozenset(
            _aws_operations() if operations is None else operations
        )
        self._errors = _error_names()
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "poolhouse_requests_total",
            "Requests answered.",
            ("face", "operation", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "poolhouse_request_seconds",
            "Time from a request's headers to its answer.",
            ("face",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._tokens = Counter("poolhouse_tokens_issued_total", "Access tokens issued.", registry=registry)
        self._error_answers = Counter(
            "poolhouse_errors_total", "Error answers.", ("face", "error"), registry=registry
        )
        self._connections = Gauge(
            "poolhouse_connections", "Open connections.", registry=registry, multiprocess_mode="livesum"
        )
        self._messages = Counter(
            "poolhouse_messages_total",
            "Attempts to deliver a message to a user.",
            ("medium", "outcome"),
            registry=registry,
        )
        self._told = Counter(
            "poolhouse_events_total",
            "Attempts to tell the webhook or a file of an event.",
            ("kind", "outcome"),
            registry=registry,
        )
        self._waiting = Gauge(
            "poolhouse_messages_waiting",
            "Messages in the outbox, as the process that looked last saw it.",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._function_seconds = Histogram(
            "poolhouse_function_seconds",
            "Time from asking a trigger's function to knowing how that ended, tries that failed among it.",
            ("function",),
            buckets=BUCKETS,
            registry=registry,
        )
        self._function_calls = Counter(
            "poolhouse_function_calls_total",
            "Calls of triggers' functions: answered, threw, timeout, unavailable, or refused without asking.",
            ("function", "outcome"),
            registry=registry,
        )
        build = Gauge(
            "poolhouse_build_info",
            "1, with the versions as labels.",
            ("version", "python"),
            registry=registry,
            multiprocess_mode="max",
        )
        build.labels(__version__, platform.python_version()).set(1)
        if self._folder is None:
            ProcessCollector(registry=registry)
        self._count_connections: Callable[[], int] = int
        self._bound: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, face: str, response: Response, seconds: float) -> None:
        """Counts one request; about 2 µs, since the labelled series are kept bound."""
        operation = OTHER
        for name, value in response.labels:
            if name == "operation":
                operation = value
            elif name == "error":
                self._error_answers.labels(
                    face if face in FACES else OTHER, value if value in self._errors else OTHER
                ).inc()
        status = response.status
        bound = self._bound.get((face, operation, status))
        if bound is None:
            bound = self._bind(face, operation, status)
        requests, duration = bound
        requests.inc()
        duration.observe(seconds)
        if status == 200 and operation in TOKEN_OPERATIONS:
            self._tokens.inc()

    def message(self, medium: str, outcome: str) -> None:
        """Counts one attempt to deliver; both are of closed sets."""
        self._messages.labels(medium.lower(), outcome.lower()).inc()

    def event_told(self, kind: str, outcome: str) -> None:
        """Counts one attempt to tell who listens; both are of closed sets."""
        self._told.labels(kind, outcome.lower()).inc()

    def messages_wait(self, count: int) -> None:
        self._waiting.set(count)

    def function_called(self, function: str, outcome: str, seconds: float) -> None:
        """Counts one call of a function: its name is of the functions file, or `lambda`."""
        self._function_seconds.labels(function).observe(seconds)
        self._function_calls.labels(function, outcome).inc()

    def watch_connections(self, count: Callable[[], int]) -> None:
        """`count` says how many connections are open in this process."""
        self._count_connections = count
        if self._folder is None:
            self._connections.set_function(count)

    def start(self) -> None:
        """Call on the loop that serves."""
        if self._folder is not None:
            self._refresh(asyncio.get_running_loop())

    def _refresh(self, loop: asyncio.AbstractEventLoop) -> None:
        """Once a second: the other workers can read a shared figure but not ask for it."""
        self._connections.set(self._count_connections())
        loop.call_later(REFRESH, self._refresh, loop)

    def exposition(self) -> bytes:
        """Prometheus's text format 0.0.4."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        if self._folder is None:
            return generate_latest(self._registry)
        registry: CollectorRegistry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._folder)  # type: ignore[no-untyped-call]  # as above
        return generate_latest(registry)

    def _bind(self, face: str, operation: str, status: int) -> tuple[Counter, Histogram]:
        """Only what is of the closed sets is remembered under its name, so the dictionary stays small."""
        closed = (
            face if face in FACES else OTHER,
            operation if operation in self._operations else OTHER,
            status if 100 <= status <= 599 else 500,
        )
        bound = self._bound.get(closed)
        if bound is None:
            bound = (
                self._requests.labels(closed[0], closed[1], str(closed[2])),
                self._seconds.labels(closed[0]),
            )
            self._bound[closed] = bound
        return bound


def _aws_operations() -> Iterable[str]:
    from poolhouse.aws.targets import TARGETS

    return (name for operations in TARGETS.values() for name in operations)


def _error_names() -> frozenset[str]:
    """The names of all errors that an answer can carry."""
    aws = {kind.__name__ for kind in CognitoError.__subclasses__()}
    return frozenset(aws | {kind.error for kind in OAuthError.__subclasses__()})
