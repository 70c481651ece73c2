"""Whether one notification may leave now, to whom, and in which words: asked as it leaves."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.catalogue import KINDS, Kind
from notifications.courtesy import courtesy
from notifications.dated_kinds import CARRYING, FIXES
from notifications.languages import Mode
from notifications.ledger import Held
from notifications.occasion import Occasion
from notifications.passed_dates import hears_overdue
from notifications.scene import Scene, read_recipient
from notifications.standing import read_standing
from notifications.standing_entries import must_hear_themselves
from notifications.truth import DATE_PASSED, Now, date_has_passed, untrue_because

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Fit:
    """It is true, and its recipient, or whoever stands in for them, takes it today."""

    held: Held
    kind: Kind
    occasion: Occasion
    language: Mode
    restated: str = ""
    """The named reason why it says something else than it was to say."""


@dataclass(frozen=True)
class Unfit:
    """It does not leave: the state that it gets, and the named reason."""

    state: str
    reason: str


async def judge(
    session: AsyncSession, held: Held, scene: Scene, public_url: str, now: datetime
) -> Fit | Unfit:
    """Judge a notification that was looked at in this transaction. Raises ``Quiet``."""
    kind = KINDS.get(held.kind)
    if kind is None:
        log.error("unknown_kind", notification=held.id, kind=held.kind)
        return Unfit("failed", "unknown_kind")
    task = held.task or kind.task
    recipient = await read_recipient(session, held.recipient_id)
    standing = await read_standing(session, held.engagement_id, held.item_id, task)
    state = Now(
        stage=standing.stage,
        recipient_active=recipient is not None and recipient.active,
        open_revision=standing.open_revision,
    )
    reason = untrue_because(kind.rule, task, held.revision, state)
    if recipient is None or reason:
        return Unfit("withheld", reason)
    occasion = Occasion(
        scene,
        recipient,
        public_url,
        kind=held.kind,
        rung=held.rung,
        task=task,
        text_id=held.text_id,
    )
    if reason := kind.untrue(occasion):
        return Unfit("withheld", reason)
    restated = ""
    if date_has_passed(kind.name, standing.due_at, now):
        if await hears_overdue(session, held, scene, task):
            return Unfit("withheld", DATE_PASSED)
        kind, restated = KINDS[f"{kind.family}.overdue"], DATE_PASSED
        occasion = replace(occasion, kind=kind.name)
    category = kind.category
    if held.kind in CARRYING - FIXES and await must_hear_themselves(session, held, now):
        category = "personal"
    told = await courtesy(session, held, category, occasion, now)
    if told.occasion is None:
        return Unfit("withheld", told.reason)
    return Fit(held, kind, told.occasion, told.language, restated)
