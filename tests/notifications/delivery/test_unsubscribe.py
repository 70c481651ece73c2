"""Headers that all senders set: that a machine wrote the email, and how to unsubscribe."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from notifications.delivery.preferences import holder_of, unsubscribe_link
from notifications.senders.message import to_bytes
from notifications.senders.protocol import Email
from notifications.senders.sendgrid import to_body
from tests.notifications.senders.test_sendgrid import EMAIL

LINK = unsubscribe_link(
    "https://milepost.a-rather-long-office-name.example.org", "s", "con_" + "x" * 40
)
DIGEST = replace(EMAIL, unsubscribe=LINK)


def _smtp(email: Email) -> dict[str, str]:
    raw = to_bytes(email).decode("ascii")
    head = raw.partition("\r\n\r\n")[0].replace("\r\n ", " ")
    return dict(line.split(": ", 1) for line in head.splitlines())


def _sendgrid(email: Email) -> dict[str, str]:
    return dict(to_body(email).get("headers", {}))


@pytest.mark.parametrize("headers", [_smtp, _sendgrid])
@pytest.mark.parametrize("email", [EMAIL, DIGEST])
def test_every_email_says_that_a_machine_wrote_it(
    email: Email, headers: Callable[[Email], dict[str, str]]
) -> None:
    """So that other machines do not answer it."""
    assert headers(email)["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("headers", [_smtp, _sendgrid])
def test_a_digest_can_be_ended_at_one_click(headers: object) -> None:
    assert callable(headers)
    given = headers(DIGEST)
    assert given["List-Unsubscribe"] == f"<{LINK}>"
    assert given["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in headers(EMAIL)


def test_the_link_names_its_holder_to_us_alone() -> None:
    token = LINK.rpartition("/")[2]
    assert holder_of(token, "s") == "con_" + "x" * 40
    assert holder_of(token, "t") is None
    assert holder_of("", "s") is None
    assert holder_of("x" * 5_000, "s") is None
