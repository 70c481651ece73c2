"""The Inclusive Growth Network's definition with one sample member, and records about it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from activities.deliver import Courier
from activities.inputs import DeliverInput
from activities.record import Recorder
from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Sender
from programmes.calendar import WorkingCalendar, calendar_as_json
from programmes.facts import EngagementState, Fact, ItemState, Notice, Record, TaskState
from programmes.holidays import calendar_for
from programmes.rules import ItemKind
from storage.database import Database
from storage.sql import deliveries, mailbox, notifications
from storage.tables import MailboxMessage
from tests.definitions import IGN as IGN
from tests.definitions import definition as definition
from tests.definitions import sources
from tests.storage.office import Rows

NOW = datetime(2027, 1, 11, 10, 0, tzinfo=UTC)
"""A Monday morning."""
DUE = datetime(2027, 1, 19, 17, 0, tzinfo=UTC)
DUE_IN_WORDS = "Tuesday 19 January 2027"
SETTINGS = SimpleNamespace(
    public_url="https://office.example.org", mail_from="office@example.org", unknown_after=7200.0
)


def source() -> str:
    """The definition's YAML."""
    return sources()[IGN]


@cache
def calendar() -> WorkingCalendar:
    """Cardiff's working days."""
    return calendar_for(definition(), "WLS", first=date(2026, 1, 1), last=date(2029, 12, 31))


def stored_calendar() -> dict[str, Any]:
    """The calendar as the row of an engagement holds it."""
    dumped: dict[str, Any] = calendar_as_json(calendar())
    return dumped


def office() -> Rows:
    """Cardiff with two contacts and one who has left, a team of three, a funder, ``eng_1``."""
    rows = Rows()
    rows.programme(IGN, source=source())
    rows.person("per_manager", "manager", name="Mair Evans")
    rows.person("per_adviser", "adviser", name="Bola Ade")
    rows.person("per_researcher", "researcher", name="Rosa Lind")
    rows.person("per_funder", "viewer", name="Fay Under")
    rows.funder("per_funder", IGN)
    rows.member("mem_1", name="Cardiff", nation="WLS")
    rows.contact("con_lead", "mem_1", lead=True, name="Lena Price")
    rows.contact("con_second", "mem_1", name="Sam O'Neil & Co <ops>")
    rows.contact("con_gone", "mem_1", active=False, name="Gone Already")
    rows.engagement(
        "eng_1",
        "mem_1",
        programme_id=IGN,
        manager_id="per_manager",
        adviser_id="per_adviser",
        calendar=stored_calendar(),
        stage="active",
        opened_at=NOW,
    )
    rows.text("txt_request", "How do other councils find good jobs for young people?")
    rows.text("txt_reason", "We have merged with our neighbours.\nSorry & thank you <3")
    return rows


def task(
    key: str = "triage", owner: str = "manager", *, family: str = "research", **values: Any
) -> TaskState:
    """An open task, due on ``DUE``."""
    given: Mapping[str, Any] = {
        "due_at": DUE,
        "revision": 1,
        "soon_at": NOW,
        "stuck_at": None,
        "opened_at": NOW,
    }
    return TaskState(key=key, family=family, owner=owner, **{**given, **values})


def record(
    sequence: int,
    *notices: Notice,
    tasks: tuple[TaskState, ...] | None = (),
    facts: tuple[Fact, ...] = (),
    item: str = "itm_1",
    kind: ItemKind = "research",
    key: str = "1",
    stage: str = "triage",
    data: Mapping[str, str] | None = None,
    **values: Any,
) -> Record:
    """A record of an item with its notices."""
    return Record(
        engagement_id="eng_1",
        item_id=item,
        sequence=sequence,
        facts=facts or (Fact(f"{kind}.submitted", NOW, "con_lead"),),
        item=ItemState(kind=kind, key=key, stage=stage, opened_at=NOW, data=data or {}, **values),
        tasks=tasks,
        notices=notices,
    )


def closing(sequence: int, stage: Any, *notices: Notice) -> Record:
    """A record of the engagement itself, at another stage."""
    return Record(
        engagement_id="eng_1",
        item_id="eng_1",
        sequence=sequence,
        facts=(Fact(f"engagement.{stage}", NOW, "per_manager"),),
        engagement=EngagementState(stage=stage, started_on=NOW.date(), opened_at=NOW),
        notices=notices,
    )


def reminder(rung: str = "triage/early", *to: str, revision: int = 1) -> Notice:
    """A reminder of triage."""
    return Notice(
        "research.reminder", to or ("manager",), rung=rung, task="triage", revision=revision
    )


class Post:
    """A recorder, a courier and a view of what they did, over one database."""

    def __init__(
        self,
        database: Database,
        sender: Sender | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
    ) -> None:
        self.database = database
        self.sender = sender or Mailbox(database, clock)
        self.recorder = Recorder(database, clock)
        self.courier = Courier(database, self.sender, SETTINGS, clock)

    async def write(self, *records: Record) -> list[int]:
        """Write records; how many notifications each has to deliver."""
        return [(await self.recorder.record(one)).notifications for one in records]

    async def deliver(self, of: Record) -> None:
        """Send what a record reserved."""
        await self.courier.deliver(DeliverInput(of.engagement_id, of.item_id, of.sequence))

    async def mails(self) -> list[MailboxMessage]:
        """What is in the mailbox."""
        async with self.database.reading() as session:
            rows = await session.execute(mailbox.select().order_by(mailbox.c.id))
            return [MailboxMessage(**row._mapping) for row in rows]

    async def states(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(kind, recipient) to (state, reason) of every notification."""
        async with self.database.reading() as session:
            rows = await session.execute(notifications.select())
            return {(row.kind, row.recipient_id): (row.state, row.reason) for row in rows}

    async def outcomes(self) -> list[str]:
        """The outcomes of all attempts, in order."""
        async with self.database.reading() as session:
            rows = await session.execute(deliveries.select().order_by(deliveries.c.id))
            return [row.outcome for row in rows]
