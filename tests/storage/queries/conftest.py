"""An office with three requests, some events, notifications, tokens and mail, to read."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from programmes.facts import Fact, Record
from storage.database import Database
from storage.record import write
from storage.sql import mailbox, notifications, tokens
from tests.storage.office import NOW, item_record, office, task
from tests.storage.queries.crowd import fill


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
        "recipient_id": "con_lead" if n else "none",
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


@pytest.fixture
async def filled(database: Database) -> Database:
    await fill(database, 40)
    return database
