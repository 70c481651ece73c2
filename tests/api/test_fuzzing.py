"""Schemathesis against a whole running office: no 5xx and no undocumented answer, for each role.

At each operation the roles are grouped by how far the table of permissions lets them reach. Roles
of one group pass the same checks on their way, so one role of each group sends wrong requests.
Every role that may sends right ones, since what it is shown may differ. Those who may not are
refused by one guard, before anything is read. So one of them sends both, and ``test_permissions``
holds every role against the table. By night every role sends everything.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.openapi import from_dict
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.permissions import ROLES, RULES, Role
from tests.api.live import Live
from tests.api.live import temporal_address as temporal_address
from tests.api.office import TOKENS, bearer
from tests.api.served import Served, served

pytestmark = [pytest.mark.dev_server, pytest.mark.slow]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
JUDGED_FURTHER = frozenset(
    {
        *(
            "add_programme",
            "add_member",
            "edit_member",
            "add_contact",
            "edit_contact",
            "add_person",
            "edit_person",
            "set_my_choices",
            "set_contact_choices",
            "set_person_choices",
        ),
        *("start_engagement", "assign_engagement", "assign_request", "record_notes"),
        # A theme has to be one of the programme's.
        *("set_programme_funders", "submit_request"),
    }
)
"""Operations whose values have to be right beyond their form: an address, a person's id. So have
cursors, wherever there are pages."""

EXAMPLES = 2
"""Requests an operation and mode, where the role may call it; one where it may not."""


Operation = APIOperation[Any, Any, Any, Any]


@dataclass(frozen=True)
class Attempt:
    """Requests to one operation, all right or all wrong, and the checks of their answers."""

    operation: Operation
    mode: GenerationMode
    requests: SearchStrategy[Any]
    checks: list[Any]

    @property
    def name(self) -> str:
        """The operation's name."""
        return str(self.operation.definition.raw["operationId"])


@pytest.fixture(scope="module")
def office(
    temporal_address: str, filled: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("fuzzing") / "office.db"
    shutil.copyfile(filled, path)
    with served(temporal_address, path) as office:
        yield office


@pytest.fixture(scope="module")
def attempts(office: Served) -> list[Attempt]:
    """Every operation, right and wrong. Working out how to make requests takes longest, so it is
    done once for all roles."""
    assert office.live is not None
    schema = from_dict(office.live.app.openapi())
    schema.config.update(base_url=office.url)
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    # What ends an engagement comes last, so that the others meet a running one.
    found.sort(key=lambda one: one.path.endswith(("withdraw", "complete")))
    return [
        Attempt(operation, mode, operation.as_strategy(mode), checks_of(operation, mode))
        for operation in found
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or can_be_wrong(operation)
    ]


@pytest.mark.parametrize("role", ROLES)
def test_no_request_breaks_anything_or_gets_an_undocumented_answer(
    role: Role, office: Served, attempts: list[Attempt], nightly: bool
) -> None:
    assert office.live is not None
    ids = office.do(real_ids(office, role))
    headers = bearer(office.live.tokens[role])
    for attempt in attempts:
        if nightly or stands_for_others(role, attempt):
            fuzz(attempt, office.url, headers, ids, EXAMPLES if may(role, attempt) else 1)


def may(role: Role, attempt: Attempt) -> bool:
    """Whether the role may call the operation."""
    return attempt.name not in RULES or role in RULES[attempt.name]


def stands_for_others(role: Role, attempt: Attempt) -> bool:
    """Whether this role sends these requests: for itself, or for its group."""
    if may(role, attempt) and attempt.mode is GenerationMode.POSITIVE:
        return True
    rule = RULES.get(attempt.name, {})
    return next(one for one in ROLES if rule.get(one) == rule.get(role)) == role


def test_every_operation_is_sent_right_and_wrong_requests_of_each_kind_of_role(
    attempts: list[Attempt],
) -> None:
    for attempt in attempts:
        rule = RULES.get(attempt.name, {})
        sent = {rule.get(role) for role in ROLES if stands_for_others(role, attempt)}
        assert sent == {rule.get(role) for role in ROLES}


def checks_of(operation: Operation, mode: GenerationMode) -> list[Any]:
    """What its answers are held against."""
    if mode is GenerationMode.NEGATIVE:
        return [*CHECKS, negative_data_rejection]
    raw = operation.definition.raw
    pages = any(parameter["name"] == "cursor" for parameter in raw.get("parameters", ()))
    if pages or raw["operationId"] in JUDGED_FURTHER:
        return CHECKS
    return [*CHECKS, positive_data_acceptance]


def fuzz(
    attempt: Attempt, url: str, headers: dict[str, str], ids: dict[str, str], count: int
) -> None:
    """Send a few requests, the right ones with real ids in the path, and check the answers."""
    mode = attempt.mode

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=attempt.requests)
    def send(case: schemathesis.Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE and case.headers.get("idempotency-key"):
            # A key of an earlier request would be refused, and rightly so.
            case.headers["idempotency-key"] = uuid4().hex
        if mode is GenerationMode.POSITIVE:
            case.path_parameters.update(
                {name: ids[name] for name in case.path_parameters if name in ids}
            )
        case.call_and_validate(base_url=url, headers=headers, checks=attempt.checks)

    send()


def can_be_wrong(operation: Operation) -> bool:
    """Whether anything of a request can be made wrong."""
    return bool(names(operation)) or bool(list(operation.query)) or bool(list(operation.body))


def names(operation: Operation) -> list[str]:
    """The names of the ids in the path."""
    return [parameter.name for parameter in operation.path_parameters]


async def a_notification(live: Live, engagement_id: str) -> str:
    """An email of the engagement."""
    path = f"/engagements/{engagement_id}/notifications"
    read = await live.until("manager", path, lambda read: read["items"])
    return str(read["items"][0]["id"])


async def real_ids(office: Served, role: Role) -> dict[str, str]:
    """The ids of an engagement of the role's own, with everything open."""
    live = office.live
    assert live is not None
    live.tokens["member"] = TOKENS["member"][0]
    member = await live.member(f"Council of the {role}")
    engagement_id = await live.onboarded(member)
    request = await live.done(
        "member", f"/engagements/{engagement_id}/requests", {"text": "What raises pay?"}
    )
    return {
        "member_id": member,
        "engagement_id": engagement_id,
        "item_id": str(request["id"]),
        "step": "hello",
        "task": "triage",
        "review": "first-mile",
        "programme_id": "swift",
        "mail_id": "1",
        "notification_id": await a_notification(live, engagement_id),
    }
