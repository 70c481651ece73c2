"""Where the Temporal server comes from: the order of the ways, and what is said without any."""

import os
import threading
from pathlib import Path

import pytest

from embedded.cache import is_remembered_closed, remember_closed
from embedded.provision import find_temporal, provide_temporal
from embedded.ways import Found, Missing
from tests.embedded.programs import BUILDS_TEMPORAL, Heard, program


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it, whose network is known to be closed."""
    cache = tmp_path / "cache"
    remember_closed(cache, "sdk-start_local")
    return {"PATH": str(tmp_path / "path"), "MILEPOST_CACHE": str(cache)}


class TestFindTemporal:
    def test_finds_nothing_on_an_empty_machine(self, environment: dict[str, str]) -> None:
        assert find_temporal(environment) is None

    def test_takes_each_way_in_the_order_of_the_design(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        cached = program(tmp_path / "cache/bin/temporal-v1.5.1")
        assert find_temporal(environment) == Found("cached", str(cached))
        on_path = program(tmp_path / "path/temporal")
        assert find_temporal(environment) == Found("path", str(on_path))
        named = program(tmp_path / "elsewhere/temporal")
        environment["MILEPOST_TEMPORAL_CLI"] = str(named)
        assert find_temporal(environment) == Found("named", str(named))
        environment["TEMPORAL_ADDRESS"] = "127.0.0.1:7233"
        assert find_temporal(environment) == Found("running", "127.0.0.1:7233")

    def test_passes_a_running_server_over_where_a_program_is_needed(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        environment["TEMPORAL_ADDRESS"] = "127.0.0.1:7233"
        on_path = program(tmp_path / "path/temporal")
        found = find_temporal(environment, cli=True)
        assert found is not None
        assert found.path == on_path

    def test_says_which_variable_names_something_that_cannot_be_run(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        environment["MILEPOST_TEMPORAL_CLI"] = str(tmp_path / "nothing")
        with pytest.raises(Missing, match=r"MILEPOST_TEMPORAL_CLI names .*nothing, which is not"):
            find_temporal(environment)

    def test_keeps_its_cache_where_the_environment_says(self, tmp_path: Path) -> None:
        cached = program(tmp_path / "xdg/milepost/bin/temporal-v1.5.1")
        environment = {"PATH": "", "XDG_CACHE_HOME": str(tmp_path / "xdg")}
        assert find_temporal(environment) == Found("cached", str(cached))


class TestProvideTemporal:
    def test_without_go_names_the_three_ways_in_one_sentence(
        self, environment: dict[str, str]
    ) -> None:
        with pytest.raises(Missing) as missing:
            provide_temporal(environment)
        sentence = str(missing.value)
        assert "there is no Go" in sentence
        for way in ("TEMPORAL_ADDRESS", "MILEPOST_TEMPORAL_CLI", "install Go"):
            assert way in sentence
        assert sentence.count(".") == 1
        assert "\n" not in sentence

    def test_builds_with_go_once_and_finds_it_afterwards(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        program(tmp_path / "path/go", BUILDS_TEMPORAL)
        built = provide_temporal(environment)
        assert built.source == "built"
        assert provide_temporal(environment) == Found("cached", built.location)
        assert (tmp_path / "cache/builds").read_text() == "built\n"

    def test_a_failed_build_says_why_and_leaves_nothing_behind(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        program(tmp_path / "path/go", 'echo "go: module lookup disabled"; exit 1')
        with pytest.raises(Missing, match=r"failed: go: module lookup disabled; the whole output"):
            provide_temporal(environment)
        assert list((tmp_path / "cache/bin").iterdir()) == []
        assert find_temporal(environment) is None

    def test_two_at_once_build_once_and_the_second_says_that_it_waits(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        # The build stands still at the gate until the other one has said that it waits.
        program(tmp_path / "path/go", f"{BUILDS_TEMPORAL}\nread word <{gate}")
        found: list[Found] = []
        stream = Heard("waiting")

        def provide() -> None:
            found.append(provide_temporal(environment, stream=stream))

        threads = [threading.Thread(target=provide) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert stream.said.wait(timeout=20)
        gate.write_text("go on\n")
        for thread in threads:
            thread.join(timeout=20)
        assert sorted(one.source for one in found) == ["built", "cached"]
        assert (tmp_path / "cache/builds").read_text() == "built\n"

    def test_a_closed_network_is_found_out_quickly_and_remembered(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "cache/closed/sdk-start_local").unlink()
        # Nothing listens on the discard port, so this proxy is a network that refuses.
        environment["HTTPS_PROXY"] = "http://127.0.0.1:9"
        with pytest.raises(Missing, match="there is no Go"):
            provide_temporal(environment)
        assert is_remembered_closed(tmp_path / "cache", "sdk-start_local")
