"""How every process logs: one line an event, as JSON or text, without personal data."""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN_ADDRESS = "[address]"
HIDDEN_SECRET = "[secret]"

_ADDRESS = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+\.[^\s@<>\"'(),;:=]+")
_CREDENTIAL_IN_URL = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+")
_MILEPOST_TOKEN = re.compile(r"\bmp_[\w-]{8,}")
_SENDGRID_KEY = re.compile(r"\bSG\.[\w-]{8,}(?:\.[\w-]+)?")
_QUERY_SECRET = re.compile(r"(?i)\b(token|key|secret|password|signature)=[^&\s\"']+")
_SECRET_NAMES = re.compile(r"(?i)(token|secret|password|passwd|authorization|api_?key|cookie)$")

INTERNALS = (
    *("temporal_workflow", "temporal_activity"),
    *("__temporal_task_identifier", "color_message"),
)
"""Fields of libraries that are not logged. The first two hold a workflow's input, and the last one
is uvicorn's copy of the message for terminals."""

_NOISY = {
    # One line a request. The API writes its own access line.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    # These write the values of rows.
    "aiosqlite": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
}


def configure(
    level: str = "INFO",
    style: Literal["json", "console"] = "console",
    *,
    stream: TextIO | None = None,
) -> None:
    """Route structlog and the standard library's loggers (uvicorn, temporalio) to one handler.

    Call it once, early, in the process that serves. `stream` is standard error where none is given.
    """
    shared = _shared_processors()
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=(stream or sys.stderr).isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )
    handler = _StandardError() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    quieten()
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "temporalio"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to the current standard error: one that was replaced may be closed."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def quieten() -> None:
    """Log only warnings of verbose libraries, at every level."""
    for name, threshold in _NOISY.items():
        logger = logging.getLogger(name)
        # Each change makes every logger work out again what it logs.
        if logger.level != threshold:
            logger.setLevel(threshold)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace addresses and secrets by a placeholder, at any depth. Runs just before rendering."""
    return {key: _hidden(key, value) for key, value in event.items()}


def redacted(text: str) -> str:
    """The text without email addresses, tokens and keys."""
    text = _CREDENTIAL_IN_URL.sub(HIDDEN_SECRET, text)
    text = _BEARER.sub(rf"\1 {HIDDEN_SECRET}", text)
    text = _MILEPOST_TOKEN.sub(HIDDEN_SECRET, text)
    text = _SENDGRID_KEY.sub(HIDDEN_SECRET, text)
    text = _QUERY_SECRET.sub(rf"\1={HIDDEN_SECRET}", text)
    return _ADDRESS.sub(HIDDEN_ADDRESS, text)


def _hidden(key: str, value: object) -> object:
    if _SECRET_NAMES.search(key) and value:
        return HIDDEN_SECRET
    match value:
        case str():
            return redacted(value)
        case Mapping():
            return {str(inner): _hidden(str(inner), held) for inner, held in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_hidden("", held) for held in value]
        case None | bool() | int() | float():
            return value
        case _:
            # The text of an exception, a URL or a model may hold a secret.
            return redacted(str(value))


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_internals,
    ]


def _without_internals(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Keep the fields that name the workflow. Drop the SDK's info object: it holds the input."""
    details: Any = event.pop("temporal_workflow", None) or event.pop("temporal_activity", None)
    for name in INTERNALS:
        event.pop(name, None)
    if isinstance(details, Mapping):
        for name in ("workflow_id", "workflow_type", "activity_type", "attempt"):
            if name in details:
                event[name] = details[name]
    return event
