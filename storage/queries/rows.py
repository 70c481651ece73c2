"""The rows that several subjects share, and the columns that make them up."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Label,
    Row,
    Select,
    Table,
    bindparam,
    case,
    func,
)

from programmes.vocabulary import Health, Nation
from storage.sql import contacts, engagements, items, members, people, tasks, texts
from storage.tables.fields import Instant

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

AnyRow = Row[*tuple[Any, ...]]
Moment = datetime | BindParameter[datetime]
"""An instant, or its name in a statement that is built once and gets its values at each reading."""

NOW = bindparam("now", type_=Instant())
Filled = TypeVar("Filled", bound="DataclassInstance")


def filled(kind: type[Filled], row: AnyRow, prefix: str = "", /, **others: Any) -> Filled:
    """A dataclass from the row's columns of the same names after ``prefix``, and the given values.

    Raises ``KeyError`` where the row lacks a column.
    """
    values = row._mapping
    names = (each.name for each in fields(kind) if each.name not in others)
    return kind(**{name: values[prefix + name] for name in names}, **others)


def places(statement: Select[Any], *names: str) -> Callable[[AnyRow], tuple[Any, ...]]:
    """What takes several columns from a row of the statement, by where they stand in it."""
    columns = list(statement.selected_columns.keys())
    return itemgetter(*map(columns.index, names))


class Filler(Generic[Filled]):
    """``filled`` for the many rows of one statement: where each column stands is found out once.

    ``others`` are the names of the values that are given with each row.
    """

    def __init__(
        self, kind: type[Filled], statement: Select[Any], prefix: str = "", *others: str
    ) -> None:
        self._kind = kind
        self._names = [each.name for each in fields(kind) if each.name not in others]
        self._values = places(statement, *(prefix + name for name in self._names))

    def __call__(self, row: AnyRow, **others: Any) -> Filled:
        """The dataclass of this row."""
        made = object.__new__(self._kind)
        # A frozen dataclass would set each field by a call of its own, which takes twice as long.
        made.__dict__.update(zip(self._names, self._values(row), strict=True), **others)
        return made


@dataclass(frozen=True)
class Named:
    """A person or contact, by id and name."""

    id: str
    name: str


@dataclass(frozen=True)
class MemberRow:
    """A member organisation."""

    id: str
    name: str
    nation: Nation
    sample: bool


@dataclass(frozen=True)
class TaskRow:
    """An open task, with the item that it belongs to."""

    engagement_id: str
    item_id: str
    item_kind: str
    item_key: str
    key: str
    family: str
    owner_role: str
    owner: Named | None
    due_at: datetime
    soon_at: datetime
    stuck_at: datetime | None
    opened_at: datetime
    revision: int
    text: str
    """The text of an agreed action; empty for other tasks."""

    def health(self, now: datetime) -> Health:
        """The health of this task alone."""
        return health_of(now, self.soon_at, self.due_at, self.stuck_at)


@dataclass(frozen=True)
class ItemRow:
    """An item, without its tasks."""

    id: str
    engagement_id: str
    kind: str
    key: str
    stage: str
    outcome: str
    opened_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    assignee: Named | None
    data: dict[str, str]
    sequence: int


owner_contacts = contacts.alias("owner_contacts")
owner_people = people.alias("owner_people")
assignees = people.alias("assignees")
task_texts = texts.alias("task_texts")


def health_of(
    now: datetime,
    soon_at: datetime | None,
    due_at: datetime | None,
    stuck_at: datetime | None,
) -> Health:
    """The health at ``now``, from the earliest instants of the open tasks.

    An instant counts as reached when the clock shows it. Health is computed when it is read, so
    no job has to update it.
    """
    if stuck_at is not None and stuck_at <= now:
        return "stuck"
    if due_at is not None and due_at <= now:
        return "overdue"
    if soon_at is not None and soon_at <= now:
        return "due_soon"
    return "on_track"


def health_column(now: Moment, table: FromClause = engagements) -> ColumnElement[str]:
    """The health in SQL; ``health_of`` says the same in Python."""
    c = table.c
    return case(
        (c.stuck_at <= now, "stuck"),
        (c.due_at <= now, "overdue"),
        (c.soon_at <= now, "due_soon"),
        else_="on_track",
    )


def member_columns() -> list[Label[Any]]:
    """``member_*``, for ``member_row``."""
    c = members.c
    return [column.label(f"member_{column.name}") for column in (c.id, c.name, c.nation, c.sample)]


def member_row(row: AnyRow) -> MemberRow:
    """The member of a row with ``member_columns``."""
    return filled(MemberRow, row, "member_")


def task_columns(table: FromClause = tasks) -> list[Label[Any]]:
    """``task_*``, for ``task_row``; join ``items`` and ``with_owner``."""
    names = (
        *("engagement_id", "item_id", "key", "family", "owner_role", "owner_id"),
        *("due_at", "soon_at", "stuck_at", "opened_at", "revision"),
    )
    return [
        *(table.c[name].label(f"task_{name}") for name in names),
        items.c.kind.label("task_item_kind"),
        items.c.key.label("task_item_key"),
        func.coalesce(owner_contacts.c.name, owner_people.c.name).label("task_owner_name"),
        func.coalesce(task_texts.c.body, "").label("task_text"),
    ]


def with_owner(source: FromClause, table: FromClause = tasks) -> FromClause:
    """Join the owner of a task (a contact or a person) and the text of an agreed action."""
    return (
        source.outerjoin(owner_contacts, owner_contacts.c.id == table.c.owner_id)
        .outerjoin(owner_people, owner_people.c.id == table.c.owner_id)
        .outerjoin(task_texts, task_texts.c.id == table.c.text_id)
    )


def task_row(row: AnyRow) -> TaskRow:
    """The task of a row with ``task_columns``."""
    owner = named(row.task_owner_id, row.task_owner_name)
    return filled(TaskRow, row, "task_", owner=owner)


def item_columns(table: Table = items) -> list[Label[Any]]:
    """``item_*``, for ``item_row``; join ``assignees``."""
    return [
        *(column.label(f"item_{column.name}") for column in table.c),
        assignees.c.name.label("item_assignee_name"),
    ]


def item_row(row: AnyRow) -> ItemRow:
    """The item of a row with ``item_columns``."""
    assignee = named(row.item_assignee_id, row.item_assignee_name)
    return filled(ItemRow, row, "item_", assignee=assignee)


def named(id: str | None, name: str | None) -> Named | None:
    """A person or contact, if there is an id; an erased person has no name."""
    return None if id is None else Named(id, name or "")
