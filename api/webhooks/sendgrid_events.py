"""SendGrid's Event Webhook: reports about the emails that it accepted from us.

The signature over the raw bytes is checked first. A valid batch is stored in one transaction
and then answered with 2xx. Without that answer SendGrid posts the batch again for a day.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.webhooks.signatures import verified
from notifications.feedback import events as reports
from notifications.feedback.events import Report
from services.backend import Backend
from services.problems import Problem

log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)

PATH = "/webhooks/sendgrid/events"
LIMIT = 4 * 1024 * 1024
"""Bytes: SendGrid posts a batch at 768 KB at the latest."""

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"

STATES = {
    "processed": "accepted",
    "deferred": "deferred",
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "dropped",
    "spamreport": "complained",
}
"""SendGrid's events about delivery. Opens and clicks are ignored for privacy."""

_ID = re.compile(r"[!-~]{1,200}")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}|[245]\d\d")
_DROPPED = {
    "Bounced Address": "bounced_address",
    "Invalid": "invalid",
    "Spam Content": "spam_content",
    "Spam Reporting Address": "spam_reporting_address",
    "Unsubscribed Address": "unsubscribed_address",
}
"""Reasons that SendGrid names. Its other texts may quote an address."""


@router.post(PATH)
async def take_events(request: Request) -> JSONResponse:
    """Take a batch. Answers 404 if no key is set, and 403 for an invalid signature."""
    backend: Backend = request.app.state.backend
    key = backend.settings.sendgrid_webhook_key
    if not key:
        raise Problem("not-found")
    body = await request.body()
    now = backend.now()
    verified(
        key,
        request.headers.get(SIGNATURE, ""),
        request.headers.get(TIMESTAMP, ""),
        body,
        now,
    )
    counted: Counter[str] = Counter()
    batch = []
    for event in _events(body):
        report = _report(event, now)
        if report is None:
            counted["ignored"] += 1
        else:
            batch.append(report)
    async with backend.database.transaction() as session:
        tally = await reports.take(session, batch, now)
    answer = {
        "taken": tally.taken,
        "repeated": tally.repeated,
        "unknown": tally.unknown,
        "ignored": counted["ignored"],
    }
    log.info("sendgrid_events", **answer)
    return JSONResponse(answer)


def _events(body: bytes) -> list[Any]:
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem("invalid") from None
    if not isinstance(events, list):
        raise Problem("invalid")
    return events


def _report(event: Any, now: datetime) -> Report | None:
    """The event in our words, or ``None`` if it is not about an email of ours."""
    if not isinstance(event, Mapping):
        return None
    kind = event.get("event")
    id, notification_id = event.get("sg_event_id"), event.get("notification_id")
    if not isinstance(kind, str) or kind not in STATES:
        return None
    if not (_is_id(id) and _is_id(notification_id)):
        return None
    return Report(
        id=str(id),
        notification_id=str(notification_id),
        attempt=_attempt(event.get("attempt")),
        kind=kind,
        state=STATES[kind],
        code=_code(kind, event),
        provider_id=_provider_id(event.get("sg_message_id")),
        at=_instant(event.get("timestamp"), now),
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _attempt(value: Any) -> int:
    text = str(value) if isinstance(value, str | int) else ""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII) else 0


def _provider_id(value: Any) -> str:
    """The ``X-Message-Id`` of the answer: what stands before the first dot."""
    return str(value).partition(".")[0] if _is_id(value) else ""


def _instant(value: Any, now: datetime) -> datetime:
    """The event's time, or now if its time is missing or implausible."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**10:
        return now
    return datetime.fromtimestamp(value, UTC)


def _code(kind: str, event: Mapping[str, Any]) -> str:
    match kind:
        case "bounce":
            status = event.get("status")
            found = _STATUS.match(status) if isinstance(status, str) else None
            stem = "blocked" if event.get("type") == "blocked" else "bounce"
            return f"{stem}_{found[0]}" if found else stem
        case "dropped":
            reason = event.get("reason")
            known = _DROPPED.get(reason) if isinstance(reason, str) else None
            return f"dropped_{known or 'other'}"
        case "spamreport":
            return "spam_report"
    return ""
