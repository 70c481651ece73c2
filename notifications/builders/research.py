"""Emails about a research request."""

from notifications import context as c
from notifications.builders.shapes import ask, ask_told, letter, told
from notifications.occasion import Occasion
from notifications.scene import Words
from notifications.words import theme_words
from programmes.facts import is_of_member


def received(it: Occasion) -> c.Received:
    """The request as it was written: for the lead, who may not have seen it, too."""
    asked_by = _asked_by(it) if it.data("requester") != it.recipient.id else ""
    return c.Received(**vars(letter(it)), words=request_of(it), asked_by=asked_by)


def new_request(it: Occasion) -> c.NewRequest:
    """The request as the member wrote it."""
    values = vars(ask(it)) | {"words": it.words or request_of(it)}
    theme = theme_words(it.data("theme"), it.scene.titles)
    return c.NewRequest(**values, theme=theme, asked_by=_asked_by(it))


def about_request(it: Occasion) -> c.AboutRequest:
    """With the request that it is about."""
    return c.AboutRequest(**vars(ask_told(it)), request=request_of(it))


def scoped(it: Occasion) -> c.Scoped:
    """What was agreed."""
    return c.Scoped(
        **vars(told(it)),
        request=request_of(it),
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


def request_of(it: Occasion) -> Words | None:
    """The request, in the words of whoever asked."""
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
