"""Traces from a request through workflows and activities to an email, for an OTLP collector."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, Tracer
from temporalio.contrib.opentelemetry import TracingInterceptor

SENDING = "send email"

CLOSE_SECONDS = 5.0
"""How long the last spans may take to leave. A collector that is away would take half a minute."""

ERROR_TYPE = "exception.type"
"""The part of an error that a span keeps."""


class Tracing:
    """Spans of one process. They hold ids, routes, names of activities and types of errors. They
    hold no argument, and no text of an error.

    Call ``close`` at the end: the last spans leave then.
    """

    def __init__(self, url: str, service: str) -> None:
        """``url``: where a collector takes OTLP over HTTP, such as http://collector:4318/v1/traces.
        ``service`` is the process's name there."""
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
        exporter = WithoutTexts(OTLPSpanExporter(endpoint=url))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
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
        """Send what is left, and stop. Spans that need longer than ``CLOSE_SECONDS`` are lost."""
        ending = Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)


class WithoutTexts(SpanExporter):
    """Hands spans on with the types of their errors alone: a text may quote personal data."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand on a batch."""
        return self._exporter.export([_without_texts(span) for span in spans])

    def shutdown(self) -> None:
        """As the other one."""
        self._exporter.shutdown()


def _without_texts(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        span.name,
        span.context,
        span.parent,
        span.resource,
        span.attributes,
        [_without_text(event) for event in span.events],
        span.links,
        span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_text(event: Event) -> Event:
    kept = {name: value for name, value in (event.attributes or {}).items() if name == ERROR_TYPE}
    return Event(event.name, kept, event.timestamp)
