"""The stored versions of programmes."""

from storage.database import Database
from storage.queries.programmes import latest_programmes, show_programme


async def test_programmes_show_their_latest_versions(stocked: Database) -> None:
    async with stocked.reading() as session:
        assert [(one.id, one.version) for one in await latest_programmes(session)] == [
            ("ign", 2),
            ("tour", 1),
        ]
        first = await show_programme(session, "ign", 1)
        latest = await show_programme(session, "ign")
        assert first is not None
        assert latest is not None
        assert (first.version, latest.version) == (1, 2)
        assert await show_programme(session, "ign", 3) is None
