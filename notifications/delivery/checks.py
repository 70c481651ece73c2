"""Checks, just before a notification leaves, whether what it says is still true."""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.calendar.entries import FIXES, WITH_CALENDAR, must_be_told_directly
from notifications.content.message import Message
from notifications.content.scene import Scene, read_recipient
from notifications.delivery.ledger import Held
from notifications.delivery.recipient import decide_recipient
from notifications.kinds import KINDS, Kind, Rule
from programmes.vocabulary import Language
from storage.roles import all_holders
from storage.sql import engagements, tasks
from storage.tables import Engagement, Item

log = structlog.get_logger(__name__)

REMINDER = ".reminder"
"""The ending of the kinds that announce a coming date."""

DATE_PASSED = "date_passed"
"""The reason of a reminder that could not leave before its date. It is withheld, or it says that
the date has passed."""


@dataclass(frozen=True)
class CurrentState:
    """The state that a notification is checked against."""

    stage: str
    """Of the engagement."""
    recipient_active: bool
    open_revision: int | None
    """The due revision of its task; ``None`` where the task is closed."""
    due_at: datetime | None = None
    """When its open task is due."""


@dataclass(frozen=True)
class Fit:
    """A notification that is true and whose recipient takes emails today."""

    held: Held
    kind: Kind
    message: Message
    """Addressed to the recipient, or to their delegate."""
    languages: tuple[Language, ...]
    note: str = ""
    """The reason why the email says something other than planned."""


@dataclass(frozen=True)
class Unfit:
    """A notification that does not leave: its new state, and the reason."""

    state: str
    reason: str


async def check_message(
    session: AsyncSession, held: Held, scene: Scene, public_url: str, now: datetime
) -> Fit | Unfit:
    """Check a notification that this transaction has locked. Raises ``Quiet`` if it has to wait."""
    kind = KINDS.get(held.kind)
    if kind is None:
        log.error("unknown_kind", notification=held.id, kind=held.kind)
        return Unfit("failed", "unknown_kind")
    task = held.task or kind.task
    recipient = await read_recipient(session, held.recipient_id)
    active = recipient is not None and recipient.active
    state = await _read_state(session, held, task, recipient_active=active)
    reason = outdated_reason(kind.rule, task, held.revision, state)
    if recipient is None or reason:
        return Unfit("withheld", reason)
    message = Message(
        scene,
        recipient,
        public_url,
        kind=held.kind,
        rung=held.rung,
        task=task,
        text_id=held.text_id,
    )
    if reason := kind.outdated(message):
        return Unfit("withheld", reason)
    note = ""
    if date_has_passed(kind.name, state.due_at, now):
        if await gets_overdue_email(session, held, scene, task):
            return Unfit("withheld", DATE_PASSED)
        kind, note = KINDS[f"{kind.family}.overdue"], DATE_PASSED
        message = replace(message, kind=kind.name)
    category = kind.category
    if held.kind in WITH_CALENDAR - FIXES and await must_be_told_directly(session, held, now):
        category = "personal"
    addressed = await decide_recipient(session, held, category, message, now)
    if isinstance(addressed, str):
        return Unfit("withheld", addressed)
    return Fit(held, kind, *addressed, note)


def outdated_reason(rule: Rule, task: str, revision: int, state: CurrentState) -> str:
    """The reason to withhold a notification; empty if it is still true."""
    if state.stage == "withdrawn" and rule != "always":
        return "engagement_closed"
    if state.stage == "completed" and rule == "running":
        return "engagement_closed"
    if task and state.open_revision is None:
        return "done"
    if task and revision and state.open_revision != revision:
        return "moved"
    # This comes last: a notification that is otherwise true goes to the role's new holder.
    return "" if state.recipient_active else "recipient_left"


def date_has_passed(kind: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether a reminder would announce a date that is already past."""
    return kind.endswith(REMINDER) and due_at is not None and due_at <= now


async def _read_state(
    session: AsyncSession, held: Held, task: str, *, recipient_active: bool
) -> CurrentState:
    on = (tasks.c.item_id == held.item_id) & (tasks.c.key == task)
    query = (
        select(engagements.c.stage, tasks.c.revision, tasks.c.due_at)
        .select_from(engagements.outerjoin(tasks, on))
        .where(engagements.c.id == held.engagement_id)
    )
    row = (await session.execute(query)).one()
    return CurrentState(row.stage, recipient_active, row.revision, row.due_at)


async def gets_overdue_email(session: AsyncSession, held: Held, scene: Scene, task: str) -> bool:
    """Whether the task's ladder emails the same recipient once the task is overdue.

    The overdue rung comes after every reminder of its ladder. It is never left out while the task
    is open, so that email is still to come or under way.
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
