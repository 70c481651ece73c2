"""The figures that the API shows to Prometheus, at an address of their own."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.answers import API
from services.backend import Backend
from storage.queries.operations import Figures, figures

PATIENCE_SECONDS = 10.0
"""How long the figures of the database may take. Prometheus waits as long by default."""

GAUGES = {
    "tasks": "Open tasks",
    "tasks_overdue": "Open tasks whose date has passed",
    "tasks_stuck": "Open tasks whose reminders have ended",
    "emails_late": "Emails that should have left 15 minutes ago",
    "emails_unknown": "Emails that may have been sent: a person decides",
    "emails_in_trouble": "Emails that a person has to look at",
}
"""The figures of ``storage.queries.operations`` that are one number each."""


class Office(Collector):
    """Reads the office's figures from the database at each scrape."""

    def __init__(self, backend: Backend, loop: asyncio.AbstractEventLoop) -> None:
        self._backend = backend
        self._loop = loop

    def describe(self) -> list[Metric]:
        """None ahead of time, so that a start does not need the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Read now. While the database is away, ``milepost_database_up`` alone is shown."""
        read = self._read()
        yield GaugeMetricFamily(
            "milepost_database_up", "Whether the database answers", value=int(read is not None)
        )
        if read is None:
            return
        open_ones = GaugeMetricFamily(
            "milepost_engagements", "Open engagements by stage", labels=["stage"]
        )
        for stage, count in read.engagements.items():
            open_ones.add_metric([stage], count)
        yield open_ones
        for name, says in GAUGES.items():
            yield GaugeMetricFamily(f"milepost_{name}", says, value=getattr(read, name))

    def _read(self) -> Figures | None:
        # Prometheus is answered in a thread of its own; the database belongs to the event loop.
        reading = asyncio.run_coroutine_threadsafe(self._figures(), self._loop)
        try:
            return reading.result(PATIENCE_SECONDS)
        except Exception:  # whatever is wrong with the database, the figure ``up`` tells
            reading.cancel()
            return None

    async def _figures(self) -> Figures:
        unknown_after = timedelta(seconds=self._backend.settings.unknown_after)
        async with self._backend.database.reading() as session:
            return await figures(session, self._backend.now(), unknown_after)


class Measuring:
    """Counts requests and times them, by the route's pattern: a path may hold an id or a secret."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self.app = app
        self._answers = Counter(
            "milepost_http_requests",
            "Answered requests",
            ("method", "route", "status"),
            registry=registry,
        )
        self._seconds = Histogram(
            "milepost_http_request_seconds",
            "Time until a request was answered",
            ("route",),
            registry=registry,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = pattern_of(scope)
            self._answers.labels(method_of(scope), route, status).inc()
            self._seconds.labels(route).observe(time.perf_counter() - began)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def method_of(scope: Scope) -> str:
    """The request's method; ``other`` for an unusual one. A caller may make up any word."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def pattern_of(scope: Scope) -> str:
    """The route's pattern; ``none`` where there is no such route."""
    pattern = getattr(scope.get("route"), "path", None)
    if pattern is None:
        return "none"
    # A route knows its path below the prefix that it was included under.
    return f"{API}{pattern}" if scope["path"].startswith(f"{API}/") else pattern


@asynccontextmanager
async def shown(address: str, registry: CollectorRegistry, backend: Backend) -> AsyncIterator[None]:
    """Show the figures at ``host:port`` meanwhile; nothing where it is empty."""
    if not address:
        yield
        return
    office = Office(backend, asyncio.get_running_loop())
    registry.register(office)
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=registry)
    except OSError as problem:
        raise SystemExit(f"MILEPOST_API_METRICS: {problem.strerror}") from None
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()
        thread.join()
        registry.unregister(office)
