"""People of the office: their tasks follow their substitute."""

from typing import Any

import pytest

from storage.database import Database
from storage.master import Missing, Rejected, add_person, update_person
from storage.queries.members import show_person
from tests.storage.master.ledger import audit, owners
from tests.storage.office import NOW


async def test_a_person_is_added_and_changed(stocked: Database) -> None:
    async with stocked.transaction() as session:
        ada = await add_person(
            session, "per_manager", NOW, name="Ada", email="Ada@Example.org", role="adviser"
        )
        await update_person(session, "per_manager", NOW, ada, name="Ada O.", role="manager")
        await update_person(session, "per_manager", NOW, ada)
    async with stocked.reading() as session:
        found = await show_person(session, ada)
    assert found is not None
    assert (found.name, found.email, found.role) == ("Ada O.", "ada@example.org", "manager")
    assert [kind for _, kind, _ in await audit(stocked, ada)] == ["person.added", "person.changed"]


@pytest.mark.parametrize(
    ("given", "flaws"),
    [
        ({"role": "king"}, ["role_unknown"]),
        ({"email": "per_manager@EXAMPLE.org"}, ["email_taken"]),
        ({"name": "", "email": "x"}, ["name_empty", "email_invalid"]),
    ],
)
async def test_an_invalid_person_is_refused(
    stocked: Database, given: dict[str, Any], flaws: list[str]
) -> None:
    values = {"name": "Ada", "email": "ada@example.org", "role": "manager"} | given
    async with stocked.transaction() as session:
        with pytest.raises(Rejected) as caught:
            await add_person(session, "per_manager", NOW, **values)
    assert [flaw.name for flaw in caught.value.flaws] == flaws


async def test_the_tasks_of_a_leaver_go_to_their_substitute(stocked: Database) -> None:
    assert await owners(stocked) == {
        "lead": "con_lead",
        "manager": "per_manager",
        "adviser": "per_adviser",
        "researcher": "per_researcher",
        "con_second": "con_second",
        "per_researcher": "per_researcher",
    }
    async with stocked.transaction() as session:
        for person in ("per_adviser", "per_researcher"):
            await update_person(session, "per_manager", NOW, person, active=False)
    now = await owners(stocked)
    assert (now["adviser"], now["researcher"], now["per_researcher"]) == (
        "per_manager",
        "per_manager",
        None,
    )
    async with stocked.transaction() as session:
        await update_person(session, "per_manager", NOW, "per_manager", active=False)
    now = await owners(stocked)
    assert (now["manager"], now["adviser"], now["researcher"]) == (None, None, None)
    async with stocked.transaction() as session:
        await update_person(session, "per_manager", NOW, "per_adviser", active=True)
    assert (await owners(stocked))["adviser"] == "per_adviser"


async def test_an_unknown_person_raises_missing(stocked: Database) -> None:
    async with stocked.transaction() as session:
        with pytest.raises(Missing):
            await update_person(session, "per_manager", NOW, "per_x", name="X")
