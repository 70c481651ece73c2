"""The outcome of all planned notifications: counted at the fake, compared with our own ledger."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from rich.table import Table
from sqlalchemy import select

from storage.database import Database
from storage.sql import deliveries, notifications
from tests.faults.posted import Posted

SENT = frozenset({"accepted", "deferred", "delivered"})
WITHHELD = frozenset({"done", "suppressed"})
REFUSED = frozenset({"failed", "bounced", "dropped", "complained"})


@dataclass(frozen=True)
class Tally:
    """One row's figures; each notification is counted in one of the first five, or is lost."""

    planned: int = 0
    delivered: int = 0
    collapsed: int = 0
    """Into the one delivered email of another notification, which the provider saw it in."""
    withheld: int = 0
    """Because its task was done, or its address took nothing any more."""
    refused: int = 0
    """By the provider or the recipient's server: each is a task."""
    unresolved: int = 0
    """It is unknown whether it arrived: each is a task."""
    tasks: int = 0
    """What the manager's ``/me/troubles`` shows of those that are refused or unresolved."""
    lost: int = 0
    """It did not arrive, and no user hears of it."""
    duplicated: int = 0
    """How often a recipient was told once more what they had been told."""
    problems: tuple[str, ...] = ()
    """Whatever else is not as it should be, a sentence each."""

    def __add__(self, other: "Tally") -> "Tally":
        sums = {
            one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)
        }
        return Tally(**sums)

    @property
    def is_right(self) -> bool:
        """Whether nothing is lost, nothing is doubled, and nothing else is wrong."""
        return not (self.lost or self.duplicated or self.problems)

    def but(self, *problems: str) -> "Tally":
        """The same, with more that is wrong."""
        return replace(self, problems=(*self.problems, *problems))


async def tally(
    database: Database, planned: int, posted: Sequence[Posted], troubles: Collection[str]
) -> Tally:
    """Count: ``posted`` is what the provider took, ``troubles`` what the manager is shown."""
    async with database.reading() as session:
        rows = {row.id: row for row in await session.execute(select(notifications))}
        ends = select(deliveries).where(deliveries.c.outcome == "accepted")
        left_out = {one.notification_id: one.detail for one in await session.execute(ends)}
    emails = Counter(one.notification_id for one in posted)
    told = Counter((one.address, item) for one in posted for item in one.items)
    problems: list[str] = []
    counts: Counter[str] = Counter()
    for row in rows.values():
        arrived = told[f"{row.recipient_id}@example.org", row.item_id] > 0
        if left_out.get(row.id) == "done" and not arrived:
            # Its email spoke for others alone: its own task was done by then.
            counts["withheld"] += 1
            continue
        counts[_fate(row, rows, arrived=arrived)] += 1
        if row.state == "unknown" and emails[row.id]:
            problems.append(f"{row.id} is unknown, though the provider took it and reported")
        if row.state in ("withheld", "failed") and emails[row.id]:
            problems.append(f"{row.id} is {row.state} and arrived all the same")
    if strangers := set(emails) - set(rows):
        problems.append(f"{len(strangers)} emails belong to no notification")
    to_see_to = {id for id, row in rows.items() if row.state == "unknown" or row.state in REFUSED}
    if unseen := to_see_to - set(troubles):
        problems.append(f"{len(unseen)} are no task of anybody's")
    unheard = {id for id, row in rows.items() if row.reason == "suppressed"}
    if more := set(troubles) - to_see_to - unheard:
        problems.append(f"{len(more)} are shown as trouble, and are none")
    again = sum(number - 1 for number in told.values() if number > 1)
    return Tally(
        planned=planned,
        delivered=counts["delivered"],
        collapsed=counts["collapsed"],
        withheld=counts["withheld"],
        refused=counts["refused"],
        unresolved=counts["unresolved"],
        tasks=len(to_see_to & set(troubles)),
        lost=planned - counts.total() + counts["lost"],
        duplicated=max(again, sum(number - 1 for number in emails.values() if number > 1)),
        problems=tuple(problems),
    )


def _fate(row: Any, rows: dict[str, Any], *, arrived: bool) -> str:
    """What became of a notification; what another one carries shares that one's fate."""
    carrier = rows.get(row.carrier_id) if row.reason == "collapsed" else row
    if carrier is None:
        return "lost"
    if carrier.state == "unknown":
        return "unresolved"
    if carrier.state in REFUSED:
        return "refused"
    if carrier.state in SENT and arrived:
        return "delivered" if carrier is row else "collapsed"
    return "withheld" if row.state == "withheld" and row.reason in WITHHELD else "lost"


def table(rows: dict[str, Tally], title: str) -> Table:
    """The matrix."""
    shown = Table(title=title)
    shown.add_column("fault")
    columns = [one.name for one in fields(Tally) if one.name != "problems"]
    for column in columns:
        shown.add_column(column, justify="right")
    for name, row in rows.items():
        shown.add_row(
            name,
            *(str(getattr(row, column)) for column in columns),
            style="" if row.is_right else "red",
        )
    return shown
