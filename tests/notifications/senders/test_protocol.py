"""Whatever an email is made from, its headings are one line each: no sender refuses it for that."""

from dataclasses import replace

import pytest

from notifications.senders.message import to_bytes
from notifications.senders.protocol import Email
from notifications.senders.sendgrid import to_body
from notifications.words import parsed
from tests.notifications.senders.test_sendgrid import EMAIL
from tests.programmes.small import changed

BREAKS = ["\r\n", *"\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x00"]


def headings(email: Email) -> tuple[str, str, str]:
    sent = to_bytes(email)
    assert b"Bcc:" not in sent.partition(b"\r\n\r\n")[0].replace(b"Office Bcc:", b"")
    body = to_body(email)
    return body["from"]["name"], body["personalizations"][0]["to"][0]["name"], body["subject"]


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_a_line_end_is_a_space(end: str) -> None:
    broken = f"Office{end}Bcc: x@example.org{end}"
    email = replace(EMAIL, from_name=broken, to_name=broken, subject=broken)
    assert headings(email) == ("Office Bcc: x@example.org",) * 3


def test_a_stored_programme_whose_name_has_a_line_end_still_sends() -> None:
    text = changed(("name: An office", "name: |\n    An\n    office"))
    titles = parsed(text)[1]
    assert titles.office == "An office"
    assert headings(replace(EMAIL, from_name=titles.office))[0] == "An office"
