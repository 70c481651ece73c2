"""The fixtures of this room."""

from tests.notifications.fixtures import database as database
from tests.notifications.fixtures import database_url as database_url
from tests.notifications.fixtures import postgres_database as postgres_database
