"""Posts the fake's events as SendGrid does: signed, in batches, again until 2xx; and misbehaves."""

import asyncio
import base64
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
_A_WEEK = 7 * 24 * 3600


class Signer:
    """An ECDSA P-256 key pair; the same seed, the same key."""

    def __init__(self, seed: int = 0) -> None:
        self._key = ec.derive_private_key(2**200 + seed, ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """The public key as SendGrid shows it: base64 of its DER form."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(der).decode()

    def headers(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """The headers of a signed post."""
        stamp = str(int(time.time()) if at is None else at)
        signature = self._key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        return {
            SIGNATURE: base64.b64encode(signature).decode(),
            TIMESTAMP: stamp,
            "Content-Type": "application/json",
        }


def to_body(events: Sequence[dict[str, Any]]) -> bytes:
    """A batch as SendGrid writes it: with line ends, the last one included."""
    return ("[" + ",\r\n".join(json.dumps(event) for event in events) + "]\r\n").encode()


@dataclass(frozen=True)
class Manners:
    """How events are posted."""

    batch: int = 10
    twice: float = 0.0
    """The share of events that come once more, in a later batch."""
    shuffled: bool = False
    late: float = 0.0
    """Seconds by which each event may be held back, at random."""
    tampered: float = 0.0
    """The share of batches before which a forged copy comes, of each kind in turn."""
    tries: int = 40
    """How often a batch is offered; the real one goes on for a day."""
    again_after: float = 0.25


def parse_manners(text: str) -> Manners:
    """``twice,shuffled,late,forged``, any of them. Raises ``ValueError`` with a sentence."""
    asked = {one.strip() for one in text.split(",") if one.strip()}
    known = {"twice", "shuffled", "late", "forged"}
    if asked - known:
        raise ValueError(f"Events come {', '.join(sorted(known))}; not {', '.join(asked - known)}.")
    return Manners(
        twice=0.5 * ("twice" in asked),
        shuffled="shuffled" in asked,
        late=3.0 * ("late" in asked),
        tampered=0.5 * ("forged" in asked),
    )


FORGERIES = ("changed", "unsigned", "stale", "other_key")


@dataclass
class Webhook:
    """A queue of events and the task that posts them: ``run`` it beside the server."""

    url: str
    signer: Signer
    manners: Manners = Manners()
    seed: int = 0
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """What was posted (``events`` or a forgery) and the status that came back."""
    delivered: int = 0
    given_up: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._waiting: list[tuple[float, dict[str, Any]]] = []
        self._came = asyncio.Event()
        self._posting = False
        self._forged = 0

    def put(self, events: Sequence[dict[str, Any]]) -> None:
        """Have these posted."""
        for event in events:
            for _ in range(2 if self._chance.random() < self.manners.twice else 1):
                held_back = self._chance.uniform(0, self.manners.late)
                self._waiting.append((time.monotonic() + held_back, event))
        self._came.set()

    @property
    def is_idle(self) -> bool:
        """Whether everything was posted."""
        return not self._waiting and not self._posting

    async def run(self) -> None:
        """Post until cancelled."""
        async with httpx.AsyncClient(timeout=10) as client:
            while True:
                batch = self._next_batch()
                if batch:
                    await self._deliver(client, batch)
                    self._posting = False
                elif self._waiting:
                    await asyncio.sleep(0.01)
                else:
                    self._came.clear()
                    await self._came.wait()

    def _next_batch(self) -> list[dict[str, Any]]:
        now = time.monotonic()
        ripe = [entry for entry in self._waiting if entry[0] <= now]
        if self.manners.shuffled:
            self._chance.shuffle(ripe)
        chosen = ripe[: self.manners.batch]
        for entry in chosen:
            self._waiting.remove(entry)
        self._posting = bool(chosen)
        return [event for _, event in chosen]

    async def _deliver(self, client: httpx.AsyncClient, batch: list[dict[str, Any]]) -> None:
        if self._chance.random() < self.manners.tampered:
            await self._forge(client, batch)
        body = to_body(batch)
        for _ in range(self.manners.tries):
            if await self._post(client, "events", body, self.signer.headers(body)):
                self.delivered += len(batch)
                return
            await asyncio.sleep(self.manners.again_after)
        self.given_up += len(batch)

    async def _forge(self, client: httpx.AsyncClient, batch: list[dict[str, Any]]) -> None:
        """A copy that says that every email bounced, with a signature that does not fit."""
        kind = FORGERIES[self._forged % len(FORGERIES)]
        self._forged += 1
        lies = [
            {**event, "event": "bounce", "sg_event_id": f"{event['sg_event_id']}-forged"}
            for event in batch
        ]
        body, truth = to_body(lies), to_body(batch)
        headers = {
            "changed": self.signer.headers(truth),
            "unsigned": {"Content-Type": "application/json"},
            "stale": self.signer.headers(body, int(time.time()) - _A_WEEK),
            "other_key": Signer(self.seed + 1_000).headers(body),
        }[kind]
        await self._post(client, kind, body, headers)

    async def _post(
        self, client: httpx.AsyncClient, kind: str, body: bytes, headers: dict[str, str]
    ) -> bool:
        try:
            answer = await client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError:
            self.answers[kind, 0] += 1
            return False
        self.answers[kind, answer.status_code] += 1
        return answer.is_success
