"""Commands on master data: programmes, members, contacts, people. Plain SQL, no workflow."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from programmes.definition import Definition
from programmes.loader import DefinitionErrors, load_definition
from services.backend import Backend, writing
from services.permissions import Actor, require
from services.problems import Flaw, Problem
from services.reassignment import reserved, tell
from services.releasing import release, release_unheard, withheld_for
from storage import master
from storage.database import derived_id, new_id
from storage.master import Blackout, NewContact
from storage.queries.members import (
    MemberDetail,
    PersonRow,
    funders_of,
    show_member,
    show_person,
)
from storage.queries.programmes import ProgrammeRow, show_programme
from temporal.summaries import follow_definitions

IMPORT_COLUMNS = master.COLUMNS
"""The columns of a file that ``import_members`` takes."""


@dataclass(frozen=True)
class StoredProgramme:
    """A version as it is stored, with its definition."""

    row: ProgrammeRow
    definition: Definition
    is_new: bool


async def add_programme(backend: Backend, actor: Actor, source: bytes) -> StoredProgramme:
    """Store a definition. Raises ``definition-invalid`` with every error, and ``exists``."""
    require(actor, "add_programme")
    try:
        text = source.decode("utf-8-sig")
        # In a thread, because a long definition takes seconds and would block the event loop.
        definition = await asyncio.to_thread(load_definition, text, "definition")
    except UnicodeDecodeError as error:
        raise Problem("unsupported-media-type", expected="YAML in UTF-8") from error
    except DefinitionErrors as error:
        raise Problem(
            "definition-invalid",
            errors=[
                Flaw(pointer=f"{one.line}:{one.column}", what=one.what, fix=one.fix)
                for one in error.flaws
            ],
        ) from error
    async with writing(backend) as session:
        is_new = await master.add_programme(
            session,
            actor.holder_id,
            backend.now(),
            id=definition.id,
            version=definition.version,
            title=definition.title,
            source=text,
        )
    await follow_definitions(backend.temporal, backend.database, backend.settings.task_queue)
    async with backend.database.reading() as session:
        stored = await show_programme(session, definition.id, definition.version)
    assert stored is not None
    return StoredProgramme(stored, definition, is_new)


async def set_funders(
    backend: Backend, actor: Actor, programme_id: str, person_ids: Sequence[str]
) -> tuple[PersonRow, ...]:
    """Set the people who get a programme's emails for its funder. Returns all of them."""
    require(actor, "set_programme_funders")
    async with writing(backend) as session:
        await master.set_funders(session, actor.holder_id, backend.now(), programme_id, person_ids)
        named = await funders_of(session, programme_id)
    await release_unheard(backend, actor)
    return named


async def add_member(
    backend: Backend,
    actor: Actor,
    *,
    name: str,
    nation: str,
    contacts: Sequence[NewContact],
    blackouts: Sequence[Blackout] = (),
    sample: bool = False,
    key: str | None = None,
) -> MemberDetail:
    """Add a member organisation with its contacts."""
    require(actor, "add_member")
    member_id = derived_id("mem", actor.holder_id, key) if key else new_id("mem")
    async with writing(backend) as session:
        # A repeat after a crash finds the row of the first attempt.
        if key is None or await show_member(session, member_id) is None:
            await master.add_member(
                session,
                actor.holder_id,
                backend.now(),
                name=name,
                nation=nation,
                contacts=contacts,
                sample=sample,
                blackouts=blackouts,
                id=member_id,
            )
        return await _member(session, member_id)


async def import_members(
    backend: Backend, actor: Actor, text: str, *, sample: bool = False
) -> tuple[str, ...]:
    """Add the members of a CSV file, all or none. Returns their ids. Raises ``invalid`` with every
    error and its line."""
    require(actor, "add_member")
    async with writing(backend) as session:
        return await master.import_members(
            session, actor.holder_id, backend.now(), text, sample=sample
        )


async def edit_member(
    backend: Backend,
    actor: Actor,
    member_id: str,
    *,
    name: str | None = None,
    nation: str | None = None,
    blackouts: Sequence[Blackout] | None = None,
) -> MemberDetail:
    """Change the given values. Running engagements keep their dates; emails obey blackouts at
    once."""
    require(actor, "edit_member")
    async with writing(backend) as session:
        await master.update_member(
            session,
            actor.holder_id,
            backend.now(),
            member_id,
            name=name,
            nation=nation,
            blackouts=blackouts,
        )
        return await _member(session, member_id)


async def add_contact(
    backend: Backend, actor: Actor, member_id: str, contact: NewContact
) -> MemberDetail:
    """Add a contact. A new lead replaces the previous one."""
    require(actor, "add_contact")
    async with writing(backend) as session:
        _, taken = await master.add_contact(
            session, actor.holder_id, backend.now(), member_id, contact
        )
        told = await reserved(backend, session, taken)
        edited = await _member(session, member_id)
    await tell(backend, told)
    await release_unheard(backend, actor)
    return edited


async def edit_contact(
    backend: Backend,
    actor: Actor,
    member_id: str,
    contact_id: str,
    *,
    name: str | None = None,
    email: str | None = None,
    lead: bool | None = None,
    active: bool | None = None,
) -> MemberDetail:
    """Change the given values. A new lead takes over the lead's tasks, and gets an email about
    them."""
    require(actor, "edit_contact")
    async with writing(backend) as session:
        before = await _member(session, member_id)
        if all(contact.id != contact_id for contact in before.contacts):
            raise Problem("not-found")
        taken = await master.update_contact(
            session,
            actor.holder_id,
            backend.now(),
            contact_id,
            name=name,
            email=email,
            lead=lead,
            active=active,
        )
        told = await reserved(backend, session, taken)
        waiting = await withheld_for(backend, session, [contact_id] if email is not None else [])
        edited = await _member(session, member_id)
    await tell(backend, told)
    await release(backend, actor, waiting)
    if lead or active:
        await release_unheard(backend, actor)
    return edited


async def add_person(
    backend: Backend, actor: Actor, *, name: str, email: str, role: str, key: str | None = None
) -> PersonRow:
    """Add a person of the office, of its funder or of a partner."""
    require(actor, "add_person")
    person_id = derived_id("per", actor.holder_id, key) if key else new_id("per")
    async with writing(backend) as session:
        if key is None or await show_person(session, person_id) is None:
            await master.add_person(
                session,
                actor.holder_id,
                backend.now(),
                name=name,
                email=email,
                role=role,
                id=person_id,
            )
        added = await show_person(session, person_id)
    assert added is not None
    return added


async def edit_person(
    backend: Backend,
    actor: Actor,
    person_id: str,
    *,
    name: str | None = None,
    email: str | None = None,
    active: bool | None = None,
) -> PersonRow:
    """Change the given values."""
    require(actor, "edit_person")
    async with writing(backend) as session:
        await master.update_person(
            session,
            actor.holder_id,
            backend.now(),
            person_id,
            name=name,
            email=email,
            active=active,
        )
        waiting = await withheld_for(backend, session, [person_id] if email is not None else [])
        edited = await show_person(session, person_id)
    await release(backend, actor, waiting)
    if active:
        await release_unheard(backend, actor)
    assert edited is not None
    return edited


async def _member(session: AsyncSession, member_id: str) -> MemberDetail:
    found = await show_member(session, member_id)
    if found is None:
        raise Problem("not-found")
    return found
