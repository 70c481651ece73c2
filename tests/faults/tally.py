"""What became of all planned notifications: counted at the fake, compared with our own ledger."""

from collections import Counter
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta

from rich.table import Table
from sqlalchemy import select

from settings import Settings
from storage.database import Database
from storage.queries.troubles import list_troubles
from storage.sql import notifications

SENT = frozenset({"accepted", "deferred", "delivered"})
REFUSED = frozenset({"failed", "bounced", "dropped", "complained"})
MANAGER = "per_manager"
PATIENCE = timedelta(seconds=Settings().unknown_after)
"""How long the provider is given to report."""


@dataclass(frozen=True)
class Tally:
    """One row's figures; each notification is counted in one of the first four, or is lost."""

    planned: int = 0
    delivered: int = 0
    withheld: int = 0
    """Because it was stale; the reason is on record."""
    refused: int = 0
    """By the provider or the recipient's server: each is a task."""
    unresolved: int = 0
    """Nobody knows whether it arrived: each is a task."""
    lost: int = 0
    """It neither arrived, nor does anybody hear of it."""
    duplicated: int = 0
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


async def tally(database: Database, planned: int, taken: Counter[str]) -> Tally:
    """Count: ``taken`` is how many emails the provider took for each notification."""
    async with database.reading() as session:
        query = select(notifications.c.id, notifications.c.state, notifications.c.reason)
        rows = list(await session.execute(query))
    problems: list[str] = []
    counts: Counter[str] = Counter()
    to_see_to: set[str] = set()
    for id, state, reason in rows:
        arrived = taken[id] > 0
        if state in SENT and arrived:
            counts["delivered"] += 1
        elif state == "unknown" or state in REFUSED:
            counts["unresolved" if state == "unknown" else "refused"] += 1
            to_see_to.add(id)
        elif state == "withheld" and reason and not arrived:
            counts["withheld"] += 1
        if state in ("withheld", "failed") and arrived:
            problems.append(f"{id} is {state} and arrived all the same")
    strangers = set(taken) - {row.id for row in rows}
    if strangers:
        problems.append(f"{len(strangers)} emails belong to no notification")
    unseen = to_see_to - await _tasks(database)
    if unseen:
        problems.append(f"{len(unseen)} are no task of anybody's")
    return Tally(
        planned=planned,
        delivered=counts["delivered"],
        withheld=counts["withheld"],
        refused=counts["refused"],
        unresolved=counts["unresolved"],
        lost=planned - counts.total(),
        duplicated=sum(number - 1 for number in taken.values() if number > 1),
        problems=tuple(problems),
    )


async def _tasks(database: Database) -> set[str]:
    """The notifications that the manager is shown once the provider has had its time."""
    found: set[str] = set()
    cursor: str | None = None
    async with database.reading() as session:
        while True:
            page = await list_troubles(
                session, datetime.now(UTC) + PATIENCE, PATIENCE, manager_id=MANAGER, cursor=cursor
            )
            found |= {row.id for row in page.rows}
            cursor = page.next
            if not cursor:
                return found


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
