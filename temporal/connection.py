"""Connects to Temporal when first needed, so that reads work while it is down."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from temporal.converter import DATA_CONVERTER

CONNECT_TIMEOUT = timedelta(seconds=3)
"""How long a command waits for a connection before it says that Temporal is down."""


class TemporalDown(Exception):
    """Temporal cannot be reached now."""


class Temporal(Protocol):
    """Gives a client whose server answers."""

    async def client(self) -> Client:
        """A client whose server answered just now. Raises ``TemporalDown``."""
        ...


@dataclass
class LazyTemporal:
    """Connects at the first command; later ones share the connection.

    ``overrides`` go on top of what ``TEMPORAL_*`` and the SDK's configuration file say.
    """

    overrides: Mapping[str, Any] = field(default_factory=dict)
    _client: Client | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def client(self) -> Client:
        """A client whose server answered just now. Raises ``TemporalDown``."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT.total_seconds()):
                async with self._lock:
                    if self._client is None:
                        self._client = await connect(**self.overrides)
                await require_answer(self._client)
                return self._client
        except (TimeoutError, RPCError, RuntimeError, OSError) as error:
            raise TemporalDown from error


async def require_answer(client: Client) -> None:
    """Ask the server about the client's namespace. Raises ``RPCError``.

    The health check has no namespace, so Temporal Cloud refuses it to a namespace's API key.
    """
    await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=client.namespace), timeout=CONNECT_TIMEOUT
    )


async def connect(**overrides: Any) -> Client:
    """Connect as the ``TEMPORAL_*`` settings say, or to the local default."""
    options: dict[str, Any] = {"target_host": "localhost:7233", "data_converter": DATA_CONVERTER}
    options.update(ClientConfig.load_client_connect_config())
    options.update(overrides)
    return await Client.connect(options.pop("target_host"), **options)
