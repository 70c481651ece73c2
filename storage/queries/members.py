"""Members and their contacts, and the people of the office."""

from collections.abc import Collection
from dataclasses import dataclass, fields

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.queries.access import ALL, Visibility
from storage.queries.paging import LIMIT, Page, beyond, clamp, decode, encode, page_of
from storage.queries.rows import MemberRow
from storage.sql import contacts, engagements, members, people, programme_funders, programmes


@dataclass(frozen=True)
class ContactRow:
    """A person at a member organisation."""

    id: str
    member_id: str
    name: str
    email: str
    lead: bool
    active: bool


@dataclass(frozen=True)
class MemberDetail:
    """A member with its contacts: the lead first, then by name."""

    member: MemberRow
    blackouts: tuple[dict[str, str], ...]
    contacts: tuple[ContactRow, ...]


@dataclass(frozen=True)
class RunningRow:
    """A running engagement, with the definition and the calendar that it was planned with."""

    id: str
    programme_id: str
    source: str
    calendar: object
    """As it is stored."""


@dataclass(frozen=True)
class PersonRow:
    """A person of the office, of its funder or of a partner."""

    id: str
    name: str
    email: str
    role: str
    active: bool


async def list_members(
    session: AsyncSession,
    *,
    text: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
    visible_to: Visibility = ALL,
) -> Page[MemberRow]:
    """By name. Raises ``BadCursor``."""
    limit, c = clamp(limit), members.c
    statement = select(c.id, c.name, c.nation, c.sample).where(visible_to.of_members())
    if text:
        statement = statement.where(c.name.icontains(text, autoescape=True))
    if cursor is not None:
        statement = statement.where(beyond([c.name], [decode(cursor, name=str)["name"]]))
    found = await session.execute(statement.order_by(c.name).limit(limit + 1))
    rows = [MemberRow(*row) for row in found]
    return page_of(rows, limit, lambda last: encode(name=last.name))


async def show_member(
    session: AsyncSession, member_id: str, *, visible_to: Visibility = ALL
) -> MemberDetail | None:
    """A member; ``None`` if this reader may not see it. Two statements."""
    found = await show_members(session, [member_id], visible_to=visible_to)
    return found[0] if found else None


async def show_members(
    session: AsyncSession, member_ids: Collection[str], *, visible_to: Visibility = ALL
) -> tuple[MemberDetail, ...]:
    """The members among these ids that this reader may see, by name. Two statements."""
    c = members.c
    statement = select(c.id, c.name, c.nation, c.sample, c.blackouts).where(
        c.id.in_(member_ids), visible_to.of_members()
    )
    rows = (await session.execute(statement.order_by(c.name))).all()
    theirs = await _contacts(session, [row.id for row in rows]) if rows else {}
    return tuple(
        MemberDetail(
            member=MemberRow(row.id, row.name, row.nation, row.sample),
            blackouts=tuple(row.blackouts),
            contacts=tuple(theirs.get(row.id, ())),
        )
        for row in rows
    )


async def running_of(session: AsyncSession, member_id: str) -> tuple[RunningRow, ...]:
    """The open engagements of a member, by programme. One statement."""
    e, p = engagements.c, programmes.c
    statement = (
        select(e.id, e.programme_id, p.source, e.calendar)
        .join(programmes, and_(p.id == e.programme_id, p.version == e.programme_version))
        .where(e.member_id == member_id, e.closed_at.is_(None))
        .order_by(e.programme_id)
    )
    return tuple(RunningRow(*row) for row in await session.execute(statement))


async def contacts_of(session: AsyncSession, member_id: str) -> tuple[ContactRow, ...]:
    """All contacts of a member, inactive ones included: the lead first, then by name."""
    return tuple((await _contacts(session, [member_id])).get(member_id, ()))


_CONTACTS = (
    select(*(contacts.c[each.name] for each in fields(ContactRow)))
    .where(contacts.c.member_id.in_(bindparam("member_ids", expanding=True)))
    .order_by(contacts.c.lead.desc(), contacts.c.active.desc(), contacts.c.name, contacts.c.id)
)


async def _contacts(
    session: AsyncSession, member_ids: Collection[str]
) -> dict[str, list[ContactRow]]:
    found = await session.execute(_CONTACTS, {"member_ids": list(member_ids)})
    theirs: dict[str, list[ContactRow]] = {}
    for row in found:
        theirs.setdefault(row.member_id, []).append(ContactRow(*row))
    return theirs


async def funders_of(session: AsyncSession, programme_id: str) -> tuple[PersonRow, ...]:
    """The people who read for the funder of a programme, by name."""
    c, f = people.c, programme_funders.c
    statement = (
        select(c.id, c.name, c.email, c.role, c.active)
        .join(programme_funders, f.person_id == c.id)
        .where(f.programme_id == programme_id)
        .order_by(c.name, c.id)
    )
    return tuple(PersonRow(*row) for row in await session.execute(statement))


async def list_people(
    session: AsyncSession,
    *,
    role: str | None = None,
    cursor: str | None = None,
    limit: int = LIMIT,
) -> Page[PersonRow]:
    """By name. Raises ``BadCursor``."""
    limit, c = clamp(limit), people.c
    statement = select(c.id, c.name, c.email, c.role, c.active)
    if role is not None:
        statement = statement.where(c.role == role)
    if cursor is not None:
        position = decode(cursor, name=str, id=str)
        statement = statement.where(beyond([c.name, c.id], [position["name"], position["id"]]))
    found = await session.execute(statement.order_by(c.name, c.id).limit(limit + 1))
    rows = [PersonRow(*row) for row in found]
    return page_of(rows, limit, lambda last: encode(name=last.name, id=last.id))


async def show_person(session: AsyncSession, person_id: str) -> PersonRow | None:
    """The person with that id; ``None`` if there is none."""
    c = people.c
    statement = select(c.id, c.name, c.email, c.role, c.active).where(c.id == person_id)
    row = (await session.execute(statement)).one_or_none()
    return PersonRow(*row) if row else None
