"""Who hears of an answer by email: whoever looks after the item, whom it is for, and its sender."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.calendar import calendar_from_json, first_window
from programmes.facts import Notice
from storage.inbound import Answered
from storage.roles import CONTACT_PREFIX, PERSON_PREFIX, all_holders
from storage.sql import events
from storage.tables import Engagement, Item

RECEIVED = "reply.received"
"""The kind of email that tells the office of an answer; and the fact, where its sender is known."""
PASSED_ON = "reply.passed_on"
"""What somebody of the office answers to such an email; and the email that brings it to a member's
contact."""
FILES_LEFT_OUT = "reply.files_left_out"


async def reader_of(session: AsyncSession, about: Answered, sender: str) -> str:
    """The contact whom an answer of the office is for: whoever wrote what it answers.

    Only the person who was told of a contact's answer speaks to them in this way, and that email
    says so. Any other answer of the office stays in the office. Empty where it does.
    """
    mine = sender in (about.recipient_id, about.told_id) and sender.startswith(PERSON_PREFIX)
    if about.kind != RECEIVED or not mine:
        return ""
    asked = select(events.c.actor).where(
        events.c.item_id == about.item_id,
        events.c.sequence == about.sequence,
        events.c.kind == RECEIVED,
    )
    wrote = (await session.execute(asked)).scalar_one_or_none() or ""
    return wrote if wrote.startswith(CONTACT_PREFIX) else ""


async def notices_of(
    session: AsyncSession,
    about: Answered,
    *,
    sender: str,
    reader: str,
    files: int,
    inbound_id: str,
    text_id: str | None,
    now: datetime,
) -> tuple[Notice, ...]:
    """The emails about an answer. ``sender`` is empty where they are not known for certain: then
    the manager alone hears of it, and nobody is written back to."""
    engagement = await session.get(Engagement, about.engagement_id)
    item = await session.get(Item, about.item_id)
    assert engagement is not None
    calendar = calendar_from_json(engagement.calendar)

    def notice(kind: str, to: tuple[str, ...], rung: str, text: str | None = None) -> Notice:
        # An answer at night waits for its reader's morning, like everything that people cause.
        window = first_window(calendar, to, now)
        return Notice(kind, to, rung, text=text, not_before=window if window > now else None)

    roles = ["manager"]
    if sender:
        # What may be forged goes to the manager alone.
        roles += ["researcher"] if about.assignee_id else []
        roles += ["adviser"] if about.item_kind == "advice" else []
    found = await all_holders(session, engagement, item, roles)
    everybody = dict.fromkeys(one for role in roles for one in found[role])
    to = tuple(one for one in everybody if one != sender)
    notices = []
    if to or not everybody:
        notices.append(notice(RECEIVED, to or ("manager",), inbound_id, text_id))
    if reader and text_id:
        notices.append(notice(PASSED_ON, (reader,), inbound_id, text_id))
    if sender and files:
        # Of one name in each item: nobody is told of it twice.
        notices.append(notice(FILES_LEFT_OUT, (sender,), "files"))
    return tuple(notices)
