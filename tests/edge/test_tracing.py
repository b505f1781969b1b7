"""Spans, sent to a real OTLP receiver of the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.oauth.test_token import send

from poolhouse.edge.tracing import tracing_from


class Collector(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[Any] = []


class Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        request = ExportTraceServiceRequest()
        request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.spans.extend(scope.spans)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever).start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        yield collector
        collector.shutdown()


def test_each_request_is_a_span_below_its_callers(
    collector: Collector, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.harness import running_server

    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with running_server(tmp_path_factory.mktemp("traced")) as server:
        url = f"{server.base_url}/us-east-1_nothing/.well-known/jwks.json?secret=hidden"
        answer = send(url, headers={"traceparent": f"00-{trace}-{parent}-01"})
    (span,) = collector.spans
    attributes = {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (trace, parent)
    assert span.end_time_unix_nano > span.start_time_unix_nano
    assert attributes["http.response.status_code"] == 404
    assert attributes["poolhouse.request_id"] == answer.headers["x-amzn-RequestId"]
    assert "hidden" not in str(span)


def test_nothing_is_sent_unless_it_is_asked_for() -> None:
    assert tracing_from({}) is None
    asked = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_SDK_DISABLED": "true"}
    assert tracing_from(asked) is None


def test_a_server_that_lacks_what_sends_spans_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ImportError('not installed')")
    done = subprocess.run(
        [sys.executable, "-m", "poolhouse", "serve", "--data-dir", str(tmp_path / "data"), "--port", "19229"],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(tmp_path),
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "pip install 'poolhouse[otel]'" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
