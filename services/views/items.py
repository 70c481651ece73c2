"""Items: one with its tasks and texts, and the rows of lists of one kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from notifications.words import Titles, item_title
from services.backend import Backend
from services.permissions import Actor, require, visibility
from services.problems import Problem
from services.views.rows import (
    MEMBER,
    TASK,
    MemberRef,
    Ref,
    Task,
    example,
    member_ref,
    ref,
    task_answer,
)
from storage.queries import items as stored
from storage.queries.items import ItemDetail, TextRow, show_item
from storage.queries.rows import ItemRow

ITEM: dict[str, Any] = {
    "id": "itm_q7ab2c4d6e8fgh2jk3m5",
    "kind": "research",
    "key": "3",
    "title": "Research request 3",
    "stage": "triage",
    "outcome": "",
    "opened_at": "2027-01-11T09:00:00Z",
    "closed_at": None,
    "due_at": None,
    "assignee": None,
}

TEXT: dict[str, Any] = {
    "text": "Which interventions raise pay in care work?",
    "title": "Pay in care work",
    "link": "",
    "author": {"id": "con_c4d6e8fgh2jk3m5q7ab2", "name": "Sian Hughes"},
    "written_at": "2027-01-11T09:00:00Z",
}


@dataclass(kw_only=True)
class WrittenText:
    """A text that a person wrote."""

    text: str
    title: str = ""
    link: str = ""
    author: Ref | None
    written_at: datetime


@dataclass(kw_only=True)
class Step:
    """A step of an onboarding."""

    key: str
    title: str
    state: Annotated[str, Field(description="`waiting`, `open`, `done` or `waived`.")]
    ended_at: datetime | None


@dataclass(kw_only=True)
class Check:
    """One item of a review's checklist."""

    key: str
    title: str
    done: bool
    evidence: Annotated[WrittenText | None, Field(description="Not shown to viewers.")]


@dataclass(kw_only=True)
class Action:
    """An action that was agreed in an advice session."""

    id: str
    state: Annotated[str, Field(description="`open`, `done`, `carried` or `dropped`.")]
    owner: Annotated[str, Field(description="A role, or the id of a contact or person.")]
    due: date
    text: Annotated[str | None, Field(description="Not shown to viewers.")]


@dataclass(kw_only=True)
class ItemSummary:
    """One process inside an engagement."""

    __pydantic_config__: ClassVar[ConfigDict] = example(ITEM)
    id: str
    kind: str
    key: str
    title: str
    stage: str
    outcome: str
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    assignee: Ref | None


@dataclass(kw_only=True)
class ListedItem(ItemSummary):
    """One process, with its member."""

    __pydantic_config__: ClassVar[ConfigDict] = example(
        {**ITEM, "engagement": TASK["engagement"], "member": MEMBER}
    )
    engagement: str
    member: MemberRef


@dataclass(kw_only=True)
class Item(ListedItem):
    """One process with its tasks and what was written about it."""

    __pydantic_config__: ClassVar[ConfigDict] = example(
        {
            **ITEM,
            "engagement": TASK["engagement"],
            "member": MEMBER,
            "details": {"theme": "good-jobs"},
            "texts": {"request": TEXT},
            "steps": [],
            "checklist": [],
            "dates": [],
            "actions": [],
            "tasks": [TASK],
            "sequence": 1,
        }
    )
    details: Annotated[
        dict[str, str], Field(description="Small facts by name: a theme, a score, a date.")
    ]
    texts: Annotated[dict[str, WrittenText], Field(description="By name. Empty for viewers.")]
    steps: Annotated[list[Step], Field(description="Of an onboarding.")]
    checklist: Annotated[list[Check], Field(description="Of a review.")]
    dates: Annotated[
        list[datetime], Field(description="Offered for the session of an advice cycle.")
    ]
    actions: Annotated[
        list[Action], Field(description="Agreed in an advice cycle, or carried into it.")
    ]
    tasks: list[Task]
    sequence: Annotated[int, Field(description="Grows with each change.")]


async def item(backend: Backend, actor: Actor, item_id: str, kind: str = "") -> Item:
    """One item, of that kind. Raises the problem ``not-found``."""
    require(actor, "show_item")
    async with backend.database.reading() as session:
        found = await show_item(session, item_id, visible_to=visibility(actor))
    if found is None or (kind and found.item.kind != kind):
        raise Problem("not-found")
    voice = await backend.definitions.voice(found.programme_id, found.programme_version)
    return _answer(found, voice.titles, backend.now(), shown=actor.reads_texts)


async def listed(backend: Backend, rows: Sequence[stored.ListedItem]) -> list[ListedItem]:
    """The rows of a list."""
    answers = []
    for row in rows:
        voice = await backend.definitions.voice(row.programme_id, row.programme_version)
        summary = item_summary(row.item, voice.titles)
        answers.append(
            ListedItem(
                **vars(summary),
                engagement=row.item.engagement_id,
                member=member_ref(row.member),
            )
        )
    return answers


def item_summary(item: ItemRow, titles: Titles) -> ItemSummary:
    """An item without its tasks."""
    return ItemSummary(
        id=item.id,
        kind=item.kind,
        key=item.key,
        title=item_title(item.kind, item.key, titles, item.data.get("number", "")),
        stage=item.stage,
        outcome=item.outcome,
        opened_at=item.opened_at,
        closed_at=item.closed_at,
        due_at=item.due_at,
        assignee=ref(item.assignee),
    )


def _answer(found: ItemDetail, titles: Titles, now: datetime, *, shown: bool) -> Item:
    data = found.item.data
    texts = {name: _written(text) for name, text in found.texts.items()} if shown else {}
    parts = ("step:", "check:", "action:", "date:")
    return Item(
        **vars(item_summary(found.item, titles)),
        engagement=found.item.engagement_id,
        member=member_ref(found.member),
        details={
            name: value
            for name, value in data.items()
            if value and name not in found.texts and not name.startswith(parts)
        },
        texts={name: text for name, text in texts.items() if not name.startswith(parts)},
        steps=_steps(data, titles),
        checklist=_checklist(found.item.key, data, texts, titles),
        dates=[
            datetime.fromisoformat(value)
            for name, value in sorted(data.items())
            if name.startswith("date:")
        ],
        actions=_actions(data, texts),
        tasks=[task_answer(task, titles, now, texts=shown) for task in found.tasks],
        sequence=found.item.sequence,
    )


def _written(text: TextRow) -> WrittenText:
    return WrittenText(
        text=text.body,
        title=text.title,
        link=text.link,
        author=ref(text.author),
        written_at=text.created_at,
    )


def steps_done(data: Mapping[str, str]) -> dict[str, datetime]:
    """When each finished step of an onboarding was done or waived, by its key."""
    return {
        name.removeprefix("step:").removesuffix(":at"): datetime.fromisoformat(at)
        for name, at in data.items()
        if name.startswith("step:") and name.endswith(":at")
    }


def _steps(data: dict[str, str], titles: Titles) -> list[Step]:
    done = steps_done(data)
    steps = []
    for name, state in data.items():
        group, _, key = name.partition(":")
        if group == "step" and not key.endswith(":at"):
            step = Step(key=key, title=titles.step(key), state=state, ended_at=done.get(key))
            steps.append(step)
    return steps


def _checklist(
    review: str, data: dict[str, str], texts: dict[str, WrittenText], titles: Titles
) -> list[Check]:
    return [
        Check(
            key=name.removeprefix("check:"),
            title=titles.check(review, name.removeprefix("check:")),
            done=bool(value),
            evidence=texts.get(name),
        )
        for name, value in data.items()
        if name.startswith("check:")
    ]


def _actions(data: dict[str, str], texts: dict[str, WrittenText]) -> list[Action]:
    return [
        Action(
            id=name.removeprefix("action:"),
            state=state,
            owner=data.get(f"{name}:owner", ""),
            due=date.fromisoformat(data[f"{name}:due"]),
            text=texts[f"{name}:text"].text if f"{name}:text" in texts else None,
        )
        for name, state in data.items()
        if name.startswith("action:") and name.count(":") == 1
    ]
