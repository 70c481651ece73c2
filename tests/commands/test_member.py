"""Members come in by hand or from a file, all or none, and are listed."""

import asyncio
import json
from pathlib import Path

import pytest

from commands.member import every_member
from storage.master.checks import NewContact
from storage.master.members import add_member
from tests.commands.conftest import Run
from tests.commands.test_engagement import furnish
from tests.databases import count_statements, opened
from tests.storage.office import NOW

pytestmark = pytest.mark.usefixtures("database")

LEAD = "Siân Hughes <sian@cardiff.example.org>"


def test_a_member_is_added_with_its_contacts_and_listed(run: Run) -> None:
    other = "Gareth Rees <gareth@cardiff.example.org>"
    added = run("member", "add", "Cardiff", "--nation", "WLS", "--lead", LEAD, "--contact", other)
    assert added.exit_code == 0
    assert "Cardiff is added: mem_" in added.output
    listed = run("member", "list")
    assert "Siân Hughes <sian@cardiff.example.org>" in listed.output


def test_with_json_the_new_member_is_told_whole(run: Run) -> None:
    result = run(
        *("member", "add", "Cardiff", "--nation", "wls", "--lead", LEAD, "--sample", "--json"),
        *("--blackout", "2027-03-22:2027-05-06:Pre-election period"),
    )
    member = json.loads(result.stdout)
    assert member["member"]["nation"] == "WLS"
    assert member["member"]["sample"] is True
    assert member["contacts"][0]["lead"] is True
    assert member["blackouts"][0]["reason"] == "Pre-election period"


def test_everything_that_is_wrong_is_said_at_once_and_nothing_is_stored(run: Run) -> None:
    result = run("member", "add", " ", "--nation", "ENG", "--lead", "unknown")
    assert result.exit_code == 1
    assert "name:" in result.output
    assert "contacts/0/email:" in result.output
    assert json.loads(run("member", "list", "--json").stdout) == []


def test_an_unknown_nation_or_a_period_that_is_none_is_wrong_usage(run: Run) -> None:
    assert run("member", "add", "X", "--nation", "FRA", "--lead", LEAD).exit_code == 2
    wrong = run("member", "add", "X", "--nation", "ENG", "--lead", LEAD, "--blackout", "spring")
    assert wrong.exit_code == 2
    assert "2027-03-22:2027-05-06" in " ".join(wrong.output.split())


def test_a_file_brings_every_member_with_its_contacts(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text(
        "name,nation,contact_name,contact_email,lead\n"
        "Cardiff,WLS,Siân Hughes,sian@cardiff.example.org,yes\n"
        "Cardiff,WLS,Gareth Rees,gareth@cardiff.example.org,no\n"
        "Glasgow,SCT,Fiona Campbell,fiona@glasgow.example.org,\n",
        encoding="utf-8",
    )
    result = run("member", "import", str(file), "--json")
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["added"]) == 2
    members = json.loads(run("member", "list", "--json").stdout)
    assert [each["member"]["name"] for each in members] == ["Cardiff", "Glasgow"]


async def test_a_list_takes_three_statements_however_many_members(database: str) -> None:
    async with opened(database) as office:
        for number in range(3):
            lead = NewContact(f"Lead {number}", f"lead@{number}.example.org", lead=True)
            async with office.transaction() as session:
                name = f"Council {number}"
                await add_member(session, "x", NOW, name=name, nation="ENG", contacts=[lead])
            with count_statements(office) as seen:
                found = await every_member(office)
            assert [one.contacts[0].name for one in found] == [
                f"Lead {n}" for n in range(number + 1)
            ]
            assert len(seen) == 3


def test_a_file_with_errors_adds_no_member_and_lists_each_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_text(
        "name,nation,contact_name,contact_email,lead\n"
        "Cardiff,WLS,Siân Hughes,sian@cardiff.example.org,yes\n"
        "Glasgow,Scotland,Fiona Campbell,fiona,\n",
        encoding="utf-8",
    )
    result = run("member", "import", str(file))
    assert result.exit_code == 1
    assert "line 3" in result.output
    assert json.loads(run("member", "list", "--json").stdout) == []


def test_a_file_that_is_not_there_is_wrong_usage(run: Run) -> None:
    assert run("member", "import", "nowhere.csv").exit_code == 2


def test_a_file_that_is_no_text_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    file.write_bytes(b"\xff\xfe\x00\xd8")
    assert run("member", "import", str(file)).exit_code == 2


ELECTION = "2027-01-18:2027-05-06:Pre-election period"


def test_an_edit_says_what_a_running_engagement_does_with_a_blackout(
    run: Run, database: str
) -> None:
    asyncio.run(furnish(database))
    edited = run("member", "edit", "Cardiff", "--blackout", ELECTION)
    assert edited.exit_code == 0, edited.output
    told = " ".join(edited.output.split())
    assert "Cardiff is changed: mem_1." in told
    assert "eng_1 (ign): Its emails obey the member's blackouts at once." in told
    assert "planned without the blackout from 2027-01-18 to 2027-05-06" in told
    shown = json.loads(run("member", "edit", "mem_1", "--no-blackouts", "--json").stdout)
    assert shown["blackouts"] == []
    assert [one["id"] for one in shown["running"]] == ["eng_1"]


def test_an_edit_of_a_member_that_runs_in_no_programme_says_so(run: Run) -> None:
    run("member", "add", "Cardiff", "--nation", "WLS", "--lead", LEAD)
    edited = run("member", "edit", "cardiff", "--name", "Caerdydd", "--blackout", ELECTION)
    assert "Caerdydd is changed" in edited.output
    assert "It has no running engagement." in edited.output
    renamed = run("member", "edit", "Caerdydd", "--name", "Cardiff")
    assert "engagement" not in renamed.output
    assert json.loads(run("member", "list", "--json").stdout)[0]["blackouts"][0]["last"] == (
        "2027-05-06"
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("Swansea", "--name", "Abertawe"), 1),
        (("Cardiff", "--blackout", ELECTION, "--no-blackouts"), 2),
        (("Cardiff", "--blackout", "2027-05-06:2027-01-18"), 1),
    ],
)
def test_an_edit_that_cannot_be_is_refused(run: Run, arguments: tuple[str, ...], code: int) -> None:
    run("member", "add", "Cardiff", "--nation", "WLS", "--lead", LEAD)
    assert run("member", "edit", *arguments).exit_code == code
