"""Commands on the secret addresses of calendars: the caller's own, and others' for a manager."""

from dataclasses import dataclass
from datetime import datetime

from services.backend import Backend, writing
from services.choices import require_holder
from services.permissions import Actor, require
from storage.master.tokens import end_feed, make_feed
from storage.queries.calendar import feed_made_at

CALENDARS = "/calendars/"
"""Each path below it is a secret."""


def feed_link(public_url: str, secret: str) -> str:
    """The address of a user's calendar feed, for programs that cannot send a token."""
    return f"{public_url.rstrip('/')}{CALENDARS}{secret}.ics"


@dataclass(frozen=True)
class Feed:
    """Whether a holder has an address, and the address itself if it was just made."""

    made_at: datetime | None
    address: str = ""

    def __repr__(self) -> str:
        return f"Feed(made_at={self.made_at!r})"


async def own_feed(backend: Backend, actor: Actor) -> Feed:
    """Whether the caller has an address."""
    require(actor, "show_my_calendar_feed")
    async with backend.database.reading() as session:
        return Feed(await feed_made_at(session, actor.holder_id))


async def make_own_feed(backend: Backend, actor: Actor) -> Feed:
    """Make a new address for the caller."""
    require(actor, "make_my_calendar_feed")
    return await _make(backend, actor, actor.holder_id)


async def end_own_feed(backend: Backend, actor: Actor) -> bool:
    """End the caller's address. Returns whether there was one."""
    require(actor, "end_my_calendar_feed")
    return await _end(backend, actor, actor.holder_id)


async def make_feed_for(
    backend: Backend, actor: Actor, holder_id: str, member_id: str = ""
) -> Feed:
    """Make a new address for a contact of that member, or for a person of the office."""
    require(actor, "make_contact_calendar_feed" if member_id else "make_person_calendar_feed")
    await require_holder(backend, holder_id, member_id)
    return await _make(backend, actor, holder_id)


async def end_feed_for(backend: Backend, actor: Actor, holder_id: str, member_id: str = "") -> bool:
    """End the address of a contact or person. Returns whether there was one."""
    require(actor, "end_contact_calendar_feed" if member_id else "end_person_calendar_feed")
    await require_holder(backend, holder_id, member_id)
    return await _end(backend, actor, holder_id)


async def _make(backend: Backend, actor: Actor, holder_id: str) -> Feed:
    now = backend.now()
    async with writing(backend) as session:
        secret = await make_feed(session, actor.holder_id, now, holder_id)
    return Feed(now, feed_link(backend.settings.public_url, secret))


async def _end(backend: Backend, actor: Actor, holder_id: str) -> bool:
    async with writing(backend) as session:
        return await end_feed(session, actor.holder_id, backend.now(), holder_id)
