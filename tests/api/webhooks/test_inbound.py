"""The inbound endpoint: shut without its secret, never broken, told also when Temporal was away."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from api.webhooks import form
from notifications.delivery.reserving import reserve
from notifications.inbound.address import ReplyAddresses
from programmes.facts import Notice
from storage.database import Database
from storage.sql import events, inbound_messages, notifications, texts
from tests.api.conftest import Caller, application
from tests.api.office import CARDIFF, GLASGOW, item_record
from tests.storage.office import NOW

SECRET = "a-long-secret-that-only-the-provider-knows"
DOMAIN = "replies.example.org"
PATH = f"/webhooks/sendgrid/inbound/{SECRET}"
LENA = "con_lead@example.org"
TABLES = (inbound_messages, events, notifications)


@pytest.fixture
def app(database: Database) -> FastAPI:
    return application(database, inbound_secret=SECRET, inbound_domain=DOMAIN)


@pytest.fixture
async def provider(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The provider, as it calls."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver"
    ) as client:
        yield client


@pytest.fixture
async def address(database: Database) -> str:
    """Where Cardiff's lead answers an email about the review."""
    notice = Notice("review.opened", ("lead",), rung="#1", task="submit", revision=1)
    record = item_record(CARDIFF, "review", "preparing", "submit", "lead", {})
    async with database.transaction() as session:
        await reserve(session, replace(record, notices=(notice,)), NOW)
        asked = select(notifications.c.id).where(notifications.c.kind == "review.opened")
        [id] = (await session.execute(asked)).scalars()
    return ReplyAddresses(SECRET, DOMAIN).address(id)


def email(to: str, **fields: str) -> dict[str, str]:
    return {
        "headers": "Message-ID: <1@mail.example.org>\r\nSubject: Re: Interim\r\n",
        "from": f"Lena <{LENA}>",
        "to": to,
        "text": "It is nearly done.",
        "dkim": "{@example.org : pass}",
        **fields,
    }


async def post(client: httpx.AsyncClient, fields: dict[str, str], **more: Any) -> httpx.Response:
    """Post a form as the provider does."""
    files = {name: (None, value) for name, value in fields.items()}
    return await client.post(PATH, files={**files, **more})


async def counts(database: Database) -> list[int]:
    async with database.reading() as session:
        return [
            (await session.execute(select(func.count()).select_from(table))).scalar_one()
            for table in TABLES
        ]


class TestWhoMayPost:
    @pytest.mark.parametrize(
        "path", [PATH[:-1], f"{PATH}x", "/webhooks/sendgrid/inbound/", f"{PATH}/", PATH.upper()]
    )
    async def test_a_caller_without_the_secret_is_refused(
        self, path: str, provider: httpx.AsyncClient, database: Database, address: str
    ) -> None:
        before = await counts(database)
        files = {name: (None, value) for name, value in email(address).items()}
        assert (await provider.post(path, files=files)).status_code in (404, 307)
        assert await counts(database) == before

    @pytest.mark.parametrize(
        "given", [{}, {"inbound_secret": SECRET}, {"inbound_domain": DOMAIN}], ids=str
    )
    async def test_every_caller_is_refused_while_it_is_not_set_up(
        self, given: dict[str, str], database: Database
    ) -> None:
        app = application(database, **given)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://testserver"
        ) as client:
            for path in (PATH, "/webhooks/sendgrid/inbound/"):
                assert (await client.post(path, files={"text": (None, "x")})).status_code == 404

    async def test_the_secret_is_in_no_log(
        self, provider: httpx.AsyncClient, address: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            await post(provider, email(address))
        ours = [one for one in caplog.records if not one.name.startswith(("httpx", "aiosqlite"))]
        assert ours
        whole = " ".join(one.getMessage() for one in ours)
        assert SECRET not in whole
        assert "nearly done" not in whole
        assert "@" not in whole


class TestAnAnswer:
    async def test_is_on_the_timeline_of_what_it_answers(
        self, provider: httpx.AsyncClient, address: str, calling: Caller
    ) -> None:
        answer = await post(provider, email(address))
        assert (answer.status_code, answer.json()["state"]) == (200, "taken")
        path = f"/api/v1/engagements/{CARDIFF.engagement}/timeline"
        for role in ("manager", "member", "researcher"):
            shown = (await calling(role).get(path)).json()["items"]
            [fact] = [one for one in shown if one["kind"] == "reply.received" and not one["state"]]
            assert fact["text"] == "It is nearly done."
            assert fact["item"] == CARDIFF.item("review")
            assert fact["sentence"].endswith("replied by email.")
        shown = (await calling("viewer").get(path)).json()["items"]
        assert "nearly done" not in str(shown)

    async def test_twice_is_one(
        self, provider: httpx.AsyncClient, address: str, database: Database
    ) -> None:
        await post(provider, email(address))
        before = await counts(database)
        again = await post(provider, email(address))
        assert (again.status_code, again.json()["state"]) == (200, "repeated")
        assert await counts(database) == before

    async def test_from_an_unknown_sender_is_read_by_the_manager_alone(
        self, provider: httpx.AsyncClient, address: str, calling: Caller
    ) -> None:
        answer = await post(provider, email(address, **{"from": "evil@example.com"}))
        assert answer.json()["state"] == "unverified"
        path = f"/api/v1/engagements/{CARDIFF.engagement}/timeline"
        assert "nearly done" in (await calling("manager").get(path)).text
        for role in ("member", "researcher", "adviser", "viewer"):
            text = (await calling(role).get(path)).text
            assert "reply.unverified" in text
            assert "nearly done" not in text

    async def test_of_the_office_is_no_letter_to_the_member(
        self, provider: httpx.AsyncClient, address: str, calling: Caller
    ) -> None:
        await post(provider, email(address, **{"from": "per_manager@example.org"}))
        path = f"/api/v1/engagements/{CARDIFF.engagement}/timeline"
        assert "nearly done" in (await calling("adviser").get(path)).text
        assert "nearly done" not in (await calling("member").get(path)).text

    async def test_in_its_raw_form_is_taken_as_well(
        self, provider: httpx.AsyncClient, address: str, database: Database
    ) -> None:
        message = EmailMessage()
        message["Message-ID"] = "<raw@mail.example.org>"
        message.set_content("It is nearly done, Siân says.")
        message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="a.pdf")
        fields = email(address)
        raw = {name: fields[name] for name in ("from", "to", "dkim")}
        answer = await post(provider, {**raw, "email": message.as_string()})
        assert answer.json()["state"] == "taken"
        async with database.reading() as session:
            [kept] = await session.execute(select(inbound_messages))
            said = await session.execute(select(texts.c.body).where(texts.c.id == kept.text_id))
        assert (kept.attachments, said.scalar_one()) == (1, "It is nearly done, Siân says.")

    async def test_of_another_members_contact_is_not_believed(
        self, provider: httpx.AsyncClient, address: str
    ) -> None:
        answer = await post(provider, email(address, **{"from": f"{GLASGOW.contact}@example.org"}))
        assert answer.json() == {"state": "unverified", "reason": "unknown_sender"}

    async def test_with_files_of_many_megabytes_leaves_them_out(
        self, provider: httpx.AsyncClient, address: str, database: Database
    ) -> None:
        big = ("plan.pdf", b"%PDF" * 2_000_000, "application/pdf")
        answer = await post(provider, email(address, attachments="1"), attachment1=big)
        assert answer.json()["state"] == "taken"
        async with database.reading() as session:
            query = select(inbound_messages.c.attachments)
            assert (await session.execute(query)).scalar_one() == 1


class TestWhatIsNeverTaken:
    async def test_is_answered_with_200_and_kept_with_its_reason(
        self, provider: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert (await provider.post(PATH, content=b"x")).json()["reason"] == "not_a_form"
        assert (await post(provider, {"text": "x"})).json()["reason"] == "no_address"
        monkeypatch.setattr(form, "MOST_BYTES", 100)
        assert (await post(provider, {"text": "x" * 200})).json()["reason"] == "too_large"
        async with database.reading() as session:
            rows = await session.execute(select(inbound_messages.c.reason))
            assert sorted(rows.scalars()) == ["no_address", "not_a_form", "too_large"]

    async def test_a_database_that_is_away_is_the_one_reason_to_ask_again(
        self, address: str
    ) -> None:
        away = Database("postgresql+psycopg://milepost@127.0.0.1:1/none?connect_timeout=2")
        app = application(away, inbound_secret=SECRET, inbound_domain=DOMAIN)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://testserver"
        ) as client:
            assert (await post(client, email(address))).status_code >= 500
        await away.dispose()


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
FIELDS = st.dictionaries(
    st.sampled_from(
        [
            *("headers", "from", "to", "text", "html", "envelope", "charsets", "attachments"),
            *("SPF", "dkim", "attachment-info", "email", "subject"),
        ]
    ),
    st.one_of(ANY, st.sampled_from(["{}", "[]", '{"to": 1}', "<p>", "\x00", "999999999999"])),
)


MIME = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Content-Type: multipart/mixed; boundary=b",
                "Content-Type: text/html; charset=no-such",
                "Content-Transfer-Encoding: base64",
                "Auto-Submitted: auto-replied",
                "--b",
                "--b--",
                "",
            ]
        ),
        st.text(st.characters(max_codepoint=255), max_size=20),
    ),
    max_size=10,
).map("\n".join)

FORMS = st.builds(
    lambda fields, mime: (fields if mime is None else {**fields, "email": mime}) or {"x": ""},
    FIELDS,
    st.none() | MIME,
)


class TestGarbage:
    """Forms without the secret, forms with it, and bytes that are no form, each drawn anew: 500,
    and 5,000 by night."""

    @pytest.mark.slow
    async def test_never_breaks_it_and_changes_nothing_but_its_own_table(
        self, app: FastAPI, database: Database, address: str, garbage: int
    ) -> None:
        strange: list[dict[str, str]] = []
        known: list[dict[str, str]] = []
        raw: list[bytes] = []

        @settings(
            max_examples=garbage,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        )
        @given(
            case=st.one_of(
                st.tuples(st.just(strange), FORMS),
                st.tuples(st.just(known), FORMS),
                st.tuples(st.just(raw), st.binary(max_size=200)),
            ),
            ours=st.booleans(),
        )
        def draw(case: tuple[list[Any], Any], ours: bool) -> None:
            drawn, content = case
            if ours and isinstance(content, dict):
                # A real address, but from a machine: read as far as anything is, and never taken.
                content = {**content, "to": address, "headers": "Auto-Submitted: auto-replied\n"}
                content.pop("envelope", None)
            drawn.append(content)

        draw()
        assert len(strange) + len(known) + len(raw) >= garbage * 0.9
        assert min(len(strange), len(known), len(raw)) >= garbage * 0.1
        before = await counts(database)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            for fields in strange:
                files = {name: (None, value) for name, value in fields.items()}
                assert (await client.post(PATH[:-2], files=files)).status_code == 404
            assert await counts(database) == before
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            for fields in known:
                assert (await post(client, fields)).status_code == 200
            for content in raw:
                assert (await client.post(PATH, content=content, headers=kind)).status_code == 200
        assert (await counts(database))[1:] == before[1:]
