"""The tables as SQLAlchemy Core sees them.

Queries use these and not the classes: rows are plain values, which is faster, and columns have
column types.
"""

from sqlalchemy import Table
from sqlmodel import SQLModel

from storage import tables

_tables = SQLModel.metadata.tables
programmes: Table = _tables[tables.Programme.__tablename__]
programme_funders: Table = _tables[tables.ProgrammeFunder.__tablename__]
members: Table = _tables[tables.Member.__tablename__]
contacts: Table = _tables[tables.Contact.__tablename__]
people: Table = _tables[tables.Person.__tablename__]
engagements: Table = _tables[tables.Engagement.__tablename__]
items: Table = _tables[tables.Item.__tablename__]
tasks: Table = _tables[tables.Task.__tablename__]
events: Table = _tables[tables.Event.__tablename__]
texts: Table = _tables[tables.Text.__tablename__]
notifications: Table = _tables[tables.Notification.__tablename__]
deliveries: Table = _tables[tables.Delivery.__tablename__]
provider_events: Table = _tables[tables.ProviderEvent.__tablename__]
template_overrides: Table = _tables[tables.TemplateOverride.__tablename__]
calendar_feeds: Table = _tables[tables.CalendarFeed.__tablename__]
calendar_parts: Table = _tables[tables.CalendarPart.__tablename__]
mailbox: Table = _tables[tables.MailboxMessage.__tablename__]
choices: Table = _tables[tables.Choice.__tablename__]
suppressions: Table = _tables[tables.Suppression.__tablename__]
inbound_messages: Table = _tables[tables.InboundMessage.__tablename__]
strange_reports: Table = _tables[tables.StrangeReports.__tablename__]
tokens: Table = _tables[tables.Token.__tablename__]
idempotent_calls: Table = _tables[tables.IdempotentCall.__tablename__]
