"""SendGrid's answers, and what each means for an email: against a local one, on a real socket."""

import asyncio
import json
import logging
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from notifications.senders.protocol import Accepted, Email, Permanent, Transient, Unknown
from notifications.senders.sendgrid import SendGrid, to_body
from storage.database import Database
from tests.fakes.sendgrid import KEY, FakeSendGrid, fake_sendgrid
from tests.notifications.office import IGN, NOW, Post, record, reminder, task
from tests.storage.fixtures import database_url as database_url

EMAIL = Email(
    notification_id="ntf_1",
    kind="research.reminder",
    to_name='Zoë "Zo" O’Neill, <team>',
    to_email="zoe@example.org",
    from_name="Inclusive Growth Network",
    from_email="office@example.org",
    reply_to="help@example.org",
    subject="Reminder – by Tuesday",
    text="Hello",
    html="<p>Hello</p>",
    programme=IGN,
)


def sender(fake: FakeSendGrid, **options: object) -> SendGrid:
    settings = {"host": fake.host, "timeout": 5.0, "clock": lambda: NOW, **options}
    return SendGrid(SecretStr(KEY), **settings)  # type: ignore[arg-type]


async def outcome(mode: str, **options: object) -> Accepted | Exception:
    """How one hand-over ends."""
    async with fake_sendgrid([mode]) as fake:
        sendgrid = sender(fake, **options)
        try:
            return await sendgrid.send(EMAIL)
        except Exception as error:
            return error
        finally:
            await sendgrid.close()


class TestSend:
    async def test_202_is_the_yes_with_the_providers_id(self) -> None:
        assert await outcome("ok") == Accepted("message-1")

    async def test_the_request_holds_both_parts_our_id_and_no_tracking(self) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake)
            await sendgrid.send(replace(EMAIL, attempt=7))
            await sendgrid.close()
        [request] = fake.taken
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert request.body["custom_args"] == {"notification_id": "ntf_1", "attempt": "7"}
        assert sorted(request.body["categories"]) == [IGN, "research.reminder"]
        assert [part["type"] for part in request.body["content"]] == ["text/plain", "text/html"]
        [person] = request.body["personalizations"]
        assert person == {"to": [{"name": EMAIL.to_name, "email": EMAIL.to_email}]}
        assert request.body["reply_to"] == {"email": "help@example.org"}
        assert request.body["tracking_settings"] == {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
            # An account may have it on: each email would get a link that ends all of them.
            "subscription_tracking": {"enable": False},
        }

    async def test_the_sandbox_says_200_and_sends_nothing(self) -> None:
        assert await outcome("ok", sandbox=True) == Accepted(sends=False)

    async def test_200_outside_the_sandbox_is_no_yes(self) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake, sandbox=True)
            sendgrid._sandbox = False
            body = to_body(EMAIL, sandbox=True)
            answer = await sendgrid._client.post(
                "/v3/mail/send", json=body, headers={"Authorization": f"Bearer {KEY}"}
            )
            with pytest.raises(Unknown):
                sendgrid._judge(answer)
            await sendgrid.close()

    @pytest.mark.parametrize("mode", ["401", "403"])
    async def test_what_concerns_our_key_or_sender_waits_and_the_operator_hears(
        self, mode: str
    ) -> None:
        with capture_logs() as logs:
            error = await outcome(mode)
        assert isinstance(error, Transient)
        assert error.reason == f"sendgrid_{mode}"
        assert [(entry["event"], entry["log_level"]) for entry in logs] == [
            ("sendgrid_refused", "error")
        ]

    async def test_a_sender_address_that_sendgrid_does_not_take_waits_too(self) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake)
            with pytest.raises(Transient, match=r"^sendgrid_from$"):
                await sendgrid.send(replace(EMAIL, from_email="office@here"))
            await sendgrid.close()

    async def test_an_address_of_another_service_waits_too(self) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake, host=f"{fake.host}/elsewhere")
            with pytest.raises(Transient, match=r"^sendgrid_404$"):
                await sendgrid.send(EMAIL)
            await sendgrid.close()

    async def test_white_space_around_the_key_is_no_part_of_it(self) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = SendGrid(SecretStr(f" {KEY}\n"), host=fake.host)
            await sendgrid.send(EMAIL)
            await sendgrid.close()
        assert fake.taken[0].headers["authorization"] == f"Bearer {KEY}"

    @pytest.mark.parametrize("key", ["SG.é", "SG.a\nb"])
    async def test_a_key_that_cannot_be_one_waits(self, key: str) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = SendGrid(SecretStr(key), host=fake.host)
            with pytest.raises(Transient, match=r"^sendgrid_set_up$") as raised:
                await sendgrid.send(EMAIL)
            await sendgrid.close()
        assert raised.value.__cause__ is None

    @pytest.mark.parametrize("host", ["ftp://127.0.0.1", "127.0.0.1:9"])
    async def test_an_address_without_http_waits(self, host: str) -> None:
        sendgrid = SendGrid(SecretStr(KEY), host=host)
        with pytest.raises(Transient, match=r"^sendgrid_set_up$"):
            await sendgrid.send(EMAIL)
        await sendgrid.close()

    @pytest.mark.parametrize("mode", ["400", "413"])
    async def test_a_refusal_is_for_good_and_the_operator_hears(self, mode: str) -> None:
        with capture_logs() as logs:
            error = await outcome(mode)
        assert isinstance(error, Permanent)
        assert error.reason == f"sendgrid_{mode}"
        assert [(entry["event"], entry["log_level"]) for entry in logs] == [
            ("sendgrid_refused", "error")
        ]

    async def test_429_waits_as_long_as_it_is_asked_to(self) -> None:
        error = await outcome("429")
        assert isinstance(error, Transient)
        assert error.retry_after == timedelta(seconds=7)

    async def test_429_without_retry_after_waits_for_the_limit_to_begin_anew(self) -> None:
        reset = datetime.fromtimestamp(1799661630, UTC)
        error = await outcome("429 bare", clock=lambda: reset - timedelta(seconds=30))
        assert isinstance(error, Transient)
        assert error.retry_after == timedelta(seconds=30)

    @pytest.mark.parametrize("mode", ["500", "503"])
    async def test_a_server_in_trouble_may_be_tried_again(self, mode: str) -> None:
        error = await outcome(mode)
        assert isinstance(error, Transient)
        assert error.reason == f"sendgrid_{mode}"

    @pytest.mark.parametrize(
        ("mode", "reason"),
        [("hang", "sendgrid_no_answer"), ("drop", "sendgrid_cut_off"), ("502", "sendgrid_502")],
    )
    async def test_where_it_may_have_the_email_the_result_is_unknown(
        self, mode: str, reason: str
    ) -> None:
        error = await outcome(mode, timeout=0.3)
        assert isinstance(error, Unknown)
        assert error.reason == reason

    async def test_a_server_that_is_not_there_may_be_tried_again(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            sendgrid = SendGrid(SecretStr(KEY), host=f"http://127.0.0.1:{taken.getsockname()[1]}")
            with pytest.raises(Transient, match="sendgrid_unreachable"):
                await sendgrid.send(EMAIL)
            await sendgrid.close()

    async def test_connections_are_used_again(self) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake)
            for _ in range(5):
                await sendgrid.send(EMAIL)
            await sendgrid.close()
        assert fake.connections == 1

    async def test_neither_the_key_nor_the_email_is_logged_at_any_level(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        # By name: a test that configured logging before may have quietened it.
        caplog.set_level(logging.DEBUG, "httpcore")
        with caplog.at_level(logging.DEBUG), capture_logs() as logs:
            for mode in ("ok", "401", "500", "hang", "drop"):
                await outcome(mode, timeout=0.3)
        said = caplog.text + json.dumps(logs)
        assert "httpcore" in said
        for secret in (KEY, "zoe@", "Zoë", "Hello"):
            assert secret not in said

    async def test_errors_hold_no_personal_data_and_no_cause(self) -> None:
        for mode in ("401", "500", "hang", "drop"):
            error = await outcome(mode, timeout=0.3)
            assert isinstance(error, Exception)
            assert error.__cause__ is None
            assert "@" not in str(error)

    async def test_only_events_can_tell_what_became_of_a_cut_off_attempt(self) -> None:
        sendgrid = SendGrid(SecretStr(KEY))
        with pytest.raises(Unknown):
            await sendgrid.recall("ntf_1")
        await sendgrid.close()


class TestWithTheLedger:
    async def test_a_bad_day_at_sendgrid_sends_each_email_at_most_once(
        self, database: Database
    ) -> None:
        post_record = record(1, *(reminder(f"triage/{n}") for n in range(6)), tasks=(task(),))
        async with fake_sendgrid(["ok", "429", "drop", "400", "500", "ok"]) as fake:
            clock = [NOW]
            post = Post(database, sender(fake, clock=lambda: clock[0]))
            await post.write(post_record)
            # The second one is asked to wait, and with it everything else of this process.
            with pytest.raises(Exception, match="5 of 6 emails have to wait: sendgrid_429"):
                await post.deliver(post_record)
            assert len(fake.requests) == 2
            clock[0] += timedelta(seconds=7)
            with pytest.raises(Exception, match="1 of 6 emails have to wait"):
                await post.deliver(post_record)
            await post.deliver(post_record)
            await post.sender.close()
        ids = [request.notification_id for request in fake.taken]
        # Two at once, one that was cut off, two that had to wait; one was refused for good.
        assert len(ids) == len(set(ids)) == 5
        assert sorted(await post.outcomes()) == [
            *("accepted",) * 4,
            *("permanent",) * 1,
            *("transient",) * 6,
            "unknown",
        ]

    async def test_the_sandbox_leaves_it_withheld_for_it_was_not_sent(
        self, database: Database
    ) -> None:
        only = record(1, reminder(), tasks=(task(),))
        async with fake_sendgrid() as fake:
            post = Post(database, sender(fake, sandbox=True))
            await post.write(only)
            await post.deliver(only)
            await post.sender.close()
        assert fake.taken == []
        assert await post.states() == {
            ("research.reminder", "per_manager"): ("withheld", "sandbox")
        }


class TestTheRateLimit:
    async def test_when_it_is_used_up_nothing_is_posted_until_it_begins_anew(self) -> None:
        reset = datetime.fromtimestamp(1799661630, UTC)
        clock = [reset - timedelta(seconds=30)]
        async with fake_sendgrid(["429 bare"]) as fake:
            sendgrid = sender(fake, clock=lambda: clock[0])
            with pytest.raises(Transient):
                await sendgrid.send(EMAIL)
            clock[0] += timedelta(seconds=20)
            with pytest.raises(Transient) as raised:
                await sendgrid.send(EMAIL)
            assert raised.value.retry_after == timedelta(seconds=10)
            assert len(fake.requests) == 1
            clock[0] += timedelta(seconds=9.9)
            # The last tenth of a second is waited for.
            await sendgrid.send(EMAIL)
            await sendgrid.close()
        assert len(fake.taken) == 1

    async def test_a_longer_pause_that_begins_meanwhile_is_kept(self) -> None:
        begin = datetime.now(UTC)
        now = [begin]
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake, clock=lambda: now[0])
            sendgrid._paused_until = begin + timedelta(seconds=0.2)
            waiting = asyncio.create_task(sendgrid.send(EMAIL))
            await asyncio.sleep(0)
            later = begin + timedelta(minutes=1)
            sendgrid._heed(httpx.Response(429, headers={"Retry-After": "60"}))
            assert sendgrid._paused_until == later
            with pytest.raises(Transient) as raised:
                await waiting
            assert raised.value.retry_after == timedelta(minutes=1)
            assert sendgrid._paused_until == later
            await sendgrid.close()
        assert fake.taken == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"X-RateLimit-Reset": "1767225600000"},
            {"X-RateLimit-Reset": "9" * 30},
            {"Retry-After": "9" * 30},
            {"Retry-After": "9" * 5000},
            {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
        ],
    )
    async def test_a_time_beyond_all_reason_is_the_longest_pause_and_no_breakdown(
        self, headers: dict[str, str]
    ) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake)
            answer = httpx.Response(202, headers={"X-RateLimit-Remaining": "0", **headers})
            sendgrid._heed(answer)
            assert sendgrid._judge(answer) == Accepted("")
            assert sendgrid._paused_until == NOW + timedelta(minutes=15)
            await sendgrid.close()

    @pytest.mark.parametrize("after", ["soon", "-5", "Mon, 99 Foo 2027 00:00:00 GMT"])
    async def test_a_time_that_is_none_is_no_pause(self, after: str) -> None:
        async with fake_sendgrid() as fake:
            sendgrid = sender(fake)
            sendgrid._heed(httpx.Response(429, headers={"Retry-After": after}))
            assert sendgrid._paused_until is None
            await sendgrid.close()
