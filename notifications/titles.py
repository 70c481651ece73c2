"""What a programme's definition calls its parts, for whoever writes about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from programmes.definition import Definition
from programmes.loader import load_definition

OFFICE = "Milepost"
"""Who writes where a programme does not say."""


@dataclass(frozen=True)
class Titles:
    """Titles by key. A key without a title reads as itself: a text is never missing."""

    programme: str
    office: str = OFFICE
    reply_to: str = ""
    themes: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    step_texts: Mapping[str, str] = field(default_factory=dict)
    reviews: Mapping[str, str] = field(default_factory=dict)
    review_texts: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(review, check) to the check's title."""

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


def titles_of(definition: Definition) -> Titles:
    """The titles of a definition."""
    return Titles(
        programme=definition.title,
        office=definition.mail.from_name,
        reply_to=definition.mail.reply_to,
        themes={theme.id: theme.title for theme in definition.themes},
        steps={step.id: step.title for step in definition.onboarding.steps},
        step_texts={step.id: step.text.strip() for step in definition.onboarding.steps},
        reviews={review.id: review.title for review in definition.reviews},
        review_texts={review.id: review.text.strip() for review in definition.reviews},
        checks={
            (review.id, check.id): check.title
            for review in definition.reviews
            for check in review.checklist
        },
    )


@lru_cache(maxsize=64)
def parsed(source: str) -> tuple[Definition, Titles]:
    """A stored definition with its titles. Stored versions never change, so each is read once."""
    definition = load_definition(source, "stored programme")
    return definition, titles_of(definition)
