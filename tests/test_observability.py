"""Logs say what happened, and to whom never: addresses and secrets do not pass."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

import observability


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    observability.configure("INFO", "json", stream=stream)
    return stream


def test_an_event_is_one_json_line_with_its_level_logger_and_utc_time(stream: io.StringIO) -> None:
    structlog.get_logger("milepost.test").info("delivery.accepted", notification="ntf_1")
    (line,) = logged(stream)
    assert line["event"] == "delivery.accepted"
    assert line["notification"] == "ntf_1"
    assert line["level"] == "info"
    assert line["logger"] == "milepost.test"
    assert str(line["timestamp"]).endswith("Z")


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("refused by ada.lovelace@example.org today", "ada.lovelace"),
        ("<ada@example.org>: unknown", "ada@"),
        ("Authorization: Bearer mp_abcdefghijklmnop", "abcdefghijklmnop"),
        ("token mp_abcdefghijklmnop was used", "abcdefghijklmnop"),
        ("postgresql+psycopg://milepost:hunter2@db/milepost", "hunter2"),
        ("key SG.abcdefghijk.lmnopq", "lmnopq"),
        ("GET /go?token=abcdef123 200", "abcdef123"),
    ],
)
def test_a_message_never_shows_an_address_or_a_secret(
    stream: io.StringIO, text: str, never: str
) -> None:
    structlog.get_logger().warning(text, detail=text, nested={"deep": [text]})
    assert never not in stream.getvalue()


@pytest.mark.parametrize("name", ["token", "smtp_password", "api_key", "Authorization", "secret"])
def test_a_value_named_as_a_secret_is_hidden_whatever_it_looks_like(
    stream: io.StringIO, name: str
) -> None:
    structlog.get_logger().info("called", **{name: "plain-looking"})
    assert "plain-looking" not in stream.getvalue()


def test_a_traceback_is_kept_without_the_address_in_it(stream: io.StringIO) -> None:
    try:
        raise ValueError("cannot write to ada@example.org")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = logged(stream)
    assert "ValueError: cannot write to [address]" in str(line["exception"])


def test_uvicorn_and_temporal_speak_through_the_same_handler(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started by %s", "ada@example.org")
    logging.getLogger("temporalio.worker").warning(
        "slow", extra={"temporal_workflow": {"workflow_id": "engagement/eng_1", "input": "x"}}
    )
    started, slow = logged(stream)
    assert started["event"] == "Started by [address]"
    assert slow["workflow_id"] == "engagement/eng_1"
    assert "input" not in slow


def test_standard_error_is_written_to_as_it_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code that replaced it meanwhile may have closed it, as a command that has ended does."""
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stderr", first)
    observability.configure("INFO", "json")
    first.close()
    monkeypatch.setattr("sys.stderr", second)
    structlog.get_logger().info("heard")
    assert [line["event"] for line in logged(second)] == ["heard"]


def test_what_is_below_the_level_is_not_written() -> None:
    stream = io.StringIO()
    observability.configure("WARNING", "json", stream=stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("uvicorn.error").info("quiet too")
    assert stream.getvalue() == ""
