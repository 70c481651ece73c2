"""Notifications on the command line: listed, shown, explained, and dealt with."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from storage.database import Database
from storage.sql import deliveries, notifications
from tests.api.office import CARDIFF, GLASGOW, fill
from tests.commands.conftest import Run
from tests.storage.office import NOW


@pytest.fixture(autouse=True)
def office(database: str) -> None:
    """Two members, each with an email whose arrival is unknown."""

    async def write() -> None:
        opened = Database(database)
        async with opened.transaction() as session:
            await fill(session)
            await session.execute(
                update(notifications)
                .where(notifications.c.id == GLASGOW.notification)
                .values(state="bounced", reason="bounce_5.1.1", changed_at=NOW)
            )
        await opened.dispose()

    asyncio.run(write())


def listed(run: Run, *arguments: str) -> list[str]:
    result = run("notifications", "list", "--json", *arguments)
    assert result.exit_code == 0, result.output
    return sorted(
        row.get("id") or row["notification"] for row in json.loads(result.stdout)["notifications"]
    )


def test_they_are_listed_by_engagement_state_or_trouble(run: Run) -> None:
    both = sorted([CARDIFF.notification, GLASGOW.notification])
    assert listed(run) == both
    assert listed(run, "--engagement", CARDIFF.engagement) == [CARDIFF.notification]
    assert listed(run, "--state", "bounced") == [GLASGOW.notification]
    # The clock of the command line is the real one; either is before or after the office's.
    assert GLASGOW.notification in listed(run, "--troubles")
    assert run("notifications", "list", "--troubles", "--state", "bounced").exit_code == 2
    assert run("notifications", "list", "--state", "lost").exit_code == 2
    table = run("notifications", "list").output
    assert "There is no such address. Check it." in table


def test_one_is_shown_with_what_can_be_said(run: Run) -> None:
    result = run("notifications", "show", GLASGOW.notification)
    assert "bounced" in result.output
    assert "send_again, dismiss" in result.output
    read = json.loads(run("notifications", "show", GLASGOW.notification, "--json").stdout)
    assert read["state"] == "bounced"
    assert run("notifications", "show", "ntf_none").exit_code == 1


def test_one_is_explained(run: Run) -> None:
    result = run("notifications", "explain", CARDIFF.notification)
    assert "gets it as lead contact." in result.output
    read = json.loads(run("notifications", "explain", CARDIFF.notification, "--json").stdout)
    assert read["template"] == "research.accepted"
    assert run("notifications", "explain", "ntf_none").exit_code == 1


def test_a_trouble_is_dealt_with_once(run: Run) -> None:
    arguments = ("notifications", "resolve", GLASGOW.notification, "dismiss")
    result = run(*arguments, "--note", "I have rung her.")
    assert result.exit_code == 0, result.output
    assert "Resolved on" in result.output
    assert run(*arguments).exit_code == 1
    assert listed(run, "--state", "bounced") == [GLASGOW.notification]
    assert GLASGOW.notification not in listed(run, "--troubles")


def test_without_temporal_nothing_is_sent_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    arguments = ("notifications", "resolve", GLASGOW.notification, "send_again")
    assert run(*arguments).exit_code == 3


def test_one_that_is_not_there_cannot_be_dealt_with(run: Run) -> None:
    assert run("notifications", "resolve", "ntf_none", "dismiss").exit_code == 1


def test_the_attempts_of_an_outage_are_one_line(run: Run, database: str) -> None:
    async def refused() -> None:
        opened = Database(database)
        async with opened.transaction() as session:
            await session.execute(
                insert(deliveries),
                [
                    {
                        "notification_id": GLASGOW.notification,
                        "sender": "sendgrid",
                        "at": NOW + timedelta(minutes=minute),
                        "outcome": outcome,
                        "provider_id": "",
                        "detail": detail,
                        "round": 0,
                    }
                    for minute, outcome, detail in (
                        *((minute, "transient", "sendgrid_401") for minute in range(288)),
                        (289, "accepted", ""),
                    )
                ],
            )
        await opened.dispose()

    asyncio.run(refused())
    shown = run("notifications", "show", GLASGOW.notification).output
    assert shown.count("SendGrid refused our key") == 1
    assert "288" in shown
