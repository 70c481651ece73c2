"""Runs the demo: adds the sample people, plays the story, and shows the board and the emails."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Iterator
from datetime import datetime
from typing import Any

from commands.front_desk import FrontDesk
from commands.show import ZONE
from demo.board import board_table, held_emails, read_board, surprises
from demo.mail import Watch
from demo.memory import Memory
from demo.office_client import NotInTime, OfficeClient, Refused
from demo.player import Player, lead_of
from demo.stage import Stage, tour_table
from demo.story import SampleEngagement, Story
from demo.tour import Walk
from programmes.definition import Definition

LABEL = "demo"
"""Marks the tokens of the story's people, so that they are revoked at the end."""

YOURS = "demo, for you"
"""Marks the token that is printed for the user. The next demo prints another."""


async def prepare(desk: FrontDesk, story: Story, memory: Memory) -> dict[str, Definition]:
    """Add what is missing. Returns the definitions by id. Raises Stop where one is refused."""
    definitions = {name: await desk.add_built_in(name) for name in story.programmes()}
    for key, person in story.people.items():
        if key not in memory.people:
            memory.people[key] = await desk.add_person(person.name, person.email, person.role)
            memory.keep()
    readers = [memory.people[key] for key, one in story.people.items() if one.role == "viewer"]
    for definition in definitions.values():
        await desk.name_funders(definition.id, readers)
    for key, member in story.members.items():
        if key not in memory.members:
            contacts = [(each.name, each.email, each.lead) for each in member.contacts]
            added = await desk.add_sample_member(member.name, member.nation, contacts)
            memory.members[key], memory.leads[key] = added
            memory.keep()
    return definitions


async def hand_out_tokens(desk: FrontDesk, memory: Memory) -> dict[str, str]:
    """A token for each person and lead contact. Those of an earlier demo are revoked."""
    await take_tokens_back(desk)
    holders = memory.people | {lead_of(key): contact for key, contact in memory.leads.items()}
    return {who: await desk.make_token(holder, LABEL) for who, holder in holders.items()}


async def token_to_try(desk: FrontDesk, memory: Memory, who: str) -> str:
    """A token for the user. The one of an earlier demo is revoked."""
    await desk.revoke_tokens(YOURS)
    return await desk.make_token(memory.people[who], YOURS)


async def take_tokens_back(desk: FrontDesk) -> None:
    """Revoke the tokens of the story's people."""
    await desk.revoke_tokens(LABEL)


AT_ONCE = 3
"""How many engagements are played at once. More would only queue for the database."""


class Show:
    """One run of the demo, from the sample people to the last email of the tour."""

    def __init__(
        self, story: Story, memory: Memory, base: str, desk: FrontDesk, stage: Stage
    ) -> None:
        self._story = story
        self._memory = memory
        self._base = base
        self._desk = desk
        self._stage = stage
        self._manager = story.engagements[0].manager
        """The manager with whose token the board and the mailbox are read."""

    async def run(self, *, stay: bool) -> list[str]:
        """Play the story. With ``stay``, keep running and show the emails that follow.

        Returns what went otherwise than expected, a sentence each.
        """
        definitions = await prepare(self._desk, self._story, self._memory)
        if stay:
            token = await token_to_try(self._desk, self._memory, self._manager)
            name = self._story.people[self._manager].name
            self._stage.line(
                f"To try the API as {name}: curl -H 'Authorization: Bearer {token}'"
                f" {self._base}/api/v1/engagements"
            )
        tokens = await hand_out_tokens(self._desk, self._memory)
        try:
            async with OfficeClient(self._base, tokens) as office:
                watch = Watch(office, self._manager, self._stage.email)
                await watch.begin()
                async with _alongside(watch.run()):
                    wrong = await self._play(office, watch, definitions)
                    self._stage.verdict(wrong)
                    if stay:
                        self._stage.line(
                            "The office keeps running and shows each email as it arrives."
                            " Press Ctrl-C to stop; the next demo continues from here."
                        )
                        await asyncio.Event().wait()
                    return wrong
        finally:
            await take_tokens_back(self._desk)

    async def _play(
        self, office: OfficeClient, watch: Watch, definitions: dict[str, Definition]
    ) -> list[str]:
        """A problem in one part is reported at the end, and does not stop the other parts."""
        wrong: list[str] = []
        moves = sum(len(each.moves) + 1 for each in self._story.engagements)
        walk = Walk(self._story, self._memory, office, watch)
        guide = Player(self._story, self._memory, office, definitions, lambda: None)

        async def tour() -> None:
            name = self._story.members[self._story.tour.member].name
            with _noting(wrong, name):
                part = await walk.start(guide)
                self._stage.line(
                    "The tour has started. Its reminder, escalation and review follow."
                )
                await walk.go(guide, part)
                await walk.end()

        async with _alongside(tour()) as touring:
            with self._stage.progress(moves) as made:
                player = Player(self._story, self._memory, office, definitions, made)
                await self._play_story(player, wrong)
            await self._show_board(office, wrong)
            if not touring.done():
                self._stage.line("The tour continues …")
            await touring
        report = walk.report()
        self._stage.blank()
        self._stage.table(tour_table(report))
        return wrong + [
            f"The tour's email {each.kind} to the {each.to} did not arrive."
            for each in report.missing
        ]

    async def _play_story(self, player: Player, wrong: list[str]) -> None:
        side_by_side = asyncio.Semaphore(AT_ONCE)

        async def play(engagement: SampleEngagement) -> None:
            async with side_by_side:
                with _noting(wrong, self._story.members[engagement.member].name):
                    await player.play(engagement)

        async with asyncio.TaskGroup() as group:
            for engagement in self._story.engagements:
                group.create_task(play(engagement))

    async def _show_board(self, office: OfficeClient, wrong: list[str]) -> None:
        board = await read_board(office, self._manager, self._story.engagements[0].programme)
        self._stage.blank()
        self._stage.table(board_table(board))
        held = await held_emails(office, self._manager, board)
        if held:
            opens = datetime.fromisoformat(min(held)).astimezone(ZONE)
            self._stage.line(
                f"{len(held)} emails wait. The first leaves on {opens:%A} {opens.day}"
                f" {opens:%B at %H:%M}, when this office begins to email. They are on each"
                " timeline already."
            )
        wrong += surprises(self._story, self._memory, board)


@contextlib.contextmanager
def _noting(wrong: list[str], part: str) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        wrong.append(f"{part}: the office refused {refused!s}")
    except NotInTime as late:
        wrong.append(f"{part}: this did not arrive in time: {late!s}")


@contextlib.asynccontextmanager
async def _alongside(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run the work beside the block. It ends with the block. Its failure ends the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield task
        finally:
            task.cancel()
