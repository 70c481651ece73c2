"""When a programme's summaries go out, as its definition says."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, get_args
from zoneinfo import ZoneInfo

from pydantic import Field

from programmes.digests import Digest
from programmes.fields import Part, Weekday

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
        """The latest moment of the next run after that instant. One that may be under way does not
        count: who knows whether it is past them."""
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
            "reminders go out then each week."
        ),
    )

    def time_of(self, digest: Digest) -> DigestTime | None:
        """When that one goes out, if it does."""
        return self.manager if digest == "manager" else self.member
