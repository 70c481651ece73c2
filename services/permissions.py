"""Who may do what: one table of rules, and the checks that each command and view makes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from programmes.vocabulary import OfficeRole
from services.backend import Backend
from services.problems import Problem, wrong_value
from storage.queries.access import (
    ALL,
    ItemPlace,
    KnownPerson,
    Place,
    Visibility,
    known_person,
    place_of_engagement,
    place_of_item,
)
from storage.roles import MAY_WORK_AS

Role = Literal[OfficeRole, "member"]
ROLES: tuple[Role, ...] = get_args(Role)

Reach = Literal["all", "own", "assigned", "advised", "held"]
"""``all``: everything. ``own``: the member's own engagements; others are hidden. ``assigned``:
research requests assigned to the caller. ``advised``: engagements that the caller advises.
``held``: the caller's own tasks."""

Rule = Mapping[Role, Reach]

_READ: Rule = {
    "manager": "all",
    "researcher": "all",
    "adviser": "all",
    "viewer": "all",
    "member": "own",
}
_ANY_ROLE: Rule = {**_READ}
"""About the caller."""
_OFFICE: Rule = {"manager": "all", "researcher": "all", "adviser": "all"}
_MANAGER: Rule = {"manager": "all"}
_MEMBER: Rule = {"manager": "all", "member": "own"}
_RESEARCHER: Rule = {"manager": "all", "researcher": "assigned"}
_ADVISER: Rule = {"manager": "all", "adviser": "advised"}

RULES: Mapping[str, Rule] = {
    # Programmes, members, people
    "list_programmes": _READ,
    "show_programme_version": _READ,
    "add_programme": _MANAGER,
    "show_programme_funders": _OFFICE,
    "set_programme_funders": _MANAGER,
    "list_members": _READ,
    "show_member": _READ,
    "add_member": _MANAGER,
    "edit_member": _MANAGER,
    "add_contact": _MANAGER,
    "edit_contact": _MANAGER,
    "list_people": _OFFICE,
    "add_person": _MANAGER,
    "edit_person": _MANAGER,
    # The office's own templates
    "list_templates": _MANAGER,
    "show_template": _MANAGER,
    "add_template": _MANAGER,
    "check_template": _MANAGER,
    "preview_template": _MANAGER,
    "send_test_template": _MANAGER,
    "activate_template": _MANAGER,
    # Recipients' choices, and suppressed addresses
    "show_my_choices": _ANY_ROLE,
    "set_my_choices": _ANY_ROLE,
    "show_contact_choices": _MANAGER,
    "set_contact_choices": _MANAGER,
    "show_person_choices": _MANAGER,
    "set_person_choices": _MANAGER,
    "list_suppressions": _MANAGER,
    "lift_suppression": _MANAGER,
    # Secret addresses of calendars
    "show_my_calendar_feed": _ANY_ROLE,
    "make_my_calendar_feed": _ANY_ROLE,
    "end_my_calendar_feed": _ANY_ROLE,
    "make_contact_calendar_feed": _MANAGER,
    "end_contact_calendar_feed": _MANAGER,
    "make_person_calendar_feed": _MANAGER,
    "end_person_calendar_feed": _MANAGER,
    # Engagements
    "list_engagements": _READ,
    "show_engagement": _READ,
    "show_plan": _READ,
    "show_timeline": _READ,
    "list_tasks": _READ,
    "list_notifications": _READ,
    "show_notification": _READ,
    "explain_notification": _READ,
    "resolve_notification": _MANAGER,
    "start_engagement": _MANAGER,
    "withdraw_engagement": _MANAGER,
    "complete_engagement": _MANAGER,
    "move_review": _MANAGER,
    "assign_engagement": _MANAGER,
    # Items of any kind
    "show_item": _READ,
    "move_deadline": _MANAGER,
    # Onboarding
    "show_onboarding": _READ,
    "complete_step": {**_MEMBER, "adviser": "held", "researcher": "held"},
    "waive_step": _MANAGER,
    # Research requests
    "list_requests": _READ,
    "show_request": _READ,
    "submit_request": _MEMBER,
    "accept_request": _MANAGER,
    "decline_request": _MANAGER,
    "ask_member": _MANAGER,
    "answer_question": _MEMBER,
    "agree_scope": _MANAGER,
    "assign_request": _MANAGER,
    "deliver_request": _RESEARCHER,
    "accept_delivery": _MEMBER,
    "return_delivery": _MEMBER,
    "give_feedback": _MEMBER,
    "withdraw_request": _MEMBER,
    # Advice cycles
    "list_cycles": _READ,
    "show_cycle": _READ,
    "propose_dates": _ADVISER,
    "confirm_date": {"manager": "all", "adviser": "advised", "member": "own"},
    "send_agenda": _ADVISER,
    "hold_session": _ADVISER,
    "miss_session": _ADVISER,
    "record_notes": _ADVISER,
    "close_cycle": _ADVISER,
    "complete_action": {
        "manager": "all",
        "adviser": "advised",
        "researcher": "held",
        "member": "own",
    },
    # Review milestones
    "list_reviews": _READ,
    "show_review": _READ,
    "add_evidence": _MEMBER,
    "submit_review": _MEMBER,
    "sign_off_review": _MANAGER,
    "return_review": _MANAGER,
    # The caller, and the embedded product's mailbox
    "show_me": _READ,
    "list_my_tasks": _READ,
    "list_my_troubles": _MANAGER,
    "show_my_calendar": _READ,
    "list_mailbox": _MANAGER,
    "show_mail": _MANAGER,
    "show_invitation": _MANAGER,
}

OWN_TASK_ONLY = frozenset({"complete_step", "complete_action"})
"""Operations for the owner of a task. A contact may call them for a task of the member or the
contact. A person of the office may call them for a task that the person holds."""


@dataclass(frozen=True)
class Actor:
    """Who calls: the holder of a token, or the operator at the command line."""

    holder_id: str
    role: Role
    name: str = ""
    member_id: str | None = None
    """The member organisation of a contact."""

    @property
    def is_person(self) -> bool:
        """Whether the caller is a person of the office, not a contact or the operator."""
        return self.holder_id.startswith("per_")

    @property
    def reads_texts(self) -> bool:
        """Whether the caller may read texts and addresses."""
        return self.role != "viewer"


OPERATOR = Actor("operator", "manager")
"""The user of the command line. The operator may do what a manager may, and issue tokens."""


def require_operator(actor: Actor) -> None:
    """Raise the problem ``forbidden`` unless the operator asks."""
    if actor.holder_id != OPERATOR.holder_id:
        raise Problem("forbidden")


def reach(operation: str, role: Role) -> Reach | None:
    """How far ``role`` reaches in ``operation``, or ``None`` if it may not call it."""
    return RULES[operation].get(role)


P = TypeVar("P", bound=Place)


def visibility(actor: Actor) -> Visibility:
    """What the caller sees, as a database condition. A contact sees its own member; others see
    all."""
    if actor.role != "member":
        return ALL
    if actor.member_id is None:
        # A contact without a member sees nothing.
        raise Problem("forbidden")
    return Visibility(actor.member_id)


def require(actor: Actor, operation: str) -> None:
    """Raise the problem ``forbidden`` unless the caller's role may call this operation."""
    if reach(operation, actor.role) is None:
        raise Problem("forbidden")


async def engagement_in_reach(
    backend: Backend, actor: Actor, operation: str, engagement_id: str
) -> Place:
    """The engagement of a command. Raises ``forbidden``, ``not-found`` and ``not-yours``."""
    require(actor, operation)
    async with backend.database.reading() as session:
        place = await place_of_engagement(session, engagement_id)
    return _judged(actor, operation, place)


async def item_in_reach(
    backend: Backend, actor: Actor, operation: str, item_id: str, kind: str = "", task: str = ""
) -> ItemPlace:
    """The item of a command, with its task's owner. Raises as ``engagement_in_reach`` does."""
    require(actor, operation)
    async with backend.database.reading() as session:
        place = await place_of_item(session, item_id, task)
    if place is not None and kind and place.kind != kind:
        place = None
    return _judged(actor, operation, place)


def _judged(actor: Actor, operation: str, place: P | None) -> P:
    if place is None:
        raise Problem("not-found")
    match reach(operation, actor.role):
        case "all":
            return place
        case "own":
            if place.member_id != actor.member_id:
                raise Problem("not-found")
            if operation in OWN_TASK_ONLY and not _is_members_task(actor, place):
                raise Problem("not-yours")
            return place
        case "assigned" if place.assignee_id == actor.holder_id:
            return place
        case "advised" if place.adviser_id == actor.holder_id:
            return place
        case "held" | "advised" if operation in OWN_TASK_ONLY and _holds(actor, place):
            return place
    raise Problem("not-yours")


def _is_members_task(actor: Actor, place: Place) -> bool:
    # The workflow refuses a task that is not open, because it knows the reason.
    owner = place.task_role
    return owner is None or owner == "lead" or _holds(actor, place)


def _holds(actor: Actor, place: Place) -> bool:
    return actor.holder_id in {place.task_role, place.task_holder}


async def require_worker(backend: Backend, person_id: str, role: str, pointer: str) -> None:
    """Raise ``invalid`` unless this person of the office may work in that role: manager,
    adviser or researcher."""
    person = await _known(backend, person_id)
    if person is None or not person.active or person.role not in MAY_WORK_AS[role]:
        raise wrong_value(role, pointer)


async def require_owner(backend: Backend, owner: str, member_id: str, pointer: str) -> None:
    """Raise ``invalid`` unless this is a role, a person of the office, or a contact of that
    member."""
    if owner in {"lead", "manager", "adviser", "researcher"}:
        return
    person = await _known(backend, owner)
    fits = person is not None and person.active and person.role != "viewer"
    if person is None or not fits or person.member_id not in {None, member_id}:
        raise wrong_value("owner", pointer)


async def _known(backend: Backend, person_id: str) -> KnownPerson | None:
    async with backend.database.reading() as session:
        return await known_person(session, person_id)
