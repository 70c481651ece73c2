"""An advice cycle: dates, session, notes, and agreed actions until done or carried over."""

from dataclasses import replace
from datetime import date, datetime

from programmes.facts import INVITED
from programmes.planner import due_after, due_on
from programmes.rules import AdviceRules, StageRule
from workflows.ladder import OpenDeadline
from workflows.messages import (
    AgreedAction,
    CloseCycle,
    CloseItem,
    CompleteAction,
    ConfirmDate,
    HoldSession,
    ItemInput,
    MissSession,
    ProposeDates,
    RecordNotes,
    SendAgenda,
    refusal,
)
from workflows.processes.process import Decision, Process

FAMILY, ACTION_FAMILY = "advice", "action"

PROPOSE, CONFIRM, SESSION, NOTES, ACTIONS = "propose", "confirm", "session", "notes", "actions"
AGENDA = "agenda"
"""A task beside the session's, not a stage."""

MOST_DATES = 5

ROLLED_OVER = "rolled_over"
NEXT_IS_DUE = "next_is_due"
"""In ``data`` once the next cycle waits for this one's session."""


class AdviceCycleProcess(Process):
    """One stage at a time. Carried actions have deadlines of their own from the first day.

    ``data``: ``date:<n>`` (proposed instants), ``session`` (the instant), ``agenda`` and
    ``notes`` (text ids). For each action, ``action:<id>`` is its state, and ``:text``,
    ``:owner`` and ``:due`` follow that name.
    """

    kind = "advice"

    def __init__(self, item: ItemInput) -> None:
        super().__init__(item)
        if item.advice is None:
            raise ValueError("an advice cycle needs the advice rules of its programme")
        self.rules: AdviceRules = item.advice

    def open(self, decision: Decision) -> None:
        decision.fact("advice.opened", self.item.by, carried=str(len(self.item.carried)))
        for action in self.item.carried:
            self._chase(action, decision)
        self._enter(PROPOSE, self.rules.propose, decision)
        self._tell_owner("advice.opened", PROPOSE, decision)

    # --- The session -----------------------------------------------------------------------------

    def may_propose_dates(self, command: ProposeDates, now: datetime) -> None:
        """Dates can be proposed until the session is held. New dates replace earlier ones."""
        self.require_stage(PROPOSE, CONFIRM, SESSION, to="propose dates")
        if not 1 <= len(command.dates) <= MOST_DATES:
            raise refusal(f"Propose from 1 to {MOST_DATES} dates.")
        for instant in command.dates:
            if instant <= now:
                raise refusal(f"{instant.isoformat()} is in the past. Propose a later date.")
            self.require_near(instant.date(), now)
            if not self.item.calendar.is_working(self.item.calendar.local_date(instant)):
                raise refusal(
                    f"{instant.isoformat()} is not a working day for this member. "
                    "Propose another date."
                )

    def propose_dates(self, command: ProposeDates, decision: Decision) -> None:
        """Offer these dates to the member. A confirmed session is called off."""
        self._call_off(decision)
        self.data = {k: v for k, v in self.data.items() if not k.startswith("date:")}
        self.data.pop("session", None)
        self.dates = command.dates
        self.data |= {f"date:{n}": date.isoformat() for n, date in enumerate(command.dates)}
        decision.fact("advice.dates_proposed", command.by, dates=str(len(command.dates)))
        self._enter(CONFIRM, self.rules.confirm, decision)
        self._tell_owner("advice.dates_proposed", CONFIRM, decision)

    def may_confirm_date(self, command: ConfirmDate, now: datetime) -> None:
        """One of the proposed dates can be confirmed while it is in the future."""
        self.require_stage(CONFIRM, to="confirm a date")
        if not 0 <= command.choice < len(self.dates):
            raise refusal(f"Choose one of the {len(self.dates)} proposed dates, counted from 0.")
        if self.dates[command.choice] <= now:
            raise refusal("That date is over. Choose a later one, or ask for new dates.")

    def confirm_date(self, command: ConfirmDate, decision: Decision) -> None:
        """Fix the session. The agenda comes next."""
        session = self.dates[command.choice]
        self.data["session"] = session.isoformat()
        decision.fact("advice.confirmed", command.by, session=session.isoformat())
        decision.tell("advice.confirmed", *self._invited())
        self._call_off(decision)
        held_by = due_after(self.item.calendar, session, self.rules.session.due)
        self._enter(SESSION, self.rules.session, decision, held_by)
        agenda_due = due_after(self.item.calendar, session, self.rules.agenda.due)
        self.deadlines.set(
            AGENDA,
            FAMILY,
            self.rules.agenda,
            decision.now,
            agenda_due if agenda_due > decision.now else session,
        )

    def may_send_agenda(self, command: SendAgenda, now: datetime) -> None:
        """The agenda can be sent once there is a date."""
        self.require_stage(SESSION, to="send the agenda")

    def send_agenda(self, command: SendAgenda, decision: Decision) -> None:
        """Send the agenda to all contacts of the member. A second agenda replaces the first."""
        self.data["agenda"] = command.text
        self.deadlines.close(AGENDA)
        decision.fact("advice.agenda_sent", command.by, command.text)
        decision.tell("advice.agenda", "member", text=command.text)

    def may_hold_session(self, command: HoldSession, now: datetime) -> None:
        """A session can be recorded from its day on, and not for a future day."""
        calendar = self.item.calendar
        today = calendar.local_date(now)
        if command.held_on is not None:
            self.require_stage(PROPOSE, CONFIRM, SESSION, to="record the session as held")
            if command.held_on > today:
                raise refusal(
                    f"{command.held_on.isoformat()} is in the future. Choose today or earlier."
                )
            return
        self.require_stage(SESSION, to="record the session as held")
        session = datetime.fromisoformat(self.data["session"])
        if calendar.local_date(session) > today:
            raise refusal(
                f"The session is on {session.isoformat()}. If it took place already, say on which "
                "day it was held."
            )

    def hold_session(self, command: HoldSession, decision: Decision) -> None:
        """Record that the session took place. Notes and actions come next. If it took place on
        another day, remove the agreed day from calendars."""
        if command.held_on not in (None, self._session_day()):
            self._call_off(decision)
        held = command.held_on.isoformat() if command.held_on else self.data["session"]
        self.data["held"] = held
        decision.fact("advice.held", command.by, held=held)
        self._enter(NOTES, self.rules.notes, decision)

    def may_miss_session(self, command: MissSession, now: datetime) -> None:
        """A fixed session can be missed or called off."""
        self.require_stage(SESSION, to="record the session as missed")

    def miss_session(self, command: MissSession, decision: Decision) -> None:
        """Record that the session did not take place. New dates come next."""
        self.data.pop("session", None)
        decision.fact("advice.missed", command.by, command.reason)
        decision.tell("advice.missed", *self._invited(), text=command.reason)
        self._call_off(decision)
        if NEXT_IS_DUE in self.data:
            self._roll_over(decision)
        else:
            self._enter(PROPOSE, self.rules.propose, decision)

    # --- Notes and actions -----------------------------------------------------------------------

    def may_record_notes(self, command: RecordNotes, now: datetime) -> None:
        """Notes follow the session. Each action has an id of its own."""
        self.require_stage(NOTES, to="record the notes")
        for action in command.actions:
            self.require_ahead(action.due, now)
        ids = [action.id for action in command.actions]
        if len(set(ids)) < len(ids) or any(one in self.actions for one in ids):
            raise refusal("Two agreed actions have the same id. Give each its own.")

    def record_notes(self, command: RecordNotes, decision: Decision) -> None:
        """Record what was said and agreed. The cycle lasts until every action is done."""
        self.data["notes"] = command.text
        decision.fact("advice.noted", command.by, command.text, actions=str(len(command.actions)))
        decision.tell("advice.notes", "member", "adviser", text=command.text)
        self.stage = ACTIONS
        self.deadlines.close(NOTES)
        for action in command.actions:
            self._chase(action, decision)
            # A fact keeps the action's text for good. Its task goes once it is done.
            agreed = {"owner": action.owner, "due": self.data[f"action:{action.id}:due"]}
            decision.fact(
                "advice.action_agreed", command.by, action.text, action=action.id, **agreed
            )
        if NEXT_IS_DUE in self.data:
            self._roll_over(decision)
        else:
            self._end_if_done(decision)

    def may_complete_action(self, command: CompleteAction, now: datetime) -> None:
        """An open action of this cycle can be completed."""
        self.require_open()
        action = self.actions.get(command.action)
        if action is None or action.done:
            raise refusal(f"There is no open action {command.action!r} in this cycle.")

    def complete_action(self, command: CompleteAction, decision: Decision) -> None:
        """Complete the action. Its reminders stop."""
        self._settle(command.action, "done")
        decision.fact("advice.action_done", command.by, command.text, action=command.action)
        self._end_if_done(decision)

    # --- Exits -----------------------------------------------------------------------------------

    def may_close_cycle(self, command: CloseCycle, now: datetime) -> None:
        """A cycle can be closed while it is open."""
        self.require_open()

    def close_cycle(self, command: CloseCycle, decision: Decision) -> None:
        """Close the cycle and drop its agreed actions."""
        for action in self.carried():
            self._settle(action.id, "dropped")
        decision.fact("advice.closed", command.by, command.reason, outcome="cancelled")
        to = self._invited() if self.stage == SESSION else ("lead", "adviser")
        decision.tell("advice.closed", *to, text=command.reason)
        self._call_off(decision)
        self.end("cancelled", decision)

    def close_item(self, command: CloseItem, decision: Decision) -> None:
        """Close for the next cycle or the end of the engagement. Open actions are handed on, or
        dropped.

        A cycle with a confirmed session, or with notes due, stays open. The next cycle opens after
        it.
        """
        if command.outcome == ROLLED_OVER:
            if self.stage in (SESSION, NOTES):
                self.data[NEXT_IS_DUE] = "yes"
                decision.fact("advice.next_waits", stage=self.stage)
                return
            self._call_off(decision)
            self._roll_over(decision)
            return
        for action in self.carried():
            self._settle(action.id, "dropped")
            decision.fact("advice.action_dropped", action=action.id)
        self._call_off(decision)
        super().close_item(command, decision)

    def _roll_over(self, decision: Decision) -> None:
        for action in self.carried():
            decision.fact("advice.action_carried", action=action.id)
            self.data[f"action:{action.id}"] = "carried"
        decision.fact("advice.closed", outcome=ROLLED_OVER)
        self.end(ROLLED_OVER, decision)

    def ladder_ended(self, deadline: OpenDeadline, decision: Decision) -> None:
        """Follow the programme's rule: drop the action, or end a cycle without a confirmed
        session."""
        if deadline.family == ACTION_FAMILY:
            action = deadline.key.removeprefix("action:")
            self._settle(action, "dropped")
            decision.fact("advice.action_dropped", action=action)
            self._end_if_done(decision)
        else:
            self._call_off(decision)
            super().ladder_ended(deadline, decision)

    def moved(self, deadline: OpenDeadline) -> None:
        """Keep an action's new date for the next cycle."""
        if deadline.family == ACTION_FAMILY:
            action = self.actions[deadline.key.removeprefix("action:")]
            day = self.item.calendar.local_date(deadline.due_at)
            self.actions[action.id] = replace(action, due=day)
            self.data[f"action:{action.id}:due"] = day.isoformat()

    def carried(self) -> tuple[AgreedAction, ...]:
        return tuple(action for action in self.actions.values() if not action.done)

    def _enter(
        self, stage: str, rule: StageRule, decision: Decision, due: datetime | None = None
    ) -> None:
        for key in (PROPOSE, CONFIRM, SESSION, AGENDA, NOTES):
            self.deadlines.close(key)
        self.stage = stage
        self.deadlines.set(stage, FAMILY, rule, decision.now, due)

    def _chase(self, action: AgreedAction, decision: Decision) -> None:
        self.actions[action.id] = action
        name = f"action:{action.id}"
        due = due_on(self.item.calendar, action.due)
        # A carried action that is overdue gets a new date. Without one its owner gets no reminder.
        task = self.deadlines.set(
            name,
            ACTION_FAMILY,
            replace(self.rules.action, owner=action.owner),
            decision.now,
            due if due > decision.now else None,
            action.text,
        )
        day = self.item.calendar.local_date(task.due_at)
        self.data |= {
            name: "open",
            f"{name}:text": action.text,
            f"{name}:owner": action.owner,
            f"{name}:due": day.isoformat(),
        }

    def _settle(self, action: str, state: str) -> None:
        self.actions[action] = replace(self.actions[action], done=True)
        self.data[f"action:{action}"] = state
        self.deadlines.close(f"action:{action}")

    def _end_if_done(self, decision: Decision) -> None:
        if self.stage == ACTIONS and not self.carried():
            decision.fact("advice.closed", outcome="completed")
            decision.tell("advice.closed", "lead", "adviser")
            self.end("completed", decision)

    def _invited(self) -> tuple[str, ...]:
        """The people whose calendars have the session: all contacts once the agenda is out."""
        return ("member" if "agenda" in self.data else "lead", "adviser")

    def _call_off(self, decision: Decision) -> None:
        """Remove an earlier date from the calendars of people who get no other email about it. That
        includes those whose email about it this one makes outdated."""
        if "held" not in self.data:
            decision.tell("advice.called_off", INVITED)

    def _session_day(self) -> date | None:
        session = self.data.get("session")
        calendar = self.item.calendar
        return calendar.local_date(datetime.fromisoformat(session)) if session else None

    def _tell_owner(self, kind: str, task: str, decision: Decision) -> None:
        deadline = self.deadlines.open[task]
        decision.tell(kind, deadline.stage.owner, task=task, revision=deadline.revision)
