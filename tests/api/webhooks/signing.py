"""Signs batches of events as SendGrid does, with a key of the tests' own."""

import json
from base64 import b64encode
from datetime import datetime
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.webhooks.sendgrid_events import PATH, SIGNATURE, TIMESTAMP
from tests.storage.office import NOW

PRIVATE = ec.derive_private_key(20_270_111, ec.SECP256R1())
KEY = b64encode(
    PRIVATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


def signed(body: bytes, at: datetime = NOW) -> dict[str, str]:
    """The headers of a batch that was posted at that instant."""
    timestamp = str(int(at.timestamp()))
    signature = PRIVATE.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
    return {SIGNATURE: b64encode(signature).decode(), TIMESTAMP: timestamp}


def event(kind: str, id: str = "", *, of: str = "ntf_1", **values: Any) -> dict[str, Any]:
    """One event as SendGrid writes it."""
    return {
        "event": kind,
        "sg_event_id": id or f"{kind}-{of}",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "email": "reader@example.org",
        "timestamp": int(NOW.timestamp()),
        "notification_id": of,
        **values,
    }


def written(*events: dict[str, Any]) -> bytes:
    """A batch, with the line ends that SendGrid puts between its events."""
    return ("[" + ",\r\n".join(json.dumps(one) for one in events) + "]\r\n").encode()


async def post(client: httpx.AsyncClient, *events: dict[str, Any]) -> httpx.Response:
    """Post a batch that is signed."""
    body = written(*events)
    return await client.post(PATH, content=body, headers=signed(body))
