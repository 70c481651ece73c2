"""The raw form of an email reads like the parsed one, and no bytes break it."""

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.webhooks.form import read_form
from notifications.inbound.message import RAW, Incoming, fields_of, incoming

FROM = "Lena Price <con_lead@example.org>"


def written(text: str = "Siân: four schools.", html: str = "", files: int = 0) -> EmailMessage:
    """An email as a mail program makes it."""
    message = EmailMessage()
    message["Message-ID"] = "<1@mail.example.org>"
    message["From"] = FROM
    message["Subject"] = "Re: a question"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for number in range(files):
        name = f"plan{number}.pdf"
        message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=name)
    return message


def read(message: EmailMessage, **fields: str) -> Incoming:
    """As it comes out of the raw form."""
    raw = message.as_bytes().decode("latin-1")
    return incoming({RAW: raw, "from": FROM, "to": "reply+x@example.org", **fields}, 0)


def test_it_reads_as_the_parsed_form_does() -> None:
    parsed = incoming(
        {
            "headers": "Message-ID: <1@mail.example.org>\n",
            "from": FROM,
            "to": "reply+x@example.org",
            "text": "Siân: four schools.\n",
            "html": "<p>Siân</p>\n",
            "attachments": "2",
        },
        0,
    )
    assert read(written(html="<p>Siân</p>", files=2)) == parsed


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("cte", ["8bit", "quoted-printable", "base64"])
def test_any_character_set_and_encoding_is_read(charset: str, cte: str) -> None:
    message = EmailMessage()
    message.set_content("Siân, tŷ".replace("ŷ", "y"), charset=charset, cte=cte)
    assert read(message).text.strip() == "Siân, ty"


def test_the_first_text_counts_and_everything_else_is_a_file_that_is_not_opened() -> None:
    message = written(files=1)
    message.add_attachment("A second text", filename="notes.txt")
    message.add_attachment(written("Another person's text"))
    found = read(message)
    assert found.text.strip() == "Siân: four schools."
    assert found.attachments == 3


def test_a_machine_is_known_by_the_headers_within() -> None:
    message = written()
    message["Auto-Submitted"] = "auto-replied"
    assert read(message).automatic == "auto_reply"


def test_a_signature_within_that_names_no_plain_domain_proves_nothing() -> None:
    judged = {"dkim": "{@example.org : pass, @x.test : pass}"}
    assert read(written(), **judged).proven
    forged = written()
    forged["DKIM-Signature"] = "v=1; d=x.test : pass, @example.org; s=a"
    assert not read(forged, **judged).proven


def test_deep_nesting_ends() -> None:
    raw = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(3000))
    assert fields_of({RAW: raw}) is not None


async def test_its_bytes_come_through_the_form() -> None:
    raw = "Content-Type: text/plain; charset=iso-8859-1\n\nSiân".encode("latin-1")
    head = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n'

    async def body() -> object:
        yield head + raw + b"\r\n--x--\r\n"

    form = await read_form("multipart/form-data; boundary=x", body())  # type: ignore[arg-type]
    assert incoming(form.fields, form.files).text == "Siân"


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Content-Type: multipart/mixed; boundary=b",
                "Content-Type: text/plain; charset=no-such",
                "Content-Type: message/rfc822",
                "Content-Transfer-Encoding: base64",
                "Content-Disposition: attachment; filename*=utf-8''%ff",
                "--b",
                "--b--",
                "",
            ]
        ),
        st.text(st.characters(max_codepoint=255), max_size=30),
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(lines=LINES)
def test_no_bytes_break_it(lines: list[str]) -> None:
    found = incoming({RAW: "\n".join(lines)}, 0)
    assert found.attachments >= 0
