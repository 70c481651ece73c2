"""A whole engagement in seconds, on a real server: its rules, its people, its emails.

Each person does what is asked only after the reminder for it has arrived. So the emails are
the same however fast the machine is, whichever worker is killed and whatever is late: one reminder
each.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from programmes.rules import ItemKind
from tests.durability.acts import insist, persist
from tests.durability.pace import today
from tests.durability.waiting import until
from tests.workflows.office import Engaged
from tests.workflows.stories import (
    ADVISER,
    MANAGER,
    RESEARCHER,
)
from workflows.ids import engagement_workflow_id, item_workflow_id, scheduled_item_id
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AddEvidence,
    AgreedAction,
    AgreeScope,
    Answer,
    AnswerQuestion,
    AskMember,
    AssignRequest,
    Complete,
    CompleteAction,
    CompleteStep,
    ConfirmDate,
    DeliverRequest,
    EngagementInput,
    GiveFeedback,
    HoldSession,
    OpenRequest,
    ProposeDates,
    RecordNotes,
    ReturnDelivery,
    ReturnReview,
    SendAgenda,
    SignOffReview,
    SubmitReview,
)

PATIENCE_SECONDS = 250.0

Told = tuple[str, str, str]
"""Kind, recipient, and for a reminder its task and rung: of one email."""


class Sprint:
    """One engagement's people, each doing the next thing when everything before has arrived."""

    def __init__(self, engaged: Engaged, number: int) -> None:
        self.engaged = engaged
        self.lead, self.colleague = f"con_lead_{number}", f"con_colleague_{number}"
        self.expected: Counter[Told] = Counter()
        self._request = f"itm_{engaged.id}"

    @property
    def workflows(self) -> list[str]:
        """The ids of all its workflows, whether they run yet or not."""
        keys: dict[ItemKind, str] = {
            "onboarding": "onboarding",
            "advice": "1",
            "review": "first-mile",
        }
        items = {kind: scheduled_item_id(self.engaged.id, kind, key) for kind, key in keys.items()}
        items["research"] = self._request
        ids = [item_workflow_id(self.engaged.id, kind, one) for kind, one in items.items()]
        return [engagement_workflow_id(self.engaged.id), *ids]

    async def start(self, engagement: EngagementInput) -> None:
        """The row, and then the workflow."""
        await self.engaged.office.put_down(engagement)
        await persist(lambda _: self.engaged.start_again(engagement))

    async def run(self) -> None:
        """From the welcome to the completion."""
        await self._told(("engagement.welcome", self.lead))
        await asyncio.gather(self._research(), self._support())
        await self._told(("engagement.ready", MANAGER))
        await insist(self.engaged, Complete(MANAGER))
        await self._told(*(("engagement.completed", who) for who in (self.lead, MANAGER, ADVISER)))

    async def _support(self) -> None:
        item = self._planned("onboarding", "onboarding")
        await self._told(("onboarding.reminder", self.lead, "step:hello/early"))
        await item(CompleteStep(self.lead, "hello"))
        await self._told(
            ("onboarding.step_ready", MANAGER), ("onboarding.reminder", MANAGER, "step:plan/early")
        )
        await item(CompleteStep(MANAGER, "plan"))
        await self._told(*(("engagement.onboarded", who) for who in (self.lead, MANAGER, ADVISER)))
        await asyncio.gather(self._advice(), self._review())

    async def _research(self) -> None:
        text = await self.engaged.office.text()
        await insist(self.engaged, OpenRequest(self.lead, self._request, text))
        item = self._item("research", self._request)
        await self._told(
            ("research.received", self.lead),
            ("research.new", MANAGER),
            ("research.reminder", MANAGER, "triage/early"),
        )
        await item(AskMember(MANAGER, text))
        await self._told(("research.question", self.lead))
        await item(AnswerQuestion(self.lead, text))
        await self._told(
            ("research.answered", MANAGER), ("research.reminder", MANAGER, "triage/early")
        )
        await item(AcceptRequest(MANAGER))
        await self._told(("research.accepted", self.lead))
        await item(AgreeScope(MANAGER, text, "note"))
        await self._told(("research.scoped", self.lead))
        await item(AssignRequest(MANAGER, RESEARCHER))
        await self._told(
            ("research.assigned", RESEARCHER), ("research.reminder", RESEARCHER, "draft/early")
        )
        await item(DeliverRequest(RESEARCHER, text))
        await self._told(("research.delivered", self.lead))
        await item(ReturnDelivery(self.lead, text))
        await self._told(
            ("research.returned", RESEARCHER), ("research.reminder", RESEARCHER, "draft/early")
        )
        await item(DeliverRequest(RESEARCHER, text))
        await self._told(("research.delivered", self.lead))
        await item(AcceptDelivery(self.lead))
        await self._told(
            ("research.thanked", RESEARCHER),
            ("research.thanked", MANAGER),
            ("research.reminder", self.lead, "feedback/early"),
        )
        await item(GiveFeedback(self.lead, 5))
        await self._told(*(("research.feedback_given", who) for who in (RESEARCHER, MANAGER)))

    async def _advice(self) -> None:
        item = self._planned("advice", "1")
        text = await self.engaged.office.text()
        await self._told(("advice.opened", ADVISER), ("advice.reminder", ADVISER, "propose/early"))
        session = datetime.now(UTC) + timedelta(hours=1)
        await item(ProposeDates(ADVISER, (session,)))
        await self._told(("advice.dates_proposed", self.lead))
        await item(ConfirmDate(self.lead, 0))
        await self._told(("advice.confirmed", self.lead), ("advice.confirmed", ADVISER))
        await item(SendAgenda(ADVISER, text))
        await self._told(("advice.agenda", self.lead), ("advice.agenda", self.colleague))
        await item(HoldSession(ADVISER, held_on=today()))
        await self._told(("advice.reminder", ADVISER, "notes/early"))
        action = AgreedAction("a1", text, "lead", due=today() + timedelta(days=1))
        await item(RecordNotes(ADVISER, text, (action,)))
        await self._told(*(("advice.notes", who) for who in (self.lead, self.colleague, ADVISER)))
        await item(CompleteAction(self.lead, "a1"))
        await self._told(("advice.closed", self.lead), ("advice.closed", ADVISER))

    async def _review(self) -> None:
        item = self._planned("review", "first-mile")
        text = await self.engaged.office.text()
        await self._told(("review.opened", self.lead))
        await item(AddEvidence(self.lead, "story", text))
        await item(SubmitReview(self.lead))
        await self._told(
            ("review.submitted", MANAGER), ("review.reminder", MANAGER, "sign_off/early")
        )
        await item(ReturnReview(MANAGER, text))
        await self._told(("review.returned", self.lead))
        await item(SubmitReview(self.lead))
        await self._told(
            ("review.submitted", MANAGER), ("review.reminder", MANAGER, "sign_off/early")
        )
        await item(SignOffReview(MANAGER))
        await self._told(*(("review.signed_off", who) for who in (self.lead, MANAGER, ADVISER)))

    def _planned(self, kind: ItemKind, key: str) -> "Act":
        return self._item(kind, scheduled_item_id(self.engaged.id, kind, key))

    def _item(self, kind: ItemKind, item_id: str) -> "Act":
        return lambda command: insist(self.engaged, command, kind, item_id)

    async def _told(self, *mails: tuple[str, ...]) -> None:
        """Expect these emails, and wait until all that were ever expected have come."""
        told = [(mail[0], mail[1], mail[2] if len(mail) > 2 else "") for mail in mails]
        self.expected.update(told)

        async def arrived() -> bool:
            sent = await self.sent()
            return all(sent[one] >= self.expected[one] for one in told)

        await until(arrived, f"{self.engaged.id} hears {told}", within=PATIENCE_SECONDS)

    async def sent(self) -> Counter[Told]:
        """What the mailbox holds for this engagement."""
        return Counter(
            # What is no rung is numbered by its record: that is not what an email is about.
            (mail.kind, mail.recipient, mail.rung if "/" in mail.rung else "")
            for mail in await self.engaged.office.mails(self.engaged.id)
        )


Act = Callable[[object], Awaitable[Answer]]
"""Does one thing to one item."""
