"""Who gets what was meant for somebody who has left since, or for a role that nobody had: whoever
holds that role now."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.ledger import Held
from notifications.unheard import NO_RECIPIENT, selectors_of
from storage.ids import derived_id
from storage.roles import all_holders
from storage.sql import insert_or_ignore, notifications
from storage.tables import Engagement, Item

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
