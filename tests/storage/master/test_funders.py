"""The people who read for the funder are active viewers, set per programme."""

import pytest

from storage.database import Database
from storage.master import Missing, Rejected, set_funders
from storage.queries.members import funders_of
from tests.storage.master.ledger import audit
from tests.storage.office import NOW, Rows


async def names(database: Database) -> list[str]:
    async with database.reading() as session:
        return [one.id for one in await funders_of(session, "ign")]


async def test_setting_and_removing_funders_is_audited(stocked: Database) -> None:
    rows = Rows()
    rows.person("per_fay", "viewer", name="Fay")
    async with stocked.transaction() as session:
        await rows.write(session)
    for wanted in (["per_funder", "per_fay"], ["per_fay", "per_funder"], []):
        async with stocked.transaction() as session:
            await set_funders(session, "per_manager", NOW, "ign", wanted)
        assert sorted(await names(stocked)) == sorted(wanted)
    kinds = [kind for _, kind, _ in await audit(stocked, "ign")]
    assert kinds == ["programme.funders_changed"] * 2


async def test_only_active_viewers_are_accepted(stocked: Database) -> None:
    async with stocked.transaction() as session:
        with pytest.raises(Rejected) as caught:
            await set_funders(
                session, "per_manager", NOW, "ign", ["per_funder", "per_manager", "per_x"]
            )
        with pytest.raises(Missing):
            await set_funders(session, "per_manager", NOW, "nothing", [])
    assert [flaw.field for flaw in caught.value.flaws] == ["people/1", "people/2"]
    assert await names(stocked) == ["per_funder"]
