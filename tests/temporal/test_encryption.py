"""What Temporal keeps is encrypted with the office's keys, which can change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload

from temporal.converter import CannotDecrypt, Plain, converter_with
from temporal.encryption import Encryption

OLD, NEW = ("old", bytes(32)), ("new", bytes(range(32)))


@given(data=st.binary(max_size=2000), encoding=st.sampled_from([b"json/plain", b"binary/null"]))
async def test_what_was_encrypted_comes_back_and_cannot_be_read(
    data: bytes, encoding: bytes
) -> None:
    plain = Payload(metadata={"encoding": encoding, "more": b"words"}, data=data)
    [sealed] = await Encryption([OLD]).encode([plain])
    assert sealed.metadata["encoding"] == b"binary/encrypted"
    assert b"words" not in sealed.SerializeToString()
    assert await Encryption([NEW, OLD]).decode([sealed]) == [plain]


async def test_the_first_key_encrypts_and_no_two_payloads_look_alike() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"the same"')
    once, again = await Encryption([NEW, OLD]).encode([plain, plain])
    assert once.metadata["encryption-key-id"] == b"new"
    assert once.data != again.data


async def test_what_an_office_kept_before_it_had_keys_stays_readable() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"early"')
    assert await Encryption([NEW]).decode([plain]) == [plain]


async def test_a_key_that_was_taken_away_is_named() -> None:
    sealed = await Encryption([OLD]).encode([Payload(data=b"x")])
    with pytest.raises(CannotDecrypt, match=r"no key 'old' in MILEPOST_PAYLOAD_KEYS\. Add it"):
        await Encryption([NEW]).decode(sealed)


async def test_a_changed_key_and_a_changed_payload_are_refused() -> None:
    sealed = await Encryption([OLD]).encode([Payload(data=b"x")])
    with pytest.raises(CannotDecrypt, match="'old' in MILEPOST_PAYLOAD_KEYS is another one"):
        await Encryption([("old", NEW[1])]).decode(sealed)
    sealed[0].data = sealed[0].data[:-1] + bytes([sealed[0].data[-1] ^ 1])
    with pytest.raises(CannotDecrypt):
        await Encryption([OLD]).decode(sealed)


async def test_without_keys_nothing_is_encrypted_and_nothing_encrypted_is_taken() -> None:
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"early"')
    codec = converter_with(()).payload_codec
    assert isinstance(codec, Plain)
    assert await codec.encode([plain]) == await codec.decode([plain]) == [plain]
    with pytest.raises(CannotDecrypt, match="Set MILEPOST_PAYLOAD_KEYS"):
        await codec.decode([plain, *await Encryption([NEW]).encode([plain])])
