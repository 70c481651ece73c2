"""The way to Temporal: connected when first needed, and again after the server was away."""

import asyncio
from pathlib import Path

import pytest

from embedded.temporal_server import DevServer
from temporal.connection import LazyTemporal, TemporalDown
from tests.api.conftest import NOWHERE
from tests.refusing import Refusing, everything, health
from tests.servers import dev_server, temporal_cli


async def test_a_server_that_is_not_there_is_down_at_once() -> None:
    async with asyncio.timeout(60):
        with pytest.raises(TemporalDown):
            await LazyTemporal(NOWHERE).client()


@pytest.mark.dev_server
async def test_a_server_that_comes_back_is_found_again(tmp_path: Path) -> None:
    first = DevServer(temporal_cli(), database=tmp_path / "temporal.db")
    await asyncio.to_thread(first.__enter__)
    port = int(first.address.rpartition(":")[2])
    temporal = LazyTemporal({"target_host": first.address})
    client = await temporal.client()
    assert await temporal.client() is client
    await asyncio.to_thread(first.stop)
    with pytest.raises(TemporalDown):
        await temporal.client()
    second = DevServer(temporal_cli(), port=port, database=tmp_path / "temporal.db")
    await asyncio.to_thread(second.__enter__)
    try:
        async with asyncio.timeout(100):
            while not await reached(temporal):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert await temporal.client() is client
    finally:
        await asyncio.to_thread(second.stop)


@pytest.mark.dev_server
async def test_a_key_of_one_namespace_need_not_ask_after_the_servers_health() -> None:
    with dev_server() as address:
        options = {"target_host": address, "plugins": [Refusing(health)]}
        temporal = LazyTemporal(options)
        for _ in range(2):
            assert (await temporal.client()).namespace == "default"


@pytest.mark.dev_server
async def test_a_server_that_refuses_us_is_as_good_as_down() -> None:
    with dev_server() as address:
        refused = LazyTemporal({"target_host": address, "plugins": [Refusing(everything)]})
        nowhere = LazyTemporal({"target_host": address, "namespace": "nowhere"})
        for temporal in (refused, nowhere):
            with pytest.raises(TemporalDown):
                await temporal.client()


async def reached(temporal: LazyTemporal) -> bool:
    try:
        await temporal.client()
    except TemporalDown:
        return False
    return True
