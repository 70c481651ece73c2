"""Just enough HTTP/1.1 for a fake: one request read from a stream, one answer written to it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    raw: bytes

    @cached_property
    def body(self) -> Any:
        """What the JSON says. Raises ``ValueError`` where it is none."""
        return json.loads(self.raw)

    @property
    def notification_id(self) -> str:
        """Our id, as events would bring it back; empty where there is none."""
        try:
            return str(self.body["custom_args"]["notification_id"])
        except (ValueError, KeyError, TypeError):
            return ""


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


async def read_request(reader: asyncio.StreamReader) -> Request:
    """The next request of a connection. Raises ``IncompleteReadError`` at its end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = int(headers.get("content-length", "0"))
    return Request(method, path, headers, await reader.readexactly(length))


async def write_answer(writer: asyncio.StreamWriter, answer: Answer) -> None:
    """Send an answer, and keep the connection."""
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        f"Content-Length: {len(answer.body)}",
    ]
    writer.write("\r\n".join([*lines, "", ""]).encode() + answer.body)
    await writer.drain()
