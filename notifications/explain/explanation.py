"""Explains a notification in sentences, with the facts behind them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby

from notifications.delivery.batching import COLLAPSED, BatchedEmail
from notifications.delivery.checks import DATE_PASSED, REMINDER
from notifications.delivery.outdated import TimelineEvent
from notifications.delivery.reserving import NO_RECIPIENT_ID
from notifications.explain.effects import Effect, effect_sentence, effects_of
from notifications.explain.evidence import Evidence
from notifications.explain.grounds import CalendarDecision, Due, Rule, calendar_of, due_of, rule_of
from notifications.kinds import CATCH_UP
from notifications.sentences import (
    Reader,
    fact_sentence,
    kind_title,
    notification_sentence,
    reason_sentence,
    time_in_words,
)
from notifications.words import entry, fill, item_title, task_words
from programmes.durations import in_words, parse_duration


def batch_sentences(evidence: Evidence) -> Iterator[str]:
    """The sentences about its batch: the email that includes it, or the others that it includes."""
    words, batch, row = entry("explain"), evidence.batch, evidence.detail.row
    if batch.carrier is not None:
        one = batch.carrier
        fate = notification_sentence(one.kind, one.state, one.reason, row.recipient.name)
        yield fill(words["carried"], {"carrier": one.id, "fate": fate})
    elif row.reason == COLLAPSED:
        yield str(words["carried_unseen"])
    taken = [one for one in evidence.detail.attempts if one.outcome == "accepted" and one.detail]
    if taken and (batch.carries or batch.unseen):
        yield fill(words["left_out"], {"reason": reason_sentence(taken[-1].detail)})
    for one in batch.carries:
        values = {"kind": kind_title(one.kind), "thing": _thing(evidence, one), "id": one.id}
        yield fill(words["carries"], values | {"member": one.member})
    if batch.unseen:
        form = "one" if batch.unseen == 1 else "other"
        yield fill(words["carries_unseen"][form], {"number": str(batch.unseen)})


def _thing(evidence: Evidence, one: BatchedEmail) -> str:
    titles = evidence.scene.titles
    family = "action" if one.task.startswith("action:") else one.item_kind
    if one.task:
        return f"'{task_words(family, one.task, titles).title}'"
    return f"'{item_title(one.item_kind, one.item_key, titles)}'"


_ANY_DAY = date(2027, 1, 11)


@dataclass(frozen=True)
class Explanation:
    """The explanation: its sentences in reading order, and the facts behind them."""

    sentences: tuple[str, ...]
    events: tuple[TimelineEvent, ...]
    outdated_by: TimelineEvent | None
    """The event that made it untrue, if it was withheld for that."""
    rule: Rule
    due: Due | None
    calendar: CalendarDecision | None
    effects: tuple[Effect, ...]
    """The effects of choices."""
    selector: str
    template: str
    carrier: BatchedEmail | None = None
    """The notification whose email includes it."""
    carries: tuple[BatchedEmail, ...] = ()
    """The other notifications that its email includes."""


def explain(evidence: Evidence) -> Explanation:
    """Explain one notification."""
    rule, due, calendar = rule_of(evidence), due_of(evidence), calendar_of(evidence)
    effects = effects_of(evidence, calendar)
    return Explanation(
        sentences=tuple(_Sentences(evidence, rule, due, calendar, effects).sentences()),
        events=evidence.causes,
        outdated_by=evidence.outdated_by,
        rule=rule,
        due=due,
        calendar=calendar,
        effects=effects,
        selector=evidence.detail.selector,
        template=_kind_of(evidence),
        carrier=evidence.batch.carrier,
        carries=evidence.batch.carries,
    )


def _kind_of(evidence: Evidence) -> str:
    """The kind of its email, which may differ from its own: a batch, or an overdue email."""
    batch, kind = evidence.batch, evidence.detail.row.kind
    if batch.carries or batch.unseen:
        return CATCH_UP
    return f"{kind.removesuffix(REMINDER)}.overdue" if _was_late(evidence) else kind


def _was_late(evidence: Evidence) -> bool:
    """Whether it became an overdue email because its date had passed."""
    attempts = evidence.detail.attempts
    return bool(attempts) and attempts[-1].detail == DATE_PASSED


@dataclass(frozen=True)
class _Sentences:
    """Puts the evidence into sentences of the catalogue."""

    evidence: Evidence
    rule: Rule
    due: Due | None
    calendar: CalendarDecision | None
    effects: tuple[Effect, ...]

    def sentences(self) -> Iterator[str]:
        row = self.evidence.detail.row
        yield notification_sentence(row.kind, row.state, row.reason, row.recipient.name)
        if (end := self.evidence.outdated_by) is not None:
            yield self._say("overtaken", at=self._moment(end.at), event=self._fact(end))
        yield from self._causes()
        yield self._say(self._ground(), **self._rule_words())
        if self.due is not None:
            yield self._due_sentence(self.due)
        yield self._recipient()
        if self.calendar is not None:
            yield from self._calendar_sentences(self.calendar)
        yield from batch_sentences(self.evidence)
        yield from self._template()
        yield from (effect_sentence(one, self.evidence) for one in self.effects)
        yield from self._what_became_of_it()

    def _causes(self) -> Iterator[str]:
        for noted in self.evidence.causes:
            yield self._say("event", at=self._moment(noted.at), event=self._fact(noted))

    def _fact(self, noted: TimelineEvent) -> str:
        reader = Reader(self.evidence.scene.titles, self.evidence.scene.clock, self.evidence.names)
        return fact_sentence(
            noted.kind,
            noted.data,
            reader,
            actor=noted.actor,
            item_kind=self.evidence.scene.item_kind,
            item_key=self.evidence.scene.item_key,
        )

    def _ground(self) -> str:
        if self.evidence.detail.row.engagement_id is None:
            return "summary"
        return "ladder" if self.rule.ladder else "process"

    def _rule_words(self) -> Mapping[str, str]:
        rule = self.rule
        return {
            "period": self.evidence.detail.row.rung,
            "programme": self.evidence.scene.titles.programme,
            "version": str(rule.version),
            "kind": kind_title(self.evidence.detail.row.kind),
            "ladder": rule.ladder,
            "rung": rule.rung,
            "offset": self._offset(rule.offset) if rule.offset else "",
            "to": self._selectors(rule.to),
        }

    def _offset(self, text: str) -> str:
        duration = parse_duration(text)
        if not duration.count:
            return self._say("on_the_day")
        return self._say("before" if duration.sign < 0 else "after", span=in_words(duration))

    def _due_sentence(self, due: Due) -> str:
        scene = self.evidence.scene
        family = "action" if due.task.startswith("action:") else scene.item_kind
        task = task_words(family, due.task, scene.titles).title
        key = "due" if due.at is not None else "due_unknown"
        at = scene.clock.due(due.at) if due.at is not None else ""
        return self._say(key, task=task, due=at, revision=str(due.revision))

    def _recipient(self) -> str:
        row = self.evidence.detail.row
        meant = self._selectors(tuple(filter(None, self.evidence.detail.selector.split(","))))
        if row.recipient.id == NO_RECIPIENT_ID or not row.recipient.name:
            return self._say("vacant", selector=meant)
        if not meant:
            return self._say("recipient_only", recipient=row.recipient.name)
        return self._say("recipient", recipient=row.recipient.name, selector=meant)

    def _selectors(self, selectors: tuple[str, ...]) -> str:
        words = entry("explain", "selector")
        return ", ".join(
            self.evidence.names.get(one) or str(words.get(one, words["person"]))
            for one in selectors
        )

    def _calendar_sentences(self, calendar: CalendarDecision) -> Iterator[str]:
        stored = self.evidence.calendar
        if stored is None or stored.always_open:
            yield self._say("always_open")
            return
        yield self._say(
            "calendar",
            nation=str(entry("explain", "nation").get(calendar.nation, calendar.nation)),
            first=_hour(stored.send_from),
            last=_hour(stored.send_until),
        )
        if calendar.held_until is not None:
            yield self._say(
                "held",
                at=self._moment(calendar.decided_at),
                why=self._say(calendar.why, blackout=calendar.blackout),
                until=self._moment(calendar.held_until),
            )

    def _template(self) -> Iterator[str]:
        row, kind = self.evidence.detail.row, _kind_of(self.evidence)
        if kind not in (row.kind, CATCH_UP):
            yield self._say("restated", overdue=kind_title(kind))
        if not row.template:
            if row.state == "withheld":
                return
            yield self._say("template", template=kind)
            return
        languages, versions = entry("explain", "language"), []
        for part in row.template.split(","):
            language, _, version = part.partition(":")
            key = "template_built_in" if version == "0" else "template_version"
            name = str(languages.get(language, language))
            versions.append(self._say(key, language=name, version=version))
        yield self._say("template_own", template=kind, versions=", ".join(versions))
        if row.template_trouble:
            yield reason_sentence(row.template_trouble)

    def _what_became_of_it(self) -> Iterator[str]:
        detail = self.evidence.detail
        told = [
            (attempt.at, self._attempt(attempt.outcome, attempt.sender, attempt.detail))
            for attempt in detail.attempts
        ]
        told += [(one.at, self._report(one.kind, one.code)) for one in detail.reports]
        told += [(one.at, self._fact(one)) for one in self.evidence.said]
        in_order = sorted(told, key=lambda one: one[0])
        for sentence, same in groupby(in_order, key=lambda one: one[1]):
            yield self._at([at for at, _ in same], sentence)
        if not detail.attempts and detail.row.state == "reserved":
            yield self._say("waits")

    def _at(self, moments: Sequence[datetime], sentence: str) -> str:
        """Sum up equal results: an outage causes hundreds of attempts."""
        first, last, times = self._moment(moments[0]), self._moment(moments[-1]), len(moments)
        if times == 1:
            return self._say("then", at=first, what=sentence)
        return self._say("again", first=first, last=last, times=str(times), what=sentence)

    def _attempt(self, outcome: str, sender: str, detail: str) -> str:
        reason = "" if outcome == "accepted" else reason_sentence(detail)
        name = str(entry("explain", "sender").get(sender, sender))
        return self._say(f"attempt_{outcome}", sender=name, reason=reason).strip()

    def _report(self, kind: str, code: str) -> str:
        return self._say(f"report_{kind}", reason=reason_sentence(code)).strip()

    def _moment(self, at: datetime) -> str:
        clock = self.evidence.scene.clock
        return clock.moment(at, seconds=clock.to_the_minute)

    def _say(self, key: str, **values: str) -> str:
        words = entry("explain")
        return fill(str(words.get(key, words["other"])), {"key": key, **values})


def _hour(hour: time) -> str:
    """An hour as people say it: ``9:00am``."""
    return time_in_words(datetime.combine(_ANY_DAY, hour, UTC))
