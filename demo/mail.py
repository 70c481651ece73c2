"""Watches the mailbox: shows each email as it arrives, and waits for expected ones."""

import asyncio
import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo.office_client import OfficeClient, Refused, until

LOOK_EVERY_SECONDS = 0.4
PAGE = 100


@dataclass(frozen=True)
class Seen:
    """An email that has arrived."""

    id: int
    kind: str
    to_name: str
    to_email: str
    subject: str
    at: datetime


class Watch:
    """Reads the emails that arrive after it starts, with a manager's token."""

    def __init__(self, office: OfficeClient, who: str, arrived: Callable[[Seen], None]) -> None:
        self._office = office
        self._who = who
        self._arrived = arrived
        self._last = 0
        self.seen: list[Seen] = []

    async def begin(self) -> None:
        """Skip the emails that are there already."""
        newest = await self._page(limit=1)
        self._last = newest[0].id if newest else 0

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            # The API may be down for a moment. Emails that arrive then are seen afterwards.
            with contextlib.suppress(Refused):
                for email in await self._news():
                    self._last = email.id
                    self.seen.append(email)
                    self._arrived(email)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def wait_for(
        self, kind: str, addresses: Collection[str], since: datetime, within: float
    ) -> Seen:
        """The first email of that kind to one of these addresses. Raises NotInTime."""

        async def look() -> Seen | None:
            return next(iter(self.found(kind, addresses, since)), None)

        return await until(look, kind, within)

    def found(self, kind: str, addresses: Collection[str], since: datetime) -> list[Seen]:
        """What has arrived of that kind at one of these addresses."""
        return [
            email
            for email in self.seen
            if email.kind == kind and email.to_email in addresses and email.at >= since
        ]

    async def _news(self) -> list[Seen]:
        news: list[Seen] = []
        parameters: dict[str, str | int] = {"limit": PAGE}
        while True:
            page = await self._office.get(self._who, "/mailbox", **parameters)
            newer = [seen for seen in map(_seen, page["items"]) if seen.id > self._last]
            news += newer
            if len(newer) < len(page["items"]) or not page["next"]:
                return sorted(news, key=lambda seen: seen.id)
            parameters = {"limit": PAGE, "cursor": _cursor(page["next"])}

    async def _page(self, limit: int) -> list[Seen]:
        page = await self._office.get(self._who, "/mailbox", limit=limit)
        return [_seen(item) for item in page["items"]]


def _seen(item: dict[str, Any]) -> Seen:
    return Seen(
        id=int(item["id"]),
        kind=str(item["kind"]),
        to_name=str(item["to_name"]),
        to_email=str(item["to_email"]),
        subject=str(item["subject"]),
        at=datetime.fromisoformat(item["at"]),
    )


def _cursor(link: str) -> str:
    return parse_qs(urlsplit(link).query)["cursor"][0]
