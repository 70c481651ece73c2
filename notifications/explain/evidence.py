"""Reads the records that explain one notification, in a few statements."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.content.message import calendar_of, recipient_calendar
from notifications.content.programme import NewestVersion, newest_version, read_programme_scene
from notifications.content.scene import Scene, read_scene
from notifications.delivery.batching import Batch, read_batch
from notifications.delivery.outdated import TimelineEvent, read_outdating_event
from notifications.delivery.preferences import Choices, read_choices
from notifications.digests.planning import KINDS
from programmes.calendar import WorkingCalendar, is_office
from programmes.office_hours import UkCalendar
from storage.queries.access import ALL, Visibility, names_of
from storage.queries.notifications import NotificationDetail, show_notification
from storage.queries.rows import AnyRow
from storage.sql import (
    contacts,
    engagements,
    events,
    members,
    notifications,
    people,
    suppressions,
    tasks,
)


@dataclass(frozen=True)
class Chosen:
    """A recipient's current choices, and their results for one notification."""

    recipient_choices: Choices = field(default_factory=Choices)
    """The recipient's choices; the defaults for a reader who may not know them."""
    reader_choices: Choices = field(default_factory=Choices)
    """The choices of the person who gets it: their quiet days and language apply."""
    told_delegate: str = ""
    """The name of the delegate who got it; empty if the recipient got it."""
    delegate: str = ""
    """The name of the recipient's current delegate."""
    summary: tuple[datetime, str] | None = None
    """The time and the state of the next summary after it."""
    suppressed: tuple[datetime, str] | None = None
    """Since when and why the recipient's address is suppressed."""


async def read_chosen(session: AsyncSession, notification_id: str, *, may_know: bool) -> Chosen:
    """Read the choices. ``may_know``: whether the reader may know them."""
    c = notifications.c
    query = select(c.recipient_id, c.told_id, c.reason, c.changed_at).where(c.id == notification_id)
    row = (await session.execute(query)).one()
    told_id = row.told_id if row.told_id != row.recipient_id else ""
    chosen = await read_choices(session, filter(None, (row.recipient_id, told_id)))
    recipient_choices = chosen[row.recipient_id]
    named = sorted(filter(None, {told_id, recipient_choices.delegate_id}))
    names: Mapping[str, str] = await names_of(session, named)
    gets = (chosen[told_id] if told_id else recipient_choices) if may_know else Choices()
    return Chosen(
        recipient_choices=recipient_choices if may_know else Choices(),
        reader_choices=gets,
        told_delegate=names.get(told_id, ""),
        delegate=names.get(recipient_choices.delegate_id or "", "") if may_know else "",
        summary=await _summary(session, row) if row.reason == "in_digest" else None,
        suppressed=await _suppressed(session, row.recipient_id) if may_know else None,
    )


async def _summary(session: AsyncSession, row: AnyRow) -> tuple[datetime, str] | None:
    c = notifications.c
    query = (
        select(c.reserved_at, c.state)
        .where(
            c.recipient_id == row.recipient_id,
            c.kind.in_(KINDS.values()),
            c.reserved_at >= row.changed_at,
        )
        .order_by(c.reserved_at)
        .limit(1)
    )
    found = (await session.execute(query)).one_or_none()
    return (found.reserved_at, found.state) if found else None


async def _suppressed(session: AsyncSession, recipient_id: str) -> tuple[datetime, str] | None:
    s = suppressions.c
    address = or_(
        *(
            s.address.in_(select(t.c.email).where(t.c.id == recipient_id))
            for t in (contacts, people)
        )
    )
    query = select(s.at, s.reason).where(address, s.lifted_at.is_(None)).limit(1)
    found = (await session.execute(query)).one_or_none()
    return (found.at, found.reason) if found else None


_DATES = ("deadline.moved", "rung.fired", "rung.deferred")
"""The facts about a task's dates, and about emails that waited for a sending window."""


@dataclass(frozen=True)
class Evidence:
    """Everything that explains one notification."""

    detail: NotificationDetail
    scene: Scene
    nation: str
    """The nation whose bank holidays apply to the recipient."""
    member: str
    version: int
    calendar: WorkingCalendar | None
    """The recipient's calendar, as the engagement was planned; ``None`` if it cannot be read."""
    causes: tuple[TimelineEvent, ...]
    """The facts of the record that reserved it."""
    dates: tuple[TimelineEvent, ...]
    """The facts about its task's dates up to then."""
    said: tuple[TimelineEvent, ...]
    """What users have decided about it since."""
    open_due: tuple[int, datetime] | None
    """Revision and due instant of its task, if the task is open."""
    names: Mapping[str, str]
    batch: Batch
    chosen: Chosen
    outdated_by: TimelineEvent | None = None
    """The event that made it untrue, if it was withheld for that."""
    newest: NewestVersion | None = None
    """The version that sets the time of the next summary, if it was collected."""


async def read_evidence(
    session: AsyncSession,
    notification_id: str,
    *,
    visible_to: Visibility = ALL,
    choices_of: str | None = None,
) -> Evidence | None:
    """Read the evidence; ``None`` if the notification does not exist for this reader.

    ``choices_of``: the only person whose choices the reader may know, usually the reader. ``None``
    means that the reader may know every recipient's choices.
    """
    detail = await show_notification(session, notification_id, visible_to=visible_to)
    if detail is None:
        return None
    row = detail.row
    knows = choices_of in (None, row.recipient.id)
    chosen = await read_chosen(session, row.id, may_know=knows)
    if row.engagement_id is None:
        return await _of_summary(session, detail, chosen)
    scene = await read_scene(session, row.engagement_id, row.item_id, detail.sequence)
    noted = await _events(session, detail)
    causes = tuple(
        one for item, one in noted if item == row.item_id and one.sequence == detail.sequence
    )
    outdated_by = await read_outdating_event(session, detail)
    told = [one for _, one in noted] + ([outdated_by] if outdated_by else [])
    named = {one.actor for one in told}
    named |= {value for one in told for value in one.data.values()}
    place = await _place(session, row.engagement_id)
    collected = row.reason == "in_digest"
    return Evidence(
        detail=detail,
        scene=scene,
        nation=_nation(scene, place.nation, row.recipient.id),
        member=place.name,
        version=place.programme_version,
        calendar=_calendar(scene, row.recipient.id),
        causes=causes,
        dates=tuple(
            one
            for item, one in noted
            if item == row.item_id and one.kind in _DATES and one.data.get("task") == row.task
        ),
        said=tuple(one for item, one in noted if item == row.id),
        open_due=await _open_due(session, row.item_id, row.task),
        names=await names_of(session, sorted(id for id in named if id[:4] in ("con_", "per_"))),
        batch=await read_batch(session, row.id, detail.carrier_id, visible_to),
        chosen=chosen,
        outdated_by=outdated_by,
        newest=await newest_version(session, scene.programme_id) if collected else None,
    )


async def _of_summary(
    session: AsyncSession, detail: NotificationDetail, chosen: Chosen
) -> Evidence:
    """The evidence of a summary, which comes from the programme and not from a record."""
    scene, version = await read_programme_scene(session, detail.programme_id)
    said = tuple(one for item, one in await _events(session, detail) if item == detail.row.id)
    actors = {one.actor for one in said if one.actor[:4] in ("con_", "per_")}
    return Evidence(
        detail=detail,
        scene=scene,
        nation="",
        member="",
        version=version,
        calendar=None,
        causes=(),
        dates=(),
        said=said,
        open_due=None,
        names=await names_of(session, sorted(actors)),
        batch=Batch(),
        chosen=chosen,
    )


async def _events(
    session: AsyncSession, detail: NotificationDetail
) -> list[tuple[str, TimelineEvent]]:
    c = events.c
    of_the_record = (c.item_id == detail.row.item_id) & (c.sequence == detail.sequence)
    of_the_dates = (
        (c.item_id == detail.row.item_id) & (c.sequence <= detail.sequence) & c.kind.in_(_DATES)
    )
    query = (
        select(c.item_id, c.sequence, c.kind, c.actor, c.at, c.data)
        .where(or_(of_the_record, of_the_dates, c.item_id == detail.row.id))
        .order_by(c.sequence, c.position)
    )
    return [(row[0], TimelineEvent(*row[1:])) for row in await session.execute(query)]


async def _place(session: AsyncSession, engagement_id: str) -> AnyRow:
    query = (
        select(members.c.nation, members.c.name, engagements.c.programme_version)
        .select_from(engagements.join(members, members.c.id == engagements.c.member_id))
        .where(engagements.c.id == engagement_id)
    )
    return (await session.execute(query)).one()


async def _open_due(session: AsyncSession, item_id: str, task: str) -> tuple[int, datetime] | None:
    c = tasks.c
    query = select(c.revision, c.due_at).where(c.item_id == item_id, c.key == task)
    row = (await session.execute(query)).one_or_none()
    return (row.revision, row.due_at) if row is not None else None


def _calendar(scene: Scene, recipient_id: str) -> WorkingCalendar | None:
    try:
        return recipient_calendar(calendar_of(scene), scene.definition, recipient_id)
    except ValidationError:
        return None


def _nation(scene: Scene, members: str, recipient_id: str) -> str:
    calendar = scene.definition.calendar if scene.definition else None
    if isinstance(calendar, UkCalendar) and is_office(recipient_id):
        return calendar.office
    return members
