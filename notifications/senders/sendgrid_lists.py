"""SendGrid's own lists of addresses to which it sends nothing: an address is taken off all of them.

While it is on one, each email to it is dropped, whatever our ledger says.
"""

import asyncio

import structlog
from pydantic import SecretStr

log = structlog.get_logger(__name__)

LISTS = ("bounces", "blocks", "invalid_emails", "spam_reports")
"""Not among them: who has unsubscribed at SendGrid itself. That was their own word."""

_FORBIDDEN = (401, 403)
_OFF = (200, 202, 204, 404)
"""It is off the list now, or was not on it."""


class StillListed(Exception):
    """The address may still be on a list. ``reason`` is a name without personal data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def take_off(key: SecretStr, host: str, address: str, within: float) -> None:
    """Take an address off every list. Raises ``StillListed``; a repeat does no harm.

    The address travels in the body, because each server on the way logs the path.
    """
    import httpx  # slow to import, and seldom needed

    headers = {"Authorization": f"Bearer {key.get_secret_value().strip()}"}
    try:
        async with (
            asyncio.timeout(within),
            httpx.AsyncClient(base_url=host, timeout=within, headers=headers) as client,
        ):
            for name in LISTS:
                body = {"emails": [address]}
                answer = await client.request("DELETE", f"/v3/suppression/{name}", json=body)
                _judge(name, answer.status_code)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError):
        raise StillListed("sendgrid_lists_unreachable") from None


def _judge(name: str, status: int) -> None:
    if status in _OFF:
        return
    log.warning("sendgrid_list", list=name, status=status)
    if status in _FORBIDDEN:
        raise StillListed("sendgrid_lists_forbidden")
    raise StillListed("sendgrid_lists_unreachable")
