"""The status board: where each member stands, read from the API as a manager."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from rich.table import Table

from commands.engagement import health_cell
from commands.show import cell
from demo.memory import Memory
from demo.office_client import OfficeClient
from demo.story import Story
from programmes.vocabulary import Health

WAITING = "reserved"


@dataclass(frozen=True)
class Line:
    """One engagement on the board."""

    id: str
    member: str
    nation: str
    stage: str
    health: Health
    because: str
    requests: int
    is_open: bool


async def read_board(office: OfficeClient, who: str, programme: str) -> list[Line]:
    """Every engagement in that programme, by member."""
    page = await office.get(who, "/engagements", programme=programme, limit=200)
    return [_line(entry) for entry in page["items"]]


def board_table(lines: Sequence[Line]) -> Table:
    """The board as a table: health in colour, and why."""
    table = Table(title="Where each member stands", title_justify="left", header_style="bold")
    for name in ("Member", "Nation", "Stage", "Health", "Why", "Requests"):
        table.add_column(name, overflow="fold")
    for line in lines:
        table.add_row(
            cell(line.member),
            line.nation,
            line.stage,
            health_cell(line.health) if line.is_open else "",
            cell(line.because) if line.is_open else "",
            str(line.requests or ""),
        )
    return table


def surprises(story: Story, memory: Memory, lines: Sequence[Line]) -> list[str]:
    """How the board differs from the story, a sentence each."""
    by_id = {line.id: line for line in lines}
    found = []
    for engagement in story.engagements:
        name = story.members[engagement.member].name
        part = memory.parts.get(engagement.member)
        line = by_id.get(part.engagement) if part else None
        if line is None:
            found.append(f"{name} is not on the board.")
            continue
        shown = {"stage": line.stage, "health": line.health}
        for what, expected in engagement.expects.model_dump(exclude_none=True).items():
            if shown[what] != expected:
                found.append(f"{name}: the {what} is {shown[what]}, but should be {expected}.")
    return found


async def held_emails(office: OfficeClient, who: str, lines: Sequence[Line]) -> list[str]:
    """When each email that waits for the sending window may leave, as ISO instants."""
    held: list[str] = []
    for line in lines:
        page = await office.get(who, f"/engagements/{line.id}/notifications", limit=100)
        held += [
            str(each["not_before"])
            for each in page["items"]
            if each["state"] == WAITING and each["not_before"]
        ]
    return held


def _line(entry: Mapping[str, Any]) -> Line:
    return Line(
        id=str(entry["id"]),
        member=str(entry["member"]["name"]),
        nation=str(entry["member"]["nation"]),
        stage=str(entry["stage"]),
        health=cast(Health, entry["health"]),
        because=str(entry["because"]),
        requests=int(entry["open_requests"]),
        is_open=entry["closed_at"] is None,
    )
