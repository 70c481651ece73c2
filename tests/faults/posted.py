"""What the provider took, by what each email says: to whom, of which items."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.fakes.http import Request

_ITEM = re.compile(r"/items/(itm_\d+)#")


@dataclass(frozen=True)
class Posted:
    """One email to one address."""

    notification_id: str
    address: str
    items: frozenset[str]
    """The items that it has a link to."""


def posted(taken: Iterable[Request]) -> Iterator[Posted]:
    """Every email of these requests."""
    for mail in taken:
        text = next(one["value"] for one in mail.body["content"] if one["type"] == "text/plain")
        for person in mail.body["personalizations"]:
            for one in person["to"]:
                items = frozenset(_ITEM.findall(text))
                yield Posted(mail.notification_id, str(one["email"]), items)
