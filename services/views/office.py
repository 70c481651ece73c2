"""Master data: programmes, members, people."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from notifications.words import parsed_in_thread
from services.permissions import Actor
from services.views.rows import MEMBER, PERSON, MemberRef, example
from storage.queries import members as stored
from storage.queries.members import PersonRow
from storage.queries.programmes import ProgrammeRow

PROGRAMME: dict[str, Any] = {
    "id": "inclusive-growth-network",
    "version": 1,
    "title": "Inclusive Growth Network",
    "created_at": "2026-09-01T09:00:00Z",
}


class Programme(BaseModel):
    """A programme, in one version."""

    model_config = example(PROGRAMME)
    id: str
    version: int
    title: str
    created_at: datetime


class StepSummary(BaseModel):
    """A step or a review of a programme."""

    id: str
    title: str
    owner: str
    due: str = Field(description="How long after the start or the previous step.")


class ProgrammeDetail(Programme):
    """A programme with the contents of its definition."""

    model_config = example(
        {
            **PROGRAMME,
            "host": "Centre for Progressive Policy",
            "funder": "Joseph Rowntree Foundation",
            "supporters": ["Metro Dynamics", "RSA"],
            "themes": ["good-jobs"],
            "onboarding": [
                {"id": "agreement", "title": "Sign the agreement", "owner": "lead", "due": "10wd"}
            ],
            "reviews": [
                {"id": "interim", "title": "Interim review", "owner": "lead", "due": "P6M"}
            ],
            "advice_every": "P3M",
            "research": True,
            "source": "id: inclusive-growth-network\nversion: 1\n",
        }
    )
    host: str
    funder: str | None
    supporters: list[str]
    themes: list[str]
    onboarding: list[StepSummary]
    reviews: list[StepSummary]
    advice_every: str | None
    research: bool
    source: str = Field(description="The definition as it was written, in YAML.")


class Contact(BaseModel):
    """A person at a member organisation."""

    id: str
    name: str
    email: str | None = Field(description="Not shown to viewers.")
    lead: bool
    active: bool


class BlackoutAnswer(BaseModel):
    """Days in which nothing falls due and nothing is sent."""

    first: date
    last: date
    reason: str = ""


@dataclass(kw_only=True)
class MemberDetail(MemberRef):
    """A member organisation with its contacts."""

    __pydantic_config__: ClassVar[ConfigDict] = example(
        {
            **MEMBER,
            "contacts": [
                {
                    "id": "con_c4d6e8fgh2jk3m5q7ab2",
                    "name": "Sian Hughes",
                    "email": "sian.hughes@example.org",
                    "lead": True,
                    "active": True,
                }
            ],
            "blackouts": [],
        }
    )
    contacts: list[Contact]
    blackouts: list[BlackoutAnswer]


class Person(BaseModel):
    """A person of the office, of its funder or of a partner."""

    model_config = example(
        {**PERSON, "email": "ada@example.org", "role": "manager", "active": True}
    )
    id: str
    name: str
    email: str
    role: str
    active: bool


def programme(row: ProgrammeRow) -> Programme:
    """One version of a programme."""
    return Programme(id=row.id, version=row.version, title=row.title, created_at=row.created_at)


async def programme_detail(row: ProgrammeRow) -> ProgrammeDetail:
    """One version with the contents of its definition."""
    definition, _ = await parsed_in_thread(row.source)
    return ProgrammeDetail(
        **programme(row).model_dump(),
        host=definition.host,
        funder=definition.funder,
        supporters=list(definition.supporters),
        themes=[theme.id for theme in definition.themes],
        onboarding=[
            StepSummary(id=step.id, title=step.title, owner=step.owner, due=step.due)
            for step in definition.onboarding.steps
        ],
        reviews=[
            StepSummary(
                id=review.id, title=review.title, owner=review.submit.owner, due=review.plus
            )
            for review in definition.reviews
        ],
        advice_every=definition.advice.every if definition.advice else None,
        research=definition.research is not None,
        source=row.source,
    )


def member(actor: Actor, found: stored.MemberDetail) -> MemberDetail:
    """A member with its contacts, whose addresses viewers do not see."""
    return MemberDetail(
        id=found.member.id,
        name=found.member.name,
        nation=found.member.nation,
        sample=found.member.sample,
        contacts=[
            Contact(
                id=contact.id,
                name=contact.name,
                email=contact.email if actor.reads_texts else None,
                lead=contact.lead,
                active=contact.active,
            )
            for contact in found.contacts
        ],
        blackouts=[BlackoutAnswer.model_validate(one) for one in found.blackouts],
    )


def person(row: PersonRow) -> Person:
    """A person of the office."""
    return Person(id=row.id, name=row.name, email=row.email, role=row.role, active=row.active)
