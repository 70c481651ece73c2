"""The demo, for real: killed half-way, taken up again, and everything that it promises is there."""

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.story import sample_story
from tests.offices import ROOT, OfficeProcess

STORY = sample_story()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[OfficeProcess]:
    office = OfficeProcess(tmp_path / "var", "demo")
    yield office
    office.close()


def engagements(office: OfficeProcess) -> list[dict[str, Any]]:
    """What `milepost engagement list` says about the demo's office."""
    listed = subprocess.run(
        [
            *(sys.executable, "-m", "cli", "--data-dir", str(office.folder / "demo")),
            *("engagement", "list", "--programme", "inclusive-growth-network", "--json"),
        ],
        cwd=ROOT,
        env=office.environment,
        capture_output=True,
        check=True,
    )
    return list(json.loads(listed.stdout)["engagements"])


@pytest.mark.dev_server
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_demo_that_was_killed_goes_on_and_shows_all_that_it_promises(
    office: OfficeProcess,
) -> None:
    office.start()
    office.wait_for("The tour has started", within=300)
    office.end(signal.SIGKILL)
    # At once, as a person does: what ran before is still ending, and has the ports and the files.
    office.start("demo", "--once")
    assert office.wait(within=500) == 0, office.output
    output = office.output
    assert "Everything happened as the story says." in output
    for engagement in STORY.engagements:
        assert STORY.members[engagement.member].name in output
    for expected in STORY.tour.expects:
        assert expected.kind in output
    members = Counter(each["member"]["name"] for each in engagements(office))
    assert len(members) == 12
    assert set(members.values()) == {1}, "the story was played twice"
    office.wait_until_gone(within=1)
