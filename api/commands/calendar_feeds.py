"""Commands on the secret addresses of calendars: one's own, and those of others for a manager."""

from dataclasses import dataclass
from datetime import datetime

from api.commands.choices import require_holder
from api.commands.reaching import require
from api.commands.writing import writing
from api.desk import Desk
from api.permissions import Actor
from notifications.links import feed_link
from storage.master.calendar_feeds import end_feed, make_feed
from storage.queries.calendar_feeds import feed_made_at


@dataclass(frozen=True)
class Feed:
    """Whether somebody has an address, and the address itself where it was just made."""

    made_at: datetime | None
    address: str = ""

    def __repr__(self) -> str:
        return f"Feed(made_at={self.made_at!r})"


async def own_feed(desk: Desk, actor: Actor) -> Feed:
    """Whether the caller has one."""
    async with desk.database.reading() as session:
        return Feed(await feed_made_at(session, actor.holder_id))


async def make_own_feed(desk: Desk, actor: Actor) -> Feed:
    """A new one for the caller."""
    require(actor, "make_my_calendar_feed")
    return await _make(desk, actor, actor.holder_id)


async def end_own_feed(desk: Desk, actor: Actor) -> Feed:
    """None any more for the caller."""
    require(actor, "end_my_calendar_feed")
    return await _end(desk, actor, actor.holder_id)


async def make_feed_for(desk: Desk, actor: Actor, holder_id: str, member_id: str = "") -> Feed:
    """A new one for a contact of that member, or a person of the office, to be handed on."""
    require(actor, "make_contact_calendar_feed" if member_id else "make_person_calendar_feed")
    await require_holder(desk, holder_id, member_id)
    return await _make(desk, actor, holder_id)


async def end_feed_for(desk: Desk, actor: Actor, holder_id: str, member_id: str = "") -> Feed:
    """None any more for them."""
    require(actor, "end_contact_calendar_feed" if member_id else "end_person_calendar_feed")
    await require_holder(desk, holder_id, member_id)
    return await _end(desk, actor, holder_id)


async def _make(desk: Desk, actor: Actor, holder_id: str) -> Feed:
    now = desk.now()
    async with writing(desk) as session:
        secret = await make_feed(session, actor.holder_id, now, holder_id)
    return Feed(now, feed_link(desk.settings.public_url, secret))


async def _end(desk: Desk, actor: Actor, holder_id: str) -> Feed:
    async with writing(desk) as session:
        await end_feed(session, actor.holder_id, desk.now(), holder_id)
    return Feed(None)
