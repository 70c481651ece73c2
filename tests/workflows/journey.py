"""Twelve months of one engagement, lived exactly as planned, and the emails that it must bring."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from temporalio.testing import WorkflowEnvironment

from programmes.calendar import WorkingCalendar, is_office
from programmes.planner import PlannedDeadline, PlannedItem, plan
from tests.workflows.office import COLLEAGUE, VIEWER, Engaged, skip_to
from tests.workflows.stories import ADVISER, LEAD, MANAGER, rules
from workflows.ids import scheduled_item_id
from workflows.messages import (
    AddEvidence,
    Complete,
    CompleteStep,
    ConfirmDate,
    HoldSession,
    ProposeDates,
    RecordNotes,
    SendAgenda,
    SignOffReview,
    SubmitReview,
)

ROLES = {
    "owner": (),
    "lead": (LEAD,),
    "manager": (MANAGER,),
    "adviser": (ADVISER,),
    "member": (LEAD, COLLEAGUE),
    "team": (MANAGER, ADVISER),
    "funder": (VIEWER,),
}

Expected = tuple[str, str, datetime]
"""Kind, recipient, instant: of one email."""


@dataclass(frozen=True)
class Deed:
    """Something that a person does at an instant of the journey."""

    at: datetime
    act: Callable[[Engaged], Awaitable[object]]


class Journey:
    """Each person does each task exactly when the plan says that it is due."""

    def __init__(self, start: date, calendar: WorkingCalendar) -> None:
        self.calendar = calendar
        self.planned = planned = plan(rules(), start, calendar)
        self.expected: list[Expected] = []
        self.deeds: list[Deed] = []
        for item in planned.items:
            getattr(self, f"_{item.kind}")(item)
        self._end()

    def _onboarding(self, item: PlannedItem) -> None:
        self._mail("engagement.welcome", item.opens_at, "lead")
        steps = {step.key: step for step in rules().onboarding}
        done = {d.key.removeprefix("step:"): d.due_at for d in item.deadlines}
        for deadline in item.deadlines:
            key = deadline.key.removeprefix("step:")
            self._rungs("onboarding", deadline)
            self._do(item, deadline.due_at, lambda k=key: CompleteStep(LEAD, k))
            if steps[key].after:
                ready = max(done[one] for one in steps[key].after)
                self._mail("onboarding.step_ready", ready, deadline.owner)
        self._mail("engagement.onboarded", item.due_at, "lead", "team")

    def _advice(self, item: PlannedItem) -> None:
        propose, confirm, agenda, session, notes = item.deadlines
        self._mail("advice.opened", item.opens_at, "adviser")
        self._do(item, propose.due_at, lambda: ProposeDates(ADVISER, (session.due_at,)))
        self._mail("advice.dates_proposed", propose.due_at, "lead")
        self._do(item, confirm.due_at, lambda: ConfirmDate(LEAD, 0))
        self._mail("advice.confirmed", confirm.due_at, "lead", "adviser")
        self._do(item, agenda.due_at, lambda text: SendAgenda(ADVISER, text))
        self._mail("advice.agenda", agenda.due_at, "member")
        self._do(item, session.due_at, lambda: HoldSession(ADVISER))
        self._do(item, notes.due_at, lambda text: RecordNotes(ADVISER, text))
        self._mail("advice.notes", notes.due_at, "member", "adviser")
        self._mail("advice.closed", notes.due_at, "lead", "adviser")
        for deadline in item.deadlines:
            self._rungs("advice", deadline)

    def _review(self, item: PlannedItem) -> None:
        submit, sign_off = item.deadlines
        rule = rules().review(item.key)
        self._mail("review.opened", item.opens_at, "lead")
        for check in rule.checklist:
            self._do(item, submit.due_at, lambda text, c=check: AddEvidence(LEAD, c, text))
        self._do(item, submit.due_at, lambda: SubmitReview(LEAD))
        self._mail("review.submitted", submit.due_at, "manager")
        self._do(item, sign_off.due_at, lambda: SignOffReview(MANAGER))
        hears = dict.fromkeys(("lead", "team", *rule.hears))
        self._mail("review.signed_off", sign_off.due_at, *hears)
        self._rungs("review", submit)
        self._rungs("review", sign_off)

    def _end(self) -> None:
        last = max(item.deadlines[-1].due_at for item in self.planned.items)
        self._mail("engagement.ready", last, "manager")
        morning = self.calendar.next_send_instant(last) + timedelta(hours=2)
        self.deeds.append(Deed(morning, lambda engaged: engaged.command(Complete(MANAGER))))
        self._mail("engagement.completed", morning, "lead", "team")

    def _rungs(self, family: str, deadline: PlannedDeadline) -> None:
        for rung in deadline.rungs:
            if rung.at < deadline.due_at:
                to = (deadline.owner if one == "owner" else one for one in rung.to)
                self._mail(f"{family}.{rung.says}", rung.at, *to)

    def _mail(self, kind: str, at: datetime, *to: str) -> None:
        """Contacts get it on the member's working days, the office's people on the office's."""
        theirs, office = self.calendar, self.calendar.for_office()
        for person in dict.fromkeys(person for role in to for person in ROLES[role]):
            keeps = office if is_office(person) else theirs
            self.expected.append((kind, person, keeps.next_send_instant(at)))

    def _do(self, item: PlannedItem, at: datetime, command: Callable[..., object]) -> None:
        async def act(engaged: Engaged) -> None:
            wants_text = "text" in command.__code__.co_varnames
            ready = command(await engaged.office.text()) if wants_text else command()
            item_id = scheduled_item_id(engaged.id, item.kind, item.key)
            await engaged.item_command(item.kind, item_id, ready)

        self.deeds.append(Deed(at, act))

    async def live(self, environment: WorkflowEnvironment, engaged: Engaged) -> None:
        """Live through all of it; time passes as fast as the server can make it."""
        for deed in sorted(self.deeds, key=lambda one: one.at):
            await skip_to(environment, deed.at)
            await deed.act(engaged)
        await skip_to(environment, await environment.get_current_time() + timedelta(days=3))
