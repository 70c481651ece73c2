"""How each move of the story is asked for: its address in the API and the fields of its body."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Aim = Literal["engagement", "request", "advice", "review"]
"""What a move is aimed at: the engagement, or the item whose id goes into the address."""


@dataclass(frozen=True)
class Route:
    """A POST. The address may name ``{engagement}``, ``{item}`` and fields of the move."""

    address: str
    aim: Aim
    fields: tuple[str, ...] = field(default=())


ROUTES: Mapping[str, Route] = {
    "complete_step": Route(
        "/engagements/{engagement}/onboarding/steps/{step}/complete",
        "engagement",
        ("text", "done_on"),
    ),
    "waive_step": Route(
        "/engagements/{engagement}/onboarding/steps/{step}/waive", "engagement", ("reason",)
    ),
    "withdraw": Route("/engagements/{engagement}/withdraw", "engagement", ("reason",)),
    "submit_request": Route(
        "/engagements/{engagement}/requests", "engagement", ("title", "text", "theme", "link")
    ),
    "accept_request": Route("/requests/{item}/accept", "request"),
    "ask_member": Route("/requests/{item}/ask", "request", ("question",)),
    "agree_scope": Route("/requests/{item}/scope", "request", ("text", "format", "due")),
    "assign_request": Route("/requests/{item}/assign", "request", ("researcher",)),
    "deliver_request": Route("/requests/{item}/deliver", "request", ("title", "text", "link")),
    "accept_delivery": Route("/requests/{item}/accept-delivery", "request"),
    "return_delivery": Route("/requests/{item}/return", "request", ("comments",)),
    "give_feedback": Route("/requests/{item}/feedback", "request", ("score", "text")),
    "withdraw_request": Route("/requests/{item}/withdraw", "request", ("reason",)),
    "propose_dates": Route("/advice/{item}/propose", "advice", ("dates",)),
    "confirm_date": Route("/advice/{item}/confirm", "advice", ("choice",)),
    "send_agenda": Route("/advice/{item}/agenda", "advice", ("text",)),
    "hold_session": Route("/advice/{item}/hold", "advice", ("held_on",)),
    "record_notes": Route("/advice/{item}/notes", "advice", ("text", "actions")),
    "add_evidence": Route("/reviews/{item}/evidence", "review", ("check", "text", "link")),
    "submit_review": Route("/reviews/{item}/submit", "review", ("text",)),
    "sign_off_review": Route("/reviews/{item}/sign-off", "review", ("text",)),
}
