"""Runs one of Temporal's SDK's test servers once, so that the SDK downloads it into a folder."""

import asyncio
import sys
from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

# Only the download may take long; a server that was downloaded starts in this time or never.
STARTS_WITHIN = timedelta(seconds=90)


async def _download(starter: str, folder: str) -> None:
    if starter == "start_local":
        environment = await WorkflowEnvironment.start_local(
            download_dest_dir=folder, dev_server_startup_timeout=STARTS_WITHIN
        )
    else:
        environment = await WorkflowEnvironment.start_time_skipping(
            download_dest_dir=folder, test_server_startup_timeout=STARTS_WITHIN
        )
    await environment.shutdown()


if __name__ == "__main__":
    try:
        asyncio.run(_download(sys.argv[1], sys.argv[2]))
    except RuntimeError as problem:
        sys.exit(str(problem))
