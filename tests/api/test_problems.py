"""Every error is a problem with a type, a title and what to do; bad input never breaks anything."""

import httpx
import pytest

from api.middleware import BODY_LIMIT
from services.problems import problem_words
from tests.api.conftest import Caller, application
from tests.api.office import CARDIFF, TOKENS, bearer
from tests.databases import opened

PEOPLE = "/api/v1/people"
PERSON = {"name": "Nia Rees", "email": "nia@example.org", "role": "researcher"}


def assert_problem(answer: object, name: str) -> None:
    body = answer.json()  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "application/problem+json"  # type: ignore[attr-defined]
    assert body["type"] == f"/problems/{name}"
    assert body["status"] == answer.status_code == problem_words()[name]["status"]  # type: ignore[attr-defined]
    assert body["title"]
    assert body["detail"].endswith(".")


async def test_each_wrong_value_is_named_with_its_fix(calling: Caller) -> None:
    wrong = {"name": "", "email": "nia", "role": "king", "shoe_size": 7}
    answer = await calling("manager").post(PEOPLE, json=wrong)
    assert_problem(answer, "invalid")
    errors = {error["pointer"]: error for error in answer.json()["errors"]}
    assert {"#/name", "#/role", "#/shoe_size"} <= set(errors)
    assert errors["#/shoe_size"]["fix"] == "Leave it out: this field is unknown."
    assert "'manager'" in errors["#/role"]["fix"]
    assert all(error["what"] and error["fix"] for error in errors.values())


async def test_what_the_database_finds_wrong_is_named_too(calling: Caller) -> None:
    answer = await calling("manager").post(PEOPLE, json={**PERSON, "email": "n ia@example"})
    assert_problem(answer, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "#/email"


async def test_what_is_there_already_is_a_conflict(calling: Caller) -> None:
    manager = calling("manager")
    await manager.post(PEOPLE, json=PERSON)
    assert_problem(await manager.post(PEOPLE, json=PERSON), "exists")
    member = {
        "name": "Cardiff",
        "nation": "WLS",
        "contacts": [{"name": "A", "email": "a@example.org", "lead": True}],
    }
    assert_problem(await manager.post("/api/v1/members", json=member), "exists")


async def test_a_definition_with_errors_names_line_and_column(calling: Caller) -> None:
    answer = await calling("manager").post(
        "/api/v1/programmes", content="id: x\nversion: none\n", headers=YAML
    )
    assert_problem(answer, "definition-invalid")
    assert any(error["pointer"].startswith("2:") for error in answer.json()["errors"])


async def test_a_database_that_is_away_is_said_to_be_and_when_to_come_again() -> None:
    async with opened("postgresql+psycopg://office@127.0.0.1:1/office") as away:
        office = httpx.ASGITransport(application(away))
        async with httpx.AsyncClient(
            transport=office, base_url="http://test", headers=bearer(TOKENS["manager"][0])
        ) as manager:
            for answer in (
                await manager.get("/api/v1/me"),
                await manager.post(PEOPLE, json=PERSON, headers={"Idempotency-Key": "k1"}),
            ):
                assert_problem(answer, "database-away")
                assert answer.headers["Retry-After"] == "5"
            ready = await manager.get("/readyz")
    assert_problem(ready, "not-ready")
    assert ready.headers["Retry-After"] == "5"


async def test_the_access_log_holds_no_secret_part_of_a_path(
    calling: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await calling(None).get("/unsubscribe/a-secret")
    await calling(None).post("/webhooks/sendgrid/inbound/a-secret")
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("milepost")]
    assert [line.split()[1] for line in ours] == ["/unsubscribe/", "/webhooks/sendgrid/inbound/"]
    assert "a-secret" not in " ".join(ours)


YAML = {"Content-Type": "application/yaml"}


async def test_a_definition_is_stored_once_a_version(calling: Caller) -> None:
    manager = calling("manager")
    stored = await manager.get("/api/v1/programmes/inclusive-growth-network")
    source = stored.json()["source"].replace("version: 2", "version: 3", 1)
    added = await manager.post("/api/v1/programmes", content=source, headers=YAML)
    assert added.status_code == 201, added.text
    assert added.headers["Location"] == "/api/v1/programmes/inclusive-growth-network?version=3"
    changed = source.replace("en: Inclusive", "en: More inclusive")
    answer = await manager.post("/api/v1/programmes", content=changed, headers=YAML)
    assert_problem(answer, "exists")


async def test_an_unknown_address_and_method_are_problems(calling: Caller) -> None:
    manager = calling("manager")
    assert_problem(await manager.get("/api/v1/nothing"), "not-found")
    assert_problem(await manager.get("/nothing"), "not-found")
    answer = await manager.delete("/api/v1/engagements")
    assert_problem(answer, "method-not-allowed")
    assert "GET" in answer.headers["Allow"]


async def test_another_format_is_refused(calling: Caller) -> None:
    manager = calling("manager")
    answer = await manager.post(PEOPLE, content="name=Nia", headers={"Content-Type": "text/plain"})
    assert_problem(answer, "unsupported-media-type")
    answer = await manager.post("/api/v1/programmes", json={"id": "x"})
    assert_problem(answer, "unsupported-media-type")
    assert "application/yaml" in answer.json()["detail"]


async def test_a_body_that_is_too_long_is_refused_announced_or_not(calling: Caller) -> None:
    manager = calling("manager")
    long = b" " * (BODY_LIMIT + 1)
    announced = await manager.post(PEOPLE, content=long)
    assert_problem(announced, "too-large")

    async def chunks() -> object:
        for start in range(0, len(long), 50_000):
            yield long[start : start + 50_000]

    assert_problem(await manager.post(PEOPLE, content=chunks()), "too-large")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'{"name": "\\ud800", "email": "a@example.org", "role": "viewer"}',
        b'{"\\ud800": 1}',
        b'{"name": "\\u0000", "email": "a@example.org", "role": "viewer"}',
        b"[" * 100_000,
        b'{"name": NaN}',
    ],
)
async def test_a_strange_body_is_the_callers_error(body: bytes, calling: Caller) -> None:
    answer = await calling("manager").post(
        PEOPLE, content=body, headers={"Content-Type": "application/json"}
    )
    assert_problem(answer, "invalid")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/engagements/%00",
        "/api/v1/engagements/%F0%28",
        "/api/v1/engagements?q=%00",
        "/api/v1/engagements?cursor=x",
        "/api/v1/engagements?cursor=eyJhIjoxfQ",
        "/api/v1/engagements?stages=active",
        "/api/v1/engagements?limit=0",
        "/api/v1/engagements?limit=many",
        "/api/v1/engagements?manager=%00",
        "/api/v1/members?q=%00",
        "/api/v1/mailbox/99999999999999999999",
        "/api/v1/programmes/x?version=99999999999",
    ],
)
async def test_a_strange_address_is_the_callers_error(path: str, calling: Caller) -> None:
    answer = await calling("manager").get(path)
    assert answer.status_code in {404, 422}, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "due", ["0001-01-01", "9999-12-31", "2027-02-30", "tomorrow", "2027-01-05T10:00:00Z", 7]
)
async def test_a_date_out_of_range_is_the_callers_error(due: object, calling: Caller) -> None:
    path = f"/api/v1/items/{CARDIFF.item('review')}/deadlines/submit/move"
    answer = await calling("manager").post(path, json={"due": due})
    assert_problem(answer, "invalid")
    assert answer.json()["errors"][0]["pointer"] == "#/due"


async def test_an_instant_without_a_zone_or_out_of_range_is_refused(calling: Caller) -> None:
    path = f"/api/v1/advice/{CARDIFF.item('advice')}/propose"
    for dates in (
        ["2027-01-05T10:00:00"],
        ["0001-01-01T00:00:00+14:00"],
        ["2027-01-05T10:00Z"] * 2,
    ):
        answer = await calling("adviser").post(path, json={"dates": dates})
        assert_problem(answer, "invalid")


@pytest.mark.parametrize(
    "name", [name for name, entry in problem_words().items() if "status" in entry]
)
async def test_the_type_of_each_problem_is_a_page_that_explains_it(
    name: str, calling: Caller
) -> None:
    answer = await calling(None).get(f"/problems/{name}")
    assert answer.status_code == 200
    assert problem_words()[name]["title"] in answer.text.replace("&#39;", "'")
    assert "{" not in answer.text
