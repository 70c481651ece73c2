"""Every header is written from plain text, and read back as that text, whatever it holds."""

import re
from dataclasses import replace
from email.header import decode_header
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from notifications.calendar.ical import Entry, Method, Person, calendar_text
from notifications.senders.headers import (
    NoAddress,
    UnsafeHeaders,
    address_header,
    ascii_address,
    plain_header,
    require_safe,
    shown_as_typed,
    text_header,
)
from notifications.senders.message import to_bytes
from notifications.senders.protocol import Invitation
from notifications.senders.sendgrid import to_body
from programmes.fields import one_line
from tests.notifications.office import NOW
from tests.notifications.senders.test_sendgrid import EMAIL
from tests.notifications.wire import HEADERS, person, read

PIECES = [
    "=?utf-8?q?Hi=0D=0A=0D=0APay:_https://evil.example/x?=",
    "=?utf-8?b?SGkNCkJjYzogYWxsQGV2aWwuZXhhbXBsZQ0K?=",
    *("=?", "?=", "=?utf-8", "?q?", "=0D=0A", "=", "_"),
    *("\r\n", "\n", "\r", "\x00", "\x0b", "\x85", "\u2028", "\t", " ", "\xa0"),
    *('"', "'", "\\", ",", ";", ":", "<", ">", "@", "(", ")", "[", "]", "."),
    *(
        "<x@evil.example>",
        "Bcc: all@evil.example",
        "Llŷr Ŵyn",
        "ŵ" * 30,
        "東京都",
        "👩‍🔬",
        "e\u0301",
    ),
    *("a long ASCII text that has to be folded somewhere ", "x" * 80, "x" * 1_200),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=8).map("".join)
LONG_WELSH = "Nodyn atgoffa: anfonwch eich adolygiad chwe mis – erbyn dydd Mawrth, Ŵyl y Tŷ " * 3


@settings(deadline=None)
@given(subject=TEXTS, to_name=TEXTS, from_name=TEXTS)
@example(subject="", to_name="", from_name="")
@example(subject=LONG_WELSH, to_name=LONG_WELSH, from_name=LONG_WELSH)
@example(subject="x" * 5_000, to_name="x" * 5_000, from_name="=?" * 500)
@example(subject="=?utf-8?q?a?= =?utf-8?q?b?=", to_name='Zoë "Zo", <team>', from_name="A. B, C")
def test_any_text_comes_back_and_adds_nothing(subject: str, to_name: str, from_name: str) -> None:
    raw = to_bytes(replace(EMAIL, subject=subject, to_name=to_name, from_name=from_name))
    message = read(raw)
    assert message.keys() == HEADERS
    assert message["Subject"] == one_line(subject)
    for header, name, address in (
        ("To", to_name, EMAIL.to_email),
        ("From", from_name, EMAIL.from_email),
    ):
        assert person(raw, header)[0] == one_line(name) or not one_line(name)
        [one] = message[header].addresses
        assert one.addr_spec == address
        assert one.display_name.replace(" ", "") == one_line(name).replace(" ", "")
    head = raw.partition(b"\r\n\r\n")[0]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    for line in head.split(b"\r\n"):
        assert line.strip()
        if b"=?" in line:
            assert len(line) <= 76
            words = [word for word in line.split() if b"=?" in word]
            assert all(re.fullmatch(rb"=\?utf-8\?[qb]\?[!->@-~]+\?=", word) for word in words)
            assert all(len(word) <= 75 for word in words)


def lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text).rstrip("\n")


@settings(deadline=None)
@given(text=TEXTS, html=TEXTS)
def test_any_words_come_back_in_the_parts(text: str, html: str) -> None:
    message = read(to_bytes(replace(EMAIL, text=text, html=html)))
    assert message.keys() == HEADERS
    plain, markup = message.iter_parts()
    for part, words in ((plain, text), (markup, html)):
        assert lines(part.get_content()) == lines(words)


@settings(deadline=None)
@given(text=TEXTS)
def test_an_encoded_word_holds_whole_characters(text: str) -> None:
    """So a program that decodes one word at a time shows no question marks."""
    for word in text_header("Subject", text).split():
        for encoded, charset in decode_header(word):
            if charset is not None:
                assert isinstance(encoded, bytes)
                encoded.decode(charset)


@settings(deadline=None)
@given(address=st.one_of(TEXTS, TEXTS.map(lambda text: f"{text}@example.org")))
def test_an_address_is_written_as_it_is_or_refused(address: str) -> None:
    try:
        plain = ascii_address(address)
    except NoAddress:
        return
    message = read(to_bytes(replace(EMAIL, to_email=address, reply_to=address)))
    assert message.keys() == HEADERS
    for header in ("To", "Reply-To"):
        [one] = message[header].addresses
        assert one.addr_spec == plain
    local, _, domain = address.rpartition("@")
    assert plain.startswith(f"{local}@")
    assert plain.isascii()
    assert domain == plain.rpartition("@")[2] or not domain.isascii()


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("a@sir-gâr.llyw.cymru", "a@xn--sir-gr-0ta.llyw.cymru"),
        ("a@SIR-GÂR.llyw.cymru", "a@xn--sir-gr-0ta.llyw.cymru"),
        ("a@xn--sir-gr-0ta.llyw.cymru", "a@xn--sir-gr-0ta.llyw.cymru"),
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("o'neil+milepost@example.org", "o'neil+milepost@example.org"),
        ('"a b"@example.org', '"a b"@example.org'),
    ],
)
def test_a_domain_is_written_in_ascii(address: str, plain: str) -> None:
    assert ascii_address(address) == plain
    email = replace(EMAIL, to_email=address, from_email=address, reply_to=address)
    message = read(to_bytes(email))
    for header in ("To", "From", "Reply-To"):
        assert message[header].addresses[0].addr_spec == plain
    assert message["Message-ID"] == f"<ntf_1@{plain.rpartition('@')[2]}>"
    body = to_body(email)
    assert [body["from"]["email"], body["reply_to"]["email"]] == [plain, plain]
    assert body["personalizations"][0]["to"][0]["email"] == plain


@pytest.mark.parametrize(
    "address",
    [
        *("", "zoe", "@example.org", "zoe@", "a@b@c", "zoë@example.org", "a b@example.org"),
        *("a@b\r\nBcc: x@evil.example", "a\n@b.example", "a@b.example\n", "<a@b.example>"),
        *("=?utf-8?q?a=0D=0AX:_1?=@example.org", '"=?utf-8?q?a=0A?="@example.org'),
        *("a@exa mple.org", "a@-.example", "a@..example", "a@\u2028.example", "a@\ud800.example"),
        f"{'a' * 250}@example.org",
        f"a@{'b' * 64}.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(NoAddress):
        ascii_address(address)


@pytest.mark.parametrize(
    "link", ["https://a\r\nBcc: x@evil.example", "https://ŵ.example", "=?utf-8?q?a=0A?=", "x" * 999]
)
def test_a_link_that_no_header_can_hold_is_refused(link: str) -> None:
    with pytest.raises(UnsafeHeaders):
        plain_header("List-Unsubscribe", link)
    for write in (to_bytes, to_body):
        with pytest.raises(UnsafeHeaders):
            write(replace(EMAIL, unsubscribe=link))


@pytest.mark.parametrize("name", ["REQUEST\r\nX-Evil: 1", "REQUEST; a=b", ""])
def test_only_a_known_method_reaches_a_calendar_part(name: str) -> None:
    for write in (to_bytes, to_body):
        with pytest.raises(UnsafeHeaders):
            write(replace(EMAIL, invitation=Invitation(cast(Method, name), "BEGIN:VCALENDAR\r\n")))


class Sly(Invitation):
    """An invitation whose file is named by an attacker."""

    filename = 'x.ics"\r\nX-Evil: "1'


def test_only_a_plain_name_reaches_an_attachment() -> None:
    for write in (to_bytes, to_body):
        with pytest.raises(UnsafeHeaders):
            write(replace(EMAIL, invitation=Sly("REQUEST", "BEGIN:VCALENDAR\r\n")))


@settings(deadline=None, max_examples=40)
@given(name=TEXTS)
def test_no_name_adds_a_line_to_a_calendar(name: str) -> None:
    entry = Entry(
        uid="itm_1@office.example.org",
        sequence=1,
        stamp=NOW,
        start=NOW,
        zone="Europe/London",
        summary=name,
        description=name,
        link="https://office.example.org/go/engagements/eng_1",
        organiser=Person(name, "office@example.org"),
        attendee=Person(name, "zoe@example.org"),
    )
    content = calendar_text("REQUEST", [entry])
    calendar: Any = Calendar.from_ical(content)
    [event] = calendar.walk("VEVENT")
    assert set(event) == {
        *("UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "URL"),
        *("STATUS", "ORGANIZER", "ATTENDEE"),
    }
    assert event["ORGANIZER"] == "mailto:office@example.org"
    assert event["ATTENDEE"] == "mailto:zoe@example.org"
    raw = to_bytes(replace(EMAIL, invitation=Invitation("REQUEST", content)))
    assert read(raw).keys() == HEADERS


class TestTheLastCheck:
    """It would stop what the writing of headers let through."""

    GOOD = b"Subject: a\r\n b\r\nTo: c\r\n\r\nwords\r\n"

    def test_it_passes_what_is_as_meant(self) -> None:
        require_safe(self.GOOD, ["Subject", "To"])

    @pytest.mark.parametrize(
        "content",
        [
            GOOD.replace(b"\r\n b", b"\n b"),
            GOOD.replace(b"\r\n b", b"\r b"),
            GOOD.replace(b"words", b"wo\nrds"),
            GOOD.replace(b"words", b"\n.\r\n"),
            GOOD.replace(b" b", b"Bcc: b"),
            GOOD.replace(b"a\r\n b", b"a\r\n\r\nb"),
            GOOD.replace(b"a\r\n b", b"a\r\n \r\n b"),
            GOOD.replace(b" b", b"b"),
            GOOD.replace(b"To", b"T o"),
            GOOD.replace(b"a", "ŵ".encode()),
            GOOD.replace(b"a", b"\x00"),
            GOOD.replace(b"a", b"a" * 999),
            GOOD.replace(b"To: c\r\n", b""),
            GOOD.replace(b"To: c\r\n", b"To: c\r\nTo: d\r\n"),
        ],
    )
    def test_it_stops_what_is_not(self, content: bytes) -> None:
        assert content != self.GOOD
        with pytest.raises(UnsafeHeaders):
            require_safe(content, ["Subject", "To"])

    def test_it_looks_into_the_parts(self) -> None:
        raw = to_bytes(EMAIL)
        require_safe(raw, HEADERS)
        forged = raw.replace(b"Content-Type: text/html", b"X-Evil: 1\r\nContent-Type: text/html")
        with pytest.raises(UnsafeHeaders):
            require_safe(forged, HEADERS)


@settings(deadline=None)
@given(text=TEXTS)
def test_a_provider_gets_no_encoded_word(text: str) -> None:
    """SendGrid writes the headers: whether it would let one through is not known."""
    shown = shown_as_typed(text)
    assert "=?" not in shown
    assert shown.replace("\u2060", "") == text.replace("\u2060", "")
    body = to_body(replace(EMAIL, subject=text or "x", to_name=text, from_name=text))
    found = [body["subject"], body["from"].get("name", "")]
    found += [one.get("name", "") for one in body["personalizations"][0]["to"]]
    assert not any("=?" in one or "\n" in one or "\r" in one for one in found)


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\u2028"], ids=ascii)
def test_a_line_end_is_a_space_before_anything_is_encoded(end: str) -> None:
    """An encoded line end would become one again for a program that decodes and then writes."""
    text = f"Llŷr{end}Bcc: x@evil.example"
    assert text_header("Subject", text) == text_header("Subject", "Llŷr Bcc: x@evil.example")
    assert address_header("To", text, "l@example.org") == address_header(
        "To", "Llŷr Bcc: x@evil.example", "l@example.org"
    )


def test_a_name_is_read_by_people_where_it_can_be() -> None:
    assert address_header("To", "Lena Price", "l@example.org") == "To: Lena Price <l@example.org>"
    quoted = address_header("To", 'Sam "S" O\'Neil, Ltd.', "s@example.org")
    assert quoted == 'To: "Sam \\"S\\" O\'Neil, Ltd." <s@example.org>'
    assert text_header("Subject", "Welcome") == "Subject: Welcome"
