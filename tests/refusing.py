"""A real Temporal server that refuses some requests, as Temporal's Cloud does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from google.protobuf.message import Message
from temporalio.client import ClientConfig, Plugin
from temporalio.service import ConnectConfig, RPCError, RPCStatusCode, ServiceClient

Answer = TypeVar("Answer", bound=Message)

Refused = Callable[[str, str], bool]
"""Whether a request is refused, by its service (such as ``workflow``, ``health``) and its name."""


def health(service: str, rpc: str) -> bool:
    """What the Cloud does to a key of one namespace: health belongs to none."""
    return service == "health"


def set_up(service: str, rpc: str) -> bool:
    """What a server may do to a key that works in a namespace and does not look after it."""
    return service == "operator"


def everything(service: str, rpc: str) -> bool:
    """What it does to a key that has run out, once a connection stands."""
    return rpc != "get_system_info"


@dataclass
class Refusing(Plugin):
    """Give it to ``Client.connect``: what is refused does not reach the server."""

    refused: Refused
    status: RPCStatusCode = RPCStatusCode.PERMISSION_DENIED

    def configure_client(self, config: ClientConfig) -> ClientConfig:
        return config

    async def connect_service_client(
        self, config: ConnectConfig, next: Callable[[ConnectConfig], Awaitable[ServiceClient]]
    ) -> ServiceClient:
        return _RefusingService(await next(config), self)


class _RefusingService(ServiceClient):
    def __init__(self, real: ServiceClient, plugin: Refusing) -> None:
        super().__init__(real.config)
        self._real = real
        self._plugin = plugin

    @property
    def worker_service_client(self) -> Any:
        return self._real.worker_service_client

    def update_rpc_metadata(self, metadata: Mapping[str, str | bytes]) -> None:
        self._real.update_rpc_metadata(metadata)

    def update_api_key(self, api_key: str | None) -> None:
        self._real.update_api_key(api_key)

    async def _rpc_call(
        self,
        rpc: str,
        req: Message,
        resp_type: type[Answer],
        *,
        service: str,
        retry: bool,
        metadata: Mapping[str, str | bytes],
        timeout: timedelta | None,  # noqa: ASYNC109 (the SDK's own)
    ) -> Answer:
        if self._plugin.refused(service, rpc):
            raise RPCError("Request unauthorized.", self._plugin.status, b"")
        return await self._real._rpc_call(
            rpc,
            req,
            resp_type,
            service=service,
            retry=retry,
            metadata=metadata,
            timeout=timeout,
        )
