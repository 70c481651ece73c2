"""The reply address of each email: it names the notification, and a signature protects it."""

import hmac
import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass

from itsdangerous import Signer
from pydantic import SecretStr

BEGINNING = "reply+"
_PREFIX = "ntf_"
_SALT = b"milepost.reply-address"
_SIGNATURE = 16
"""Characters in base 32: 80 bits. An address has at most 64 characters before the ``@``, and mail
servers may change their case. So base64 or a longer signature would not work."""


_LONGEST = 4000
"""The most characters of a header that are read."""
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]@]{1,64}@[^\s<>\"',;:()\[\]@]{1,255}")
_BRACKETED = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,255})>")


@dataclass(frozen=True)
class ReplyAddresses:
    """Makes and reads ``reply+<token>@<domain>``; the token is a notification's signed id.

    A notification is one email about one item to one recipient, so the address names both.
    """

    secret: str
    domain: str

    def address(self, notification_id: str) -> str:
        """The address for replies to this email."""
        body = notification_id.removeprefix(_PREFIX)
        return f"{BEGINNING}{body}{self._signature(body)}@{self.domain}"

    def read(self, address: str) -> str | None:
        """The notification of a reply address; ``None`` if it is not one of this office."""
        local, _, domain = address.strip().lower().rpartition("@")
        token = local.removeprefix(BEGINNING)
        if domain != self.domain.lower() or token == local or not token.isascii():
            return None
        body, signature = token[:-_SIGNATURE], token[-_SIGNATURE:]
        if not body or not hmac.compare_digest(signature, self._signature(body)):
            return None
        return f"{_PREFIX}{body}"

    def first(self, addresses: Iterable[str]) -> str | None:
        """The notification of the first reply address of this office among these."""
        found = (self.read(address) for address in addresses)
        return next((one for one in found if one is not None), None)

    def _signature(self, body: str) -> str:
        signer = Signer(self.secret, salt=_SALT, key_derivation="hmac")
        raw = signer.algorithm.get_signature(signer.derive_key(), body.encode())
        return b32encode(raw).decode().lower()[:_SIGNATURE]


def reply_addresses(secret: SecretStr, domain: str) -> ReplyAddresses | None:
    """The reply addresses by the settings; ``None`` unless both are set: no replies are taken."""
    given = secret.get_secret_value()
    return ReplyAddresses(given, domain) if given and domain else None


def addresses_in(text: str) -> list[str]:
    """Every address in a header; empty if it cannot be read."""
    return _ADDRESS.findall(text[:_LONGEST])


def sender_in(header: str) -> str:
    """The one address of a ``From``; empty if there is none, or more than one.

    Text before the ``<…>`` is a name, even if it looks like an address.
    """
    header = header[:_LONGEST]
    found = set(_BRACKETED.findall(header)) or set(_ADDRESS.findall(header))
    return found.pop() if len(found) == 1 else ""
