"""An office's own templates over the API: tried, stored, used, rolled back; managers alone."""

import threading
from typing import Any

import pytest
from sqlalchemy import update

from notifications.custom_templates import keeping
from notifications.custom_templates.check import check
from services.permissions import Role
from storage.database import Database
from storage.sql import mailbox, template_overrides
from tests.api.conftest import Caller
from tests.api.office import CARDIFF
from tests.api.test_problems import assert_problem

BASE = "/api/v1/programmes/inclusive-growth-network/templates"
HERE = f"{BASE}/research.delivered/cy"
DRAFT = {"subject": "{{ member }}: eich ymchwil", "text": "{{ item }} erbyn {{ by }}\n{{ link }}"}


async def test_a_version_is_stored_put_into_use_and_rolled_back(calling: Caller) -> None:
    manager = calling("manager")
    first = await manager.post(HERE, json={**DRAFT, "note": "Warmer", "activate": True})
    assert first.status_code == 201, first.text
    assert first.headers["Location"] == HERE
    second = await manager.post(HERE, json={"subject": "Newydd: {{ item }}"})
    assert (second.json()["active"], second.json()["versions"]) == (1, 2)
    used = await manager.post(f"{HERE}/activate", json={"version": 2})
    assert used.json()["active"] == 2
    back = await manager.post(f"{HERE}/activate", json={"version": 0})
    assert back.json()["active"] == 0
    shown = (await manager.get(HERE)).json()
    assert [one["version"] for one in shown["history"]] == [2, 1]
    assert shown["history"][1]["note"] == "Warmer"
    assert "Mae eich gwaith ymchwil yn barod" in shown["built_in"]["subject"]
    assert {"name": "words", "fields": ["body", "title", "link"]} in shown["variables"]


async def test_the_list_says_which_version_is_in_use(calling: Caller) -> None:
    manager = calling("manager")
    await manager.post(HERE, json={**DRAFT, "activate": True})
    listed = (await manager.get(BASE)).json()["items"]
    used = [one for one in listed if one["active"]]
    assert used == [{"kind": "research.delivered", "language": "cy", "active": 1, "versions": 1}]
    assert len(listed) > 80


async def test_a_faulty_one_is_refused_with_every_fault_and_never_stored(calling: Caller) -> None:
    manager = calling("manager")
    faulty = {"subject": "{{ membr }}", "text": "line one\n{{ nothing }}"}
    answer = await manager.post(HERE, json=faulty)
    assert_problem(answer, "template-invalid")
    errors = answer.json()["errors"]
    assert [one["pointer"] for one in errors] == ["#/subject:1", "#/text:2"]
    assert "Did you mean 'member'?" in errors[0]["fix"]
    checked = await manager.post(f"{HERE}/check", json=faulty)
    assert [one["line"] for one in checked.json()["faults"]] == [1, 2]
    assert (await manager.get(HERE)).json()["versions"] == 0


async def test_a_preview_is_filled_with_the_data_of_an_engagement(calling: Caller) -> None:
    manager = calling("manager")
    body = {**DRAFT, "engagement": CARDIFF.engagement}
    shown = (await manager.post(f"{HERE}/preview", json=body)).json()
    assert shown["data"] in {"engagement", "partly"}
    assert shown["subject"] == "Cardiff: eich ymchwil"
    assert CARDIFF.engagement in shown["text"]
    assert '<html lang="cy">' in shown["html"]
    sampled = (await manager.post(f"{HERE}/preview", json={})).json()
    assert sampled["data"] == "sample"


async def test_a_test_goes_to_the_caller_alone(calling: Caller, database: Database) -> None:
    before = await _mails(database)
    answer = await calling("manager").post(f"{HERE}/send-test", json=DRAFT)
    assert answer.status_code == 200, answer.text
    [mail] = (await _mails(database))[len(before) :]
    me = (await calling("manager").get("/api/v1/me")).json()
    assert mail.to_name == me["name"] == answer.json()["sent_to"]
    assert mail.subject.startswith("Test: Caerdydd")
    assert mail.notification_id.startswith("tst_")


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (f"{BASE}/no.such_kind/en", DRAFT),
        ("/api/v1/programmes/nowhere/templates/research.delivered/en", DRAFT),
        (f"{HERE}/activate", {"version": 9}),
        (f"{HERE}/preview", {"version": 9}),
        (f"{HERE}/preview", {"engagement": "eng_none"}),
        ("/api/v1/programmes/nowhere/templates/research.delivered/en/check", DRAFT),
        ("/api/v1/programmes/nowhere/templates/research.delivered/en/preview", DRAFT),
        ("/api/v1/programmes/nowhere/templates/research.delivered/en/send-test", DRAFT),
    ],
)
async def test_what_does_not_exist_is_not_found(
    calling: Caller, address: str, body: dict[str, object]
) -> None:
    assert_problem(await calling("manager").post(address, json=body), "not-found")


@pytest.mark.parametrize("role", ["researcher", "adviser", "viewer", "member"])
async def test_only_a_manager_sees_or_changes_templates(calling: Caller, role: Role) -> None:
    assert_problem(await calling(role).get(BASE), "forbidden")
    assert_problem(await calling(role).post(HERE, json=DRAFT), "forbidden")
    assert_problem(await calling(role).post(f"{HERE}/send-test", json=DRAFT), "forbidden")


async def _mails(database: Database) -> list[Any]:
    async with database.reading() as session:
        return list((await session.execute(mailbox.select().order_by(mailbox.c.id))).all())


@pytest.mark.parametrize(
    ("path", "body"),
    [(f"{HERE}/check", DRAFT), (f"{HERE}/preview", DRAFT), (HERE, DRAFT)],
)
async def test_trying_a_template_delays_no_other_request(
    path: str, body: dict[str, str], calling: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It runs beside the event loop, so the API still answers."""
    threads: list[int] = []

    def noted(*given: Any) -> Any:
        threads.append(threading.get_ident())
        return check(*given)

    monkeypatch.setattr(keeping, "check", noted)
    assert (await calling("manager").post(path, json=body)).status_code < 300
    assert threads
    assert threading.get_ident() not in threads


async def test_a_stored_version_that_would_not_pass_any_more_is_told_with_its_faults(
    calling: Caller, database: Database
) -> None:
    manager = calling("manager")
    await manager.post(HERE, json=DRAFT)
    greedy = "{{ item | indent(width=300000000, first=true) }}{{ link }}"
    async with database.transaction() as session:
        await session.execute(update(template_overrides).values(text=greedy))
    answer = await manager.post(f"{HERE}/preview", json={"version": 1})
    assert_problem(answer, "template-invalid")
    assert answer.json()["errors"][0]["pointer"] == "#/text:1"
