"""Whether an engagement is well: read off three instants and the clock, so nothing has to poll."""

from datetime import datetime
from typing import Literal

Health = Literal["on_track", "due_soon", "overdue", "stuck"]
"""The worst first, going backwards: stuck, overdue, due soon, on track."""


def health(
    now: datetime,
    soon_at: datetime | None,
    due_at: datetime | None,
    stuck_at: datetime | None,
) -> Health:
    """The health at ``now``, from the earliest instants of the open tasks. An instant counts as
    reached when the clock shows it."""
    if stuck_at is not None and stuck_at <= now:
        return "stuck"
    if due_at is not None and due_at <= now:
        return "overdue"
    if soon_at is not None and soon_at <= now:
        return "due_soon"
    return "on_track"
