"""The figures: what is counted, and that no caller can make a series."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap

import pytest

from poolhouse.edge.metrics import Metrics
from poolhouse.http import Response


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(operations=["CreateUserPool", "GetClientToken"])


def figure(metrics: Metrics, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", metrics.exposition().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


def series(metrics: Metrics) -> int:
    return sum(not line.startswith(b"#") for line in metrics.exposition().splitlines())


def test_requests_tokens_and_errors_are_counted(metrics):
    metrics.observe("domain", Response(200, labels=(("operation", "token"), ("client_id", "abc"))), 0.0008)
    metrics.observe("aws", Response(200, labels=(("operation", "GetClientToken"),)), 0.1)
    refused = (("operation", "token"), ("error", "invalid_client"))
    metrics.observe("domain", Response(400, labels=refused), 0.0001)

    assert figure(metrics, 'poolhouse_requests_total{face="domain",operation="token",status="200"}') == 1
    assert figure(metrics, 'poolhouse_requests_total{face="domain",operation="token",status="400"}') == 1
    assert figure(metrics, "poolhouse_tokens_issued_total") == 2
    assert figure(metrics, 'poolhouse_errors_total{error="invalid_client",face="domain"}') == 1
    assert figure(metrics, 'poolhouse_request_seconds_bucket{face="domain",le="0.001"}') == 2
    assert figure(metrics, 'poolhouse_request_seconds_count{face="aws"}') == 1
    assert "abc" not in metrics.exposition().decode()


def test_ten_thousand_names_make_no_series(metrics):
    def strange(number: int) -> None:
        labels = (("operation", f"Op{number}"), ("error", f"Error{number}"), ("client_id", f"c{number}"))
        metrics.observe(f"face{number}", Response(600 + number, labels=labels), 0.001)

    strange(0)
    before = series(metrics)
    for number in range(10_000):
        strange(number)
    assert series(metrics) == before
    assert figure(metrics, 'poolhouse_requests_total{face="other",operation="other",status="500"}') == 10_001
    assert len(metrics._bound) == 1


def test_connections_and_the_build_are_told(metrics):
    metrics.watch_connections(lambda: 7)
    assert figure(metrics, "poolhouse_connections") == 7
    assert "poolhouse_build_info{" in metrics.exposition().decode()
    assert figure(metrics, "process_resident_memory_bytes") > 0


def test_any_worker_answers_for_all():
    """In a process of its own: the library decides at its import whether figures are shared."""
    script = """
        import asyncio, os
        from poolhouse.edge import metrics
        from poolhouse.http import Response

        folder = metrics.share_between_workers()

        def work(count):
            figures = metrics.Metrics(operations=[])
            figures.watch_connections(lambda: count)
            async def answer():
                figures.start()
                for _ in range(count):
                    figures.observe("domain", Response(200, labels=(("operation", "token"),)), 0.001)
            asyncio.run(answer())
            return figures

        child = os.fork()
        if child == 0:
            work(2)
            os._exit(0)
        os.waitpid(child, 0)
        figures = work(3)
        lines = figures.exposition().decode().splitlines()
        assert "poolhouse_tokens_issued_total 5.0" in lines, lines
        assert "poolhouse_connections 5.0" in lines, lines
        metrics.forget_worker(child)
        lines = figures.exposition().decode().splitlines()
        assert "poolhouse_tokens_issued_total 5.0" in lines, lines
        assert "poolhouse_connections 3.0" in lines, lines
        metrics.stop_sharing(folder)
        assert not folder.exists()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
