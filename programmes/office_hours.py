"""When an office works and sends emails, as its definition says it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field

from programmes.fields import Day, Hours, Part, Some, Weekday
from programmes.spoken import Line
from programmes.vocabulary import Digest, Nation


class Closure(Part):
    """Days on which the office is closed: every year (``12-24``) or once (``2026-12-24``)."""

    first: Day
    last: Day | None = None
    reason: Line


class UkCalendar(Part):
    """Working days in the United Kingdom: bank holidays follow the nation of each member."""

    kind: Literal["uk"]
    office: Nation = "ENG"
    """Whose bank holidays the office itself keeps: emails to its own people leave by these."""
    zone: Literal["Europe/London"] = "Europe/London"
    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    hours: Hours
    sending: Hours
    spread: Annotated[int, Field(ge=0, le=180)] = 30
    """Minutes over which one morning's emails are spread, so that not all leave at once: each
    member has its own minute, always the same."""
    closures: tuple[Closure, ...] = ()


class OpenCalendar(Part):
    """A calendar that is always open: for a tour, whose days are counted in seconds."""

    kind: Literal["always-open"]
    zone: Line = "Europe/London"


_DAYS: tuple[str, ...] = get_args(Weekday)


class DigestTime(Part):
    """A time of the week."""

    on: Weekday = "monday"
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
    """Local to the programme's calendar."""
    within: Annotated[int, Field(ge=0, le=180)] = 30
    """Minutes over which the programmes of an office are spread."""

    def next_after(self, instant: datetime, zone: str) -> datetime:
        """The end of the next run that starts after that instant. A run that may be under way does
        not count."""
        place = ZoneInfo(zone)
        local = instant.astimezone(place)
        days = (_DAYS.index(self.on) - local.weekday()) % len(_DAYS)
        begins = self._on(local.date() + timedelta(days=days), place)
        if begins <= instant:
            begins = self._on(local.date() + timedelta(days=days + len(_DAYS)), place)
        return begins + timedelta(minutes=self.within)

    def _on(self, day: date, place: ZoneInfo) -> datetime:
        return datetime.combine(day, time.fromisoformat(self.at), place).astimezone(UTC)


class Digests(Part):
    """The summaries of a programme: the team's every week, and the members' every month."""

    manager: DigestTime | None = None
    member: DigestTime | None = None
    """A member gets a summary in the first run of each month. A recipient with collected reminders
    gets those every week."""

    def time_of(self, digest: Digest) -> DigestTime | None:
        """When that summary goes out; ``None`` if the programme has none."""
        return self.manager if digest == "manager" else self.member


class Outage(Part):
    """What happens to emails that were late because of an outage."""

    late_after: Some = Field(
        default="2h",
        description=(
            "From when on an email is late. Hours and minutes count within the sending hours alone."
        ),
        examples=["2h"],
    )
    then: Literal["collapse", "singly"] = Field(
        default="collapse",
        description=(
            "`collapse` puts the late tasks of a recipient into one email. `singly` sends each "
            "email."
        ),
        examples=["collapse"],
    )
