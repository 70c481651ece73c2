"""A form of any size and any brokenness is read in bounded memory, or refused by a named reason."""

import json
from collections.abc import AsyncIterator, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.webhooks import form
from api.webhooks.form import LONGEST_FIELD, UnreadableForm, read_form

KIND = "multipart/form-data; boundary=xYzZY"


def part(name: str, value: bytes, filename: str = "") -> bytes:
    """One part of a form."""
    file = f'; filename="{filename}"' if filename else ""
    head = f'--xYzZY\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
    return head.encode() + value + b"\r\n"


END = b"--xYzZY--\r\n"


async def chunks(*given: bytes) -> AsyncIterator[bytes]:
    for one in given:
        yield one


def pieces(whole: bytes, size: int) -> Iterable[bytes]:
    return (whole[at : at + size] for at in range(0, len(whole), size))


async def refusal(kind: str, *given: bytes) -> str:
    with pytest.raises(UnreadableForm) as raised:
        await read_form(kind, chunks(*given))
    return str(raised.value)


async def test_fields_are_read_in_their_own_character_set_and_files_counted() -> None:
    whole = (
        part("charsets", b'{"text": "iso-8859-1", "subject": "UTF-8", "html": "no-such"}')
        + part("text", "Siân".encode("latin-1"))
        + part("subject", "Siân".encode())
        + part("html", "Siân".encode())
        + part("attachment1", b"%PDF" * 1000, "plan.pdf")
        + END
    )
    for size in (1, 7, 100_000):
        read = await read_form(KIND, chunks(*pieces(whole, size)))
        assert read.files == 1
        assert {read.fields[name] for name in ("text", "subject", "html")} == {"Siân"}
        assert "attachment1" not in read.fields


async def test_a_field_is_kept_up_to_its_limit() -> None:
    read = await read_form(KIND, chunks(part("text", b"x" * (LONGEST_FIELD + 5)), END))
    assert len(read.fields["text"]) == LONGEST_FIELD


async def test_what_is_no_form_or_breaks_off_is_refused() -> None:
    assert await refusal("application/json", b"{}") == "not_a_form"
    assert await refusal("multipart/form-data", b"") == "not_a_form"
    assert await refusal(KIND, b"garbage") == "not_a_form"
    assert await refusal(KIND, part("text", b"x")) == "broken_off"
    assert await refusal(KIND) == "broken_off"


async def test_a_form_without_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(form, "MOST_BYTES", 10_000)
    assert await refusal(KIND, part("file", b"x" * 5_000, "a.pdf"), b"y" * 6_000) == "too_large"


@given(kind=st.text(max_size=60), body=st.binary(max_size=300))
async def test_no_bytes_break_it(kind: str, body: bytes) -> None:
    for one in (body, part("text", body), part("charsets", body) + END, b"--xYzZY\r\n" + body):
        for named in (kind, KIND, f"multipart/form-data; boundary={kind}"):
            try:
                await read_form(named, chunks(*pieces(one, 13)))
            except UnreadableForm:
                continue


@given(charset=st.sampled_from(["idna", "punycode", "hex", "zlib", "utf-7", "undefined", "\x00"]))
async def test_a_character_set_that_is_none_reads_as_utf_8(charset: str) -> None:
    charsets = json.dumps({"text": charset}).encode()
    read = await read_form(KIND, chunks(part("charsets", charsets), part("text", b"yes"), END))
    assert read.fields["text"] == "yes"
