"""One-click unsubscribe from summaries (RFC 8058): a POST by a mail program or the page's
button."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notifications.delivery.preferences import holder_of
from services.backend import Backend
from storage.master.choices import stop_digests
from web.rendering import FORM_POLICY, page

router = APIRouter(include_in_schema=False)


@router.get("/unsubscribe/{token}")
async def ask(request: Request, token: str) -> HTMLResponse:
    """A page with a button. Opening it changes nothing, because mail scanners open links."""
    return _page(request, "ask" if _holder(request, token) else "unknown")


@router.post("/unsubscribe/{token}")
async def stop(request: Request, token: str) -> HTMLResponse:
    """End the summaries of the link's recipient. A repeat gets the same answer."""
    holder = _holder(request, token)
    if holder is None:
        return _page(request, "unknown")
    backend: Backend = request.app.state.backend
    async with backend.database.transaction() as session:
        await stop_digests(session, backend.now(), holder)
    return _page(request, "done")


def _holder(request: Request, token: str) -> str | None:
    backend: Backend = request.app.state.backend
    return holder_of(token, backend.settings.secret.get_secret_value())


def _page(request: Request, says: str) -> HTMLResponse:
    answer = page(request, "unsubscribe.html", says=says)
    answer.headers["Content-Security-Policy"] = FORM_POLICY
    if says == "unknown":
        answer.status_code = 404
    return answer
