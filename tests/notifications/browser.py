"""A real Chromium for the tests that look at emails, and what they look at them with."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """The path of a Chromium on this machine; skips the test where there is none."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on the PATH: apt-get install chromium")
    return found


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless browser, closed at the end."""
    path = chromium()
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield opened
        finally:
            await opened.close()
