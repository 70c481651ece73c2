"""Spans leave without personal data, and a collector that is away holds up no process."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.trace import Status, StatusCode

from temporal.tracing import CLOSE_SECONDS, SENDING, Tracing

MAX_BATCH = 512
"""How many spans OpenTelemetry sends at once."""


@contextmanager
def collector() -> Iterator[tuple[str, list[Span]]]:
    """A collector on a port of its own: its address, and what it gets."""
    taken: list[Span] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    taken.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/traces", taken
        finally:
            server.shutdown()
            serving.join()


def test_a_span_keeps_the_type_of_an_error_and_not_its_text() -> None:
    with collector() as (url, taken):
        tracing = Tracing(url, "milepost-worker")
        with pytest.raises(ValueError, match="lea@"), tracing.sending("smtp", "welcome"):
            raise ValueError("lea@example.org is not among the recipients")
        # Temporal's interceptor says it so.
        with tracing.tracer.start_as_current_span("RunActivity:deliver") as span:
            span.set_status(Status(StatusCode.ERROR, "ValueError: lea@example.org"))
        tracing.close()
    sent = {span.name: span for span in taken}
    assert "lea@example.org" not in "\n".join(map(str, taken))
    (event,) = sent[SENDING].events
    assert {one.key: one.value.string_value for one in event.attributes} == {
        "exception.type": "ValueError"
    }
    assert {span.status.code for span in taken} == {StatusCode.ERROR.value}
    kept = {one.key: one.value.string_value for one in sent[SENDING].attributes}
    assert kept == {"milepost.sender": "smtp", "milepost.kind": "welcome"}


@pytest.mark.timeout(90)
def test_a_silent_collector_does_not_hold_up_the_end_of_a_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tracing = Tracing(f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces", "milepost-api")
        for _ in range(4 * MAX_BATCH):
            with tracing.sending("smtp", "welcome"):
                pass
        began = time.monotonic()
        tracing.close()
        assert time.monotonic() - began < 2 * CLOSE_SECONDS
