"""What choices did to a notification, in sentences."""

from collections.abc import Mapping

from notifications.choices import Choices
from notifications.effects import Effect
from notifications.evidence import Evidence
from notifications.when import Clock, time_in_words
from notifications.words import entry, fill

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
