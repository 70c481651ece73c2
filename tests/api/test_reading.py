"""What is read: by whom, page by page, with entity tags, and what it costs."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from services.permissions import Role
from storage.database import Database
from storage.sql import engagements
from tests.api.conftest import Caller, application
from tests.api.crowd import many
from tests.api.office import CARDIFF, TOKENS, bearer, fill
from tests.databases import count_statements, migrated_postgres, opened
from tests.storage.office import NOW, days

API = "/api/v1"
ROLES: tuple[Role, ...] = ("manager", "researcher", "adviser", "viewer", "member")


class TestSight:
    async def test_a_viewer_reads_no_texts_and_no_addresses(self, calling: Caller) -> None:
        roles: dict[Role, bool] = {"manager": True, "viewer": False}
        for role, shown in roles.items():
            client = calling(role)
            whole = ""
            for path in (
                f"/members/{CARDIFF.member}",
                f"/engagements/{CARDIFF.engagement}",
                f"/engagements/{CARDIFF.engagement}/timeline",
                f"/engagements/{CARDIFF.engagement}/notifications",
                f"/requests/{CARDIFF.item('research')}",
                f"/advice/{CARDIFF.item('advice')}",
                f"/reviews/{CARDIFF.item('review')}",
            ):
                answer = await client.get(API + path)
                assert answer.status_code == 200
                whole += answer.text
            assert ("What raises pay" in whole) is shown
            assert ("@example.org" in whole) is shown

    async def test_a_member_lists_its_own_alone(self, calling: Caller) -> None:
        listed = (await calling("member").get(f"{API}/engagements")).json()["items"]
        assert [entry["id"] for entry in listed] == [CARDIFF.engagement]
        listed = (await calling("member").get(f"{API}/members")).json()["items"]
        assert [entry["name"] for entry in listed] == ["Cardiff"]

    async def test_my_tasks_are_mine_over_all_members(self, calling: Caller) -> None:
        mine = (await calling("member").get(f"{API}/me/tasks")).json()["items"]
        assert {task["member"]["name"] for task in mine} == {"Cardiff"}
        assert {task["key"] for task in mine} == {"step:agreement", "action:act_1", "submit"}
        research = (await calling("researcher").get(f"{API}/me/tasks")).json()["items"]
        assert [task["title"] for task in research] == ["Deliver the research"]

    async def test_me_says_who_i_am_and_what_i_may(self, calling: Caller) -> None:
        me = (await calling("member").get(f"{API}/me")).json()
        assert (me["id"], me["role"], me["member"]) == ("con_lead", "member", CARDIFF.member)
        assert "submit_request" in me["may"]
        assert "accept_request" not in me["may"]


class TestWords:
    async def test_an_item_shows_what_its_kind_has(self, calling: Caller) -> None:
        manager = calling("manager")
        review = (await manager.get(f"{API}/reviews/{CARDIFF.item('review')}")).json()
        checks = {check["key"]: check["done"] for check in review["checklist"]}
        assert checks == {"progress": False, "spending": True}
        advice = (await manager.get(f"{API}/advice/{CARDIFF.item('advice')}")).json()
        assert advice["actions"][0]["text"] == "What raises pay in care work?"
        assert advice["tasks"][0]["title"] == "What raises pay in care work?"
        path = f"{API}/engagements/{CARDIFF.engagement}/onboarding"
        steps = (await manager.get(path)).json()["steps"]
        assert steps[0]["title"] == "Sign the membership agreement"

    async def test_the_health_comes_with_its_reason(self, calling: Caller) -> None:
        answer = await calling("manager").get(f"{API}/engagements/{CARDIFF.engagement}")
        assert answer.json()["health"] == "on_track"
        assert answer.json()["because"]

    async def test_the_plan_has_every_date_with_its_rule(self, calling: Caller) -> None:
        plan = (await calling("viewer").get(f"{API}/engagements/eng_1/plan")).json()
        kinds = [item["kind"] for item in plan["items"]]
        assert kinds.count("onboarding") == 1
        assert kinds.count("review") == 3
        assert all(one["rule"] for item in plan["items"] for one in item["deadlines"])

    async def test_an_item_of_another_kind_is_not_there(self, calling: Caller) -> None:
        answer = await calling("manager").get(f"{API}/requests/{CARDIFF.item('review')}")
        assert answer.status_code == 404


class TestPages:
    @pytest.mark.parametrize("order", ["asc", "desc"])
    @pytest.mark.parametrize("sort", ["member", "started_on", "opened_at", "due_at", "health"])
    async def test_following_next_meets_each_engagement_once(
        self, sort: str, order: str, calling: Caller
    ) -> None:
        manager, seen = calling("manager"), []
        path: str | None = f"{API}/engagements?sort={sort}&order={order}&limit=1"
        while path:
            page = (await manager.get(path)).json()
            seen += [entry["id"] for entry in page["items"]]
            path = page["next"]
        assert sorted(seen) == ["eng_1", "eng_2"]

    async def test_by_health_the_worst_come_first_and_what_has_ended_last(
        self, calling: Caller, database: Database
    ) -> None:
        manager = calling("manager")
        overdue = {"soon_at": days(-9), "due_at": days(-2), "stuck_at": days(9)}
        for values in (overdue, overdue | {"closed_at": NOW}):
            async with database.transaction() as session:
                glasgow = update(engagements).where(engagements.c.id == "eng_2").values(values)
                await session.execute(glasgow)
            found = (await manager.get(f"{API}/engagements?sort=health")).json()["items"]
            worst_first = ["eng_1", "eng_2"] if "closed_at" in values else ["eng_2", "eng_1"]
            assert [entry["id"] for entry in found] == worst_first

    def test_the_description_says_what_the_orders_are(self, app: FastAPI) -> None:
        listed = app.openapi()["paths"][f"{API}/engagements"]["get"]
        (sort,) = (one for one in listed["parameters"] if one["name"] == "sort")
        assert "worst" in sort["description"]
        assert sort["schema"]["examples"] == ["health"]
        assert "health" in sort["schema"]["enum"]

    async def test_the_next_link_keeps_the_filter(self, calling: Caller) -> None:
        manager = calling("manager")
        page = (await manager.get(f"{API}/engagements?stage=onboarding&limit=1")).json()
        assert "stage=onboarding" in page["next"]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("q=card", ["eng_1"]),
            ("q=atlantis", []),
            ("stage=onboarding", ["eng_1", "eng_2"]),
            ("stage=active", []),
            ("health=on_track", ["eng_1", "eng_2"]),
            ("health=stuck", []),
            ("open=true", ["eng_1", "eng_2"]),
            ("open=false", []),
            ("manager=per_manager", ["eng_1", "eng_2"]),
            ("member=mem_2", ["eng_2"]),
            ("programme=tour", []),
        ],
    )
    async def test_the_list_is_narrowed(
        self, query: str, found: list[str], calling: Caller
    ) -> None:
        page = (await calling("manager").get(f"{API}/engagements?{query}")).json()
        assert [entry["id"] for entry in page["items"]] == found


class TestEntityTags:
    async def test_what_is_unchanged_is_not_sent_again(self, calling: Caller) -> None:
        manager = calling("manager")
        path = f"{API}/engagements/{CARDIFF.engagement}"
        first = await manager.get(path)
        tag = first.headers["ETag"]
        same = await manager.get(path, headers={"If-None-Match": f'"x", {tag}'})
        assert (same.status_code, same.content) == (304, b"")
        assert same.headers["ETag"] == tag
        other = await manager.get(path, headers={"If-None-Match": '"x"'})
        assert other.content == first.content

    async def test_a_tag_is_the_readers_own(self, calling: Caller) -> None:
        path = f"{API}/requests/{CARDIFF.item('research')}"
        roles: tuple[Role, ...] = ("manager", "viewer")
        tags = {(await calling(role).get(path)).headers["ETag"] for role in roles}
        assert len(tags) == 2

    async def test_errors_have_no_tag(self, calling: Caller) -> None:
        assert "ETag" not in (await calling("manager").get(f"{API}/items/none")).headers


class TestCost:
    """SQL statements of a whole request, the look-up of its token included; ``BEGIN`` is not one.

    The definition of a programme's version is read once a process and not counted again.
    """

    @pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
    def stocked_url(self, request: pytest.FixtureRequest, database: Database) -> Iterator[str]:
        with ExitStack() as stack:
            if request.param == "sqlite":
                yield database.url.render_as_string()
            else:
                yield stack.enter_context(migrated_postgres())

    @pytest.fixture
    async def stocked(self, stocked_url: str) -> AsyncIterator[Database]:
        async with opened(stocked_url) as stocked:
            if stocked.dialect == "postgresql":
                async with stocked.transaction() as session:
                    await fill(session)
            yield stocked

    async def test_a_list_takes_two_statements_and_a_detail_four_with_10_and_with_10000(
        self, stocked: Database
    ) -> None:
        app = application(stocked)
        before = {role: await costs(app, stocked, role) for role in ROLES}
        await many(stocked, 10_000)
        assert {role: await costs(app, stocked, role) for role in ROLES} == before
        for counted in before.values():
            for path, count in counted.items():
                assert count <= (2 if path in LISTS else 4), f"{path}: {count}"


LISTS = (
    "/engagements",
    "/engagements?sort=due_at&order=desc&health=on_track",
    "/engagements?sort=health",
    "/members",
)
DETAILS = (
    f"/engagements/{CARDIFF.engagement}",
    f"/engagements/{CARDIFF.engagement}/plan",
    f"/engagements/{CARDIFF.engagement}/timeline",
    f"/engagements/{CARDIFF.engagement}/tasks",
    f"/items/{CARDIFF.item('research')}",
    f"/members/{CARDIFF.member}",
    "/me/tasks",
)


async def costs(app: FastAPI, database: Database, role: Role) -> dict[str, int]:
    """Statements by path."""
    counted = {}
    transport = httpx.ASGITransport(app)
    headers = bearer(TOKENS[role][0])
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", headers=headers
    ) as client:
        await client.get(f"{API}/engagements")
        for path in (*LISTS, *DETAILS):
            with count_statements(database) as seen:
                answer = await client.get(API + path)
            assert answer.status_code == 200, answer.text
            counted[path] = len(seen)
    return counted
