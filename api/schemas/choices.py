"""What recipients choose about their emails, and the addresses that take none: as JSON."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from api.schemas.fields import BODY, Day, Key
from api.schemas.refs import PERSON, Ref, example
from programmes.vocabulary import Mode, Reminders

CHOICES: dict[str, Any] = {
    "language": "both",
    "reminders": "single",
    "digests": True,
    "quiet_weekdays": [4],
    "absence": None,
}

Weekday = Annotated[int, Field(ge=0, le=6)]


class Absence(BaseModel):
    """Days, both included, on which somebody else is told."""

    model_config = BODY
    first: Day
    last: Day
    delegate: Key = Field(
        description=(
            "Who is told meanwhile: a contact of the same member; for somebody of the office, a "
            "person of the office."
        )
    )


class NewChoices(BaseModel):
    """All choices; what is left out is as if nobody had chosen."""

    model_config = {**BODY, "json_schema_extra": {"examples": [CHOICES]}}
    language: Mode = Field(default="en", description="English, Welsh, or both in one email.")
    reminders: Reminders = Field(
        default="single",
        description=(
            "`digest`: what comes ahead of a date is collected into a weekly email. Emails that "
            "something depends on always come by themselves."
        ),
    )
    digests: bool = Field(default=True, description="Whether to get summaries.")
    quiet_weekdays: Annotated[list[Weekday], Field(max_length=7)] = Field(
        default=[], description="Weekdays on which emails wait: 0 is Monday."
    )
    absence: Absence | None = None


class Choices(NewChoices):
    """The choices of one contact or person."""

    model_config = example({**CHOICES, "changed_at": "2027-01-11T09:00:00Z"})
    changed_at: datetime | None = Field(description="Nothing where they have chosen nothing yet.")


class Suppression(BaseModel):
    """An address to which nothing is sent."""

    model_config = example(
        {
            "id": "sup_c4d6e8fgh2jk3m5q7ab2",
            "address": "sian.hughes@example.org",
            "reason": "bounced",
            "notification": "ntf_c4d6e8fgh2jk3m5q7ab2",
            "at": "2027-01-11T09:00:00Z",
            "holders": [PERSON],
            "waiting": 2,
        }
    )
    id: str
    address: str
    reason: str = Field(description="`bounced`, `dropped` or `complained`.")
    notification: str | None = Field(description="The email that showed it.")
    at: datetime
    holders: list[Ref] = Field(description="Who has this address.")
    waiting: int = Field(description="Emails that were not sent for it.")


class Released(BaseModel):
    """What a mended address lets go."""

    model_config = example({"released": ["ntf_c4d6e8fgh2jk3m5q7ab2"]})
    released: list[str] = Field(
        description="The emails that are tried again; what is not true any more stays withheld."
    )
