"""The fixtures of this folder."""

from tests.storage.fixtures import database as database
from tests.storage.fixtures import database_url as database_url
from tests.storage.fixtures import postgres_database as postgres_database
