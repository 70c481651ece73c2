"""Where the parts of this office are: as the settings say, or as the running office noted."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url
from temporalio.client import Client

from embedded.folder import running_in
from settings import Settings
from temporal.connection import connect


def temporal_overrides(settings: Settings) -> dict[str, Any]:
    """What to connect to beside ``TEMPORAL_*``: the office that runs in the data folder, if any."""
    if os.environ.get("TEMPORAL_ADDRESS"):
        return {}
    office = running_in(settings.data_dir)
    return {"target_host": office.temporal, "namespace": "default"} if office else {}


async def reach_temporal(settings: Settings) -> Client:
    """A connected client. Raises RuntimeError where nothing answers."""
    return await connect(**temporal_overrides(settings))


def api_address(settings: Settings) -> str:
    """Where the API of this office answers."""
    office = running_in(settings.data_dir)
    return office.api if office else f"http://{settings.api_host}:{settings.api_port}"


def database_place(settings: Settings) -> str:
    """The database's address without its password."""
    return make_url(settings.database_url).render_as_string(hide_password=True)


def is_missing_file(settings: Settings) -> bool:
    """Whether the database is an SQLite file that nobody has made yet."""
    url = make_url(settings.database_url)
    return url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists()
