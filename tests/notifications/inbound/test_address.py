"""A reply address names one email, survives any mail server, and cannot be forged."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from notifications.inbound.address import ReplyAddresses, addresses_in, reply_addresses, sender_in
from storage.database import new_id

OURS = ReplyAddresses("a secret of the office", "replies.example.org")
OTHERS = ReplyAddresses("another office's secret", "replies.example.org")


def test_an_address_leads_back_to_its_email_whatever_happens_to_its_case() -> None:
    id = new_id("ntf")
    address = OURS.address(id)
    assert address.startswith("reply+")
    assert len(address.partition("@")[0]) <= 64
    assert id not in address
    assert OURS.read(address) == OURS.read(address.upper()) == OURS.read(f" {address} ") == id


def test_each_email_has_an_address_of_its_own_that_never_changes() -> None:
    first, second = new_id("ntf"), new_id("ntf")
    assert OURS.address(first) == OURS.address(first) != OURS.address(second)


def test_an_address_signed_with_another_secret_is_refused() -> None:
    id = new_id("ntf")
    assert OURS.read(OTHERS.address(id)) is None
    elsewhere = OURS.address(id).replace("example.org", "example.com")
    assert OURS.read(elsewhere) is None


@given(at=st.integers(6, 41), character=st.sampled_from("abcdefghijklmnopqrstuvwxyz234567é+"))
def test_a_changed_character_makes_it_invalid(at: int, character: str) -> None:
    address = OURS.address("ntf_abcdefghij0123456789")
    changed = address[:at] + character + address[at + 1 :]
    assert OURS.read(changed) is None or changed == address


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    assert OURS.read(text) is None
    assert OURS.read(f"reply+{text}@replies.example.org") is None
    addresses_in(text)
    sender_in(text)


def test_the_first_of_ours_among_many_is_found() -> None:
    id = new_id("ntf")
    many = ["office@example.org", OTHERS.address(id), OURS.address(id), OURS.address("ntf_2")]
    assert OURS.first(many) == id
    assert OURS.first([]) is None


def test_the_sender_is_what_stands_in_brackets_and_never_a_name() -> None:
    assert sender_in("Lena Price <lena@example.org>") == "lena@example.org"
    assert sender_in("lena@example.org") == "lena@example.org"
    assert sender_in('"lena@example.org" <evil@example.com>') == "evil@example.com"
    assert sender_in("a@example.org, b@example.org") == ""
    assert sender_in("<a@example.org> <b@example.org>") == ""
    assert sender_in("no address") == ""


def test_answers_are_taken_only_where_secret_and_domain_are_set() -> None:
    assert reply_addresses(SecretStr(""), "replies.example.org") is None
    assert reply_addresses(SecretStr("s"), "") is None
    assert reply_addresses(SecretStr("s"), "d.org") == ReplyAddresses("s", "d.org")
