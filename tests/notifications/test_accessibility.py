"""Every email's HTML in a real browser: axe finds no fault, and a narrow screen shows it all."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from notifications.content.rendering import put_together, side_of
from notifications.custom_templates.samples import edges, sample
from notifications.kinds import KINDS, Kind
from notifications.words import languages_of
from programmes.vocabulary import MODES, Mode
from tests.notifications.browser import browser

# One browser serves them all: a start costs more than most of these tests.
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
NARROW = 320
LONG = "https://office.example.org/go/engagements/eng_" + "q7ab2c4d6e8f" * 8


def html(kind: Kind, mode: Mode, **changed: Any) -> str:
    """An email of that kind with a sample in it."""
    sides = [
        side_of(kind.name, asdict(sample(kind, language)) | changed, language)
        for language in languages_of(mode)
    ]
    return put_together(sides).html


class Outline(HTMLParser):
    """What a page is made of, without its words: tags, styles and languages in their order."""

    SEEN = frozenset({"style", "class", "role", "lang", "dir"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[tuple[object, ...]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        seen = sorted((name, value if name in self.SEEN else "") for name, value in attrs)
        self.parts.append((tag, *seen))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(("/", tag))


def one_of_each_outline(mode: Mode) -> list[Kind]:
    """The kinds whose emails are built differently: axe judges what an email is made of."""
    by_outline = {tuple(Outline(html(kind, mode)).parts): kind for kind in KINDS.values()}
    return list(by_outline.values())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def opened() -> AsyncIterator[Browser]:
    async with browser() as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module")
async def page(opened: Browser) -> AsyncIterator[Page]:
    # Nothing in an email may ask the network for anything.
    context = await opened.new_context(offline=True)
    yield await context.new_page()
    await context.close()


async def flaws(page: Page, kind: Kind, mode: Mode) -> list[tuple[str, ...]]:
    """What axe finds."""
    await page.set_content(html(kind, mode))
    result = await Axe().run(page, options=RULES)
    return [
        (kind.name, mode, one["id"], one["nodes"][0]["html"][:120])
        for one in result.response["violations"]
    ]


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_axe_finds_nothing_in_any_kind_in_both_languages(page: Page, nightly: bool) -> None:
    kinds = list(KINDS.values()) if nightly else one_of_each_outline("both")
    found = [await flaws(page, kind, "both") for kind in kinds]
    assert [one for each in found for one in each] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("mode", MODES)
async def test_axe_finds_nothing_in_each_shape_by_day_and_by_night(
    page: Page, mode: Mode, scheme: Any
) -> None:
    await page.emulate_media(color_scheme=scheme)
    for name in ("engagement.welcome", "advice.notes", "review.opened", "research.delivered"):
        assert await flaws(page, KINDS[name], mode) == []


async def test_nothing_runs_out_of_a_narrow_screen(page: Page) -> None:
    await page.set_viewport_size({"width": NARROW, "height": 640})
    wide = []
    for kind in KINDS.values():
        for mode in MODES:
            await page.set_content(html(kind, mode, link=LONG))
            width = await page.evaluate("document.documentElement.scrollWidth")
            wide += [(kind.name, mode, width)] if width > NARROW else []
    assert wide == []


async def test_headings_begin_with_one_h1_and_leave_out_no_level(page: Page) -> None:
    for kind in KINDS.values():
        for mode in MODES:
            await page.set_content(html(kind, mode))
            levels = await page.evaluate(
                "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => one.tagName)"
            )
            assert levels == (["H1", "H2", "H2"] if mode == "both" else ["H1"])


async def test_every_link_says_where_it_leads_and_each_text_its_language(page: Page) -> None:
    for kind in KINDS.values():
        await page.set_content(html(kind, "both"))
        links = await page.evaluate(
            "[...document.querySelectorAll('a')].map(one => one.textContent.trim())"
        )
        assert all(len(text) > 3 for text in links)
        assert not {"here", "click here", "link", "yma", "cliciwch yma", "dolen"} & {
            text.lower() for text in links
        }
        languages = await page.evaluate(
            "[...document.querySelectorAll('section')].map(one => one.lang)"
        )
        assert languages == ["cy", "en-GB"]
        assert await page.evaluate("document.querySelectorAll('img:not([alt])').length") == 0


async def test_hostile_words_stay_words(page: Page) -> None:
    ran: list[str] = []
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    for kind in KINDS.values():
        for context in edges(kind, "en"):
            await page.set_content(put_together([side_of(kind.name, asdict(context), "en")]).html)
            assert await page.evaluate("document.scripts.length") == 0
    assert ran == []
