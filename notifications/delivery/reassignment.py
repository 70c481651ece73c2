"""Emails when roles change hands: what the new holder takes over, and what waited for a holder."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.delivery import reserving
from notifications.delivery.ledger import Held, Waiting
from notifications.delivery.reserving import NO_RECIPIENT_ID
from programmes.calendar import calendar_from_json
from programmes.facts import Notice, Record
from storage.database import derived_id, insert_or_ignore
from storage.master.teams import TakenOver
from storage.roles import LEAD, ROLES, Team, all_holders, roster
from storage.sql import engagements, items, notifications
from storage.tables import Engagement, Item

NEW_IN_TEAM = "engagement.new_in_team"
"""The kind of email for a person of the office who takes over a role."""
NEW_LEAD = "engagement.new_lead"
"""The kind of email for a member's new lead contact."""

NO_RECIPIENT = "no_recipient"
"""The reason of a notification whose role had no holder."""
SAID_LATER = "said_later"
"""The reason of a notification that a later email about the same task repeats."""
ROLE_PASSED = "role_passed"
"""The reason of a notification that was reserved again for the role's new holders."""


@dataclass(frozen=True)
class PendingNotices:
    """The record whose notices are to be sent, and the earliest time for that."""

    engagement_id: str
    sequence: int
    not_before: datetime | None


async def reserve(session: AsyncSession, taken: TakenOver, now: datetime) -> PendingNotices:
    """Reserve the emails to new holders, in the transaction that changes the roles.

    A holder of two roles gets one email. At night the emails wait for the morning, like every email
    that a user causes.
    """
    engagement = await session.get(Engagement, taken.engagement_id, populate_existing=True)
    assert engagement is not None
    window = calendar_from_json(engagement.calendar).next_send_instant(now)
    wait = window if window > now else None
    kind = NEW_LEAD if taken.roles == (LEAD,) else NEW_IN_TEAM
    # A holder who gets the role back later is told again: the number makes it another notice.
    notice = Notice(kind, taken.roles, rung=str(-taken.sequence), not_before=wait)
    id = taken.engagement_id
    record = Record(id, id, taken.sequence, facts=(), tasks=None, notices=(notice,))
    await reserving.reserve(session, record, now)
    return PendingNotices(id, taken.sequence, wait)


async def unsent_notices(session: AsyncSession, now: datetime) -> list[PendingNotices]:
    """Notices that should have left by now: Temporal may have been down when they were reserved."""
    c = notifications.c
    query = (
        select(c.engagement_id, c.sequence, func.max(c.not_before))
        .where(
            c.kind.in_((NEW_IN_TEAM, NEW_LEAD)),
            c.state == "reserved",
            c.round == 0,
            or_(c.not_before.is_(None), c.not_before <= now),
            or_(c.waits_until.is_(None), c.waits_until <= now),
        )
        .group_by(c.engagement_id, c.sequence)
        .order_by(c.engagement_id, c.sequence.desc())
    )
    return [PendingNotices(*row) for row in await session.execute(query)]


def roles_of(selector: str, recipient_id: str) -> list[str]:
    """The selectors whose current holders may get a notification in the recipient's place.

    A notification for a named person ends with them, unless it never had a recipient.
    """
    meant = selector.split(",")
    return meant if recipient_id == NO_RECIPIENT_ID else [one for one in meant if one in ROLES]


async def sendable_now(session: AsyncSession) -> list[Waiting]:
    """Notifications without a recipient whose role has a holder now, the oldest first.

    Whether each is still true is checked when it is sent.
    """
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
            # The person themselves may be back.
            frozenset((*roles_of(row.selector, row.recipient_id), row.recipient_id)),
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
    """Whether a later email about the same task is for one of the same roles."""
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


async def reserve_for_successors(session: AsyncSession, held: Held, now: datetime) -> str:
    """Reserve the notification for the role's current holders.

    Returns the reason to withhold this one. Its key is the usual key of each recipient, so a holder
    who has the notification already gets no second one.
    """
    row = (
        (await session.execute(select(notifications).where(notifications.c.id == held.id)))
        .one()
        ._asdict()
    )
    roles = roles_of(row["selector"], held.recipient_id)
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
