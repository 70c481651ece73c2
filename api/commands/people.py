"""Checks of the people whom a command names."""

from api.desk import Desk
from api.problems import wrong_value
from storage.reach import KnownPerson, known_person
from storage.roles import MAY_WORK_AS


async def require_worker(desk: Desk, person_id: str, role: str, pointer: str) -> None:
    """Somebody of the office who may do a manager's, an adviser's or a researcher's work; the
    problem ``invalid`` otherwise. Whoever got it without would be refused at every step of it."""
    person = await _known(desk, person_id)
    if person is None or not person.active or person.role not in MAY_WORK_AS[role]:
        raise wrong_value(role, pointer)


async def require_owner(desk: Desk, owner: str, member_id: str, pointer: str) -> None:
    """A role, somebody of the office, or a contact of that member: whoever can own an action."""
    if owner in {"lead", "manager", "adviser", "researcher"}:
        return
    person = await _known(desk, owner)
    fits = person is not None and person.active and person.role != "viewer"
    if person is None or not fits or person.member_id not in {None, member_id}:
        raise wrong_value("owner", pointer)


async def _known(desk: Desk, person_id: str) -> KnownPerson | None:
    async with desk.database.reading() as session:
        return await known_person(session, person_id)
