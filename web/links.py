"""The page behind an email's link: what is asked, and how to answer."""

import re
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from notifications.sentences import Clock
from notifications.words import readable
from services.backend import Backend
from services.problems import Problem
from services.views.engagements import engagement as read_engagement
from services.views.items import item as read_item
from services.views.rows import Task
from web.rendering import READER, is_embedded, page, words

router = APIRouter(include_in_schema=False)

_ID = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,119}")


@dataclass(frozen=True)
class Call:
    """One way to answer."""

    does: str
    path: str


@dataclass(frozen=True)
class Asked:
    """A task, and the ways to answer it."""

    key: str
    title: str
    what_to_do: str
    about: str
    due: str
    owner: str
    calls: list[Call]


@router.get("/go/engagements/{engagement_id}")
@router.get("/go/engagements/{engagement_id}/items/{item_id}")
async def follow(request: Request, engagement_id: str, item_id: str = "") -> HTMLResponse:
    """Show what an email's link is about. Opening it changes nothing, because mail scanners do.

    An unknown reader learns nothing, not even whether the engagement exists.
    """
    if not is_embedded(request):
        return page(request, "go.html", values=unknown(engagement_id, item_id))
    backend: Backend = request.app.state.backend
    return page(request, "go.html", values=await known(backend, engagement_id, item_id))


def unknown(engagement_id: str, item_id: str) -> dict[str, object]:
    """The values for an unknown reader: the address to ask with a token."""
    address = "/api/v1/me/tasks"
    if _ID.fullmatch(item_id or engagement_id):
        address = f"/api/v1/items/{item_id}" if item_id else f"/api/v1/engagements/{engagement_id}"
    return {"subject": "", "engagement": None, "tasks": [], "address": address}


async def known(backend: Backend, engagement_id: str, item_id: str) -> dict[str, object]:
    """The values for the embedded product's own reader: the open tasks. Raises ``not-found``."""
    if not _ID.fullmatch(engagement_id) or (item_id and not _ID.fullmatch(item_id)):
        raise Problem("not-found")
    engagement = await read_engagement(backend, READER, engagement_id)
    programme = engagement.programme
    clock = (await backend.definitions.voice(programme.id, programme.version)).clock
    tasks, subject = engagement.tasks, engagement.member.name
    if item_id:
        item = await read_item(backend, READER, item_id)
        tasks, subject = item.tasks, f"{item.title}: {engagement.member.name}"
    kinds = {item.id: item.kind for item in engagement.items}
    return {
        "subject": subject,
        "engagement": engagement,
        "tasks": [_asked(task, kinds.get(task.item, ""), clock) for task in tasks],
        "address": "",
    }


def _asked(task: Task, kind: str, clock: Clock) -> Asked:
    return Asked(
        key=task.key,
        title=task.title,
        what_to_do=task.what_to_do,
        about=task.about,
        due=clock.due(task.due_at),
        owner=task.owner.name if task.owner else readable(task.owner_role),
        calls=_calls(task, kind),
    )


def _calls(task: Task, kind: str) -> list[Call]:
    group, _, part = task.key.partition(":")
    entries = words()["answers"].get(kind, {}).get(group, [])
    ids = {"item": task.item, "engagement": task.engagement, "part": part}
    return [Call(entry["does"], str(entry["path"]).format(**ids)) for entry in entries]
