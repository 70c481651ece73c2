"""The Idempotency-Key: the same answer for the same request, and nothing done twice."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from api.guard import fingerprint
from services.backend import Backend
from services.dispatch import send
from services.problems import Problem
from storage.database import Database
from storage.idempotency import ABANDONED_AFTER, KEPT_FOR
from storage.sql import idempotent_calls
from tests.api.conftest import Caller
from tests.api.live import Live, at_work
from tests.api.live import temporal_address as temporal_address
from tests.storage.office import NOW
from workflows.ids import item_workflow_id
from workflows.messages import AcceptRequest, Answer, DeliverRequest

PEOPLE = "/api/v1/people"
PERSON = {"name": "Nia Rees", "email": "nia@example.org", "role": "researcher"}


def key(value: str) -> dict[str, str]:
    return {"Idempotency-Key": value}


async def test_a_repeat_gets_the_same_answer_and_says_that_it_is_one(calling: Caller) -> None:
    manager = calling("manager")
    first = await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    again = await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


async def test_a_refusal_is_repeated_too(calling: Caller) -> None:
    manager = calling("manager")
    await manager.post(PEOPLE, json=PERSON)
    first = await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    again = await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_key_belongs_to_one_request(calling: Caller) -> None:
    manager = calling("manager")
    await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    other = {**PERSON, "name": "Nia Reese"}
    answer = await manager.post(PEOPLE, json=other, headers=key("k1"))
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/key-reused"


async def test_wrong_values_leave_the_key_free(calling: Caller) -> None:
    manager = calling("manager")
    wrong = await manager.post(PEOPLE, json={**PERSON, "role": "king"}, headers=key("k1"))
    right = await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    assert (wrong.status_code, right.status_code) == (422, 201)


async def test_a_key_is_its_holders_own(calling: Caller) -> None:
    manager, member = calling("manager"), calling("member")
    await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    answer = await member.post(PEOPLE, json=PERSON, headers=key("k1"))
    assert answer.status_code == 403


async def test_a_request_whose_first_is_under_way_waits_its_turn(
    calling: Caller, database: Database
) -> None:
    manager = calling("manager")
    answers = await asyncio.gather(
        *(manager.post(PEOPLE, json=PERSON, headers=key("k1")) for _ in range(5))
    )
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    others = {answer.json()["type"] for answer in answers if answer.status_code != 201}
    assert len(made) == 1
    assert others <= {"/problems/under-way"}


async def test_a_call_that_died_with_its_process_is_taken_up_again(
    calling: Caller, database: Database
) -> None:
    manager = calling("manager")
    body = json.dumps(PERSON).encode()
    headers = {**key("k1"), "Content-Type": "application/json"}
    row = {
        "holder_id": "per_manager",
        "key": "k1",
        "fingerprint": fingerprint("POST", PEOPLE, body),
        "status": None,
        "body": "",
    }
    async with database.transaction() as session:
        await session.execute(insert(idempotent_calls).values(**row, created_at=NOW))
    waiting = await manager.post(PEOPLE, content=body, headers=headers)
    assert waiting.json()["type"] == "/problems/under-way"
    async with database.transaction() as session:
        long_ago = NOW - ABANDONED_AFTER - timedelta(seconds=1)
        await session.execute(update(idempotent_calls).values(created_at=long_ago))
    answer = await manager.post(PEOPLE, content=body, headers=headers)
    assert answer.status_code == 201


async def test_an_answer_is_kept_for_a_week_and_not_longer(
    calling: Caller, database: Database
) -> None:
    manager = calling("manager")
    await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    async with database.transaction() as session:
        long_ago = NOW - KEPT_FOR - timedelta(seconds=1)
        await session.execute(update(idempotent_calls).values(created_at=long_ago))
    await manager.post(PEOPLE, json=PERSON, headers=key("k2"))
    async with database.reading() as session:
        kept = (await session.execute(select(idempotent_calls.c.key))).scalars().all()
    assert kept == ["k2"]


@pytest.mark.parametrize("bad", ["", "with space", "x" * 129, "ümlaut"])
async def test_what_is_no_key_is_refused(bad: str, calling: Caller) -> None:
    headers = {
        b"Authorization": b"Bearer mp_manager_token",
        b"Idempotency-Key": bad.encode("latin-1"),
    }
    answer = await calling("manager").post(PEOPLE, json=PERSON, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "header/Idempotency-Key"


async def test_a_key_that_was_forgotten_serves_another_request(
    calling: Caller, database: Database
) -> None:
    manager = calling("manager")
    first = await manager.post(PEOPLE, json=PERSON, headers=key("k1"))
    await forget_all(database)
    other = {**PERSON, "name": "Ada Moss", "email": "ada@example.org"}
    second = await manager.post(PEOPLE, json=other, headers=key("k1"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json()["name"] == "Ada Moss"
    assert second.json()["id"] != first.json()["id"]


async def forget_all(database: Database) -> None:
    """As after a week, or where the process died between a command and the note of its answer."""
    async with database.transaction() as session:
        await session.execute(idempotent_calls.delete())


@pytest.mark.dev_server
class TestCommands:
    @pytest.fixture
    async def live(
        self, temporal_address: str, database: Database, tmp_path: Path
    ) -> AsyncIterator[Live]:
        async with at_work(temporal_address, database, tmp_path) as live:
            yield live

    async def test_a_repeated_start_and_a_repeated_request_are_one(self, live: Live) -> None:
        member = await live.member()
        first, again = await live.start(member, "s1"), await live.start(member, "s1")
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        path = f"/engagements/{first.json()['id']}/requests"
        body = {"text": "What raises pay?"}
        asked = [await live.post("member", path, body, "r1") for _ in range(3)]
        assert {answer.json()["id"] for answer in asked} == {asked[0].json()["id"]}
        assert len((await live.get("member", path))["items"]) == 1

    async def test_a_retry_after_a_crash_meets_the_same_workflow(
        self, live: Live, database: Database
    ) -> None:
        engagement_id = await live.started()
        path = f"/engagements/{engagement_id}/requests"
        body = {"text": "What raises pay?"}
        first = await live.post("member", path, body, "r1")
        await forget_all(database)
        again = await live.post("member", path, body, "r1")
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json()["id"] == first.json()["id"]
        assert len((await live.get("member", path))["items"]) == 1

    async def test_another_command_under_a_forgotten_key_is_carried_out(
        self, live: Live, database: Database
    ) -> None:
        engagement_id = await live.started()
        path = f"/engagements/{engagement_id}/requests"
        made = await live.done("member", path, {"text": "What raises pay?"})
        accepted = await live.post("manager", f"/requests/{made['id']}/accept", key="k1")
        assert accepted.json()["stage"] == "scope"
        await forget_all(database)
        reason = {"reason": "They found it themselves."}
        answer = await live.post("manager", f"/requests/{made['id']}/withdraw", reason, key="k1")
        assert answer.status_code == 200, answer.text
        assert answer.json()["stage"] == "closed"
        assert (await live.get("manager", f"/requests/{made['id']}"))["outcome"] == "withdrawn"

    async def test_a_command_with_other_words_under_a_forgotten_key_says_those(
        self, live: Live, database: Database
    ) -> None:
        path = f"/engagements/{await live.started()}/requests"
        asked = []
        for text in ("What raises pay?", "What keeps people?"):
            asked.append(await live.post("member", path, {"text": text}, "r1"))
            await forget_all(database)
        assert [answer.status_code for answer in asked] == [201, 201]
        said = [
            (await live.get("member", f"/requests/{answer.json()['id']}"))["texts"]["request"]
            for answer in asked
        ]
        assert [text["text"] for text in said] == ["What raises pay?", "What keeps people?"]

    async def test_one_key_starts_two_members_where_the_first_start_is_forgotten(
        self, live: Live, database: Database
    ) -> None:
        answers = []
        for name in ("Bristol", "Leeds"):
            answers.append(await live.start(await live.member(name), "s1"))
            await forget_all(database)
        assert [answer.status_code for answer in answers] == [201, 201]
        first, second = (answer.json() for answer in answers)
        assert first["id"] != second["id"]

    async def test_a_key_stands_for_one_command_also_below_the_routes(self, live: Live) -> None:
        engagement_id = await live.started()
        body = {"text": "What raises pay?"}
        made = await live.done("member", f"/engagements/{engagement_id}/requests", body)
        backend: Backend = live.app.state.backend
        address = item_workflow_id(engagement_id, "research", made["id"])

        async def sent(command: object) -> Answer | None:
            return await send(backend, address, command, "per_manager", "k1")

        first = await sent(AcceptRequest("per_manager"))
        assert await sent(AcceptRequest("per_manager")) == first
        with pytest.raises(Problem) as refused:
            await sent(DeliverRequest("per_manager", "txt_delivery"))
        assert refused.value.name == "refused"
