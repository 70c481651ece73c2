"""Commands when something is down or slow: nothing is half-written, nothing is done twice."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from notifications.senders import sender_for
from services.backend import Backend
from services.dispatch import refused
from storage.database import Database, utc_now
from storage.sql import engagements, events, idempotent_calls, texts
from temporal.connection import connect
from tests.api.conftest import Caller
from tests.api.live import Live, at_work, serving
from tests.api.live import temporal_address as temporal_address
from tests.api.office import CARDIFF, GLASGOW, PROGRAMME
from tests.refusing import Refusing
from tests.servers import Connected
from worker import build_workers
from workflows.messages import ItemEnded
from workflows.processes.research_request import ResearchRequestProcess


async def count(database: Database, table: object) -> int:
    async with database.reading() as session:
        return int(await session.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


class TestTemporalDown:
    async def test_reads_work_and_commands_say_when_to_try_again(self, calling: Caller) -> None:
        manager = calling("manager")
        assert (await manager.get("/api/v1/engagements")).status_code == 200
        answer = await manager.post(
            f"/api/v1/requests/{CARDIFF.item('research')}/withdraw", json={"reason": "Enough."}
        )
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/unavailable"
        assert int(answer.headers["Retry-After"]) > 0

    async def test_nothing_is_half_written(self, calling: Caller, database: Database) -> None:
        before = [await count(database, table) for table in (texts, engagements, events)]
        manager = calling("manager")
        key = {"Idempotency-Key": "one"}
        reason = {"reason": "Enough."}
        path = f"/api/v1/engagements/{CARDIFF.engagement}/withdraw"
        assert (await manager.post(path, json=reason, headers=key)).status_code == 503
        start = {"member": GLASGOW.member, "programme": PROGRAMME, "start": "2027-01-11"}
        assert (await manager.post("/api/v1/engagements", json=start)).status_code == 503
        after = [await count(database, table) for table in (texts, engagements, events)]
        assert after == before
        assert await count(database, idempotent_calls) == 0

    async def test_a_load_balancer_continues_and_is_told_that_only_reading_works(
        self, calling: Caller
    ) -> None:
        anonymous = calling(None)
        assert (await anonymous.get("/healthz")).json() == {"status": "ok"}
        answer = await anonymous.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "reading",
            "checks": {"database": "ok", "migrations": "ok", "temporal": "cannot be reached"},
        }


@contextmanager
def impatient(live: Live, seconds: float = 1.0) -> Iterator[None]:
    """Callers who wait no longer: only where nothing comes, since a busy machine takes its time."""
    before = live.settings.command_timeout
    live.settings.command_timeout = seconds
    try:
        yield
    finally:
        live.settings.command_timeout = before


@pytest.mark.dev_server
class TestNoWorker:
    @pytest.fixture
    async def idle(
        self, temporal_address: str, database: Database, tmp_path: Path
    ) -> AsyncIterator[Live]:
        """An office with a Temporal server and no worker."""
        async with at_work(temporal_address, database, tmp_path, worker=False) as live:
            yield live

    async def test_a_start_is_taken_for_good_and_runs_once_a_worker_comes(self, idle: Live) -> None:
        member = await idle.member()
        with impatient(idle):
            answer = await idle.start(member, key="start-once")
        assert answer.status_code == 202, answer.text
        location = answer.headers["Location"].removeprefix("/api/v1")
        assert answer.json()["location"] == answer.headers["Location"]
        again = await idle.start(member)
        assert again.json()["type"] == "/problems/exists"
        sender = sender_for(idle.settings, idle.database)
        async with serving(*build_workers(idle.client, idle.database, sender, idle.settings)):
            read = await idle.until("manager", location, lambda read: read["items"])
            assert read["stage"] == "onboarding"
            repeat = await idle.start(member, key="start-once")
            assert repeat.status_code == 201
            assert repeat.json()["id"] == read["id"]
        await sender.close()

    async def test_a_command_that_no_worker_takes_is_unavailable_and_its_repeat_is_done_once(
        self, idle: Live
    ) -> None:
        sender = sender_for(idle.settings, idle.database)
        workers = build_workers(idle.client, idle.database, sender, idle.settings)
        async with serving(*workers):
            engagement_id = await idle.started()
            # A worker that stops in the middle of a delivery leaves a task of the workflow behind.
            await idle.until(
                "manager",
                f"/engagements/{engagement_id}/notifications",
                lambda read: all(one["state"] == "accepted" for one in read["items"]),
            )
        path = f"/engagements/{engagement_id}/requests"
        body = {"text": "What raises pay?"}
        with impatient(idle):
            answer = await idle.post("member", path, body, key="ask-once")
        # 202 where a worker that has gone since took it: it is followed up all the same.
        assert answer.status_code in {202, 503}, answer.text
        async with serving(*build_workers(idle.client, idle.database, sender, idle.settings)):
            async with asyncio.timeout(100):
                # The first command may be with the worker still.
                while (await idle.post("member", path, body, key="ask-once")).status_code != 201:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            listed = await idle.get("member", path)
        assert len(listed["items"]) == 1
        shown = await idle.get("member", f"/requests/{listed['items'][0]['id']}")
        assert shown["texts"]["request"]["text"] == "What raises pay?"
        await sender.close()


@pytest.mark.dev_server
class TestSlowRecord:
    async def test_a_command_whose_record_takes_long_is_taken_and_completes(
        self, temporal_address: str, database: Database, tmp_path: Path
    ) -> None:
        async with at_work(temporal_address, database, tmp_path) as live:
            engagement_id = await live.started()
            body = {"text": "What raises pay?"}
            made = await live.done("member", f"/engagements/{engagement_id}/requests", body)
            # Another process holds the database: the worker's record has to wait for it.
            # It waits its turn in a thread, since a connection that writes needs the event loop.
            other = sqlite3.connect(
                tmp_path / "milepost.db", isolation_level=None, check_same_thread=False
            )
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            for seconds in (4.0, 20.0):
                with impatient(live, seconds):
                    answer = await live.post("manager", f"/requests/{made['id']}/accept")
                if answer.status_code != 503:
                    # On a busy machine no worker may have taken it up before.
                    break
            # The office stays with it, though its caller has gone.
            backend: Backend = live.app.state.backend
            [sending] = backend.still_sending
            other.execute("ROLLBACK")
            other.close()
            assert answer.status_code == 202, answer.text
            assert answer.headers["Location"] == f"/api/v1/items/{made['id']}"
            await live.until(
                "manager", f"/requests/{made['id']}", lambda read: read["stage"] == "scope"
            )
            await asyncio.wait([sending], timeout=200)
            assert not backend.still_sending


@pytest.mark.dev_server
class TestPoisoned:
    async def test_a_command_that_its_workflow_fails_at_is_never_said_to_be_taken(
        self,
        temporal_address: str,
        database: Database,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        async with at_work(temporal_address, database, tmp_path) as live:
            made = await requested(live)
            with monkeypatch.context() as poison:
                poison.setattr(ResearchRequestProcess, "accept_request", fails)
                # Its worker leaves every attempt but the first unanswered: it looks like work.
                for _ in range(3):
                    with impatient(live, 3.0):
                        answer = await live.post("manager", f"/requests/{made}/accept")
                    assert answer.status_code == 503, answer.text
                    assert int(answer.headers["Retry-After"]) > 0
            # Once the worker knows what to do, the same command is carried out.
            async with asyncio.timeout(100):
                while (await accept(live, made)) not in {200, 409}:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            await live.until("manager", f"/requests/{made}", lambda read: read["stage"] == "scope")


@pytest.mark.dev_server
class TestCutOff:
    async def test_a_command_whose_sending_was_cut_off_is_sent_again(
        self, temporal_address: str, database: Database, tmp_path: Path
    ) -> None:
        async with at_work(temporal_address, database, tmp_path) as live:
            made = await requested(live)
            cut: list[str] = []

            def first_two(service: str, rpc: str) -> bool:
                if rpc == "update_workflow_execution" and len(cut) < 2:
                    cut.append(rpc)
                    return True
                return False

            cancelled = Refusing(first_two, RPCStatusCode.CANCELLED)
            client = await connect(target_host=temporal_address, plugins=[cancelled])
            live.app.state.backend = replace(live.app.state.backend, temporal=Connected(client))
            assert await accept(live, made) == 200
            assert len(cut) == 2


async def requested(live: Live) -> str:
    """The id of a request in triage."""
    path = f"/engagements/{await live.started()}/requests"
    return str((await live.done("member", path, {"text": "What raises pay?"}))["id"])


async def accept(live: Live, request: str) -> int:
    """Accept a request; gives the status of the answer."""
    return (await live.post("manager", f"/requests/{request}/accept")).status_code


def fails(*_: object) -> None:
    """What a version with an error in it does."""
    raise KeyError("what a new version forgot")


@pytest.mark.dev_server
class TestTheEnd:
    """An engagement that ends while messages arrive decides anew. The server then forgets the
    commands that it had in hand (an unhandled command, in Temporal's words)."""

    async def test_a_command_that_meets_the_end_of_an_engagement_is_answered_all_the_same(
        self,
        temporal_address: str,
        database: Database,
        tmp_path: Path,
    ) -> None:
        answers: Counter[str] = Counter()
        with capture_logs() as logs:
            async with at_work(temporal_address, database, tmp_path, command_timeout=60.0) as live:
                # It takes one or two; how many messages come just before the end is up to the
                # machine.
                for attempt in range(40):
                    engagement_id = await live.started(await live.member(f"Council {attempt}"))
                    path = f"/engagements/{engagement_id}"
                    async with asyncio.TaskGroup() as rain:
                        for _ in range(3):
                            rain.create_task(complete_until_closed(live, path, answers))
                        await live.done("manager", f"{path}/withdraw", {"reason": "Enough."})
                        for _ in range(2):
                            rain.create_task(signal_until_closed(live, engagement_id))
                    if met_the_end(logs):
                        break
        assert set(answers) == {"/problems/refused", "/problems/closed"}
        assert met_the_end(logs), "none met the end"

    def test_one_whose_workflow_is_ended_by_hand_in_the_middle_of_it_finds_it_closed(self) -> None:
        ended = ApplicationError("…", type="AcceptedUpdateCompletedWorkflow")
        assert refused(WorkflowUpdateFailedError(ended)).name == "closed"


def met_the_end(logs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the server put a command off because its engagement ended."""
    return any(
        (one["event"], one.get("status")) == ("command_put_off", "FAILED_PRECONDITION")
        for one in logs
    )


async def complete_until_closed(live: Live, engagement: str, answers: Counter[str]) -> None:
    """Ask for the end of an engagement until it is there; count the answers."""
    while True:
        answer = (await live.post("manager", f"{engagement}/complete")).json()["type"]
        answers[answer] += 1
        if answer == "/problems/closed":
            return


async def signal_until_closed(live: Live, engagement_id: str) -> None:
    """Send what says nothing to an engagement until it has ended."""
    workflow = live.client.get_workflow_handle(f"engagement/{engagement_id}")
    nothing = ItemEnded("itm_unknown", "research", "1", "closed", utc_now())
    while True:
        try:
            await workflow.signal("item_ended", nothing)
        except RPCError as over:
            if over.status == RPCStatusCode.NOT_FOUND:
                return
            raise


@pytest.mark.dev_server
class TestRefusals:
    async def test_the_text_of_a_refused_command_is_dropped(
        self, temporal_address: str, database: Database, tmp_path: Path
    ) -> None:
        async with at_work(temporal_address, database, tmp_path) as live:
            engagement_id = await live.started()
            before = await count(database, texts)
            path = f"/engagements/{engagement_id}/onboarding/steps/plan/complete"
            answer = await live.post("manager", path, {"text": "Too early."})
            assert answer.status_code == 409
            assert await count(database, texts) == before

    async def test_nothing_that_a_person_wrote_reaches_temporal(
        self, temporal_address: str, database: Database, tmp_path: Path
    ) -> None:
        async with at_work(temporal_address, database, tmp_path) as live:
            engagement_id = await live.started()
            body = {"text": "SECRETWORD in a request", "title": "SECRETWORD"}
            made = await live.done("member", f"/engagements/{engagement_id}/requests", body)
            due = (utc_now() + timedelta(days=9)).date().isoformat()
            move = {"due": due, "reason": "SECRETWORD"}
            await live.done("manager", f"/items/{made['id']}/deadlines/triage/move", move)
            for workflow in (
                f"engagement/{engagement_id}",
                f"engagement/{engagement_id}/research/{made['id']}",
            ):
                history = await live.client.get_workflow_handle(workflow).fetch_history()
                assert "SECRETWORD" not in history.to_json()
                assert "lea@example.org" not in history.to_json()
