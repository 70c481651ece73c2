"""Gives a role in an engagement, with its open tasks, to another person.

Workflows hold no people: they look each role up when they need it. So this is plain SQL, and its
fact stands beside the workflow's own facts.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from programmes.problems import Flaw
from storage.events import Aside, append_aside
from storage.master.checks import Missing, reject_any
from storage.roles import ADVISER, LEAD, MANAGER, MAY_WORK_AS, resolve_owners
from storage.sql import engagements, people, tasks

CHANGED = {
    MANAGER: "engagement.manager_changed",
    ADVISER: "engagement.adviser_changed",
    LEAD: "engagement.lead_changed",
}
"""The kind of fact that records each change of role."""

PREDECESSOR = "predecessor"
"""The detail of such a fact that names who had the role before."""


@dataclass(frozen=True)
class TakenOver:
    """Roles of an engagement that a person has just got, and the number of their facts."""

    engagement_id: str
    sequence: int
    roles: tuple[str, ...]


async def assign_team(
    session: AsyncSession,
    by: str,
    now: datetime,
    engagement_id: str,
    *,
    manager_id: str | None = None,
    adviser_id: str | None = None,
) -> TakenOver | None:
    """Give an engagement another manager or adviser, and move its open tasks to them. ``None``
    if they have the role already: then nothing changes.

    Raises ``Missing`` and ``Rejected``.
    """
    c = engagements.c
    known = select(c.manager_id, c.adviser_id, c.closed_at).where(c.id == engagement_id)
    before = (await session.execute(known.with_for_update())).one_or_none()
    if before is None:
        raise Missing(engagement_id)
    held = {MANAGER: before.manager_id, ADVISER: before.adviser_id}
    given = {MANAGER: manager_id, ADVISER: adviser_id}
    flaws: list[Flaw] = []
    if before.closed_at is not None:
        what = "This engagement has ended, so its team cannot change."
        flaws.append(Flaw(what, "Leave it as it is.", "engagement_closed", "engagement"))
    for role, person_id in given.items():
        if person_id is not None:
            flaws += await _unfit(session, person_id, role)
    reject_any(flaws)
    new = {role: id for role, id in given.items() if id is not None and id != held[role]}
    if not new:
        return None
    values = {f"{role}_id": id for role, id in new.items()}
    await session.execute(update(engagements).where(c.id == engagement_id).values(values))
    facts = [_fact(engagement_id, role, id, held[role], by) for role, id in new.items()]
    sequence = await append_aside(session, facts[0], now, *facts[1:])
    await resolve_owners(session, tasks.c.engagement_id == engagement_id)
    return TakenOver(engagement_id, sequence, tuple(new))


async def lead_taken_over(
    session: AsyncSession, by: str, now: datetime, member_id: str, lead: str, before: str | None
) -> tuple[TakenOver, ...]:
    """Record a member's new lead on the timeline of each of its open engagements."""
    c = engagements.c
    open_ones = select(c.id).where(c.member_id == member_id, c.closed_at.is_(None)).order_by(c.id)
    taken = []
    for id in (await session.execute(open_ones)).scalars().all():
        sequence = await append_aside(session, _fact(id, LEAD, lead, before, by), now)
        taken.append(TakenOver(id, sequence, (LEAD,)))
    return tuple(taken)


def _fact(engagement_id: str, role: str, new: str, before: str | None, by: str) -> Aside:
    data = {role: new} | ({PREDECESSOR: before} if before else {})
    return Aside(engagement_id, engagement_id, CHANGED[role], by, data)


async def _unfit(session: AsyncSession, person_id: str, role: str) -> list[Flaw]:
    """Why a person cannot have a role in an engagement."""
    found = select(people.c.role, people.c.active).where(people.c.id == person_id)
    person = (await session.execute(found)).one_or_none()
    if person is None:
        fix = "Give the id of a person in the list of people."
        what = f"There is no person “{person_id}” in the office."
        return [Flaw(what, fix, "person_unknown", role)]
    if not person.active:
        what = f"“{person_id}” is no longer active."
        fix = "Give the id of an active person, or make this person active again first."
        return [Flaw(what, fix, "person_inactive", role)]
    if person.role not in MAY_WORK_AS[role]:
        name, may, who = _UNFIT[role]
        what = f"This person has the role {person.role}, and only {may}."
        return [Flaw(what, f"Give the id of {who}, from the list of people.", name, role)]
    return []


_UNFIT = {
    MANAGER: ("not_a_manager", "a manager can run an engagement", "a manager"),
    ADVISER: (
        "not_an_adviser",
        "an adviser or a manager can advise",
        "an adviser or a manager",
    ),
}
"""For each role: the flaw's name, who may have it, and whom to give instead."""
