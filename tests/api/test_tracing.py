"""A request's trace goes on through its workflow to the email, and names no one."""

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import uvicorn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.main import create_app
from settings import Settings
from storage.database import utc_now
from storage.master.programmes import add_programme
from temporal.tracing import SENDING
from tests.api.live import SWIFT, swift
from tests.api.live import temporal_address as temporal_address
from tests.api.office import TOKENS, bearer
from tests.databases import opened, sqlite_url
from tests.durability.processes import WorkerProcess
from tests.durability.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = f"00-{TRACE}-00f067aa0ba902b7-01"
"""What a caller that traces sends as ``traceparent``."""

CONTACT = {"name": "Lea Lead", "email": "lea@example.org", "lead": True}
MEMBER = {"name": "Bristol", "nation": "ENG", "contacts": [CONTACT]}


@dataclass
class Collector:
    """Keeps every span that is posted to it, with the name of its process."""

    spans: list[tuple[str, Span]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """As an OTLP collector does."""
        posted = ExportTraceServiceRequest.FromString(await request.body())
        for resource in posted.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(names["service.name"], span) for span in scope.spans]
        return Response(media_type="application/x-protobuf")

    def of_trace(self, trace: str) -> list[tuple[str, Span]]:
        """The spans of one trace."""
        return [(name, span) for name, span in self.spans if span.trace_id.hex() == trace]


@asynccontextmanager
async def serving(app: object) -> AsyncIterator[str]:
    """An application on a port of its own; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))  # type: ignore[arg-type]
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(60):
            while not server.started:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


async def furnish(url: str) -> None:
    """A programme that starts at once."""
    async with opened(url) as database, database.transaction() as session:
        await add_programme(
            *(session, "per_manager", utc_now()),
            id=SWIFT,
            version=1,
            title="Swift",
            source=swift(),
        )


@pytest.mark.dev_server
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_request_can_be_followed_to_its_email(
    filled: Path, tmp_path: Path, temporal_address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = sqlite_url(shutil.copyfile(filled, tmp_path / "office.db"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", temporal_address)
    await furnish(url)
    collector = Collector()
    taking = Starlette(routes=[Route("/v1/traces", collector.take, methods=["POST"])])
    async with serving(taking) as place:
        settings = Settings(
            database_url=url,
            data_dir=tmp_path,
            task_queue=f"traced-{uuid.uuid4().hex}",
            command_timeout=60.0,
            traces=f"{place}/v1/traces",
        )
        worker = WorkerProcess(
            *(temporal_address, url, settings.task_queue, tmp_path),
            environment={"MILEPOST_TRACES": settings.traces},
        )
        with worker:
            async with (
                serving(create_app(settings)) as office,
                httpx.AsyncClient(base_url=f"{office}/api/v1", timeout=100) as manager,
            ):
                manager.headers.update(bearer(TOKENS["manager"][0]))
                member = await manager.post("/members", json=MEMBER)
                body = {"member": member.json()["id"], "programme": SWIFT, "adviser": "per_adviser"}
                body["start"] = utc_now().date().isoformat()
                answer = await manager.post(
                    "/engagements", json=body, headers={"traceparent": CALLER}
                )
                assert answer.status_code == 201, answer.text

            async def has_sent() -> bool:
                return any(span.name == SENDING for _, span in collector.of_trace(TRACE))

            await until(has_sent, "the span of an email arrives")
    followed = collector.of_trace(TRACE)
    names = {(service, span.name) for service, span in followed}
    assert ("milepost-api", "POST /api/v1/engagements") in names
    assert ("milepost-worker", "RunWorkflow:Engagement") in names
    assert ("milepost-worker", "RunActivity:deliver") in names
    by_id = {span.span_id: span for _, span in followed}
    email = next(span for _, span in followed if span.name == SENDING)
    above = []
    while email.parent_span_id in by_id:
        email = by_id[email.parent_span_id]
        above.append(email.name)
    assert above[0] == "RunActivity:deliver"
    assert above[-1] == "POST /api/v1/engagements", "one line of parents leads up to the request"
    said = "\n".join(str(span) for _, span in collector.spans)
    for secret in ("Lea Lead", "example.org", "Bristol", TOKENS["manager"][0]):
        assert secret not in said
