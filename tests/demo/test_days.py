"""The story's days are working days of the member, relative to the day it was first played on."""

from datetime import UTC, date, datetime

from demo.player import Days
from programmes.loader import built_in_definitions, load_definition

IGN = load_definition(dict(built_in_definitions())["inclusive-growth-network"], "IGN")
TUESDAY = date(2026, 11, 24)


def test_spans_lead_to_working_days_of_the_members_nation() -> None:
    scotland = Days(date(2026, 12, 1), IGN, "SCT")
    assert scotland.day("-1wd") == date(2026, 11, 27)  # St Andrew's Day is 30 November
    assert Days(date(2026, 12, 1), IGN, "ENG").day("-1wd") == date(2026, 11, 30)


def test_today_is_today() -> None:
    assert Days(TUESDAY, IGN, "ENG").day("0d") == TUESDAY


def test_fields_that_hold_days_are_resolved_and_others_stay() -> None:
    days = Days(TUESDAY, IGN, "ENG")
    assert days.resolved({"done_on": "-1w", "text": "-1w"}) == {
        "done_on": "2026-11-17",
        "text": "-1w",
    }


def test_a_session_is_offered_at_the_members_own_time() -> None:
    offered = Days(date(2027, 6, 1), IGN, "ENG").resolved(
        {"dates": [{"day": "1wd", "at": "10:00"}]}
    )["dates"]
    assert datetime.fromisoformat(offered[0]).astimezone(UTC).hour == 9


def test_the_days_of_agreed_actions_are_resolved_too() -> None:
    actions = [{"text": "Share", "owner": "lead", "due": "1w"}]
    resolved = Days(TUESDAY, IGN, "ENG").resolved({"actions": actions})["actions"]
    assert resolved == [{"text": "Share", "owner": "lead", "due": "2026-12-01"}]
