"""Retakes every picture in docs/pictures: ``make pictures``.

The pages are those of a demo started for the purpose; the emails are samples.
"""

import asyncio
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from playwright.async_api import Browser

from notifications.content.rendering import put_together, side_of
from notifications.custom_templates.samples import sample
from notifications.kinds import KINDS
from notifications.words import languages_of
from programmes.vocabulary import Mode
from tests.notifications.browser import browser
from tests.offices import OfficeProcess

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

MAILS: tuple[tuple[str, Mode, int], ...] = (
    ("engagement.welcome", "en", 560),
    ("research.delivered", "cy", 560),
    ("review.opened", "both", 560),
    ("advice.notes", "en", 560),
    ("onboarding.reminder", "cy", 320),
)
"""Kind, language and width in pixels."""

ASKED = "Tessa Quill"
"""She has just been welcomed, so that her emails ask for something at any hour."""

PLAYED_WITHIN = 300.0
"""Seconds that the demo may take to play its story."""

PLAYED = "Everything happened as the story says."
"""What the demo prints once its story has been played and checked."""


async def picture_mails(opened: Browser) -> None:
    """One picture per sample email, as wide as it says."""
    for kind, mode, width in MAILS:
        page = await opened.new_page(viewport={"width": width, "height": 400})
        sides = [
            side_of(kind, asdict(sample(KINDS[kind], language)), language)
            for language in languages_of(mode)
        ]
        await page.set_content(put_together(sides).html)
        await page.screenshot(path=FOLDER / "mails" / f"{kind}.{mode}.png", full_page=True)
        await page.close()


async def picture_pages(opened: Browser) -> None:
    """The board, the mailbox, and one email, of a demo whose story has been played."""
    with demo() as base:
        page = await opened.new_page(viewport={"width": 1280, "height": 1100})
        await page.goto(base)
        await page.screenshot(path=FOLDER / "board.png")
        await page.goto(f"{base}/mailbox")
        await page.screenshot(path=FOLDER / "mailbox.png")
        await page.set_viewport_size({"width": 1000, "height": 1300})
        asked = page.get_by_role("row").filter(has_text=ASKED)
        while not await asked.count():
            await page.get_by_role("link", name="Later emails").click()
        await asked.get_by_role("link").first.click()
        await page.wait_for_load_state("networkidle")
        await page.screenshot(path=FOLDER / "mail.png")
        await page.close()


@contextmanager
def demo() -> Iterator[str]:
    """The address of a demo that has played its story, with a folder and ports of its own."""
    with tempfile.TemporaryDirectory(prefix="milepost-pictures-") as folder:
        office = OfficeProcess(Path(folder) / "var", "demo")
        office.start()
        try:
            office.wait_for(PLAYED, PLAYED_WITHIN)
            yield office.api
            office.end(signal.SIGTERM)
        finally:
            office.close()


async def main() -> None:
    """Take all of them."""
    (FOLDER / "mails").mkdir(parents=True, exist_ok=True)
    async with browser() as opened:
        await picture_mails(opened)
        await picture_pages(opened)


if __name__ == "__main__":
    asyncio.run(main())
