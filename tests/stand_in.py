"""A server that stands in for Temporal's dev server where the clock is set (``tests.clock``).

It is the time-skipping server, moved to the clock of this process once. Nothing unlocks its time
after that, so it runs at the pace of real time. It knows no schedules and lists no workflows.
"""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from google.protobuf.empty_pb2 import Empty
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.client import Client

from embedded.programs import provide_test_server
from embedded.temporal_server import NAMESPACE, dies_with_this_process

STARTS_WITHIN_SECONDS = 90.0


@contextmanager
def standing_in(search_attributes: Mapping[str, str]) -> Iterator[str]:
    """The address of one that is ready."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    process = subprocess.Popen(
        [str(provide_test_server(os.environ).location), str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=dies_with_this_process(signal.SIGKILL),
    )
    try:
        # The caller may be within a running loop.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, _make_ready(address, search_attributes)).result()
        yield address
    finally:
        process.kill()
        process.wait()


async def add_search_attributes(client: Client, kinds: Mapping[str, str]) -> None:
    """Make them known to a server: each by its name, with its kind, such as ``KeywordList``."""
    if kinds:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(
                namespace=NAMESPACE,
                search_attributes={name: _indexed(kind) for name, kind in kinds.items()},
            )
        )


def _indexed(kind: str) -> IndexedValueType.ValueType:
    """`KeywordList` → INDEXED_VALUE_TYPE_KEYWORD_LIST"""
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in kind).upper()
    return IndexedValueType.Value(f"INDEXED_VALUE_TYPE{words}")


async def _make_ready(address: str, search_attributes: Mapping[str, str]) -> None:
    client = await _connected(address)
    await add_search_attributes(client, search_attributes)
    told = await client.test_service.get_current_time(Empty())
    ahead = datetime.now(UTC) - told.time.ToDatetime(UTC)
    if ahead < timedelta():
        raise AssertionError("--today has passed, and a server's time only goes forward")
    asleep = SleepRequest()
    asleep.duration.FromTimedelta(ahead)
    await client.test_service.unlock_time_skipping_with_sleep(asleep)


async def _connected(address: str) -> Client:
    async with asyncio.timeout(STARTS_WITHIN_SECONDS):
        while True:
            try:
                return await Client.connect(address)
            except RuntimeError:
                await asyncio.sleep(0.05)
