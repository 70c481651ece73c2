"""The activities of summaries: reserve those of a run, send each, or give one up."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import activity

from activities.deliver import heartbeats, retry_error, uninterrupted, worker_stopping
from activities.inputs import PLAN_DIGESTS, SEND_DIGEST, WITHHOLD_DIGEST, DigestPlan
from notifications.content.programme import newest_definition
from notifications.delivery.sending import OfficeSettings
from notifications.digests.planning import Page, reserve_digests
from notifications.digests.sending import DigestSending
from notifications.senders.protocol import Sender, Transient
from storage.database import Database, utc_now

A_WHILE = timedelta(minutes=15)
"""The longest wait within one attempt, as a provider may ask for. Longer waits are nights and quiet
days; the workflow waits for those."""


class DigestDesk:
    """Reserves and sends summaries. Results and errors contain only ids and counts."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        settings: OfficeSettings,
        secret: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._clock = clock
        self._post = DigestSending(database, sender, settings, clock, secret)

    @activity.defn(name=PLAN_DIGESTS)
    async def plan_digests(self, of: DigestPlan) -> list[str]:
        """Reserve a page of summaries, one per period and recipient; returns their ids.

        The page is full unless there are no more. Empty if the programme does not exist, cannot be
        read, or has no such summary any more.
        """
        async with self._database.transaction() as session:
            definition = await newest_definition(session, of.programme_id)
            if definition is None or definition.digests.time_of(of.digest) is None:
                return []
            page = Page(of.after, of.limit, of.unsent)
            return await reserve_digests(session, definition, of.digest, of.at, self._clock(), page)

    @activity.defn(name=SEND_DIGEST)
    async def send_digest(self, notification_id: str) -> float | None:
        """Send one. Raises a retryable error for a short wait; returns a long one in seconds."""
        async with heartbeats():
            worker_stopping()
            try:
                await uninterrupted(self._post.send(notification_id, None))
            except Transient as refusal:
                if refusal.retry_after is not None and refusal.retry_after > A_WHILE:
                    return refusal.retry_after.total_seconds()
                raise retry_error([refusal], of=1) from None
        return None

    @activity.defn(name=WITHHOLD_DIGEST)
    async def withhold_digest(self, notification_id: str) -> None:
        """Withhold one because the next one is near."""
        await self._post.give_up(notification_id, "too_late")
