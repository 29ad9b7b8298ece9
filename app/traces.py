"""Traces by OpenTelemetry: a span for each operation. Nothing else imports this module, or the library."""

import threading
import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from app.observing import FAILED, ObservedOperation

_PROPAGATOR = TraceContextTextMapPropagator()
_END_SECONDS = 3.0
"""How long the end of the program waits for a server that may never answer."""


class Traces:
    """An `Observer` that sends a span for each operation, from a thread of the library's."""

    def __init__(self, endpoint: str) -> None:
        """Send nothing yet.

        Args:
            endpoint: A server that takes OTLP over HTTP, without the path.
        """
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "ordershare"}), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ordershare")

    def ended(self, operation: ObservedOperation) -> None:
        """Make the span, which is a part of the client's trace where it has one."""
        now = time.time_ns()
        parent = None
        if operation.traceparent is not None:
            parent = _PROPAGATOR.extract({"traceparent": operation.traceparent})
        span = self._tracer.start_span(
            f"{operation.kind} {operation.name}",
            parent,
            SpanKind.SERVER,
            {
                "graphql.operation.type": operation.kind,
                "graphql.operation.name": operation.name,
                "ordershare.transport": operation.transport,
                "ordershare.outcome": operation.outcome,
                "ordershare.cost": operation.cost,
                "ordershare.request_id": operation.request_id,
            },
            start_time=now - int(operation.seconds * 1e9),
        )
        if operation.outcome == FAILED:
            span.set_status(Status(StatusCode.ERROR))
        span.end(now)
        operation.trace_id = f"{span.get_span_context().trace_id:032x}"

    def end(self) -> None:
        """Send what was not sent yet, if it is taken soon."""
        # The library waits for 30 s; a daemon, as the end of the program does not wait for it.
        ending = threading.Thread(target=self._provider.shutdown, name="end of traces", daemon=True)
        ending.start()
        ending.join(_END_SECONDS)
