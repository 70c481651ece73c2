"""Plays the story: each move is the call that its person would make, in their own name."""

from collections.abc import Callable, Mapping
from typing import Any

from demo.days import Days
from demo.memory import Memory, Part
from demo.moves import ROUTES
from demo.office_client import OfficeClient, Refused, until
from demo.story import Move, Played, SampleEngagement, Story
from programmes.definition import Definition


class Player:
    """Plays one engagement after another, and goes on where an earlier run stopped."""

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
