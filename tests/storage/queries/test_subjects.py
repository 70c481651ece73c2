"""Timelines, tasks, items, members, people, tokens, mail: what each shows, and to whom."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from programmes.facts import Fact, Record
from storage.database import Database
from storage.queries.access import holder_of, list_tokens
from storage.queries.items import ItemFilter, list_items, show_item
from storage.queries.mailbox import list_mail, mail_after, show_mail
from storage.queries.members import list_members, list_people, show_member, show_person
from storage.queries.notifications import engagement_notifications
from storage.queries.paging import BadCursor, Page
from storage.queries.programmes import latest_programmes, show_programme
from storage.queries.tasks import engagement_tasks, my_tasks
from storage.queries.timeline import timeline
from storage.queries.visibility import Visibility
from storage.record import write
from storage.sql import contacts, mailbox, notifications, tokens
from tests.databases import count_statements
from tests.storage.office import NOW, days, item_record, office, task

OTHERS = Visibility("mem_other")
OWN = Visibility("mem_1")


@pytest.fixture
async def stocked(database: Database) -> Database:
    """An office with three requests, some events, notifications, tokens and mail."""
    rows = office()
    rows.programme(version=2)
    rows.programme("tour")
    rows.member("mem_other", name="Aberdeen", nation="SCT")
    rows.text("txt_question", "Which wards?", author="per_manager")
    rows.text("txt_request", "What raises pay in care work?")
    async with database.transaction() as session:
        await rows.write(session)
        data = {"text": "txt_request", "question": "txt_question", "theme": "good-jobs"}
        records = [
            item_record(1, "answer", task("answer", "lead", due=3), data=data, facts=2),
            item_record(1, "triage", task("triage", due=1), item="itm_2", key="2"),
            item_record(
                1,
                "draft",
                task("draft", "researcher", due=2),
                item="itm_3",
                key="3",
                assignee="per_researcher",
            ),
            Record(
                "eng_1",
                "eng_1",
                1,
                (Fact("engagement.opened", NOW, "per_manager", text="txt_reason"),),
            ),
        ]
        for record in records:
            await write(session, record, NOW)
        await session.execute(insert(notifications), [_notification(n) for n in range(5)])
        await session.execute(
            insert(tokens), [_token("a", "con_lead", "member"), _token("b", "per_gone", "viewer")]
        )
        await session.execute(insert(mailbox), [_mail(n) for n in range(5)])
    return database


def _notification(n: int) -> dict[str, Any]:
    changed = NOW + timedelta(minutes=n)
    return {
        "id": f"ntf_{n}",
        "engagement_id": "eng_1",
        "item_id": "itm_1",
        "sequence": 1,
        "kind": "research.received",
        "rung": f"r{n}",
        "task": "",
        "revision": 0,
        "recipient_id": "con_lead" if n else "nobody",
        "text_id": None,
        "state": "accepted" if n else "withheld",
        "reason": "" if n else "no_recipient",
        "not_before": None,
        "reserved_at": NOW,
        "changed_at": changed,
    }


def _token(sha256: str, holder: str, role: str) -> dict[str, Any]:
    return {
        "id": f"tok_{sha256}",
        "sha256": sha256,
        "role": role,
        "holder_id": holder,
        "label": "",
        "created_at": NOW,
        "revoked_at": None,
    }


def _mail(n: int) -> dict[str, Any]:
    return {
        "notification_id": f"ntf_{n}",
        "kind": "k",
        "to_name": "Lead",
        "at": NOW,
        "to_email": "a@example.org",
        "from_name": "IGN",
        "from_email": "b@example.org",
        "subject": f"Subject {n}",
        "text": "Text",
        "html": "<p>Text</p>",
    }


async def collect(
    read: Callable[[str | None], Awaitable[Page[Any]]], *, most: int = 20
) -> list[Any]:
    """All rows, page after page."""
    rows: list[Any] = []
    cursor: str | None = None
    for _ in range(most):
        page = await read(cursor)
        rows += page.rows
        cursor = page.next
        if cursor is None:
            return rows
    raise AssertionError("the pages have no end")


async def test_a_timeline_merges_what_happened_with_what_was_sent(stocked: Database) -> None:
    async with stocked.reading() as session:
        with count_statements(stocked) as seen:
            whole = (await timeline(session, "eng_1")).rows
        assert len(seen) == 1
        paged = await collect(lambda c: timeline(session, "eng_1", cursor=c, limit=2))
    assert list(whole) == paged
    assert len(whole) == 10
    instants = [row.at for row in whole]
    assert instants == sorted(instants, reverse=True)
    opened = next(row for row in whole if row.kind == "engagement.opened")
    assert opened.text == "We have merged with our neighbours."
    assert opened.who is not None
    assert opened.who.name == "Manager"
    sent = next(row for row in whole if row.id == "ntf_3")
    assert (sent.entry, sent.state, sent.item_kind, sent.item_key) == (
        "notification",
        "accepted",
        "research",
        "1",
    )
    assert sent.who is not None
    assert sent.who.name == "Lead"
    assert (sent.data, opened.data) == ({}, {})
    first = [row for row in whole if row.entry == "event" and row.item_id == "itm_1"]
    assert [row.data for row in first] == [{"n": "1"}, {"n": "0"}]


async def test_tasks_come_by_due_instant_with_their_owners(stocked: Database) -> None:
    async with stocked.reading() as session:
        rows = await collect(lambda c: engagement_tasks(session, "eng_1", cursor=c, limit=1))
        assert [row.task.key for row in rows] == ["triage", "draft", "answer"]
        assert [row.task.owner and row.task.owner.name for row in rows] == [
            "Manager",
            "Researcher",
            "Lead",
        ]
        assert rows[0].member.name == "Cardiff"
        mine = await collect(lambda c: my_tasks(session, "per_researcher", cursor=c))
        assert [row.task.key for row in mine] == ["draft"]


async def test_notifications_show_what_became_of_them_the_latest_first(stocked: Database) -> None:
    async with stocked.reading() as session:
        with count_statements(stocked) as seen:
            rows = await collect(
                lambda c: engagement_notifications(session, "eng_1", cursor=c, limit=4)
            )
    assert len(seen) == 2
    assert [row.id for row in rows] == [f"ntf_{n}" for n in (4, 3, 2, 1, 0)]
    assert rows[-1].reason == "no_recipient"
    assert rows[-1].recipient.name == ""
    assert rows[0].recipient.name == "Lead"


async def test_an_item_shows_its_texts_by_name_and_its_tasks(stocked: Database) -> None:
    with count_statements(stocked) as seen:
        async with stocked.reading() as session:
            found = await show_item(session, "itm_1")
    assert len(seen) == 2
    assert found is not None
    assert {name: text.body for name, text in found.texts.items()} == {
        "text": "What raises pay in care work?",
        "question": "Which wards?",
    }
    author = found.texts["question"].author
    assert author is not None
    assert author.name == "Manager"
    assert [one.key for one in found.tasks] == ["answer"]
    assert found.item.data["number"] == "1"
    assert found.member.name == "Cardiff"


async def test_items_are_listed_by_what_is_asked(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await write(session, item_record(2, "closed", item="itm_2", key="2", closed_at=NOW), NOW)

    async def ids(**where: Any) -> list[str]:
        async with stocked.reading() as session:
            rows = await collect(
                lambda c: list_items(session, ItemFilter(**where), cursor=c, limit=1)
            )
            return [row.item.id for row in rows]

    assert await ids() == ["itm_3", "itm_2", "itm_1"]
    assert await ids(kind="advice") == []
    assert await ids(stage="draft", engagement_id="eng_1", kind="research") == ["itm_3"]
    assert await ids(assignee_id="per_researcher") == ["itm_3"]
    assert await ids(is_open=False) == ["itm_2"]
    assert await ids(is_open=True) == ["itm_3", "itm_1"]


async def test_what_is_another_members_does_not_exist(stocked: Database) -> None:
    async with stocked.reading() as session:
        assert (await timeline(session, "eng_1", visible_to=OTHERS)).rows == ()
        assert (await engagement_tasks(session, "eng_1", visible_to=OTHERS)).rows == ()
        assert (await my_tasks(session, "per_manager", visible_to=OTHERS)).rows == ()
        assert (await engagement_notifications(session, "eng_1", visible_to=OTHERS)).rows == ()
        assert (await list_items(session, ItemFilter(), visible_to=OTHERS)).rows == ()
        assert await show_item(session, "itm_1", visible_to=OTHERS) is None
        assert await show_member(session, "mem_1", visible_to=OTHERS) is None
        assert [one.id for one in (await list_members(session, visible_to=OTHERS)).rows] == [
            "mem_other"
        ]
        assert await show_item(session, "itm_1", visible_to=OWN)
        assert len((await timeline(session, "eng_1", visible_to=OWN)).rows) == 10


async def test_a_row_that_no_state_has_reached_yet_is_not_shown(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await write(session, Record("eng_1", "itm_9", 4, (Fact("rung.fired", NOW),)), NOW)
    async with stocked.reading() as session:
        assert await show_item(session, "itm_9") is None
        assert len((await list_items(session, ItemFilter())).rows) == 3


async def test_members_and_people_come_by_name(stocked: Database) -> None:
    async with stocked.reading() as session:
        found = await collect(lambda c: list_members(session, cursor=c, limit=1))
        assert [one.name for one in found] == ["Aberdeen", "Cardiff"]
        assert [one.name for one in (await list_members(session, text="ARD")).rows] == ["Cardiff"]
        member = await show_member(session, "mem_1")
        assert member is not None
        assert [(one.name, one.lead, one.active) for one in member.contacts] == [
            ("Lead", True, True),
            ("Second", False, True),
            ("Gone", False, False),
        ]
        everybody = await collect(lambda c: list_people(session, cursor=c, limit=2))
        assert [one.name for one in everybody] == sorted(one.name for one in everybody)
        assert len(everybody) == 5
        assert [one.id for one in (await list_people(session, role="viewer")).rows] == [
            "per_funder"
        ]
        manager = await show_person(session, "per_manager")
        assert manager is not None
        assert manager.role == "manager"
        assert await show_person(session, "per_x") is None


async def test_programmes_show_their_latest_versions(stocked: Database) -> None:
    async with stocked.reading() as session:
        assert [(one.id, one.version) for one in await latest_programmes(session)] == [
            ("ign", 2),
            ("tour", 1),
        ]
        first = await show_programme(session, "ign", 1)
        latest = await show_programme(session, "ign")
        assert first is not None
        assert latest is not None
        assert (first.version, latest.version) == (1, 2)
        assert await show_programme(session, "ign", 3) is None


async def test_a_token_speaks_for_somebody_who_is_still_there(stocked: Database) -> None:
    async with stocked.reading() as session:
        with count_statements(stocked) as seen:
            holder = await holder_of(session, "a")
        assert len(seen) == 1
        assert holder is not None
        assert (holder.holder_id, holder.role, holder.member_id, holder.name) == (
            "con_lead",
            "member",
            "mem_1",
            "Lead",
        )
        assert await holder_of(session, "b") is None, "the holder has left"
        assert await holder_of(session, "c") is None
        assert len(await list_tokens(session)) == 2
    async with stocked.transaction() as session:
        await session.execute(update(tokens).values(revoked_at=days(-1)))
    async with stocked.reading() as session:
        assert await holder_of(session, "a") is None


async def test_a_deactivated_contacts_token_is_no_longer_taken(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await session.execute(update(contacts).values(active=False))
    async with stocked.reading() as session:
        assert await holder_of(session, "a") is None


async def test_mail_is_read_from_both_ends(stocked: Database) -> None:
    async with stocked.reading() as session:
        rows = await collect(lambda c: list_mail(session, cursor=c, limit=2))
        assert [row.subject for row in rows] == [f"Subject {n}" for n in (4, 3, 2, 1, 0)]
        later = await mail_after(session, rows[2].id)
        assert [row.subject for row in later] == ["Subject 3", "Subject 4"]
        mail = await show_mail(session, rows[0].id)
        assert mail is not None
        assert (mail.subject, mail.html) == ("Subject 4", "<p>Text</p>")
        assert await show_mail(session, 999) is None


@pytest.mark.parametrize("cursor", ["", "eyJhIjoxfQ", "eyJpZCI6MX0", "eyJpZCI6InRleHQifQ", "é"])
async def test_each_list_refuses_a_cursor_that_is_not_its_own(
    stocked: Database, cursor: str
) -> None:
    async with stocked.reading() as session:
        for read in (
            timeline(session, "eng_1", cursor=cursor),
            engagement_tasks(session, "eng_1", cursor=cursor),
            engagement_notifications(session, "eng_1", cursor=cursor),
            list_items(session, ItemFilter(), cursor=cursor),
            list_members(session, cursor=cursor),
            list_people(session, cursor=cursor),
        ):
            with pytest.raises(BadCursor):
                await read
