"""The application as a whole: headers, logs, the description, and how it starts and stops."""

import logging
import tomllib
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

import api.main
from api.guard import guarded_router
from api.openapi import described_operations
from settings import Settings
from settings import settings as process_settings
from storage.database import Database
from temporal.connection import LazyTemporal
from tests.api.conftest import NOWHERE, Caller
from tests.api.office import TOKENS
from tests.databases import migrated_sqlite

ROOT = Path(__file__).parents[2]


class TestHeaders:
    @pytest.mark.parametrize("path", ["/api/v1/engagements", "/nothing", "/go/engagements/eng_1"])
    async def test_every_answer_has_the_security_headers(self, path: str, calling: Caller) -> None:
        headers = (await calling("manager").get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "script-src" not in headers["Content-Security-Policy"]
        assert "no-store" in headers["Cache-Control"] or "private" in headers["Cache-Control"]

    async def test_a_request_id_is_kept_if_it_is_one(self, calling: Caller) -> None:
        manager = calling("manager")
        given = await manager.get("/healthz", headers={"X-Request-Id": "trace-12345"})
        assert given.headers["X-Request-Id"] == "trace-12345"
        forged = await manager.get("/healthz", headers={"X-Request-Id": "x y<script>"})
        assert forged.headers["X-Request-Id"] != "x y<script>"


class TestLogs:
    async def test_no_token_query_or_body_is_logged(
        self, calling: Caller, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        manager = calling("manager")
        await manager.get("/api/v1/engagements?q=SECRETNAME")
        body = {"name": "SECRETNAME", "email": "secret@example.org", "role": "viewer"}
        await manager.post("/api/v1/people", json=body)
        # httpx and SQL drivers are the test's own side of the wire.
        ours = [one.getMessage() for one in caplog.records if one.name.startswith("milepost")]
        assert any("GET /api/v1/engagements 200" in line for line in ours)
        for secret in ("SECRETNAME", "secret@example.org", TOKENS["manager"][0]):
            assert not any(secret in line for line in ours)


class TestBreakage:
    async def test_what_breaks_is_a_problem_and_is_logged_under_its_id(
        self, calling: Caller, database: Database, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE programmes RENAME TO elsewhere"))
        answer = await calling("manager").get("/api/v1/programmes")
        assert answer.status_code == 500
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == "/problems/internal"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Request-Id"] in caplog.text


class TestDescription:
    def test_each_operation_is_described_with_an_example(self, app: FastAPI) -> None:
        for method, path, operation in described_operations(app.openapi()):
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            body = operation.get("requestBody")
            if body is not None:
                assert all("example" in content for content in body["content"].values()), where
            for status in ("200", "201"):
                answer = operation["responses"].get(status)
                if answer is not None:
                    assert all("example" in one for one in answer["content"].values()), where

    def test_every_guarded_operation_says_that_it_wants_a_token(self, app: FastAPI) -> None:
        for _, path, operation in described_operations(app.openapi()):
            assert ("security" in operation) is path.startswith("/api/v1/"), path

    def test_errors_are_described_as_problems(self, app: FastAPI) -> None:
        for _, path, operation in described_operations(app.openapi()):
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], path

    async def test_the_examples_of_bodies_are_right(self, calling: Caller, app: FastAPI) -> None:
        # test_permissions sends each of them; here: none is found wrong for its form.
        manager = calling("manager")
        for method, path, operation in described_operations(app.openapi()):
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content and path.startswith("/api/v1/"):
                address = path.replace("{kind}", "research.delivered").replace("{language}", "cy")
                address = address.replace("{", "").replace("}", "")
                example = content["application/json"]["example"]
                answer = await manager.request(method, address, json=example)
                assert answer.json().get("type") != "/problems/unsupported-media-type"
                wrong = answer.json().get("errors") or []
                assert answer.status_code != 422 or path in BY_DATABASE, (path, wrong)


BY_DATABASE = {"/api/v1/engagements"}
"""The example names a member and a programme, which only a real office has."""


def test_a_route_without_a_rule_cannot_exist() -> None:
    router = guarded_router("Test")

    async def unruled() -> None:
        """Nothing."""

    with pytest.raises(LookupError, match="unruled"):
        router.get("/unruled")(unruled)


async def test_it_starts_and_reads_without_temporal_and_closes_what_it_opened(
    tmp_path: Path,
) -> None:
    settings = Settings(database_url=_made(tmp_path))
    app = api.main.create_app(settings, temporal=LazyTemporal(NOWHERE))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/api/v1/me")).status_code == 401


@pytest.fixture(autouse=True, scope="module")
def _template(tmp_path_factory: pytest.TempPathFactory) -> None:
    migrated_sqlite(tmp_path_factory.mktemp("main") / "first.db")


def _made(tmp_path: Path) -> str:
    return migrated_sqlite(tmp_path / "own.db")


def test_its_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == api.main.VERSION


def test_an_import_opens_nothing() -> None:
    assert not [name for name, value in vars(api.main).items() if isinstance(value, FastAPI)]


def test_what_uvicorn_serves_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILEPOST_DATABASE_URL", _made(tmp_path))
    process_settings.cache_clear()
    try:
        served = api.main.served()
    finally:
        process_settings.cache_clear()
    assert served.state.backend.settings.database_url == _made(tmp_path)
