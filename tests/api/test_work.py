"""Work is given only to people who may do it, and they may do it."""

from datetime import date

import pytest
from sqlalchemy import update

from services.permissions import Role
from storage.database import Database
from storage.sql import tasks
from tests.api.conftest import Caller
from tests.api.office import CARDIFF, PROGRAMME

START = {"member": CARDIFF.member, "programme": PROGRAMME, "start": date(2027, 1, 11).isoformat()}
ASSIGN = f"/api/v1/requests/{CARDIFF.item('research')}/assign"
STEP = f"/api/v1/engagements/{CARDIFF.engagement}/onboarding/steps/agreement/complete"
ACTION = f"/api/v1/advice/{CARDIFF.item('advice')}/actions/act_1/complete"


@pytest.mark.parametrize(
    ("role", "person"),
    [
        ("manager", "per_researcher"),
        ("manager", "per_adviser"),
        ("adviser", "per_researcher"),
        ("adviser", "per_funder"),
        ("manager", "per_gone"),
        ("adviser", "con_lead"),
    ],
)
async def test_an_engagement_starts_with_people_who_may_do_that_work(
    role: str, person: str, calling: Caller
) -> None:
    answer = await calling("manager").post("/api/v1/engagements", json={**START, role: person})
    assert answer.status_code == 422
    [flaw] = answer.json()["errors"]
    assert flaw["pointer"] == f"#/{role}"
    assert f"the role {role}" in flaw["fix"]


@pytest.mark.parametrize("person", ["per_adviser", "per_funder", "con_lead"])
async def test_a_request_goes_to_a_researcher_or_a_manager(person: str, calling: Caller) -> None:
    answer = await calling("manager").post(ASSIGN, json={"researcher": person})
    assert answer.status_code == 422
    [flaw] = answer.json()["errors"]
    assert "the role researcher or manager" in flaw["fix"]


@pytest.mark.parametrize("person", ["per_researcher", "per_manager"])
async def test_those_who_may_are_taken(person: str, calling: Caller) -> None:
    """As far as Temporal, which is not there."""
    answer = await calling("manager").post(ASSIGN, json={"researcher": person})
    assert answer.status_code == 503


REQUESTS = f"/api/v1/engagements/{CARDIFF.engagement}/requests"


@pytest.mark.parametrize(
    ("theme", "fix"), [("good-job", "Did you mean 'good-jobs'?"), ("xyz", "Write one of these: ")]
)
async def test_a_theme_that_the_programme_does_not_have_is_refused(
    theme: str, fix: str, calling: Caller
) -> None:
    body = {"text": "What raises pay?", "theme": theme}
    answer = await calling("member").post(REQUESTS, json=body)
    assert answer.status_code == 422
    [flaw] = answer.json()["errors"]
    assert flaw["pointer"] == "#/theme"
    assert flaw["fix"].startswith(fix)


@pytest.mark.parametrize("path", [STEP, ACTION])
@pytest.mark.parametrize(
    ("role", "owner"), [("researcher", "per_researcher"), ("adviser", "per_adviser")]
)
async def test_a_person_of_the_office_may_complete_their_step_or_action(
    path: str, role: Role, owner: str, database: Database, calling: Caller
) -> None:
    async with database.transaction() as session:
        await session.execute(update(tasks).values(owner_role=owner, owner_id=owner))
    assert (await calling(role).post(path, json={})).status_code == 503


async def test_no_other_person_may_complete_it(calling: Caller) -> None:
    for path in (STEP, ACTION):
        answer = await calling("researcher").post(path, json={})
        assert answer.json()["type"] == "/problems/not-yours"
