"""What the API answers about master data: programmes, members, people, and who is asking."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from services.views.rows import MEMBER, PERSON, MemberRef, example

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
    """A step or a review that a programme lays down."""

    id: str
    title: str
    owner: str
    due: str = Field(description="How long after the start, or after what comes before.")


class ProgrammeDetail(Programme):
    """A programme with what its definition lays down."""

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


class MemberDetail(MemberRef):
    """A member organisation with its contacts."""

    model_config = example(
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


class Me(BaseModel):
    """Who a token speaks for."""

    model_config = example({**PERSON, "role": "manager", "member": None, "may": ["show_me"]})
    id: str
    name: str
    role: str
    member: str | None = Field(description="The id of a contact's member.")
    may: list[str] = Field(description="The operations that the role may call.")
