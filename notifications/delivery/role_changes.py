"""What nobody could get, since nobody had the role: who gets it now, and what has said it since."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery.ledger import NOBODY, Held
from notifications.feedback.suppression import Waiting
from storage.ids import derived_id
from storage.roles import ROLES, Team, all_holders, roster
from storage.sql import engagements, insert_or_ignore, items, notifications
from storage.tables import Engagement, Item

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


ROLE_PASSED = "role_passed"
"""The named reason of a notification in whose place others were reserved."""

_AFRESH = {
    "told_id": "",
    "addressed": "",
    "carrier_id": None,
    "waits_until": None,
    "state": "reserved",
    "reason": "",
    "round": 0,
    "resolution": "",
    "resolved_at": None,
    "template": "",
    "template_trouble": "",
}


async def hand_on(session: AsyncSession, held: Held, now: datetime) -> str:
    """Reserve the same for whoever holds the role now; returns the reason to withhold this one.

    The key is that of any other recipient, so whoever has it already gets it no second time.
    """
    row = (
        (await session.execute(select(notifications).where(notifications.c.id == held.id)))
        .one()
        ._asdict()
    )
    roles = selectors_of(row["selector"], held.recipient_id)
    engagement = await session.get(Engagement, held.engagement_id)
    if not roles or engagement is None:
        return "recipient_left"
    item = await session.get(Item, held.item_id)
    found = await all_holders(session, engagement, item, roles)
    named: dict[str, list[str]] = {}
    for role in roles:
        for one in found[role]:
            named.setdefault(one, []).append(role)
    if not named:
        return NO_RECIPIENT
    key = (held.engagement_id, held.item_id, held.kind, held.rung, str(held.revision))
    fresh = [
        {
            **row,
            **_AFRESH,
            "id": derived_id("ntf", *key, one),
            "recipient_id": one,
            "selector": ",".join(selectors),
            "reserved_at": now,
            "changed_at": now,
        }
        for one, selectors in named.items()
    ]
    new = await insert_or_ignore(session, notifications, fresh)
    return ROLE_PASSED if new else "recipient_left"
