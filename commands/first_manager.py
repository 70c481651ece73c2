"""The first manager of a new office, with a token to begin with."""

from commands.person import everybody, new_person
from commands.token import new_token
from settings import Settings
from storage.database import Database
from storage.queries.access import list_tokens

LABEL = "first manager"


async def first_manager_token(config: Settings, name: str, email: str) -> str | None:
    """A token for the first manager; None where the office has given one out before.

    The manager is made where there is none yet. Raises Stop where name or address is wrong.
    """
    database = Database(config.database_url)
    try:
        async with database.reading() as session:
            if await list_tokens(session):
                return None
            managers = await everybody(session, "manager")
        manager = next((each for each in managers if each.active), None)
        manager = manager or await new_person(database, name, email, "manager")
        return (await new_token(database, manager.id, LABEL)).secret
    finally:
        await database.dispose()
