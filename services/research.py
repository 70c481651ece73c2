"""Commands to a research request, from its submission to its feedback."""

from datetime import date

from programmes.problems import meant
from services.access import engagement_in_reach, item_in_reach, require_worker
from services.backend import Backend
from services.dispatch import send
from services.items import Note, send_to_item, written
from services.permissions import Actor
from services.problems import wrong_value
from storage.ids import derived_id, new_id
from storage.queries.access import Place
from workflows.ids import engagement_workflow_id
from workflows.messages import (
    AcceptDelivery,
    AcceptRequest,
    AgreeScope,
    Answer,
    AnswerQuestion,
    AskMember,
    AssignRequest,
    DeclineRequest,
    DeliverRequest,
    GiveFeedback,
    OpenRequest,
    ReturnDelivery,
    WithdrawRequest,
)

KIND = "research"

Taken = Answer | None
"""The state after a command; ``None`` where it is taken and its record takes longer."""


async def submit_request(
    backend: Backend,
    actor: Actor,
    engagement_id: str,
    request: Note,
    *,
    theme: str = "",
    key: str | None = None,
) -> tuple[str, Taken]:
    """Open a research request; the id is the same for the same key."""
    place = await engagement_in_reach(backend, actor, "submit_request", engagement_id)
    if theme:
        await _require_theme(backend, place, theme)
    item_id = derived_id("itm", actor.holder_id, key) if key else new_id("itm")
    async with written(backend, actor, key, request=request) as texts:
        command = OpenRequest(actor.holder_id, item_id, texts["request"], theme)
        address = engagement_workflow_id(place.engagement_id)
        return item_id, await send(backend, address, command, actor.holder_id, key)


async def accept_request(
    backend: Backend, actor: Actor, request_id: str, *, key: str | None = None
) -> Taken:
    """Triage: it will be done."""
    place = await item_in_reach(backend, actor, "accept_request", request_id, KIND)
    return await send_to_item(backend, actor, place, AcceptRequest(actor.holder_id), key)


async def decline_request(
    backend: Backend, actor: Actor, request_id: str, reason: str, *, key: str | None = None
) -> Taken:
    """Triage: it will not be done, for a reason."""
    place = await item_in_reach(backend, actor, "decline_request", request_id, KIND)
    async with written(backend, actor, key, reason=reason) as texts:
        command = DeclineRequest(actor.holder_id, texts["reason"])
        return await send_to_item(backend, actor, place, command, key)


async def ask_member(
    backend: Backend, actor: Actor, request_id: str, question: str, *, key: str | None = None
) -> Taken:
    """Triage: the member is asked for more."""
    place = await item_in_reach(backend, actor, "ask_member", request_id, KIND)
    async with written(backend, actor, key, question=question) as texts:
        command = AskMember(actor.holder_id, texts["question"])
        return await send_to_item(backend, actor, place, command, key)


async def answer_question(
    backend: Backend, actor: Actor, request_id: str, answer: Note, *, key: str | None = None
) -> Taken:
    """The member's answer: triage goes on."""
    place = await item_in_reach(backend, actor, "answer_question", request_id, KIND)
    async with written(backend, actor, key, answer=answer) as texts:
        command = AnswerQuestion(actor.holder_id, texts["answer"])
        return await send_to_item(backend, actor, place, command, key)


async def agree_scope(
    backend: Backend,
    actor: Actor,
    request_id: str,
    scope: str,
    *,
    form: str,
    due: date | None = None,
    key: str | None = None,
) -> Taken:
    """Question, format and date are agreed."""
    place = await item_in_reach(backend, actor, "agree_scope", request_id, KIND)
    async with written(backend, actor, key, scope=scope) as texts:
        command = AgreeScope(actor.holder_id, texts["scope"], form, due)
        return await send_to_item(backend, actor, place, command, key)


async def assign_request(
    backend: Backend, actor: Actor, request_id: str, researcher_id: str, *, key: str | None = None
) -> Taken:
    """Somebody takes it up."""
    place = await item_in_reach(backend, actor, "assign_request", request_id, KIND)
    await require_worker(backend, researcher_id, "researcher", "#/researcher")
    command = AssignRequest(actor.holder_id, researcher_id)
    return await send_to_item(backend, actor, place, command, key)


async def deliver_request(
    backend: Backend, actor: Actor, request_id: str, delivery: Note, *, key: str | None = None
) -> Taken:
    """The work goes to the member."""
    place = await item_in_reach(backend, actor, "deliver_request", request_id, KIND)
    async with written(backend, actor, key, delivery=delivery) as texts:
        command = DeliverRequest(actor.holder_id, texts["delivery"])
        return await send_to_item(backend, actor, place, command, key)


async def accept_delivery(
    backend: Backend, actor: Actor, request_id: str, *, key: str | None = None
) -> Taken:
    """The member is content with the work."""
    place = await item_in_reach(backend, actor, "accept_delivery", request_id, KIND)
    return await send_to_item(backend, actor, place, AcceptDelivery(actor.holder_id), key)


async def return_delivery(
    backend: Backend, actor: Actor, request_id: str, comments: str, *, key: str | None = None
) -> Taken:
    """The member wants something changed."""
    place = await item_in_reach(backend, actor, "return_delivery", request_id, KIND)
    async with written(backend, actor, key, comments=comments) as texts:
        command = ReturnDelivery(actor.holder_id, texts["comments"])
        return await send_to_item(backend, actor, place, command, key)


async def give_feedback(
    backend: Backend,
    actor: Actor,
    request_id: str,
    *,
    score: int,
    remark: str | None = None,
    key: str | None = None,
) -> Taken:
    """How useful it was; the request closes."""
    place = await item_in_reach(backend, actor, "give_feedback", request_id, KIND)
    async with written(backend, actor, key, remark=remark) as texts:
        command = GiveFeedback(actor.holder_id, score, texts.get("remark"))
        return await send_to_item(backend, actor, place, command, key)


async def withdraw_request(
    backend: Backend, actor: Actor, request_id: str, reason: str, *, key: str | None = None
) -> Taken:
    """The member does not need it any more."""
    place = await item_in_reach(backend, actor, "withdraw_request", request_id, KIND)
    async with written(backend, actor, key, reason=reason) as texts:
        command = WithdrawRequest(actor.holder_id, texts["reason"])
        return await send_to_item(backend, actor, place, command, key)


async def _require_theme(backend: Backend, place: Place, theme: str) -> None:
    voice = await backend.definitions.voice(place.programme_id, place.programme_version)
    known = voice.titles.themes
    if theme not in known:
        fix = meant(theme, known)
        raise wrong_value("theme", "#/theme", fix=f"{fix[:1].upper()}{fix[1:]}")
