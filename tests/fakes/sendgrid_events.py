"""The events of the fake SendGrid: what becomes of each taken email, as the webhook tells it."""

import random
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.http import Request
from tests.fakes.sendgrid_lists import Lists

FATES: Mapping[str, tuple[str, ...]] = {
    "delivered": ("processed", "delivered"),
    "deferred": ("processed", "deferred", "delivered"),
    "stuck": ("processed", "deferred"),
    "bounced": ("processed", "bounce"),
    "dropped": ("dropped",),
    "complained": ("processed", "delivered", "spamreport"),
}
"""The end of an email to the events that lead there, in the order in which they happen."""

_DETAILS: Mapping[str, Mapping[str, Any]] = {
    "processed": {"send_at": 0},
    "delivered": {"response": "250 2.0.0 OK"},
    "deferred": {"response": "451 4.7.1 Greylisted, try again later", "attempt": "1"},
    "bounce": {
        "reason": "550 5.1.1 The email account does not exist",
        "status": "5.1.1",
        "type": "bounce",
        "bounce_classification": "Invalid Address",
    },
    "dropped": {"reason": "Bounced Address", "status": "5.0.0"},
    "spamreport": {},
}


@dataclass
class Fates:
    """Who gets which end: by address, else by chance, else it is delivered."""

    by_address: dict[str, str] = field(default_factory=dict)
    chances: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    lists: Lists = field(default_factory=Lists)
    """An email to an address on one is dropped."""
    met: dict[str, str] = field(default_factory=dict)
    """Notification id to the end that it met: what a test compares with."""

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def events(self, mail: Request, message_id: str) -> list[dict[str, Any]]:
        """All events of a taken email, in order."""
        return [
            event
            for person in mail.body["personalizations"]
            for one in person["to"]
            for event in self._of_one(mail, message_id, str(one["email"]))
        ]

    def _of_one(self, mail: Request, message_id: str, address: str) -> list[dict[str, Any]]:
        fate = self.by_address.get(address.lower()) or self._drawn()
        if self.lists.hold(address):
            fate = "dropped"
        self.met[mail.notification_id] = fate
        now = int(time.time())
        return [
            {
                "email": address,
                "timestamp": now + number,
                "smtp-id": f"<{message_id}@geopod-ismtpd-1>",
                "event": kind,
                "category": mail.body.get("categories", []),
                "sg_event_id": self._id(),
                "sg_message_id": f"{message_id}.recvd-5f54b5d587-zl4pj-1-65A5-1.0",
                **mail.body.get("custom_args", {}),
                **_DETAILS[kind],
            }
            for number, kind in enumerate(FATES[fate])
        ]

    def _drawn(self) -> str:
        draw, reached = self._chance.random(), 0.0
        for fate, chance in self.chances.items():
            reached += chance
            if draw < reached:
                return fate
        return "delivered"

    def _id(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
