"""The doctor looks at each part and says how to fix it."""

import json
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCStatusCode

from commands.checks.machine import (
    Finding,
    check_from_address,
    check_public_url,
    check_python,
    check_room,
    check_sender,
    check_variables,
    refuses_forged_headers,
)
from commands.checks.services import check_api, check_emails, check_reports, check_services
from commands.checks.temporal import check_temporal, check_workers, not_reached
from commands.doctor import verdict
from commands.outcome import Exit
from notifications.senders.protocol import Transient
from settings import Settings, settings
from storage.inbound import count_strangers
from storage.sql import deliveries
from tests.api.served import without_temporal
from tests.commands.conftest import Run
from tests.databases import migrated_sqlite, opened, sqlite_url
from tests.notifications.office import Post, office, record, reminder, task
from tests.notifications.scripted import Scripted
from tests.refusing import Refusing, everything, set_up
from tests.servers import dev_server


@pytest.fixture(autouse=True)
def nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Temporal server and no API, whatever runs on this machine."""
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    monkeypatch.setenv("MILEPOST_API_PORT", "1")
    settings.cache_clear()


@pytest.fixture
def migrated(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "milepost.db")


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant() -> None:
    given = {"MILEPOST_SMPT_HOST": "mail.example.org", "MILEPOST_SENDER": "smtp", "HOME": "/"}
    [found] = check_variables(given)
    assert found.state == "problem"
    assert "MILEPOST_SMPT_HOST is no setting" in found.what
    assert "MILEPOST_SMTP_HOST" in found.what
    assert "mail.example.org" not in found.what


def test_what_is_down_is_exit_code_3_and_each_line_says_how_to_fix_it(run: Run) -> None:
    result = run("doctor", "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert report["ok"] is False
    findings = {finding["part"]: finding for finding in report["findings"]}
    for part in ("database", "temporal", "api"):
        assert findings[part]["state"] == "down"
    assert all(each["fix"] for each in report["findings"] if each["state"] != "ok")
    assert findings["definition tour"]["state"] == "ok"


def test_a_program_that_cannot_be_run_is_named_once_with_what_to_do(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    monkeypatch.setenv("MILEPOST_TEMPORAL_CLI", "/nowhere/temporal")
    findings = json.loads(run("doctor", "--json").stdout)["findings"]
    (finding,) = (each for each in findings if each["part"] == "temporal program")
    assert finding["state"] == "problem"
    assert "/nowhere/temporal" in finding["what"]
    assert finding["fix"] == "Name the Temporal CLI there, or unset it."


def test_for_people_it_prints_what_is_to_be_fixed(run: Run, database: str) -> None:
    result = run("doctor")
    assert "answers and is up to date" in result.output
    assert "2 problems to fix." in result.output


async def test_reports_on_emails_of_strangers_are_named_with_their_number(database: str) -> None:
    config = Settings(database_url=database)
    assert (await check_reports(config)).state == "ok"
    now = datetime.now(UTC)
    async with opened(database) as office, office.transaction() as session:
        for count, day in ((2, now), (3, now), (40, now - timedelta(days=30))):
            await count_strangers(session, day.date(), count)
    finding = await check_reports(config)
    assert finding.state == "notice"
    assert "reported 5 times" in finding.what
    assert finding.fix


async def test_an_api_that_does_not_reach_temporal_is_a_problem(migrated: str) -> None:
    async with without_temporal(migrated) as port:
        finding = await check_api(Settings(api_port=port))
    assert finding.state == "problem"
    assert "read-only" in finding.what
    assert "cannot be reached" in finding.what
    assert "TEMPORAL_ADDRESS" in finding.fix


async def test_an_api_whose_database_is_not_there_yet_is_down(tmp_path: Path) -> None:
    async with without_temporal(sqlite_url(tmp_path / "nothing.db")) as port:
        finding = await check_api(Settings(api_port=port))
    assert finding.state == "down"
    assert "503" in finding.what


@pytest.mark.parametrize(
    ("states", "code"),
    [
        (("ok", "notice"), Exit.OK),
        (("ok", "problem"), Exit.REFUSED),
        (("problem", "down"), Exit.DOWN),
    ],
)
def test_the_worst_finding_decides_the_exit_code(states: tuple[str, ...], code: Exit) -> None:
    findings = [Finding("part", state, "what") for state in states]  # type: ignore[arg-type]
    assert verdict(findings) is code


def test_an_old_python_is_a_problem() -> None:
    assert check_python((3, 10)).state == "problem"
    assert check_python((3, 12), patched=True).state == "ok"


def test_a_python_without_its_security_fixes_is_named() -> None:
    """The office works on: only the operator can update it."""
    finding = check_python((3, 11, 7), patched=False)
    assert finding.state == "notice"
    assert "3.11.7" in finding.what
    assert "3.11.10" in finding.fix


def test_the_fix_is_tried_out_and_not_read_off_the_version() -> None:
    assert check_python().state == ("ok" if refuses_forged_headers() else "notice")


def test_a_full_disk_is_a_problem(tmp_path: Path) -> None:
    assert check_room(tmp_path, wanted_mb=10**9).state == "problem"
    assert check_room(tmp_path / "not" / "yet" / "there", wanted_mb=1).state == "ok"


def test_an_address_that_is_none_is_a_problem() -> None:
    assert check_from_address("office").state == "problem"
    assert check_from_address("office@milepost.org.uk").state == "ok"


async def test_sendgrid_without_a_key_is_a_problem() -> None:
    assert (await check_sender(Settings(sender="sendgrid"))).state == "problem"


async def test_an_smtp_server_is_asked_whether_it_answers() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert (await check_sender(Settings(sender="smtp", smtp_port=port))).state == "ok"
    assert (await check_sender(Settings(sender="smtp", smtp_port=port))).state == "down"


async def test_emails_that_the_sender_refuses_for_now_are_a_problem_after_a_while(
    migrated: str,
) -> None:
    config = Settings(database_url=migrated)
    [none] = await check_emails(config)
    assert none.state == "ok"
    only = record(1, reminder(), tasks=(task(),))
    async with opened(migrated) as database:
        async with database.transaction() as session:
            await office().write(session)
        post = Post(database, Scripted([Transient("sendgrid_401")]))
        await post.write(only)
        with pytest.raises(ApplicationError):
            await post.deliver(only)
        for age, state in ((timedelta(minutes=1), "notice"), (timedelta(hours=1), "problem")):
            async with database.transaction() as session:
                await session.execute(deliveries.update().values(at=datetime.now(UTC) - age))
            [waits] = await check_emails(config)
            assert waits.state == state
            assert waits.what.startswith("1 waiting since ")
            assert waits.what.endswith("SendGrid refused our key. Check MILEPOST_SENDGRID_API_KEY.")


async def test_where_there_is_no_database_nothing_is_said_of_emails(tmp_path: Path) -> None:
    assert await check_emails(Settings(data_dir=tmp_path)) == []


@pytest.mark.parametrize(
    ("url", "sender", "state"),
    [
        ("http://127.0.0.1:8400", "mailbox", "ok"),
        ("http://127.0.0.1:8400", "smtp", "problem"),
        ("http://office.example.org", "smtp", "notice"),
        ("https://office.example.org", "smtp", "ok"),
    ],
)
def test_links_must_lead_somewhere_once_mail_is_real(url: str, sender: str, state: str) -> None:
    config = Settings.model_validate({"public_url": url, "sender": sender})
    assert check_public_url(config).state == state


@pytest.mark.dev_server
async def test_a_server_without_our_search_attributes_and_workers_is_found_out() -> None:
    with dev_server(search_attributes={}) as address:
        client = await Client.connect(address)
        reachable, attributes = await check_temporal(client)
        assert reachable.state == "ok"
        assert attributes.state == "problem"
        assert "temporal operator search-attribute create" in attributes.fix
        assert (await check_workers(client, "milepost")).state == "down"
        nowhere = await Client.connect(address, namespace="nowhere")
        (absent,) = await check_temporal(nowhere)
        assert absent.state == "problem"
        assert "nowhere" in absent.what


@pytest.mark.dev_server
@pytest.mark.parametrize("status", [RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNAUTHENTICATED])
async def test_a_server_that_refuses_our_key_is_not_said_to_be_away(status: RPCStatusCode) -> None:
    with dev_server(search_attributes={}) as address:
        client = await Client.connect(address, plugins=[Refusing(everything, status)])
        (refused,) = await check_temporal(client)
    assert refused.state == "problem"
    assert "refuses" in refused.what
    assert "TEMPORAL_API_KEY" in refused.fix


@pytest.mark.dev_server
async def test_a_key_that_may_not_see_the_search_attributes_is_no_fault() -> None:
    with dev_server(search_attributes={}) as address:
        client = await Client.connect(address, plugins=[Refusing(set_up)])
        assert [one.state for one in await check_temporal(client)] == ["ok", "notice"]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ('`get_system_info` call error: Status { code: PermissionDenied, message: "" }', "problem"),
        ('`get_system_info` call error: Status { code: Unauthenticated, message: "" }', "problem"),
        ("Server connection error: Connection refused", "down"),
    ],
)
def test_why_a_connection_fails_is_read_off_the_words_of_the_sdk(said: str, state: str) -> None:
    assert not_reached(RuntimeError(f"Failed client connect: {said}")).state == state


@pytest.mark.dev_server
async def test_without_the_namespace_its_workers_are_not_checked(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dev_server(search_attributes={}) as address:
        monkeypatch.setenv("TEMPORAL_ADDRESS", address)
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "nowhere")
        config = Settings(database_url=migrated, api_port=1)
        findings = {one.part: one.state async for one in check_services(config)}
    assert findings == {"database": "ok", "temporal": "problem", "api": "down"}
