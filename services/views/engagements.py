"""Engagements: the rows of the list, and one in full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from notifications.sentences import Clock, health_sentence
from notifications.words import Titles
from programmes.vocabulary import Health
from services.backend import Backend
from services.permissions import Actor, require, visibility
from services.problems import Problem
from services.views.items import ITEM, ItemSummary, item_summary
from services.views.rows import (
    MEMBER,
    PERSON,
    TASK,
    MemberRef,
    ProgrammeRef,
    Ref,
    Task,
    example,
    member_ref,
    ref,
    task_answer,
)
from storage.queries.engagement_detail import EngagementDetail, show_engagement
from storage.queries.engagements import EngagementRow

ENGAGEMENT: dict[str, Any] = {
    "id": "eng_e8fgh2jk3m5q7ab2c4d6",
    "member": MEMBER,
    "programme": {
        "id": "inclusive-growth-network",
        "version": 1,
        "title": "Inclusive Growth Network",
    },
    "manager": PERSON,
    "stage": "active",
    "health": "due_soon",
    "because": "“Triage the request” is due on 13 January.",
    "task": TASK,
    "started_on": "2026-10-12",
    "opened_at": "2026-10-12T08:00:00Z",
    "closed_at": None,
    "due_at": "2027-01-13T17:00:00Z",
    "open_requests": 1,
}

STARTING = "starting"
"""The stage of an engagement whose opening is not recorded yet."""


@dataclass(kw_only=True)
class EngagementEntry:
    """Where one member stands in one programme."""

    __pydantic_config__: ClassVar[ConfigDict] = example(ENGAGEMENT)
    id: str
    member: MemberRef
    programme: ProgrammeRef
    manager: Ref | None
    stage: str
    health: Health
    because: Annotated[str, Field(description="The health in words.")]
    task: Annotated[Task | None, Field(description="The task that explains the health.")]
    started_on: date
    opened_at: datetime
    closed_at: datetime | None
    due_at: Annotated[datetime | None, Field(description="When the next thing is due.")]
    open_requests: int


@dataclass(kw_only=True)
class Engagement(EngagementEntry):
    """An engagement with its items and open tasks."""

    __pydantic_config__: ClassVar[ConfigDict] = example(
        {
            **ENGAGEMENT,
            "adviser": None,
            "onboarded_at": "2026-11-20T12:00:00Z",
            "reason": None,
            "items": [ITEM],
            "tasks": [TASK],
            "sequence": 7,
        }
    )
    adviser: Ref | None
    onboarded_at: datetime | None
    reason: Annotated[str | None, Field(description="Why it was withdrawn. Not shown to viewers.")]
    items: list[ItemSummary]
    tasks: list[Task]
    sequence: int


async def entries(
    backend: Backend, rows: Sequence[EngagementRow], *, texts: bool
) -> list[EngagementEntry]:
    """The rows of the list. ``texts`` says whether the caller may read texts."""
    now = backend.now()
    return [await _entry(backend, row, now, texts=texts) for row in rows]


async def _entry(
    backend: Backend, row: EngagementRow, now: datetime, *, texts: bool
) -> EngagementEntry:
    voice = await backend.definitions.voice(row.programme_id, row.programme_version)
    task = task_answer(row.task, voice.titles, now, texts=texts) if row.task else None
    return EngagementEntry(
        id=row.id,
        member=member_ref(row.member),
        programme=_programme(row.programme_id, row.programme_version, voice.titles),
        manager=ref(row.manager),
        stage=row.stage or STARTING,
        health=row.health,
        because=_because(row.health, task, voice.clock),
        task=task,
        started_on=row.started_on,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        due_at=row.due_at,
        open_requests=row.open_requests,
    )


def _because(health: str, task: Task | None, clock: Clock) -> str:
    if task is None:
        return health_sentence(health, clock)
    owner = task.owner.name if task.owner else ""
    return health_sentence(health, clock, task=task.title, owner=owner, due=task.due_at)


async def stored_engagement(backend: Backend, actor: Actor, engagement_id: str) -> EngagementDetail:
    """One engagement with its items and tasks, without the words of its definition. Raises the
    problem ``not-found``."""
    require(actor, "show_engagement")
    async with backend.database.reading() as session:
        found = await show_engagement(
            session, engagement_id, backend.now(), visible_to=visibility(actor)
        )
    if found is None:
        raise Problem("not-found")
    return found


async def engagement(backend: Backend, actor: Actor, engagement_id: str) -> Engagement:
    """One engagement in full. Raises the problem ``not-found``."""
    found = await stored_engagement(backend, actor, engagement_id)
    voice = await backend.definitions.voice(found.programme_id, found.programme_version)
    titles = voice.titles
    now = backend.now()
    worst = found.task(now)
    texts = actor.reads_texts
    task: Task | None = task_answer(worst, titles, now, texts=texts) if worst else None
    return Engagement(
        id=found.id,
        member=member_ref(found.member),
        programme=_programme(found.programme_id, found.programme_version, titles),
        manager=ref(found.manager),
        adviser=ref(found.adviser),
        stage=found.stage or STARTING,
        health=found.health,
        because=_because(found.health, task, voice.clock),
        task=task,
        started_on=found.started_on,
        opened_at=found.opened_at,
        onboarded_at=found.onboarded_at,
        closed_at=found.closed_at,
        due_at=found.due_at,
        open_requests=found.open_requests,
        reason=found.reason if texts else None,
        items=[item_summary(item, titles) for item in found.items],
        tasks=[task_answer(one, titles, now, texts=texts) for one in found.tasks],
        sequence=found.sequence,
    )


def _programme(programme_id: str, version: int, titles: Titles) -> ProgrammeRef:
    return ProgrammeRef(id=programme_id, version=version, title=titles.programme)
