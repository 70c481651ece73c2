"""Every table, as SQLModel classes.

Ids are opaque strings with a prefix: ``mem_``, ``eng_``, ``itm_``. Instants are stored in UTC and
come back aware (see ``storage.tables.fields``). Personal data is in ``contacts``, ``people``,
``texts``, ``mailbox`` and ``suppressions`` only.
"""

from storage.tables.ledger import (
    Delivery,
    InboundMessage,
    MailboxMessage,
    Notification,
    ProviderEvent,
    StrangeReports,
)
from storage.tables.office import (
    CalendarFeed,
    CalendarPart,
    Choice,
    Contact,
    IdempotentCall,
    Member,
    Person,
    Programme,
    ProgrammeFunder,
    Suppression,
    TemplateOverride,
    Text,
    Token,
)
from storage.tables.processes import Engagement, Event, Item, Task

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
