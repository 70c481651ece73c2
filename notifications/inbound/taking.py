"""Takes replies by email: onto the item's timeline, with emails to those who should know.

Two machines that answer each other would never stop. A ticket system at a manager's address, for
instance, acknowledges each email from an unknown address. So only the first few replies of an hour
are passed on, and the timeline says when more came.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.reserving import reserve
from notifications.inbound.address import ReplyAddresses
from notifications.inbound.html_text import text_of
from notifications.inbound.message import Incoming
from notifications.inbound.notices import PASSED_ON, RECEIVED, notices_of, reader_of
from notifications.inbound.own_words import Answer, answer_in, clean
from programmes.facts import MILEPOST, Notice, Record, first_to_leave
from storage.database import Database, new_id
from storage.events import Aside, append_aside, said_since
from storage.inbound import Answered, Untold, answered, came_since, complete, keep, sender_of
from storage.master.texts import store_text

TOO_MANY = "too_many"
FACT = "reply.too_many"
WITHIN = timedelta(hours=1)
MOST = {"unverified": 5, "taken": 20}
"""The most replies about an item within the hour that cause emails. No person writes twenty."""


async def too_many(session: AsyncSession, about: Answered, state: str, now: datetime) -> bool:
    """Whether one more reply of this state is too many. The engagement is locked by then."""
    came = await came_since(session, about.engagement_id, about.item_id, state, now - WITHIN)
    return came >= MOST[state]


async def say_so(session: AsyncSession, about: Answered, state: str, now: datetime) -> None:
    """Note it on the timeline, once an hour."""
    if not await said_since(session, about.item_id, FACT, now - WITHIN):
        data = {"most": str(MOST[state]), "state": state}
        aside = Aside(about.engagement_id, about.item_id, FACT, MILEPOST, data)
        await append_aside(session, aside, now)


UNVERIFIED = "reply.unverified"
"""The fact of a reply whose sender is not verified."""


@dataclass(frozen=True)
class Outcome:
    """The result for one inbound email."""

    state: str
    """``taken``, ``unverified``, ``ignored``, or ``repeated`` for one that came before."""
    reason: str = ""
    tells: Untold | None = None
    """The notices to deliver now, if there are any."""


async def take(
    database: Database, addresses: ReplyAddresses, email: Incoming, now: datetime
) -> Outcome:
    """Take one email, in one transaction. Raises the database's errors."""
    notification_id = addresses.first(email.to)
    if notification_id is None:
        return await set_aside(database, email.key, "no_address", now)
    # The longest HTML takes a second to read.
    answer = await asyncio.to_thread(_words, email)
    async with database.transaction() as session:
        about = await answered(session, notification_id)
        if about is None:
            return await _ignore(session, email.key, "no_address", now)
        reason = email.automatic or ("" if answer.text or email.attachments else "empty")
        if reason:
            return await _ignore(session, email.key, reason, now, about)
        return await _note(session, email, answer, about, now)


async def set_aside(database: Database, key: str, reason: str, now: datetime) -> Outcome:
    """Store only that an email came, and the reason why it is ignored."""
    async with database.transaction() as session:
        return await _ignore(session, key, reason, now)


def _words(email: Incoming) -> Answer:
    return answer_in(email.text if email.text.strip() else text_of(email.html))


async def _ignore(
    session: AsyncSession, key: str, reason: str, now: datetime, about: Answered | None = None
) -> Outcome:
    row = _row(key, about, now) | {"state": "ignored", "reason": reason}
    return Outcome("ignored" if await keep(session, row) else "repeated", reason)


async def _note(
    session: AsyncSession, email: Incoming, answer: Answer, about: Answered, now: datetime
) -> Outcome:
    sender = await sender_of(session, email.sender, about.member_id)
    reason = "" if sender else "unknown_sender"
    if sender and not email.proven:
        sender, reason = "", "not_authentic"
    state = "unverified" if reason else "taken"
    quiet = await too_many(session, about, state, now)
    if quiet and not sender:
        ignored = await _ignore(session, email.key, TOO_MANY, now, about)
        if ignored.state != "repeated":
            await say_so(session, about, state, now)
        return ignored
    row = _row(email.key, about, now) | {
        "state": state,
        "reason": reason,
        "sender_id": sender,
        "attachments": email.attachments,
    }
    if not await keep(session, row):
        return Outcome("repeated")
    text_id = None
    if answer.text:
        text_id = new_id("txt")
        await store_text(
            session,
            id=text_id,
            body=answer.text,
            author_id=sender or MILEPOST,
            now=now,
            # The claimed sender, shown only while it is not verified.
            title="" if sender else clean(email.claims),
        )
    data = {"attachments": str(email.attachments)} if email.attachments else {}
    data |= {"cut": "yes"} if answer.cut else {}
    data |= {"reason": reason} if reason else {}
    reader = await reader_of(session, about, sender)
    data |= {"contact": reader} if reader else {}
    known = PASSED_ON if reader else RECEIVED
    sequence = await append_aside(
        session,
        Aside(
            about.engagement_id,
            about.item_id,
            known if sender else UNVERIFIED,
            sender or MILEPOST,
            data,
            text_id,
        ),
        now,
    )
    notices: tuple[Notice, ...] = ()
    if quiet:
        await say_so(session, about, state, now)
    else:
        notices = await notices_of(
            session,
            about,
            sender=sender,
            reader=reader,
            files=email.attachments,
            inbound_id=str(row["id"]),
            text_id=text_id,
            now=now,
        )
    told = await _reserve(session, about, sequence, notices, now) if notices else 0
    await complete(session, str(row["id"]), text_id=text_id, sequence=sequence if told else None)
    window = first_to_leave(notices)
    tells = Untold(str(row["id"]), about.engagement_id, about.item_id, sequence, window)
    return Outcome(state, reason, tells if told else None)


async def _reserve(
    session: AsyncSession,
    about: Answered,
    sequence: int,
    notices: tuple[Notice, ...],
    now: datetime,
) -> int:
    """Reserve the notices; returns how many are to be delivered."""
    record = Record(
        about.engagement_id, about.item_id, sequence, facts=(), tasks=None, notices=notices
    )
    return await reserve(session, record, now)


def _row(key: str, about: Answered | None, now: datetime) -> dict[str, object]:
    return {
        "id": new_id("inb"),
        "key": key,
        "item_id": about.item_id if about else "",
        "engagement_id": about.engagement_id if about else None,
        "notification_id": about.notification_id if about else None,
        "state": "",
        "reason": "",
        "sender_id": "",
        "text_id": None,
        "attachments": 0,
        "sequence": None,
        "received_at": now,
        "told_at": None,
    }
