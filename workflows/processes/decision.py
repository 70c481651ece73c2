"""One decision in the making: the facts and notices that a process puts down at one instant."""

from datetime import datetime

from programmes.calendar import WorkingCalendar, first_window
from programmes.facts import MILEPOST, Fact, Notice


class Decision:
    """Collects what one command, wake or opening brings about, for one record.

    ``now`` is the instant of the decision; a mail that it causes outside the sending window of its
    readers is held until that opens next.
    """

    def __init__(self, now: datetime, calendar: WorkingCalendar) -> None:
        self.now = now
        self.facts: list[Fact] = []
        self.notices: list[Notice] = []
        self._calendar = calendar

    def fact(self, kind: str, by: str = MILEPOST, text: str | None = None, **data: str) -> None:
        """Put a fact on the timeline."""
        self.facts.append(Fact(kind, self.now, by, data, text or None))

    def tell(
        self,
        kind: str,
        *to: str,
        rung: str = "",
        task: str = "",
        revision: int = 0,
        text: str | None = None,
    ) -> None:
        """Tell these people one thing. ``rung`` sets apart several of a kind in one decision."""
        window = first_window(self._calendar, to, self.now)
        self.notices.append(
            Notice(
                kind=kind,
                to=to,
                rung=rung,
                task=task,
                revision=revision,
                text=text or None,
                not_before=window if window > self.now else None,
            )
        )
