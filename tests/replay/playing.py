"""One engagement of the first office, played on a time-skipping server a step at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from temporalio.client import WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from activities.inputs import TellInput
from programmes.calendar import WorkingCalendar
from programmes.holidays import calendar_for
from programmes.rules import ItemKind
from programmes.vocabulary import Nation
from tests.definitions import definition
from tests.workflows.office import Engaged, Office, council, skip_to
from tests.workflows.stories import MANAGER, rules
from workflows.engagement import Engagement
from workflows.ids import (
    DELIVER_NOTICES,
    engagement_workflow_id,
    item_workflow_id,
    reply_workflow_id,
    scheduled_item_id,
)
from workflows.messages import Answer, EngagementInput, OpenRequest

FIRST_DAY = date(2040, 1, 9)
"""A Monday that lies ahead for long: the commands hang on week-ends and bank holidays."""

Histories = dict[str, WorkflowHistory]
"""By the name of the file that they are kept in, without its ending."""


@cache
def far_calendar(nation: Nation = "ENG") -> WorkingCalendar:
    """The calendar of a member in a nation, as far as the stories go."""
    return calendar_for(definition(), nation, first=date(2039, 12, 1), last=date(2044, 12, 31))


class Play:
    """Commands to one engagement and its items, and the days between them."""

    def __init__(
        self,
        name: str,
        environment: WorkflowEnvironment,
        office: Office,
        engaged: Engaged,
        nation: Nation,
    ) -> None:
        self.name = name
        self._nation: Nation = nation
        self._environment = environment
        self._office = office
        self._engaged = engaged
        self._requests = 0
        self.histories: Histories = {}

    async def after(self, days: int, *, hour: int = 11) -> None:
        """Let days pass, and then the week-end or holiday that may follow; it is 11 o'clock."""
        calendar = far_calendar()
        now = await self._environment.get_current_time()
        day = calendar.roll_forward(calendar.local_date(now) + timedelta(days=days))
        await skip_to(self._environment, datetime.combine(day, time(hour), UTC))

    async def until_a_day_off_of_the_office(self) -> None:
        """Let days pass until the member works and the office does not; it is 11 o'clock."""
        calendar = far_calendar(self._nation)
        day = calendar.local_date(await self._environment.get_current_time())
        while not calendar.is_working(day) or calendar.for_office().is_working(day):
            day += timedelta(days=1)
        await skip_to(self._environment, datetime.combine(day, time(11), UTC))

    async def do(self, command: object) -> Answer:
        """A command to the engagement."""
        return await self._engaged.command(command)

    async def item(self, kind: ItemKind, key: str, *commands: object) -> None:
        """Commands to an item that the plan has opened."""
        for command in commands:
            await self._engaged.item_command(kind, self._planned(kind, key), command)

    async def submit(self) -> str:
        """A research request; gives its id."""
        self._requests += 1
        item_id = f"itm_{self.name}_{self._requests}"
        await self.do(OpenRequest(self.lead, item_id, await self.text(), "good-jobs"))
        return item_id

    async def request(self, item_id: str, *commands: object) -> None:
        """Commands to a research request."""
        for command in commands:
            await self._engaged.item_command("research", item_id, command)

    async def text(self) -> str:
        """Something that a person wrote."""
        return await self._office.text()

    async def now(self) -> datetime:
        """The server's time."""
        return await self._environment.get_current_time()

    @property
    def lead(self) -> str:
        """The lead of this engagement's member."""
        return f"con_lead_{self.name}"

    async def open_items(self, kind: ItemKind) -> list[str]:
        """The keys of the items of a kind that are open."""
        progress = await self._engaged.handle.query(Engagement.progress)
        names = (name.split(":", 1) for name in progress.items.values())
        return [key for one, key in names if one == kind]

    async def keep(self, suffix: str, *items: tuple[ItemKind, str]) -> None:
        """Keep the histories of these items as they stand now."""
        for kind, key in items:
            item_id = key if kind == "research" else self._planned(kind, key)
            name = f"{kind}-{key.rsplit('_', 1)[-1]}".removesuffix(f"-{kind}")
            await self._keep(f"{name}.{suffix}", item_workflow_id(self._engaged.id, kind, item_id))

    async def tell_of_an_answer(self) -> None:
        """An answer by email in the evening: its telling, kept as it waits and when it is done."""
        now = await self.now()
        answer = f"inb_{self.name}"
        await self._office.client.start_workflow(
            DELIVER_NOTICES,
            TellInput(self._engaged.id, f"itm_{self.name}", -1, now + timedelta(hours=12)),
            id=reply_workflow_id(answer),
            task_queue=self._office.settings.task_queue,
        )
        while len((await self._history(reply_workflow_id(answer))).events) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        await self._keep("telling.waits", reply_workflow_id(answer))
        await self.after(1)
        await self._keep("telling.done", reply_workflow_id(answer))

    async def keep_engagement(self, suffix: str) -> None:
        """Keep the engagement's own history as it stands now."""
        await self._keep(f"engagement.{suffix}", engagement_workflow_id(self._engaged.id))

    async def _keep(self, name: str, workflow_id: str) -> None:
        self.histories[f"{self.name}.{name}"] = await self._history(workflow_id)

    async def _history(self, workflow_id: str) -> WorkflowHistory:
        return await self._office.client.get_workflow_handle(workflow_id).fetch_history()

    def _planned(self, kind: ItemKind, key: str) -> str:
        return scheduled_item_id(self._engaged.id, kind, key)


Story = Callable[[Play], Awaitable[None]]


async def play(
    name: str,
    story: Story,
    environment: WorkflowEnvironment,
    office: Office,
    nation: Nation = "ENG",
) -> Histories:
    """Start an engagement on the next Monday, and live through a story of it."""
    calendar = far_calendar(nation)
    today = max(FIRST_DAY, calendar.local_date(await environment.get_current_time()))
    monday = today + timedelta(days=-today.weekday() % 7)
    await skip_to(environment, datetime.combine(monday, time(11), UTC))
    rows = council(f"mem_{name}", f"Sample council of {name}", whose=name, nation=nation)
    async with office.database.transaction() as session:
        await rows.write(session)
    engaged = await office.start(
        EngagementInput(
            engagement_id=f"eng_{name}",
            member_id=f"mem_{name}",
            rules=rules(),
            calendar=calendar,
            start=monday,
            by=MANAGER,
            title=f"Member mem_{name}",
        )
    )
    playing = Play(name, environment, office, engaged, nation)
    await story(playing)
    return playing.histories
