"""Traces from a request through workflows and activities to an email, for an OTLP collector."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Tracer
from temporalio.contrib.opentelemetry import TracingInterceptor

SENDING = "send email"


class Tracing:
    """Spans of one process. They hold ids, routes and names of activities, and no argument.

    Call ``close`` at the end: the last spans leave then.
    """

    def __init__(self, url: str, service: str) -> None:
        """``url``: where a collector takes OTLP over HTTP, such as http://collector:4318/v1/traces.
        ``service`` is the process's name there."""
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
        self.tracer: Tracer = self._provider.get_tracer("milepost")

    @property
    def interceptor(self) -> TracingInterceptor:
        """What a client needs, and the workers that use it."""
        return TracingInterceptor(self.tracer)

    @contextmanager
    def sending(self, sender: str, kind: str) -> Iterator[None]:
        """The span of one email that is handed to a sender."""
        about = {"milepost.sender": sender, "milepost.kind": kind}
        with self.tracer.start_as_current_span(SENDING, kind=SpanKind.CLIENT, attributes=about):
            yield

    def close(self) -> None:
        """Send what is left, and stop."""
        self._provider.shutdown()
