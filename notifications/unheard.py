"""What nobody could get, since nobody had the role: who gets it now, and what has said it since."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.ledger import NOBODY, Held
from notifications.suppression import Waiting
from storage.roles import ROLES, Team, roster
from storage.sql import engagements, items, notifications

NO_RECIPIENT = "no_recipient"
"""The named reason of what nobody could get."""

SAID_LATER = "said_later"
"""The named reason of what a later email about the same task says, too."""


def selectors_of(selector: str, recipient_id: str) -> list[str]:
    """Whom it is for, as far as somebody else may get it: what was meant for a person ends with
    them, unless nobody was there at all."""
    meant = selector.split(",")
    return meant if recipient_id == NOBODY else [one for one in meant if one in ROLES]


async def heard_now(session: AsyncSession) -> list[Waiting]:
    """Those that somebody would get now, the oldest first. Whether each is still true, whoever
    sends it asks again."""
    n, e, i = notifications.c, engagements.c, items.c
    rows = await session.execute(
        select(
            *(n.id, n.round, n.selector, n.recipient_id),
            *(e.member_id, e.manager_id, e.adviser_id, i.assignee_id, e.programme_id),
        )
        .select_from(
            notifications.join(engagements, e.id == n.engagement_id).outerjoin(
                items, i.id == n.item_id
            )
        )
        .where(n.state == "withheld", n.reason == NO_RECIPIENT, n.resolution == "")
        .order_by(n.reserved_at, n.sequence, n.id)
    )
    waiting = [
        (
            Waiting(row.id, row.round),
            Team(
                *(row.member_id, row.manager_id, row.adviser_id, row.assignee_id), row.programme_id
            ),
            # Whoever had left may be back.
            frozenset((*selectors_of(row.selector, row.recipient_id), row.recipient_id)),
        )
        for row in rows
    ]
    meant: dict[Team, set[str]] = {}
    for _, team, selectors in waiting:
        meant.setdefault(team, set()).update(selectors)
    there = {team: await roster(session, team, selectors) for team, selectors in meant.items()}
    return [
        one
        for one, team, selectors in waiting
        if any(there[team].holders(selector) for selector in selectors)
    ]


async def said_since(session: AsyncSession, held: Held) -> bool:
    """Whether a later email about the same task was meant for one of the same."""
    if not held.task:
        return False
    c = notifications.c
    rows = await session.execute(
        select(c.id, c.selector)
        .where(c.item_id == held.item_id, c.task == held.task)
        .order_by(c.reserved_at, c.sequence, c.id)
    )
    meant = {row.id: frozenset(row.selector.split(",")) for row in rows}
    later = list(meant)[list(meant).index(held.id) + 1 :]
    return any(meant[one] & meant[held.id] for one in later)
