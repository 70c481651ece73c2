"""What the items of one kind have and others do not: steps, checklists, dates, actions, texts."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from api.schemas.refs import Ref


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
