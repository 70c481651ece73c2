"""The servers of the workflow tests."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.servers import time_skipping
from workflows.ids import SEARCH_ATTRIBUTES

ATTRIBUTES = {one.name: "Keyword" for one in SEARCH_ATTRIBUTES}


@pytest.fixture
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server of the test's own."""
    async with time_skipping(ATTRIBUTES) as running:
        yield running
