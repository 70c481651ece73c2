"""Whether what a notification says is still true: asked just before it leaves."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar.entries import CARRYING, FIXES, must_hear_themselves
from notifications.content.message import Occasion
from notifications.content.scene import Scene, read_recipient
from notifications.delivery.ledger import Held
from notifications.delivery.recipient import courtesy
from notifications.kinds import KINDS, Kind, Rule
from notifications.languages import Mode
from storage.roles import all_holders
from storage.sql import engagements, tasks
from storage.tables import Engagement, Item

REMINDER = ".reminder"
"""How the kinds end that speak of a date to come."""

DATE_PASSED = "date_passed"
"""The named reason of a reminder that could not leave before the date that it speaks of: of its
being withheld, or of its saying that the date has passed."""


@dataclass(frozen=True)
class Now:
    """The state that a notification is checked against."""

    stage: str
    """Of the engagement."""
    recipient_active: bool
    open_revision: int | None
    """The due revision of the task that it is about; ``None`` where that is not open any more."""


def untrue_because(rule: Rule, task: str, revision: int, now: Now) -> str:
    """The named reason to withhold a notification, or an empty string where it is still true."""
    if now.stage == "withdrawn" and rule != "always":
        return "engagement_closed"
    if now.stage == "completed" and rule == "running":
        return "engagement_closed"
    if task and now.open_revision is None:
        return "done"
    if task and revision and now.open_revision != revision:
        return "moved"
    # Last: what holds otherwise is for whoever holds the role now.
    return "" if now.recipient_active else "recipient_left"


def date_has_passed(kind: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether that kind would speak of a date to come that lies behind."""
    return kind.endswith(REMINDER) and due_at is not None and due_at <= now


@dataclass(frozen=True)
class Standing:
    """How its engagement and its task stand."""

    stage: str
    open_revision: int | None
    due_at: datetime | None
    """When its task is due, if that is open."""


async def read_standing(
    session: AsyncSession, engagement_id: str, item_id: str, task: str
) -> Standing:
    """The engagement's stage, and the due revision and date of a task if that is open."""
    query = (
        select(engagements.c.stage, tasks.c.revision, tasks.c.due_at)
        .select_from(
            engagements.outerjoin(tasks, (tasks.c.item_id == item_id) & (tasks.c.key == task))
        )
        .where(engagements.c.id == engagement_id)
    )
    row = (await session.execute(query)).one()
    return Standing(row.stage, row.revision, row.due_at)


async def hears_overdue(session: AsyncSession, held: Held, scene: Scene, task: str) -> bool:
    """Whether the task's ladder tells the same recipient, once that is overdue.

    A rung that says so comes after every reminder of its ladder, and is never left out while the
    task is open at that date: it is ahead, or under way.
    """
    selectors = _told_when_overdue(scene, task)
    engagement = await session.get(Engagement, held.engagement_id)
    if not selectors or engagement is None:
        return False
    item = await session.get(Item, held.item_id)
    found = await all_holders(session, engagement, item, selectors)
    return any(held.recipient_id in holders for holders in found.values())


def _told_when_overdue(scene: Scene, task: str) -> set[str]:
    open_task = scene.tasks.get(task)
    if scene.definition is None or open_task is None:
        return set()
    rules = scene.definition.rules()
    stage = rules.stage_of(scene.item_kind, scene.item_key, task)
    ladder = rules.ladders.get(stage.ladder) if stage else None
    rungs = [rung for rung in ladder.rungs if rung.says == "overdue"] if ladder else []
    return {open_task.owner_role if to == "owner" else to for rung in rungs for to in rung.to}


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
