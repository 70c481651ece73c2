"""Each read answers what OpenAPI documents, though no model checks the rows while it serves."""

from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from api.main import SUBJECTS
from tests.api.conftest import Caller
from tests.api.office import CARDIFF, PROGRAMME

IDS = {
    "programme_id": PROGRAMME,
    "member_id": CARDIFF.member,
    "contact_id": CARDIFF.contact,
    "person_id": "per_researcher",
    "engagement_id": CARDIFF.engagement,
    "notification_id": CARDIFF.notification,
    "item_id": CARDIFF.item("research"),
    "mail_id": "1",
    "kind": "research.accepted",
    "language": "en",
}
OF_ANOTHER_KIND = {
    "show_cycle": {"item_id": CARDIFF.item("advice")},
    "show_review": {"item_id": CARDIFF.item("review")},
}


HOLDS_MORE = "show_mail"
"""Its row has the calendar for another route, so JSON of it is no whole row."""


def reads() -> Iterator[APIRoute]:
    """The routes that answer JSON to a GET."""
    for subject in SUBJECTS:
        for route in subject.router.routes:
            assert isinstance(route, APIRoute)
            answers_json = not route.path.endswith(".ics") and route.name != HOLDS_MORE
            if "GET" in (route.methods or ()) and answers_json:
                yield route


@pytest.mark.parametrize("route", list(reads()), ids=lambda route: str(route.name))
async def test_a_read_answers_the_model_that_is_documented(
    route: APIRoute, calling: Caller
) -> None:
    path = route.path.format(**IDS | OF_ANOTHER_KIND.get(route.name, {}))
    answer = await calling("manager").get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    model = TypeAdapter(route.response_model)
    assert model.dump_json(model.validate_json(answer.content)) == answer.content
