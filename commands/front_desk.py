"""The services that set an office up, on one open database, for the demo."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from commands.outcome import stopping
from commands.programme_versions import built_in, new_programme
from commands.reach import backend_on
from programmes.definition import Definition
from services import office, tokens
from services.backend import Backend
from services.permissions import OPERATOR
from settings import Settings
from storage.database import Database
from storage.master.checks import NewContact

Given = tuple[str, str, bool]
"""A contact as it is given: name, address, whether it leads."""


class FrontDesk:
    """What `programme add`, `person add`, `member add` and `token create` do, as functions."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def add_built_in(self, name: str) -> Definition:
        """Store a built-in definition, unless it is stored."""
        return (await new_programme(self._backend, *built_in(name))).definition

    async def add_person(self, name: str, email: str, role: str) -> str:
        """Add a person of the office. Returns the id."""
        added = await office.add_person(self._backend, OPERATOR, name=name, email=email, role=role)
        return added.id

    async def name_funders(self, programme: str, person_ids: Sequence[str]) -> None:
        """Name the people who read for the funder of a programme."""
        await office.set_funders(self._backend, OPERATOR, programme, person_ids)

    async def add_sample_member(
        self, name: str, nation: str, contacts: Sequence[Given]
    ) -> tuple[str, str]:
        """Add a member, marked as sample data. Returns its id and its lead contact's."""
        given = [NewContact(*each) for each in contacts]
        made = await office.add_member(
            self._backend, OPERATOR, name=name, nation=nation, contacts=given, sample=True
        )
        return made.member.id, next(each.id for each in made.contacts if each.lead)

    async def make_token(self, holder: str, label: str) -> str:
        """Make a token. Returns its secret."""
        return (await tokens.make_token(self._backend, OPERATOR, holder, label)).secret

    async def revoke_tokens(self, label: str) -> None:
        """Revoke every token with that label."""
        await tokens.revoke_labelled(self._backend, OPERATOR, label)


@contextlib.asynccontextmanager
async def front_desk(config: Settings) -> AsyncIterator[FrontDesk]:
    """A front desk on the office with these settings. Raises Stop where something is refused."""
    database = Database(config.database_url)
    try:
        with stopping():
            yield FrontDesk(backend_on(database, config))
    finally:
        await database.dispose()
