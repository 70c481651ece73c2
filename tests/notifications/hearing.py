"""Where reports bring an email by the table of moves: what the ledger is held against."""

from collections.abc import Iterable

from notifications.delivery.ledger import may_follow


def furthest(start: str, reports: Iterable[str]) -> str:
    """Its state after these, one after the other; those that are not allowed change nothing."""
    state = start
    for report in reports:
        if may_follow(state, report):
            state = report
    return state
