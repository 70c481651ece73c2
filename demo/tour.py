"""Plays the tour: its people wait for its emails, and then act."""

from dataclasses import dataclass
from datetime import UTC, datetime

from demo.mail import Seen, Watch
from demo.memory import Memory, Part
from demo.office_client import OfficeClient
from demo.player import Player
from demo.story import ExpectedMail, Story

EMAIL_WITHIN_SECONDS = 75.0
AGAIN = "The tour starts again."
"""Why an earlier tour is withdrawn, on its timeline."""
FAREWELL = "engagement.withdrawn"


@dataclass(frozen=True)
class Report:
    """The emails of the tour that arrived, and those that did not."""

    began: datetime
    arrived: tuple[Seen, ...]
    missing: tuple[ExpectedMail, ...]


class Walk:
    """One tour. Each demo starts a new one."""

    def __init__(self, story: Story, memory: Memory, office: OfficeClient, watch: Watch) -> None:
        self._story = story
        self._tour = story.tour
        self._memory = memory
        self._office = office
        self._watch = watch
        self._began = datetime.now(UTC)

    async def start(self, player: Player) -> Part:
        """Withdraw an earlier tour that is still open, and start this one."""
        await self._withdraw_earlier()
        # Counted first. Otherwise a run after an interruption would get this tour's old answer.
        self._memory.tours += 1
        self._memory.keep()
        self._began = datetime.now(UTC)
        today = self._began.date().isoformat()
        key = f"demo.tour.{self._memory.tours}.start"
        return Part(await player.start(self._tour, today, key))

    async def _withdraw_earlier(self) -> None:
        tours = await self._office.get(
            self._tour.manager, "/engagements", programme=self._tour.programme, limit=200
        )
        for earlier in tours["items"]:
            if earlier["closed_at"] is None:
                await self._office.post(
                    self._tour.manager,
                    f"/engagements/{earlier['id']}/withdraw",
                    {"reason": AGAIN},
                    f"demo.tour.withdraw.{earlier['id']}",
                )

    async def go(self, player: Player, part: Part) -> None:
        """Make its moves, each after the email that it waits for. Raises NotInTime."""
        for number, move in enumerate(self._tour.moves):
            if move.once:
                await self._watch.wait_for(
                    move.once, self._addresses, self._began, EMAIL_WITHIN_SECONDS
                )
            key = f"demo.tour.{self._memory.tours}.{number}"
            await player.make(move, self._tour, part, move.details, key)

    async def end(self) -> None:
        """Wait for all of the tour's emails. Raises NotInTime."""
        for expected in self._tour.expects:
            await self._watch.wait_for(
                expected.kind, {self._address(expected.to)}, self._began, EMAIL_WITHIN_SECONDS
            )

    def report(self) -> Report:
        """What has arrived so far."""
        arrived = [
            email
            for email in self._watch.seen
            if email.to_email in self._addresses
            and email.at >= self._began
            # The last tour's farewell email arrives while this one starts.
            and email.kind != FAREWELL
        ]
        missing = [
            expected
            for expected in self._tour.expects
            if not self._watch.found(expected.kind, {self._address(expected.to)}, self._began)
        ]
        return Report(self._began, tuple(arrived), tuple(missing))

    @property
    def _addresses(self) -> set[str]:
        member = self._story.members[self._tour.member]
        people = self._story.people
        return {contact.email for contact in member.contacts} | {
            people[self._tour.manager].email,
            people[self._tour.adviser].email,
        }

    def _address(self, to: str) -> str:
        if to == "lead":
            return self._story.members[self._tour.member].lead.email
        return self._story.people[str(getattr(self._tour, to))].email
