"""The address that an email is answered to: it says which email, and nobody can make one up."""

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
"""Characters of 32 kinds: 80 bits. An address may have 64 characters before the ``@``, and mail
servers may change their case, so neither a longer signature nor base64 would do."""


_LONGEST = 4000
"""Characters of a header that are looked at."""
_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]@]{1,64}@[^\s<>\"',;:()\[\]@]{1,255}")
_BRACKETED = re.compile(r"<([^<>\s@]{1,64}@[^<>\s@]{1,255})>")


@dataclass(frozen=True)
class ReplyAddresses:
    """Makes and reads ``reply+<token>@<domain>``: the token is a notification's id, signed.

    A notification is one email about one item to one recipient, so it names both.
    """

    secret: str
    domain: str

    def address(self, notification_id: str) -> str:
        """Where an answer to this email goes."""
        body = notification_id.removeprefix(_PREFIX)
        return f"{BEGINNING}{body}{self._signature(body)}@{self.domain}"

    def read(self, address: str) -> str | None:
        """The notification that an address belongs to; ``None`` where it is not one of ours."""
        local, _, domain = address.strip().lower().rpartition("@")
        token = local.removeprefix(BEGINNING)
        if domain != self.domain.lower() or token == local or not token.isascii():
            return None
        body, signature = token[:-_SIGNATURE], token[-_SIGNATURE:]
        if not body or not hmac.compare_digest(signature, self._signature(body)):
            return None
        return f"{_PREFIX}{body}"

    def first(self, addresses: Iterable[str]) -> str | None:
        """The notification that the first of these addresses belongs to which is ours."""
        found = (self.read(address) for address in addresses)
        return next((one for one in found if one is not None), None)

    def _signature(self, body: str) -> str:
        signer = Signer(self.secret, salt=_SALT, key_derivation="hmac")
        raw = signer.algorithm.get_signature(signer.derive_key(), body.encode())
        return b32encode(raw).decode().lower()[:_SIGNATURE]


def reply_addresses(secret: SecretStr, domain: str) -> ReplyAddresses | None:
    """As the settings say; ``None`` unless both are set: then no answers are taken."""
    given = secret.get_secret_value()
    return ReplyAddresses(given, domain) if given and domain else None


def addresses_in(text: str) -> list[str]:
    """Everything in a header that looks like an address; none where it cannot be read."""
    return _ADDRESS.findall(text[:_LONGEST])


def sender_in(header: str) -> str:
    """The one address of a ``From``; empty where there is none, or more than one.

    What stands in front of the ``<…>`` is a name, even if it looks like an address.
    """
    header = header[:_LONGEST]
    found = set(_BRACKETED.findall(header)) or set(_ADDRESS.findall(header))
    return found.pop() if len(found) == 1 else ""
