"""Every operation with every role, generated from the table: allowed, refused, invisible."""

from typing import Any

import pytest

from api.main import create_app
from api.openapi import described_operations
from services.permissions import ROLES, RULES, Role
from settings import Settings
from tests.api.conftest import Caller
from tests.api.office import CARDIFF, GLASGOW, OF_A_FORMER_PERSON, REVOKED, Their, bearer

PLACEHOLDERS = {
    "step": "agreement",
    "task": "submit",
    "review": "final",
    "action": "act_1",
    "mail_id": "1",
    "person_id": "per_manager",
    "suppression_id": "sup_1",
    "programme_id": "inclusive-growth-network",
    "kind": "research.delivered",
    "language": "cy",
}
KINDS = {
    "/requests/{item_id}": "research",
    "/advice/{item_id}": "advice",
    "/reviews/{item_id}": "review",
    "/items/{item_id}": "review",
}


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Every operation of the API with its method, its path and its description."""
    app = create_app(Settings(database_url="postgresql+psycopg://127.0.0.1:1/none"))
    return {
        operation["operationId"]: (method, path, operation)
        for method, path, operation in described_operations(app.openapi())
        if path.startswith("/api/v1/")
    }


OPERATIONS = operations()
CASES = [(operation, role) for operation in sorted(RULES) for role in ROLES]


def address(path: str, their: Their) -> str:
    """The path with the ids of their things in it."""
    ids = {
        **PLACEHOLDERS,
        "engagement_id": their.engagement,
        "member_id": their.member,
        "contact_id": their.contact,
        "notification_id": their.notification,
    }
    for beginning, kind in KINDS.items():
        if beginning in path:
            ids["item_id"] = their.item(kind)  # type: ignore[arg-type]
    return path.format(**ids)


def request_of(operation: str, their: Their) -> dict[str, Any]:
    """A request for the operation, with the example of its description as the body."""
    method, path, described = OPERATIONS[operation]
    request: dict[str, Any] = {"method": method, "url": address(path, their)}
    content = described.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        request["json"] = content["application/json"]["example"]
    elif content:
        request |= {"content": "id: x", "headers": {"Content-Type": next(iter(content))}}
    return request


def test_every_operation_has_a_rule_and_every_rule_an_operation() -> None:
    assert set(OPERATIONS) == set(RULES)


@pytest.mark.parametrize("operation", sorted(RULES))
async def test_a_caller_without_a_token_gets_nothing(operation: str, calling: Caller) -> None:
    answer = await calling(None).request(**request_of(operation, CARDIFF))
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/unauthenticated"
    assert "Bearer" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("operation", sorted(RULES))
async def test_each_role_may_do_what_the_table_says_and_nothing_else(
    operation: str, calling: Caller
) -> None:
    for role in ROLES:
        answer = await calling(role).request(**request_of(operation, CARDIFF))
        if RULES[operation].get(role) == "held":
            # The tasks of this office are the lead's: see test_work.py for one's own.
            assert answer.json()["type"] == "/problems/not-yours", f"{role}: {answer.text}"
        elif role in RULES[operation]:
            # Beyond the guard a read answers, and a command finds that Temporal is not there.
            assert answer.status_code not in {401, 403, 404, 500}, f"{role}: {answer.text}"
        else:
            assert answer.status_code == 403, f"{role}: {answer.text}"
            assert answer.json()["type"] == "/problems/forbidden"


@pytest.mark.parametrize(
    "operation", [one for one in sorted(RULES) if RULES[one].get("member") == "own"]
)
async def test_what_is_another_members_does_not_exist_for_a_member(
    operation: str, calling: Caller
) -> None:
    request = request_of(operation, GLASGOW)
    answer = await calling("member").request(**request)
    own = await calling("member").request(**request_of(operation, CARDIFF))
    if request["url"] == request_of(operation, CARDIFF)["url"]:
        # A list, or the caller itself: what is there is not another member's.
        assert "Glasgow" not in answer.text
        assert GLASGOW.engagement not in answer.text
    else:
        assert answer.status_code == 404
        assert answer.json()["type"] == "/problems/not-found"
        assert own.status_code != 404


@pytest.mark.parametrize(
    ("operation", "role"),
    [
        (operation, role)
        for operation, role in CASES
        if RULES[operation].get(role) in {"assigned", "advised", "held"}
    ],
)
async def test_what_is_not_theirs_the_team_cannot_do(
    operation: str, role: Role, calling: Caller
) -> None:
    answer = await calling(role).request(**request_of(operation, GLASGOW))
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/not-yours"


@pytest.mark.parametrize("secret", [REVOKED, OF_A_FORMER_PERSON, "mp_never_given_out", "x"])
async def test_a_revoked_or_unknown_token_or_of_a_person_who_left_is_refused(
    secret: str, calling: Caller
) -> None:
    answer = await calling(None).get("/api/v1/me", headers=bearer(secret))
    assert answer.status_code == 401


async def test_a_member_completes_its_own_steps_and_actions_alone(calling: Caller) -> None:
    # The onboarding's step and the action of the office belong to the lead: allowed, but for
    # Temporal. Those of others are covered by the commands' own tests on a real server.
    path = f"/api/v1/engagements/{CARDIFF.engagement}/onboarding/steps/agreement/complete"
    answer = await calling("member").post(path, json={})
    assert answer.status_code == 503
