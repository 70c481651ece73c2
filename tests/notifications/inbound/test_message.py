"""Emails from machines are recognised, and the provider's form is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.inbound.message import incoming

FROM = "Lena Price <lena@example.org>"


def automatic(headers: str, **fields: str) -> str:
    return incoming({"headers": headers, "from": FROM, **fields}, 0).automatic


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ("Auto-Submitted: auto-replied\n", "auto_reply"),
        ("AUTO-SUBMITTED: Auto-Generated; x=y\n", "auto_reply"),
        ("X-Autoreply: yes\n", "auto_reply"),
        ("Precedence: bulk\n", "bulk_mail"),
        ("Precedence: LIST\n", "bulk_mail"),
        ("List-Id: <council.example.org>\n", "bulk_mail"),
        ("Return-Path: <>\n", "bounce"),
        ("Content-Type: multipart/report; report-type=delivery-status\n", "bounce"),
        ("Auto-Submitted: no\n", ""),
        ("Precedence: normal\nSubject: Re: your email\n", ""),
        ("", ""),
    ],
)
def test_headers_reveal_emails_from_machines(headers: str, reason: str) -> None:
    assert automatic(headers) == reason


def test_an_empty_return_path_and_a_machines_name_are_bounces() -> None:
    assert automatic("", envelope='{"to": ["a@example.org"], "from": ""}') == "bounce"
    assert automatic("", **{"from": "Mail Delivery <MAILER-DAEMON@example.org>"}) == "bounce"


def test_the_envelopes_recipients_come_first() -> None:
    email = incoming(
        {"envelope": json.dumps({"to": ["x@example.org"]}), "to": "Y <y@example.org>, z@d.org"}, 2
    )
    assert email.to == ("x@example.org", "y@example.org", "z@d.org")
    assert email.attachments == 2


def test_the_same_message_id_is_the_same_email() -> None:
    one = incoming({"headers": "Message-ID: <1@example.org>\n", "text": "a"}, 0)
    again = incoming({"headers": "Message-Id: <1@example.org>\n", "text": "b"}, 0)
    assert one.key == again.key
    assert "example" not in one.key
    assert incoming({"text": "a"}, 0).key != incoming({"text": "b"}, 0).key


NAMES = st.sampled_from(
    ["headers", "envelope", "from", "to", "text", "html", "attachments", "SPF", "dkim"]
)


@given(st.dictionaries(NAMES, st.text(max_size=100)))
def test_no_garbage_breaks_it(fields: dict[str, str]) -> None:
    incoming(fields, 0)


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=5))
def test_no_envelope_breaks_it(envelope: object) -> None:
    incoming({"envelope": json.dumps({"to": envelope, "from": envelope})}, 0)
    incoming({"envelope": json.dumps(envelope)}, 0)
    incoming({"envelope": "[" * 60_000}, 0)
