"""The activities that send the emails of a record: each on its own, and none twice."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from temporalio import activity

from activities.handing_over import heartbeats, kind, retry_error, stopping, uninterrupted
from activities.inputs import DELIVER, REDELIVER, REMIND, DeliverInput, RedeliverInput
from activities.record import Recorder
from notifications.content.scene import Scene, read_scene
from notifications.delivery.dispatch import Dispatch
from notifications.delivery.ledger import Held, of_record
from notifications.delivery.resolving import Word, begin_round
from notifications.delivery.sending import OfficeSettings, Outcome
from notifications.digests.sending import DigestSending
from notifications.inbound.address import ReplyAddresses
from notifications.senders.protocol import Sender, Transient
from programmes.facts import Record
from storage.database import Database, utc_now

log = structlog.get_logger(__name__)


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
        if stopping():
            return Transient("worker_stops")
        try:
            return await uninterrupted(self._dispatch.send(notification_id, scene))
        except Transient as refusal:
            return refusal
        except Exception as error:
            # The database is down, or this row is broken: either way the others go on.
            # The error's text may quote personal data, so only its type is logged.
            log.error("delivery_stumbled", notification=notification_id, error=kind(error))
            return Transient("trouble")

    @activity.defn(name=REMIND)
    async def remind(self, record: Record) -> None:
        """Write one record, and send the notifications that it reserves."""
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
        word = Word(of.by, of.text)
        async with self._database.transaction() as session:
            held = await begin_round(session, of.notification_id, of.round, word, self._clock())
        if held is None:
            log.info("redelivery_off", notification=of.notification_id)
            return
        stopping()
        try:
            outcome = await uninterrupted(await self._sending(held))
        except Transient as refusal:
            raise retry_error([refusal], of=1) from None
        if outcome is Outcome.PASSED_ON:
            await self._deliver(DeliverInput(held.engagement_id, held.item_id, held.sequence))

    async def _sending(self, held: Held) -> Coroutine[Any, Any, Outcome]:
        if not held.engagement_id:
            return self._summaries.send(held.id, None)
        async with self._database.reading() as session:
            scene = await read_scene(session, held.engagement_id, held.item_id, held.sequence)
        return self._dispatch.send(held.id, scene)
