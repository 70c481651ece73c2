"""Whether SendGrid signed a request: ECDSA on P-256 over the timestamp and the raw body."""

import re
from base64 import b64decode
from binascii import Error as Garbled
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from services.problems import Problem

if TYPE_CHECKING:
    # Slow to import, and only an office that sends with SendGrid needs it.
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

OLDEST = timedelta(days=1)
"""How old a signature may be: SendGrid repeats a batch for a day with its first signature."""

AHEAD = timedelta(minutes=5)
"""How far SendGrid's clock may be ahead of ours."""

_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_LONGEST = 200
"""Characters of a signature in Base64: a DER signature on this curve has 72 bytes at most."""


class NoKey(ValueError):
    """The configured key of SendGrid is no public key on P-256 in Base64."""


def verified(key: str, signature: str, timestamp: str, body: bytes, now: datetime) -> None:
    """Raise the problem ``not-signed`` unless the request has a valid recent signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.hashes import SHA256

    if not _TIMESTAMP.fullmatch(timestamp) or len(signature) > _LONGEST:
        raise Problem("not-signed")
    at = datetime.fromtimestamp(int(timestamp), UTC)
    if not now - OLDEST <= at <= now + AHEAD:
        raise Problem("not-signed")
    try:
        raw = b64decode(signature, validate=True)
        public_key(key).verify(raw, timestamp.encode("ascii") + body, ECDSA(SHA256()))
    except (InvalidSignature, Garbled, ValueError):
        # NoKey, too: an unsigned caller must not learn about our settings.
        raise Problem("not-signed") from None


@lru_cache(maxsize=4)
def public_key(key: str) -> "EllipticCurvePublicKey":
    """The key as SendGrid shows it: DER in Base64. Raises ``NoKey``."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        found = load_der_public_key(b64decode("".join(key.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise NoKey from None
    if not isinstance(found, EllipticCurvePublicKey) or not isinstance(found.curve, SECP256R1):
        raise NoKey
    return found
