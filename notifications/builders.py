"""How the context of each kind of email is made from its occasion."""

from dataclasses import replace
from datetime import date, datetime

from notifications import context as c
from notifications.digests.content import Voice
from notifications.links import link_to
from notifications.occasion import Occasion
from notifications.scene import MEMBERS_OWN, Happened, OpenTask, Words
from notifications.words import theme_words, why_sentence
from programmes.facts import is_of_member
from programmes.planner import next_cycle_at, review_dates
from programmes.plans import PlannedItem
from storage.master.teams import CHANGED, PREDECESSOR
from storage.roles import ADVISER, LEAD, MANAGER

# --- The shapes that many kinds share -------------------------------------------------------------


def letter(it: Occasion) -> c.Letter:
    """An email that asks for nothing."""
    scene = it.scene
    return c.Letter(
        to=it.recipient.name,
        member=scene.member,
        programme=scene.titles.programme,
        office=scene.titles.office,
        reply_to=scene.titles.reply_to,
        item=it.item_title(),
        link=it.link(),
        why=it.why(),
    )


def told(it: Occasion) -> c.Told:
    """It passes on what somebody wrote."""
    return c.Told(**vars(letter(it)), words=it.words)


def ask(it: Occasion) -> c.Ask:
    """It asks for one task."""
    task = it.open_task()
    words = it.task_words(task)
    return c.Ask(
        **vars(letter(it)), task=words.title, todo=words.todo, by=it.scene.clock.due(task.due_at)
    )


def ask_told(it: Occasion) -> c.AskTold:
    """It asks, and passes on what somebody wrote."""
    return c.AskTold(**vars(ask(it)), words=it.words)


def chase(it: Occasion) -> c.Chase:
    """An email of a ladder."""
    task = it.open_task()
    return c.Chase(
        **vars(ask(it)),
        owner=it.scene.name_of(task.owner_id),
        yours=it.is_mine(task),
        about=it.scene.member if _is_outside(it) else "",
    )


def step_ready(it: Occasion) -> c.StepReady:
    """A step of the onboarding."""
    return c.StepReady(**vars(ask(it)), outside=_is_outside(it))


def _is_outside(it: Occasion) -> bool:
    return it.recipient.role not in MEMBERS_OWN


def moved(it: Occasion) -> c.Moved:
    """A task with a new date."""
    before = ""
    for fact in it.scene.facts:
        if fact.kind == "deadline.moved" and fact.data.get("task") == it.task:
            before = fact.data.get("before", "")
    was = it.scene.clock.due(datetime.fromisoformat(before)) if before else ""
    return c.Moved(**vars(ask_told(it)), was=was, outside=_is_outside(it))


# --- Engagement and onboarding --------------------------------------------------------------------


def welcome(it: Occasion) -> c.Welcome:
    """What the recipient has to do first, soonest first."""
    mine = sorted(
        (task for task in it.scene.tasks.values() if it.is_mine(task)),
        key=lambda task: (task.due_at, task.key),
    )
    return c.Welcome(
        **vars(letter(it)),
        manager=it.scene.name_of(it.scene.manager_id),
        todos=tuple(_todo(it, task) for task in mine),
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
        next_cycle_at(definition.rules(), it.calendar, at, (), _moved(it))
        if definition and at
        else None
    )
    return c.Onboarded(
        **vars(letter(it)),
        reviews=tuple(_planned(it, review) for review in _reviews(it)),
        advice_from=clock.due(first_advice) if first_advice else "",
        research=bool(definition and definition.research),
    )


def waived(it: Occasion) -> c.Waived:
    """The step is the notice's rung: one record may waive several."""
    step = it.rung or it.fact_data("onboarding.step_waived", "step")
    return c.Waived(**vars(told(it)), step=it.scene.titles.step(step))


# --- Research -------------------------------------------------------------------------------------


def received(it: Occasion) -> c.Received:
    """The request as it was written: for the lead, who may not have seen it, too."""
    asked_by = _asked_by(it) if it.data("requester") != it.recipient.id else ""
    return c.Received(**vars(letter(it)), words=_request(it), asked_by=asked_by)


def new_request(it: Occasion) -> c.NewRequest:
    """The request as the member wrote it."""
    values = vars(ask(it)) | {"words": it.words or _request(it)}
    theme = theme_words(it.data("theme"), it.scene.titles)
    return c.NewRequest(**values, theme=theme, asked_by=_asked_by(it))


def about_request(it: Occasion) -> c.AboutRequest:
    """With the request that it is about."""
    return c.AboutRequest(**vars(ask_told(it)), request=_request(it))


def scoped(it: Occasion) -> c.Scoped:
    """What was agreed."""
    return c.Scoped(
        **vars(told(it)),
        request=_request(it),
        format=it.data("format"),
        delivered_by=it.day(it.data("delivery_date")),
    )


def withdrawn(it: Occasion) -> c.Withdrawn:
    """Who withdrew it, and why."""
    fact = it.fact("research.withdrawn")
    return c.Withdrawn(
        **vars(told(it)), by_office=fact is not None and not is_of_member(fact.actor)
    )


def handed_over(it: Occasion) -> c.HandedOver:
    """Who goes on with it."""
    return c.HandedOver(**vars(letter(it)), now_with=it.scene.name_of(it.scene.assignee_id))


def _request(it: Occasion) -> Words | None:
    return it.text(it.data("request"))


def _asked_by(it: Occasion) -> str:
    return it.scene.name_of(it.data("requester"))


def assigned(it: Occasion) -> c.Assigned:
    """The same, for the researcher."""
    return c.Assigned(**vars(ask_told(it)), format=it.data("format"))


def feedback(it: Occasion) -> c.Feedback:
    """What the member thinks of the work."""
    score = it.fact_data("research.feedback_given", "score") or it.data("score")
    return c.Feedback(**vars(told(it)), score=score)


# --- Advice ---------------------------------------------------------------------------------------


def advice_opened(it: Occasion) -> c.AdviceOpened:
    """A new cycle, with what came over from the last one."""
    carried = it.fact_data("advice.opened", "carried") or "0"
    return c.AdviceOpened(**vars(ask(it)), carried=int(carried))


def dates(it: Occasion) -> c.Dates:
    """The dates to choose from, in the order in which they were proposed."""
    proposed = sorted(
        (int(key.removeprefix("date:")), value)
        for key, value in it.scene.item_data.items()
        if key.startswith("date:")
    )
    return c.Dates(
        **vars(ask(it)),
        dates=tuple(it.moment(value) for _, value in proposed),
        adviser=it.scene.name_of(it.scene.adviser_id),
    )


def session(it: Occasion) -> c.Session:
    """The session with its date."""
    return c.Session(**vars(letter(it)), session=it.moment(it.data("session")))


def called_off(it: Occasion) -> c.Session:
    """The session that has gone from the recipient's calendar."""
    return c.Session(**vars(letter(it)), session=it.moment(it.entry))


def agenda(it: Occasion) -> c.Agenda:
    """What it will cover."""
    return c.Agenda(**vars(told(it)), session=it.moment(it.data("session")))


def notes(it: Occasion) -> c.Notes:
    """What was said, and what was agreed: the actions that are still to be done."""
    actions = tuple(
        _todo(it, task)
        for task in sorted(it.scene.tasks.values(), key=lambda task: task.due_at)
        if task.family == "action"
    )
    return c.Notes(**vars(told(it)), held=it.day(it.data("held")), actions=actions)


def cycle_closed(it: Occasion) -> c.CycleClosed:
    """A cycle is over; the next opens by itself while the engagement is active."""
    definition, at = it.scene.definition, it.scene.onboarded_at
    cycles = tuple(datetime.fromisoformat(one) for one in it.scene.cycles)
    following = (
        next_cycle_at(definition.rules(), it.calendar, at, cycles, _moved(it))
        if definition and at and it.scene.stage == "active"
        else None
    )
    return c.CycleClosed(
        **vars(told(it)),
        cancelled=it.fact_data("advice.closed", "outcome") == "cancelled",
        next_from=it.scene.clock.due(following) if following else "",
    )


# --- Answers by email -----------------------------------------------------------------------------


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


# --- After an outage ------------------------------------------------------------------------------


def catch_up(it: Occasion) -> c.CatchUp:
    """What several late emails ask for: each task once, with whatever words they pass on."""
    told: dict[tuple[str, str], list[Occasion]] = {}
    for one in sorted(it.carries, key=lambda one: one.open_task().due_at):
        told.setdefault((one.scene.item_id, one.task), []).append(one)
    outside = _is_outside(it)
    common = vars(letter(it)) | {"item": it.scene.titles.programme}
    if outside:
        common |= {"member": "", "link": it.public_url.rstrip("/")}
        if it.instead_of is None:
            common |= {"why": why_sentence("team_digest", "", it.language)}
    else:
        common |= {"link": link_to(it.public_url, it.scene.engagement_id)}
    return c.CatchUp(
        **common,
        since=it.scene.clock.due(it.since) if it.since else "",
        things=tuple(_waiting(group, outside=outside) for group in told.values()),
    )


def _waiting(group: list[Occasion], *, outside: bool) -> c.Waiting:
    it = group[-1]
    task = it.open_task()
    words, mine = it.task_words(task), it.is_mine(task)
    passed_on = [one.words for one in group]
    if any(one.kind == "research.new" for one in group):
        passed_on.append(_request(it))
    return c.Waiting(
        task=words.title,
        item=it.item_title(),
        by=it.scene.clock.due(task.due_at),
        link=it.link(),
        todo=words.todo if mine else "",
        owner="" if mine else it.scene.name_of(task.owner_id),
        member=it.scene.member if outside else "",
        words=next((one for one in passed_on if one), None),
    )


# --- Reviews --------------------------------------------------------------------------------------


def review_opened(it: Occasion) -> c.ReviewOpened:
    """What to prepare."""
    review, prefix = it.scene.item_key, "check:"
    return c.ReviewOpened(
        **vars(ask(it)),
        about=it.scene.titles.review_texts.get(review, ""),
        checks=tuple(
            it.scene.titles.check(review, key.removeprefix(prefix))
            for key in it.scene.item_data
            if key.startswith(prefix)
        ),
    )


def signed_off(it: Occasion) -> c.SignedOff:
    """The milestone, and the one after it in the plan."""
    plan = sorted(_reviews(it), key=lambda review: (review.due_at, review.key))
    names = [review.key for review in plan]
    here = names.index(it.scene.item_key) if it.scene.item_key in names else None
    following = plan[here + 1] if here is not None and here + 1 < len(plan) else None
    return c.SignedOff(
        **vars(told(it)),
        next_review=it.scene.titles.review(following.key) if following else "",
        next_by=it.scene.clock.due(following.due_at) if following else "",
        last=here is not None and following is None,
    )


def review_called_off(it: Occasion) -> c.CalledOff:
    """The day that has gone from the recipient's calendar."""
    return c.CalledOff(**vars(letter(it)), was=it.day(it.entry))


def replanned(it: Occasion) -> c.Replanned:
    """The review that was moved, and those that come after it."""
    review = it.fact_data("review.planned_moved", "review")
    before = it.fact_data("review.planned_moved", "before")
    after = datetime.fromisoformat(it.fact_data("review.planned_moved", "after"))
    clock = it.scene.clock
    return c.Replanned(
        **vars(told(it)),
        review=it.scene.titles.review(review),
        was=clock.due(datetime.fromisoformat(before)) if before else "",
        by=clock.due(after),
        reviews=tuple(_planned(it, one) for one in _reviews(it) if one.due_at >= after),
    )


def _planned(it: Occasion, review: PlannedItem) -> c.PlannedReview:
    due = it.scene.clock.due
    return c.PlannedReview(
        it.scene.titles.review(review.key), due(review.opens_at), due(review.due_at)
    )


def _todo(it: Occasion, task: OpenTask) -> c.Todo:
    words = it.task_words(task)
    return c.Todo(
        title=words.title,
        by=it.scene.clock.due(task.due_at),
        todo=words.todo,
        owner=it.scene.name_of(task.owner_id),
    )


def _reviews(it: Occasion) -> tuple[PlannedItem, ...]:
    definition, at = it.scene.definition, it.scene.onboarded_at
    if definition is None or at is None:
        return ()
    return review_dates(definition.rules(), it.calendar, at, _moved(it))


def _moved(it: Occasion) -> dict[str, date]:
    return {key: date.fromisoformat(day) for key, day in it.scene.moved.items()}
