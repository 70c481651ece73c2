"""An email that waits, written as it would leave: nothing is claimed, sent or changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import calendar_for
from notifications.content.rendering import Rendered
from notifications.content.scene import Who, read_scene
from notifications.custom_templates.writing import overrides_of, write
from notifications.delivery import ledger
from notifications.delivery.checks import Unfit, check_message
from notifications.delivery.recipient import Quiet
from notifications.kinds import KINDS
from storage.sql import notifications

_QUIET_DAYS = 14
"""Quiet days to skip before giving up: a recipient may choose each weekday."""


@dataclass(frozen=True)
class Upcoming:
    """An email as it would leave, if nothing changes until then."""

    leaves_at: datetime
    to: Who
    """The recipient, or their delegate."""
    rendered: Rendered


@dataclass(frozen=True)
class Dropped:
    """An email that would be withheld, and the named reason."""

    leaves_at: datetime
    reason: str


async def upcoming_email(
    session: AsyncSession, notification_id: str, public_url: str, now: datetime
) -> Upcoming | Dropped | None:
    """Check and write a reserved notification for the instant at which it would leave.

    ``None`` if it does not exist, is no longer waiting, or is a summary, which is written from
    the state of its own day.
    """
    known = select(notifications.c.id).where(notifications.c.id == notification_id)
    if (await session.execute(known)).one_or_none() is None:
        return None
    held = await ledger.look(session, notification_id, lock=False)
    if held.state != "reserved" or held.kind not in KINDS:
        return None
    scene = await read_scene(session, held.engagement_id, held.item_id, held.sequence)
    calendar = calendar_for(scene, held.recipient_id)
    at = calendar.next_send_instant(max(now, held.planned_at))
    for _ in range(_QUIET_DAYS):
        try:
            checked = await check_message(session, held, scene, public_url, at)
            break
        except Quiet as quiet:
            if quiet.retry_after is None:
                return Dropped(at, quiet.reason)
            at = calendar.next_send_instant(at + quiet.retry_after)
    else:
        return None
    if isinstance(checked, Unfit):
        return Dropped(at, checked.reason)
    contexts = {
        language: checked.kind.build(checked.message.in_language(language))
        for language in checked.languages
    }
    overrides = await overrides_of(session, scene.programme_id, checked.kind.name)
    written = write(checked.kind.name, contexts, overrides)
    return Upcoming(at, checked.message.recipient, written.rendered)
