"""A calendar client reads its person's deadlines and sessions, each under a stable id."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from icalendar import Calendar

from programmes.facts import Fact
from storage.database import Database
from storage.record import write
from tests.api.conftest import Caller
from tests.api.office import CARDIFF, item_record
from tests.storage.office import NOW, days

FEED = "/api/v1/me/calendar.ics"
SESSION = datetime(2027, 3, 30, 13, 0, tzinfo=UTC)


async def events(calling: Caller, role: Any) -> dict[str, Any]:
    """The entries of a role's calendar, by their ids without the host."""
    answer = await calling(role).get(FEED)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/calendar")
    calendar: Any = Calendar.from_ical(answer.content)
    assert calendar["method"] == "PUBLISH"
    found = {str(one["uid"]).rpartition("@")[0]: one for one in calendar.walk("VEVENT")}
    assert all(str(one["uid"]).endswith("@127.0.0.1") for one in found.values())
    return found


async def fix_a_session(database: Database, sequence: int, at: datetime) -> None:
    """Record that Cardiff's advice cycle has a session."""
    record = item_record(
        CARDIFF, "advice", "session", "session", "adviser", {"session": at.isoformat()}
    )
    fixed = Fact("advice.confirmed", NOW, data={"session": at.isoformat()})
    async with database.transaction() as session:
        await write(session, replace(record, sequence=sequence, facts=(fixed,)), NOW)


async def test_open_deadlines_are_whole_days(calling: Caller) -> None:
    found = await events(calling, "member")
    assert set(found) == {
        "eng_1.onboarding.onboarding.step:agreement",
        "eng_1.advice.1.action:act_1",
        "eng_1.review.interim",
    }
    review = found["eng_1.review.interim"]
    assert review["summary"] == "Send in your review: Interim, Cardiff"
    assert review.decoded("dtstart") == days(5).date()
    assert isinstance(review.decoded("dtstart"), date)
    assert "/go/engagements/eng_1/items/eng_1.review.interim#submit" in review["url"]


async def test_tasks_and_calendar_speak_the_language_that_their_reader_has_chosen(
    calling: Caller,
) -> None:
    member = calling("member")
    for language, title in (("cy", "Anfon eich adolygiad"), ("both", "Anfon eich adolygiad")):
        assert (await member.put("/api/v1/me/choices", json={"language": language})).is_success
        tasks = (await member.get("/api/v1/me/tasks")).json()["items"]
        assert title in [one["title"] for one in tasks]
        review = (await events(calling, "member"))["eng_1.review.interim"]
        assert review["summary"].startswith(f"{title}: ")
        assert "Mae angen hyn erbyn diwedd y dydd" in review["description"]
    # No other person's language changes with it.
    others = (await calling("manager").get(f"/api/v1/engagements/{CARDIFF.engagement}")).json()
    assert "Send in your review" in [task["title"] for task in others["tasks"]]


async def test_a_session_is_in_the_calendar_of_both_sides_and_moves(
    calling: Caller, database: Database
) -> None:
    await fix_a_session(database, 3, SESSION)
    for role, who in (("member", "Adviser"), ("adviser", "Cardiff"), ("manager", "Cardiff")):
        session = (await events(calling, role))["eng_1.advice.1"]
        assert session.decoded("dtstart") == SESSION
        assert (session["sequence"], session["summary"]) == (3, f"Advice session: {who}")
    await fix_a_session(database, 5, days(90))
    session = (await events(calling, "member"))["eng_1.advice.1"]
    assert (session["sequence"], session.decoded("dtstart")) == (5, days(90))


async def test_the_others_have_no_part_in_the_session(calling: Caller, database: Database) -> None:
    await fix_a_session(database, 3, SESSION)
    for role in ("researcher", "viewer"):
        assert "eng_1.advice.1" not in await events(calling, role)


async def test_an_unchanged_calendar_is_not_sent_again(calling: Caller, database: Database) -> None:
    await fix_a_session(database, 3, SESSION)
    client = calling("member")
    tag = (await client.get(FEED)).headers["etag"]
    assert (await client.get(FEED, headers={"If-None-Match": tag})).status_code == 304
    await fix_a_session(database, 4, days(90))
    assert (await client.get(FEED, headers={"If-None-Match": tag})).status_code == 200


async def test_an_emails_calendar_part_can_be_opened(calling: Caller) -> None:
    mail = (await calling("manager").get("/api/v1/mailbox/1")).json()
    assert mail["calendar_method"] == "PUBLISH"
    answer = await calling("manager").get("/api/v1/mailbox/1/invite.ics")
    assert answer.content == b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    assert (await calling("manager").get("/api/v1/mailbox/2/invite.ics")).status_code == 404
