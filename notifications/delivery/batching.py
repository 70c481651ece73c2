"""Which notification's email speaks for which others: rows of the ledger, and whose turn it is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import Occasion, calendar_for
from notifications.content.scene import Scene, read_scene
from notifications.delivery.checks import Fit, Unfit, judge
from notifications.delivery.ledger import Held, look
from notifications.delivery.preferences import choices_of
from notifications.delivery.recipient import Quiet, without_quiet_days
from notifications.delivery.states import before
from notifications.kinds import CATCH_UP, JOINING
from programmes.deadlines import late_from
from programmes.office_hours import Outage
from storage.queries.access import Visibility
from storage.roles import CONTACT_PREFIX
from storage.sql import contacts, engagements, items, members, notifications, people

COLLAPSED = "collapsed"
"""The named reason of a notification that another one carries."""

MOST = 200
"""What one email carries: nobody reads further. What goes beyond gets an email of its own."""


async def take_turn(session: AsyncSession, recipient_id: str) -> None:
    """Keep others from gathering what this recipient waits for, until the transaction ends.

    Taken before any row of the ledger is, by everybody who gathers: or two would deadlock. SQLite
    has one writer anyhow.
    """
    table = contacts if recipient_id.startswith(CONTACT_PREFIX) else people
    await session.execute(
        select(table.c.id).where(table.c.id == recipient_id).with_for_update(key_share=True)
    )


async def carried_by(session: AsyncSession, carrier_id: str) -> list[Held]:
    """What a notification carries, locked; the oldest first."""
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
    """What else of a programme should have left for the same recipient by now, locked; what
    somebody is sending is left alone.

    A row that somebody has locked is waited for: they may only be looking whether it is late.
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
    """Have these, which are open, or carried by another, carried by that one."""
    c = notifications.c
    await session.execute(
        update(notifications)
        .where(c.id.in_(ids), c.state.in_(before("withheld") | {"withheld"}))
        .values(state="withheld", reason=COLLAPSED, carrier_id=carrier_id, changed_at=now)
    )


async def let_go(session: AsyncSession, notification_id: str, reason: str, now: datetime) -> None:
    """Say why something is not carried any more: it would have been withheld by itself, too."""
    await session.execute(
        update(notifications)
        .where(notifications.c.id == notification_id)
        .values(reason=reason, carrier_id=None, changed_at=now)
    )


@dataclass(frozen=True)
class Companion:
    """Another notification of the same email."""

    id: str
    kind: str
    task: str
    item_kind: str
    item_key: str
    member: str
    state: str
    reason: str


@dataclass(frozen=True)
class Company:
    """Who speaks for a notification, or for whom it speaks; as far as this reader may see them."""

    carrier: Companion | None = None
    carries: tuple[Companion, ...] = ()
    unseen: int = 0
    """How many more it speaks for."""


async def read_company(
    session: AsyncSession, notification_id: str, carrier_id: str | None, visible_to: Visibility
) -> Company:
    """Read it, in a statement or two."""
    c = notifications.c
    if carrier_id is not None:
        found = await _companions(session, c.id == carrier_id, visible_to)
        return Company(carrier=found[0] if found else None)
    carried = c.carrier_id == notification_id
    count = select(func.count()).select_from(notifications).where(carried)
    if not (number := int((await session.execute(count)).scalar_one())):
        return Company()
    found = await _companions(session, carried, visible_to)
    return Company(carries=found, unseen=number - len(found))


async def _companions(
    session: AsyncSession, where: ColumnElement[bool], visible_to: Visibility
) -> tuple[Companion, ...]:
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
    return tuple(Companion(*row) for row in await session.execute(query))


def is_late(held: Held, scene: Scene, now: datetime) -> bool:
    """Whether it may be gathered: the programme's policy has it so, and it should have left a
    while ago. A day on which its recipient takes nothing is looked at later."""
    policy = _policy(scene)
    if policy.then != "collapse" or held.kind not in JOINING:
        return False
    calendar = calendar_for(scene, held.recipient_id)
    return now > late_from(calendar, held.planned_at, policy.late_after)


def _policy(scene: Scene) -> Outage:
    return scene.definition.outage if scene.definition else Outage()


@dataclass(frozen=True)
class Gathering:
    """One attempt's look around: for others that are late, and for what it carries already."""

    session: AsyncSession
    public_url: str
    now: datetime

    async def of(self, held: Held, scene: Scene, mine: Fit | Unfit) -> list[Fit]:
        """What this attempt's email has to tell, itself included; nothing, where it is not sent."""
        found = [mine] if isinstance(mine, Fit) else []
        # Only a second attempt can find that an earlier one has gathered something.
        if held.state != "reserved" or held.round:
            found += await self._still_true(held)
        if isinstance(mine, Fit) and await self._late(held, scene):
            others = await self._others(mine, scene)
            if others:
                ids = [one.held.id for one in others]
                await carry(self.session, held.id, ids, self.now)
            found += others
        return found

    async def _late(self, held: Held, scene: Scene) -> bool:
        if not is_late(held, scene, self.now):
            return False
        theirs = await choices_of(self.session, held.recipient_id)
        heeded = without_quiet_days(theirs, calendar_for(scene, held.recipient_id))
        return self.now > late_from(heeded, held.planned_at, _policy(scene).late_after)

    async def _still_true(self, carrier: Held) -> list[Fit]:
        """What it carries; what is not true any more is let go, with the reason."""
        kept: list[Fit] = []
        for one in await carried_by(self.session, carrier.id):
            scene = await self._scene(one)
            judged = await judge(self.session, one, scene, self.public_url, self.now)
            if isinstance(judged, Fit):
                kept.append(judged)
            else:
                await let_go(self.session, one.id, judged.reason, self.now)
        return kept

    async def _others(self, mine: Fit, scene: Scene) -> list[Fit]:
        """What else is late, still true, and for the same reader, with what that carries."""
        found: list[Fit] = []
        for one in await others_open(
            self.session, mine.held, scene.programme_id, JOINING, self.now
        ):
            about = await self._scene(one)
            if not await self._late(one, about):
                continue
            try:
                judged = await judge(self.session, one, about, self.public_url, self.now)
            except Quiet:
                continue
            # What is not true is withheld by its own delivery, with its own reason.
            if isinstance(judged, Fit) and _same_reader(judged.occasion, mine.occasion):
                found += [judged, *await self._still_true(one)]
        return found

    async def _scene(self, held: Held) -> Scene:
        return await read_scene(self.session, held.engagement_id, held.item_id, held.sequence)


def _same_reader(one: Occasion, other: Occasion) -> bool:
    return one.recipient.id == other.recipient.id


def catch_up(found: Iterable[Fit]) -> Occasion:
    """The occasion of the one email that tells of all of these."""
    told = list(found)
    return replace(
        told[0].occasion,
        kind=CATCH_UP,
        rung="",
        task="",
        text_id=None,
        carries=tuple(one.occasion for one in told),
        since=min(one.held.planned_at for one in told),
    )
