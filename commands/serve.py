"""`milepost api` and `milepost migrate`: the parts of a real installation, one process each."""

import asyncio

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

import observability
from commands.outcome import ending
from commands.reach import database_place, database_unreachable, tables_are_newer
from commands.show import print_sentence
from settings import settings
from storage.migrate import NewerTables, upgrade

API_GRACE_SECONDS = 8
"""How long requests under way may take once the API is asked to stop."""


def api() -> None:
    """Run the API and the pages.

    They run until SIGTERM or Ctrl-C.
    """
    config = settings()
    observability.configure(config.log_level, config.log_format)
    uvicorn.run(
        "api.main:served",
        factory=True,
        host=config.api_host,
        port=config.api_port,
        # Its loggers go where ours go; the access lines would hold query strings.
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=API_GRACE_SECONDS,
    )


def migrate() -> None:
    """Bring the database up to this version.

    You can run it again, and from several processes at once.

    Exit code 3: the database does not answer.
    """
    with ending():
        try:
            asyncio.run(upgrade(settings().database_url))
        except (SQLAlchemyError, OSError) as problem:
            raise database_unreachable(problem) from None
        except NewerTables:
            raise tables_are_newer() from None
    where = database_place(settings())
    print_sentence(f"The database at {where} has the tables of this version.")
