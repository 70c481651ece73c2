"""The activities that send what a record reserved: each email on its own, none of them twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.inputs import DELIVER, REDELIVER, REMIND, DeliverInput, RedeliverInput
from activities.record import Recorder, utc_now
from notifications.content.scene import Scene, read_scene
from notifications.delivery.dispatch import Dispatch
from notifications.delivery.ledger import Held, of_record
from notifications.delivery.recipient import Quiet
from notifications.delivery.resolving import Word, begin_round
from notifications.delivery.sending import OfficeSettings, Outcome
from notifications.digests.sending import DigestPost
from notifications.inbound.address import ReplyAddresses
from notifications.senders.protocol import Sender, Transient
from programmes.facts import Record
from storage.database import Database

log = structlog.get_logger(__name__)

NOT_YET = "DeliveryNotYet"
"""The error type of an attempt that could not hand everything over; it is tried again."""

Result = TypeVar("Result")

BEATS = 4
"""Heartbeats within the time after which a silent courier is taken for dead."""


class Courier:
    """Sends reserved notifications. One that is broken fails alone, and the others go out.

    Neither results nor errors carry more than ids, counts and named reasons.
    """

    def __init__(
        self,
        database: Database,
        sender: Sender,
        settings: OfficeSettings,
        clock: Callable[[], datetime] = utc_now,
        replies: ReplyAddresses | None = None,
        secret: str = "",
    ) -> None:
        self._database = database
        self._dispatch = Dispatch(database, sender, settings, clock, replies)
        self._summaries = DigestPost(database, sender, settings, clock, secret)
        self._recorder = Recorder(database, clock)
        self._clock = clock

    @activity.defn(name=DELIVER)
    async def deliver(self, of: DeliverInput) -> None:
        """Send what is still open of a record. Raises a retryable error if some have to wait."""
        async with beating():
            await self._deliver(of)

    async def _deliver(self, of: DeliverInput) -> None:
        tried: list[str] = []
        later: list[Transient] = []
        passed_on = True
        while passed_on:
            async with self._database.reading() as session:
                reserved = await of_record(session, of.item_id, of.sequence)
                waiting = [one for one in reserved if one not in tried]
                if not waiting:
                    break
                scene = await read_scene(session, of.engagement_id, of.item_id, of.sequence)
            ended = [await self._try(one, scene) for one in waiting]
            later += [one for one in ended if isinstance(one, Transient)]
            tried += waiting
            # Who has left has a successor, for whom something was reserved just now.
            passed_on = Outcome.PASSED_ON in ended
        if later:
            raise not_yet(later, of=len(tried))

    async def _try(self, notification_id: str, scene: Scene) -> Outcome | Transient:
        """Send one, if the worker goes on; or why it has to wait."""
        if stopping():
            return Transient("worker_stops")
        try:
            return await to_its_end(self._dispatch.send(notification_id, scene))
        except Transient as refusal:
            return refusal
        except Exception as error:
            # The database is away, or this one row is beyond us: either way the others go on.
            # What the error says may quote a person, so its type has to do.
            log.error("delivery_stumbled", notification=notification_id, error=kind(error))
            return Transient("trouble")

    @activity.defn(name=REMIND)
    async def remind(self, record: Record) -> None:
        """Write one record, and send what it reserved."""
        async with beating():
            written = await self._recorder.record(record)
            if written.notifications:
                of = DeliverInput(record.engagement_id, record.item_id, record.sequence)
                await self._deliver(of)

    @activity.defn(name=REDELIVER)
    async def redeliver(self, of: RedeliverInput) -> None:
        """Send one notification again, in a round of its own, because a person said so.

        It is looked at anew: what is not true any more is withheld this time, too. A summary says
        what is true now.
        """
        async with beating():
            await self._redeliver(of)

    async def _redeliver(self, of: RedeliverInput) -> None:
        word = Word(of.by, of.text)
        async with self._database.transaction() as session:
            held = await begin_round(session, of.notification_id, of.round, word, self._clock())
        if held is None:
            log.info("redelivery_off", notification=of.notification_id)
            return
        stopping()
        try:
            outcome = await to_its_end(await self._sending(held))
        except Transient as refusal:
            raise not_yet([refusal], of=1) from None
        if outcome is Outcome.PASSED_ON:
            await self._deliver(DeliverInput(held.engagement_id, held.item_id, held.sequence))

    async def _sending(self, held: Held) -> Coroutine[Any, Any, Outcome]:
        if not held.engagement_id:
            return self._summaries.send(held.id, None)
        async with self._database.reading() as session:
            scene = await read_scene(session, held.engagement_id, held.item_id, held.sequence)
        return self._dispatch.send(held.id, scene)


@asynccontextmanager
async def beating() -> AsyncIterator[asyncio.Task[None] | None]:
    """Show that we are alive, however long a database or a mail server keeps us waiting: taken for
    dead, another attempt would come between. It ends with the time that this attempt has."""
    info = activity.info() if activity.in_activity() else None
    if info is None or info.heartbeat_timeout is None:
        yield None
        return
    beats = asyncio.create_task(
        _beat(info.heartbeat_timeout / BEATS, info.start_to_close_timeout or timedelta.max)
    )
    try:
        yield beats
    finally:
        beats.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await beats


async def _beat(every: timedelta, longest: timedelta) -> None:
    for _ in range(longest // every):
        await asyncio.sleep(every.total_seconds())
        activity.heartbeat()


def stopping() -> bool:
    """Show that we are alive; whether the worker is about to stop, and others should go on."""
    if not activity.in_activity():
        return False
    activity.heartbeat()
    return activity.is_worker_shutdown()


async def to_its_end(sending: Coroutine[Any, Any, Result]) -> Result:
    """See an email that is on the wire to its end, also when the activity is cancelled meanwhile.

    Cut off, nobody would know whether it was taken. The sender's timeout bounds the wait.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # looked at, so that nobody misses it
        raise


def kind(error: Exception) -> str:
    """What to log of an error: its words may quote a person."""
    return type(error).__name__


def not_yet(later: list[Transient], *, of: int) -> ApplicationError:
    """How many must wait, and why. The longest delay that the provider asked for is kept."""
    reasons = ", ".join(sorted({one.reason for one in later}))
    log.info("emails_wait", count=len(later), of=of, reasons=reasons)
    # Who wants nothing today must not hold up what only waits for the mail server.
    pressing = [one for one in later if not isinstance(one, Quiet)]
    longest = max if pressing else min
    return ApplicationError(
        f"{len(later)} of {of} emails have to wait: {reasons}.",
        type=NOT_YET,
        # Nothing broke: Temporal's client would log a traceback for each attempt of an outage.
        category=ApplicationErrorCategory.BENIGN,
        next_retry_delay=longest(
            (one.retry_after for one in pressing or later if one.retry_after is not None),
            default=None,
        ),
    )
