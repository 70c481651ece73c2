"""Opaque ids such as ``mem_…`` and ``eng_…``: random ones, and ones derived by hash."""

import hashlib
import json
import secrets
from base64 import b32encode

LENGTH = 20
"""Characters after the prefix, out of 32 kinds: 100 bits, so guesses and collisions fail."""


def new_id(prefix: str) -> str:
    """A new random id: lower case, safe in a URL, without meaning."""
    return _id(prefix, secrets.token_bytes(LENGTH))


def derived_id(prefix: str, *parts: str) -> str:
    """The id for these parts: always the same, so that a retry finds the same row."""
    return _id(prefix, hashlib.sha256(json.dumps(parts).encode()).digest())


def _id(prefix: str, entropy: bytes) -> str:
    return f"{prefix}_{b32encode(entropy).decode().lower()[:LENGTH]}"
