"""SendGrid's Inbound Parse: a received email, posted as a form."""

import asyncio
import hmac
from hashlib import sha256

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from api.webhooks.form import UnreadableForm, read_form
from notifications.inbound.address import reply_addresses
from notifications.inbound.message import incoming
from notifications.inbound.taking import Outcome, set_aside, take
from services.backend import Backend
from services.problems import Problem
from services.reply_notices import Teller

log = structlog.get_logger(__name__)

router = APIRouter(include_in_schema=False)


@router.post("/webhooks/sendgrid/inbound/{secret}")
async def take_email(secret: str, request: Request) -> JSONResponse:
    """Take an email, or answer 200 for one that is dropped for good.

    After 5xx the provider posts again for three days, so only a database outage gets that.
    After 4xx it drops the email silently, so only a wrong secret or a broken connection gets
    that.
    """
    backend: Backend = request.app.state.backend
    settings = backend.settings
    addresses = reply_addresses(settings.inbound_secret, settings.inbound_domain)
    wanted = settings.inbound_secret.get_secret_value()
    if addresses is None or not hmac.compare_digest(secret.encode(), wanted.encode()):
        raise Problem("not-found")
    try:
        form = await read_form(request.headers.get("content-type", ""), request.stream())
    except UnreadableForm as unreadable:
        # Each counts as a new email, because nothing identifies a repeat.
        key = sha256(f"{backend.now().isoformat()} {id(request)}".encode()).hexdigest()
        return _said(await set_aside(backend.database, key, str(unreadable), backend.now()))
    except ClientDisconnect:
        raise Problem("invalid") from None
    # Half a megabyte of MIME takes a moment to parse.
    email = await asyncio.to_thread(incoming, form.fields, form.files)
    outcome = await take(backend.database, addresses, email, backend.now())
    if outcome.tells is not None:
        teller: Teller = request.app.state.teller
        await teller.tell(outcome.tells)
    return _said(outcome)


def _said(outcome: Outcome) -> JSONResponse:
    log.info("inbound_email", state=outcome.state, reason=outcome.reason)
    return JSONResponse({"state": outcome.state, "reason": outcome.reason})
