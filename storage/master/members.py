"""Adds and changes members and their contacts: a member always has exactly one lead."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.problems import Flaw
from storage.database import new_id
from storage.events import fields, note
from storage.master.checks import (
    Blackout,
    Missing,
    NewContact,
    Rejected,
    blackout_flaws,
    contacts_flaws,
    email_flaws,
    email_taken,
    member_taken,
    name_flaws,
    nation_flaws,
    normal_email,
    reject_any,
)
from storage.master.teams import TakenOver, lead_taken_over
from storage.roles import of_member, resolve_owners
from storage.sql import contacts, members


async def add_member(
    session: AsyncSession,
    by: str,
    now: datetime,
    *,
    name: str,
    nation: str,
    contacts: Sequence[NewContact],
    sample: bool = False,
    blackouts: Sequence[Blackout] = (),
    id: str | None = None,
) -> str:
    """Add a member with its contacts; returns its id. Raises ``Rejected`` with every flaw."""
    flaws = name_flaws(name) + nation_flaws(nation)
    flaws += contacts_flaws(tuple(contacts)) + blackout_flaws(tuple(blackouts))
    flaws += await _taken_name(session, name)
    reject_any(flaws)
    member_id = id or new_id("mem")
    await session.execute(
        insert(members).values(
            id=member_id,
            name=name.strip(),
            nation=nation,
            sample=sample,
            blackouts=[one.stored() for one in blackouts],
            created_at=now,
        )
    )
    await note(session, "member.added", member_id, by, now)
    for contact in contacts:
        await _insert_contact(session, by, now, member_id, contact)
    return member_id


async def update_member(
    session: AsyncSession,
    by: str,
    now: datetime,
    member_id: str,
    *,
    name: str | None = None,
    nation: str | None = None,
    blackouts: Sequence[Blackout] | None = None,
) -> None:
    """Change the given fields. Running engagements keep their dates; emails obey the row at once.

    Raises ``Missing`` and ``Rejected``.
    """
    flaws: list[Flaw] = []
    values: dict[str, Any] = {}
    if name is not None:
        flaws += name_flaws(name) + await _taken_name(session, name, but=member_id)
        values["name"] = name.strip()
    if nation is not None:
        flaws += nation_flaws(nation)
        values["nation"] = nation
    if blackouts is not None:
        flaws += blackout_flaws(tuple(blackouts))
        values["blackouts"] = [one.stored() for one in blackouts]
    reject_any(flaws)
    await _require_member(session, member_id)
    if values:
        await session.execute(update(members).where(members.c.id == member_id).values(values))
        changed = fields(name=name, nation=nation, blackouts=blackouts)
        await note(session, "member.changed", member_id, by, now, changed)


async def add_contact(
    session: AsyncSession, by: str, now: datetime, member_id: str, contact: NewContact
) -> tuple[str, tuple[TakenOver, ...]]:
    """Add a contact. A new lead replaces the old one. Returns the id of the contact, and the roles
    that a new lead has taken over. Raises ``Missing`` and ``Rejected``."""
    reject_any(name_flaws(contact.name) + email_flaws(contact.email))
    await _require_member(session, member_id)
    reject_any(await _taken_email(session, member_id, contact.email))
    before = await _unset_lead(session, member_id) if contact.lead else None
    contact_id = await _insert_contact(session, by, now, member_id, contact)
    if not contact.lead:
        return contact_id, ()
    # First, because it locks the engagements in the same order as a record does.
    taken = await lead_taken_over(session, by, now, member_id, contact_id, before)
    await resolve_owners(session, of_member(member_id))
    return contact_id, taken


async def update_contact(
    session: AsyncSession,
    by: str,
    now: datetime,
    contact_id: str,
    *,
    name: str | None = None,
    email: str | None = None,
    lead: bool | None = None,
    active: bool | None = None,
) -> tuple[TakenOver, ...]:
    """Change the given fields. A new lead gets the old lead's tasks. Returns the roles that a new
    lead has taken over. Raises ``Missing`` and ``Rejected``."""
    c = contacts.c
    found = await session.execute(select(c.member_id, c.lead, c.active).where(c.id == contact_id))
    before = found.one_or_none()
    if before is None:
        raise Missing(contact_id)
    await _require_member(session, before.member_id)
    flaws: list[Flaw] = []
    values: dict[str, Any] = {}
    if name is not None:
        flaws += name_flaws(name)
        values["name"] = name.strip()
    if email is not None:
        flaws += email_flaws(email)
        flaws += await _taken_email(session, before.member_id, email, but=contact_id)
        values["email"] = normal_email(email)
    if active is not None:
        values["active"] = active
    if before.lead and (active is False or lead is False):
        what = "This contact is the lead, and a member always has a lead."
        fix = "Make another contact the lead first."
        flaws.append(Flaw(what, fix, "lead_leaves", "active" if active is False else "lead"))
    is_active = before.active if active is None else active
    if lead and not is_active:
        fix = "Make the contact active first."
        flaws.append(Flaw("An inactive contact cannot be the lead.", fix, "lead_inactive", "lead"))
    reject_any(flaws)
    predecessor = None
    if lead and not before.lead:
        predecessor = await _unset_lead(session, before.member_id)
        values["lead"] = True
    if not values:
        return ()
    await session.execute(update(contacts).where(c.id == contact_id).values(values))
    changed = fields(name=name, email=email, lead=lead, active=active)
    await note(session, "contact.changed", contact_id, by, now, changed)
    taken: tuple[TakenOver, ...] = ()
    if "lead" in values:
        # First, because it locks the engagements in the same order as a record does.
        taken = await lead_taken_over(session, by, now, before.member_id, contact_id, predecessor)
    if "lead" in values or active is not None:
        await resolve_owners(session, of_member(before.member_id))
    return taken


async def names_in_use(
    session: AsyncSession, names: Iterable[str], *, but: str | None = None
) -> frozenset[str]:
    """The names among these that other members have, in lower case; compared without case."""
    given = {name.strip() for name in names}
    c = members.c
    # The database lowers both: Python and PostgreSQL differ on some letters, such as İ.
    same = func.lower(c.name).in_([func.lower(name) for name in given])
    found = await session.scalars(select(c.name).where(same, c.id != (but or "")))
    return frozenset(name.lower() for name in found)


async def _taken_name(session: AsyncSession, name: str, *, but: str | None = None) -> list[Flaw]:
    if name.strip().lower() in await names_in_use(session, [name], but=but):
        return [member_taken(name.strip())]
    return []


async def _require_member(session: AsyncSession, member_id: str) -> None:
    """Lock the member, so that changes of its contacts run in turn. Raises ``Missing``."""
    statement = select(members.c.id).where(members.c.id == member_id).with_for_update()
    if (await session.execute(statement)).one_or_none() is None:
        raise Missing(member_id)


async def _taken_email(
    session: AsyncSession, member_id: str, email: str, *, but: str | None = None
) -> list[Flaw]:
    c, normal = contacts.c, normal_email(email)
    statement = select(c.id).where(c.member_id == member_id, c.email == normal, c.id != (but or ""))
    if (await session.execute(statement)).one_or_none() is None:
        return []
    return [email_taken(normal)]


async def _unset_lead(session: AsyncSession, member_id: str) -> str | None:
    """Take the lead from the present lead; returns that contact's id."""
    c = contacts.c
    change = update(contacts).where(c.member_id == member_id, c.lead).values(lead=False)
    before: str | None = (await session.execute(change.returning(c.id))).scalars().first()
    return before


async def _insert_contact(
    session: AsyncSession, by: str, now: datetime, member_id: str, contact: NewContact
) -> str:
    contact_id, email = new_id("con"), normal_email(contact.email)
    if email is None:
        raise Rejected(*email_flaws(contact.email))
    await session.execute(
        insert(contacts).values(
            id=contact_id,
            member_id=member_id,
            name=contact.name.strip(),
            email=email,
            lead=contact.lead,
            active=True,
            created_at=now,
        )
    )
    await note(session, "contact.added", contact_id, by, now)
    return contact_id
