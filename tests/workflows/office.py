"""A small office for tests: a real database, real workers, and commands as the API sends them."""

import itertools
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from temporalio import activity
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.testing import WorkflowEnvironment

from notifications.senders.mailbox import Mailbox
from notifications.senders.protocol import Sender
from programmes.calendar import calendar_as_json
from programmes.rules import ItemKind
from programmes.vocabulary import Nation
from settings import Settings
from storage.database import Database
from storage.migrate import upgrade
from storage.sql import (
    engagements,
    events,
    items,
    mailbox,
    notifications,
    tasks,
)
from storage.starting import Opening, put_down
from tests.definitions import sources
from tests.histories import require_no_personal_data
from tests.servers import let_pass
from tests.storage.office import Rows
from tests.workflows.stories import (
    ADVISER,
    MANAGER,
    RESEARCHER,
    calendar_from,
    definition,
    engagement_input,
)
from worker import build_workers
from workflows.engagement import Engagement
from workflows.ids import engagement_workflow_id, item_workflow_id
from workflows.messages import Answer, EngagementInput, Start

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
COLLEAGUE, VIEWER = "con_colleague", "per_viewer"


def council(member: str, name: str, *, nation: str = "ENG", whose: str = "") -> Rows:
    """A member with two contacts, the lead and a colleague; ``whose`` sets theirs apart."""
    rows = Rows(since=LONG_AGO)
    rows.member(member, name=name, nation=nation)
    for role in ("lead", "colleague"):
        parts = (role, whose) if whose else (role,)
        rows.contact(
            "_".join(("con", *parts)),
            member,
            lead=role == "lead",
            name=" ".join(("Contact", *parts)),
            email=f"{'.'.join(parts)}@council.example",
        )
    return rows


def server_clock() -> datetime:
    """The server's time, which a time-skipping server moves, as an activity sees it."""
    info = activity.info()
    # A retry is scheduled when its wait begins; what it writes is dated when the wait is over.
    return info.current_attempt_scheduled_time if info.is_local else info.started_time


@dataclass(frozen=True)
class Mail:
    """An email that was sent, and the notification behind it."""

    kind: str
    recipient: str
    rung: str
    at: datetime
    subject: str = ""


class Office:
    """One programme office with one member, on one database."""

    def __init__(self, client: Client, database: Database, settings: Settings) -> None:
        self.client = client
        self.database = database
        self.settings = settings
        self._texts = itertools.count(1)

    # --- Master data ------------------------------------------------------------------------------

    async def furnish(
        self, nation: str = "ENG", programme: str = "inclusive-growth-network"
    ) -> None:
        """The people, one member of that nation with two contacts, and the programme."""
        loaded = definition(programme)
        staff = ((MANAGER, "manager"), (ADVISER, "adviser"), (RESEARCHER, "researcher"))
        rows = council("mem_1", "Sample council", nation=nation)
        for one, role in (*staff, (VIEWER, "viewer")):
            rows.person(one, role, name=f"Person {role}", email=f"{role}@office.example")
        rows.programme(loaded.id, loaded.version, title=loaded.title, source=source_of(programme))
        rows.funder(VIEWER, loaded.id)
        async with self.database.transaction() as session:
            await rows.write(session)

    async def text(self, body: str = "Some words") -> str:
        """Store a text, as the API does, and give its id."""
        one = f"txt_{next(self._texts)}_{uuid.uuid4().hex[:6]}"
        rows = Rows(since=LONG_AGO)
        rows.text(one, body, author=MANAGER)
        async with self.database.transaction() as session:
            await rows.write(session)
        return one

    # --- Commands ---------------------------------------------------------------------------------

    async def start(
        self, engagement: EngagementInput, *, task_timeout: timedelta | None = None
    ) -> "Engaged":
        """Start an engagement as the API does: the row, then update-with-start.

        ``task_timeout`` is how soon the server asks again for a decision of the engagement.
        """
        await self.put_down(engagement)
        engaged = Engaged(self, engagement.engagement_id)
        await engaged.start_again(engagement, task_timeout=task_timeout)
        return engaged

    async def put_down(self, engagement: EngagementInput) -> None:
        """The row that a start begins with."""
        async with self.database.transaction() as session:
            await put_down(
                session,
                Opening(
                    id=engagement.engagement_id,
                    member_id=engagement.member_id,
                    programme_id=engagement.rules.programme,
                    programme_version=engagement.rules.version,
                    manager_id=MANAGER,
                    adviser_id=ADVISER,
                    calendar=calendar_as_json(engagement.calendar),
                    started_on=engagement.start,
                    opened_at=LONG_AGO,
                ),
            )

    async def mails(self, engagement_id: str | None = None) -> list[Mail]:
        """Every email in the mailbox, in the order in which they were sent."""
        statement = (
            select(
                notifications.c.kind,
                notifications.c.recipient_id,
                notifications.c.rung,
                mailbox.c.at,
                mailbox.c.subject,
            )
            .join(mailbox, mailbox.c.notification_id == notifications.c.id)
            .order_by(mailbox.c.at, notifications.c.kind, notifications.c.recipient_id)
        )
        if engagement_id:
            statement = statement.where(notifications.c.engagement_id == engagement_id)
        async with self.database.reading() as session:
            return [Mail(*row) for row in await session.execute(statement)]


class Engaged:
    """A started engagement, with its commands and what the database says of it."""

    def __init__(self, office: Office, engagement_id: str) -> None:
        self.office = office
        self.id = engagement_id

    @property
    def handle(self) -> WorkflowHandle[Engagement, str]:
        """The engagement's own workflow."""
        return self.office.client.get_workflow_handle_for(
            Engagement.run, engagement_workflow_id(self.id)
        )

    def item_handle(self, kind: ItemKind, item_id: str) -> WorkflowHandle[object, object]:
        """An item's workflow."""
        return self.office.client.get_workflow_handle(item_workflow_id(self.id, kind, item_id))

    async def start_again(
        self, engagement: EngagementInput, *, task_timeout: timedelta | None = None
    ) -> Answer:
        """Update-with-start: the first time it starts the workflow."""
        answer: Answer = await self.office.client.execute_update_with_start_workflow(
            "start",
            Start(engagement.by),
            start_workflow_operation=WithStartWorkflowOperation(
                "Engagement",
                engagement,
                id=engagement_workflow_id(self.id),
                task_queue=self.office.settings.task_queue,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                task_timeout=task_timeout,
            ),
            result_type=Answer,
        )
        return answer

    async def command(self, command: object, *, update_id: str | None = None) -> Answer:
        """A command to the engagement itself."""
        answer: Answer = await self.handle.execute_update(
            snake(command), command, id=update_id, result_type=Answer
        )
        return answer

    async def item_command(
        self, kind: ItemKind, item_id: str, command: object, *, update_id: str | None = None
    ) -> Answer:
        """A command to one of its items."""
        answer: Answer = await self.item_handle(kind, item_id).execute_update(
            snake(command), command, id=update_id, result_type=Answer
        )
        return answer

    # --- What the database says -------------------------------------------------------------------

    async def rows(self, table: str) -> list[dict[str, object]]:
        """All rows of this engagement in ``tasks``, ``items``, ``events`` or ``notifications``."""
        of = {"tasks": tasks, "items": items, "events": events, "notifications": notifications}
        statement = select(of[table]).where(of[table].c.engagement_id == self.id)
        async with self.office.database.reading() as session:
            return [dict(row._mapping) for row in await session.execute(statement)]

    async def row(self) -> dict[str, object]:
        """The engagement's own row."""
        statement = select(engagements).where(engagements.c.id == self.id)
        async with self.office.database.reading() as session:
            return dict((await session.execute(statement)).one()._mapping)

    async def facts(self) -> list[str]:
        """The kinds of all events, in order of writing."""
        return [str(event["kind"]) for event in await self.rows("events")]


def snake(command: object) -> str:
    """``AcceptRequest`` → ``accept_request``: the update's name."""
    name = type(command).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def source_of(programme: str) -> str:
    """The YAML of a definition."""
    return sources()[programme]


@asynccontextmanager
async def open_office(
    client: Client,
    url: str,
    *,
    sender: Callable[[Database], Sender] | None = None,
    nation: Nation = "ENG",
    programme: str = "inclusive-growth-network",
    skipping: bool = True,
    encrypted: bool = False,
    build: str = "",
) -> AsyncIterator[Office]:
    """An office with its workers on a fresh pair of task queues. Its histories are searched for
    personal data, unless they are encrypted: by chance that may look like an address."""
    await upgrade(url)
    settings = Settings(
        database_url=url,
        task_queue=f"test-{uuid.uuid4().hex}",
        delivery_rate=1000,
        build=build,
    )
    database = Database(url)
    clock = server_clock if skipping else (lambda: datetime.now(UTC))
    try:
        office = Office(client, database, settings)
        await office.furnish(nation, programme)
        workers = build_workers(
            client,
            database,
            sender(database) if sender else Mailbox(database, clock),
            settings,
            clock=clock,
        )
        async with workers[0], workers[1]:
            yield office
            if not encrypted:
                await require_no_personal_data(client, database)
    finally:
        await database.dispose()


async def skip_to(environment: WorkflowEnvironment, instant: datetime) -> None:
    """Let the server's time pass until an instant, with everything that falls due before it."""
    now = await environment.get_current_time()
    if instant > now:
        await let_pass(environment, instant - now)


def engagement_of(nation: Nation, start: date, **changes: Any) -> EngagementInput:
    """The input of an engagement of the first office, by the calendar of its own years."""
    ready: dict[str, Any] = {
        "engagement_id": f"eng_{uuid.uuid4().hex[:12]}",
        "start": start,
        "calendar": calendar_from(start, nation),
    }
    return engagement_input(nation, **(ready | changes))
