"""The states of a notification: one table of allowed moves, for senders and reports alike.

States are ranked, and only a repeated attempt keeps its rank. Reports may be lost, repeated or in
any order: the state is always the furthest that was reported.
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
    # A report may arrive before the sender's answer. ``claimed`` follows itself where a refused
    # attempt is repeated.
    "claimed": _REPORTED | {"claimed", "withheld", "unknown", "failed"},
    "unknown": _REPORTED | {"failed"},
    "accepted": _REPORTED - {"accepted"},
    "deferred": frozenset({"delivered", "bounced", "dropped", "complained"}),
    # A receiving server may return an email later, or its reader may complain.
    "delivered": frozenset({"bounced", "dropped", "complained"}),
    "withheld": frozenset(),
    "failed": frozenset(),
    "bounced": frozenset(),
    "dropped": frozenset(),
    "complained": frozenset(),
}
"""From each state to those that may follow. No other move is made."""

IN_TRANSIT: frozenset[State] = frozenset({"reserved", "claimed"})
"""The states of an email that has not left yet."""

Choice = Literal["arrived", "send_again", "dismiss"]

CHOICES: Mapping[State, tuple[Choice, ...]] = {
    "unknown": ("arrived", "send_again", "dismiss"),
    "failed": ("send_again", "dismiss"),
    "bounced": ("send_again", "dismiss"),
    "dropped": ("send_again", "dismiss"),
    # A recipient who marked it as spam gets no further copy.
    "complained": ("dismiss",),
}
"""What a user may decide about an email in trouble."""


def may_follow(before: str, after: str) -> bool:
    """Whether a notification may go from one state to the other."""
    return any(state == before and after in allowed for state, allowed in MOVES.items())


def before(after: str) -> frozenset[State]:
    """The states that one may follow."""
    return frozenset(state for state, allowed in MOVES.items() if after in allowed)


def choices_of(state: str, reason: str = "") -> tuple[Choice, ...]:
    """What a user may decide about a notification in that state; empty if it needs no decision."""
    if state in IN_TRANSIT:
        return ("send_again", "dismiss") if reason == NEVER_LEFT else ()
    if state == "withheld" and reason == "no_recipient":
        return ("send_again", "dismiss")
    if state == "withheld":
        # The email leaves once the office fixes the address.
        return ("dismiss",) if reason in UNHEARD else ()
    return next((choices for known, choices in CHOICES.items() if known == state), ())
