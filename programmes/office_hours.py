"""When an office works and sends emails, as its definition says it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field

from programmes.fields import Day, Hours, Line, Part, Some, Weekday
from programmes.vocabulary import Digest, Nation


class Closure(Part):
    """Days on which the office is closed: every year (``12-24``) or once (``2026-12-24``)."""

    first: Day = Field(
        description="The first day: of every year, or of one year.",
        examples=["12-24", "2026-12-24"],
    )
    last: Day | None = Field(
        default=None,
        description="The last day. Without it, the closure is one day.",
        examples=["12-31"],
    )
    reason: Line = Field(
        description="Why the office is closed.", examples=["Closed between Christmas and New Year."]
    )


class UkCalendar(Part):
    """Working days in the United Kingdom: bank holidays follow the nation of each member."""

    kind: Literal["uk"] = Field(
        description="Working days and bank holidays of the United Kingdom.", examples=["uk"]
    )
    office: Nation = Field(
        default="ENG",
        description=(
            "The nation whose bank holidays the office follows. Emails to its own people "
            "follow them too."
        ),
        examples=["SCT"],
    )
    zone: Literal["Europe/London"] = Field(
        default="Europe/London",
        description="The time zone of all times.",
        examples=["Europe/London"],
    )
    working_days: Annotated[tuple[Weekday, ...], Field(min_length=1)] = Field(
        description="The days of the week that count as working days.",
        examples=[["monday", "tuesday", "wednesday", "thursday", "friday"]],
    )
    hours: Hours = Field(
        description="When the office opens and closes. Tasks fall due when it closes.",
        examples=["09:00-17:00"],
    )
    sending: Hours = Field(
        description=(
            "When emails may leave, on working days: within `hours`. Reminders leave as it begins, "
            "at the member's own minute of the `spread`."
        ),
        examples=["09:00-16:30"],
    )
    spread: Annotated[int, Field(ge=0, le=180)] = Field(
        default=30,
        description=(
            "Minutes over which a morning's emails are spread. Each member keeps its own minute."
        ),
        examples=[30],
    )
    closures: tuple[Closure, ...] = Field(
        default=(), description="Days on which the office is closed, besides bank holidays."
    )


class OpenCalendar(Part):
    """A calendar that is always open: for a tour, whose days are counted in seconds."""

    kind: Literal["always-open"] = Field(
        description="Each second of the week is a working second. For trying things out.",
        examples=["always-open"],
    )
    zone: Line = Field(
        default="Europe/London",
        description="The time zone of all times.",
        examples=["Europe/London"],
    )


_DAYS: tuple[str, ...] = get_args(Weekday)


class DigestTime(Part):
    """A time of the week."""

    on: Weekday = Field(default="monday", description="The day of the week.", examples=["monday"])
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        description="The time of day, in the calendar's zone and within its sending hours.",
        examples=["09:00"],
    )
    within: Annotated[int, Field(ge=0, le=180)] = Field(
        default=30,
        description="Minutes over which the summaries of the office's programmes are spread.",
        examples=[60],
    )

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

    manager: DigestTime | None = Field(
        default=None,
        description="When the team gets its list, each week. Without it, there is none.",
    )
    member: DigestTime | None = Field(
        default=None,
        description=(
            "When members get their summary, in the first such week of a month. Collected "
            "reminders go out every week at that time."
        ),
    )

    def time_of(self, digest: Digest) -> DigestTime | None:
        """When that summary goes out; ``None`` if the programme has none."""
        return self.manager if digest == "manager" else self.member


class Outage(Part):
    """What happens to emails that were late because of an outage."""

    late_after: Some = Field(
        default="2h",
        description=(
            "How long after its time an email counts as late. Hours and minutes count only "
            "within the sending hours."
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
