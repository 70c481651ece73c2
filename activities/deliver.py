"""The activities that send what a record reserved: each email on its own, none of them twice."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import structlog
from temporalio import activity

from activities.handing_over import beating, kind, not_yet, stopping, to_its_end
from activities.inputs import DELIVER, REDELIVER, REMIND, DeliverInput, RedeliverInput
from activities.record import Recorder
from notifications.content.scene import Scene, read_scene
from notifications.delivery.dispatch import Dispatch
from notifications.delivery.ledger import Held, of_record
from notifications.delivery.resolving import Word, begin_round
from notifications.delivery.sending import OfficeSettings, Outcome
from notifications.digests.sending import DigestPost
from notifications.inbound.address import ReplyAddresses
from notifications.senders.protocol import Sender, Transient
from programmes.facts import Record
from storage.database import Database, utc_now

log = structlog.get_logger(__name__)


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
