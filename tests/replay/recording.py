"""All stories, played with the code as it is: what is recorded, and what is compared with that."""

from pathlib import Path

from tests.replay.playing import Histories, play
from tests.replay.stories import NATIONS, STORIES
from tests.servers import time_skipping
from tests.workflows.office import open_office
from workflows.ids import SEARCH_ATTRIBUTES


async def play_on_skipping_time(folder: Path) -> Histories:
    """The stories that last months, on a time-skipping server."""
    attributes = {one.name: "Keyword" for one in SEARCH_ATTRIBUTES}
    url = f"sqlite+aiosqlite:///{folder}/skipping.db"
    histories: Histories = {}
    async with (
        time_skipping(attributes) as environment,
        open_office(environment.client, url) as office,
    ):
        for name, story in STORIES.items():
            nation = NATIONS.get(name, "ENG")
            histories |= await play(name, story, environment, office, nation)
    return histories
