"""A member reads what is meant for it, and of the rest only that it happened."""

from dataclasses import replace

import pytest

from notifications.words import entry
from services.permissions import Actor
from services.views import timeline as words
from services.views.timeline import may_read
from storage.queries.rows import Named
from storage.queries.timeline import TimelineRow
from tests.storage.office import NOW

MEMBER = Actor("con_lead", "member", "Lena", "mem_1")
OFFICE = [Actor(f"per_{role}", role) for role in ("manager", "researcher", "adviser")]
FACT = TimelineRow(
    at=NOW,
    entry="event",
    id="1",
    kind="research.declined",
    item_id="itm_1",
    item_kind="research",
    item_key="1",
    who=Named("per_manager", "Mair"),
    data={},
    text="Words.",
    task="",
    rung="",
    state="",
    reason="",
)


def test_every_kind_that_members_may_read_is_a_kind_of_fact() -> None:
    assert set(entry("fact")) >= words._MEMBERS


@pytest.mark.parametrize(
    "kind", ["research.declined", "advice.noted", "advice.action_agreed", "review.returned"]
)
def test_a_member_reads_what_is_told_to_it(kind: str) -> None:
    assert may_read(MEMBER, replace(FACT, kind=kind))


@pytest.mark.parametrize(
    "kind", ["notification.resolved", "deadline.moved", "reply.unverified", "reply.received", "new"]
)
def test_a_member_does_not_read_what_the_office_notes_for_itself(kind: str) -> None:
    """Nor an unknown kind."""
    assert not may_read(MEMBER, replace(FACT, kind=kind))


def test_a_member_reads_why_a_date_moves_where_it_was_told_so() -> None:
    email = replace(FACT, entry="notification", kind="task.moved", state="accepted")
    assert may_read(MEMBER, replace(email, who=Named("con_lead", "Lena")))
    assert not may_read(MEMBER, replace(email, who=Named("per_manager", "Mair")))


def test_the_office_reads_all_but_a_managers_own() -> None:
    for actor in OFFICE:
        assert may_read(actor, replace(FACT, kind="deadline.moved"))
        for own in ("notification.resolved", "reply.unverified"):
            assert may_read(actor, replace(FACT, kind=own)) is (actor.role == "manager")


def test_a_viewer_reads_no_words() -> None:
    assert not may_read(Actor("per_funder", "viewer"), FACT)
