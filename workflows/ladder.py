"""Deadlines with their ladders: state, not timers. Pure: the caller gives the time.

Every process keeps its deadlines here. A wake decides which rungs to send, which to leave out,
and why. Moving, closing or re-opening a deadline changes the next wake. After downtime these rules
hold:

- Of several rungs of one deadline that are due at once, the last is sent. The others collapse
  into it.
- Outside the sending window all rungs wait for the next window.
- Rungs that were in the past when the deadline was set are skipped. If all were, the last rung is
  sent in the next working day's window, so that the owner still gets a reminder.
- A reminder whose date has passed is left to the overdue rung, if that rung tells the same people.
  Otherwise it is sent, and worded as overdue.

"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from programmes.calendar import WorkingCalendar, calendar_of, first_window
from programmes.facts import Fact, Notice, TaskState
from programmes.planner import (
    PlannedDeadline,
    PlannedRung,
    deadline,
    due_after,
    due_on,
    heard_by,
)
from programmes.rules import LadderEnd, LadderRule, StageRule

FIRED = "rung.fired"
COLLAPSED = "rung.collapsed"

LATE = timedelta(minutes=5)
"""The fact of a rung that is sent later than this after its instant says so."""


@dataclass(frozen=True)
class OpenDeadline:
    """A task with its due date, the revision of that date, and the rungs that are still ahead."""

    key: str
    family: str
    stage: StageRule
    """The owner, here possibly a person's id, and the ladder of reminders."""
    due_at: datetime
    revision: int
    opened_at: datetime
    soon_at: datetime
    ends_at: datetime
    ahead: tuple[PlannedRung, ...]
    text: str | None = None
    """Id of the text with the agreed action, if any."""
    skipped: tuple[str, ...] = ()
    """Names of rungs that were in the past when the date was set. The next fact names them."""
    deferred_to: datetime | None = None
    """When the sending window opens, while a due rung waits for it."""
    ended: bool = False

    @property
    def at_end(self) -> LadderEnd:
        """What happens when the ladder ends."""
        return self.stage.at_end

    def next_wake(self) -> datetime | None:
        """When this deadline next needs a wake, if ever.

        The end of a ladder that escalates needs none: stuck is computed from the clock.
        """
        instants = [self.ahead[0].at] if self.ahead else []
        if self.at_end != "escalate" and not self.ended:
            instants.append(self.ends_at)
        if not instants:
            return None
        return max(min(instants), self.deferred_to) if self.deferred_to else min(instants)

    def task(self) -> TaskState:
        """The read model."""
        return TaskState(
            key=self.key,
            family=self.family,
            owner=self.stage.owner,
            due_at=self.due_at,
            revision=self.revision,
            soon_at=self.soon_at,
            stuck_at=self.ends_at if self.at_end == "escalate" else None,
            opened_at=self.opened_at,
            text=self.text,
        )


@dataclass
class Wake:
    """The decisions of a wake: facts for the timeline, notices, and the ladders that ended."""

    facts: list[Fact] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    ended: list[OpenDeadline] = field(default_factory=list)

    @property
    def only_reminds(self) -> bool:
        """Whether this sends reminders and changes nothing else."""
        return all(fact.kind in (FIRED, COLLAPSED) for fact in self.facts)


@dataclass
class Deadlines:
    """The open deadlines of one item, and the last due revision of each of its tasks, open or
    closed."""

    calendar: WorkingCalendar
    ladders: Mapping[str, LadderRule]
    soon: str
    open: dict[str, OpenDeadline] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)

    def set(
        self,
        key: str,
        family: str,
        stage: StageRule,
        now: datetime,
        due: datetime | None = None,
        text: str | None = None,
    ) -> OpenDeadline:
        """Open a task. Without ``due`` it is due ``stage.due`` from ``now``.

        A task that opens again, such as a returned draft, gets a new revision, so its reminders
        count as new.
        """
        due_at = due if due is not None else due_after(self.calendar, now, stage.due)
        return self._put(key, family, stage, now, due_at, opened_at=now, text=text)

    def close(self, key: str) -> None:
        """Drop a task and the rest of its ladder. Unknown keys are ignored."""
        self.open.pop(key, None)

    def close_all(self) -> None:
        """Drop every task."""
        self.open.clear()

    def move(self, key: str, day: date, now: datetime) -> OpenDeadline:
        """Give a task a new due date: a new revision, and only the rungs still ahead of it.

        Raises ``KeyError`` if no such task is open.
        """
        current = self.open[key]
        return self._put(
            key,
            current.family,
            current.stage,
            now,
            due_on(self.calendar, day),
            opened_at=current.opened_at,
            text=current.text,
        )

    def next_wake(self) -> datetime | None:
        """The earliest instant at which any deadline needs a wake."""
        wakes = [wake for one in self.open.values() if (wake := one.next_wake()) is not None]
        return min(wakes, default=None)

    def wake(self, now: datetime) -> Wake:
        """Fire what is due at ``now``; several deadlines may have come due at once."""
        outcome = Wake()
        for key in sorted(self.open):
            current = self.open[key]
            due = [rung for rung in current.ahead if rung.at <= now]
            if due:
                current = self._fire(current, due, now, outcome)
            if current.at_end != "escalate" and not current.ended and current.ends_at <= now:
                current = replace(current, ended=True)
                outcome.ended.append(current)
                outcome.facts.append(
                    Fact("deadline.ended", now, data={"task": key, "does": current.at_end})
                )
            self.open[key] = current
        return outcome

    def tasks(self) -> tuple[TaskState, ...]:
        """The read models of all open tasks."""
        return tuple(self.open[key].task() for key in sorted(self.open))

    def _fire(
        self, current: OpenDeadline, due: list[PlannedRung], now: datetime, outcome: Wake
    ) -> OpenDeadline:
        last = due[-1]
        to = heard_by(last.to, current.stage.owner)
        window = first_window(self.calendar, to, now)
        if window > now:
            # Due outside the sending window: note that once, and wait for the window.
            if current.deferred_to != window:
                outcome.facts.append(
                    Fact(
                        "rung.deferred",
                        now,
                        data={
                            "task": current.key,
                            "rung": last.name,
                            "to": window.isoformat(),
                        },
                    )
                )
            return replace(current, deferred_to=window)
        for name in current.skipped:
            outcome.facts.append(
                Fact(
                    "rung.skipped",
                    now,
                    data={
                        "task": current.key,
                        "rung": name,
                        "revision": str(current.revision),
                    },
                )
            )
        ahead = current.ahead[len(due) :]
        overdue = _said_as_overdue(current, last, ahead) if current.due_at <= now else None
        for rung in due if overdue else due[:-1]:
            into = {"into": (overdue or last).name}
            outcome.facts.append(Fact(COLLAPSED, now, data=_about(current, rung) | into))
        if overdue:
            return replace(current, ahead=ahead, skipped=(), deferred_to=None)
        late = {"late": "yes"} if now - last.at > LATE else {}
        outcome.facts.append(Fact(FIRED, now, data=_about(current, last) | late))
        outcome.notices.append(
            Notice(
                kind=f"{current.family}.{last.says}",
                to=to,
                rung=f"{current.key}/{last.name}",
                task=current.key,
                revision=current.revision,
            )
        )
        return replace(current, ahead=ahead, skipped=(), deferred_to=None)

    def _put(
        self,
        key: str,
        family: str,
        stage: StageRule,
        now: datetime,
        due_at: datetime,
        *,
        opened_at: datetime,
        text: str | None,
    ) -> OpenDeadline:
        revision = self.revisions.get(key, 0) + 1
        self.revisions[key] = revision
        planned = self._plan(key, stage, due_at, now)
        ahead: tuple[PlannedRung, ...] = planned.rungs
        skipped: tuple[str, ...] = ()
        if not ahead and due_at <= now:
            ahead, skipped = self._last_chance(key, stage, due_at, now)
        self.open[key] = OpenDeadline(
            key=key,
            family=family,
            stage=stage,
            due_at=planned.due_at,
            revision=revision,
            opened_at=opened_at,
            soon_at=planned.soon_at,
            ends_at=planned.ends_at,
            ahead=ahead,
            skipped=skipped,
            text=text,
        )
        return self.open[key]

    def _last_chance(
        self, key: str, stage: StageRule, due: datetime, now: datetime
    ) -> tuple[tuple[PlannedRung, ...], tuple[str, ...]]:
        # All rungs were in the past when the date was set: keep the last one.
        whole = deadline(
            key, stage, due, self.ladders, self.calendar, soon=self.soon, rule=""
        ).rungs
        if not whole:
            return (), ()
        hears = calendar_of(self.calendar, heard_by(whole[-1].to, stage.owner))
        tomorrow = hears.add_working_days(hears.local_date(now), 1)
        at = now if hears.always_open else hears.send_opening(tomorrow)
        return (replace(whole[-1], at=at),), tuple(rung.name for rung in whole[:-1])

    def _plan(self, key: str, stage: StageRule, due: datetime, now: datetime) -> PlannedDeadline:
        return deadline(
            key, stage, due, self.ladders, self.calendar, soon=self.soon, rule="", opens=now
        )


def _said_as_overdue(
    current: OpenDeadline, late: PlannedRung, ahead: tuple[PlannedRung, ...]
) -> PlannedRung | None:
    """The overdue rung that reaches everyone whom this reminder would have reached."""
    if late.says != "reminder":
        return None
    owner = current.stage.owner
    meant = set(heard_by(late.to, owner))
    overdue = (rung for rung in ahead if rung.says == "overdue")
    return next((rung for rung in overdue if meant <= set(heard_by(rung.to, owner))), None)


def _about(current: OpenDeadline, rung: PlannedRung) -> dict[str, str]:
    return {
        "task": current.key,
        "rung": rung.name,
        "says": rung.says,
        "planned": rung.at.isoformat(),
        "due": current.due_at.isoformat(),
        "revision": str(current.revision),
    }
