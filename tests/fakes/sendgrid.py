"""A local SendGrid: its v3 mail endpoint on a real socket, with the faults that the real one has.

Each answer follows ``script``, one mode a request, and then ``ok``:

* ``ok``: 202 with ``X-Message-Id``; 200 in sandbox mode, as the real one does
* ``429``: rate limited, with ``Retry-After``; ``429 bare``: only with ``X-RateLimit-Reset``
* ``400``, ``401``, ``403``, ``413``, ``500``, ``502``, ``503``: those answers
* ``hang``: takes the email and never answers
* ``drop``: takes the email and cuts the line
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from tests.fakes.loopback import listening

KEY = "SG.a-key-for-tests.that-opens-nothing"

_ERRORS: dict[str, tuple[int, dict[str, str]]] = {
    "429": (429, {"Retry-After": "7", "X-RateLimit-Remaining": "0"}),
    "429 bare": (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1799661630"}),
    **{str(code): (code, {}) for code in (400, 401, 403, 413, 500, 502, 503)},
}


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: dict[str, Any]

    @property
    def notification_id(self) -> str:
        """Our id, as events would bring it back."""
        return str(self.body["custom_args"]["notification_id"])


@dataclass
class FakeSendGrid:
    """What it does next, and what it has seen."""

    script: deque[str] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    """What it would deliver, whether or not its client heard so."""
    connections: int = 0
    host: str = ""

    def plays(self, *modes: str) -> None:
        """Say how the next requests end."""
        self.script.extend(modes)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with as many requests as the client makes on it."""
        self.connections += 1
        while await self._answer(await _read(reader), writer):
            pass

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        self.requests.append(request)
        mode = self.script.popleft() if self.script else "ok"
        if mode in _ERRORS:
            status, headers = _ERRORS[mode]
        else:
            status, headers = self._take(request)
        if mode == "hang":
            await asyncio.Event().wait()
        if mode == "drop":
            writer.transport.abort()
            return False
        problem = {"errors": [{"message": "refused", "field": None, "help": None}]}
        body = b"" if status < 300 else json.dumps(problem).encode()
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()
        return True

    def _take(self, request: Request) -> tuple[int, dict[str, str]]:
        """Do what the real one does with a sound request."""
        if request.headers.get("authorization") != f"Bearer {KEY}":
            return 401, {}
        if (request.method, request.path) != ("POST", "/v3/mail/send"):
            return 404, {}
        wanted = {"from", "subject", "personalizations", "content"}
        if not wanted <= set(request.body):
            return 400, {}
        if request.body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return 200, {}
        self.taken.append(request)
        return 202, {"X-Message-Id": f"message-{len(self.taken)}"}


@asynccontextmanager
async def fake_sendgrid(modes: Iterable[str] = ()) -> AsyncIterator[FakeSendGrid]:
    """A server on a free port of the loopback address."""
    fake = FakeSendGrid()
    fake.plays(*modes)
    async with listening(fake.serve) as port:
        fake.host = f"http://127.0.0.1:{port}"
        yield fake


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ", 2)
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, json.loads(body or b"{}"))
