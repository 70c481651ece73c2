"""What choices did to a notification: who got it, when, together with what, in which words.

Pure: drawn from what ``notifications.explain.evidence`` and ``notifications.explain.choices`` read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from notifications.delivery.preferences import Choices
from notifications.delivery.recipient import next_summary, wait_for_a_day
from notifications.explain.choices import Chosen
from notifications.explain.evidence import Evidence
from notifications.explain.grounds import CalendarDecision
from notifications.sentences import Clock, time_in_words
from notifications.words import entry, fill
from programmes.calendar import WorkingCalendar
from programmes.fields import hours_of
from programmes.office_hours import OpenCalendar
from programmes.vocabulary import Digest
from storage.roles import CONTACT_PREFIX

What = Literal[
    "delegate",
    "delegate_told",
    "digest_sent",
    "digest_silent",
    "digest_to_come",
    "quiet_day",
    "suppressed",
    "spread",
    "language",
]


@dataclass(frozen=True)
class Effect:
    """One thing that a choice did to it, or the office's care for everybody's morning."""

    what: What
    at: datetime | None = None
    """When: of the summary, of the bounce, of the day or the moment that it waited for."""
    instead_of: datetime | None = None
    """When it would have been due without the spread."""
    until: date | None = None
    """The last day of an absence, where the reader may know."""
    who: str = ""
    """The name of whoever stands in."""
    detail: str = ""
    """Languages (``cy,en``), why an address takes nothing (``bounced``), minutes of the spread."""


def effects_of(evidence: Evidence, calendar: CalendarDecision | None) -> tuple[Effect, ...]:
    """All of them, in the order in which they are told."""
    chosen = evidence.chosen
    return (
        *_spread(evidence, calendar),
        *_stand_in(evidence, chosen),
        *_digest(evidence, chosen),
        *_quiet(evidence, chosen, calendar),
        *_suppressed(evidence, chosen),
        *_language(evidence),
    )


def _spread(evidence: Evidence, calendar: CalendarDecision | None) -> Iterator[Effect]:
    """It was due as the window opened, and that is a moment of the engagement's own."""
    stored, definition = evidence.calendar, evidence.scene.definition
    if stored is None or definition is None or calendar is None:
        return
    office = definition.calendar
    if isinstance(office, OpenCalendar) or stored.send_from == hours_of(office.sending)[0]:
        return
    due_at = calendar.held_until or _planned(evidence)
    if due_at is not None and due_at == stored.send_opening(stored.local_date(due_at)):
        opening = replace(stored, send_from=hours_of(office.sending)[0])
        yield Effect(
            "spread",
            at=due_at,
            instead_of=opening.send_opening(stored.local_date(due_at)),
            detail=str(office.spread),
        )


def _planned(evidence: Evidence) -> datetime | None:
    fired = (one for one in evidence.causes if one.kind == "rung.fired")
    planned = next((one.data.get("planned") for one in fired), None)
    return datetime.fromisoformat(planned) if planned else None


def _stand_in(evidence: Evidence, chosen: Chosen) -> Iterator[Effect]:
    row, theirs = evidence.detail.row, chosen.theirs
    day = evidence.scene.clock.local_date(row.changed_at)
    away = theirs.stands_in(day) is not None
    if chosen.stood_in:
        until = theirs.absent_until if away and chosen.stands_in == chosen.stood_in else None
        yield Effect("delegate", until=until, who=chosen.stood_in)
    elif row.reason == "delegate_told" and away and chosen.stands_in:
        yield Effect("delegate_told", until=theirs.absent_until, who=chosen.stands_in)


def _digest(evidence: Evidence, chosen: Chosen) -> Iterator[Effect]:
    row = evidence.detail.row
    if row.reason != "in_digest":
        return
    if chosen.summary is not None:
        at, state = chosen.summary
        yield Effect("digest_silent" if state == "withheld" else "digest_sent", at=at)
    elif (next_one := _next_summary(evidence, chosen)) is not None:
        yield Effect("digest_to_come", at=next_one)


def _next_summary(evidence: Evidence, chosen: Chosen) -> datetime | None:
    """When the summary that tells of it has left, by the newest definition and its reader's days,
    as it was judged when it was collected; ``None`` where none does in time any more."""
    newest, calendar, row = evidence.newest, evidence.calendar, evidence.detail.row
    if newest is None or calendar is None:
        return None
    side: Digest = "member" if row.recipient.id.startswith(CONTACT_PREFIX) else "manager"
    # A version that came later says nothing of the summaries before it.
    after = max(row.changed_at, newest.since)
    comes = next_summary(newest.definition, side, chosen.theirs, calendar, after)
    late = comes is not None and evidence.open_due is not None and comes >= evidence.open_due[1]
    return None if late else comes


def _quiet(
    evidence: Evidence, chosen: Chosen, calendar: CalendarDecision | None
) -> Iterator[Effect]:
    """It might have left on a day on which whoever gets it takes nothing."""
    stored, detail = evidence.calendar, evidence.detail
    if stored is None or calendar is None:
        return
    ready_at = calendar.held_until or calendar.decided_at
    left_at = detail.attempts[0].at if detail.attempts else None
    until = _next_day(chosen, stored, ready_at)
    if until is None or (left_at is None and detail.row.state != "reserved"):
        return
    if left_at is None or left_at >= until:
        yield Effect("quiet_day", at=until)


def _next_day(chosen: Chosen, calendar: WorkingCalendar, ready_at: datetime) -> datetime | None:
    wait = wait_for_a_day(chosen.getters, calendar, ready_at)
    return ready_at + wait if wait is not None else None


def _suppressed(evidence: Evidence, chosen: Chosen) -> Iterator[Effect]:
    if evidence.detail.row.reason == "suppressed" and chosen.suppressed is not None:
        at, reason = chosen.suppressed
        yield Effect("suppressed", at=at, detail=reason)


def _language(evidence: Evidence) -> Iterator[Effect]:
    parts = [part.partition(":")[0] for part in evidence.detail.row.template.split(",") if part]
    if parts:
        yield Effect("language", detail=",".join(parts))


_BOTH = "cy,en"


def effect_sentence(effect: Effect, evidence: Evidence) -> str:
    """One of them."""
    sentence = str(entry("explain", "choice")[_key(effect, evidence)])
    return fill(sentence, _values(effect, evidence))


def _key(effect: Effect, evidence: Evidence) -> str:
    match effect.what:
        case "language":
            chosen = _has_chosen(effect.detail, evidence.chosen.getters)
            kind = "language_both" if effect.detail == _BOTH else "language_one"
            return f"{kind}_chosen" if chosen else kind
        case "suppressed":
            return f"suppressed_{effect.detail}"
        case "delegate" | "delegate_told" if effect.until is not None:
            return f"{effect.what}_until"
        case "quiet_day" if not evidence.detail.attempts:
            return "quiet_day_waits"
    return effect.what


def _has_chosen(languages: str, choices: Choices) -> bool:
    reads = _BOTH if choices.language == "both" else choices.language
    return choices.changed_at is not None and reads == languages


def _values(effect: Effect, evidence: Evidence) -> Mapping[str, str]:
    clock, recipient = evidence.scene.clock, evidence.detail.row.recipient.name
    names = entry("explain", "language")
    return {
        "recipient": recipient,
        "who": evidence.chosen.stood_in or recipient,
        "delegate": effect.who,
        "day": clock.day(effect.at) if effect.at is not None else "",
        "moment": clock.moment(effect.at) if effect.at is not None else "",
        "instead_of": _hour(effect, clock),
        "until": clock.day(effect.until) if effect.until is not None else "",
        "minutes": effect.detail,
        "language": str(names.get(effect.detail, effect.detail)),
    }


def _hour(effect: Effect, clock: Clock) -> str:
    if effect.instead_of is None:
        return ""
    return time_in_words(clock.local(effect.instead_of))
