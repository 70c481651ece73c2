"""What an operator's Prometheus reads from a running office, and what the alerts ask of it."""

import asyncio
import json
import re
import socket
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import uvicorn
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from temporalio.client import Client

from api.main import create_app
from settings import Settings
from storage.database import Database
from temporal.converter import DATA_CONVERTER
from tests.databases import migrated_sqlite
from tests.durability.acts import until_open
from tests.durability.pace import TOUR, quiet_engagement
from tests.durability.processes import WorkerProcess
from tests.durability.server import ATTRIBUTES
from tests.durability.waiting import until
from tests.servers import dev_server
from tests.workflows.office import Office

FOLDER = Path(__file__).parents[1] / "docs" / "monitoring"
OPERATE = FOLDER.with_name("operate.md")

OF_PROMETHEUS = {"up"}
"""What Prometheus itself knows of each place that it scrapes."""


def alerts() -> dict[str, str]:
    """The expression of each alert."""
    groups = YAML(typ="safe").load((FOLDER / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule["expr"] for group in groups for rule in group["rules"]}


def dashboard() -> list[str]:
    """Every expression of the dashboard, with the interval that Grafana would put in."""
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    found = [target["expr"] for panel in panels for target in panel["targets"]]
    return [one.replace("$__rate_interval", "5m") for one in found]


def selectors(node: Any) -> Iterator[promql_parser.VectorSelector]:
    """What an expression asks for, however deep."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
        child = getattr(node, name, None)
        if child is not None:
            yield from selectors(child)
    for child in getattr(node, "args", None) or ():
        yield from selectors(child)


def unanswered(expression: str, scraped: dict[str, list[dict[str, str]]]) -> list[str]:
    """What an expression asks for and no series has: a name, or a label's value."""
    missing = []
    for asked in selectors(promql_parser.parse(expression)):
        if asked.name in OF_PROMETHEUS:
            continue
        equal = {
            one.name: one.value
            for one in asked.matchers.matchers
            if one.op == promql_parser.MatchOp.Equal
        }
        series = scraped.get(str(asked.name), [])
        if not any(equal.items() <= labels.items() for labels in series):
            missing.append(str(asked))
    return missing


def test_the_expressions_are_read_to_their_last_part() -> None:
    quotient = "sum(rate(a_total{x='1'}[5m])) / sum(rate(b_total[5m])) > 0.5"
    assert unanswered(quotient, {"a_total": [{"x": "1"}], "b_total": [{}]}) == []
    assert len(unanswered(quotient, {"a_total": [{"x": "2"}]})) == 2


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


async def scrape(port: int) -> dict[str, list[dict[str, str]]]:
    """Every series at a place: the labels of each, by name."""

    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            return str(answer.read().decode())

    found: dict[str, list[dict[str, str]]] = {}
    for family in text_string_to_metric_families(await asyncio.to_thread(read)):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found


@pytest.mark.dev_server
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_running_office_answers_each_alert_and_the_dashboard(tmp_path: Path) -> None:
    url = migrated_sqlite(tmp_path / "milepost.db")
    of_api, of_worker = free_port(), free_port()
    settings = Settings(
        database_url=url,
        data_dir=tmp_path,
        task_queue=f"watched-{uuid.uuid4().hex}",
        api_metrics=f"127.0.0.1:{of_api}",
    )
    with (
        dev_server(ATTRIBUTES) as address,
        WorkerProcess(
            *(address, url, settings.task_queue, tmp_path),
            environment={"MILEPOST_WORKER_METRICS": f"127.0.0.1:{of_worker}"},
        ),
        socket.create_server(("127.0.0.1", 0)) as listening,
    ):
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        office = Office(client, Database(url), settings)
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            await office.furnish(programme=TOUR)
            engaged = await office.start(quiet_engagement())
            await until_open(engaged, "onboarding")

            async def has_sent() -> bool:
                return bool(await office.mails()) and "milepost_sender_answers_total" in (
                    await scrape(of_worker)
                )

            await until(has_sent, "the welcome has left, and is counted")
            host = f"http://127.0.0.1:{listening.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=host, timeout=60) as visitor:
                await visitor.get("/healthz")
                await visitor.get("/api/v1/engagements/eng_of_a_stranger")
            scraped = {**await scrape(of_api), **await scrape(of_worker)}
        finally:
            server.should_exit = True
            await serving
            await office.database.dispose()
    asked = [*alerts().values(), *dashboard()]
    assert [one for expression in asked for one in unanswered(expression, scraped)] == []
    assert scraped["milepost_engagements"] == [
        {"stage": "onboarding"},
        {"stage": "active"},
        {"stage": "completing"},
    ]
    assert {"method": "GET", "route": "/healthz", "status": "200"} in scraped[
        "milepost_http_requests_total"
    ]
    of_a_stranger = {
        "method": "GET",
        "route": "/api/v1/engagements/{engagement_id}",
        "status": "401",
    }
    assert of_a_stranger in scraped["milepost_http_requests_total"]
    assert undescribed(scraped) == []


def undescribed(scraped: dict[str, list[dict[str, str]]]) -> list[str]:
    """Our own figures that the page for operators leaves out."""
    page = OPERATE.read_text()
    ours = {name for name in scraped if name.startswith("milepost_")}
    plain = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in ours}
    return sorted(name for name in plain if name not in page and f"{name}_total" not in page)


def test_the_page_for_operators_says_what_to_do_about_each_alert() -> None:
    rows = re.findall(r"^\| `(Milepost\w+)` \|", OPERATE.read_text(), re.MULTILINE)
    assert rows == list(alerts())


def test_without_the_setting_nothing_is_measured(tmp_path: Path) -> None:
    quiet = create_app(Settings(data_dir=tmp_path))
    watched = create_app(Settings(data_dir=tmp_path, api_metrics="127.0.0.1:9464"))
    assert len(watched.user_middleware) == len(quiet.user_middleware) + 1
