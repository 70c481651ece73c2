"""The office of the fault matrix: members, and as many reminders as a row plans."""

from datetime import UTC, datetime, timedelta

from programmes.calendar import calendar_as_json
from programmes.facts import Fact, ItemState, Notice, Record, TaskState
from storage.database import Database
from tests.notifications.office import IGN, source
from tests.storage.office import Rows
from tests.workflows.stories import calendar

MANAGER = "per_manager"
PER_RECORD = 2
"""A reminder goes to the manager and to the member's lead."""
RECORDS_OF_AN_ENGAGEMENT = 10


class Planned:
    """The reminders of one run: what is to be sent, whatever happens."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._now = datetime.now(UTC)
        self.records = [self._record(number) for number in range(count // PER_RECORD)]

    @property
    def by_engagement(self) -> list[tuple[Record, ...]]:
        """The records, an engagement's together."""
        size = RECORDS_OF_AN_ENGAGEMENT
        return [
            tuple(self.records[start : start + size]) for start in range(0, len(self.records), size)
        ]

    async def furnish(self, database: Database) -> None:
        """The office, and a member with an engagement for each ten records."""
        rows = Rows()
        rows.programme(IGN, source=source())
        rows.person(MANAGER, "manager")
        # At any hour of any day: the matrix is played when it is played.
        always_open = calendar_as_json(calendar("ENG", "tour"))
        for number in range(len(self.by_engagement)):
            rows.member(f"mem_{number}")
            rows.contact(f"con_{number}", f"mem_{number}", lead=True)
            rows.engagement(
                f"eng_{number}",
                f"mem_{number}",
                programme_id=IGN,
                manager_id=MANAGER,
                calendar=always_open,
                stage="active",
                opened_at=self._now,
            )
        async with database.transaction() as session:
            await rows.write(session)

    def done(self, number: int) -> Record:
        """The record by which the task of that reminder is done: to remind of it is stale then."""
        return self._record(number, sequence=2)

    def _record(self, number: int, sequence: int = 1) -> Record:
        due = self._now + timedelta(days=9)
        task = TaskState(
            key="triage",
            family="research",
            owner="manager",
            due_at=due,
            revision=1,
            soon_at=due,
            stuck_at=None,
            opened_at=self._now,
        )
        notice = Notice(
            "research.reminder",
            ("manager", "lead"),
            rung="triage/early",
            task="triage",
            revision=1,
        )
        first = sequence == 1
        return Record(
            engagement_id=f"eng_{number // RECORDS_OF_AN_ENGAGEMENT}",
            item_id=f"itm_{number}",
            sequence=sequence,
            facts=(Fact("rung.fired" if first else "research.accepted", self._now),),
            item=ItemState(
                kind="research",
                key=str(number),
                stage="triage" if first else "scope",
                opened_at=self._now,
            ),
            tasks=(task,) if first else (),
            notices=(notice,) if first else (),
        )
