"""One notification with everything that its email may mention."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from urllib.parse import quote

from notifications.content.scene import Happened, OpenTask, Scene, Who, Words
from notifications.words import TaskWords, delegate_sentence, item_title, task_words, why_sentence
from programmes.calendar import WorkingCalendar, calendar_from_json, is_office
from programmes.definition import Definition
from programmes.holidays import office_calendar
from programmes.vocabulary import Language


class MissingFact(LookupError):
    """The scene lacks what an email of this kind needs. The error names keys only."""


@dataclass(frozen=True)
class Message:
    """A notification and everything that its email may mention."""

    scene: Scene
    recipient: Who
    public_url: str
    kind: str
    rung: str = ""
    task: str = ""
    text_id: str | None = None
    instead_of: Who | None = None
    """The absent recipient, if this goes to their delegate."""
    entry: str = ""
    """The instant or day in the recipient's calendar that this email removes."""
    carries: "tuple[Message, ...]" = ()
    """The late messages for the same recipient that this email includes."""
    since: datetime | None = None
    """Since when these could not leave."""

    @property
    def language(self) -> Language:
        """The language in which it is written."""
        return self.scene.titles.language

    def in_language(self, language: Language) -> "Message":
        """The same message in that language."""
        return replace(
            self,
            scene=self.scene.in_language(language),
            carries=tuple(one.in_language(language) for one in self.carries),
        )

    @property
    def words(self) -> Words | None:
        """The text that a person wrote and this email quotes; ``None`` if it was erased."""
        return self.text(self.text_id)

    def text(self, text_id: str | None) -> Words | None:
        """A text by its id."""
        return self.scene.texts.get(text_id) if text_id else None

    def data(self, key: str) -> str:
        """A detail of the item, or an empty string."""
        return self.scene.item_data.get(key, "")

    def fact(self, kind: str) -> Happened | None:
        """The fact of that kind in the email's own record."""
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
        """The title of a task, and what to do."""
        agreed = self.text(self.data(f"{task.key}:text"))
        return task_words(
            task.family, task.key, self.scene.titles, first_line(agreed.body) if agreed else ""
        )

    def item_title(self) -> str:
        """The item's title; the programme's, if the email is about the whole engagement."""
        scene = self.scene
        return item_title(scene.item_kind, scene.item_key, scene.titles, self.data("number"))

    def why(self) -> str:
        """Why the recipient gets it."""
        if self.instead_of is not None:
            return delegate_sentence(self.instead_of.name, self.language)
        return why_sentence(self.recipient.role, self.scene.member, self.language)

    def due_day(self) -> date | datetime:
        """When its open task is due: a day, or an instant in a calendar that counts in seconds."""
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
    def recipient_calendar(self) -> WorkingCalendar:
        """The calendar that sets when its recipient gets emails."""
        return calendar_for(self.scene, self.recipient.id)


def calendar_of(scene: Scene) -> WorkingCalendar:
    """The calendar that an engagement was planned with."""
    return calendar_from_json(scene.calendar)


def calendar_for(scene: Scene, recipient_id: str) -> WorkingCalendar:
    """The calendar that sets when this recipient gets emails.

    The blackouts are those that the member has today. The office has days off of its own.
    """
    today = calendar_of(scene).with_blackouts(scene.blackouts)
    return recipient_calendar(today, scene.definition, recipient_id)


def recipient_calendar(
    calendar: WorkingCalendar, definition: Definition | None, recipient_id: str
) -> WorkingCalendar:
    """An engagement's calendar for this contact or person.

    Older engagements lack the office's days off, which then come from the definition.
    """
    if not is_office(recipient_id) or calendar.always_open:
        return calendar
    if calendar.office is not None or definition is None or not calendar.non_working:
        return calendar.for_office()
    known = office_calendar(
        definition, first=calendar.non_working[0], last=calendar.non_working[-1]
    )
    return replace(calendar, non_working=known.non_working)


def first_line(text: str, longest: int = 90) -> str:
    """The first line of a text, cut at a word, for a title."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= longest:
        return line
    return f"{line[:longest].rpartition(' ')[0] or line[:longest]}…"


def link_to(public_url: str, engagement_id: str, item_id: str = "", task: str = "") -> str:
    """The link to the page of an engagement or item, at the task to do.

    ``/go/engagements/<id>[/items/<item id>][#<task>]``: the API's own paths, behind ``/go``.
    """
    link = f"{public_url.rstrip('/')}/go/engagements/{quote(engagement_id, safe='')}"
    if item_id and item_id != engagement_id:
        link += f"/items/{quote(item_id, safe='')}"
    if task:
        link += f"#{quote(task, safe=':')}"
    return link
