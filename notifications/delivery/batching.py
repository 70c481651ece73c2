"""Batching: one email in place of several late ones for the same recipient."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import Message, calendar_for
from notifications.content.scene import Scene, read_scene
from notifications.delivery.checks import Fit, Unfit, check_message
from notifications.delivery.ledger import Held, before, look
from notifications.delivery.preferences import choices_of
from notifications.delivery.recipient import Quiet, without_quiet_days
from notifications.kinds import BATCHABLE, CATCH_UP
from programmes.deadlines import late_from
from programmes.office_hours import Outage
from storage.queries.access import Visibility
from storage.roles import CONTACT_PREFIX
from storage.sql import contacts, engagements, items, members, notifications, people

COLLAPSED = "collapsed"
"""The reason of a notification that another email includes."""

MOST = 200
"""The most notifications in one email. The rest go into another email."""


async def take_turn(session: AsyncSession, recipient_id: str) -> None:
    """Keep other attempts from batching this recipient's notifications until the transaction ends.

    Every attempt that batches takes this lock before any notification, to avoid deadlocks. SQLite
    has one writer anyway.
    """
    table = contacts if recipient_id.startswith(CONTACT_PREFIX) else people
    await session.execute(
        select(table.c.id).where(table.c.id == recipient_id).with_for_update(key_share=True)
    )


async def carried_by(session: AsyncSession, carrier_id: str) -> list[Held]:
    """The notifications that this one's email includes, locked; the oldest first."""
    c = notifications.c
    query = (
        select(c.id)
        .where(c.carrier_id == carrier_id, c.state == "withheld", c.reason == COLLAPSED)
        .order_by(c.reserved_at, c.id)
    )
    return [await look(session, id) for id in (await session.execute(query)).scalars()]


async def others_open(
    session: AsyncSession, mine: Held, programme_id: str, kinds: Collection[str], now: datetime
) -> list[Held]:
    """Other late notifications of a programme for the same recipient, locked.

    Notifications that an attempt is sending are left out. The query waits for locked ones, because
    the other attempt may only be checking whether they are late.
    """
    c = notifications.c
    planned = func.coalesce(c.planned_at, c.not_before, c.reserved_at)
    query = (
        select(c.id)
        .select_from(notifications.join(engagements, engagements.c.id == c.engagement_id))
        .where(
            c.recipient_id == mine.recipient_id,
            engagements.c.programme_id == programme_id,
            c.state.in_(("reserved", "claimed")),
            c.kind.in_(sorted(kinds)),
            c.id != mine.id,
            planned <= now,
        )
        .order_by(c.reserved_at, c.id)
        .limit(MOST)
        .with_for_update(of=notifications)
    )
    ids = (await session.execute(query)).scalars().all()
    found = [await look(session, id) for id in ids]
    return [one for one in found if one.open and one.interrupted is None]


async def carry(session: AsyncSession, carrier_id: str, ids: Sequence[str], now: datetime) -> None:
    """Include these notifications in another one's email."""
    c = notifications.c
    await session.execute(
        update(notifications)
        .where(c.id.in_(ids), c.state.in_(before("withheld") | {"withheld"}))
        .values(state="withheld", reason=COLLAPSED, carrier_id=carrier_id, changed_at=now)
    )


async def release(session: AsyncSession, notification_id: str, reason: str, now: datetime) -> None:
    """Withhold a notification for its own reason: it is no longer part of another email."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(reason=reason, carrier_id=None, changed_at=now)
    )


@dataclass(frozen=True)
class BatchedEmail:
    """Another notification in the same email."""

    id: str
    kind: str
    task: str
    item_kind: str
    item_key: str
    member: str
    state: str
    reason: str


@dataclass(frozen=True)
class Batch:
    """The notifications that share an email, as far as this reader may see them."""

    carrier: BatchedEmail | None = None
    """The one whose email includes this one."""
    carries: tuple[BatchedEmail, ...] = ()
    unseen: int = 0
    """How many others it includes that the reader may not see."""


async def read_batch(
    session: AsyncSession, notification_id: str, carrier_id: str | None, visible_to: Visibility
) -> Batch:
    """Read a notification's batch, in one or two statements."""
    c = notifications.c
    if carrier_id is not None:
        found = await _batched(session, c.id == carrier_id, visible_to)
        return Batch(carrier=found[0] if found else None)
    carried = c.carrier_id == notification_id
    count = select(func.count()).select_from(notifications).where(carried)
    if not (number := int((await session.execute(count)).scalar_one())):
        return Batch()
    found = await _batched(session, carried, visible_to)
    return Batch(carries=found, unseen=number - len(found))


async def _batched(
    session: AsyncSession, where: ColumnElement[bool], visible_to: Visibility
) -> tuple[BatchedEmail, ...]:
    c = notifications.c
    query = (
        select(
            *(c.id, c.kind, c.task),
            func.coalesce(items.c.kind, ""),
            func.coalesce(items.c.key, ""),
            *(members.c.name, c.state, c.reason),
        )
        .select_from(
            notifications.join(engagements, engagements.c.id == c.engagement_id)
            .join(members, members.c.id == engagements.c.member_id)
            .outerjoin(items, items.c.id == c.item_id)
        )
        .where(where, visible_to.of_engagements())
        .order_by(c.reserved_at, c.id)
    )
    return tuple(BatchedEmail(*row) for row in await session.execute(query))


def is_late(held: Held, scene: Scene, now: datetime) -> bool:
    """Whether it may be batched: the programme batches late emails, and this one is late.

    The recipient's quiet days are considered later, in ``Batching``.
    """
    policy = _policy(scene)
    if policy.then != "collapse" or held.kind not in BATCHABLE:
        return False
    calendar = calendar_for(scene, held.recipient_id)
    return now > late_from(calendar, held.planned_at, policy.late_after)


def _policy(scene: Scene) -> Outage:
    return scene.definition.outage if scene.definition else Outage()


@dataclass(frozen=True)
class Batching:
    """Finds the late notifications that one attempt's email includes."""

    session: AsyncSession
    public_url: str
    now: datetime

    async def of(self, held: Held, scene: Scene, checked: Fit | Unfit) -> list[Fit]:
        """Every notification in this attempt's email, its own first; empty if none is sent."""
        found = [checked] if isinstance(checked, Fit) else []
        # Only a second attempt can find a batch that an earlier one has made.
        if held.state != "reserved" or held.round:
            found += await self._still_true(held)
        if isinstance(checked, Fit) and await self._late(held, scene):
            others = await self._others(checked, scene)
            if others:
                ids = [one.held.id for one in others]
                await carry(self.session, held.id, ids, self.now)
            found += others
        return found

    async def _late(self, held: Held, scene: Scene) -> bool:
        if not is_late(held, scene, self.now):
            return False
        chosen = await choices_of(self.session, held.recipient_id)
        open_days = without_quiet_days(chosen, calendar_for(scene, held.recipient_id))
        return self.now > late_from(open_days, held.planned_at, _policy(scene).late_after)

    async def _still_true(self, carrier: Held) -> list[Fit]:
        """The batched notifications that are still true; the others are released."""
        kept: list[Fit] = []
        for one in await carried_by(self.session, carrier.id):
            scene = await self._scene(one)
            checked = await check_message(self.session, one, scene, self.public_url, self.now)
            if isinstance(checked, Fit):
                kept.append(checked)
            else:
                await release(self.session, one.id, checked.reason, self.now)
        return kept

    async def _others(self, mine: Fit, scene: Scene) -> list[Fit]:
        """Other late notifications for the same reader that are still true, with their batches."""
        found: list[Fit] = []
        for one in await others_open(
            self.session, mine.held, scene.programme_id, BATCHABLE, self.now
        ):
            about = await self._scene(one)
            if not await self._late(one, about):
                continue
            try:
                checked = await check_message(self.session, one, about, self.public_url, self.now)
            except Quiet:
                continue
            # An outdated one is withheld by its own delivery, with its own reason. One whose member
            # is in a blackout waits for its end.
            if (
                isinstance(checked, Fit)
                and checked.message.recipient.id == mine.message.recipient.id
                and checked.message.recipient_calendar.blackout_ahead(self.now) is None
            ):
                found += [checked, *await self._still_true(one)]
        return found

    async def _scene(self, held: Held) -> Scene:
        return await read_scene(self.session, held.engagement_id, held.item_id, held.sequence)


def catch_up(found: Iterable[Fit]) -> Message:
    """The message of the one email that includes all of these."""
    fit = list(found)
    return replace(
        fit[0].message,
        kind=CATCH_UP,
        rung="",
        task="",
        text_id=None,
        carries=tuple(one.message for one in fit),
        since=min(one.held.planned_at for one in fit),
    )
