"""Every table, as SQLModel classes.

Ids are opaque strings with a prefix: ``mem_``, ``eng_``, ``itm_``. Instants are stored in UTC and
come back aware (see ``storage.columns``). Personal data lives in ``contacts``, ``people``,
``texts``, ``mailbox`` and ``suppressions`` alone.
"""

from storage.tables.calendars import CalendarFeed, CalendarPart
from storage.tables.choices import Choice, Suppression
from storage.tables.inbound import InboundMessage
from storage.tables.ledger import Delivery, MailboxMessage, Notification, ProviderEvent
from storage.tables.office import (
    Contact,
    IdempotentCall,
    Member,
    Person,
    Programme,
    ProgrammeFunder,
    Text,
    Token,
)
from storage.tables.processes import Engagement, Event, Item, Task
from storage.tables.strangers import StrangeReports
from storage.tables.templates import TemplateOverride

__all__ = [
    "CalendarFeed",
    "CalendarPart",
    "Choice",
    "Contact",
    "Delivery",
    "Engagement",
    "Event",
    "IdempotentCall",
    "InboundMessage",
    "Item",
    "MailboxMessage",
    "Member",
    "Notification",
    "Person",
    "Programme",
    "ProgrammeFunder",
    "ProviderEvent",
    "StrangeReports",
    "Suppression",
    "Task",
    "TemplateOverride",
    "Text",
    "Token",
]
