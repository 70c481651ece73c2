"""What a summary is written from; plain values, as those of any email."""

from dataclasses import dataclass

from notifications.context import Letter, Line


@dataclass(frozen=True)
class Trouble:
    """An email that did not arrive, or an address that takes none."""

    what: str
    who: str
    why: str


@dataclass(frozen=True)
class TeamDigest(Letter):
    """What somebody of the office should know on a Monday."""

    unsubscribe: str
    stuck: tuple[Line, ...]
    waiting: tuple[Line, ...]
    """For the reader."""
    due: tuple[Line, ...]
    """This week, from others."""
    troubles: tuple[Trouble, ...]

    @property
    def says_something(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.stuck or self.waiting or self.due or self.troubles)


@dataclass(frozen=True)
class MemberDigest(Letter):
    """How a member stands, for its own people."""

    unsubscribe: str
    waiting: tuple[Line, ...]
    """For the reader."""
    colleagues: tuple[Line, ...]
    """For others at the member."""
    ours: tuple[Line, ...]
    """What the office does for the member."""
    done: tuple[str, ...]

    @property
    def says_something(self) -> bool:
        """Whether there is anything to send."""
        return bool(self.waiting or self.colleagues or self.ours or self.done)
