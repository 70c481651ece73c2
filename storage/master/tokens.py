"""Bearer tokens and calendar feeds: a secret is shown once, and only its hash is stored."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.problems import Flaw
from storage.database import new_id
from storage.events import note
from storage.master.checks import Missing, Rejected
from storage.sql import calendar_feeds, contacts, people, tokens

PREFIX = "mp_"
"""Lets people and secret scanners recognise a Milepost token."""

MEMBER = "member"


@dataclass(frozen=True)
class NewToken:
    """A token that was just made. ``repr`` hides the secret, so that no log shows it."""

    id: str
    role: str
    secret: str

    def __repr__(self) -> str:
        return f"NewToken(id={self.id!r}, role={self.role!r})"


def hash_of(secret: str) -> str:
    """What is stored and looked up. The secret is random and long, so one round is enough."""
    return sha256(secret.encode()).hexdigest()


async def create_token(
    session: AsyncSession,
    by: str,
    now: datetime,
    *,
    holder_id: str,
    role: str | None = None,
    label: str = "",
) -> NewToken:
    """Make a token for an active contact (``member``) or person (that person's role).

    The secret is in the result, and nowhere else. Raises ``Rejected``.
    """
    held = await role_of(session, holder_id)
    if held is None:
        what = f"There is no active contact or person “{holder_id}”."
        fix = "Give the id of an active contact or person."
        raise Rejected(Flaw(what, fix, "holder_unknown", "holder"))
    if role is not None and role != held:
        what = f"A token for {role} does not fit this person, whose role is {held}."
        raise Rejected(Flaw(what, f"Make a token for {held}.", "role_not_held", "role"))
    made = NewToken(new_id("tok"), held, PREFIX + secrets.token_urlsafe(32))
    await session.execute(
        insert(tokens).values(
            id=made.id,
            sha256=hash_of(made.secret),
            role=made.role,
            holder_id=holder_id,
            label=label.strip(),
            created_at=now,
            revoked_at=None,
        )
    )
    await note(session, "token.created", made.id, by, now, {"holder": holder_id})
    return made


async def revoke_token(session: AsyncSession, by: str, now: datetime, token_id: str) -> bool:
    """Revoke a token; ``False`` if it was revoked before. Raises ``Missing``."""
    c = tokens.c
    ended = await session.execute(
        update(tokens)
        .where(c.id == token_id, c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(c.id)
    )
    if ended.one_or_none() is not None:
        await note(session, "token.revoked", token_id, by, now)
        return True
    if await session.scalar(select(c.id).where(c.id == token_id)) is None:
        raise Missing(token_id)
    return False


async def role_of(session: AsyncSession, holder_id: str) -> str | None:
    """The role of an active contact (``member``) or person; ``None`` for any other id."""
    person = select(people.c.role).where(people.c.id == holder_id, people.c.active)
    contact = select(literal(MEMBER)).where(contacts.c.id == holder_id, contacts.c.active)
    return await session.scalar(person.union_all(contact))


FEED_PREFIX = "mp_cal_"
"""Secret scanners and our logs treat it as a Milepost token. It opens the calendar only."""


async def make_feed(session: AsyncSession, by: str, now: datetime, holder_id: str) -> str:
    """Make a new secret for an active contact or person. The old secret stops working.

    The secret is in the result, and nowhere else. Raises ``Missing``.
    """
    if await role_of(session, holder_id) is None:
        raise Missing(holder_id)
    await session.execute(delete(calendar_feeds).where(calendar_feeds.c.holder_id == holder_id))
    secret = FEED_PREFIX + secrets.token_urlsafe(32)
    row = {"holder_id": holder_id, "sha256": hash_of(secret), "made_at": now}
    await session.execute(insert(calendar_feeds).values(row))
    await note(session, "calendar_feed.made", holder_id, by, now)
    return secret


async def end_feed(session: AsyncSession, by: str, now: datetime, holder_id: str) -> bool:
    """Stop the recipient's calendar feed; ``False`` if there was none."""
    ended = await session.execute(
        delete(calendar_feeds)
        .where(calendar_feeds.c.holder_id == holder_id)
        .returning(calendar_feeds.c.holder_id)
    )
    if ended.one_or_none() is None:
        return False
    await note(session, "calendar_feed.ended", holder_id, by, now)
    return True
