"""The command line assigns an engagement while Temporal is down."""

import asyncio
import json

import pytest
from pydantic import TypeAdapter
from sqlalchemy import select

from services.views.engagements import Engagement, EngagementEntry
from storage.database import Database
from storage.sql import notifications
from tests.commands.conftest import Run
from tests.databases import opened
from tests.storage.office import office
from tests.workflows.office import source_of


@pytest.fixture(autouse=True)
def filled(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small office. Nothing listens where Temporal would be."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    asyncio.run(furnish(database))


async def furnish(url: str) -> None:
    """Write the small office, with a second manager, into the database at ``url``."""
    rows = office()
    rows.person("per_nina", "manager", name="Nina Reed")
    for table in rows.by_table:
        if table.name == "engagements":
            rows.by_table[table][0]["calendar"] = CALENDAR
        if table.name == "programmes":
            rows.by_table[table][0]["source"] = source_of("inclusive-growth-network")
    async with opened(url) as there, there.transaction() as session:
        await rows.write(session)


CALENDAR = {
    "zone": "Europe/London",
    "working_weekdays": [0, 1, 2, 3, 4],
    "opens": "09:00:00",
    "closes": "17:00:00",
    "send_from": "09:00:00",
    "send_until": "16:30:00",
    "non_working": [],
    "blackouts": [],
    "always_open": False,
}


def reserved(url: str) -> list[tuple[str, str]]:
    """Kind and recipient of every email that is to leave."""

    async def read(there: Database) -> list[tuple[str, str]]:
        async with there.reading() as session:
            c = notifications.c
            rows = await session.execute(select(c.kind, c.recipient_id))
            return [(row.kind, row.recipient_id) for row in rows]

    async def run() -> list[tuple[str, str]]:
        async with opened(url) as there:
            return await read(there)

    return asyncio.run(run())


def test_it_is_theirs_and_they_will_be_told_of_it(run: Run, database: str) -> None:
    given = run("engagement", "assign", "eng_1", "--manager", "Nina Reed")
    assert given.exit_code == 0, given.output
    assert "Nina Reed now manages Cardiff. Open tasks: 0." in given.output
    assert "Adviser now advises Cardiff" in given.output
    assert reserved(database) == [("engagement.new_in_team", "per_nina")]


def test_with_json_the_engagement_is_told_whole(run: Run) -> None:
    given = run("engagement", "assign", "eng_1", "--adviser", "per_nina@example.org", "--json")
    assert json.loads(given.stdout)["adviser"] == {"id": "per_nina", "name": "Nina Reed"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("eng_1",), 2, "Give --manager, --adviser or both."),
        (("eng_1", "--manager", "Adviser"), 1, "Give the id of a manager"),
        (("eng_1", "--adviser", "per_gone"), 1, "is no longer active"),
        (("eng_1", "--manager", "Unknown"), 1, "Unknown"),
        (("eng_x", "--manager", "per_nina"), 1, "`milepost engagement list` shows all."),
    ],
)
def test_what_cannot_be_is_refused(
    run: Run, database: str, arguments: tuple[str, ...], code: int, says: str
) -> None:
    refused = run("engagement", "assign", *arguments)
    assert refused.exit_code == code
    assert says in refused.output
    assert reserved(database) == []


def test_the_list_and_one_engagement_are_the_rows_of_the_api(run: Run) -> None:
    listed = json.loads(run("engagement", "list", "--json").stdout)["engagements"]
    assert TypeAdapter(EngagementEntry).validate_python(listed[0]).id == "eng_1"
    shown = json.loads(run("engagement", "show", "eng_1", "--json").stdout)
    assert TypeAdapter(Engagement).validate_python(shown).because == listed[0]["because"]
    assert listed[0]["because"] in " ".join(run("engagement", "show", "eng_1").output.split())
