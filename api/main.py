"""The API process: puts settings, database, Temporal, routes and pages together."""

import gc

gc.disable()  # An import leaves little garbage, and looking for it takes a tenth of the start.

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api import (
    advice,
    calendar_feeds,
    choices,
    engagements,
    health,
    items,
    mailbox,
    me,
    members,
    metrics,
    notifications,
    onboarding,
    people,
    programmes,
    records,
    requests,
    reviews,
    templates,
)
from api import problems as problem_handlers
from api.middleware import BodyLimit, EntityTags, Envelope
from api.openapi import Described
from api.webhooks import inbound, sendgrid_events
from services.backend import Backend
from services.releasing import Releaser
from services.reply_notices import Teller
from settings import Settings
from settings import settings as process_settings
from storage.database import Database
from temporal.connection import LazyTemporal, Temporal
from temporal.converter import converter_with
from web import board, calendar_feed, links, rendering, unsubscribe
from web import mailbox as mailbox_pages
from web import problems as problem_pages

if TYPE_CHECKING:
    from temporal.tracing import Tracing

gc.enable()

VERSION = version("milepost")
"""As pyproject.toml says it: whatever installs Milepost keeps it in the package's metadata."""

SUBJECTS = (
    programmes,
    members,
    people,
    choices,
    calendar_feeds,
    engagements,
    records,
    notifications,
    items,
    onboarding,
    requests,
    advice,
    reviews,
    me,
    mailbox,
    templates,
)

PAGES = (board, mailbox_pages, links, problem_pages, unsubscribe, calendar_feed, rendering)


def create_app(
    settings: Settings, database: Database | None = None, temporal: Temporal | None = None
) -> FastAPI:
    """The application. A database that it opens itself, it closes itself."""
    opened = database or Database(settings.database_url)
    registry = CollectorRegistry()
    tracing = _tracing(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        backend = app.state.backend
        async with (
            app.state.teller.at_work(),
            Releaser(backend).at_work(),
            metrics.shown(settings.api_metrics, registry, backend),
        ):
            yield
        if database is None:
            await opened.dispose()
        if tracing:
            await asyncio.to_thread(tracing.close)

    # FastAPI's own documentation pages load scripts from elsewhere.
    app = Described(
        title="Milepost",
        version=VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=attrgetter("name"),
    )
    options: dict[str, Any] = {"data_converter": converter_with(settings.payload_key_bytes)}
    if tracing:
        options["interceptors"] = [tracing.interceptor]
    app.state.backend = Backend(opened, temporal or LazyTemporal(options), settings)
    app.state.teller = Teller(app.state.backend)
    problem_handlers.install(app)
    for page in PAGES:
        app.include_router(page.router)
    for subject in SUBJECTS:
        app.include_router(subject.router, prefix="/api/v1")
    app.include_router(health.router)
    app.include_router(sendgrid_events.router)
    app.include_router(inbound.router)
    # The last one added is the outermost.
    app.add_middleware(EntityTags)
    app.add_middleware(BodyLimit)
    app.add_middleware(Envelope)
    if settings.api_metrics:
        app.add_middleware(metrics.Measuring, registry=registry)
    if tracing:
        from api.tracing import Traced

        app.add_middleware(Traced, tracer=tracing.tracer)
    return app


def _tracing(settings: Settings) -> "Tracing | None":
    if not settings.traces:
        return None
    from temporal.tracing import Tracing  # an office that traces nothing need not import it

    return Tracing(settings.traces, "milepost-api")


def served() -> FastAPI:
    """The application on this process's settings, for uvicorn. Importing this module opens
    nothing."""
    app = create_app(process_settings())
    # All of this lives as long as the process, so looking for garbage in it is wasted.
    gc.freeze()
    return app
