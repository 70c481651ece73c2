"""What may become of a notification: one table of allowed moves, the same for couriers and events.

A state is a rank. Everything but a repeated attempt goes up, so whatever the order, repetition and
loss of what is reported, the state is the furthest that was heard of.
"""

from collections.abc import Mapping
from typing import Literal, get_args

from storage.queries.troubles import NEVER_LEFT, UNHEARD

State = Literal[
    "reserved",
    "claimed",
    "withheld",
    "unknown",
    "failed",
    "accepted",
    "deferred",
    "delivered",
    "bounced",
    "dropped",
    "complained",
]

STATES: tuple[State, ...] = get_args(State)

_REPORTED: frozenset[State] = frozenset(
    {"accepted", "deferred", "delivered", "bounced", "dropped", "complained"}
)

MOVES: Mapping[State, frozenset[State]] = {
    "reserved": frozenset({"claimed", "withheld", "failed"}),
    # An event may be here before the answer that it was accepted. ``claimed`` follows itself where
    # an attempt that was certainly refused is repeated.
    "claimed": _REPORTED | {"claimed", "withheld", "unknown", "failed"},
    "unknown": _REPORTED | {"failed"},
    "accepted": _REPORTED - {"accepted"},
    "deferred": frozenset({"delivered", "bounced", "dropped", "complained"}),
    # A receiving server may take an email and send it back later, or its reader complain.
    "delivered": frozenset({"bounced", "dropped", "complained"}),
    "withheld": frozenset(),
    "failed": frozenset(),
    "bounced": frozenset(),
    "dropped": frozenset(),
    "complained": frozenset(),
}
"""From each state to those that may follow. What is not here does not happen."""

IN_TRANSIT: frozenset[State] = frozenset({"reserved", "claimed"})
"""The states of what is still to leave."""

Choice = Literal["arrived", "send_again", "dismiss"]

CHOICES: Mapping[State, tuple[Choice, ...]] = {
    "unknown": ("arrived", "send_again", "dismiss"),
    "failed": ("send_again", "dismiss"),
    "bounced": ("send_again", "dismiss"),
    "dropped": ("send_again", "dismiss"),
    # Whoever called it spam is not written to again from here.
    "complained": ("dismiss",),
}
"""What a person may say about a trouble."""


def may_follow(before: str, after: str) -> bool:
    """Whether a notification may go from one state to the other."""
    return any(state == before and after in allowed for state, allowed in MOVES.items())


def before(after: str) -> frozenset[State]:
    """The states that one may follow."""
    return frozenset(state for state, allowed in MOVES.items() if after in allowed)


def choices_of(state: str, reason: str = "") -> tuple[Choice, ...]:
    """What a person may say about a notification in that state; nothing where all is well."""
    if state in IN_TRANSIT:
        return ("send_again", "dismiss") if reason == NEVER_LEFT else ()
    if state == "withheld" and reason == "no_recipient":
        return ("send_again", "dismiss")
    if state == "withheld":
        # What is to be mended is an address: the email then follows.
        return ("dismiss",) if reason in UNHEARD else ()
    return next((choices for known, choices in CHOICES.items() if known == state), ())
