"""Makes, changes and removes Temporal's schedules of summaries, as the definitions say.

A repeat changes nothing, even from several processes at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import get_args

from temporalio.api.common.v1 import Payload
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)
from temporalio.service import RPCError, RPCStatusCode

from activities.inputs import DigestInput
from notifications.words import parsed_in_thread
from programmes.fields import Weekday
from programmes.office_hours import DigestTime
from programmes.problems import DefinitionErrors
from programmes.vocabulary import DIGESTS, Digest
from storage.database import Database
from storage.queries.programmes import latest_programmes
from workflows.ids import DIGEST_PREFIX, digest_schedule_id

WORKFLOW = "Digest"

CATCH_UP = timedelta(hours=12)
"""After a downtime a missed run is made up for on the same day only."""

MADE_FROM = "milepost_made_from"
"""The memo of a run that says what its schedule was made from. The schedule's own note belongs to
the operator, who says there why it is paused."""

SHAPE = "2"
"""Raise it when ``Wanted.schedule`` changes its workflow, summary or overlap policy. Then the
schedules of the previous release are updated."""

_DAYS: tuple[str, ...] = get_args(Weekday)


@dataclass(frozen=True)
class Wanted:
    """When a programme's summary goes out."""

    programme_id: str
    digest: Digest
    at: DigestTime
    zone: str

    @property
    def when(self) -> str:
        """The time as the definition says it."""
        return f"{self.at.on} {self.at.at} {self.zone}"

    def schedule(self, task_queue: str) -> Schedule:
        """The time as Temporal keeps it."""
        hour, minute = (int(part) for part in self.at.at.split(":"))
        # Temporal's week begins on Sunday, 0.
        day = (_DAYS.index(self.at.on) + 1) % 7
        id = digest_schedule_id(task_queue, self.programme_id, self.digest)
        return Schedule(
            action=ScheduleActionStartWorkflow(
                WORKFLOW,
                DigestInput(self.programme_id, self.digest),
                id=id,
                task_queue=task_queue,
                static_summary=f"Summaries of {self.programme_id} ({self.digest})",
                memo={MADE_FROM: self._fingerprint(task_queue)},
            ),
            spec=ScheduleSpec(
                calendars=[
                    ScheduleCalendarSpec(
                        hour=[ScheduleRange(hour)],
                        minute=[ScheduleRange(minute)],
                        day_of_week=[ScheduleRange(day)],
                    )
                ],
                jitter=timedelta(minutes=self.at.within),
                time_zone_name=self.zone,
            ),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
        )

    def _fingerprint(self, task_queue: str) -> str:
        """A mark that says whether a schedule is up to date."""
        said = f"{SHAPE}|{self.when}|{self.at.within}|{task_queue}|{CATCH_UP}"
        return sha256(said.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Synced:
    """What was done about one schedule."""

    programme: str
    digest: str
    when: str
    change: str
    """``made``, ``changed``, ``kept`` or ``removed``."""


async def sync_schedules(client: Client, database: Database, task_queue: str) -> list[Synced]:
    """Make Temporal's schedules what the newest definitions say. Raises ``RPCError``."""
    wanted = await _wanted(database, task_queue)
    synced = []
    for id, one in wanted.items():
        change = await _put(client, id, one.schedule(task_queue))
        synced.append(Synced(one.programme_id, one.digest, one.when, change))
    async for listed in await client.list_schedules():
        if not listed.id.startswith(DIGEST_PREFIX) or listed.id in wanted:
            continue
        if await _remove(client, listed.id, task_queue):
            programme_id, digest = listed.id.split("/")[-2:]
            synced.append(Synced(programme_id, digest, "", "removed"))
    return synced


async def _wanted(database: Database, task_queue: str) -> Mapping[str, Wanted]:
    async with database.reading() as session:
        stored = await latest_programmes(session)
    found = {}
    for programme in stored:
        try:
            definition, _ = await parsed_in_thread(programme.source)
        except DefinitionErrors:
            continue  # its engagements run on, but its summaries are unknown
        for digest in DIGESTS:
            at = definition.digests.time_of(digest)
            if at is not None:
                id = digest_schedule_id(task_queue, programme.id, digest)
                found[id] = Wanted(programme.id, digest, at, definition.calendar.zone)
    return found


async def _put(client: Client, id: str, schedule: Schedule) -> str:
    try:
        await client.create_schedule(id, schedule)
    except ScheduleAlreadyRunningError:
        changed = False
        wanted = await _made_from(client, schedule)

        async def corrected(held: ScheduleUpdateInput) -> ScheduleUpdate | None:
            nonlocal changed
            found = held.description.schedule
            changed = await _made_from(client, found) != wanted
            # Keep what an operator has set: the pause, its note, and the remaining runs.
            return ScheduleUpdate(replace(schedule, state=found.state)) if changed else None

        await client.get_schedule_handle(id).update(corrected)
        return "changed" if changed else "kept"
    return "made"


async def _made_from(client: Client, schedule: Schedule) -> object:
    """What its memo says, or ``None`` if another version made it."""
    action = schedule.action
    if not isinstance(action, ScheduleActionStartWorkflow) or action.memo is None:
        return None
    said = action.memo.get(MADE_FROM)
    if isinstance(said, Payload):
        [said] = await client.data_converter.decode([said])
    return said


async def _remove(client: Client, id: str, task_queue: str) -> bool:
    """Remove a schedule. Returns whether it was ours. Another office may share the namespace, and
    its schedules stay."""
    handle = client.get_schedule_handle(id)
    try:
        action = (await handle.describe()).schedule.action
        if not isinstance(action, ScheduleActionStartWorkflow) or action.task_queue != task_queue:
            return False
        await handle.delete()
    except RPCError as error:
        if error.status != RPCStatusCode.NOT_FOUND:
            raise
        return False
    return True
