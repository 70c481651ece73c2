"""What `milepost doctor` says of the worker's builds."""

import pytest

from commands.checks.builds import judge
from temporal.builds import Build

OLD, NEW = Build("0.1.0", current=False, running=2), Build("0.2.0", current=True, running=5)


@pytest.mark.parametrize(
    ("builds", "state", "words"),
    [
        ([OLD], "problem", "set-current 0.1.0"),
        ([NEW, OLD], "notice", "2 on 0.1.0"),
        ([NEW, Build("0.1.0", current=False, running=0)], "ok", "New work goes to 0.2.0"),
    ],
)
def test_it_says_what_to_do_about_builds(builds: list[Build], state: str, words: str) -> None:
    [finding] = judge(builds)
    assert finding.state == state
    assert words in f"{finding.what} {finding.fix}"


def test_without_builds_it_says_nothing() -> None:
    assert judge([]) == []
