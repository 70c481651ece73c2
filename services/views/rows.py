"""The rows that several subjects share: people, members, programmes, tasks, pages of a list.

Rows are plain dataclasses, which FastAPI describes in OpenAPI as it does models. A model would
check each row again, though the database and the definition have done so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import ConfigDict, Field

from notifications.words import Titles, item_title, task_words
from programmes.vocabulary import Health
from storage.queries.rows import MemberRow, Named, TaskRow

PERSON: dict[str, Any] = {"id": "per_k3m5q7ab2c4d6e8fgh2j", "name": "Ada Okafor"}

MEMBER: dict[str, Any] = {
    "id": "mem_c4d6e8fgh2jk3m5q7ab2",
    "name": "Cardiff Council",
    "nation": "WLS",
    "sample": False,
}

TASK: dict[str, Any] = {
    "item": "itm_q7ab2c4d6e8fgh2jk3m5",
    "engagement": "eng_e8fgh2jk3m5q7ab2c4d6",
    "key": "triage",
    "title": "Triage the request",
    "what_to_do": "Read the request. Then accept it, ask the member a question, or decline it.",
    "about": "Research request 3",
    "owner_role": "manager",
    "owner": PERSON,
    "due_at": "2027-01-13T17:00:00Z",
    "health": "due_soon",
    "revision": 1,
    "opened_at": "2027-01-11T09:00:00Z",
}


def example(values: dict[str, Any]) -> ConfigDict:
    """The model's example in OpenAPI."""
    return ConfigDict(json_schema_extra={"examples": [values]})


@dataclass(kw_only=True)
class Ref:
    """A person or contact, by id and name."""

    __pydantic_config__: ClassVar[ConfigDict] = example(PERSON)
    id: str
    name: str


@dataclass(kw_only=True)
class MemberRef:
    """A member organisation."""

    __pydantic_config__: ClassVar[ConfigDict] = example(MEMBER)
    id: str
    name: str
    nation: str
    sample: bool


@dataclass(kw_only=True)
class ProgrammeRef:
    """One version of a programme."""

    id: str
    version: int
    title: str


Entry = TypeVar("Entry")


@dataclass(kw_only=True)
class Page(Generic[Entry]):
    """A part of a list, and where it continues."""

    items: list[Entry]
    next: Annotated[str | None, Field(description="The address of the next page, if any.")] = None


@dataclass(kw_only=True)
class Task:
    """What one person has to do now."""

    __pydantic_config__: ClassVar[ConfigDict] = example(TASK)
    item: str
    engagement: str
    member: Annotated[MemberRef | None, Field(description="In lists over all members.")] = None
    key: str
    title: str
    what_to_do: str
    about: Annotated[str, Field(description="The item that it belongs to.")]
    owner_role: str
    owner: Annotated[Ref | None, Field(description="Who holds that role today; null if vacant.")]
    due_at: datetime
    health: Health
    revision: int
    opened_at: datetime


def ref(person: Named | None) -> Ref | None:
    """The person or contact as a row."""
    return None if person is None else Ref(id=person.id, name=person.name)


def member_ref(member: MemberRow) -> MemberRef:
    """A member organisation."""
    return MemberRef(id=member.id, name=member.name, nation=member.nation, sample=member.sample)


def task_answer(
    task: TaskRow,
    titles: Titles,
    now: datetime,
    member: MemberRow | None = None,
    *,
    texts: bool,
) -> Task:
    """An open task in words. ``texts`` says whether the caller may read texts."""
    words = task_words(task.family, task.key, titles, task.text if texts else "")
    return Task(
        item=task.item_id,
        engagement=task.engagement_id,
        member=member_ref(member) if member else None,
        key=task.key,
        title=words.title,
        what_to_do=words.todo,
        about=item_title(task.item_kind, task.item_key, titles),
        owner_role=task.owner_role,
        owner=ref(task.owner),
        due_at=task.due_at,
        health=task.health(now),
        revision=task.revision,
        opened_at=task.opened_at,
    )
