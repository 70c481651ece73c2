"""What docker-compose.yml, .env.example and the Dockerfile promise; their scripts run for real."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ruamel.yaml import YAML

from embedded.programs import CLI
from embedded.temporal_server import DevServer
from settings import Settings
from tests.servers import PostgresServer, temporal_cli
from workflows.ids import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()

ONE_SHOT = {"temporal-schema", "temporal-setup", "migrate"}
OURS = {"api", "worker", "migrate"}
SECRET = re.compile(r"PASSWORD|PWD|API_KEY|SECRET|TOKEN")


def _environment(name: str) -> dict[str, str | None]:
    environment: dict[str, str | None] = SERVICES[name].get("environment", {})
    return environment


class TestImages:
    def test_every_image_is_pinned_to_a_whole_version(self) -> None:
        used = {service["image"] for service in SERVICES.values()}
        used |= {line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("FROM ")}
        for image in used:
            tag = image.rpartition(":")[2].removeprefix("-").removesuffix("}")
            assert re.match(r"v?\d+\.\d+", tag), image

    def test_our_image_does_not_run_as_root_and_says_whether_it_is_healthy(self) -> None:
        last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
        user = re.search(r"^USER (\d+)", last_stage, re.MULTILINE)
        assert user is not None
        assert int(user[1]) >= 1000
        assert "HEALTHCHECK" in last_stage

    def test_the_image_is_built_with_the_uv_that_the_clone_installs(self) -> None:
        version = re.search(r"^version=(.+)$", (ROOT / "tools/uv").read_text(), re.MULTILINE)
        assert version is not None
        assert f"uv=={version[1]}" in DOCKERFILE

    def test_temporals_own_program_stays_out_of_our_image(self) -> None:
        installs = re.findall(r"^RUN uv sync (.+)$", DOCKERFILE, re.MULTILINE)
        assert installs
        for options in installs:
            assert f"--no-install-package {CLI.wheel} " in options


class TestServices:
    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_no_secret_is_written_down(self, name: str) -> None:
        for variable, value in _environment(name).items():
            if SECRET.search(variable):
                assert value is None or re.fullmatch(r"\$\{\w+:\?.+\}", value), variable
            assert "@" not in re.sub(r"\$\{[^}]+\}", "", value or "").replace("@postgres", "")

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_each_starts_again_by_itself(self, name: str) -> None:
        restart = "on-failure" if name in ONE_SHOT else "unless-stopped"
        assert SERVICES[name]["restart"].startswith(restart)

    @pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT))
    def test_each_that_stays_has_a_health_check(self, name: str) -> None:
        of_the_image = name in OURS and "HEALTHCHECK" in DOCKERFILE
        assert of_the_image or SERVICES[name]["healthcheck"]["test"]

    @pytest.mark.parametrize("name", sorted(SERVICES))
    def test_each_is_published_on_the_loopback_address_alone(self, name: str) -> None:
        for port in SERVICES[name].get("ports", []):
            assert port.startswith("127.0.0.1:")

    @pytest.mark.parametrize("name", sorted(OURS))
    def test_ours_can_write_nowhere_and_gain_nothing(self, name: str) -> None:
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["cap_drop"] == ["ALL"]

    def test_ours_outlive_their_own_grace_before_they_are_killed(self) -> None:
        from commands.serve import API_GRACE_SECONDS
        from worker import GRACE

        assert _seconds("api") > API_GRACE_SECONDS
        assert _seconds("worker") > GRACE.total_seconds()

    @pytest.mark.parametrize("name", sorted(OURS))
    def test_each_of_ours_runs_without_the_parts_that_may_live_elsewhere(self, name: str) -> None:
        for other, condition in SERVICES[name].get("depends_on", {}).items():
            assert "profiles" not in SERVICES[other] or condition["required"] is False

    def test_an_optional_temporal_setting_is_absent_rather_than_empty(self) -> None:
        for variable in ("TEMPORAL_API_KEY", "TEMPORAL_TLS"):
            assert _environment("worker")[variable] is None

    def test_every_setting_that_is_handed_on_exists(self) -> None:
        for variable in _environment("worker"):
            if variable.startswith("MILEPOST_"):
                assert variable.removeprefix("MILEPOST_").lower() in Settings.model_fields

    def test_every_setting_is_handed_on_but_for_those_that_are_the_containers_own(self) -> None:
        own = {"data_dir", "task_queue", "api_host", "api_port", "temporal_port"}
        own |= {"temporal_ui_port", "ready_file"}
        given = {name.removeprefix("MILEPOST_").lower() for name in _environment("api")}
        assert set(Settings.model_fields) - own <= given

    def test_api_and_worker_have_the_same_settings(self) -> None:
        ready = {"MILEPOST_READY_FILE": _environment("worker")["MILEPOST_READY_FILE"]}
        assert _environment("worker") == _environment("api") | ready


def _seconds(name: str) -> int:
    return int(SERVICES[name]["stop_grace_period"].removesuffix("s"))


class TestExample:
    def test_it_names_every_variable_that_compose_demands(self) -> None:
        demanded = re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text())
        for variable in demanded:
            assert re.search(rf"^{variable}=", EXAMPLE, re.MULTILINE), variable

    def test_it_holds_no_secret(self) -> None:
        for line in EXAMPLE.splitlines():
            variable, _, value = line.lstrip("#").partition("=")
            if SECRET.search(variable) and variable.isupper():
                assert value == "", line


class TestScripts:
    @pytest.mark.dev_server
    def test_the_setup_job_makes_the_namespace_and_the_attributes_and_can_be_repeated(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "temporal").symlink_to(temporal_cli())
        with DevServer(temporal_cli()) as server:
            environment = {
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "HOME": str(tmp_path),
                "TEMPORAL_ADDRESS": server.address,
                "TEMPORAL_NAMESPACE": "office",
                "TEMPORAL_RETENTION": "90d",
            }
            for _ in range(2):
                _run_job("temporal-setup", environment)
            listed = subprocess.run(
                ["temporal", "operator", "search-attribute", "list", "--namespace", "office"],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        ours = dict(re.findall(r"(Milepost\w+)\s+(\w+)", listed))
        assert ours == {key.name: "Keyword" for key in SEARCH_ATTRIBUTES}

    @pytest.mark.postgres
    def test_the_first_start_gives_each_product_its_role_and_its_databases(
        self, tmp_path: Path
    ) -> None:
        server = PostgresServer()
        try:
            script = tmp_path / "databases.sh"
            script.write_text(COMPOSE["configs"]["databases"]["content"].replace("$$", "$"))
            subprocess.run(
                ["/bin/bash", script],
                check=True,
                env={
                    "PATH": f"{server.programs}:{os.environ['PATH']}",
                    "PGHOST": str(server.folder),
                    "MILEPOST_DB_PASSWORD": "first",
                    "TEMPORAL_DB_PASSWORD": "it's second",
                },
            )
            with psycopg.connect(host=str(server.folder), user="postgres") as connection:
                owners = connection.execute(
                    "select datname, pg_get_userbyid(datdba) from pg_database"
                    " where datname ~ 'milepost|temporal' order by 1"
                ).fetchall()
        finally:
            server.stop()
        assert owners == [
            ("milepost", "milepost"),
            ("temporal", "temporal"),
            ("temporal_visibility", "temporal"),
        ]


def _run_job(name: str, environment: dict[str, str]) -> None:
    """Run a one-shot job's own script with the shell that it has in its container."""
    service = SERVICES[name]
    (script,) = service["command"]
    subprocess.run(
        [*service["entrypoint"], script.replace("$$", "$")],
        env=environment,
        check=True,
        timeout=280,
        capture_output=True,
    )
