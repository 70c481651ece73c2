"""Onboarding: steps in parallel or in order, each completed, or waived with a reason."""

from collections.abc import Iterable
from datetime import date, datetime

from programmes.planner import due_after, due_on
from programmes.rules import StepRule
from workflows.ladder import OpenDeadline
from workflows.messages import CompleteStep, ItemInput, WaiveStep, refusal
from workflows.processes.process import Decision, Process

WAITING, OPEN, DONE, WAIVED = "waiting", "open", "done", "waived"


class OnboardingProcess(Process):
    """One stage, ``steps``, until no step is waiting or open. ``data`` holds each step's state."""

    kind = "onboarding"

    def __init__(self, item: ItemInput) -> None:
        super().__init__(item)
        self.steps = {step.key: step for step in item.onboarding}

    def open(self, decision: Decision) -> None:
        self.stage = "steps"
        self.data = {_state(key): WAITING for key in self.steps}
        decision.fact("onboarding.opened", self.item.by)
        decision.tell("engagement.welcome", "lead")
        # A start in the past counts from its own date, not from the day of its entry.
        self._open_ready(decision, told=False)

    def may_complete_step(self, command: CompleteStep, now: datetime) -> None:
        """An open step can be completed, on a day since the start."""
        self._require_step(command.step, to="complete", states=(OPEN,))
        if command.done_on is not None:
            first, today = self._day(self._begins()), self._day(now)
            if not first <= command.done_on <= today:
                raise refusal(
                    f"The step cannot have been done on {command.done_on.isoformat()}: "
                    f"choose a day from {first.isoformat()} to {today.isoformat()}."
                )

    def complete_step(self, command: CompleteStep, decision: Decision) -> None:
        """Complete the step. The steps that waited for it open."""
        done_at = decision.now
        if command.done_on is None:
            decision.fact("onboarding.step_completed", command.by, command.text, step=command.step)
        else:
            done_at = min(due_on(self.item.calendar, command.done_on), decision.now)
            decision.fact(
                "onboarding.step_completed",
                command.by,
                command.text,
                step=command.step,
                done_on=command.done_on.isoformat(),
            )
        self._finish(command.step, DONE, decision, done_at)

    def may_waive_step(self, command: WaiveStep, now: datetime) -> None:
        """A step can be waived until it is done, even before it opens."""
        self._require_step(command.step, to="waive", states=(OPEN, WAITING))

    def waive_step(self, command: WaiveStep, decision: Decision) -> None:
        """Waive the step. The member gets the reason, and the steps that waited for it open."""
        decision.fact("onboarding.step_waived", command.by, command.reason, step=command.step)
        decision.tell("onboarding.step_waived", "lead", rung=command.step, text=command.reason)
        self._finish(command.step, WAIVED, decision, decision.now)

    def ladder_ended(self, deadline: OpenDeadline, decision: Decision) -> None:
        """Waive a step whose ladder closes, as the programme's rule says."""
        step = deadline.key.removeprefix("step:")
        decision.fact("onboarding.step_waived", step=step)
        self._finish(step, WAIVED, decision, decision.now)

    def _finish(self, key: str, state: str, decision: Decision, at: datetime) -> None:
        self.data[_state(key)] = state
        self.data[f"{_state(key)}:at"] = at.isoformat()
        self.deadlines.close(f"step:{key}")
        if all(self.data[_state(step)] in (DONE, WAIVED) for step in self.steps):
            decision.fact("onboarding.closed", outcome="completed")
            self.end("completed", decision, self._last_done(self.steps))
        else:
            self._open_ready(decision, told=True)

    def _begins(self) -> datetime:
        return self.item.begins or self.item.opened_at

    def _day(self, instant: datetime) -> date:
        return self.item.calendar.local_date(instant)

    def _last_done(self, keys: Iterable[str]) -> datetime:
        done = [datetime.fromisoformat(self.data[f"{_state(key)}:at"]) for key in keys]
        return max(done, default=self._begins())

    def _open_ready(self, decision: Decision, *, told: bool) -> None:
        for step in self.steps.values():
            if self.data[_state(step.key)] == WAITING and self._is_ready(step):
                self.data[_state(step.key)] = OPEN
                counted_from = self._last_done(step.after)
                due = due_after(self.item.calendar, counted_from, step.stage.due)
                task = self.deadlines.set(
                    f"step:{step.key}", "onboarding", step.stage, decision.now, due
                )
                if told:
                    decision.fact("onboarding.step_ready", step=step.key)
                if told or step.stage.owner != "lead":
                    # The welcome email lists the steps that are open on the first day.
                    decision.tell(
                        "onboarding.step_ready",
                        step.stage.owner,
                        rung=step.key,
                        task=task.key,
                        revision=task.revision,
                    )

    def _is_ready(self, step: StepRule) -> bool:
        return all(self.data[_state(key)] in (DONE, WAIVED) for key in step.after)

    def _require_step(self, key: str, *, to: str, states: tuple[str, ...]) -> None:
        self.require_open()
        if key not in self.steps:
            known = ", ".join(self.steps)
            raise refusal(f"There is no onboarding step {key!r}. The steps are: {known}.")
        state = self.data[_state(key)]
        if state not in states:
            blockers = [one for one in self.steps[key].after if self.data[_state(one)] == WAITING]
            raise refusal(f"You cannot {to} the step {key!r}: it is {state}.", blockers)


def _state(key: str) -> str:
    return f"step:{key}"
