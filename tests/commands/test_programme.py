"""``milepost programme``: what it prints, and the exit codes that scripts rely on."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from commands.programme import app
from programmes.loader import definition_schema
from tests.definitions import NETWORK

TEXT = NETWORK.read_text(encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def broken(tmp_path: Path) -> str:
    file = tmp_path / "broken.yaml"
    text = TEXT.replace("soon: 3wd", "soon: 3 days").replace("host:", "hots:")
    file.write_text(text, encoding="utf-8")
    return str(file)


class TestCheck:
    def test_a_right_file_exits_0(self, tmp_path: Path) -> None:
        file = tmp_path / "network.yaml"
        file.write_text(TEXT, encoding="utf-8")
        found = run("check", str(file))
        assert found.exit_code == 0
        assert "Inclusive Growth Network, version 2: 5 onboarding steps, 3 reviews" in found.stdout

    def test_a_built_in_programme_goes_by_its_name(self) -> None:
        found = run("check", "tour", "--json")
        assert found.exit_code == 0
        assert json.loads(found.stdout) == {"file": "tour", "ok": True, "id": "tour", "version": 1}

    def test_a_wrong_file_exits_1_with_every_error_on_a_line(self, broken: str) -> None:
        found = run("check", broken)
        assert found.exit_code == 1
        assert found.stdout == ""
        lines = found.stderr.splitlines()
        assert len(lines) == 4
        assert "'host' is missing; add a line host: …" in lines[0]
        assert "'hots' is not known here; did you mean 'host'?" in lines[1]
        assert "'3 days' is not a duration; write 3d" in lines[2]
        assert all(line.startswith(f"{broken}:") for line in lines[:3])
        assert lines[3] == "3 errors"

    def test_a_wrong_file_is_told_to_machines_too(self, broken: str) -> None:
        found = run("check", broken, "--json")
        assert found.exit_code == 1
        told = json.loads(found.stdout)
        assert told["ok"] is False
        lines = [TEXT[: TEXT.index(part)].count("\n") + 1 for part in ("host:", "soon: 3wd")]
        assert [problem["line"] for problem in told["problems"]][1:] == lines
        assert told["problems"][2] == {
            "file": broken,
            "line": lines[1],
            "column": 7,
            "what": "'3 days' is not a duration",
            "fix": "write 3d",
        }

    @pytest.mark.parametrize("arguments", [("check", "nowhere.yaml"), ("check",), ("check", ".")])
    def test_a_file_that_is_not_there_exits_2(self, arguments: tuple[str, ...]) -> None:
        assert run(*arguments).exit_code == 2

    def test_a_file_that_is_no_text_exits_2(self, tmp_path: Path) -> None:
        file = tmp_path / "binary.yaml"
        file.write_bytes(b"\xff\xfe\x00")
        assert run("check", str(file)).exit_code == 2


class TestPlan:
    def test_prints_every_date_of_a_nation_with_its_rule(self) -> None:
        found = run("plan", str(NETWORK), "--start", "2026-12-14", "--nation", "SCT")
        assert found.exit_code == 0
        lines = [" ".join(line.split()) for line in found.stdout.splitlines()]
        assert "│Thu 14 Jan 2027 17:00 │ due │ lead │ 15 working days after the start │" in lines
        assert "│Thu 07 Jan 2027 09:00 │ reminder │ lead │ rung early │" in lines
        assert any("Final review" in line for line in lines)

    def test_prints_json(self) -> None:
        found = run(
            *("plan", "inclusive-growth-network", "--start", "2026-12-14"),
            *("--nation", "nir", "--json"),
        )
        told = json.loads(found.stdout)
        assert (told["programme"], told["nation"]) == ("inclusive-growth-network", "NIR")
        assert told["onboarded_at"] == "2027-02-17T17:00:00Z"
        assert told["items"][0]["deadlines"][0]["rungs"][0]["says"] == "reminder"

    def test_counts_the_seconds_of_a_tour_in_its_zone(self) -> None:
        found = run("plan", "tour", "--start", "2026-06-01T10:00:00", "--json")
        told = json.loads(found.stdout)
        assert told["items"][0]["opens_at"] == "2026-06-01T09:00:00Z"
        table = run("plan", "tour", "--start", "2026-06-01T10:00:00").stdout
        assert "Mon 01 Jun 2026 10:00:05" in table

    def test_keeps_clear_of_a_blackout(self) -> None:
        found = run(
            *("plan", "inclusive-growth-network", "--start", "2026-12-14", "--json"),
            *("--blackout", "2027-05-01:2027-06-03"),
        )
        reviews = {one["key"]: one["due_at"] for one in json.loads(found.stdout)["items"]}
        assert reviews["three-month"] == "2027-06-04T16:00:00Z"

    def test_a_wrong_file_exits_1(self, broken: str) -> None:
        assert run("plan", broken, "--start", "2026-12-14").exit_code == 1

    @pytest.mark.parametrize(
        "arguments",
        [
            ("plan", "tour"),
            ("plan", "tour", "--start", "14 December"),
            ("plan", "tour", "--start", "2026-12-14", "--nation", "FRA"),
            ("plan", "tour", "--start", "2026-12-14", "--blackout", "May"),
            ("plan", "tour", "--start", "2026-12-14", "--blackout", "2027-05-01:2027-04-01"),
        ],
    )
    def test_what_makes_no_sense_exits_2(self, arguments: tuple[str, ...]) -> None:
        assert run(*arguments).exit_code == 2


def test_the_schema_is_printed_for_editors() -> None:
    found = run("schema")
    assert found.exit_code == 0
    assert json.loads(found.stdout) == definition_schema()
