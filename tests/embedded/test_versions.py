"""One version of Temporal everywhere: wheels, lock, dev server, compose file and documents."""

import re
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.client import Client

from embedded.programs import CLI, TEST_SERVER, Program
from tests.servers import dev_server, temporal_cli

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = tomllib.loads((ROOT / "uv.lock").read_text("utf-8"))
COMPOSE = YAML(typ="safe").load(ROOT / "docker-compose.yml")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PLATFORMS = ("macosx_10_9_x86_64", "macosx_11_0_arm64", "linux2014_aarch64", "linux2014_x86_64")


@dataclass(frozen=True)
class Versions:
    """What the CLI says of itself."""

    cli: str
    server: str
    ui: str


@pytest.fixture(scope="module")
def printed() -> Versions:
    said = subprocess.run([temporal_cli(), "--version"], capture_output=True, text=True, check=True)
    found = re.fullmatch(r"temporal version (\S+) \(Server (\S+), UI (\S+)\)", said.stdout.strip())
    assert found is not None, said.stdout
    return Versions(*found.groups())


def _images(name: str) -> set[str]:
    """The tags of `temporalio/<name>` in the compose file."""
    images = [service["image"] for service in COMPOSE["services"].values()]
    return {tag for image, _, tag in (each.partition(":") for each in images) if image == name}


@pytest.mark.parametrize("of", [CLI, TEST_SERVER], ids=lambda of: of.wheel)
class TestWheels:
    def test_the_project_asks_for_exactly_the_version_of_the_code(self, of: Program) -> None:
        wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
        pins = [each for each in wanted if each.startswith(f"{of.wheel}==")]
        assert [pin.partition(";")[0] for pin in pins] == [f"{of.wheel}=={of.version}"]

    def test_the_lock_holds_the_hash_of_each_platforms_file(self, of: Program) -> None:
        (locked,) = (each for each in LOCK["package"] if each["name"] == of.wheel)
        assert locked["version"] == of.version
        for platform in PLATFORMS:
            (wheel,) = (each for each in locked["wheels"] if platform in each["url"])
            assert re.fullmatch(r"sha256:[0-9a-f]{64}", wheel["hash"])


class TestServer:
    def test_the_cli_is_of_the_version_of_the_code(self, printed: Versions) -> None:
        assert printed.cli == CLI.version

    @pytest.mark.dev_server
    async def test_the_running_server_reports_the_version_that_the_cli_prints(
        self, printed: Versions
    ) -> None:
        with dev_server() as address:
            client = await Client.connect(address)
            info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
        assert info.server_version == printed.server

    def test_the_compose_file_runs_the_same_server_with_its_tools_and_ui(
        self, printed: Versions
    ) -> None:
        assert _images("temporalio/server") == {printed.server}
        assert _images("temporalio/admin-tools") == {printed.server}
        assert _images("temporalio/ui") == {printed.ui}


def test_the_documents_name_no_other_version(printed: Versions) -> None:
    known = {
        r"Temporal server (\d[\d.]*\d)": printed.server,
        r"temporalio/(?:server|admin-tools):(\d[\d.]*\d)": printed.server,
        r"\bUI (\d[\d.]*\d)": printed.ui,
        r"temporalio/ui:(\d[\d.]*\d)": printed.ui,
        r"temporal_cli_(\d[\d.]*\d)": CLI.version,
        r"temporal-test-server_(\d[\d.]*\d)": TEST_SERVER.version,
    }
    text = "\n".join(document.read_text("utf-8") for document in DOCUMENTS)
    named = {pattern: set(re.findall(pattern, text)) for pattern in known}
    assert {pattern: found - {known[pattern]} for pattern, found in named.items()} == {
        pattern: set() for pattern in known
    }
    assert named[r"Temporal server (\d[\d.]*\d)"] == {printed.server}
