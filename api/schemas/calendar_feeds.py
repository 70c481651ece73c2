"""The secret address of a calendar, as JSON."""

from datetime import datetime

from pydantic import BaseModel, Field

from api.schemas.refs import example


class CalendarFeed(BaseModel):
    """Whether somebody has a secret address for their calendar."""

    model_config = example({"made_at": "2027-01-11T09:00:00Z"})
    made_at: datetime | None = Field(description="Nothing where they have none.")


class NewCalendarFeed(BaseModel):
    """A secret address that was just made."""

    model_config = example(
        {
            "made_at": "2027-01-11T09:00:00Z",
            "address": "https://milepost.example.org/calendars/mp_cal_x7Qe.ics",
        }
    )
    made_at: datetime
    address: str = Field(
        description="Shown this once. Whoever has it can read the calendar, and nothing else."
    )
