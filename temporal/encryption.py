"""Encrypts what Temporal keeps: arguments, results and failures, with keys that the office holds.

The form is that of Temporal's own examples: the payload's encoding is ``binary/encrypted``, and its
metadata name the key.
"""

import os
from collections.abc import Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from temporal.converter import ENCRYPTED, CannotDecrypt

KEY_ID = "encryption-key-id"
NONCE_BYTES = 12
"""What AES-GCM wants. Random ones may repeat after some 2^32 payloads: change the key by then."""


class Encryption(PayloadCodec):
    """AES-GCM with the first of the keys. The others still decrypt, so that a key can change."""

    def __init__(self, keys: Iterable[tuple[str, bytes]]) -> None:
        """``keys``: each with its name, of 16, 24 or 32 bytes. At least one."""
        self._ciphers = {name: AESGCM(key) for name, key in keys}
        self._name = next(iter(self._ciphers))

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload with its metadata."""
        return [self._encrypted(one) for one in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each payload. What was never encrypted stays as it is: the office may have begun
        without keys. Raises ``CannotDecrypt``."""
        return [self._decrypted(one) for one in payloads]

    def _encrypted(self, payload: Payload) -> Payload:
        nonce, name = os.urandom(NONCE_BYTES), self._name.encode()
        sealed = self._ciphers[self._name].encrypt(nonce, payload.SerializeToString(), name)
        return Payload(metadata={"encoding": ENCRYPTED, KEY_ID: name}, data=nonce + sealed)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCRYPTED:
            return payload
        name = payload.metadata.get(KEY_ID, b"")
        cipher = self._ciphers.get(name.decode(errors="replace"))
        if cipher is None:
            raise CannotDecrypt(
                f"There is no key {name.decode(errors='replace')!r} in MILEPOST_PAYLOAD_KEYS. "
                "Add it again after the others: something that it encrypted is still in use."
            )
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(cipher.decrypt(nonce, sealed, name))
        except InvalidTag:
            raise CannotDecrypt(
                f"The key {name.decode()!r} in MILEPOST_PAYLOAD_KEYS is another one than it was."
            ) from None
