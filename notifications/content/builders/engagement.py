"""Emails about an engagement: its start, its team, its onboarding, its replies."""

from dataclasses import replace

from notifications.content import context as c
from notifications.content.builders.shapes import (
    letter,
    moved_reviews,
    planned_review,
    quoting,
    reviews_of,
    todo_line,
)
from notifications.content.message import Message
from notifications.content.scene import Happened
from notifications.digests.content import Wording
from programmes.facts import is_of_member
from programmes.planner import next_cycle_at
from storage.master.teams import CHANGED, PREDECESSOR
from storage.roles import ADVISER, LEAD, MANAGER


def welcome(it: Message) -> c.Welcome:
    """The recipient's first tasks, soonest first."""
    mine = sorted(
        (task for task in it.scene.tasks.values() if it.is_mine(task)),
        key=lambda task: (task.due_at, task.key),
    )
    return c.Welcome(
        **vars(letter(it)),
        manager=it.scene.name_of(it.scene.manager_id),
        todos=tuple(todo_line(it, task) for task in mine),
    )


def new_lead(it: Message) -> c.NewLead:
    """What a member's new lead contact takes over."""
    return c.NewLead(**vars(letter(it)), before=_before(it, LEAD), waiting=_waiting_for(it))


def new_in_team(it: Message) -> c.NewInTeam:
    """What a member's new manager or adviser takes over."""
    roles = [role for role in (MANAGER, ADVISER) if has_taken_over(it, role)]
    before = dict.fromkeys(name for role in roles if (name := _before(it, role)))
    return c.NewInTeam(
        **vars(letter(it)),
        before=", ".join(before),
        waiting=_waiting_for(it),
        manager=MANAGER in roles,
        adviser=ADVISER in roles,
    )


def has_taken_over(it: Message, role: str) -> bool:
    """Whether the recipient, or the colleague whom they cover for, was given that role and still
    holds it."""
    me, scene = (it.instead_of or it.recipient).id, it.scene
    holder = {
        MANAGER: scene.manager_id,
        ADVISER: scene.adviser_id,
        LEAD: next((one.id for one in scene.people.values() if one.role == LEAD), None),
    }
    return me == it.fact_data(CHANGED[role], role) == holder[role]


def _before(it: Message, role: str) -> str:
    return it.scene.name_of(it.fact_data(CHANGED[role], PREDECESSOR))


def _waiting_for(it: Message) -> tuple[c.Line, ...]:
    """The recipient's open tasks in the engagement, soonest first."""
    me, scene = (it.instead_of or it.recipient).id, it.scene
    voice = Wording(scene.titles, scene.clock, it.language)
    mine = (one for one in scene.everything_open if one.task.owner and one.task.owner.id == me)
    return tuple(replace(voice.line(one), owner="") for one in mine)


def onboarded(it: Message) -> c.Onboarded:
    """The plan after onboarding. It names no dates if the definition cannot be read."""
    definition, at = it.scene.definition, it.scene.onboarded_at
    clock = it.scene.clock
    first_advice = (
        next_cycle_at(definition.rules(), it.calendar, at, (), moved_reviews(it))
        if definition and at
        else None
    )
    return c.Onboarded(
        **vars(letter(it)),
        reviews=tuple(planned_review(it, review) for review in reviews_of(it)),
        advice_from=clock.due(first_advice) if first_advice else "",
        research=bool(definition and definition.research),
    )


def waived(it: Message) -> c.Waived:
    """A step that was waived. Its id is the notice's rung, because one record may waive several."""
    step = it.rung or it.fact_data("onboarding.step_waived", "step")
    return c.Waived(**vars(quoting(it)), step=it.scene.titles.step(step))


def reply(it: Message) -> c.Reply:
    """A reply by email."""
    found = it.fact("reply.received") or it.fact("reply.passed_on")
    fact = found or it.fact("reply.unverified")
    return c.Reply(
        **vars(quoting(it)),
        sender=it.scene.name_of(found.actor) if found else "",
        verified=found is not None,
        attachments=_attachments(fact),
        passes_on=found is not None and is_of_member(found.actor),
    )


def passed_on(it: Message) -> c.PassedOn:
    """The office's reply to a contact."""
    fact = it.fact("reply.passed_on")
    sender = it.scene.name_of(fact.actor) if fact else ""
    return c.PassedOn(**vars(quoting(it)), sender=sender or it.scene.titles.office)


def files_left_out(it: Message) -> c.FilesLeftOut:
    """The notice to a contact whose reply had files."""
    fact = it.fact("reply.received") or it.fact("reply.passed_on")
    return c.FilesLeftOut(**vars(letter(it)), attachments=_attachments(fact))


def _attachments(fact: Happened | None) -> int:
    return int(fact.data.get("attachments", "0")) if fact else 0
