"""Filters of the list of engagements, as conditions of a statement that is built once."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, FromClause, String, bindparam, or_

from programmes.vocabulary import Health
from storage.queries.access import Visibility
from storage.queries.engagement_order import has_health
from storage.queries.paging import ESCAPE, escaped
from storage.queries.rows import NOW
from storage.sql import engagements, members, people
from storage.starting import PENDING

managers = people.alias("managers")
advisers = people.alias("advisers")


@dataclass(frozen=True)
class EngagementFilter:
    """Filters of the list; ``None`` filters nothing."""

    stage: str | None = None
    health: Health | None = None
    open: bool | None = None
    """Open engagements only, or ended ones only."""
    programme_id: str | None = None
    member_id: str | None = None
    manager_id: str | None = None
    text: str | None = None
    """Part of the member's or the manager's name, in any case."""

    @property
    def shape(self) -> "EngagementFilter":
        """The same for any value that a statement takes when it is executed."""
        names: dict[str, Any] = {name: name for name in _BOUND if getattr(self, name)}
        return replace(self, **names)

    @property
    def values(self) -> dict[str, object]:
        """The values of a statement with this shape."""
        given = {name: getattr(self, name) for name in _BOUND}
        return given | {"text": escaped(self.text) if self.text else None}


_BOUND = ("stage", "programme_id", "member_id", "manager_id", "text")
"""The filters whose values a statement takes when it is executed."""


def conditions_of(where: EngagementFilter, visible_to: Visibility) -> list[ColumnElement[bool]]:
    """The conditions of a filter, for use with the tables of ``listed``."""
    c = engagements.c
    # An engagement whose start is not recorded yet may still be removed.
    conditions = [visible_to.of_engagements(), c.stage != PENDING]
    columns = (c.stage, c.programme_id, c.member_id, c.manager_id)
    conditions += [
        column == bindparam(column.name) for column in columns if getattr(where, column.name)
    ]
    if where.health is not None:
        conditions.append(has_health(where.health, NOW))
    if where.open is not None:
        conditions.append(c.closed_at.is_(None) if where.open else c.closed_at.is_not(None))
    if where.text:
        text = bindparam("text", type_=String())
        conditions.append(
            or_(*(table.c.name.icontains(text, escape=ESCAPE) for table in (members, managers)))
        )
    return conditions


def listed() -> FromClause:
    """Engagements with their members and managers."""
    return engagements.join(members, members.c.id == engagements.c.member_id).outerjoin(
        managers, managers.c.id == engagements.c.manager_id
    )
