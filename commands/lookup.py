"""Finds a member or a person by the id, name or address that the user gives."""

from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from commands.outcome import Stop
from storage.queries.access import known_person
from storage.queries.members import PersonRow, list_members, list_people, show_member
from storage.queries.paging import MAX_LIMIT
from storage.queries.rows import MemberRow


async def member_named(session: AsyncSession, named: str) -> MemberRow:
    """The member of that id, or the only one whose name is, or else contains, these words.

    Raises Stop, with the members that match, where there is not exactly one.
    """
    by_id = await show_member(session, named)
    if by_id is not None:
        return by_id.member
    found = (await list_members(session, text=named, limit=MAX_LIMIT)).rows
    exact = [row for row in found if row.name.casefold() == named.casefold()]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = [f"{row.id}  {row.name}" for row in found]
        raise Stop(f"Several members match {named!r}. Give the id of one:", details=names)
    raise Stop(f"There is no member {named!r}. `milepost member list` shows all.")


async def person_named(session: AsyncSession, named: str) -> PersonRow:
    """The person of that id, address or name. Raises Stop where there is not exactly one."""
    cursor: str | None = None
    found: list[PersonRow] = []
    while True:
        page = await list_people(session, cursor=cursor, limit=MAX_LIMIT)
        found += [row for row in page.rows if _is(row, named)]
        cursor = page.next
        if cursor is None:
            break
    if len(found) == 1:
        return found[0]
    if found:
        names = [f"{row.id}  {row.name} ({row.role})" for row in found]
        raise Stop(f"Several people match {named!r}. Give the id of one:", details=names)
    raise Stop(f"There is no person {named!r} in the office. `milepost person list` shows all.")


class Holder(NamedTuple):
    """A contact with its member, or a person of the office."""

    id: str
    member_id: str = ""


async def holder_named(session: AsyncSession, named: str) -> Holder:
    """The contact of that id, or the person of that id, address or name. Raises Stop."""
    if not named.startswith("con_"):
        return Holder((await person_named(session, named)).id)
    contact = await known_person(session, named)
    if contact is None:
        raise Stop(
            f"There is no contact {named!r}. `milepost member list --json` shows every"
            " contact with its id."
        )
    return Holder(contact.id, contact.member_id or "")


def no_engagement(named: str) -> Stop:
    """Ends a command because there is no engagement of that id."""
    return Stop(f"There is no engagement {named!r}. `milepost engagement list` shows all.")


def _is(row: PersonRow, named: str) -> bool:
    return row.id == named or named.casefold() in (row.name.casefold(), row.email.casefold())
