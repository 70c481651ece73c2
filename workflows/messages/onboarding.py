"""The commands of an onboarding."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class CompleteStep:
    """Update ``complete_step``. ``done_on`` is the day on which it was really done, where that is
    over: so an office takes up members who were welcomed before it had Milepost."""

    by: str
    step: str
    text: str | None = None
    done_on: date | None = None


@dataclass(frozen=True)
class WaiveStep:
    """Update ``waive_step``: it is not needed, for a reason."""

    by: str
    step: str
    reason: str
