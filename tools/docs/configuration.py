"""Every setting, from ``settings.py``, in groups; and the variables that others read."""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from settings import Settings
from tools.docs.markdown import choice, code, table

GROUPS: dict[str, tuple[str, ...]] = {
    "The office": ("data_dir", "database_url", "public_url", "secret"),
    "API and worker": (
        *("api_host", "api_port", "command_timeout", "task_queue", "build", "ready_file"),
        *("log_level", "log_format"),
    ),
    "Figures and traces": ("worker_metrics", "api_metrics", "traces"),
    "Emails": (*("sender", "mail_from", "mail_timeout", "delivery_rate", "unknown_after"),),
    "SMTP": (
        *("smtp_host", "smtp_port", "smtp_user", "smtp_password", "smtp_tls"),
        "smtp_verdict_timeout",
    ),
    "SendGrid": (
        *("sendgrid_api_key", "sendgrid_host", "sendgrid_sandbox", "sendgrid_webhook_key"),
    ),
    "Replies by email": ("inbound_domain", "inbound_secret"),
    "What Temporal keeps": ("payload_keys",),
    "The embedded Temporal server": ("temporal_port", "temporal_ui_port"),
}
"""The settings of each group, in the order of the page."""

COMPUTED = {
    "database_url": "`milepost.db` in the data folder",
    "public_url": "where the API listens",
}
"""The defaults that depend on other settings."""

OTHERS: tuple[tuple[str, str, str], ...] = (
    (
        "MILEPOST_TEMPORAL_CLI",
        "Temporal's own program",
        "The program `temporal` for the embedded server.",
    ),
    (
        "MILEPOST_TEST_SERVER",
        "Temporal's own program",
        "Temporal's time-skipping server, for the tests.",
    ),
    (
        "MILEPOST_CACHE",
        "`~/.cache/milepost`",
        "The folder in which downloaded programs are kept.",
    ),
    (
        "TEMPORAL_ADDRESS",
        "the embedded server",
        "An existing Temporal server: `host:port`.",
    ),
    ("TEMPORAL_NAMESPACE", "`default`", "The namespace there."),
    ("TEMPORAL_TLS", "none", "`true` to encrypt the connection."),
    ("TEMPORAL_API_KEY", "none", "The API key, for Temporal Cloud. With it, TLS is on."),
)
"""Variables that are no settings: the first ones are read before there are any, and the last ones
by Temporal's SDK."""

WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
    Path | None: "path",
    SecretStr: "secret",
}


def render() -> str:
    """One table a group. Raises ``ValueError`` where a setting is in no group, or has no words."""
    grouped = [name for names in GROUPS.values() for name in names]
    if sorted(grouped) != sorted(Settings.model_fields):
        raise ValueError(f"GROUPS and settings differ: {set(grouped) ^ set(Settings.model_fields)}")
    heads = ("variable", "what it is", "value", "default")
    return "\n\n".join(
        f"### {heading}\n\n{table(heads, [_row(name) for name in names])}"
        for heading, names in GROUPS.items()
    )


def render_others() -> str:
    """The variables that are no settings."""
    return table(
        ("variable", "what it is", "default"),
        [(code(name), words, default) for name, default, words in OTHERS],
    )


def _row(name: str) -> tuple[str, ...]:
    field = Settings.model_fields[name]
    if not field.description:
        raise ValueError(f"the setting {name} needs a description")
    kind = field.annotation
    value = choice(get_args(kind)) if get_origin(kind) is Literal else WORDS[kind]
    return (code(f"MILEPOST_{name.upper()}"), field.description, value, _default(name))


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    if default is PydanticUndefined:
        return COMPUTED[name]
    if isinstance(default, bool):
        return code(str(default).lower())
    if isinstance(default, float) and default.is_integer():
        return code(int(default))
    return code(default) if default and not isinstance(default, SecretStr) else "none"
