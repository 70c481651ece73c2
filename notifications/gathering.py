"""After an outage: what is late for one recipient is gathered, and goes out in one email.

The first of them that gets its turn carries the others; the email of a carrier that comes to
nothing is sent again with all of them, as far as they are still true.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from notifications.carrying import carried_by, carry, let_go, others_open
from notifications.catalogue import CATCH_UP, JOINING
from notifications.choices import choices_of
from notifications.courtesy import Quiet, without_quiet_days
from notifications.judging import Fit, Unfit, judge
from notifications.ledger import Held
from notifications.occasion import Occasion, calendar_for
from notifications.scene import Scene, read_scene
from programmes.outages import Outage, late_from


def is_late(held: Held, scene: Scene, now: datetime) -> bool:
    """Whether it may be gathered: the programme's policy has it so, and it should have left a
    while ago. A day on which its recipient takes nothing is looked at later."""
    policy = _policy(scene)
    if policy.then != "collapse" or held.kind not in JOINING:
        return False
    calendar = calendar_for(scene, held.recipient_id)
    return now > late_from(calendar, held.planned_at, policy.late_after)


def _policy(scene: Scene) -> Outage:
    return scene.definition.outage if scene.definition else Outage()


@dataclass(frozen=True)
class Gathering:
    """One attempt's look around: for others that are late, and for what it carries already."""

    session: AsyncSession
    public_url: str
    now: datetime

    async def of(self, held: Held, scene: Scene, mine: Fit | Unfit) -> list[Fit]:
        """What this attempt's email has to tell, itself included; nothing, where it is not sent."""
        found = [mine] if isinstance(mine, Fit) else []
        # Only a second attempt can find that an earlier one has gathered something.
        if held.state != "reserved" or held.round:
            found += await self._still_true(held)
        if isinstance(mine, Fit) and await self._late(held, scene):
            others = await self._others(mine, scene)
            if others:
                ids = [one.held.id for one in others]
                await carry(self.session, held.id, ids, self.now)
            found += others
        return found

    async def _late(self, held: Held, scene: Scene) -> bool:
        if not is_late(held, scene, self.now):
            return False
        theirs = await choices_of(self.session, held.recipient_id)
        heeded = without_quiet_days(theirs, calendar_for(scene, held.recipient_id))
        return self.now > late_from(heeded, held.planned_at, _policy(scene).late_after)

    async def _still_true(self, carrier: Held) -> list[Fit]:
        """What it carries; what is not true any more is let go, with the reason."""
        kept: list[Fit] = []
        for one in await carried_by(self.session, carrier.id):
            scene = await self._scene(one)
            judged = await judge(self.session, one, scene, self.public_url, self.now)
            if isinstance(judged, Fit):
                kept.append(judged)
            else:
                await let_go(self.session, one.id, judged.reason, self.now)
        return kept

    async def _others(self, mine: Fit, scene: Scene) -> list[Fit]:
        """What else is late, still true, and for the same reader, with what that carries."""
        found: list[Fit] = []
        for one in await others_open(
            self.session, mine.held, scene.programme_id, JOINING, self.now
        ):
            about = await self._scene(one)
            if not await self._late(one, about):
                continue
            try:
                judged = await judge(self.session, one, about, self.public_url, self.now)
            except Quiet:
                continue
            # What is not true is withheld by its own delivery, with its own reason.
            if isinstance(judged, Fit) and _same_reader(judged.occasion, mine.occasion):
                found += [judged, *await self._still_true(one)]
        return found

    async def _scene(self, held: Held) -> Scene:
        return await read_scene(self.session, held.engagement_id, held.item_id, held.sequence)


def _same_reader(one: Occasion, other: Occasion) -> bool:
    return one.recipient.id == other.recipient.id


def catch_up(found: Iterable[Fit]) -> Occasion:
    """The occasion of the one email that tells of all of these."""
    told = list(found)
    return replace(
        told[0].occasion,
        kind=CATCH_UP,
        rung="",
        task="",
        text_id=None,
        carries=tuple(one.occasion for one in told),
        since=min(one.held.planned_at for one in told),
    )
