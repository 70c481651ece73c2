"""Whether what a notification says is still true: asked just before it leaves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Rule = Literal["running", "finished", "always"]
"""How long a kind stays true: while its engagement runs; also once that was completed (what was
done stays done); or always (the closing mails themselves)."""


REMINDER = ".reminder"
"""How the kinds end that speak of a date to come."""

DATE_PASSED = "date_passed"
"""The named reason of a reminder that could not leave before the date that it speaks of: of its
being withheld, or of its saying that the date has passed."""


@dataclass(frozen=True)
class Now:
    """The state that a notification is checked against."""

    stage: str
    """Of the engagement."""
    recipient_active: bool
    open_revision: int | None
    """The due revision of the task that it is about; ``None`` where that is not open any more."""


def untrue_because(rule: Rule, task: str, revision: int, now: Now) -> str:
    """The named reason to withhold a notification, or an empty string where it is still true."""
    if now.stage == "withdrawn" and rule != "always":
        return "engagement_closed"
    if now.stage == "completed" and rule == "running":
        return "engagement_closed"
    if task and now.open_revision is None:
        return "done"
    if task and revision and now.open_revision != revision:
        return "moved"
    # Last: what holds otherwise is for whoever holds the role now.
    return "" if now.recipient_active else "recipient_left"


def date_has_passed(kind: str, due_at: datetime | None, now: datetime) -> bool:
    """Whether that kind would speak of a date to come that lies behind."""
    return kind.endswith(REMINDER) and due_at is not None and due_at <= now
