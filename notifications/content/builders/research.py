"""Emails about research requests, and the one email in place of several late ones."""

from notifications.content import context as c
from notifications.content.builders.shapes import ask, ask_quoting, is_outside, letter, quoting
from notifications.content.message import Message, link_to
from notifications.content.scene import Words
from notifications.words import theme_words, why_sentence
from programmes.facts import is_of_member


def received(it: Message) -> c.Received:
    """The request as it was written. The lead gets it too, and may not have seen it."""
    asked_by = _asked_by(it) if it.data("requester") != it.recipient.id else ""
    return c.Received(**vars(letter(it)), words=request_of(it), asked_by=asked_by)


def new_request(it: Message) -> c.NewRequest:
    """A request to triage, as the member wrote it. Raises ``MissingFact``."""
    values = vars(ask(it)) | {"words": it.words or request_of(it)}
    theme = theme_words(it.data("theme"), it.scene.titles)
    return c.NewRequest(**values, theme=theme, asked_by=_asked_by(it))


def about_request(it: Message) -> c.AboutRequest:
    """A task about a request, with the request's text. Raises ``MissingFact``."""
    return c.AboutRequest(**vars(ask_quoting(it)), request=request_of(it))


def scoped(it: Message) -> c.Scoped:
    """The agreed scope."""
    return c.Scoped(
        **vars(quoting(it)),
        request=request_of(it),
        format=it.data("format"),
        delivered_by=it.day(it.data("delivery_date")),
    )


def withdrawn(it: Message) -> c.Withdrawn:
    """Who withdrew it, and why."""
    fact = it.fact("research.withdrawn")
    return c.Withdrawn(
        **vars(quoting(it)), by_office=fact is not None and not is_of_member(fact.actor)
    )


def handed_over(it: Message) -> c.HandedOver:
    """Who continues the request."""
    return c.HandedOver(**vars(letter(it)), now_with=it.scene.name_of(it.scene.assignee_id))


def request_of(it: Message) -> Words | None:
    """The request's own text; ``None`` if it was erased."""
    return it.text(it.data("request"))


def _asked_by(it: Message) -> str:
    return it.scene.name_of(it.data("requester"))


def assigned(it: Message) -> c.Assigned:
    """The agreed scope, for the researcher. Raises ``MissingFact``."""
    return c.Assigned(**vars(ask_quoting(it)), format=it.data("format"))


def feedback(it: Message) -> c.Feedback:
    """The member's rating and comment."""
    score = it.fact_data("research.feedback_given", "score") or it.data("score")
    return c.Feedback(**vars(quoting(it)), score=score)


def catch_up(it: Message) -> c.CatchUp:
    """The tasks that several late emails ask for: each once, with the text that they quote."""
    groups: dict[tuple[str, str], list[Message]] = {}
    for one in sorted(it.carries, key=lambda one: one.open_task().due_at):
        groups.setdefault((one.scene.item_id, one.task), []).append(one)
    outside = is_outside(it)
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
        things=tuple(_waiting(group, outside=outside) for group in groups.values()),
    )


def _waiting(group: list[Message], *, outside: bool) -> c.Waiting:
    it = group[-1]
    task = it.open_task()
    words, mine = it.task_words(task), it.is_mine(task)
    passed_on = [one.words for one in group]
    if any(one.kind == "research.new" for one in group):
        passed_on.append(request_of(it))
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
