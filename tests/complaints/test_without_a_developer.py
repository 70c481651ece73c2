"""Complaint 9: one set of emails for all, no opt-out, and each change needs a developer.

Here an operator changes all of it from the command line, and a member or a manager over the API.
What leaves afterwards is as they have said.
"""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from temporalio.exceptions import ApplicationError

from commands.programme_versions import built_in
from notifications.digests.planning import reserve_digests
from notifications.digests.sending import DigestSending
from notifications.senders.mailbox import Mailbox
from programmes.facts import Notice
from storage.database import Database
from storage.master import create_token
from storage.tables import MailboxMessage
from tests.api.conftest import application
from tests.api.office import bearer
from tests.commands.conftest import Run
from tests.commands.conftest import database as database
from tests.commands.conftest import folder as folder
from tests.commands.conftest import run as run
from tests.databases import opened
from tests.notifications.office import (
    IGN,
    NOW,
    SETTINGS,
    Post,
    definition,
    office,
    record,
    reminder,
    task,
)

LEAD, SECOND = "con_lead", "con_second"
RECEIVED = Notice("research.received", ("member",), rung="#1")
OPENING = record(
    1,
    RECEIVED,
    reminder("triage/early", "lead"),
    tasks=(task(owner="lead"),),
    data={"request": "txt_request"},
)
SUBJECT = "Diolch! Mae eich cwestiwn wedi cyrraedd"


@pytest.fixture
def url(database: str) -> str:
    """A database with the whole office in it, on a Monday morning."""

    async def write() -> None:
        async with opened(database) as held, held.transaction() as session:
            await office().write(session)

    asyncio.run(write())
    return database


async def sent(url: str) -> tuple[dict[tuple[str, str], tuple[str, str]], list[MailboxMessage]]:
    """What becomes of an opening and of the week's summaries: the ledger, and the mailbox."""
    async with opened(url) as held:
        post = Post(held)
        await post.write(OPENING)
        with pytest.raises(ApplicationError, match="1 of 3 emails have to wait: quiet_day"):
            await post.deliver(OPENING)
        await summaries(held)
        return await post.states(), await post.mails()


async def summaries(held: Database) -> None:
    async with held.transaction() as session:
        planned = await reserve_digests(session, definition(), "member", NOW, NOW)
    post = DigestSending(held, Mailbox(held, lambda: NOW), SETTINGS, lambda: NOW, "a secret")
    for one in planned:
        await post.send(one, None)


def as_they_said(url: str) -> None:
    """The lead reads Welsh in the office's own words and has reminders collected; the second
    contact hears nothing on Mondays."""
    states, mails = asyncio.run(sent(url))
    assert states["research.received", LEAD] == ("accepted", "")
    assert states["research.received", SECOND] == ("reserved", "quiet_day")
    assert states["research.reminder", LEAD] == ("withheld", "in_digest")
    received, collected = mails
    assert received.subject == SUBJECT
    assert '<html lang="cy">' in received.html
    assert collected.kind == "digest.member"
    assert "I chi ei wneud" in collected.text


def test_complaint_9_the_operator_changes_language_manner_and_words_from_the_command_line(
    url: str, run: Run, tmp_path: Path
) -> None:
    """hypha#2709, #294."""
    draft = tmp_path / "draft"
    draft.mkdir()
    (draft / "subject.txt").write_text(f"{SUBJECT}\n", encoding="utf-8")
    for arguments in (
        ("choices", "set", LEAD, "--language", "cy", "--reminders", "digest"),
        ("choices", "set", SECOND, "--quiet", "mon"),
        ("template", "put", IGN, "research.received", "cy", str(draft), "--activate"),
    ):
        answer = run(*arguments)
        assert answer.exit_code == 0, answer.output
    as_they_said(url)


def test_complaint_9_members_and_managers_change_it_themselves_over_the_api(url: str) -> None:
    """hypha#2709, #294."""

    async def choose() -> None:
        async with opened(url) as held:
            async with held.transaction() as session:
                keys = {
                    holder: (
                        await create_token(session, "per_manager", NOW, holder_id=holder)
                    ).secret
                    for holder in (LEAD, SECOND, "per_manager")
                }
            transport = httpx.ASGITransport(application(held))
            async with httpx.AsyncClient(transport=transport, base_url="http://office") as client:

                async def put(holder: str, verb: str, path: str, body: object) -> None:
                    answer = await client.request(
                        verb, f"/api/v1{path}", json=body, headers=bearer(keys[holder])
                    )
                    assert answer.status_code in (200, 201), answer.text

                await put(LEAD, "PUT", "/me/choices", {"language": "cy", "reminders": "digest"})
                await put(SECOND, "PUT", "/me/choices", {"quiet_weekdays": [NOW.weekday()]})
                await put(
                    "per_manager",
                    "POST",
                    f"/programmes/{IGN}/templates/research.received/cy",
                    {"subject": SUBJECT, "activate": True},
                )

    asyncio.run(choose())
    as_they_said(url)


def test_complaint_9_a_ladder_is_changed_in_the_definition_and_holds_from_the_next_start(
    run: Run, tmp_path: Path, url: str
) -> None:
    """hypha#294: who is reminded when is one line of a file."""
    file = tmp_path / "office.yaml"
    text = built_in(IGN)[1]
    before, after = "- { id: early, at: -5wd, to: [owner]", "- { id: early, at: -2wd, to: [owner]"
    assert before in text
    file.write_text(text.replace("version: 3", "version: 4").replace(before, after, 1))
    assert agreement(run, IGN) == {"due": "2027-02-01", "early": "2027-01-25"}
    assert run("programme", "check", str(file)).exit_code == 0
    added = run("programme", "add", str(file), "--json")
    assert json.loads(added.stdout) == {"id": IGN, "version": 4, "added": True}
    assert agreement(run, str(file)) == {"due": "2027-02-01", "early": "2027-01-28"}


def agreement(run: Run, programme: str) -> dict[str, str]:
    """When the first step is due, and the day of its first reminder."""
    shown = json.loads(
        run("programme", "plan", programme, "--start", "2027-01-11", "--json").stdout
    )
    step = shown["items"][0]["deadlines"][0]
    [early] = [rung["at"] for rung in step["rungs"] if rung["name"] == "early"]
    return {"due": step["due_at"][:10], "early": early[:10]}
