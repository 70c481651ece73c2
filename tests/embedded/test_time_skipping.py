"""Where the time-skipping test server comes from."""

import subprocess
from pathlib import Path

import pytest

from embedded.cache import remember_closed
from embedded.time_skipping import find_test_server, provide_test_server
from embedded.ways import Missing
from tests.embedded.programs import program


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it, whose network is known to be closed."""
    cache = tmp_path / "cache"
    remember_closed(cache, "sdk-start_time_skipping")
    return {"PATH": str(tmp_path / "path"), "MILEPOST_CACHE": str(cache)}


class TestProvideTestServer:
    def test_takes_the_named_program_first(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        named = program(tmp_path / "mine")
        assert provide_test_server(environment | {"MILEPOST_TEST_SERVER": str(named)}) == named

    def test_says_that_the_named_program_cannot_be_run(self, environment: dict[str, str]) -> None:
        with pytest.raises(Missing, match=r"MILEPOST_TEST_SERVER names /nowhere, which is not"):
            find_test_server(environment | {"MILEPOST_TEST_SERVER": "/nowhere"})

    @pytest.mark.parametrize("absent", ["java", "javac", "mvn"])
    def test_names_the_tool_that_is_missing_and_the_ways(
        self, environment: dict[str, str], tmp_path: Path, absent: str
    ) -> None:
        for tool in {"java", "javac", "mvn"} - {absent}:
            program(tmp_path / "path" / tool)
        with pytest.raises(Missing) as missing:
            provide_test_server(environment)
        sentence = str(missing.value)
        assert f"there is no {absent} to build it with" in sentence
        assert "MILEPOST_TEST_SERVER" in sentence
        assert "\n" not in sentence

    def test_builds_once_and_the_launcher_starts_java_with_the_port(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        program(tmp_path / "path/mvn", f"echo fetched >>{tmp_path}/fetched")
        program(tmp_path / "path/javac")
        program(tmp_path / "path/java", 'for word in "$@"; do last=$word; done; echo "port $last"')
        launcher = provide_test_server(environment)
        assert provide_test_server(environment) == launcher
        assert (tmp_path / "fetched").read_text() == "fetched\n"
        path = f"{environment['PATH']}:/usr/bin:/bin"
        said = subprocess.run([launcher, "4711"], env={"PATH": path}, capture_output=True)
        assert said.stdout == b"port 4711\n"
