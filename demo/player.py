"""The story's days: relative to the day it was first played on, in the member's own calendar."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from demo.memory import Memory, Part
from demo.office_client import OfficeClient, Refused, until
from demo.story import Move, Played, SampleEngagement, Story
from programmes.calendar import WorkingCalendar
from programmes.deadlines import shift_day
from programmes.definition import Definition
from programmes.durations import parse_duration
from programmes.holidays import calendar_for
from programmes.vocabulary import Nation

SPANNED = timedelta(days=400)
"""How far the story reaches into the past and the future."""

DAYS = frozenset({"done_on", "held_on", "due"})
"""Fields of a move that hold a day."""


class Days:
    """Turns spans such as ``-11w`` and ``5wd`` into days of one member."""

    def __init__(self, today: date, definition: Definition, nation: Nation) -> None:
        self._today = today
        self._calendar: WorkingCalendar = calendar_for(
            definition, nation, first=today - SPANNED, last=today + SPANNED
        )

    def day(self, span: str) -> date:
        """The working day that lies that span from the story's first day."""
        return shift_day(self._calendar, self._today, parse_duration(span))

    def instant(self, span: str, at: str) -> datetime:
        """That time of that day, where the member is."""
        zone = ZoneInfo(self._calendar.zone)
        return datetime.combine(self.day(span), time.fromisoformat(at), zone)

    def resolved(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """The details of a move as the API wants them: spans have become days and instants."""
        return {name: self._resolved(name, value) for name, value in details.items()}

    def _resolved(self, name: str, value: Any) -> Any:
        if name in DAYS:
            return self.day(value).isoformat()
        if name == "dates":
            return [self.instant(each["day"], each["at"]).isoformat() for each in value]
        if name == "actions":
            return [self.resolved(action) for action in value]
        return value


Aim = Literal["engagement", "request", "advice", "review"]
"""What a move is aimed at: the engagement, or the item whose id goes into the address."""


@dataclass(frozen=True)
class Route:
    """A POST. The address may name ``{engagement}``, ``{item}`` and fields of the move."""

    address: str
    aim: Aim
    fields: tuple[str, ...] = field(default=())


ROUTES: Mapping[str, Route] = {
    "complete_step": Route(
        "/engagements/{engagement}/onboarding/steps/{step}/complete",
        "engagement",
        ("text", "done_on"),
    ),
    "waive_step": Route(
        "/engagements/{engagement}/onboarding/steps/{step}/waive", "engagement", ("reason",)
    ),
    "withdraw": Route("/engagements/{engagement}/withdraw", "engagement", ("reason",)),
    "submit_request": Route(
        "/engagements/{engagement}/requests", "engagement", ("title", "text", "theme", "link")
    ),
    "accept_request": Route("/requests/{item}/accept", "request"),
    "ask_member": Route("/requests/{item}/ask", "request", ("question",)),
    "agree_scope": Route("/requests/{item}/scope", "request", ("text", "format", "due")),
    "assign_request": Route("/requests/{item}/assign", "request", ("researcher",)),
    "deliver_request": Route("/requests/{item}/deliver", "request", ("title", "text", "link")),
    "accept_delivery": Route("/requests/{item}/accept-delivery", "request"),
    "return_delivery": Route("/requests/{item}/return", "request", ("comments",)),
    "give_feedback": Route("/requests/{item}/feedback", "request", ("score", "text")),
    "withdraw_request": Route("/requests/{item}/withdraw", "request", ("reason",)),
    "propose_dates": Route("/advice/{item}/propose", "advice", ("dates",)),
    "confirm_date": Route("/advice/{item}/confirm", "advice", ("choice",)),
    "send_agenda": Route("/advice/{item}/agenda", "advice", ("text",)),
    "hold_session": Route("/advice/{item}/hold", "advice", ("held_on",)),
    "record_notes": Route("/advice/{item}/notes", "advice", ("text", "actions")),
    "add_evidence": Route("/reviews/{item}/evidence", "review", ("check", "text", "link")),
    "submit_review": Route("/reviews/{item}/submit", "review", ("text",)),
    "sign_off_review": Route("/reviews/{item}/sign-off", "review", ("text",)),
}


class Player:
    """Plays one engagement after another, and continues where an earlier run stopped."""

    def __init__(
        self,
        story: Story,
        memory: Memory,
        office: OfficeClient,
        definitions: Mapping[str, Definition],
        made: Callable[[], None],
    ) -> None:
        self._story = story
        self._memory = memory
        self._office = office
        self._definitions = definitions
        self._made = made
        """Called for each start and each move that is made, or was made already."""

    async def play(self, engagement: SampleEngagement) -> None:
        """Start the engagement and make its moves. Raises Refused or NotInTime."""
        member = self._story.members[engagement.member]
        days = Days(self._memory.first_day, self._definitions[engagement.programme], member.nation)
        part = self._memory.parts.get(engagement.member)
        if part is None:
            start = days.day(engagement.start).isoformat()
            part = Part(await self.start(engagement, start, key=f"demo.{engagement.member}.start"))
            self._memory.parts[engagement.member] = part
            self._memory.keep()
        self._made()
        for number, move in enumerate(engagement.moves):
            if number >= part.moves:
                key = f"demo.{engagement.member}.{number}.{part.refusals}"
                try:
                    await self.make(move, engagement, part, days.resolved(move.details), key)
                    part.moves = number + 1
                except Refused:
                    part.refusals += 1
                    raise
                finally:
                    self._memory.keep()
            self._made()

    async def start(self, played: Played, start: str, key: str) -> str:
        """Start an engagement as its manager; its id."""
        body = {
            "member": self._memory.members[played.member],
            "programme": played.programme,
            "start": start,
            "manager": self._memory.people[played.manager],
            "adviser": self._memory.people[played.adviser],
        }
        started = await self._office.post(played.manager, "/engagements", body, key)
        return str(started["id"])

    async def make(
        self, move: Move, played: Played, part: Part, details: Mapping[str, Any], key: str
    ) -> None:
        """Make one move. ``part`` notes the id of a request that it submits."""
        route = ROUTES[move.do]
        item = ""
        if route.aim == "request":
            item = part.requests[str(details["request"])]
        elif route.aim in ("advice", "review"):
            wanted = details.get("review")
            item = await until(
                lambda: self._open_item(played.manager, part.engagement, route.aim, wanted),
                f"{move.do}: {route.aim} {wanted or ''}",
            )
        address = route.address.format(engagement=part.engagement, item=item, **details)
        body = {name: self._named(name, details[name]) for name in route.fields if name in details}
        asked = body if route.fields else None
        answer = await self._office.post(self.who(move.by, played), address, asked, key)
        if move.do == "submit_request":
            part.requests[str(details["as"])] = str(answer["id"])

    def who(self, by: str, played: Played) -> str:
        """Whose token a move is made with."""
        if by == "lead":
            return lead_of(played.member)
        return str(getattr(played, by)) if by in ("manager", "adviser") else by

    def _named(self, name: str, value: Any) -> Any:
        return self._memory.people[value] if name == "researcher" else value

    async def _open_item(self, who: str, engagement: str, kind: str, key: str | None) -> str | None:
        shown = await self._office.get(who, f"/engagements/{engagement}")
        for item in shown["items"]:
            if item["kind"] == kind and key in (None, item["key"]) and not item["closed_at"]:
                return str(item["id"])
        return None


def lead_of(member: str) -> str:
    """How the demo names the lead contact of a member among those who hold a token."""
    return f"{member}:lead"
