"""The titles that a programme's definition gives to its parts."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from notifications.languages import ENGLISH, InEnglish, Language
from programmes.definition import Definition
from programmes.loader import load_definition
from programmes.spoken import Spoken, spoken

OFFICE = "Milepost"
"""The sender's name if a programme has none."""


@dataclass(frozen=True)
class Titles:
    """Titles by key. A key without a title reads as itself."""

    programme: str
    office: str = OFFICE
    reply_to: str = ""
    mail_from: str = ""
    """The programme's own sender address, if it has one."""
    themes: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    step_texts: Mapping[str, str] = field(default_factory=dict)
    reviews: Mapping[str, str] = field(default_factory=dict)
    review_texts: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(review, check) to the check's title."""
    language: Language = ENGLISH

    def theme(self, key: str) -> str:
        """A theme of the programme."""
        return self.themes.get(key, readable(key))

    def step(self, key: str) -> str:
        """An onboarding step."""
        return self.steps.get(key, readable(key))

    def review(self, key: str) -> str:
        """A review milestone."""
        return self.reviews.get(key, readable(key))

    def check(self, review: str, key: str) -> str:
        """A line of a review's checklist."""
        return self.checks.get((review, key), readable(key))


def readable(key: str) -> str:
    """A key as a person can read it: ``welcome-call`` is "Welcome call"."""
    words = key.replace("-", " ").replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def titles_of(definition: Definition, language: Language = ENGLISH) -> Titles:
    """The titles of a definition. A text in one language only is used in both."""
    steps, reviews = definition.onboarding.steps, definition.reviews

    def said(text: Spoken) -> str:
        found = spoken(text, language).strip()
        return found if language == ENGLISH or text.cy else InEnglish(found)

    return Titles(
        # These are names, and subjects use them: they are the same in any language.
        programme=spoken(definition.title, language),
        office=spoken(definition.mail.from_name, language),
        reply_to=definition.mail.reply_to,
        mail_from=definition.mail.from_address or "",
        themes={theme.id: said(theme.title) for theme in definition.themes},
        steps={step.id: said(step.title) for step in steps},
        step_texts={step.id: said(step.text) for step in steps},
        reviews={review.id: said(review.title) for review in reviews},
        review_texts={review.id: said(review.text) for review in reviews},
        checks={
            (review.id, check.id): said(check.title)
            for review in reviews
            for check in review.checklist
        },
        language=language,
    )


@lru_cache(maxsize=64)
def parsed(source: str) -> tuple[Definition, Titles]:
    """A stored definition with its titles. Stored versions never change, so the result is cached.

    Raises ``DefinitionErrors``.
    """
    definition = load_definition(source, "stored programme", stored=True)
    return definition, titles_of(definition)


async def parsed_in_thread(source: str) -> tuple[Definition, Titles]:
    """``parsed`` in a thread: the first reading of a long definition takes seconds, and would block
    the event loop. Raises ``DefinitionErrors``."""
    return await asyncio.to_thread(parsed, source)
