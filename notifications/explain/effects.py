"""The effects of choices on a notification: who got it, when, in which summary and language.

Pure functions over what ``evidence`` and ``choices`` have read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from notifications.delivery.preferences import Choices
from notifications.delivery.recipient import next_summary, wait_for_a_day
from notifications.explain.evidence import Chosen, Evidence
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
    """One effect of a recipient's choice, or of the office's spread of a morning's emails."""

    what: What
    at: datetime | None = None
    """The time of the summary or the bounce, or the time that it waited for."""
    instead_of: datetime | None = None
    """When it would have left without the spread."""
    until: date | None = None
    """The last day of an absence, if the reader may know it."""
    who: str = ""
    """The delegate's name."""
    detail: str = ""
    """Languages (``cy,en``), a reason of suppression (``bounced``), or minutes of the spread."""


def effects_of(evidence: Evidence, calendar: CalendarDecision | None) -> tuple[Effect, ...]:
    """Every effect, in reading order."""
    chosen = evidence.chosen
    return (
        *_spread(evidence, calendar),
        *_delegate(evidence, chosen),
        *_digest(evidence, chosen),
        *_quiet(evidence, chosen, calendar),
        *_suppressed(evidence, chosen),
        *_language(evidence),
    )


def _spread(evidence: Evidence, calendar: CalendarDecision | None) -> Iterator[Effect]:
    """The email was due as the sending window opened, at the engagement's own minute."""
    stored, definition = evidence.calendar, evidence.scene.definition
    if stored is None or definition is None or calendar is None:
        return
    office = definition.calendar
    if isinstance(office, OpenCalendar) or stored.send_from == hours_of(office.sending)[0]:
        return
    due_at = calendar.held_until or _planned(evidence)
    if due_at is None or due_at != stored.send_opening(stored.local_date(due_at)):
        return
    window = replace(stored, send_from=hours_of(office.sending)[0])
    opening = window.send_opening(stored.local_date(due_at))
    if due_at - opening >= timedelta(minutes=1):  # people read times to the minute
        yield Effect("spread", at=due_at, instead_of=opening, detail=str(office.spread))


def _planned(evidence: Evidence) -> datetime | None:
    fired = (one for one in evidence.causes if one.kind == "rung.fired")
    planned = next((one.data.get("planned") for one in fired), None)
    return datetime.fromisoformat(planned) if planned else None


def _delegate(evidence: Evidence, chosen: Chosen) -> Iterator[Effect]:
    row, recipient_choices = evidence.detail.row, chosen.recipient_choices
    day = evidence.scene.clock.local_date(row.changed_at)
    away = recipient_choices.delegate_on(day) is not None
    if chosen.told_delegate:
        until = (
            recipient_choices.absent_until
            if away and chosen.delegate == chosen.told_delegate
            else None
        )
        yield Effect("delegate", until=until, who=chosen.told_delegate)
    elif row.reason == "delegate_told" and away and chosen.delegate:
        yield Effect("delegate_told", until=recipient_choices.absent_until, who=chosen.delegate)


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
    """When the summary that includes it leaves; ``None`` if none comes in time.

    It follows the newest definition and the reader's quiet days.
    """
    newest, calendar, row = evidence.newest, evidence.calendar, evidence.detail.row
    if newest is None or calendar is None:
        return None
    side: Digest = "member" if row.recipient.id.startswith(CONTACT_PREFIX) else "manager"
    # A later version does not apply to the summaries before it.
    after = max(row.changed_at, newest.since)
    comes = next_summary(newest.definition, side, chosen.recipient_choices, calendar, after)
    late = comes is not None and evidence.open_due is not None and comes >= evidence.open_due[1]
    return None if late else comes


def _quiet(
    evidence: Evidence, chosen: Chosen, calendar: CalendarDecision | None
) -> Iterator[Effect]:
    """It was ready on a day on which its reader has opted out of email."""
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
    wait = wait_for_a_day(chosen.reader_choices, calendar, ready_at)
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
    """The sentence of one effect."""
    sentence = str(entry("explain", "choice")[_key(effect, evidence)])
    return fill(sentence, _values(effect, evidence))


def _key(effect: Effect, evidence: Evidence) -> str:
    match effect.what:
        case "language":
            chosen = _has_chosen(effect.detail, evidence.chosen.reader_choices)
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
        "who": evidence.chosen.told_delegate or recipient,
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
