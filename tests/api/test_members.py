"""An edit of a member says what its running engagements do with new blackouts."""

from typing import Any

from sqlalchemy import update

from storage.database import Database
from storage.sql import engagements
from tests.api.conftest import Caller
from tests.api.office import CALENDAR
from tests.storage.office import NOW

MEMBER = "/api/v1/members/mem_1"
ELECTION = {"first": "2027-01-15", "last": "2027-05-06", "reason": "Pre-election period"}


async def edited(calling: Caller, **body: Any) -> dict[str, Any]:
    answer = await calling("manager").patch(MEMBER, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def with_calendar(database: Database, **values: object) -> None:
    """As the engagement was planned."""
    async with database.transaction() as session:
        await session.execute(update(engagements).values(calendar=CALENDAR | values))


async def test_the_answer_says_that_emails_obey_it_and_that_dates_stay(calling: Caller) -> None:
    [running] = (await edited(calling, blackouts=[ELECTION]))["running"]
    assert running["id"] == "eng_1"
    said = " ".join(running["says"])
    assert "emails obey the member's blackouts at once" in said
    assert "planned without the blackout from 2027-01-15 to 2027-05-06" in said
    assert f"Dates that fall in a blackout: {len(running['dates_inside'])}." in said
    days = [one["due_at"][:10] for one in running["dates_inside"]]
    assert days == sorted(days)
    assert all("2027-01-15" <= day <= "2027-05-06" for day in days)
    # Open tasks are among them, and the dates of items that open later.
    titles = {one["title"] for one in running["dates_inside"]}
    assert titles >= {"Sign the membership agreement", "Choose a date for your advice session"}


async def test_an_overlapping_one_is_named_and_one_that_is_over_is_not(
    calling: Caller, database: Database
) -> None:
    over = {"first": "2026-05-04", "last": "2026-05-08"}
    await with_calendar(database, blackouts=[ELECTION])
    longer = ELECTION | {"first": "2027-04-01", "last": "2027-06-04"}
    [running] = (await edited(calling, blackouts=[ELECTION, longer, over]))["running"]
    [planned] = [one for one in running["says"] if "It was planned" in one]
    assert planned.startswith("It was planned without the blackout from 2027-04-01 to 2027-06-04.")


async def test_the_removal_of_one_that_it_was_planned_around_is_named(
    calling: Caller, database: Database
) -> None:
    await with_calendar(database, blackouts=[ELECTION])
    [running] = (await edited(calling, blackouts=[]))["running"]
    assert "It was planned around a blackout from 2027-01-15 to 2027-05-06" in running["says"][1]
    assert running["dates_inside"] == []


async def test_an_edit_without_blackouts_says_nothing_of_engagements(calling: Caller) -> None:
    assert (await edited(calling, name="Cardiff Council"))["running"] == []


async def test_a_member_without_a_running_engagement_has_none_to_name(
    calling: Caller, database: Database
) -> None:
    async with database.transaction() as session:
        await session.execute(update(engagements).values(closed_at=NOW))
    answer = await edited(calling, blackouts=[ELECTION])
    assert (answer["running"], answer["blackouts"]) == ([], [ELECTION])


async def test_blackouts_do_not_apply_to_a_programme_that_is_always_open(
    calling: Caller, database: Database
) -> None:
    await with_calendar(database, always_open=True)
    [running] = (await edited(calling, blackouts=[ELECTION]))["running"]
    assert "blackouts do not apply" in running["says"][0]
