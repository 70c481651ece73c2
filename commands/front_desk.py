"""The command line's functions for master data, on one open database, for the demo."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from commands.member import new_member
from commands.person import new_person
from commands.programme_versions import built_in, name_funders, new_programme
from commands.token import new_token, revoke_labelled
from programmes.definition import Definition
from storage.database import Database
from storage.master.checks import NewContact

Given = tuple[str, str, bool]
"""A contact as it is given: name, address, whether it leads."""


class FrontDesk:
    """What `programme add`, `person add`, `member add` and `token create` do, as functions.

    Each raises Stop where something is refused.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_built_in(self, name: str) -> Definition:
        """Store a built-in definition, unless it is stored."""
        definition, _ = await new_programme(self._database, *built_in(name))
        return definition

    async def add_person(self, name: str, email: str, role: str) -> str:
        """Add a person of the office. Returns the id."""
        return (await new_person(self._database, name, email, role)).id

    async def name_funders(self, programme: str, person_ids: Sequence[str]) -> None:
        """Name the people who read for the funder of a programme."""
        await name_funders(self._database, programme, list(person_ids))

    async def add_sample_member(
        self, name: str, nation: str, contacts: Sequence[Given]
    ) -> tuple[str, str]:
        """Add a member, marked as sample data. Returns its id and its lead contact's."""
        given = [NewContact(*each) for each in contacts]
        made = await new_member(self._database, name, nation, given, sample=True)
        return made.member.id, next(each.id for each in made.contacts if each.lead)

    async def make_token(self, holder: str, label: str) -> str:
        """Make a token. Returns its secret."""
        return (await new_token(self._database, holder, label)).secret

    async def revoke_tokens(self, label: str) -> None:
        """Revoke every token with that label."""
        await revoke_labelled(self._database, label)


@contextlib.asynccontextmanager
async def front_desk(url: str) -> AsyncIterator[FrontDesk]:
    """A front desk on the database at that address."""
    database = Database(url)
    try:
        yield FrontDesk(database)
    finally:
        await database.dispose()
