"""Members and contacts: always one lead, every flaw at once, each change audited."""

import asyncio
from datetime import date
from typing import Any

import pytest

from storage.database import Database
from storage.master import (
    Blackout,
    Missing,
    NewContact,
    Rejected,
    add_contact,
    add_member,
    update_contact,
    update_member,
)
from storage.queries.members import show_member
from tests.storage.master.ledger import audit, owners
from tests.storage.office import NOW

ANN = NewContact("Ann", "Ann@Example.org", lead=True)
BEN = NewContact("Ben", "ben@example.org")


async def test_a_member_is_added_with_its_contacts(stocked: Database) -> None:
    blackout = Blackout(date(2027, 3, 22), date(2027, 5, 6), "Election")
    async with stocked.transaction() as session:
        member_id = await add_member(
            *(session, "per_manager", NOW),
            name=" Bristol ",
            nation="ENG",
            contacts=[ANN, BEN],
            blackouts=[blackout],
        )
    async with stocked.reading() as session:
        found = await show_member(session, member_id)
    assert found is not None
    assert (found.member.name, found.member.nation) == ("Bristol", "ENG")
    assert [(one.name, one.email, one.lead) for one in found.contacts] == [
        ("Ann", "ann@example.org", True),
        ("Ben", "ben@example.org", False),
    ]
    assert found.blackouts == ({"first": "2027-03-22", "last": "2027-05-06", "reason": "Election"},)
    assert await audit(stocked, member_id) == [(1, "member.added", "per_manager")]
    assert await audit(stocked, found.contacts[0].id) == [(1, "contact.added", "per_manager")]


@pytest.mark.parametrize(
    ("given", "flaws"),
    [
        ({"name": ""}, ["name_empty"]),
        ({"name": "x" * 201}, ["name_too_long"]),
        ({"name": "two\nlines"}, ["name_unprintable"]),
        ({"name": "cardiff"}, ["member_taken"]),
        ({"nation": "FRA"}, ["nation_unknown"]),
        ({"contacts": []}, ["lead_missing"]),
        ({"contacts": [BEN]}, ["lead_missing"]),
        ({"contacts": [ANN, NewContact("Cy", "c@example.org", True)]}, ["lead_several"]),
        ({"contacts": [ANN, NewContact("Cy", "ANN@example.org")]}, ["email_twice"]),
        ({"contacts": [NewContact("", "no-address", True)]}, ["name_empty", "email_invalid"]),
        (
            {"blackouts": [Blackout(date(2027, 5, 6), date(2027, 3, 22))]},
            ["blackout_reversed"],
        ),
        (
            {"blackouts": [Blackout(date(2026, 11, 30), date(2099, 12, 4))]},
            ["blackout_too_long"],
        ),
        (
            # No day lies between the two, and together they last for two years.
            {
                "blackouts": [
                    Blackout(date(2028, 1, 1), date(2028, 12, 31)),
                    Blackout(date(2027, 1, 1), date(2027, 12, 31)),
                ]
            },
            ["blackout_too_long"],
        ),
        ({"name": " ", "nation": "?", "contacts": []},
         ["name_empty", "nation_unknown", "lead_missing"]),
    ],
)  # fmt: skip
async def test_every_flaw_is_named_at_once_and_nothing_is_stored(
    stocked: Database, given: dict[str, Any], flaws: list[str]
) -> None:
    values = {"name": "Bristol", "nation": "ENG", "contacts": [ANN, BEN]} | given
    with pytest.raises(Rejected) as caught:
        async with stocked.transaction() as session:
            await add_member(session, "per_manager", NOW, **values)
    assert [flaw.name for flaw in caught.value.flaws] == flaws
    assert all(flaw.what and flaw.fix for flaw in caught.value.flaws)


async def test_only_given_fields_of_a_member_change(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await update_member(session, "per_manager", NOW, "mem_1", name="Cardiff Council")
        await update_member(session, "per_manager", NOW, "mem_1", nation="ENG", blackouts=[])
        await update_member(session, "per_manager", NOW, "mem_1")
        await update_member(session, "per_manager", NOW, "mem_1", name="CARDIFF council")
    async with stocked.reading() as session:
        found = await show_member(session, "mem_1")
    assert found is not None
    assert (found.member.name, found.member.nation) == ("CARDIFF council", "ENG")
    assert [number for number, _, _ in await audit(stocked, "mem_1")] == [1, 2, 3]


async def test_a_new_lead_takes_over_the_leads_tasks(stocked: Database) -> None:
    assert (await owners(stocked))["lead"] == "con_lead"
    async with stocked.transaction() as session:
        await update_contact(session, "per_manager", NOW, "con_second", lead=True)
    assert (await owners(stocked))["lead"] == "con_second"
    async with stocked.transaction() as session:
        new, _ = await add_contact(session, "per_manager", NOW, "mem_1", ANN)
    assert (await owners(stocked))["lead"] == new
    async with stocked.reading() as session:
        found = await show_member(session, "mem_1")
    assert found is not None
    assert [one.name for one in found.contacts if one.lead] == ["Ann"]


async def test_an_inactive_contact_owns_no_tasks(stocked: Database) -> None:
    async with stocked.transaction() as session:
        await update_contact(session, "per_manager", NOW, "con_second", active=False)
    assert (await owners(stocked))["con_second"] is None
    assert await audit(stocked, "con_second") == [(1, "contact.changed", "per_manager")]


@pytest.mark.parametrize(
    ("contact", "given", "flaw"),
    [
        ("con_lead", {"active": False}, "lead_leaves"),
        ("con_lead", {"lead": False}, "lead_leaves"),
        ("con_gone", {"lead": True}, "lead_inactive"),
        ("con_second", {"email": "con_lead@EXAMPLE.org"}, "email_taken"),
        ("con_second", {"email": "nowhere"}, "email_invalid"),
        ("con_second", {"name": " "}, "name_empty"),
    ],
)
async def test_invalid_changes_of_a_contact_are_refused(
    stocked: Database, contact: str, given: dict[str, Any], flaw: str
) -> None:
    with pytest.raises(Rejected) as caught:
        async with stocked.transaction() as session:
            await update_contact(session, "per_manager", NOW, contact, **given)
    assert [one.name for one in caught.value.flaws] == [flaw]


@pytest.mark.parametrize("name", ["İzmir", "Ŵyth", "ΟΔΟΣ"])
async def test_names_are_compared_without_case(stocked: Database, name: str) -> None:
    """The database and Python do not make the same small letters of all of them."""
    async with stocked.transaction() as session:
        await add_member(session, "per_manager", NOW, name=name, nation="ENG", contacts=[ANN])
    with pytest.raises(Rejected) as caught:
        async with stocked.transaction() as session:
            await add_member(session, "per_manager", NOW, name=name, nation="ENG", contacts=[ANN])
    assert [one.name for one in caught.value.flaws] == ["member_taken"]


async def test_an_unknown_id_raises_missing(stocked: Database) -> None:
    async with stocked.transaction() as session:
        with pytest.raises(Missing):
            await update_member(session, "per_manager", NOW, "mem_x", name="X")
        with pytest.raises(Missing):
            await update_contact(session, "per_manager", NOW, "con_x", name="X")
        with pytest.raises(Missing):
            await add_contact(session, "per_manager", NOW, "mem_x", BEN)


async def test_two_simultaneous_new_leads_leave_one_lead(stocked: Database) -> None:
    async def name_lead(contact: NewContact) -> None:
        async with stocked.transaction() as session:
            await add_contact(session, "per_manager", NOW, "mem_1", contact)

    await asyncio.gather(
        *(name_lead(NewContact(f"N{n}", f"n{n}@example.org", lead=True)) for n in range(4))
    )
    async with stocked.reading() as session:
        found = await show_member(session, "mem_1")
    assert found is not None
    assert sum(one.lead for one in found.contacts) == 1
