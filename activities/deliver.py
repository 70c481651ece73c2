"""The activities that send the emails of a record: each on its own, and none twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.inputs import DELIVER, NOT_YET, REDELIVER, REMIND, DeliverInput, RedeliverInput
from activities.record import Recorder
from notifications.content.scene import Scene, read_scene
from notifications.delivery.dispatch import Dispatch
from notifications.delivery.ledger import Held
from notifications.delivery.recipient import Quiet
from notifications.delivery.reserving import of_record
from notifications.delivery.resolving import UserDecision, begin_round
from notifications.delivery.sending import GIVE_UP_AFTER, OfficeSettings, Outcome, Sending
from notifications.digests.sending import DigestSending
from notifications.inbound.address import ReplyAddresses
from notifications.senders.protocol import Sender, Transient
from programmes.facts import Record
from storage.database import Database, utc_now

log = structlog.get_logger(__name__)

BEATS = 4
"""Heartbeats within the heartbeat timeout, after which Temporal starts another attempt."""

Result = TypeVar("Result")


class Courier:
    """Sends reserved notifications. A broken one fails alone, and the others leave.

    Results and errors contain only ids, counts and named reasons.
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
        self._summaries = DigestSending(database, sender, settings, clock, secret)
        self._recorder = Recorder(database, clock)
        self._clock = clock

    @activity.defn(name=DELIVER)
    async def deliver(self, of: DeliverInput) -> None:
        """Send a record's open notifications. Raises a retryable error if some have to wait."""
        async with heartbeats():
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
            # A recipient has left, so notifications for their successors were reserved just now.
            passed_on = Outcome.PASSED_ON in ended
        if later:
            raise retry_error(later, of=len(tried))

    async def _try(self, notification_id: str, scene: Scene) -> Outcome | Transient:
        """Send one, unless the worker stops; returns the reason if it has to wait."""
        if worker_stopping():
            return Transient("worker_stops")
        try:
            return await uninterrupted(self._dispatch.send(notification_id, scene))
        except Quiet as quiet:
            return quiet
        except Transient as refusal:
            return await self._tried_long_enough(self._dispatch, notification_id, refusal)
        except Exception as error:
            # The database is down, or this row is broken: either way the others continue.
            # The error's text may quote personal data, so only its type is logged.
            log.error("delivery_stumbled", notification=notification_id, error=type(error).__name__)
            trouble = Transient("trouble")
            return await self._tried_long_enough(self._dispatch, notification_id, trouble)

    async def _tried_long_enough(
        self, sending: Sending[Any, Any], notification_id: str, refusal: Transient
    ) -> Outcome | Transient:
        """Give up an email that was tried for a week; otherwise it has to wait."""
        first = activity.info().scheduled_time if activity.in_activity() else None
        if first is None or self._clock() - first < GIVE_UP_AFTER:
            return refusal
        try:
            abandoned = await sending.abandon(notification_id, refusal.reason, first)
        except Exception as error:  # the database is down, and comes back
            log.error("delivery_stumbled", notification=notification_id, error=type(error).__name__)
            return refusal
        if abandoned:
            log.error("delivery_abandoned", notification=notification_id, reason=refusal.reason)
        return Outcome.DONE if abandoned else refusal

    @activity.defn(name=REMIND)
    async def remind(self, record: Record) -> None:
        """Write one record, and send the notifications that it reserves.

        Raises ``NOT_YET`` where some have to wait: they are left to ``deliver``.
        """
        async with heartbeats():
            written = await self._recorder.record(record)
            if written.notifications:
                of = DeliverInput(record.engagement_id, record.item_id, record.sequence)
                await self._deliver(of)

    @activity.defn(name=REDELIVER)
    async def redeliver(self, of: RedeliverInput) -> None:
        """Send one notification again, in a new round, because a user asked for it.

        It is checked again, so an outdated one is withheld. A summary says what is true now.
        """
        async with heartbeats():
            await self._redeliver(of)

    async def _redeliver(self, of: RedeliverInput) -> None:
        word = UserDecision(of.by, of.text)
        async with self._database.transaction() as session:
            held = await begin_round(session, of.notification_id, of.round, word, self._clock())
        if held is None:
            log.info("redelivery_off", notification=of.notification_id)
            return
        worker_stopping()
        try:
            outcome: Outcome | Transient = await uninterrupted(await self._sending(held))
        except Quiet as quiet:
            raise retry_error([quiet], of=1) from None
        except Transient as refusal:
            outcome = await self._tried_long_enough(self._way_of(held), held.id, refusal)
        if isinstance(outcome, Transient):
            raise retry_error([outcome], of=1) from None
        if outcome is Outcome.PASSED_ON:
            await self._deliver(DeliverInput(held.engagement_id, held.item_id, held.sequence))

    def _way_of(self, held: Held) -> Sending[Any, Any]:
        return self._dispatch if held.engagement_id else self._summaries

    async def _sending(self, held: Held) -> Coroutine[Any, Any, Outcome]:
        if not held.engagement_id:
            return self._summaries.send(held.id, None)
        async with self._database.reading() as session:
            scene = await read_scene(session, held.engagement_id, held.item_id, held.sequence)
        return self._dispatch.send(held.id, scene)


@asynccontextmanager
async def heartbeats() -> AsyncIterator[asyncio.Task[None] | None]:
    """Send heartbeats, so that a slow database or mail server does not cause a second attempt.

    They end once this attempt's time is up.
    """
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


def worker_stopping() -> bool:
    """Send a heartbeat; returns whether the worker is about to stop and another should continue."""
    if not activity.in_activity():
        return False
    activity.heartbeat()
    return activity.is_worker_shutdown()


async def uninterrupted(sending: Coroutine[Any, Any, Result]) -> Result:
    """Finish sending an email even if the activity is cancelled meanwhile.

    Otherwise it would be unknown whether the email left. The sender's timeout limits the wait.
    """
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # read, so that asyncio does not log it as unread
        raise


def retry_error(later: list[Transient], *, of: int) -> ApplicationError:
    """A retryable error that says how many emails wait, and why.

    Its delay is the longest that the provider asked for.
    """
    reasons = ", ".join(sorted({one.reason for one in later}))
    log.info("emails_wait", count=len(later), of=of, reasons=reasons)
    # A recipient's quiet day must not delay emails that only wait for the mail server.
    urgent = [one for one in later if not isinstance(one, Quiet)]
    longest = max if urgent else min
    return ApplicationError(
        f"{len(later)} of {of} emails have to wait: {reasons}.",
        type=NOT_YET,
        # Without this, Temporal's client would log a traceback for each attempt of an outage.
        category=ApplicationErrorCategory.BENIGN,
        next_retry_delay=longest(
            (one.retry_after for one in urgent or later if one.retry_after is not None),
            default=None,
        ),
    )
