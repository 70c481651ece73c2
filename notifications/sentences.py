"""Days and times in words, in the zone and the language in which they are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from notifications.words import ENGLISH, Titles, entry, fill, locale_of, readable, task_words
from programmes.facts import MILEPOST
from programmes.vocabulary import Language

_PLAIN = {(0, 0): "midnight", (12, 0): "midday"}
"""Times whose "am" or "pm" is ambiguous."""


@dataclass(frozen=True)
class Clock:
    """Writes times for a reader: their zone, language, and whether deadlines have a time of day."""

    zone: str
    to_the_minute: bool = False
    """An always-open programme counts in minutes and seconds; others count in days."""
    language: Language = ENGLISH

    def day(self, instant: datetime | date) -> str:
        """The day: ``Tuesday 5 January 2027``."""
        return day_in_words(self._local(instant), self.language)

    def local(self, instant: datetime) -> datetime:
        """The instant in the zone."""
        return self._local_time(instant)

    def local_date(self, instant: datetime) -> date:
        """The instant's day in the zone."""
        return self._local(instant)

    def due(self, instant: datetime) -> str:
        """A deadline: the day, with the time of day if it matters."""
        if self.to_the_minute:
            return self.moment(instant, seconds=True)
        return self.day(instant)

    def moment(self, instant: datetime, *, seconds: bool = False) -> str:
        """The day and the time: ``Tuesday 5 January 2027 at 2:30pm``."""
        time = time_in_words(self._local_time(instant), seconds, self.language)
        words = entry("when", language=self.language)
        return fill(words["moment"], {"day": self.day(instant), "time": time})

    def _local(self, instant: datetime | date) -> date:
        return self._local_time(instant).date() if isinstance(instant, datetime) else instant

    def _local_time(self, instant: datetime) -> datetime:
        return instant.astimezone(ZoneInfo(self.zone))


# A page of a list names a few days many times, and Babel takes 30 µs for each.
@lru_cache(maxsize=4096)
def day_in_words(day: date, language: Language = ENGLISH) -> str:
    """``Tuesday 5 January 2027``, ``dydd Mawrth 5 Ionawr 2027``."""
    words = format_date(day, "EEEE d MMMM y", locale=locale_of(language))
    # Names of days have no capital in a Welsh sentence, but Babel writes one.
    return words if language == ENGLISH else words[:1].lower() + words[1:]


@lru_cache(maxsize=4096)
def short_day(day: date, language: Language = ENGLISH) -> str:
    """``3 March``: for where the year is clear."""
    return format_date(day, "d MMMM", locale=locale_of(language))


def time_in_words(local: datetime, seconds: bool = False, language: Language = ENGLISH) -> str:
    """``2:30pm``, in Welsh ``14:30``; with seconds if the programme counts in them."""
    if not seconds and (local.hour, local.minute) in _PLAIN:
        return str(entry("when", language=language)[_PLAIN[local.hour, local.minute]])
    if language != ENGLISH:
        pattern = "HH:mm:ss" if seconds else "HH:mm"
        return format_time(local.time(), pattern, locale=locale_of(language))
    clock = f"{local:%I:%M:%S}" if seconds else f"{local:%I:%M}"
    return f"{clock.lstrip('0')}{'am' if local.hour < 12 else 'pm'}"


UK = Clock("Europe/London")

_DAYS = frozenset({"start", "due", "held", "before", "after", "done_on"})
_MOMENTS = frozenset({"session", "to", "at", "planned"})


@dataclass(frozen=True)
class Reader:
    """What sentences need: the programme's titles, the reader's clock, and names by id."""

    titles: Titles
    clock: Clock = UK
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, id: str) -> str:
        """A name by id; the catalogue's own word if the person was erased or may not be named."""
        words = entry("people", language=self.titles.language)
        return str(words["office"] if id == MILEPOST else self.names.get(id, words["person"]))


def fact_sentence(
    kind: str,
    data: Mapping[str, str],
    reader: Reader,
    *,
    actor: str = MILEPOST,
    item_kind: str = "",
    item_key: str = "",
) -> str:
    """What happened. A kind that is not in the catalogue reads as its name and never fails."""
    found = entry("fact", kind, language=reader.titles.language)
    if not found:
        return f"{readable(kind)}."
    sentence = str(found["text"])
    for key, variants in found.get("when", {}).items():
        if key in data and (variant := variants.get(data[key], variants.get("*"))):
            sentence = variant
            break
    values = {key: _value(key, value, reader, item_kind, item_key) for key, value in data.items()}
    if item_kind == "review":
        values.setdefault("review", reader.titles.review(item_key))
    return fill(sentence, values | {"actor": reader.name(actor)})


def kind_title(kind: str, language: Language = ENGLISH) -> str:
    """The title of a kind of email."""
    return str(entry("kind", language=language).get(kind) or readable(kind))


def reason_sentence(reason: str, language: Language = ENGLISH) -> str:
    """Why an email was withheld, failed or is unknown; empty without a reason."""
    if not reason:
        return ""
    reasons = entry("reason", language=language)
    stem, _, code = reason.rpartition("_")
    if reason in reasons:
        return str(reasons[reason])
    if stem in reasons:
        return fill(str(reasons[stem]), {"code": code})
    return f"{readable(reason)}."


def notification_sentence(
    kind: str, state: str, reason: str, recipient: str, language: Language = ENGLISH
) -> str:
    """What happened to an email. ``recipient`` is a name, or empty if the role had no holder."""
    states = entry("notification", language=language)
    values = {
        "kind": kind_title(kind, language),
        "recipient": recipient or str(states["vacant"]),
        "reason": reason_sentence(reason, language),
        "state": state,
    }
    return fill(str(states.get(state, states["other"])), values).strip()


def health_sentence(
    health: str, clock: Clock, *, task: str = "", owner: str = "", due: datetime | None = None
) -> str:
    """The health of an engagement and why. ``task`` is the title of the task that explains it.

    For ``stuck`` the sentence names the day on which that task was due.
    """
    words = entry("health", language=clock.language)
    if not task or due is None:
        return str(words["nothing"])
    day = (
        clock.due(due) if clock.to_the_minute else short_day(clock.local_date(due), clock.language)
    )
    return fill(
        str(words.get(health, words["on_track"])),
        {"task": task, "owner": owner or str(words["vacant"]), "due": day},
    )


def _value(key: str, value: str, reader: Reader, item_kind: str, item_key: str) -> str:
    titles = reader.titles
    match key:
        case "task":
            family = "action" if value.startswith("action:") else item_kind
            return task_words(family, value, titles).title
        case "step":
            return titles.step(value)
        case "review":
            return titles.review(value)
        case "check":
            return titles.check(item_key, value)
        case "email":
            return kind_title(value, titles.language)
        case "researcher" | "owner" | "manager" | "adviser" | "lead" | "predecessor":
            return reader.name(value)
        case _ if key in _DAYS or key in _MOMENTS:
            return _when(key, value, reader.clock)
    return value


def _when(key: str, value: str, clock: Clock) -> str:
    """An ISO date or instant in words; anything else as it is."""
    try:
        if len(value) == len("2027-01-05"):
            return clock.day(date.fromisoformat(value))
        instant = datetime.fromisoformat(value)
    except ValueError:
        return value
    return clock.moment(instant) if key in _MOMENTS else clock.due(instant)
