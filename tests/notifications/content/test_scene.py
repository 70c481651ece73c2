"""A scene is read in a few statements, and copes with missing data."""

import threading
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, update
from structlog.testing import capture_logs

from activities.digest import DigestDesk
from activities.inputs import DigestPlan
from notifications import words as titles
from notifications.content.builders.research import scoped
from notifications.content.builders.shapes import letter
from notifications.content.message import Message, first_line
from notifications.content.programme import newest_definition, read_programme_scene
from notifications.content.scene import read_recipient, read_scene
from notifications.senders.mailbox import Mailbox
from programmes.facts import Fact, Notice
from programmes.loader import load_definition
from storage.database import Database
from storage.sql import programmes, texts
from tests.databases import count_statements
from tests.notifications.office import IGN, NOW, SETTINGS, Post, record, task
from tests.storage.fixtures import database_url as database_url

REQUEST = record(
    1,
    Notice("research.new", ("manager",), task="triage", text="txt_reason"),
    tasks=(task(),),
    facts=(Fact("research.assigned", NOW, "con_lead", {"researcher": "per_researcher"}),),
    data={"request": "txt_request", "number": "3", "delivery_date": "2027-02-01", "format": "Note"},
)


async def test_it_takes_six_statements_however_much_there_is(database: Database) -> None:
    many = record(
        2,
        tasks=tuple(task(f"action:{n}", "lead", family="action") for n in range(40)),
        data={f"action:{n}:text": "txt_request" for n in range(40)},
    )
    await Post(database).write(REQUEST, many)
    with count_statements(database) as seen:
        async with database.reading() as session:
            scene = await read_scene(session, "eng_1", "itm_1", 2)
    assert len(seen) <= 6
    assert len(scene.tasks) == 40


async def test_it_finds_every_person_and_text_that_is_mentioned(database: Database) -> None:
    await Post(database).write(REQUEST)
    async with database.reading() as session:
        scene = await read_scene(session, "eng_1", "itm_1", 1)
    assert scene.name_of("per_researcher") == "Rosa Lind"
    assert scene.name_of("con_lead") == "Lena Price"
    assert scene.name_of("per_unheard_of") == ""
    assert set(scene.texts) == {"txt_request", "txt_reason"}
    assert scene.titles.programme == "Inclusive Growth Network"


async def test_a_text_that_was_erased_is_left_out(database: Database) -> None:
    post = Post(database)
    await post.write(record(1, data={"request": "txt_other", "scope": ""}))
    async with database.transaction() as session:
        await session.execute(delete(texts).where(texts.c.id == "txt_request"))
    async with database.reading() as session:
        scene = await read_scene(session, "eng_1", "itm_1", 1)
    assert scene.texts == {}


async def test_a_programme_that_cannot_be_read_any_more_costs_titles_not_emails(
    database: Database,
) -> None:
    async with database.transaction() as session:
        await session.execute(update(programmes).values(source="id: [not a programme"))
    post = Post(database)
    with capture_logs() as logs:
        await post.write(REQUEST)
        await post.deliver(REQUEST)
    [mail] = await post.mails()
    assert "Research request 3" in mail.text
    assert logs[0]["event"] == "stored_programme_unreadable"


async def test_the_words_of_a_context_come_from_the_scene(database: Database) -> None:
    await Post(database).write(REQUEST)
    async with database.reading() as session:
        scene = await read_scene(session, "eng_1", "itm_1", 1)
        lead = await read_recipient(session, "con_lead")
        assert await read_recipient(session, "con_unheard_of") is None
    assert lead is not None
    it = Message(scene, lead, "https://office.example.org", "research.scoped", text_id="txt_reason")
    context = scoped(it)
    assert context.words is not None
    assert context.words.body.startswith("We have merged")
    assert (context.format, context.delivered_by) == ("Note", "Monday 1 February 2027")
    assert letter(it).item == "Research request 3"
    assert letter(it).why == "You are the lead contact for Cardiff."


def test_a_long_action_is_cut_at_a_word() -> None:
    assert first_line("\n  Call Leeds.\nAnd York.") == "Call Leeds."
    assert first_line("word " * 40, 12) == "word word…"
    assert first_line("x" * 40, 12) == "xxxxxxxxxxxx…"
    assert first_line("") == ""


async def test_a_definition_is_read_where_no_other_email_has_to_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on the loop that all activities share: a long one takes seconds."""
    threads: list[int] = []

    def noted(*given: Any, **named: Any) -> Any:
        threads.append(threading.get_ident())
        return load_definition(*given, **named)

    monkeypatch.setattr(titles, "load_definition", noted)
    await Post(database).write(REQUEST)
    backend = DigestDesk(database, Mailbox(database), SETTINGS, clock=lambda: NOW)
    async with database.reading() as session:
        for read in (
            partial(read_scene, session, "eng_1", "itm_1", 1),
            partial(newest_definition, session, IGN),
            partial(read_programme_scene, session, IGN),
            partial(backend.plan_digests, DigestPlan(IGN, "manager", NOW)),
        ):
            titles.parsed.cache_clear()
            threads.clear()
            await read()
            assert threads, read
            assert threading.get_ident() not in threads, read
