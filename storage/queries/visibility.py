"""How far a reader sees: everything, or one member's own. Applied in SQL, never afterwards."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from storage.sql import engagements, members


@dataclass(frozen=True)
class Visibility:
    """``ALL``, or the id of the one member whose rows exist for the reader."""

    member_id: str | None = None

    def of_engagements(self) -> ColumnElement[bool]:
        """The condition on ``engagements``."""
        if self.member_id is None:
            return true()
        return engagements.c.member_id == self.member_id

    def of_members(self) -> ColumnElement[bool]:
        """The condition on ``members``."""
        return true() if self.member_id is None else members.c.id == self.member_id


ALL = Visibility()
