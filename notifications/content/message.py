"""One notification in its scene: who is told what about which task, and what may be read off it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

from notifications.content.programme import readers_calendar
from notifications.content.scene import Happened, OpenTask, Scene, Who, Words
from notifications.languages import Language
from notifications.links import link_to
from notifications.words import (
    TaskWords,
    item_title,
    stand_in_sentence,
    task_words,
    why_sentence,
)
from programmes.calendar import WorkingCalendar, calendar_from_json


class MissingFact(LookupError):
    """The scene lacks what an email of this kind has to say; the message holds keys alone."""


@dataclass(frozen=True)
class Occasion:
    """A notification and everything that its email may speak of."""

    scene: Scene
    recipient: Who
    public_url: str
    kind: str
    rung: str = ""
    task: str = ""
    text_id: str | None = None
    instead_of: Who | None = None
    """Who is away, where the recipient stands in for them."""
    entry: str = ""
    """The instant or the day that stands in the recipient's calendar, where this takes it out."""
    carries: "tuple[Occasion, ...]" = ()
    """What one email tells of, where several were late for the same recipient."""
    since: datetime | None = None
    """From when on these could not leave."""

    @property
    def language(self) -> Language:
        """The language in which it is told."""
        return self.scene.titles.language

    def in_language(self, language: Language) -> "Occasion":
        """The same, told in that language."""
        return replace(
            self,
            scene=self.scene.in_language(language),
            carries=tuple(one.in_language(language) for one in self.carries),
        )

    @property
    def words(self) -> Words | None:
        """What somebody wrote, which this email passes on. An erased text is simply left out."""
        return self.text(self.text_id)

    def text(self, text_id: str | None) -> Words | None:
        """A text by its id."""
        return self.scene.texts.get(text_id) if text_id else None

    def data(self, key: str) -> str:
        """A detail of the item, or an empty string."""
        return self.scene.item_data.get(key, "")

    def fact(self, kind: str) -> Happened | None:
        """The fact of that kind in the record that this email belongs to."""
        return next((fact for fact in self.scene.facts if fact.kind == kind), None)

    def fact_data(self, kind: str, key: str) -> str:
        """A detail of that fact, or an empty string."""
        fact = self.fact(kind)
        return fact.data.get(key, "") if fact else ""

    def open_task(self) -> OpenTask:
        """The task that it is about, as it stands. Raises ``MissingFact``."""
        if self.task not in self.scene.tasks:
            raise MissingFact(f"{self.kind}: no open task {self.task!r}")
        return self.scene.tasks[self.task]

    def is_mine(self, task: OpenTask) -> bool:
        """Whether the recipient has to do it."""
        return task.owner_id == (self.instead_of or self.recipient).id

    def task_words(self, task: OpenTask) -> TaskWords:
        """What a task is called, and what to do."""
        agreed = self.text(self.data(f"{task.key}:text"))
        return task_words(
            task.family, task.key, self.scene.titles, first_line(agreed.body) if agreed else ""
        )

    def item_title(self) -> str:
        """What the item is called; the programme, where the email is about the whole engagement."""
        scene = self.scene
        return item_title(scene.item_kind, scene.item_key, scene.titles, self.data("number"))

    def why(self) -> str:
        """Why the recipient gets it."""
        if self.instead_of is not None:
            return stand_in_sentence(self.instead_of.name, self.language)
        return why_sentence(self.recipient.role, self.scene.member, self.language)

    def due_day(self) -> date | datetime:
        """When its open task is due: a day, but in a calendar that counts in seconds."""
        due, clock = self.open_task().due_at, self.scene.clock
        return due if clock.to_the_minute else clock.local_date(due)

    def link(self) -> str:
        """The one link of the email."""
        return link_to(self.public_url, self.scene.engagement_id, self.scene.item_id, self.task)

    def day(self, value: str) -> str:
        """An ISO date or instant as a day in words; an empty string stays one."""
        if not value:
            return ""
        if len(value) == len("2027-01-05"):
            return self.scene.clock.day(date.fromisoformat(value))
        return self.scene.clock.day(datetime.fromisoformat(value))

    def moment(self, value: str) -> str:
        """An ISO instant as day and time in words; an empty string stays one."""
        return self.scene.clock.moment(datetime.fromisoformat(value)) if value else ""

    @cached_property
    def calendar(self) -> WorkingCalendar:
        """The calendar that the engagement was planned with."""
        return calendar_of(self.scene)

    @cached_property
    def readers_calendar(self) -> WorkingCalendar:
        """The calendar by which its recipient gets emails."""
        return calendar_for(self.scene, self.recipient.id)


def calendar_of(scene: Scene) -> WorkingCalendar:
    """The calendar that an engagement was planned with."""
    return calendar_from_json(scene.calendar)


def calendar_for(scene: Scene, recipient_id: str) -> WorkingCalendar:
    """The same as it holds for this recipient: the office has days off of its own."""
    return readers_calendar(calendar_of(scene), scene.definition, recipient_id)


def first_line(text: str, longest: int = 90) -> str:
    """The first line of a text, cut at a word, for a title."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= longest:
        return line
    return f"{line[:longest].rpartition(' ')[0] or line[:longest]}…"
