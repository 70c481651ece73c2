"""Everything that an email may mention, read in a few statements just before it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy import literal, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from notifications.digests.reading import ListedTask, tasks_of_engagement
from notifications.sentences import Clock
from notifications.words import Titles, parsed_in_thread, titles_of
from programmes.calendar import Blackout, blackouts_from_json
from programmes.definition import Definition
from programmes.problems import DefinitionErrors
from programmes.vocabulary import Language
from storage.queries.rows import AnyRow
from storage.sql import (
    contacts,
    engagements,
    events,
    items,
    members,
    notifications,
    people,
    programmes,
    tasks,
    texts,
)

log = structlog.get_logger(__name__)

MEMBERS_OWN = ("lead", "contact")
"""The roles of a member's own contacts."""


@dataclass(frozen=True)
class Who:
    """A contact or a person of the office."""

    id: str
    name: str
    email: str
    role: str
    """``lead`` or ``contact`` for a member's contact; else the person's role in the office."""
    active: bool


@dataclass(frozen=True)
class Words:
    """A text that a person wrote, with its title and link if it has them."""

    body: str
    title: str
    link: str


@dataclass(frozen=True)
class OpenTask:
    """An open task as it stands."""

    key: str
    family: str
    owner_role: str
    owner_id: str | None
    due_at: datetime
    revision: int


@dataclass(frozen=True)
class Happened:
    """A fact of the email's own record."""

    kind: str
    actor: str
    data: Mapping[str, str]
    text_id: str | None


@dataclass(frozen=True)
class Scene:
    """One record with its engagement, item, tasks, people, texts and facts."""

    engagement_id: str
    member_id: str
    member: str
    stage: str
    started_on: date
    onboarded_at: datetime | None
    moved: Mapping[str, str]
    cycles: tuple[str, ...]
    calendar: Mapping[str, Any]
    """The calendar that the engagement was planned with."""
    clock: Clock
    titles: Titles
    definition: Definition | None
    manager_id: str | None
    adviser_id: str | None
    item_id: str
    item_kind: str
    item_key: str
    item_stage: str
    item_data: Mapping[str, str]
    assignee_id: str | None
    tasks: Mapping[str, OpenTask] = field(default_factory=dict)
    people: Mapping[str, Who] = field(default_factory=dict)
    texts: Mapping[str, Words] = field(default_factory=dict)
    facts: tuple[Happened, ...] = ()
    programme_id: str = ""
    everything_open: tuple[ListedTask, ...] = ()
    """Every open task of the engagement; read only for emails about the engagement itself."""
    blackouts: tuple[Blackout, ...] = ()
    """The member's blackouts as stored today; the engagement may be planned with others."""

    def name_of(self, id: str | None) -> str:
        """The name behind an id, or an empty string."""
        return self.people[id].name if id and id in self.people else ""

    def in_language(self, language: Language) -> "Scene":
        """The scene in that language."""
        if self.titles.language == language:
            return self
        titles = (
            titles_of(self.definition, language)
            if self.definition
            else replace(self.titles, language=language)
        )
        return replace(self, titles=titles, clock=replace(self.clock, language=language))


async def read_scene(
    session: AsyncSession, engagement_id: str, item_id: str, sequence: int
) -> Scene:
    """Read a record's scene in five statements, or six if it is about the engagement itself.

    Raises ``LookupError`` if the engagement does not exist.
    """
    row = await _engagement(session, engagement_id, item_id)
    open_tasks = await _tasks(session, item_id)
    facts = await _facts(session, item_id, sequence)
    data: Mapping[str, str] = row.data or {}
    # These values mix ids of people, ids of texts and other text; other text finds no row.
    mentioned = {row.manager_id, row.adviser_id, row.assignee_id}
    mentioned |= {task.owner_id for task in open_tasks} | {fact.actor for fact in facts}
    values = set(data.values())
    for fact in facts:
        values |= {*fact.data.values(), fact.text_id or ""}
    named = {id for id in mentioned | values if id and id.startswith(("con_", "per_"))}
    definition, titles = await _definition(row)
    return Scene(
        engagement_id=engagement_id,
        member_id=row.member_id,
        member=row.member,
        stage=row.stage,
        started_on=row.started_on,
        onboarded_at=row.onboarded_at,
        moved=row.moved,
        cycles=tuple(row.cycles),
        calendar=row.calendar,
        clock=Clock(row.calendar.get("zone", "UTC"), bool(row.calendar.get("always_open", False))),
        titles=titles,
        definition=definition,
        manager_id=row.manager_id,
        adviser_id=row.adviser_id,
        item_id=row.item_id or "",
        item_kind=row.kind or "",
        item_key=row.key or "",
        item_stage=row.item_stage or "",
        item_data=data,
        assignee_id=row.assignee_id,
        tasks={task.key: task for task in open_tasks},
        people=await _people(session, row.member_id, named),
        texts=await _texts(session, item_id, sequence, values),
        facts=facts,
        programme_id=row.programme_id,
        everything_open=tuple(
            await tasks_of_engagement(session, engagement_id) if item_id == engagement_id else ()
        ),
        blackouts=blackouts_from_json(row.blackouts),
    )


async def _engagement(session: AsyncSession, engagement_id: str, item_id: str) -> AnyRow:
    joined = (
        engagements.join(members, members.c.id == engagements.c.member_id)
        .outerjoin(
            programmes,
            (programmes.c.id == engagements.c.programme_id)
            & (programmes.c.version == engagements.c.programme_version),
        )
        .outerjoin(items, items.c.id == item_id)
    )
    query = (
        select(
            engagements.c.member_id,
            members.c.name.label("member"),
            members.c.blackouts,
            engagements.c.stage,
            engagements.c.started_on,
            engagements.c.onboarded_at,
            engagements.c.moved,
            engagements.c.cycles,
            engagements.c.calendar,
            engagements.c.programme_id,
            engagements.c.manager_id,
            engagements.c.adviser_id,
            programmes.c.source,
            programmes.c.title.label("programme"),
            items.c.id.label("item_id"),
            items.c.kind,
            items.c.key,
            items.c.stage.label("item_stage"),
            items.c.data,
            items.c.assignee_id,
        )
        .select_from(joined)
        .where(engagements.c.id == engagement_id)
    )
    row = (await session.execute(query)).one_or_none()
    if row is None:
        raise LookupError(f"no engagement {engagement_id}")
    return row


async def _definition(row: AnyRow) -> tuple[Definition | None, Titles]:
    """The definition and its titles. If it cannot be read, emails lack titles and planned dates
    but still leave."""
    if row.source:
        try:
            return await parsed_in_thread(row.source)
        except DefinitionErrors:
            log.error("stored_programme_unreadable", programme=row.programme_id)
    return None, Titles(programme=row.programme or row.programme_id)


async def _tasks(session: AsyncSession, item_id: str) -> list[OpenTask]:
    query = select(tasks).where(tasks.c.item_id == item_id).order_by(tasks.c.key)
    return [
        OpenTask(row.key, row.family, row.owner_role, row.owner_id, row.due_at, row.revision)
        for row in await session.execute(query)
    ]


async def _facts(session: AsyncSession, item_id: str, sequence: int) -> tuple[Happened, ...]:
    query = (
        select(events.c.kind, events.c.actor, events.c.data, events.c.text_id)
        .where(events.c.item_id == item_id, events.c.sequence == sequence)
        .order_by(events.c.position)
    )
    rows = await session.execute(query)
    return tuple(Happened(row.kind, row.actor, row.data, row.text_id) for row in rows)


async def _people(session: AsyncSession, member_id: str, named: set[str]) -> dict[str, Who]:
    """The member's contacts and the people with these ids."""
    query = union_all(
        select(
            contacts.c.id,
            contacts.c.name,
            contacts.c.email,
            literal("contact").label("role"),
            contacts.c.lead,
            contacts.c.active,
        ).where((contacts.c.member_id == member_id) | contacts.c.id.in_(named)),
        select(
            people.c.id, people.c.name, people.c.email, people.c.role, true(), people.c.active
        ).where(people.c.id.in_(named)),
    )
    return {row.id: _who(row) for row in await session.execute(query)}


def _who(row: AnyRow) -> Who:
    role = "lead" if row.role == "contact" and row.lead else row.role
    return Who(row.id, row.name, row.email, role, bool(row.active))


async def _texts(
    session: AsyncSession, item_id: str, sequence: int, values: set[str]
) -> dict[str, Words]:
    """The texts that the item, its facts and its notifications refer to."""
    noticed = select(notifications.c.text_id).where(
        notifications.c.item_id == item_id,
        notifications.c.sequence == sequence,
        notifications.c.text_id.is_not(None),
    )
    query = select(texts).where(texts.c.id.in_(values - {""}) | texts.c.id.in_(noticed))
    rows = await session.execute(query)
    return {row.id: Words(row.body, row.title, row.link) for row in rows}


async def read_recipient(session: AsyncSession, recipient_id: str) -> Who | None:
    """The current contact or person behind a recipient id; ``None`` if there is none."""
    query = union_all(
        select(
            contacts.c.id,
            contacts.c.name,
            contacts.c.email,
            literal("contact").label("role"),
            contacts.c.lead,
            contacts.c.active,
        ).where(contacts.c.id == recipient_id),
        select(
            people.c.id, people.c.name, people.c.email, people.c.role, true(), people.c.active
        ).where(people.c.id == recipient_id),
    )
    row = (await session.execute(query)).one_or_none()
    return _who(row) if row is not None else None
