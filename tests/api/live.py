"""The application before a real Temporal dev server, with a real worker behind it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from temporalio.client import Client
from temporalio.worker import Worker

from notifications.senders import sender_for
from programmes.loader import built_in_definitions
from services.permissions import Role
from settings import Settings
from storage.database import Database, utc_now
from storage.master import add_programme, create_token
from temporal.connection import connect
from tests.api.conftest import created
from tests.api.office import TOKENS, bearer
from tests.histories import require_no_personal_data
from tests.servers import Connected, dev_server
from worker import build_workers
from workflows.ids import SEARCH_ATTRIBUTES

API = "/api/v1"

SWIFT = "swift"
"""A programme like the tour, whose advice and review open at once and whose dates are far off."""


def swift() -> str:
    """The definition of that programme."""
    text = dict(built_in_definitions())["tour"]
    changes = {
        "id: tour": f"id: {SWIFT}",
        "first: 5s": "first: 0s",
        "every: 2min": "every: 300min",
        "plus: 60s": "plus: 30min",
        "opens: 40s": "opens: 1799s",
        "due: 1min": "due: 20min",
        "due: 2min": "due: 20min",
        "due: 8s": "due: 20min",
    }
    for before, after in changes.items():
        assert before in text
        text = text.replace(before, after)
    return text


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """One dev server for the session; each test has a task queue of its own."""
    with dev_server({one.name: "Keyword" for one in SEARCH_ATTRIBUTES}) as address:
        yield address


@dataclass
class Live:
    """An office at work, with a member of its own in the swift programme."""

    app: FastAPI
    database: Database
    client: Client
    settings: Settings
    tokens: dict[Role, str] = field(
        default_factory=lambda: {role: secret for role, (secret, _) in TOKENS.items()}
    )

    async def member(self, name: str = "Bristol") -> str:
        """A new member; from now on the member's token is that of its lead."""
        contact = {"name": "Lea Lead", "email": "lea@example.org", "lead": True}
        body = {"name": name, "nation": "ENG", "contacts": [contact]}
        member = await self.done("manager", "/members", body)
        async with self.database.transaction() as session:
            lead = member["contacts"][0]["id"]
            token = await create_token(session, "per_manager", utc_now(), holder_id=lead)
        self.tokens["member"] = token.secret
        return str(member["id"])

    async def start(self, member: str, key: str | None = None) -> httpx.Response:
        """Start the member in the swift programme, with an adviser."""
        body = {
            "member": member,
            "programme": SWIFT,
            "start": utc_now().date().isoformat(),
            "adviser": "per_adviser",
        }
        return await self.post("manager", "/engagements", body, key)

    async def started(self, member: str | None = None) -> str:
        """The id of an engagement whose onboarding is open, of a new member unless one is given."""
        answer = await self.start(member or await self.member())
        assert answer.status_code == 201, answer.text
        engagement_id = str(answer.json()["id"])
        await self.until("manager", f"/engagements/{engagement_id}", lambda read: read["items"])
        return engagement_id

    async def onboarded(self, member: str | None = None) -> str:
        """The id of an engagement whose advice cycle and review are open."""
        engagement_id = await self.started(member)
        steps = f"/engagements/{engagement_id}/onboarding/steps"
        await self.done("member", f"{steps}/hello/complete", {"text": "Hello!"})
        await self.done("manager", f"{steps}/plan/complete", {})
        await self.until(
            "manager",
            f"/engagements/{engagement_id}",
            lambda read: {"advice", "review"} <= {item["kind"] for item in read["items"]},
        )
        return engagement_id

    async def item(self, engagement_id: str, kind: str) -> str:
        """The id of the engagement's item of that kind."""
        read = await self.get("manager", f"/engagements/{engagement_id}")
        return str(next(item["id"] for item in read["items"] if item["kind"] == kind))

    def calling(self, role: Role) -> httpx.AsyncClient:
        """A client that calls as a role."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url=f"http://testserver{API}",
            headers=bearer(self.tokens[role]),
            timeout=30,
        )

    async def post(
        self, role: Role, path: str, body: object = None, key: str | None = None
    ) -> httpx.Response:
        """One command."""
        headers = {"Idempotency-Key": key} if key else {}
        async with self.calling(role) as client:
            return await client.post(path, json=body, headers=headers)

    async def done(self, role: Role, path: str, body: object = None) -> Any:
        """One command that is carried out; the state after it."""
        answer = await self.post(role, path, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def get(self, role: Role, path: str) -> Any:
        """One reading."""
        async with self.calling(role) as client:
            answer = await client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, role: Role, path: str, found: Callable[[Any], bool]) -> Any:
        """Read until what is read is so."""
        async with asyncio.timeout(100):
            while not found(read := await self.get(role, path)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return read


@asynccontextmanager
async def at_work(
    address: str, database: Database, path: Path, *, worker: bool = True, **settings: object
) -> AsyncIterator[Live]:
    """The application with its worker."""
    given = Settings.model_validate(
        {
            "database_url": database.url.render_as_string(hide_password=False),
            "task_queue": f"api-{uuid4().hex}",
            "command_timeout": 15.0,
            "data_dir": path,
            **settings,
        }
    )
    client = await connect(target_host=address)
    app = created(given, database, Connected(client))
    live = Live(app, database, client, given)
    async with database.transaction() as session:
        await add_programme(
            *(session, "per_manager", utc_now()),
            id=SWIFT,
            version=1,
            title="Swift",
            source=swift(),
        )
    if not worker:
        yield live
        return
    sender = sender_for(given, database)
    try:
        async with serving(*build_workers(client, database, sender, given)):
            yield live
            await require_no_personal_data(client, database)
    finally:
        await sender.close()


@asynccontextmanager
async def serving(*workers: Worker) -> AsyncIterator[None]:
    """Workers at work in the block."""
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*tasks)


@pytest.fixture
async def live(temporal_address: str, database: Database, tmp_path: Path) -> AsyncIterator[Live]:
    """The application of the test's own database, with its worker."""
    async with at_work(temporal_address, database, tmp_path) as live:
        yield live
