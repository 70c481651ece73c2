"""Programme versions are added and never changed."""

import pytest

from storage.database import Database
from storage.master import Rejected, add_programme
from storage.queries.programmes import show_programme
from tests.definitions import sources
from tests.storage.master.ledger import audit
from tests.storage.office import NOW


async def test_a_version_is_stored_once_and_never_with_other_content(stocked: Database) -> None:
    values = {"id": "tour", "version": 1, "title": "Tour"}
    async with stocked.transaction() as session:
        assert await add_programme(session, "per_m", NOW, source="a: 1\n", **values)  # type: ignore[arg-type]
        assert not await add_programme(session, "per_m", NOW, source="a: 1\n", **values)  # type: ignore[arg-type]
        with pytest.raises(Rejected, match="higher version"):
            await add_programme(session, "per_m", NOW, source="a: 2\n", **values)  # type: ignore[arg-type]
        assert await add_programme(
            session, "per_m", NOW, id="tour", version=2, title="Tour", source="a: 2\n"
        )
    async with stocked.reading() as session:
        latest = await show_programme(session, "tour")
    assert latest is not None
    assert (latest.version, latest.source) == (2, "a: 2\n")
    assert await audit(stocked, "tour/1") == [(1, "programme.added", "per_m")]


async def test_comments_and_line_ends_are_no_other_content(stocked: Database) -> None:
    source = sources()["tour"]
    values = {"id": "tour", "version": 1, "title": "Tour"}
    async with stocked.transaction() as session:
        assert await add_programme(session, "per_m", NOW, source=source, **values)  # type: ignore[arg-type]
        for same in (f"# A comment.\n{source}", source.replace("\n", "\r\n"), f"\ufeff{source}"):
            assert not await add_programme(session, "per_m", NOW, source=same, **values)  # type: ignore[arg-type]
        other = source.replace("title: The tour", "title: Another tour")
        with pytest.raises(Rejected, match="higher version"):
            await add_programme(session, "per_m", NOW, source=other, **values)  # type: ignore[arg-type]
