"""Takes the pictures of emails in docs/pictures/mails: ``python -m tools.picture_mails``."""

import asyncio
from dataclasses import asdict
from pathlib import Path

from notifications.content.rendering import put_together, side_of
from notifications.custom_templates.samples import sample
from notifications.kinds import KINDS
from notifications.languages import Mode, languages_of
from tests.notifications.browser import browser

FOLDER = Path(__file__).parents[1] / "docs" / "pictures" / "mails"
PICTURES: tuple[tuple[str, Mode, int], ...] = (
    ("engagement.welcome", "en", 560),
    ("research.delivered", "cy", 560),
    ("review.opened", "both", 560),
    ("advice.notes", "en", 560),
    ("onboarding.reminder", "cy", 320),
)


async def main() -> None:
    """One picture an email, of samples, as wide as it says."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with browser() as opened:
        for kind, mode, width in PICTURES:
            page = await opened.new_page(viewport={"width": width, "height": 400})
            sides = [
                side_of(kind, asdict(sample(KINDS[kind], language)), language)
                for language in languages_of(mode)
            ]
            await page.set_content(put_together(sides).html)
            await page.screenshot(path=FOLDER / f"{kind}.{mode}.png", full_page=True)
            await page.close()


if __name__ == "__main__":
    asyncio.run(main())
