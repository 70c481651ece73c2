"""The fake SendGrid answers, fails and tells as the real one does."""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.fakes.http import Answer, Request, read_request, write_answer
from tests.fakes.loopback import listening
from tests.fakes.sendgrid import KEY, FakeSendGrid, serving
from tests.fakes.sendgrid_events import Fates
from tests.fakes.sendgrid_faults import Faults, parse_faults
from tests.fakes.sendgrid_webhook import SIGNATURE, TIMESTAMP, Manners, Signer, Webhook

AUTHORISED = {"Authorization": f"Bearer {KEY}"}


def mail(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A request that SendGrid takes."""
    return {
        "from": {"email": "office@example.org"},
        "subject": "Reminder",
        "personalizations": [{"to": [{"email": f"lead.{number}@council.example"}]}],
        "content": [{"type": "text/plain", "value": "Hello"}],
        "custom_args": {"notification_id": f"ntf_{number}"},
        **changes,
    }


@asynccontextmanager
async def calling(fake: FakeSendGrid) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serving(fake),
        httpx.AsyncClient(base_url=fake.host, headers=AUTHORISED, timeout=2) as client,
    ):
        yield client


class TestSending:
    async def test_a_sound_email_is_queued_under_an_id_and_the_limit_is_told(self) -> None:
        async with calling(FakeSendGrid()) as client:
            answer = await client.post("/v3/mail/send", json=mail())
        assert (answer.status_code, answer.content) == (202, b"")
        assert answer.headers["X-Message-Id"] == "message-1"
        assert answer.headers["X-RateLimit-Limit"] == "600"
        assert answer.headers["X-RateLimit-Remaining"] == "599"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"from": {}}, "from.email"),
            ({"from": {"email": "not-an-address"}}, "from.email"),
            ({"subject": ""}, "subject"),
            ({"personalizations": []}, "personalizations"),
            ({"personalizations": [{}]}, "personalizations.0.to"),
            ({"personalizations": [{"to": [{"email": "a@b.c"}] * 2}]}, "personalizations.0"),
            ({"content": []}, "content"),
            ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
            (
                {
                    "content": [
                        {"type": "text/html", "value": "x"},
                        {"type": "text/plain", "value": "x"},
                    ]
                },
                "content",
            ),
            ({"custom_args": {"notification_id": 7}}, "custom_args"),
            ({"categories": ["one", "one"]}, "categories"),
            ({"headers": {"Subject": "x"}}, "headers.Subject"),
            ({"attachments": [{"filename": "a.ics", "content": "?"}]}, "attachments.0.content"),
        ],
    )
    async def test_what_is_wrong_is_refused_with_the_field_that_is_wrong(
        self, changes: dict[str, Any], field: str
    ) -> None:
        fake = FakeSendGrid()
        async with calling(fake) as client:
            answer = await client.post("/v3/mail/send", json=mail(**changes))
        assert answer.status_code == 400
        assert field in {error["field"] for error in answer.json()["errors"]}
        assert fake.taken == []

    async def test_a_wrong_key_too_much_and_no_json_have_answers_of_their_own(self) -> None:
        huge = mail(content=[{"type": "text/plain", "value": "x" * (30 * 1024 * 1024)}])
        async with calling(FakeSendGrid()) as client:
            statuses = [
                (await client.post("/v3/mail/send", json=mail(), headers=headers)).status_code
                for headers in ({"Authorization": "Bearer other"}, {"Content-Type": "text/plain"})
            ]
            statuses.append((await client.post("/v3/mail/send", json=huge)).status_code)
            garbage = await client.post(
                "/v3/mail/send", content=b"{", headers={"Content-Type": "application/json"}
            )
            elsewhere = await client.post("/v3/mail", json=mail())
        assert [*statuses, garbage.status_code, elsewhere.status_code] == [401, 415, 413, 400, 404]

    async def test_beyond_its_limit_it_answers_429_and_takes_nothing(self) -> None:
        fake = FakeSendGrid(limit=0)
        async with calling(fake) as client:
            answer = await client.post("/v3/mail/send", json=mail())
        assert answer.status_code == 429
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert "X-RateLimit-Reset" in answer.headers
        assert fake.taken == []


class TestFaults:
    @pytest.mark.parametrize(
        ("mode", "taken"), [("drop", 1), ("cut", 0), ("hang", 1), ("silent", 0)]
    )
    async def test_a_line_that_ends_says_nothing_of_what_was_taken(
        self, mode: str, taken: int
    ) -> None:
        fake = FakeSendGrid(Faults(always=mode, patience=0.1))
        async with calling(fake) as client:
            with pytest.raises(httpx.HTTPError):
                await client.post("/v3/mail/send", json=mail())
        assert len(fake.taken) == taken

    async def test_the_same_seed_has_the_same_faults_and_mercy_after_so_many(self) -> None:
        def seen(seed: int) -> list[str]:
            faults = Faults({"500": 0.4, "drop": 0.2}, seed, most_per_mail=2)
            return [faults.next_for(f"ntf_{n % 5}") for n in range(100)]

        assert seen(3) == seen(3) != seen(4)
        failures = Counter(f"ntf_{n % 5}" for n, mode in enumerate(seen(3)) if mode != "ok")
        assert max(failures.values()) == 2

    def test_faults_are_written_as_shares(self) -> None:
        assert parse_faults("drop=0.1, 429-bare=0.2") == {"drop": 0.1, "429 bare": 0.2}
        for wrong in ("drop", "dropp=0.1", "drop=0.9,500=0.2", "drop=-1"):
            with pytest.raises(ValueError, match=r"."):
                parse_faults(wrong)


class Listener:
    """The receiver of the events: checks each signature, and fails as often as it is asked to."""

    def __init__(self, public_key: str, failures: int = 0) -> None:
        key = load_der_public_key(base64.b64decode(public_key))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        self._key = key
        self._failures = failures
        self.batches: list[list[dict[str, Any]]] = []

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for batch in self.batches for event in batch]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await write_answer(writer, Answer(self._judge(await read_request(reader)), {}))

    def _judge(self, request: Request) -> int:
        signature = base64.b64decode(request.headers.get(SIGNATURE.lower(), ""))
        stamp = request.headers.get(TIMESTAMP.lower(), "")
        try:
            self._key.verify(signature, stamp.encode() + request.raw, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return 400
        if self._failures:
            self._failures -= 1
            return 503
        if abs(int(stamp) - request.body[0]["timestamp"]) > 86_400:
            return 400
        self.batches.append(json.loads(request.raw))
        return 204


async def told(
    listener: Listener, signer: Signer, manners: Manners, fates: Fates, mails: int
) -> Webhook:
    """What a webhook did for so many emails."""
    async with listening(listener.serve) as port:
        webhook = Webhook(f"http://127.0.0.1:{port}/", signer, manners, seed=5)
        async with calling(FakeSendGrid(fates=fates, webhook=webhook)) as client:
            for number in range(mails):
                await client.post("/v3/mail/send", json=mail(number))
            async with asyncio.timeout(100):
                while not webhook.is_idle:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
    return webhook


class TestEvents:
    async def test_each_email_ends_as_its_address_was_told_to_and_brings_our_id_back(self) -> None:
        signer = Signer(1)
        listener = Listener(signer.public_key)
        fates = Fates({"lead.1@council.example": "bounced", "lead.2@council.example": "deferred"})
        await told(listener, signer, Manners(batch=1), fates, 3)
        seen = [(event["notification_id"], event["event"]) for event in listener.events]
        assert sorted(seen) == [
            ("ntf_0", "delivered"),
            ("ntf_0", "processed"),
            ("ntf_1", "bounce"),
            ("ntf_1", "processed"),
            ("ntf_2", "deferred"),
            ("ntf_2", "delivered"),
            ("ntf_2", "processed"),
        ]
        assert fates.met == {"ntf_0": "delivered", "ntf_1": "bounced", "ntf_2": "deferred"}

    async def test_they_come_twice_and_in_any_order_and_again_until_they_are_taken(self) -> None:
        signer = Signer(1)
        listener = Listener(signer.public_key, failures=2)
        manners = Manners(batch=7, twice=1.0, shuffled=True, late=0.1, again_after=0.01)
        webhook = await told(listener, signer, manners, Fates(), 20)
        counts = Counter(event["sg_event_id"] for event in listener.events)
        assert len(counts) == 40
        assert set(counts.values()) == {2}
        order = [event["timestamp"] for event in listener.events]
        assert order != sorted(order)
        assert webhook.answers["events", 503] == 2

    async def test_forged_ones_come_first_and_none_of_them_bears_its_signature(self) -> None:
        signer = Signer(1)
        listener = Listener(signer.public_key)
        webhook = await told(listener, signer, Manners(batch=4, tampered=1.0), Fates(), 10)
        assert {event["event"] for event in listener.events} == {"processed", "delivered"}
        kinds = {kind for kind, _ in webhook.answers}
        assert kinds == {"events", "changed", "unsigned", "stale", "other_key"}
        assert all(status == 400 for kind, status in webhook.answers if kind != "events")


class TestLists:
    async def test_an_address_on_one_gets_no_email_until_it_is_taken_off(self) -> None:
        fake = FakeSendGrid()
        fake.lists.put("lead.1@council.example")
        fake.lists.put("lead.2@council.example", "spam_reports")
        async with calling(fake) as client:
            for number in (1, 2, 3):
                await client.post("/v3/mail/send", json=mail(number))
            assert fake.fates.met == {"ntf_1": "dropped", "ntf_2": "dropped", "ntf_3": "delivered"}
            body = {"emails": ["Lead.1@council.example"]}
            off = await client.request("DELETE", "/v3/suppression/bounces", json=body)
            await client.post("/v3/mail/send", json=mail(1))
        assert off.status_code == 204
        assert fake.fates.met["ntf_1"] == "delivered"

    async def test_it_wants_the_key_with_its_right_and_either_addresses_or_all(self) -> None:
        fake, ask = FakeSendGrid(), ("DELETE", "/v3/suppression/blocks")
        fake.lists.put("a@b.c", "blocks")
        async with calling(fake) as client:
            statuses = [
                (await client.request(*ask, json=body)).status_code
                for body in ({}, {"emails": [], "delete_all": True}, {"emails": ["x@b.c"]})
            ]
            other = await client.request(*ask, headers={"Authorization": "Bearer other"})
            fake.lists.may_change = False
            denied = await client.request(*ask, json={"emails": ["a@b.c"]})
            nowhere = await client.delete("/v3/suppression/nothing")
        assert statuses == [400, 400, 204]
        assert [one.status_code for one in (other, denied, nowhere)] == [401, 403, 404]
        assert fake.lists.hold("a@b.c")
