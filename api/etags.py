"""Entity tags: a read that has not changed answers 304 and no body."""

from hashlib import sha256

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import MEDIA_TYPE
from notifications.links import CALENDARS

PREFIXES = ("/api/", CALENDARS)


class EntityTags:
    """Tags each successful GET below ``prefixes`` with the hash of its body.

    The tag is weak: it is over the body as it is now, health by the clock included, so a stale
    health is never answered with 304.
    """

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...] = PREFIXES) -> None:
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
        # `no-cache` lets a browser keep it and ask each time whether it is still right.
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
