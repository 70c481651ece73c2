"""How answers point at people, members and programmes, and the pages of a list."""

from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from programmes.vocabulary import Health

PERSON: dict[str, Any] = {"id": "per_k3m5q7ab2c4d6e8fgh2j", "name": "Ada Okafor"}
MEMBER: dict[str, Any] = {
    "id": "mem_c4d6e8fgh2jk3m5q7ab2",
    "name": "Cardiff Council",
    "nation": "WLS",
    "sample": False,
}


def example(values: dict[str, Any]) -> ConfigDict:
    """The model's example in OpenAPI."""
    return ConfigDict(json_schema_extra={"examples": [values]})


class Ref(BaseModel):
    """Somebody, by id and name."""

    model_config = example(PERSON)
    id: str
    name: str


class MemberRef(BaseModel):
    """A member organisation."""

    model_config = example(MEMBER)
    id: str
    name: str
    nation: str
    sample: bool


class ProgrammeRef(BaseModel):
    """One version of a programme."""

    id: str
    version: int


Entry = TypeVar("Entry")


class Page(BaseModel, Generic[Entry]):
    """A part of a list, and where it goes on."""

    items: list[Entry]
    next: str | None = Field(default=None, description="The address of the next page, if any.")


class WrittenText(BaseModel):
    """What somebody wrote."""

    text: str
    title: str = ""
    link: str = ""
    author: Ref | None
    written_at: datetime


class Step(BaseModel):
    """A step of an onboarding."""

    key: str
    title: str
    state: str = Field(description="`waiting`, `open`, `done` or `waived`.")
    ended_at: datetime | None


class Check(BaseModel):
    """One item of a review's checklist."""

    key: str
    title: str
    done: bool
    evidence: WrittenText | None = Field(description="Not shown to viewers.")


class Action(BaseModel):
    """An action that was agreed in an advice session."""

    id: str
    state: str = Field(description="`open`, `done`, `carried` or `dropped`.")
    owner: str = Field(description="A role, or the id of a contact or person.")
    due: date
    text: str | None = Field(description="Not shown to viewers.")


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
ENGAGEMENT: dict[str, Any] = {
    "id": "eng_e8fgh2jk3m5q7ab2c4d6",
    "member": MEMBER,
    "programme": {"id": "inclusive-growth-network", "version": 1},
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
TEXT: dict[str, Any] = {
    "text": "Which interventions raise pay in care work?",
    "title": "Pay in care work",
    "link": "",
    "author": {"id": "con_c4d6e8fgh2jk3m5q7ab2", "name": "Sian Hughes"},
    "written_at": "2027-01-11T09:00:00Z",
}


class Task(BaseModel):
    """What one person has to do now."""

    model_config = example(TASK)
    item: str
    engagement: str
    member: MemberRef | None = Field(default=None, description="In lists over all members.")
    key: str
    title: str
    what_to_do: str
    about: str = Field(description="The item that it belongs to.")
    owner_role: str
    owner: Ref | None = Field(description="Who holds that role today.")
    due_at: datetime
    health: Health
    revision: int
    opened_at: datetime


class EngagementEntry(BaseModel):
    """Where one member stands in one programme."""

    model_config = example(ENGAGEMENT)
    id: str
    member: MemberRef
    programme: ProgrammeRef
    manager: Ref | None
    stage: str
    health: Health
    because: str = Field(description="The health in words.")
    task: Task | None = Field(description="The task that explains the health.")
    started_on: date
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None = Field(description="When the next thing is due.")
    open_requests: int


class ItemSummary(BaseModel):
    """One process inside an engagement."""

    model_config = example(ITEM)
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


class ListedItem(ItemSummary):
    """One process, with whose it is."""

    model_config = example({**ITEM, "engagement": ENGAGEMENT["id"], "member": MEMBER})
    engagement: str
    member: MemberRef


class Item(ListedItem):
    """One process with its tasks and what was written about it."""

    model_config = example(
        {
            **ITEM,
            "engagement": ENGAGEMENT["id"],
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
    details: dict[str, str] = Field(description="Small facts by name: a theme, a score, a date.")
    texts: dict[str, WrittenText] = Field(description="By name. Empty for viewers.")
    steps: list[Step] = Field(description="Of an onboarding.")
    checklist: list[Check] = Field(description="Of a review.")
    dates: list[datetime] = Field(description="Offered for the session of an advice cycle.")
    actions: list[Action] = Field(description="Agreed in an advice cycle, or carried into it.")
    tasks: list[Task]
    sequence: int = Field(description="Grows with each change.")


class Engagement(EngagementEntry):
    """An engagement with its items and open tasks."""

    model_config = example(
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
    reason: str | None = Field(description="Why it was withdrawn. Not shown to viewers.")
    items: list[ItemSummary]
    tasks: list[Task]
    sequence: int
