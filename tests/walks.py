"""The four everyday tasks whose files ``tools/walk.py`` counts, each on the set-up of its tests."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from typer.testing import CliRunner

from cli import app as command_line
from notifications.senders import sender_for
from settings import settings
from storage.database import Database
from temporal.connection import connect
from tests.api.conftest import application
from tests.api.live import at_work, serving
from tests.api.office import fill
from tests.commands.test_engagement import furnish
from tests.databases import migrated_sqlite, opened
from tests.notifications.office import Post, office, record, reminder, task
from tests.servers import dev_server
from tests.web.test_pages import browser
from tools.entered import Entered
from worker import build_workers
from workflows.ids import SEARCH_ATTRIBUTES

WITHIN_SECONDS = 100
DECIDED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED

Walk = Callable[[Entered, Path], None]
"""Does a task in a folder of its own and notes its files, under one name or two."""


async def research_request(entered: Entered, url: str) -> None:
    """A member's POST until its answer and the start of its workflow; then until its emails."""
    with dev_server({one.name: "Keyword" for one in SEARCH_ATTRIBUTES}) as address:
        async with (
            _filled(url) as database,
            at_work(address, database, _file(url).parent, worker=False) as live,
        ):
            sender = sender_for(live.settings, database)
            deciding, delivering = build_workers(live.client, database, sender, live.settings)
            async with serving(deciding):
                async with serving(delivering):
                    engagement_id = await live.onboarded()
                    await _all_sent(url)
                # Without a worker that delivers, the answer's files stand apart from the email's.
                # A client takes one worker a queue, so the next one comes with its own.
                another = await connect(target_host=address)
                _, delivering = build_workers(another, database, sender, live.settings)
                path = f"/engagements/{engagement_id}/requests"
                body = {"text": "What raises pay?", "title": "Pay", "theme": "first-steps"}
                with entered.noting("request", "request and email"):
                    request = await live.done("member", path, body)
                    await _decided(live.client, request["id"])
                with entered.noting("request and email"):
                    async with serving(delivering):
                        await _all_sent(url)
            await sender.close()


async def a_reminder(entered: Entered, url: str) -> None:
    """A reminder, from the activity that a workflow calls to the sender."""
    async with opened(url) as database:
        async with database.transaction() as session:
            await office().write(session)
        post = Post(database)
        await post.write(record(1, tasks=(task(),)))
        with entered.noting("reminder"):
            await post.courier.remind(record(2, reminder(), tasks=(task(),)))
        assert len(await post.mails()) == 1


async def the_board(entered: Entered, url: str) -> None:
    """The page that shows how every engagement is getting on."""
    async with _filled(url) as database, browser(application(database)) as client:
        with entered.noting("board"):
            answer = await client.get("/")
        assert answer.status_code == 200, answer.text
        assert "Cardiff" in answer.text


def assigning(entered: Entered, folder: Path) -> None:
    """`milepost engagement assign`, in an office that has its database and no Temporal."""
    for name in [name for name in os.environ if name.startswith(("MILEPOST_", "TEMPORAL_"))]:
        del os.environ[name]
    os.environ |= {"MILEPOST_DATA_DIR": str(folder), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    url = settings().database_url
    migrated_sqlite(_file(url))
    asyncio.run(furnish(url))
    settings.cache_clear()
    with entered.noting("assign"):
        arguments = ["engagement", "assign", "eng_1", "--manager", "Nina Reed"]
        result = CliRunner().invoke(command_line, arguments)
    assert result.exit_code == 0, result.output


@asynccontextmanager
async def _filled(url: str) -> AsyncIterator[Database]:
    """The API tests' office, in the empty database at ``url``."""
    async with opened(url) as database:
        async with database.transaction() as session:
            await fill(session)
        yield database


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


async def _decided(client: Client, item_id: str) -> None:
    """Wait until the item's own workflow has taken its first decision."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            async for found in client.list_workflows():
                if item_id in found.id:
                    history = await client.get_workflow_handle(found.id).fetch_history()
                    if any(one.event_type == DECIDED for one in history.events):
                        return
            await asyncio.sleep(0.05)


async def _all_sent(url: str) -> None:
    """Wait until no email waits to be sent; asking in SQL enters no file of the product."""
    waiting = "SELECT count(*) FROM notifications WHERE state IN ('reserved', 'claimed')"
    with closing(sqlite3.connect(f"file:{_file(url)}?mode=ro", uri=True)) as connection:
        async with asyncio.timeout(WITHIN_SECONDS):
            while connection.execute(waiting).fetchone() != (0,):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def _on_a_database(walk: Callable[[Entered, str], Coroutine[Any, Any, None]]) -> Walk:
    def run(entered: Entered, folder: Path) -> None:
        asyncio.run(walk(entered, migrated_sqlite(folder / "milepost.db")))

    return run


WALKS: Mapping[str, Walk] = {
    "research": _on_a_database(research_request),
    "reminder": _on_a_database(a_reminder),
    "board": _on_a_database(the_board),
    "assign": assigning,
}
