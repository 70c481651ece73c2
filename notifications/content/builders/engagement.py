"""Emails about an engagement: its beginning, its people, its onboarding."""

from dataclasses import replace

from notifications.content import context as c
from notifications.content.builders.shapes import (
    letter,
    moved_reviews,
    planned_review,
    reviews_of,
    todo_line,
    told,
)
from notifications.content.message import Occasion
from notifications.content.scene import Happened
from notifications.digests.content import Voice
from programmes.facts import is_of_member
from programmes.planner import next_cycle_at
from storage.master.teams import CHANGED, PREDECESSOR
from storage.roles import ADVISER, LEAD, MANAGER


def welcome(it: Occasion) -> c.Welcome:
    """What the recipient has to do first, soonest first."""
    mine = sorted(
        (task for task in it.scene.tasks.values() if it.is_mine(task)),
        key=lambda task: (task.due_at, task.key),
    )
    return c.Welcome(
        **vars(letter(it)),
        manager=it.scene.name_of(it.scene.manager_id),
        todos=tuple(todo_line(it, task) for task in mine),
    )


def new_lead(it: Occasion) -> c.NewLead:
    """What a member's new lead contact has now."""
    return c.NewLead(**vars(letter(it)), before=_before(it, LEAD), waiting=_waiting_for(it))


def new_in_team(it: Occasion) -> c.NewInTeam:
    """What whoever looks after the member, or advises it, has now."""
    roles = [role for role in (MANAGER, ADVISER) if has_taken_over(it, role)]
    before = dict.fromkeys(name for role in roles if (name := _before(it, role)))
    return c.NewInTeam(
        **vars(letter(it)),
        before=", ".join(before),
        waiting=_waiting_for(it),
        manager=MANAGER in roles,
        adviser=ADVISER in roles,
    )


def has_taken_over(it: Occasion, role: str) -> bool:
    """Whether the recipient, or whom they stand in for, was given that role and has it still."""
    me, scene = (it.instead_of or it.recipient).id, it.scene
    holder = {
        MANAGER: scene.manager_id,
        ADVISER: scene.adviser_id,
        LEAD: next((one.id for one in scene.people.values() if one.role == LEAD), None),
    }
    return me == it.fact_data(CHANGED[role], role) == holder[role]


def _before(it: Occasion, role: str) -> str:
    return it.scene.name_of(it.fact_data(CHANGED[role], PREDECESSOR))


def _waiting_for(it: Occasion) -> tuple[c.Line, ...]:
    """Every open task of the engagement that is theirs, soonest first."""
    me, scene = (it.instead_of or it.recipient).id, it.scene
    voice = Voice(scene.titles, scene.clock, it.language)
    mine = (one for one in scene.everything_open if one.task.owner and one.task.owner.id == me)
    return tuple(replace(voice.line(one), owner="") for one in mine)


def onboarded(it: Occasion) -> c.Onboarded:
    """The plan from here on. Without a definition to plan by, it names no dates."""
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


def waived(it: Occasion) -> c.Waived:
    """The step is the notice's rung: one record may waive several."""
    step = it.rung or it.fact_data("onboarding.step_waived", "step")
    return c.Waived(**vars(told(it)), step=it.scene.titles.step(step))


def reply(it: Occasion) -> c.Reply:
    """What somebody wrote in answer to an email."""
    found = it.fact("reply.received") or it.fact("reply.passed_on")
    fact = found or it.fact("reply.unverified")
    return c.Reply(
        **vars(told(it)),
        sender=it.scene.name_of(found.actor) if found else "",
        verified=found is not None,
        attachments=_attachments(fact),
        passes_on=found is not None and is_of_member(found.actor),
    )


def passed_on(it: Occasion) -> c.PassedOn:
    """What somebody of the office answered, for the contact whom it is for."""
    fact = it.fact("reply.passed_on")
    sender = it.scene.name_of(fact.actor) if fact else ""
    return c.PassedOn(**vars(told(it)), sender=sender or it.scene.titles.office)


def files_left_out(it: Occasion) -> c.FilesLeftOut:
    """For whoever sent files with their answer."""
    fact = it.fact("reply.received") or it.fact("reply.passed_on")
    return c.FilesLeftOut(**vars(letter(it)), attachments=_attachments(fact))


def _attachments(fact: Happened | None) -> int:
    return int(fact.data.get("attachments", "0")) if fact else 0
