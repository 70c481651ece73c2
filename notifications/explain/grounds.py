"""The facts that explain a notification: its rule, its date and its calendar decision.

Pure functions over what ``evidence`` has read.
"""

from dataclasses import dataclass
from datetime import datetime

from notifications.delivery.ledger import IN_TRANSIT
from notifications.explain.evidence import Evidence
from programmes.calendar import Blackout, WorkingCalendar
from programmes.rules import Rules, RungRule, StageRule


@dataclass(frozen=True)
class Rule:
    """The rule that caused it. Without a ladder, the process itself sends it."""

    programme: str
    version: int
    ladder: str = ""
    rung: str = ""
    offset: str = ""
    to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Due:
    """The due date that it names; ``at`` is ``None`` if the date is no longer recorded."""

    task: str
    revision: int
    at: datetime | None


@dataclass(frozen=True)
class CalendarDecision:
    """The calendar that applied to the decision, and its effect."""

    nation: str
    zone: str
    send_from: str
    send_until: str
    decided_at: datetime
    held_until: datetime | None
    why: str
    """``outside_hours``, ``day_off``, ``weekend`` or ``blackout``; empty if it was not held."""
    blackout: str = ""


def _blackout_since(
    evidence: Evidence, calendar: WorkingCalendar, ready_at: datetime
) -> tuple[datetime, Blackout] | None:
    """A blackout that the engagement was not planned with and that holds the email, with the
    instant of its release. ``None`` if the email left, or was withheld, before that."""
    today = calendar.with_blackouts((*calendar.blackouts, *evidence.scene.blackouts))
    blackout, opens = today.blackout_ahead(ready_at), today.next_send_instant(ready_at)
    if blackout is None:
        return None
    detail = evidence.detail
    settled = [detail.row.changed_at] if detail.row.state not in IN_TRANSIT else []
    ended_at = min((*settled, *(attempt.at for attempt in detail.attempts)), default=None)
    return None if ended_at is not None and ended_at < opens else (opens, blackout)


def rule_of(evidence: Evidence) -> Rule:
    """The definition's ladder and rung that caused it; without them if the process did."""
    programme, version = evidence.scene.programme_id, evidence.version
    task, _, name = evidence.detail.row.rung.rpartition("/")
    definition = evidence.scene.definition
    if definition is None or not task or task != evidence.detail.row.task:
        return Rule(programme, version)
    rules = definition.rules()
    stage = rules.stage_of(evidence.scene.item_kind, evidence.scene.item_key, task)
    rung = _rung(rules, stage, name) if stage is not None else None
    if stage is None or rung is None:
        return Rule(programme, version, rung=name)
    return Rule(programme, version, stage.ladder, rung.name, rung.at, rung.to)


def _rung(rules: Rules, stage: StageRule, name: str) -> RungRule | None:
    ladder = rules.ladders.get(stage.ladder)
    return next((one for one in ladder.rungs if one.name == name), None) if ladder else None


def due_of(evidence: Evidence) -> Due | None:
    """Its task's due date in the revision that it names; ``None`` if it names none."""
    row, revision = evidence.detail.row, evidence.detail.revision
    if not row.task or not revision:
        return None
    if evidence.open_due is not None and evidence.open_due[0] == revision:
        return Due(row.task, revision, evidence.open_due[1])
    for noted in reversed(evidence.dates):
        if noted.data.get("revision") == str(revision):
            stated = noted.data.get("after") or noted.data.get("due")
            if stated:
                return Due(row.task, revision, datetime.fromisoformat(stated))
    return Due(row.task, revision, None)


def calendar_of(evidence: Evidence) -> CalendarDecision | None:
    """The calendar's effect on it; ``None`` if no decision is recorded."""
    calendar = evidence.calendar
    if calendar is None or not evidence.causes:
        return None
    decided, held = evidence.causes[0].at, evidence.detail.row.not_before
    name = evidence.detail.row.rung.rpartition("/")[2]
    for noted in evidence.dates:
        # A rung outside the sending window is noted, and decided once the window opens.
        if noted.kind == "rung.deferred" and noted.data.get("rung") == name:
            decided, held = noted.at, datetime.fromisoformat(noted.data["to"])
            break
    why, blackout = calendar.why_closed(decided) if held is not None else ("", "")
    if held is not None:
        # The stored instant is the first window of any recipient; this one's may come later.
        held = calendar.next_send_instant(held)
    if (stored := _blackout_since(evidence, calendar, held or decided)) is not None:
        held, why, blackout = stored[0], "blackout", stored[1].reason
    return CalendarDecision(
        nation=evidence.nation,
        zone=calendar.zone,
        send_from="" if calendar.always_open else f"{calendar.send_from:%H:%M}",
        send_until="" if calendar.always_open else f"{calendar.send_until:%H:%M}",
        decided_at=decided,
        held_until=held,
        why=why,
        blackout=blackout,
    )
