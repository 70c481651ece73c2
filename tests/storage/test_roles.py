"""Selectors mean the right people, in every state of a team."""

from typing import Any

import pytest

from storage.database import Database
from storage.roles import all_holders
from storage.tables import Engagement, Item
from tests.databases import count_statements
from tests.storage.office import NOW, Rows, office


@pytest.fixture
async def stocked(database: Database) -> Database:
    rows = office()
    rows.member("mem_other")
    rows.contact("con_other", "mem_other", lead=True)
    async with database.transaction() as session:
        await rows.write(session)
    return database


def engagement(**values: Any) -> Engagement:
    given = {"manager_id": "per_manager", "adviser_id": "per_adviser"} | values
    return Engagement(
        id="eng_1",
        member_id="mem_1",
        programme_id="ign",
        programme_version=1,
        started_on=NOW.date(),
        opened_at=NOW,
        **given,
    )


def item(assignee: str | None) -> Item:
    return Item(
        id="itm_1",
        engagement_id="eng_1",
        kind="research",
        key="1",
        stage="draft",
        opened_at=NOW,
        assignee_id=assignee,
    )


@pytest.mark.parametrize(
    ("selector", "team", "assignee", "expected"),
    [
        ("lead", {}, None, ["con_lead"]),
        ("member", {}, None, ["con_lead", "con_second"]),
        ("manager", {}, None, ["per_manager"]),
        ("manager", {"manager_id": None}, None, []),
        ("manager", {"manager_id": "per_gone"}, None, []),
        ("adviser", {}, None, ["per_adviser"]),
        ("adviser", {"adviser_id": None}, None, ["per_manager"]),
        ("adviser", {"adviser_id": "per_gone"}, None, ["per_manager"]),
        ("adviser", {"adviser_id": None, "manager_id": None}, None, []),
        ("researcher", {}, "per_researcher", ["per_researcher"]),
        ("researcher", {}, "per_gone", ["per_manager"]),
        ("researcher", {}, None, ["per_manager"]),
        ("team", {}, "per_researcher", ["per_manager", "per_adviser", "per_researcher"]),
        ("team", {"adviser_id": "per_manager"}, "per_gone", ["per_manager"]),
        ("team", {"manager_id": None, "adviser_id": None}, None, []),
        ("funder", {}, None, ["per_funder"]),
        ("con_second", {}, None, ["con_second"]),
        ("con_other", {}, None, ["con_other"]),
        ("con_gone", {}, None, []),
        ("per_researcher", {}, None, ["per_researcher"]),
        ("per_gone", {}, None, []),
        ("con_nowhere", {}, None, []),
        ("", {}, None, []),
    ],
)
async def test_a_selector_means_the_active_holders(
    stocked: Database,
    selector: str,
    team: dict[str, Any],
    assignee: str | None,
    expected: list[str],
) -> None:
    async with stocked.reading() as session:
        found = await all_holders(session, engagement(**team), item(assignee), [selector])
    assert found == {selector: expected}


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("con_second", ["con_second"]), ("con_gone", []), ("con_other", []), ("per_manager", [])],
)
async def test_requester_means_the_contact_who_asked_while_active(
    stocked: Database, asked: str, expected: list[str]
) -> None:
    request = item(None)
    request.data = {"requester": asked}
    async with stocked.reading() as session:
        asking = await all_holders(session, engagement(), request, ["requester"])
        none = await all_holders(session, engagement(), item(None), ["requester"])
    assert (asking["requester"], none["requester"]) == (expected, [])


async def test_a_viewer_is_the_funder_of_their_own_programmes_only(
    stocked: Database,
) -> None:
    rows = Rows()
    rows.person("per_supporter", "viewer")
    rows.person("per_other", "viewer")
    rows.funder("per_other", "another")
    async with stocked.transaction() as session:
        await rows.write(session)
    async with stocked.reading() as session:
        found = await all_holders(session, engagement(), None, ["funder"])
    assert found["funder"] == ["per_funder"]


async def test_many_selectors_take_one_statement(stocked: Database) -> None:
    selectors = ("lead", "member", "team", "funder", "con_other", "per_gone", "lead")
    with count_statements(stocked) as seen:
        async with stocked.reading() as session:
            found = await all_holders(session, engagement(), None, selectors)
    assert len(seen) == 1
    assert found["lead"] == ["con_lead"]
    assert found["team"] == ["per_manager", "per_adviser"]
    assert found["con_other"] == ["con_other"]
    assert found["per_gone"] == []
