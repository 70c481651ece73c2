"""A local SendGrid: its v3 mail endpoint on a real socket, with the faults that the real one has.

What is refused stands in ``sendgrid_rules``, how it misbehaves in ``sendgrid_faults``, what becomes
of an email in ``sendgrid_events``, and how that is told in ``sendgrid_webhook``.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.fakes.http import Answer, Request, read_request, write_answer
from tests.fakes.loopback import listening
from tests.fakes.sendgrid_events import Fates
from tests.fakes.sendgrid_faults import CODES, TAKES, Faults
from tests.fakes.sendgrid_lists import PATH, Lists
from tests.fakes.sendgrid_rules import Refused, refusal
from tests.fakes.sendgrid_webhook import Webhook

KEY = "SG.a-key-for-tests.that-opens-nothing"
RESET_AT = 1799661630
"""When the rate limit of ``fake_sendgrid`` begins anew: in January 2027."""


@dataclass
class FakeSendGrid:
    """What it does next, and what it has seen."""

    faults: Faults = field(default_factory=Faults)
    fates: Fates = field(default_factory=Fates)
    webhook: Webhook | None = None
    key: str = KEY
    limit: int = 600
    """Requests a second, as ``X-RateLimit-Limit`` says; what goes beyond gets 429."""
    requests: list[Request] = field(default_factory=list)
    taken: list[Request] = field(default_factory=list)
    """What it would deliver, whether or not its client heard so."""
    taken_at: list[float] = field(default_factory=list)
    modes: Counter[str] = field(default_factory=Counter)
    """How often it did what: a fault, or the status of its answer."""
    connections: int = 0
    host: str = ""
    lists: Lists = field(default_factory=Lists)

    def __post_init__(self) -> None:
        self.fates.lists = self.lists
        self._window = 0
        self._used = 0

    def plays(self, *modes: str) -> None:
        """Say how the next requests end."""
        self.faults.script.extend(modes)

    def mails(self) -> Counter[str]:
        """How many emails it took for each notification."""
        return Counter(mail.notification_id for mail in self.taken)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with as many requests as the client makes on it."""
        self.connections += 1
        while await self._answer(await read_request(reader), writer):
            pass

    async def _answer(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        if request.path.startswith(PATH):
            await write_answer(writer, self.lists.answer(request, self.key))
            return True
        self.requests.append(request)
        mode = self.faults.next_for(request.notification_id)
        answer = self._judge(request, mode)
        self.modes[mode if mode != "ok" else str(answer.status)] += 1
        if mode in {"hang", "silent"}:
            await asyncio.sleep(self.faults.patience)
        if mode in {"drop", "cut", "hang", "silent"}:
            writer.transport.abort()
            return False
        if mode == "slow":
            await asyncio.sleep(self.faults.slowness)
        await write_answer(writer, answer)
        return True

    def _judge(self, request: Request, mode: str) -> Answer:
        """What comes back; the email is taken on the way, where mode and rules have it so."""
        within_limit, limits = self._count()
        if mode in {"cut", "silent"}:
            return Answer(503, {})
        if mode == "503 wait":
            after = {"Retry-After": str(self.faults.retry_after)}
            return Answer(503, after, Refused(503, (("down", None),)).to_json())
        if mode.isdecimal() and int(mode) in CODES:
            return Answer(int(mode), limits, Refused(int(mode), (("refused", None),)).to_json())
        if mode.startswith("429") or not within_limit:
            return self._too_many(mode, limits)
        wrong = refusal(request, self.key)
        if wrong is not None:
            return Answer(wrong.status, limits, wrong.to_json())
        if request.body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable"):
            return Answer(200, limits)
        assert mode in TAKES
        return Answer(202, {**limits, "X-Message-Id": self._take(request)})

    def _take(self, mail: Request) -> str:
        self.taken.append(mail)
        self.taken_at.append(time.time())
        message_id = f"message-{len(self.taken)}"
        events = self.fates.events(mail, message_id)
        if self.webhook is not None:
            self.webhook.put(events)
        return message_id

    def _count(self) -> tuple[bool, dict[str, str]]:
        """Whether the rate limit has room for one more in this second, and its headers."""
        second = int(time.time())
        if second != self._window:
            self._window, self._used = second, 0
        self._used += 1
        return self._used <= self.limit, {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - self._used, 0)),
            "X-RateLimit-Reset": str(second + 1),
        }

    def _too_many(self, mode: str, limits: dict[str, str]) -> Answer:
        body = Refused(429, (("too many requests", None),)).to_json()
        after = self.faults.retry_after
        reset_at = self.faults.reset_at or int(time.time()) + after
        headers = {
            "429": {"X-RateLimit-Remaining": "0", "Retry-After": str(after)},
            "429 bare": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset_at)},
            "429 mute": {},
        }
        return Answer(429, headers.get(mode, limits), body)


@asynccontextmanager
async def serving(fake: FakeSendGrid, port: int = 0) -> AsyncIterator[FakeSendGrid]:
    """The fake on a port of the loopback address, with its webhook beside it."""
    posting = asyncio.create_task(fake.webhook.run()) if fake.webhook else None
    try:
        async with listening(fake.serve, port) as found:
            fake.host = f"http://127.0.0.1:{found}"
            yield fake
    finally:
        if posting is not None:
            posting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await posting


@asynccontextmanager
async def fake_sendgrid(modes: Iterable[str] = ()) -> AsyncIterator[FakeSendGrid]:
    """A server that plays these modes, one a request, and is well afterwards."""
    fake = FakeSendGrid(Faults(reset_at=RESET_AT))
    fake.plays(*modes)
    async with serving(fake):
        yield fake
