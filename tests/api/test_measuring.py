"""The figures of requests do not grow with what callers make up."""

import httpx
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp

from api.metrics import Measuring


def caller(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://office")


async def test_methods_that_a_caller_makes_up_share_one_series() -> None:
    registry = CollectorRegistry()
    async with caller(Measuring(Starlette(), registry)) as visitor:
        for number in range(20):
            await visitor.request(f"LEA{number}", "/healthz")
    (family,) = (one for one in registry.collect() if one.name == "milepost_http_requests")
    counted = [one for one in family.samples if one.name.endswith("_total")]
    assert [(one.labels["method"], one.value) for one in counted] == [("other", 20)]


async def test_addresses_that_a_caller_makes_up_share_one_series() -> None:
    registry = CollectorRegistry()
    async with caller(Measuring(Starlette(), registry)) as visitor:
        for path in ("/lea", "/calendars/guessed.ics", "/api/v1/lea", "/api/v1/members/lea/x"):
            await visitor.get(path)
    (family,) = (one for one in registry.collect() if one.name == "milepost_http_requests")
    counted = [one for one in family.samples if one.name.endswith("_total")]
    assert [(one.labels["route"], one.value) for one in counted] == [("none", 4)]
