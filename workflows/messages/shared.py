"""What several processes hand to each other."""

from dataclasses import dataclass
from datetime import date, datetime

from programmes.rules import ItemKind


@dataclass(frozen=True)
class AgreedAction:
    """An action agreed in an advice session: who does what by when."""

    id: str
    text: str
    owner: str
    """``lead``, ``adviser``, ``manager``, or the id of a contact or person."""
    due: date
    done: bool = False


@dataclass(frozen=True)
class ItemEnded:
    """Signal ``item_ended`` from an item to its engagement."""

    item_id: str
    kind: ItemKind
    key: str
    outcome: str
    at: datetime
    carried: tuple[AgreedAction, ...] = ()


@dataclass(frozen=True)
class ReviewMoved:
    """Signal ``review_moved`` from an open review to its engagement: what depends on it follows."""

    review: str
    due: date


@dataclass(frozen=True)
class CloseItem:
    """Signal ``close_item`` from the engagement: it ends, or (advice) the next cycle is due."""

    by: str
    outcome: str
    """How the engagement ends (``completed``, ``withdrawn``, ``cancelled``), or ``rolled_over``. An
    item that is cancelled in Temporal closes itself so."""
    reason: str | None = None
