"""A span for each request. A caller's own trace is continued (W3C Trace Context)."""

from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import method_of, pattern_of


class Traced:
    """Names each span by method and route: a path may hold an id or a secret."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self.app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        caller = extract(dict(Headers(scope=scope)))
        method = method_of(scope)
        with self._tracer.start_as_current_span(
            method, context=caller, kind=SpanKind.SERVER
        ) as span:

            async def noting(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self.app(scope, receive, noting)
            finally:
                route = pattern_of(scope)
                span.set_attribute("http.route", route)
                span.update_name(f"{method} {route}")
