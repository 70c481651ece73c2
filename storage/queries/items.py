"""Items: lists of one kind, and one item with its tasks and what people wrote about it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import FromClause, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.access import ALL, Visibility
from storage.queries.paging import LIMIT, Page, by_instant, clamp, instant_cursor, page_of
from storage.queries.rows import (
    AnyRow,
    ItemRow,
    MemberRow,
    TaskRow,
    assignees,
    filled,
    item_columns,
    item_row,
    member_columns,
    member_row,
    named,
    owner_contacts,
    owner_people,
    task_columns,
    task_row,
    with_owner,
)
from storage.queries.rows import Named as Author
from storage.sql import engagements, items, members, tasks, texts


@dataclass(frozen=True)
class TextRow:
    """A text that a person wrote."""

    id: str
    title: str
    body: str
    link: str
    author: Author | None
    created_at: datetime


@dataclass(frozen=True)
class ListedItem:
    """An item with its member, and the programme's version, which gives its titles."""

    item: ItemRow
    member: MemberRow
    programme_id: str
    programme_version: int


@dataclass(frozen=True)
class ItemDetail(ListedItem):
    """An item with its open tasks by due instant, and its texts by their name in ``item.data``."""

    tasks: tuple[TaskRow, ...]
    texts: dict[str, TextRow]


@dataclass(frozen=True)
class ItemFilter:
    """Filters of the list; ``None`` filters nothing."""

    engagement_id: str | None = None
    kind: str | None = None
    stage: str | None = None
    assignee_id: str | None = None
    is_open: bool | None = None


async def list_items(
    session: AsyncSession,
    where: ItemFilter,
    *,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[ListedItem]:
    """One page, the latest opened first. Raises ``BadCursor``. One statement."""
    limit, c = clamp(limit), items.c
    statement = (
        select(
            *item_columns(),
            *member_columns(),
            *(engagements.c.programme_id, engagements.c.programme_version),
        )
        .select_from(_with_member())
        .where(c.state_sequence > 0, visible_to.of_engagements())
    )
    for column, value in (
        (c.engagement_id, where.engagement_id),
        (c.kind, where.kind),
        (c.stage, where.stage),
        (c.assignee_id, where.assignee_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if where.is_open is not None:
        unclosed = c.closed_at.is_(None)
        statement = statement.where(unclosed if where.is_open else ~unclosed)
    statement = by_instant(statement, c.opened_at, c.id, cursor, limit, descending=True)
    rows = [
        ListedItem(item_row(row), member_row(row), row.programme_id, row.programme_version)
        for row in await session.execute(statement)
    ]
    return page_of(rows, limit, lambda last: instant_cursor(last.item.opened_at, last.item.id))


async def show_item(
    session: AsyncSession, item_id: str, *, visible_to: Visibility = ALL
) -> ItemDetail | None:
    """An item; ``None`` if this reader may not see it. Two statements."""
    statement = (
        select(
            *item_columns(),
            *member_columns(),
            *task_columns(),
            *(engagements.c.programme_id, engagements.c.programme_version),
        )
        .select_from(with_owner(_with_member().outerjoin(tasks, tasks.c.item_id == items.c.id)))
        .where(items.c.id == item_id, items.c.state_sequence > 0, visible_to.of_engagements())
        .order_by(tasks.c.due_at, tasks.c.key)
    )
    rows = (await session.execute(statement)).all()
    if not rows:
        return None
    first, item = rows[0], item_row(rows[0])
    return ItemDetail(
        item=item,
        member=member_row(first),
        programme_id=first.programme_id,
        programme_version=first.programme_version,
        tasks=tuple(task_row(row) for row in rows if row.task_key is not None),
        texts=await _texts_of(session, item.data),
    )


async def _texts_of(session: AsyncSession, data: dict[str, str]) -> dict[str, TextRow]:
    """The texts whose ids are among the values; an opaque id cannot match other data."""
    if not data:
        return {}
    c = texts.c
    name = func.coalesce(owner_contacts.c.name, owner_people.c.name).label("author_name")
    found = await session.execute(
        select(c.id, c.title, c.body, c.link, c.author_id, c.created_at, name)
        .select_from(
            texts.outerjoin(owner_contacts, owner_contacts.c.id == c.author_id).outerjoin(
                owner_people, owner_people.c.id == c.author_id
            )
        )
        .where(c.id.in_(sorted(set(data.values()))))
    )
    by_id = {row.id: _text_row(row) for row in found}
    return {name: by_id[value] for name, value in data.items() if value in by_id}


def _text_row(row: AnyRow) -> TextRow:
    return filled(TextRow, row, author=named(row.author_id, row.author_name))


def _with_member() -> FromClause:
    return (
        items.join(engagements, engagements.c.id == items.c.engagement_id)
        .join(members, members.c.id == engagements.c.member_id)
        .outerjoin(assignees, assignees.c.id == items.c.assignee_id)
    )
