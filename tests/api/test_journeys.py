"""Every process by the API on a real Temporal server: each command, its answer, its refusal."""

from datetime import timedelta
from typing import Any

import pytest

from services.permissions import Role
from storage.database import utc_now
from tests.api.live import Live
from tests.api.live import live as live
from tests.api.live import temporal_address as temporal_address

pytestmark = pytest.mark.dev_server


async def refused(live: Live, role: Role, path: str, body: object = None) -> str:
    """The sentence with which a command is refused."""
    answer = await live.post(role, path, body)
    assert answer.status_code == 409, answer.text
    assert answer.json()["type"] in {"/problems/refused", "/problems/closed"}
    return str(answer.json()["detail"])


async def submitted(live: Live, engagement_id: str) -> str:
    """The id of a new research request."""
    body = {"text": "What raises pay?", "title": "Pay", "theme": "first-steps"}
    request = await live.done("member", f"/engagements/{engagement_id}/requests", body)
    assert request["stage"] == "triage"
    return str(request["id"])


class TestEngagement:
    async def test_a_start_is_listed_shown_and_planned(self, live: Live) -> None:
        engagement_id = await live.started()
        shown = await live.get("manager", f"/engagements/{engagement_id}")
        assert shown["stage"] == "onboarding"
        assert shown["manager"]["id"] == "per_manager"
        assert [item["kind"] for item in shown["items"]] == ["onboarding"]
        assert [task["title"] for task in shown["tasks"]] == ["Say hello"]
        listed = await live.get("manager", "/engagements?q=bristol")
        assert [entry["id"] for entry in listed["items"]] == [engagement_id]
        plan = await live.get("manager", f"/engagements/{engagement_id}/plan")
        assert plan["items"][0]["kind"] == "onboarding"

    async def test_a_member_has_one_open_engagement_in_a_programme(self, live: Live) -> None:
        member = await live.member()
        first = await live.start(member)
        second = await live.start(member)
        assert (first.status_code, second.status_code) == (201, 409)
        assert second.json()["type"] == "/problems/exists"
        assert second.json()["blockers"] == [first.json()["id"]]

    async def test_it_cannot_be_completed_while_something_is_open(self, live: Live) -> None:
        engagement_id = await live.started()
        answer = await live.post("manager", f"/engagements/{engagement_id}/complete")
        assert answer.status_code == 409
        assert answer.json()["blockers"] == ["onboarding:onboarding", "review:first-mile"]
        assert answer.json()["detail"] == (
            "This engagement cannot be completed yet: Joining the programme, First mile. "
            "Finish these first, or withdraw the engagement."
        )

    async def test_a_withdrawal_closes_whatever_is_open(self, live: Live) -> None:
        engagement_id = await live.onboarded()
        request_id = await submitted(live, engagement_id)
        path = f"/engagements/{engagement_id}"
        gone = await live.done("manager", f"{path}/withdraw", {"reason": "They have merged."})
        assert (gone["stage"], gone["reason"]) == ("withdrawn", "They have merged.")
        read = await live.until("manager", path, lambda read: not read["tasks"])
        assert all(item["closed_at"] for item in read["items"])
        closed = await live.get("manager", f"/requests/{request_id}")
        assert closed["outcome"] == "withdrawn"
        await refused(live, "member", f"{path}/requests", {"text": "One more?"})

    async def test_a_review_to_come_can_be_moved(self, live: Live) -> None:
        engagement_id = await live.started()
        path = f"/engagements/{engagement_id}"
        due = (utc_now() + timedelta(days=40)).date().isoformat()
        body = {"due": due, "reason": "The cabinet meets later."}
        await live.done("manager", f"{path}/reviews/first-mile/move", body)
        plan = await live.get("member", f"{path}/plan")
        review = next(item for item in plan["items"] if item["kind"] == "review")
        assert review["due_at"].startswith(due)
        assert "no review" in await refused(live, "manager", f"{path}/reviews/none/move", body)


class TestOnboarding:
    async def test_steps_are_completed_or_waived_in_their_order(self, live: Live) -> None:
        engagement_id = await live.started()
        steps = f"/engagements/{engagement_id}/onboarding/steps"
        assert "waiting" in await refused(live, "manager", f"{steps}/plan/complete", {})
        await refused(live, "manager", f"{steps}/none/complete", {})
        read = await live.done("member", f"{steps}/hello/complete", {"text": "Hello!"})
        assert {step["key"]: step["state"] for step in read["steps"]} == {
            "hello": "done",
            "plan": "open",
        }
        theirs = await live.post("member", f"{steps}/plan/complete", {})
        assert theirs.json()["type"] == "/problems/not-yours"
        read = await live.done("manager", f"{steps}/plan/waive", {"reason": "They have one."})
        assert (read["stage"], read["outcome"]) == ("closed", "completed")

    async def test_a_deadline_can_be_moved_by_a_manager(self, live: Live) -> None:
        engagement_id = await live.started()
        item_id = await live.item(engagement_id, "onboarding")
        due = (utc_now() + timedelta(days=9)).date().isoformat()
        path = f"/items/{item_id}/deadlines/step:hello/move"
        read = await live.done("manager", path, {"due": due, "reason": "They are away."})
        assert read["tasks"][0]["due_at"].startswith(due)
        assert read["tasks"][0]["revision"] == 2
        await refused(live, "manager", f"/items/{item_id}/deadlines/none/move", {"due": due})
        timeline = await live.get("manager", f"/engagements/{engagement_id}/timeline")
        moved = next(one for one in timeline["items"] if one["kind"] == "deadline.moved")
        assert moved["text"] == "They are away."
        assert "Say hello" in moved["sentence"]

    async def test_the_plan_follows_a_step_that_was_moved_and_one_that_is_done(
        self, live: Live
    ) -> None:
        engagement_id = await live.started()
        path = f"/engagements/{engagement_id}"
        before = await live.get("manager", f"{path}/plan")
        day = (utc_now() + timedelta(days=9)).date().isoformat()
        item_id = await live.item(engagement_id, "onboarding")
        move = f"/items/{item_id}/deadlines/step:hello/move"
        await live.done("manager", move, {"due": day, "reason": "They are away."})
        moved = await live.get("manager", f"{path}/plan")
        shown = await live.get("manager", path)
        assert deadlines(moved)["step:hello"]["due_at"] == shown["tasks"][0]["due_at"]
        assert deadlines(moved)["step:hello"]["rule"] == f"moved to {day}"
        for follows in ("step:plan", "submit"):
            assert deadlines(moved)[follows]["due_at"] > f"{day}T00", follows
            assert deadlines(before)[follows]["due_at"] < f"{day}T00", follows
        await live.done("member", f"{path}/onboarding/steps/hello/complete", {"text": "Hello!"})
        done = await live.get("manager", f"{path}/plan")
        shown = await live.get("manager", path)
        assert [task["key"] for task in shown["tasks"]] == ["step:plan"]
        assert deadlines(done)["step:plan"]["due_at"] == shown["tasks"][0]["due_at"]
        assert done["onboarded_at"] == shown["tasks"][0]["due_at"]


def deadlines(plan: Any) -> dict[str, Any]:
    """The deadlines of a plan by key; of several items, the last one's."""
    return {one["key"]: one for item in plan["items"] for one in item["deadlines"]}


class TestResearch:
    async def test_a_request_goes_from_triage_to_feedback(self, live: Live) -> None:
        engagement_id = await live.started()
        request_id = await submitted(live, engagement_id)
        path = f"/requests/{request_id}"
        await refused(live, "member", f"{path}/accept-delivery")
        read = await live.done("manager", f"{path}/ask", {"question": "Which sector?"})
        assert (read["stage"], read["texts"]["question"]["text"]) == ("answer", "Which sector?")
        read = await live.done("member", f"{path}/answer", {"text": "Care work."})
        assert read["stage"] == "triage"
        assert (await live.done("manager", f"{path}/accept"))["stage"] == "scope"
        due = (utc_now() + timedelta(days=30)).date().isoformat()
        scope = {"text": "Eight interventions.", "format": "briefing", "due": due}
        assert (await live.done("manager", f"{path}/scope", scope))["stage"] == "assign"
        chosen = {"researcher": "per_researcher"}
        read = await live.done("manager", f"{path}/assign", chosen)
        assert (read["stage"], read["assignee"]["id"]) == ("draft", "per_researcher")
        for _ in range(2):
            note = {"text": "Here it is.", "link": "https://example.org/draft.pdf"}
            read = await live.done("researcher", f"{path}/deliver", note)
            assert read["stage"] == "acceptance"
            assert read["texts"]["delivery"]["link"] == note["link"]
            if "comments" not in read["texts"]:
                read = await live.done("member", f"{path}/return", {"comments": "More figures."})
                assert (read["stage"], read["details"]["returns"]) == ("draft", "1")
        assert (await live.done("member", f"{path}/accept-delivery"))["stage"] == "feedback"
        read = await live.done("member", f"{path}/feedback", {"score": 5, "text": "Splendid."})
        assert (read["stage"], read["outcome"]) == ("closed", "accepted")
        assert "closed" in await refused(live, "member", f"{path}/withdraw", {"reason": "Late."})

    async def test_a_request_can_be_declined_or_withdrawn(self, live: Live) -> None:
        engagement_id = await live.started()
        declined, withdrawn = [await submitted(live, engagement_id) for _ in range(2)]
        path = f"/requests/{declined}/decline"
        read = await live.done("manager", path, {"reason": "It has been answered."})
        assert read["outcome"] == "declined"
        path = f"/requests/{withdrawn}/withdraw"
        read = await live.done("member", path, {"reason": "We found it."})
        assert read["outcome"] == "withdrawn"
        listed = await live.get("member", f"/engagements/{engagement_id}/requests")
        assert {item["id"] for item in listed["items"]} == {declined, withdrawn}

    async def test_only_an_active_researcher_can_be_assigned(self, live: Live) -> None:
        request_id = await submitted(live, await live.started())
        path = f"/requests/{request_id}/assign"
        for unsuitable in ("per_gone", "per_funder", "per_none"):
            answer = await live.post("manager", path, {"researcher": unsuitable})
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == "#/researcher"


class TestAdvice:
    async def test_a_cycle_goes_from_dates_to_its_last_action(self, live: Live) -> None:
        engagement_id = await live.onboarded()
        path = f"/advice/{await live.item(engagement_id, 'advice')}"
        soon = [(utc_now() + timedelta(hours=hour)).isoformat() for hour in (1, 2)]
        read = await live.done("adviser", f"{path}/propose", {"dates": soon})
        assert (read["stage"], len(read["dates"])) == ("confirm", 2)
        assert "counted from 0" in await refused(live, "member", f"{path}/confirm", {"choice": 4})
        read = await live.done("member", f"{path}/confirm", {"choice": 1})
        assert read["stage"] == "session"
        await live.done("adviser", f"{path}/agenda", {"text": "Procurement."})
        read = await live.done("adviser", f"{path}/miss", {"reason": "A strike."})
        assert read["stage"] == "propose"
        today = utc_now().date().isoformat()
        assert (await live.done("adviser", f"{path}/hold", {"held_on": today}))["stage"] == "notes"
        due = (utc_now() + timedelta(days=20)).date().isoformat()
        notes = {
            "text": "We start with procurement.",
            "actions": [
                {"text": "Share the data.", "owner": "lead", "due": due},
                {"text": "Send a template.", "owner": "adviser", "due": due},
            ],
        }
        read = await live.done("adviser", f"{path}/notes", notes)
        mine, theirs = sorted(read["actions"], key=lambda action: str(action["text"]))
        assert [mine["text"], theirs["text"]] == ["Send a template.", "Share the data."]
        member_may_not = await live.post("member", f"{path}/actions/{mine['id']}/complete", {})
        assert member_may_not.json()["type"] == "/problems/not-yours"
        await live.done("member", f"{path}/actions/{theirs['id']}/complete", {})
        read = await live.done("adviser", f"{path}/actions/{mine['id']}/complete", {})
        assert (read["stage"], read["outcome"]) == ("closed", "completed")
        for reader in ("member", "adviser"):
            shown = await live.get(reader, f"/engagements/{engagement_id}/timeline")
            agreed = [one for one in shown["items"] if one["kind"] == "advice.action_agreed"]
            assert {one["text"] for one in agreed} == {"Share the data.", "Send a template."}
            assert any("the lead contact" in one["sentence"] for one in agreed)
        shown = await live.get("viewer", f"/engagements/{engagement_id}/timeline")
        assert {one["text"] for one in shown["items"]} == {None}

    async def test_a_cycle_can_be_closed_before_its_end(self, live: Live) -> None:
        engagement_id = await live.onboarded()
        path = f"/advice/{await live.item(engagement_id, 'advice')}"
        read = await live.done("adviser", f"{path}/close", {"reason": "Not needed this spring."})
        assert (read["stage"], read["outcome"]) == ("closed", "cancelled")

    async def test_an_action_cannot_be_given_to_a_stranger(self, live: Live) -> None:
        engagement_id = await live.onboarded()
        path = f"/advice/{await live.item(engagement_id, 'advice')}"
        action = {"text": "Share it.", "owner": "con_lead", "due": "2099-01-04"}
        answer = await live.post("adviser", f"{path}/notes", {"text": "…", "actions": [action]})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/actions/0/owner"


class TestReview:
    async def test_a_review_is_returned_then_signed_off_and_all_is_complete(
        self, live: Live
    ) -> None:
        engagement_id = await live.onboarded()
        cycle = await live.item(engagement_id, "advice")
        await live.done("adviser", f"/advice/{cycle}/close", {"reason": "All is well."})
        path = f"/reviews/{await live.item(engagement_id, 'review')}"
        answer = await live.post("member", f"{path}/submit", {})
        assert answer.json()["blockers"] == ["story"]
        evidence = {"check": "story", "text": "We did it.", "link": "https://example.org/story"}
        read = await live.done("member", f"{path}/evidence", evidence)
        assert read["checklist"][0]["evidence"]["text"] == "We did it."
        assert (await live.done("member", f"{path}/submit", {}))["stage"] == "submitted"
        read = await live.done("manager", f"{path}/return", {"comments": "Add a date."})
        assert read["stage"] == "preparing"
        await live.done("member", f"{path}/submit", {"text": "Here."})
        read = await live.done("manager", f"{path}/sign-off", {"text": "Well done."})
        assert (read["stage"], read["outcome"]) == ("closed", "signed_off")
        whole = f"/engagements/{engagement_id}"
        await live.until("manager", whole, lambda read: read["stage"] == "completing")
        assert (await live.done("manager", f"{whole}/complete"))["stage"] == "completed"
