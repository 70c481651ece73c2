"""When answers by email about one item are too many: two machines that thank each other never end.

A ticket system at a manager's address acknowledges each email that tells of an answer, from an
address that nobody knows and often without saying that it is a machine. So only the first few of an
hour are passed on, and the timeline says when that is over.
"""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from programmes.facts import MILEPOST
from storage.asides import Aside, append_aside, said_since
from storage.inbound import Answered, came_since

TOO_MANY = "too_many"
FACT = "reply.too_many"
WITHIN = timedelta(hours=1)
MOST = {"unverified": 5, "taken": 20}
"""Answers about an item that are told of within the hour; nobody writes twenty to one item."""


async def too_many(session: AsyncSession, about: Answered, state: str, now: datetime) -> bool:
    """Whether one more, of this state, is not to be told of. The engagement is locked by then."""
    came = await came_since(session, about.engagement_id, about.item_id, state, now - WITHIN)
    return came >= MOST[state]


async def say_so(session: AsyncSession, about: Answered, state: str, now: datetime) -> None:
    """Put it on the timeline, once for all that come within the hour."""
    if not await said_since(session, about.item_id, FACT, now - WITHIN):
        data = {"most": str(MOST[state]), "state": state}
        aside = Aside(about.engagement_id, about.item_id, FACT, MILEPOST, data)
        await append_aside(session, aside, now)
