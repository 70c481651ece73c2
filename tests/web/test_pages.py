"""The pages: only for the embedded product's own computer, without scripts, readable by all."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from itertools import pairwise

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from storage.database import Database
from storage.sql import engagements
from tests.api.conftest import application
from tests.api.office import CARDIFF
from tests.storage.office import NOW

HERE = ("127.0.0.1", 5555)
ELSEWHERE = ("192.0.2.7", 5555)
PRIVATE = [
    "/",
    "/?health=stuck&q=x",
    "/mailbox",
    "/mailbox/1",
    "/mailbox/1/html",
    "/mailbox/1/invite.ics",
    "/mailbox?waiting=50",
]
PUBLIC = ["/go/engagements/eng_1", "/go/engagements/eng_1/items/itm_1", "/problems/refused"]


def browser(
    app: FastAPI, client: tuple[str, int] = HERE, host: str = "127.0.0.1:8400"
) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=client), base_url=f"http://{host}"
    )


@pytest.fixture
async def here(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(app) as client:
        yield client


class Checked(HTMLParser):
    """Collects what a page must have, and what it must not."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.tags if found == tag]


class TestWhoSees:
    @pytest.mark.parametrize("path", PRIVATE)
    async def test_the_embedded_products_own_computer_does(
        self, path: str, here: httpx.AsyncClient
    ) -> None:
        assert (await here.get(path)).status_code == 200

    @pytest.mark.parametrize("path", PRIVATE)
    async def test_no_other_reader_does(
        self, path: str, app: FastAPI, database: Database, here: httpx.AsyncClient
    ) -> None:
        strangers = [
            browser(app, client=ELSEWHERE),
            browser(app, host="milepost.example.org"),
            browser(application(database, sender="smtp")),
            # Behind a proxy that says nothing of itself, each visitor seems to sit here.
            browser(application(database, public_url="https://milepost.example.org")),
        ]
        for stranger in strangers:
            async with stranger:
                answer = await stranger.get(path)
            assert answer.status_code == 404
            assert "Cardiff" not in answer.text
        for heading in ("X-Forwarded-For", "X-Real-IP"):
            proxied = await here.get(path, headers={heading: "192.0.2.7"})
            assert proxied.status_code == 404

    async def test_a_link_shows_a_stranger_nothing_about_anybody(self, app: FastAPI) -> None:
        async with browser(app, client=ELSEWHERE) as stranger:
            there = await stranger.get(f"/go/engagements/{CARDIFF.engagement}")
            not_there = await stranger.get("/go/engagements/eng_none")
        assert there.status_code == not_there.status_code == 200
        assert there.text.replace("eng_1", "") == not_there.text.replace("eng_none", "")
        assert "Cardiff" not in there.text
        assert "/api/v1/engagements/eng_1" in there.text

    async def test_a_link_with_markup_in_it_is_harmless(self, app: FastAPI) -> None:
        async with browser(app, client=ELSEWHERE) as stranger:
            answer = await stranger.get("/go/engagements/%3Cscript%3E/items/x%22%3E")
        assert "<script" not in answer.text


class TestWhatTheySay:
    async def test_the_board_shows_each_member_with_stage_health_and_why(
        self, here: httpx.AsyncClient
    ) -> None:
        text = (await here.get("/")).text
        for expected in ("Cardiff", "Glasgow", "onboarding", "On track", "sample"):
            assert expected in text

    async def test_one_that_has_ended_says_how_and_when_instead_of_what_is_next(
        self, here: httpx.AsyncClient, database: Database
    ) -> None:
        async with database.transaction() as session:
            ended = update(engagements).where(engagements.c.id == CARDIFF.engagement)
            await session.execute(ended.values(stage="withdrawn", closed_at=NOW))
        assert "Withdrawn on " in (await here.get("/")).text

    async def test_the_mailbox_lists_and_shows_emails_harmlessly(
        self, here: httpx.AsyncClient
    ) -> None:
        listed = (await here.get("/mailbox")).text
        assert "Cardiff has sent a &lt;request&gt;" in listed
        shown = (await here.get("/mailbox/1")).text
        assert "there is a request." in shown
        frame = await here.get("/mailbox/1/html")
        assert frame.text == "<p>Dear Manager, there is a request.</p>"
        assert frame.headers["Content-Security-Policy"].startswith("sandbox;")
        assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "sandbox" in checked(shown).named("iframe")[0]
        for nothing in ("/mailbox/99", "/mailbox/0", "/mailbox/99999999999999999999"):
            assert (await here.get(nothing)).status_code == 404

    async def test_a_link_says_what_is_asked_and_how_to_answer(
        self, here: httpx.AsyncClient
    ) -> None:
        item = CARDIFF.item("review")
        text = (await here.get(f"/go/engagements/{CARDIFF.engagement}/items/{item}")).text
        assert "Send in your review" in text
        assert f"/api/v1/reviews/{item}/submit" in text
        assert 'id="submit"' in text
        whole = (await here.get(f"/go/engagements/{CARDIFF.engagement}")).text
        assert "/onboarding/steps/agreement/complete" in whole
        assert "/actions/act_1/complete" in whole
        assert (await here.get("/go/engagements/eng_none")).status_code == 404


class TestForEverybody:
    @pytest.mark.parametrize("path", [*PRIVATE[:4], *PUBLIC])
    async def test_a_page_works_without_scripts_and_by_keyboard_and_ear(
        self, path: str, app: FastAPI, here: httpx.AsyncClient
    ) -> None:
        async with browser(app, client=ELSEWHERE) as stranger:
            client = here if path in PRIVATE else stranger
            text = (await client.get(path)).text
        page = checked(text)
        assert page.named("html")[0]["lang"] == "en-GB"
        assert not page.named("script")
        assert not any(name.startswith("on") or name == "style" for _, a in page.tags for name in a)
        assert len(page.named("main")) == len(page.named("h1")) == 1
        assert re.search(r"<title>[^<]+ – Milepost</title>", text)
        skip = page.named("a")[0]
        assert skip["href"] == "#main"
        assert page.named("main")[0]["id"] == "main"
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert len(page.named("caption")) == len(page.named("table"))
        assert all("scope" in cell for cell in page.named("th"))
        assert all(frame.get("title") for frame in page.named("iframe"))
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(set(ids)) == len(ids)

    async def test_text_has_a_contrast_of_seven_to_one(self, here: httpx.AsyncClient) -> None:
        css = (await here.get("/milepost.css")).text
        for scheme in re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL):
            colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
            for name in ("text", "quiet", "brand", "stuck", "overdue", "soon", "track"):
                assert contrast(colours[name], colours["paper"]) >= 7, name


def checked(text: str) -> Checked:
    page = Checked()
    page.feed(text)
    return page


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
