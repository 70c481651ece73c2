"""The Event Webhook: signed or refused, each event once, in any order, and committed before 2xx."""

import asyncio
import json
import logging
import random
import tempfile
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text
from structlog.testing import capture_logs

from api.webhooks.sendgrid_events import LIMIT, PATH, SIGNATURE, TIMESTAMP
from api.webhooks.signatures import NoKey, public_key
from storage.database import Database
from storage.inbound import strangers_since
from storage.sql import deliveries, events, notifications, provider_events
from tests.api.conftest import application
from tests.api.webhooks.signing import KEY, event, post, signed, written
from tests.databases import migrated_sqlite, opened
from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import postgres_database as postgres_database
from tests.notifications.hearing import furthest
from tests.notifications.office import office
from tests.storage.fixtures import database_url as database_url
from tests.storage.office import NOW


@pytest.fixture
async def client(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with calling(database) as client:
        yield client


def calling(database: Database, **changed: object) -> httpx.AsyncClient:
    app = application(database, **{"sendgrid_webhook_key": KEY, **changed})
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


async def sent(database: Database, id: str = "ntf_1", state: str = "accepted", **of: Any) -> int:
    """A notification in that state with one attempt; the attempt's number."""
    async with database.transaction() as session:
        await session.execute(
            insert(notifications).values(
                id=id,
                engagement_id="eng_1",
                item_id="itm_1",
                sequence=1,
                kind="research.new",
                rung=id,
                task="",
                revision=0,
                recipient_id="con_lead",
                selector="lead",
                text_id=None,
                state=state,
                reason="",
                not_before=None,
                reserved_at=NOW,
                changed_at=NOW,
                round=of.get("round", 0),
                resolution="",
                resolved_at=None,
            )
        )
        outcome = {"claimed": "claimed", "unknown": "unknown"}.get(state, "accepted")
        made = await session.execute(
            insert(deliveries)
            .values(
                notification_id=id,
                sender="sendgrid",
                at=NOW,
                outcome=outcome,
                provider_id="",
                detail="",
                round=0,
            )
            .returning(deliveries.c.id)
        )
        return int(made.scalar_one())


async def state(database: Database, id: str = "ntf_1") -> tuple[str, str]:
    async with database.reading() as session:
        c = notifications.c
        row = (await session.execute(select(c.state, c.reason).where(c.id == id))).one()
    return row.state, row.reason


async def everything(database: Database) -> list[Any]:
    """All that a webhook might change."""
    async with database.reading() as session:
        return [
            [tuple(row) for row in await session.execute(table.select())]
            for table in (notifications, deliveries, provider_events, events)
        ]


class TestWhatEventsDo:
    @pytest.mark.parametrize(
        ("kind", "values", "expected"),
        [
            ("processed", {}, ("accepted", "")),
            ("deferred", {"response": "450 try later"}, ("deferred", "")),
            ("delivered", {}, ("delivered", "")),
            ("bounce", {"status": "5.1.1", "type": "bounce"}, ("bounced", "bounce_5.1.1")),
            ("bounce", {"status": "5.7.1", "type": "blocked"}, ("bounced", "blocked_5.7.1")),
            ("bounce", {"status": "lea@example.org"}, ("bounced", "bounce")),
            ("dropped", {"reason": "Bounced Address"}, ("dropped", "dropped_bounced_address")),
            ("dropped", {"reason": "lea@example.org"}, ("dropped", "dropped_other")),
            ("spamreport", {}, ("complained", "spam_report")),
            ("open", {}, ("accepted", "")),
            ("click", {"url": "https://x"}, ("accepted", "")),
        ],
    )
    async def test_each_kind_of_event_says_its_own(
        self,
        database: Database,
        client: httpx.AsyncClient,
        kind: str,
        values: dict[str, Any],
        expected: tuple[str, str],
    ) -> None:
        await sent(database)
        answer = await post(client, event(kind, **values))
        assert answer.status_code == 200
        assert await state(database) == expected
        assert "example.org" not in str(await everything(database))

    async def test_an_event_settles_an_unknown_outcome_and_its_attempt(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        attempt = await sent(database, state="unknown")
        await post(client, event("processed", attempt=str(attempt)))
        assert await state(database) == ("accepted", "")
        async with database.reading() as session:
            [row] = await session.execute(deliveries.select())
        assert (row.outcome, row.provider_id) == ("accepted", "14c5d75ce93")

    async def test_an_event_may_be_there_before_the_answer(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database, state="claimed")
        await post(client, event("delivered"))
        assert await state(database) == ("delivered", "")

    async def test_repeated_events_change_nothing(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database)
        first = await post(client, event("delivered"), event("delivered"))
        before = await everything(database)
        again = await post(client, event("delivered"))
        assert first.json() == {"taken": 1, "repeated": 1, "unknown": 0, "ignored": 0}
        assert again.json() == {"taken": 0, "repeated": 1, "unknown": 0, "ignored": 0}
        assert await everything(database) == before

    async def test_events_of_emails_that_are_not_ours_are_counted_and_left(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database)
        with capture_logs() as logs:
            answer = await post(
                client,
                event("delivered", of="ntf_of_another_office"),
                {"event": "delivered", "sg_event_id": "x", "email": "a@example.org"},
                event("bounce", "fine", status="5.1.1"),
            )
        assert answer.json() == {"taken": 1, "repeated": 0, "unknown": 1, "ignored": 1}
        assert (await state(database))[0] == "bounced"
        assert [one["event"] for one in logs] == ["reports_of_strangers", "sendgrid_events"]
        async with database.reading() as session:
            assert await strangers_since(session, date(2027, 1, 1)) == 1

    async def test_odd_events_in_a_batch_do_not_keep_the_others_from_it(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database)
        odd: list[Any] = [
            None,
            7,
            [],
            {"event": ["delivered"]},
            event("delivered", "\x00"),
            event("delivered", "a" * 300),
            event("delivered", of="ntf_\udc80"),
            event("delivered", "new", attempt={"a": 1}, timestamp=10**40),
        ]
        answer = await post(client, *odd)
        assert answer.status_code == 200
        assert answer.json() == {"taken": 1, "repeated": 0, "unknown": 0, "ignored": 7}
        assert await state(database) == ("delivered", "")

    async def test_an_old_rounds_events_are_kept_but_say_nothing_of_the_new_one(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        attempt = await sent(database, state="accepted", round=1)
        await post(client, event("bounce", attempt=str(attempt), status="5.1.1"))
        assert await state(database) == ("accepted", "")
        await post(client, event("spamreport", attempt=str(attempt)))
        assert (await state(database))[0] == "complained"

    async def test_a_large_batch_is_taken_whole(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database)
        many = [event("deferred", f"event-{number}") for number in range(2_000)]
        answer = await post(client, *many)
        assert answer.json()["taken"] == 2_000

    async def test_two_batches_at_once_take_each_event_once(self, database: Database) -> None:
        ids = [f"ntf_{number}" for number in range(6)]
        for id in ids:
            await sent(database, id)
        batch = [event(kind, of=id) for id in ids for kind in ("processed", "delivered")]
        turned = random.Random(3).sample(batch, len(batch))
        async with calling(database) as one, calling(database) as other:
            answers = await asyncio.gather(
                post(one, *batch), post(other, *turned), post(one, *batch)
            )
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert sum(answer.json()["taken"] for answer in answers) == len(batch)
        assert {(await state(database, id))[0] for id in ids} == {"delivered"}


class TestAnyOrder:
    @settings(max_examples=20, deadline=None)
    @given(
        heard=st.lists(
            st.sampled_from(["processed", "deferred", "delivered", "bounce", "spamreport", "open"]),
            min_size=1,
            max_size=8,
        ),
        sizes=st.lists(st.integers(1, 4), max_size=4),
    )
    def test_whatever_comes_in_whatever_batches_the_state_is_the_furthest(
        self, heard: list[str], sizes: list[int]
    ) -> None:
        names = {
            "processed": "accepted",
            "bounce": "bounced",
            "spamreport": "complained",
            "deferred": "deferred",
            "delivered": "delivered",
            "open": "-",
        }

        async def play(url: str) -> None:
            async with opened(url) as database:
                async with database.transaction() as session:
                    await office().write(session)
                await sent(database)
                expected, rest = "accepted", [*enumerate(heard)]
                async with calling(database) as client:
                    for size in [*sizes, len(heard)]:
                        some, rest = rest[:size], rest[size:]
                        batch = [
                            event(kind, f"event-{place}", timestamp=int(NOW.timestamp()) + place)
                            for place, kind in some
                        ]
                        assert (await post(client, *batch)).status_code == 200
                        assert (await post(client, *batch)).status_code == 200
                        expected = furthest(expected, [names[kind] for _, kind in some])
                        assert (await state(database))[0] == expected

        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(play(migrated_sqlite(Path(folder) / "milepost.db")))


class TestSignature:
    async def test_what_is_not_signed_is_refused_and_changes_nothing(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database)
        before = await everything(database)
        body = written(event("bounce"))
        good = signed(body)
        raw = b64decode(good[SIGNATURE])
        flipped = b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
        for headers in (
            {},
            {SIGNATURE: good[SIGNATURE]},
            {TIMESTAMP: good[TIMESTAMP]},
            {**good, SIGNATURE: ""},
            {**good, SIGNATURE: "not base64!"},
            {**good, SIGNATURE: flipped},
            {**good, SIGNATURE: "A" * 5_000},
            {**good, TIMESTAMP: str(int(good[TIMESTAMP]) + 1)},
            {**good, TIMESTAMP: "yesterday"},
            {**good, TIMESTAMP: "9" * 30},
            {**good, TIMESTAMP: "-1"},
        ):
            answer = await client.post(PATH, content=body, headers=headers)
            assert answer.status_code == 403, headers
            assert answer.json()["type"] == "/problems/not-signed"
        for other in (body.strip(), body + b" ", b"", body.replace(b"\r\n", b"\n")):
            answer = await client.post(PATH, content=other, headers=good)
            assert answer.status_code == 403
        assert await everything(database) == before

    @pytest.mark.parametrize(
        ("age", "status"),
        [
            (timedelta(hours=23, minutes=59), 200),
            (timedelta(hours=24, minutes=1), 403),
            (timedelta(minutes=-4), 200),
            (timedelta(minutes=-6), 403),
        ],
    )
    async def test_a_day_old_is_taken_and_older_or_of_the_future_is_not(
        self, database: Database, client: httpx.AsyncClient, age: timedelta, status: int
    ) -> None:
        body = written(event("delivered"))
        answer = await client.post(PATH, content=body, headers=signed(body, NOW - age))
        assert answer.status_code == status

    @pytest.mark.parametrize("body", [b"", b"{}", b"[", b"\xff\xfe", b"[" * 100_000, b'"x"'])
    async def test_signed_nonsense_is_refused(self, client: httpx.AsyncClient, body: bytes) -> None:
        answer = await client.post(PATH, content=body, headers=signed(body))
        assert answer.status_code == 422

    async def test_a_batch_that_is_too_large_is_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.post(PATH, content=b" " * (LIMIT + 1))
        assert answer.status_code == 413

    async def test_without_a_key_there_is_no_such_address(self, database: Database) -> None:
        async with calling(database, sendgrid_webhook_key="") as client:
            assert (await post(client, event("bounce"))).status_code == 404

    async def test_with_a_key_that_is_none_everything_is_refused(self, database: Database) -> None:
        async with calling(database, sendgrid_webhook_key="c29tZXRoaW5n") as client:
            assert (await post(client, event("bounce"))).status_code == 403

    def test_only_a_public_key_on_that_curve_is_one(self) -> None:
        assert public_key(f" {KEY[:40]}\n{KEY[40:]} ").curve.name == "secp256r1"
        other = ec.generate_private_key(ec.SECP384R1()).public_key()
        der = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for wrong in ("", "x", "%%%", KEY[:-8], b64encode(der).decode()):
            with pytest.raises(NoKey):
                public_key(wrong)

    async def test_while_the_database_is_away_the_provider_is_asked_to_come_again(self) -> None:
        nowhere = "postgresql+psycopg://office@127.0.0.1:1/office"
        async with opened(nowhere) as away, calling(away) as client:
            answer = await post(client, event("bounce"))
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]

    async def test_a_report_that_breaks_off_in_the_middle_leaves_nothing_and_is_taken_again(
        self, database: Database, client: httpx.AsyncClient
    ) -> None:
        await sent(database)
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE notifications RENAME TO elsewhere"))
        assert (await post(client, event("bounce"))).status_code == 500
        async with database.transaction() as session:
            await session.execute(text("ALTER TABLE elsewhere RENAME TO notifications"))
        assert await state(database) == ("accepted", "")
        assert (await post(client, event("bounce"))).status_code < 300
        assert (await state(database))[0] == "bounced"


class TestLogs:
    async def test_no_log_line_at_any_level_holds_an_address_a_body_or_the_key(
        self, database: Database, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        await sent(database)
        # The driver would log the values of each row: observability keeps it to warnings.
        driver = caplog.at_level(logging.WARNING, "aiosqlite")
        with caplog.at_level(logging.DEBUG), driver, capture_logs() as logs:
            await post(client, event("bounce", reason="550 lea@example.org is unknown"))
            await client.post(PATH, content=written(event("bounce")), headers={SIGNATURE: "x"})
        said = caplog.text + json.dumps(logs)
        assert "sendgrid_events" in said
        for secret in ("example.org", "550 ", KEY, "sg_event_id"):
            assert secret not in said


names = st.sampled_from(["event", "sg_event_id", "notification_id", "attempt", "timestamp", "x"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["delivered", "bounce", "ntf_1", "dropped", "spamreport"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)
bodies = st.binary(max_size=60) | values.map(lambda one: json.dumps(one).encode())
headers = st.fixed_dictionaries(
    {},
    optional={
        SIGNATURE: st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=100),
        TIMESTAMP: st.integers(-(10**12), 10**12).map(str) | st.just(str(int(NOW.timestamp()))),
    },
)


@pytest.mark.slow
def test_no_request_breaks_anything_and_none_that_is_unsigned_changes_anything(
    garbage: int,
) -> None:
    """Of 500 requests (5,000 by night) a third are signed: never a 5xx; unsigned ones never a
    2xx."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        url = migrated_sqlite(Path(folder) / "milepost.db")

        async def play() -> None:
            async with opened(url) as database:
                async with database.transaction() as session:
                    await office().write(session)
                await sent(database)
                async with calling(database) as client:
                    await fuzz(database, client, garbage)

        runner.run(play())


async def fuzz(database: Database, client: httpx.AsyncClient, count: int) -> None:
    """Draw first, then post: Hypothesis runs no coroutines."""
    drawn: list[tuple[bytes, dict[str, str], int]] = []

    @settings(
        max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(body=bodies, given_headers=headers, kind=st.integers(0, 2))
    def draw(body: bytes, given_headers: dict[str, str], kind: int) -> None:
        drawn.append((body, given_headers, kind))

    draw()
    assert len(drawn) >= count * 0.9
    before = await everything(database)
    for body, given_headers, kind in drawn:
        if kind:
            answer = await client.post(PATH, content=body, headers=given_headers)
            assert 400 <= answer.status_code < 500
    assert await everything(database) == before
    for body, _, kind in drawn:
        if not kind:
            answer = await client.post(PATH, content=body, headers=signed(body))
            assert answer.status_code < 500
