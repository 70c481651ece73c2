"""The emails about a reply: to the item's team, to the contact it is for, and to its sender."""

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
"""The email that tells the office of a reply; also the fact, if the sender is known."""
PASSED_ON = "reply.passed_on"
"""The email that passes the office's reply on to a member's contact; also its fact."""
FILES_LEFT_OUT = "reply.files_left_out"


async def reader_of(session: AsyncSession, about: Answered, sender: str) -> str:
    """The contact who gets the office's reply: the writer of the email that it replies to.

    Only the person who was told of a contact's reply can reply to them this way, and that email
    says so. Any other reply stays in the office: the result is then empty.
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
    """The emails about a reply.

    ``sender`` is empty if unverified. Then only the manager is told, and no email goes back.
    """
    engagement = await session.get(Engagement, about.engagement_id)
    item = await session.get(Item, about.item_id)
    assert engagement is not None
    calendar = calendar_from_json(engagement.calendar)

    def notice(kind: str, to: tuple[str, ...], rung: str, text: str | None = None) -> Notice:
        # A reply at night waits for the morning, like every email that a user causes.
        window = first_window(calendar, to, now)
        return Notice(kind, to, rung, text=text, not_before=window if window > now else None)

    roles = ["manager"]
    if sender:
        # A reply that may be forged goes to the manager only.
        roles += ["researcher"] if about.assignee_id else []
        roles += ["adviser"] if about.item_kind == "advice" else []
    found = await all_holders(session, engagement, item, roles)
    holders = dict.fromkeys(one for role in roles for one in found[role])
    to = tuple(one for one in holders if one != sender)
    notices = []
    if to or not holders:
        notices.append(notice(RECEIVED, to or ("manager",), inbound_id, text_id))
    if reader and text_id:
        notices.append(notice(PASSED_ON, (reader,), inbound_id, text_id))
    if sender and files:
        # The rung is the same for each item, so a sender is told once an item.
        notices.append(notice(FILES_LEFT_OUT, (sender,), "files"))
    return tuple(notices)
