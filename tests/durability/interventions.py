"""What an operator can do to a workflow by hand, at each stage, and what comes of it.

``docs/deploy.md`` has the table. The nightly tests play all of it, the others one case a stage.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from commands.reconciling.reading import Comparison
from commands.reconciling.repairing import Repairing
from programmes.rules import ItemKind
from tests.durability.acts import item, onboarding_of, progress_of, until_open
from tests.durability.pace import quiet_rules, settle, today
from tests.durability.reconciled import GONE, require_each_email_once, reset, until_quiet
from tests.durability.waiting import until
from tests.workflows.office import Engaged, Office
from tests.workflows.stories import ADVISER, MANAGER, RESEARCHER
from workflows.ids import engagement_workflow_id, item_workflow_id, scheduled_item_id
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AddEvidence,
    AgreedAction,
    AgreeScope,
    AssignRequest,
    CompleteStep,
    ConfirmDate,
    DeliverRequest,
    HoldSession,
    OpenRequest,
    ProposeDates,
    RecordNotes,
    ReturnReview,
    SignOffReview,
    SubmitReview,
)

Kind = Literal["engagement"] | ItemKind
Act = Literal["terminate", "cancel", "reset", "reset without its updates"]

ACTS: tuple[Act, ...] = ("terminate", "cancel", "reset", "reset without its updates")
REVIEW = "first-mile"

AT_ONCE = 10


@dataclass(frozen=True)
class Case:
    """One intervention at one stage."""

    kind: Kind
    steps: int
    """How many commands lead from the opening to the stage."""
    act: Act


@dataclass(frozen=True)
class Came:
    """What came of it, once ``milepost reconcile --repair`` has nothing more to do."""

    case: Case
    stage: str
    """The stage at which it was struck."""
    then: str
    """What the office sees afterwards."""
    left: tuple[str, ...]
    """The differences that wait for a person's decision."""


class Played:
    """One engagement that is brought to a stage, struck, and looked at."""

    def __init__(self, engaged: Engaged, number: int, case: Case) -> None:
        self.engaged, self.case = engaged, case
        self.lead = f"con_lead_{number}"
        self.stage = ""
        self._item = ""

    @property
    def workflow_id(self) -> str:
        """Whose workflow the operator strikes."""
        if self.case.kind == "engagement":
            return engagement_workflow_id(self.engaged.id)
        return item_workflow_id(self.engaged.id, self.case.kind, self._item)

    async def reach(self) -> None:
        """Bring it to its stage, and let its emails go."""
        text = await self.engaged.office.text()
        await until_open(self.engaged, "onboarding")
        match self.case.kind:
            case "engagement":
                await self._engagement()
            case "onboarding":
                self._item = onboarding_of(self.engaged)
                await self._give(self._onboarding()[: self.case.steps])
            case "research":
                self._item = f"itm_{self.engaged.id}"
                await self.engaged.command(OpenRequest(self.lead, self._item, text))
                await self._give(self._research(text)[: self.case.steps])
            case "advice" | "review":
                await self._support()
                key = "1" if self.case.kind == "advice" else REVIEW
                self._item = scheduled_item_id(self.engaged.id, self.case.kind, key)
                await until_open(self.engaged, self.case.kind)
                steps = self._advice(text) if self.case.kind == "advice" else self._review(text)
                await self._give(steps[: self.case.steps])
        await until_quiet(self.engaged)
        self.stage = str((await self._row())["stage"])

    async def strike(self) -> None:
        """Do what an operator does in Temporal."""
        handle = self.engaged.office.client.get_workflow_handle(self.workflow_id)
        match self.case.act:
            case "terminate":
                await handle.terminate(GONE)
            case "cancel":
                await handle.cancel()
                await until(self._is_closed, f"{self.workflow_id} takes its cancellation")
            case "reset":
                await reset(self.engaged, self.workflow_id)
            case "reset without its updates":
                await reset(self.engaged, self.workflow_id, updates=False)

    async def then(self) -> str:
        """What the office sees."""
        row = await self._row()
        if row["closed_at"] is None:
            return f"open at {row['stage']}"
        outcome = row.get("outcome") or row["stage"]
        if self.case.kind != "engagement":
            assert self._item not in (await progress_of(self.engaged)).items
        return f"closed: {outcome}"

    # --- How each kind comes to its stages --------------------------------------------------------

    async def _engagement(self) -> None:
        if self.case.steps:
            await self._support()
            for kind in ("advice", "review"):
                await until_open(self.engaged, kind)
        if self.case.steps > 1:
            self._item = scheduled_item_id(self.engaged.id, "review", REVIEW)
            text = await self.engaged.office.text()
            steps = [*self._review(text)[:2], SignOffReview(MANAGER)]
            await self._give(steps, "review")
            await until(self._completes, "the engagement is completing")

    async def _completes(self) -> bool:
        return (await self.engaged.row())["stage"] == "completing"

    async def _support(self) -> None:
        self._item = onboarding_of(self.engaged)
        await self._give(
            [*self._onboarding(), CompleteStep(MANAGER, "plan")],
            "onboarding",
        )

        async def is_active() -> bool:
            return (await self.engaged.row())["stage"] == "active"

        await until(is_active, "the engagement is active")

    def _onboarding(self) -> list[object]:
        return [CompleteStep(self.lead, "hello")]

    def _research(self, text: str) -> list[object]:
        return [
            AcceptRequest(MANAGER),
            AgreeScope(MANAGER, text, "note"),
            AssignRequest(MANAGER, RESEARCHER),
            DeliverRequest(RESEARCHER, text),
            AcceptDelivery(self.lead),
        ]

    def _advice(self, text: str) -> list[object]:
        session = datetime.now(UTC) + timedelta(hours=1)
        action = AgreedAction("a1", text, "lead", due=today() + timedelta(days=1))
        return [
            ProposeDates(ADVISER, (session,)),
            ConfirmDate(self.lead, 0),
            HoldSession(ADVISER, held_on=today()),
            RecordNotes(ADVISER, text, (action,)),
        ]

    def _review(self, text: str) -> list[object]:
        evidence = AddEvidence(self.lead, "story", text)
        return [evidence, SubmitReview(self.lead), ReturnReview(MANAGER, text)]

    async def _give(self, commands: Sequence[object], kind: ItemKind | None = None) -> None:
        of = kind or self.case.kind
        assert of != "engagement"
        for command in commands:
            await self.engaged.item_command(of, self._item, command)

    async def _row(self) -> dict[str, object]:
        if self.case.kind == "engagement":
            return await self.engaged.row()
        return await item(self.engaged, self._item)

    async def _is_closed(self) -> bool:
        return (await self._row())["closed_at"] is not None


STEPS: dict[Kind, int] = {"engagement": 2, "onboarding": 1, "research": 5, "advice": 4, "review": 3}
"""How many steps lead to the last stage of each kind that an operator may find."""

CASES = [
    Case(kind, step, act)
    for kind, last in STEPS.items()
    for step in range(last + 1)
    for act in ACTS
]


def sample() -> list[Case]:
    """One intervention for each stage, in turn."""
    return [CASES[turn + turn // len(ACTS) % len(ACTS)] for turn in range(0, len(CASES), len(ACTS))]


async def play(office: Office, cases: Sequence[Case]) -> list[Came]:
    """All cases in one office, so many side by side, each time with the repair of what is left."""
    numbered = list(enumerate(cases))
    came: list[Came] = []
    for first in range(0, len(numbered), AT_ONCE):
        came += await _play(office, numbered[first : first + AT_ONCE])
    return came


async def _play(office: Office, cases: Sequence[tuple[int, Case]]) -> list[Came]:
    async def played(number: int, case: Case) -> Played:
        engagement = replace(await settle(office, number), rules=quiet_rules())
        one = Played(await office.start(engagement), number, case)
        await one.reach()
        return one

    all_played = await asyncio.gather(*(played(n, case) for n, case in cases))
    before = [await office.mails(one.engaged.id) for one in all_played]
    await asyncio.gather(*(one.strike() for one in all_played))
    left = await _repair(Comparison(office.database, office.client, office.settings.task_queue))
    for one, mails in zip(all_played, before, strict=True):
        require_each_email_once(mails, await office.mails(one.engaged.id))
    return [
        Came(one.case, one.stage, await one.then(), left.get(one.engaged.id, ()))
        for one in all_played
    ]


async def _repair(comparison: Comparison) -> dict[str, tuple[str, ...]]:
    """Repair until two looks in a row find nothing to repair; gives what is left, by engagement."""
    at_peace = 0
    while at_peace < 2:
        found = await comparison.everything()
        at_peace = 0 if any(one.repairable for one in found) else at_peace + 1
        await Repairing(comparison).repair(found)
    left: dict[str, tuple[str, ...]] = {}
    for one in found:
        left[one.engagement_id] = (*left.get(one.engagement_id, ()), f"{one.kind} {one.trouble}")
    return left
