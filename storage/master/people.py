"""People of the office, of its funder and partners."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.problems import Flaw
from storage.database import new_id
from storage.events import fields, note
from storage.master.checks import (
    Missing,
    email_flaws,
    email_taken,
    name_flaws,
    normal_email,
    reject_any,
    role_flaws,
)
from storage.roles import of_person, resolve_owners
from storage.sql import people


async def add_person(
    session: AsyncSession,
    by: str,
    now: datetime,
    *,
    name: str,
    email: str,
    role: str,
    id: str | None = None,
) -> str:
    """Add a person; returns the id. Raises ``Rejected`` with every flaw."""
    flaws = name_flaws(name) + role_flaws(role) + email_flaws(email)
    flaws += await _taken_email(session, email)
    reject_any(flaws)
    person_id = id or new_id("per")
    await session.execute(
        insert(people).values(
            id=person_id,
            name=name.strip(),
            email=normal_email(email),
            role=role,
            active=True,
            created_at=now,
        )
    )
    await note(session, "person.added", person_id, by, now, {"role": role})
    return person_id


async def update_person(
    session: AsyncSession,
    by: str,
    now: datetime,
    person_id: str,
    *,
    name: str | None = None,
    email: str | None = None,
    role: str | None = None,
    active: bool | None = None,
) -> None:
    """Change the given fields. The tasks of a person who leaves go to their substitute in the role.

    A task without a substitute has no owner, and the manager sees that. Raises ``Missing`` and
    ``Rejected``.
    """
    flaws: list[Flaw] = []
    values: dict[str, Any] = {}
    if name is not None:
        flaws += name_flaws(name)
        values["name"] = name.strip()
    if email is not None:
        flaws += email_flaws(email) + await _taken_email(session, email, but=person_id)
        values["email"] = normal_email(email)
    if role is not None:
        flaws += role_flaws(role)
        values["role"] = role
    if active is not None:
        values["active"] = active
    reject_any(flaws)
    known = select(people.c.id).where(people.c.id == person_id).with_for_update()
    if (await session.execute(known)).one_or_none() is None:
        raise Missing(person_id)
    if not values:
        return
    await session.execute(update(people).where(people.c.id == person_id).values(values))
    changed = fields(name=name, email=email, role=role, active=active)
    await note(session, "person.changed", person_id, by, now, changed)
    if active is not None:
        await resolve_owners(session, of_person(person_id))


async def _taken_email(session: AsyncSession, email: str, *, but: str | None = None) -> list[Flaw]:
    normal = normal_email(email)
    statement = select(people.c.id).where(people.c.email == normal, people.c.id != (but or ""))
    if (await session.execute(statement)).first() is None:
        return []
    return [email_taken(normal)]
