"""A span a request, sent by OTLP, where the operator asks for it by OpenTelemetry's own variables.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set; needs `poolhouse[otel]`.
Spans are named and described by the semantic conventions for HTTP servers; they hold no query, header or body.

Source: OpenTelemetry specification, "Environment Variable Specification"; semantic conventions, "HTTP Spans".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from poolhouse import __version__
from poolhouse.http import Request, Response

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
NANOSECONDS = 1_000_000_000


class TracingUnavailable(Exception):
    """Spans are asked for, and the packages that send them are not installed."""


class Tracing:
    """Made in the process that serves, after it has forked: spans leave by a thread of their own."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("poolhouse", __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._kind = SpanKind.SERVER

    def record(self, request: Request, face: str, response: Response, began: float, seconds: float) -> None:
        """A span for a request that was answered; a child of the caller's, where a `traceparent` says so.

        `began` is in seconds since 1970.
        """
        labels = dict(response.labels)
        operation = labels.get("operation", face)
        start = int(began * NANOSECONDS)
        carrier = {
            name: value for name in ("traceparent", "tracestate") if (value := request.header(name.encode()))
        }
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "http.response.status_code": response.status,
            "url.scheme": request.scheme,
            "client.address": request.peer,
            "poolhouse.face": face,
            "poolhouse.operation": operation,
            "poolhouse.request_id": request.id,
        }
        if "error" in labels:
            attributes["error.type"] = labels["error"]
        span = self._tracer.start_span(
            f"{request.method} {operation}",
            context=self._propagator.extract(carrier),
            kind=self._kind,
            attributes=attributes,
            start_time=start,
        )
        span.end(start + int(seconds * NANOSECONDS))

    def close(self) -> None:
        """Send what still waits."""
        self._provider.shutdown()


def tracing_from(environment: Mapping[str, str]) -> Tracing | None:
    """What the environment asks for; None where it asks for nothing.

    Raises:
        TracingUnavailable: it asks, and `poolhouse[otel]` is not installed.
    """
    asked = any(environment.get(name) for name in ENDPOINTS)
    if not asked or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise TracingUnavailable(
            f"{ENDPOINTS[0]} is set, but OpenTelemetry is not installed: pip install 'poolhouse[otel]'"
        ) from missing
    resource = Resource.create({"service.name": environment.get("OTEL_SERVICE_NAME", "poolhouse")})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
