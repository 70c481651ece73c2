"""Programmes over the API: reading a definition delays no other request."""

import threading
from typing import Any

import httpx
import pytest

from notifications import words as titles
from programmes.loader import load_definition
from services import office
from tests.api.conftest import Caller
from tests.api.office import CARDIFF, PROGRAMME
from tests.programmes.small import SMALL

API = "/api/v1"


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The threads that have read a definition; none is known at first."""
    threads: list[int] = []

    def noted(*given: Any, **named: Any) -> Any:
        threads.append(threading.get_ident())
        return load_definition(*given, **named)

    for module in (office, titles):
        monkeypatch.setattr(module, "load_definition", noted)
    titles.parsed.cache_clear()
    return threads


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("POST", "/programmes", {"content": SMALL, "headers": {"Content-Type": "text/yaml"}}),
        ("POST", "/programmes", {"content": "id: [", "headers": {"Content-Type": "text/yaml"}}),
        ("GET", f"/programmes/{PROGRAMME}", {}),
        ("GET", "/engagements", {}),
        ("GET", f"/engagements/{CARDIFF.engagement}/plan", {}),
        (
            "POST",
            "/engagements",
            {"json": {"member": "mem_2", "programme": PROGRAMME, "start": "2027-01-11"}},
        ),
    ],
)
async def test_reading_a_definition_delays_no_other_request(
    method: str, path: str, options: dict[str, Any], calling: Caller, readers: list[int]
) -> None:
    """It runs beside the event loop, because a long definition takes seconds."""
    answer: httpx.Response = await calling("manager").request(method, API + path, **options)
    assert answer.status_code in {200, 201, 422, 503}, answer.text
    assert readers
    assert threading.get_ident() not in readers
