"""What wraps every answer: request id, security headers, access log, body limit, entity tags."""

import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from secrets import token_hex

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE, problem_response
from api.webhooks import sendgrid_events
from services.calendar_feeds import CALENDARS
from services.problems import Problem

# Below this path a body may hold a whole email with its attachments.
INBOUND = "/webhooks/sendgrid/inbound/"

END_IN_SECRETS = (INBOUND, CALENDARS, "/unsubscribe/")
"""Paths below these end in a secret, so the log has the prefix alone."""

log = logging.getLogger("milepost.api")
access_log = logging.getLogger("milepost.api.access")

BODY_LIMIT = 256 * 1024
"""Bytes of a body. A long note has 20 KB, a definition 30 KB; documents are links."""

LARGER: Mapping[str, int] = {sendgrid_events.PATH: sendgrid_events.LIMIT}
"""Paths of webhooks, which post larger batches."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Envelope:
    """Gives each request an id, each answer the security headers, and the log one line without
    query, token or body. An unforeseen error is logged under that id, and answered as a
    problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else token_hex(8)
        began = time.perf_counter()
        status, begun = 500, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception:
            log.exception("request %s failed", request_id)
            if begun:
                raise
            await problem_response(Problem("internal"), scope["path"])(
                scope, receive, send_with_headers
            )
        finally:
            access_log.info(
                "%s %s %s %.0f ms %s",
                scope["method"],
                _without_secret(scope["path"]),
                status,
                (time.perf_counter() - began) * 1000,
                request_id,
            )


def _without_secret(path: str) -> str:
    return next((open_part for open_part in END_IN_SECRETS if path.startswith(open_part)), path)


class BodyLimit:
    """Refuses a body above ``limit`` bytes, whether announced or streamed. ``LARGER`` has the
    paths with a higher limit."""

    def __init__(self, app: ASGIApp, limit: int = BODY_LIMIT) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(INBOUND):
            # The inbound route reads a stream, and has a limit of its own.
            await self.app(scope, receive, send)
            return
        limit = max(self.limit, LARGER.get(scope["path"], 0))
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        # The whole body is read before the route runs, so that no route starts on a body that is
        # too long.
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False)
            if size > limit:
                await self._refuse(scope, receive, send, limit)
                return
        await self.app(scope, _replay(b"".join(chunks), receive), send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        # Close the connection, because the rest of the body is never read.
        problem = Problem("too-large", limit=limit)
        answer = problem_response(problem, scope["path"], {"Connection": "close"})
        await answer(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


TAGGED = ("/api/", CALENDARS)


class EntityTags:
    """Tags each successful GET below ``prefixes`` with the hash of its body.

    The body includes the health at that moment, so 304 never stands for an outdated health.
    """

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...] = TAGGED) -> None:
        self.app = app
        self.prefixes = prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reads = scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}
        if not reads or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        chunks: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                await _finish(scope, start, b"".join(chunks), send)

        await self.app(scope, receive, collect)


async def _finish(scope: Scope, start: Message, body: bytes, send: Send) -> None:
    headers = MutableHeaders(scope=start)
    if start["status"] == 200 and headers.get("content-type") != MEDIA_TYPE:
        tag = f'W/"{sha256(body).hexdigest()[:32]}"'
        headers["ETag"] = tag
        # `no-cache` lets a browser keep a copy and check it each time.
        headers["Cache-Control"] = "private, no-cache"
        headers["Vary"] = "Authorization"
        if matches(Headers(scope=scope).get("if-none-match", ""), tag):
            start = {**start, "status": 304}
            del headers["content-length"]
            del headers["content-type"]
            start["headers"] = headers.raw
            body = b""
    await send(start)
    await send({"type": "http.response.body", "body": body})


def matches(wanted: str, tag: str) -> bool:
    """Whether ``If-None-Match: wanted`` names ``tag``, compared weakly (RFC 9110, 13.1.2)."""
    if wanted.strip() == "*":
        return True
    return tag.removeprefix("W/") in {
        one.strip().removeprefix("W/") for one in wanted.split(",") if one.strip()
    }
