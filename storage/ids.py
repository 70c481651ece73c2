"""Opaque ids: ``mem_…``, ``eng_…``; new ones by chance, derived ones by hash."""

import hashlib
import json
import secrets
from base64 import b32encode

LENGTH = 20
"""Characters after the prefix, of 32 kinds: 100 bits, too many to guess or to meet by chance."""


def new_id(prefix: str) -> str:
    """A new id that nobody can guess: lower case, safe in a URL, without meaning."""
    return _id(prefix, secrets.token_bytes(LENGTH))


def derived_id(prefix: str, *parts: str) -> str:
    """The id that belongs to these parts: the same each time, so that a retry meets it."""
    return _id(prefix, hashlib.sha256(json.dumps(parts).encode()).digest())


def _id(prefix: str, entropy: bytes) -> str:
    return f"{prefix}_{b32encode(entropy).decode().lower()[:LENGTH]}"
