"""A withheld email names the event that made it untrue, who caused it and when."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from notifications.explain.evidence import read_evidence
from notifications.explain.explanation import Explanation, explain
from programmes.facts import Fact, Notice, Record
from storage.database import Database
from storage.sql import notifications
from tests.notifications.office import NOW, Post, closing, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.storage.fixtures import database_url as database_url

LATER = NOW + timedelta(minutes=9)
NOT_SENT = "The email '{}' to {} was not sent."
MADE_UNTRUE = "It became outdated on Monday 11 January 2027 at 10:09am:"
SESSION = {"session": "2027-02-01T10:00:00+00:00"}
FIXED = record(
    2,
    Notice("advice.confirmed", ("lead",)),
    facts=(Fact("advice.confirmed", NOW, "con_lead", SESSION),),
    kind="advice",
    stage="session",
    data=SESSION,
)
REMIND = record(
    2, reminder(), tasks=(task(),), facts=(Fact("rung.fired", NOW, data={"task": "triage"}),)
)


async def withheld(database: Database, asks: Record, *later: Record) -> Explanation:
    """The explanation of the one email of a record that later ones overtook."""
    post = Post(database, Scripted())
    await post.write(asks, *later)
    await post.deliver(asks)
    async with database.reading() as session:
        id = (await session.execute(notifications.select())).one().id
        evidence = await read_evidence(session, id)
    assert evidence is not None
    assert evidence.detail.row.state == "withheld"
    return explain(evidence)


def happened(
    sequence: int, kind: str, by: str, *, stage: str, data: dict[str, str] | None = None
) -> Record:
    """A later record of the same item, with other tasks."""
    family = kind.partition(".")[0]
    about = {"session": SESSION["session"]} if kind == "advice.held" else {}
    return record(
        sequence,
        facts=(Fact(kind, LATER, by, data or {}),),
        kind=family,  # type: ignore[arg-type]
        stage=stage,
        data=about,
    )


def told(found: Explanation) -> Sequence[str]:
    return found.sentences[:2]


async def test_an_email_about_a_held_session_names_the_holding(database: Database) -> None:
    held = happened(3, "advice.held", "per_adviser", stage="notes", data={"held": "2027-01-11"})
    found = await withheld(database, FIXED, held)
    assert told(found) == (
        f"{NOT_SENT.format('Session fixed', 'Lena Price')} The session had already been held.",
        f"{MADE_UNTRUE} Bola Ade noted that the session was held on Monday 11 January 2027.",
    )
    assert found.outdated_by is not None
    assert (found.outdated_by.kind, found.outdated_by.actor) == ("advice.held", "per_adviser")


async def test_a_held_session_stays_held_once_its_cycle_has_closed(database: Database) -> None:
    held = happened(3, "advice.held", "per_adviser", stage="notes", data={"held": "2027-01-11"})
    closed = record(
        4,
        facts=(Fact("advice.closed", LATER, data={"outcome": "completed"}),),
        kind="advice",
        stage="closed",
        data=SESSION,
    )
    found = await withheld(database, FIXED, held, closed)
    assert "The session had already been held." in told(found)[0]


async def test_a_session_called_off_names_who_did_it(database: Database) -> None:
    found = await withheld(
        database, FIXED, happened(3, "advice.missed", "per_adviser", stage="propose")
    )
    assert told(found)[0].endswith("The session had already been called off.")
    assert told(found)[1].endswith("Bola Ade noted that the session did not take place.")


async def test_a_task_done_already_names_who_did_it_and_when(database: Database) -> None:
    answered = record(
        3, facts=(Fact("reply.received", LATER, "con_lead", {"attachments": "0"}),), tasks=(task(),)
    )
    accepted = record(4, facts=(Fact("research.accepted", LATER, "per_manager"),), stage="scope")
    found = await withheld(database, REMIND, answered, accepted)
    assert told(found) == (
        f"{NOT_SENT.format('Reminder', 'Mair Evans')} The task was already done.",
        f"{MADE_UNTRUE} Mair Evans accepted the request.",
    )


async def test_a_moved_date_is_named(database: Database) -> None:
    other = Fact("deadline.moved", NOW, "per_adviser", {"task": "scope", "due": NOW.isoformat()})
    data = {
        "task": "triage",
        "due": (NOW + timedelta(days=20)).isoformat(),
        "before": NOW.isoformat(),
    }
    moved = Fact("deadline.moved", LATER, "per_manager", data)
    found = await withheld(
        database, REMIND, record(3, facts=(other, moved), tasks=(task(revision=2),))
    )
    assert found.outdated_by is not None
    assert (found.outdated_by.actor, found.outdated_by.at) == ("per_manager", LATER)


async def test_the_end_of_the_engagement_is_named(database: Database) -> None:
    found = await withheld(database, REMIND, closing(1, "withdrawn"))
    assert found.outdated_by is not None
    assert found.outdated_by.kind == "engagement.withdrawn"


@pytest.mark.parametrize("step", ["contacts", "agreement"])
async def test_of_several_steps_only_the_tasks_own_is_named(database: Database, step: str) -> None:
    """Another step that was completed first says nothing about this one."""
    asks = record(
        2,
        Notice(
            "onboarding.reminder",
            ("lead",),
            rung=f"step:{step}/early",
            task=f"step:{step}",
            revision=1,
        ),
        facts=(Fact("rung.fired", NOW, data={"task": f"step:{step}"}),),
        tasks=(task(f"step:{step}", "lead", family="onboarding"),),
        kind="onboarding",
        stage="steps",
    )
    done = tuple(
        Fact("onboarding.step_completed", LATER, "con_lead", {"step": one})
        for one in ("contacts", "agreement")
    )
    found = await withheld(database, asks, record(3, facts=done, kind="onboarding", stage="steps"))
    assert found.outdated_by is not None
    assert found.outdated_by.data == {"step": step}


async def test_no_template_is_named_if_no_email_was_written(database: Database) -> None:
    found = await withheld(
        database, REMIND, record(3, stage="scope", facts=(Fact("research.accepted", LATER),))
    )
    assert not any("template" in sentence for sentence in found.sentences)
