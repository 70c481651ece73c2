"""Commands to a review milestone: evidence, submission, sign-off or return."""

from services.access import item_in_reach
from services.backend import Backend
from services.items import Note, send_to_item, written
from services.permissions import Actor
from workflows.messages import AddEvidence, Answer, ReturnReview, SignOffReview, SubmitReview

KIND = "review"

Taken = Answer | None


async def add_evidence(
    backend: Backend,
    actor: Actor,
    review_id: str,
    check: str,
    evidence: Note,
    *,
    key: str | None = None,
) -> Taken:
    """Tick one item of the checklist, with what shows that it is done."""
    place = await item_in_reach(backend, actor, "add_evidence", review_id, KIND)
    async with written(backend, actor, key, evidence=evidence) as texts:
        command = AddEvidence(actor.holder_id, check, texts["evidence"])
        return await send_to_item(backend, actor, place, command, key)


async def submit_review(
    backend: Backend,
    actor: Actor,
    review_id: str,
    remark: str | None = None,
    *,
    key: str | None = None,
) -> Taken:
    """The member is ready; the office looks at it next."""
    place = await item_in_reach(backend, actor, "submit_review", review_id, KIND)
    async with written(backend, actor, key, remark=remark) as texts:
        command = SubmitReview(actor.holder_id, texts.get("remark"))
        return await send_to_item(backend, actor, place, command, key)


async def sign_off_review(
    backend: Backend,
    actor: Actor,
    review_id: str,
    remark: str | None = None,
    *,
    key: str | None = None,
) -> Taken:
    """The milestone is reached."""
    place = await item_in_reach(backend, actor, "sign_off_review", review_id, KIND)
    async with written(backend, actor, key, remark=remark) as texts:
        command = SignOffReview(actor.holder_id, texts.get("remark"))
        return await send_to_item(backend, actor, place, command, key)


async def return_review(
    backend: Backend, actor: Actor, review_id: str, comments: str, *, key: str | None = None
) -> Taken:
    """Not yet: something is to be mended first."""
    place = await item_in_reach(backend, actor, "return_review", review_id, KIND)
    async with written(backend, actor, key, comments=comments) as texts:
        command = ReturnReview(actor.holder_id, texts["comments"])
        return await send_to_item(backend, actor, place, command, key)
