"""The import stores all members or none, and names each mistake with its line."""

import pytest

from storage.database import Database
from storage.master import Rejected, import_members
from storage.queries.members import list_members, show_member
from tests.storage.office import NOW

HEADING = "name,nation,contact_name,contact_email,lead\n"
GOOD = (
    HEADING
    + 'Belfast,NIR,Ann,ann@example.org,yes\n\n"Belfast",nir,Ben,ben@example.org,no\n'
    + '"Barking, and Dagenham",ENG,Cy,cy@example.org,\n'
)


@pytest.mark.parametrize(
    "text", [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace(",yes", ", YES ")]
)
async def test_a_valid_file_adds_every_member(stocked: Database, text: str) -> None:
    async with stocked.transaction() as session:
        ids = await import_members(session, "per_manager", NOW, text, sample=True)
    assert len(ids) == 2
    async with stocked.reading() as session:
        belfast = await show_member(session, ids[0])
        barking = await show_member(session, ids[1])
    assert belfast is not None
    assert barking is not None
    assert (belfast.member.name, belfast.member.nation, belfast.member.sample) == (
        "Belfast",
        "NIR",
        True,
    )
    assert [(one.name, one.lead) for one in belfast.contacts] == [("Ann", True), ("Ben", False)]
    assert barking.member.name == "Barking, and Dagenham"
    assert [one.lead for one in barking.contacts] == [True], "an only contact is the lead"


async def test_semicolons_and_a_missing_lead_column_are_accepted(stocked: Database) -> None:
    text = "Name;Nation;Contact_Name;Contact_Email\nBelfast;NIR;Ann;ann@example.org\n"
    async with stocked.transaction() as session:
        assert len(await import_members(session, "per_manager", NOW, text)) == 1


async def test_every_bad_row_is_named_and_nothing_is_stored(stocked: Database) -> None:
    text = HEADING + (
        "Belfast,NIR,Ann,ann@example.org,yes\n"
        "Belfast,SCT,Ben,ben@example.org,no\n"
        "CARDIFF,WLS,Cy,cy@example.org,yes\n"
        "Bristol,FRA,,no-address,maybe\n"
        "Bristol\n"
        "Glasgow,SCT,Di,di@example.org,no\n"
        "Glasgow,SCT,Di,DI@example.org,no\n"
    )
    with pytest.raises(Rejected) as caught:
        async with stocked.transaction() as session:
            await import_members(session, "per_manager", NOW, text)
    assert [(flaw.line, flaw.name) for flaw in caught.value.flaws] == [
        (3, "csv_member_differs"),
        (4, "member_taken"),
        (5, "nation_unknown"),
        (5, "name_empty"),
        (5, "email_invalid"),
        (5, "csv_lead"),
        (6, "csv_row_length"),
        (7, "lead_missing"),
        (8, "email_twice"),
    ]
    assert all(flaw.fix for flaw in caught.value.flaws)
    assert "line 4, name: There is already a member called “CARDIFF”." in str(caught.value)
    async with stocked.reading() as session:
        assert [one.name for one in (await list_members(session)).rows] == ["Cardiff"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["csv_empty"]),
        (HEADING, ["csv_empty"]),
        ("name,nation\nx,ENG\n", ["csv_columns"]),
        ("name,nation,contact_name,contact_email,phone\n", ["csv_unknown_column"]),
        (HEADING + 'Belfast,NIR,"Ann,a@example.org,yes\n', ["csv_unreadable"]),
    ],
)
async def test_a_file_of_another_kind_is_refused(
    stocked: Database, text: str, names: list[str]
) -> None:
    with pytest.raises(Rejected) as caught:
        async with stocked.transaction() as session:
            await import_members(session, "per_manager", NOW, text)
    assert [flaw.name for flaw in caught.value.flaws] == names


async def test_a_name_on_two_lines_is_refused_with_its_line(stocked: Database) -> None:
    """A spreadsheet lets people write one."""
    text = HEADING + '"Bel\nfast",NIR,Ann,ann@example.org,\nBangor,NIR,"D\ni",di@example.org,\n'
    with pytest.raises(Rejected) as caught:
        async with stocked.transaction() as session:
            await import_members(session, "per_manager", NOW, text)
    assert [(flaw.line, flaw.name, flaw.field) for flaw in caught.value.flaws] == [
        (3, "name_unprintable", "name"),
        (5, "name_unprintable", "contact_name"),
    ]
