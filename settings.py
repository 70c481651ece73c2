"""Every setting, read from environment variables that start with ``MILEPOST_``.

``embedded.programs`` reads which Temporal programs to run (``MILEPOST_TEMPORAL_CLI``,
``MILEPOST_TEST_SERVER``) and where downloads are kept (``MILEPOST_CACHE``).
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

import idna
from pydantic import Field, HttpUrl, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65_535)]

_LIKE = {
    "sendgrid_host": "write it like https://api.sendgrid.com",
    "public_url": "write it like https://office.example.org, with at most 200 characters",
    "traces": "write it like http://collector:4318/v1/traces",
    "payload_keys": "write it like 2026:<key>, with what openssl rand -base64 32 prints as the key",
}
_DATABASES = ("sqlite+aiosqlite://", "postgresql+psycopg://")
_KEY_BYTES = 32
_LONGEST_URL = 200
"""A link in a header has to fit on one line."""


class Settings(BaseSettings):
    """What the operator can set. Temporal's SDK reads its own variables: ``TEMPORAL_ADDRESS``,
    ``TEMPORAL_NAMESPACE``, ``TEMPORAL_TLS``, ``TEMPORAL_API_KEY`` (``temporalio.envconfig``)."""

    model_config = SettingsConfigDict(env_prefix="MILEPOST_", env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(
        default=Path("var"), description="The folder in which the embedded product keeps its files."
    )
    database_url: str = Field(
        default_factory=lambda held: f"sqlite+aiosqlite:///{held['data_dir'] / 'milepost.db'}",
        description="The database: `sqlite+aiosqlite:///path` or `postgresql+psycopg://…`.",
    )
    task_queue: str = Field(
        default="milepost",
        description=(
            "The task queue of the workers in Temporal. Deliveries use the same name with "
            "`-delivery` after it."
        ),
    )
    api_host: str = Field(default="127.0.0.1", description="The address at which the API listens.")
    api_port: Port = Field(default=8400, description="The port at which the API listens.")
    public_url: str = Field(
        default_factory=lambda held: _listens_at(held),
        description=(
            "The address at which people reach the office. Each link in an email starts with it."
        ),
    )
    sender: Literal["mailbox", "smtp", "sendgrid"] = Field(
        default="mailbox",
        description="How emails leave. The mailbox keeps and shows them, and sends none.",
    )
    mail_from: str = Field(
        default="milepost@example.org",
        description="The address that emails come from, unless the programme names its own.",
    )
    mail_timeout: float = Field(
        default=10.0, description="Seconds to hand over one email to a mail server or provider."
    )
    smtp_verdict_timeout: float = Field(
        default=600.0,
        description=(
            "Seconds to wait for a mail server's answer after it has the whole email. Some servers "
            "scan it for minutes."
        ),
    )
    delivery_rate: float = Field(default=10.0, description="Deliveries a second, over all workers.")
    unknown_after: float = Field(
        default=7200.0,
        description=(
            "Seconds until an email that may or may not have been sent is shown to a manager."
        ),
    )
    smtp_host: str = Field(default="127.0.0.1", description="The mail server.")
    smtp_port: Port = Field(default=1025, description="The port of the mail server.")
    smtp_user: str = Field(
        default="", description="The user name for the mail server, if it needs one."
    )
    smtp_password: SecretStr = Field(
        default=SecretStr(""), description="The password for the mail server."
    )
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        default="none", description="How the connection to the mail server is encrypted."
    )
    sendgrid_api_key: SecretStr = Field(
        default=SecretStr(""), description="The API key of SendGrid."
    )
    sendgrid_host: str = Field(
        default="https://api.sendgrid.com",
        description="The address of SendGrid's API; for the EU, `https://api.eu.sendgrid.com`.",
    )
    sendgrid_sandbox: bool = Field(
        default=False, description="With `true`, SendGrid checks each request and sends nothing."
    )
    inbound_secret: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "The last part of `/webhooks/sendgrid/inbound/…`, to which SendGrid posts replies. It "
            "also signs reply addresses."
        ),
    )
    inbound_domain: str = Field(
        default="",
        description=(
            "The domain for replies by email, as in `reply+…@<domain>`. Needs "
            "`MILEPOST_INBOUND_SECRET` too."
        ),
    )
    sendgrid_webhook_key: str = Field(
        default="",
        description=(
            "The public key of SendGrid's signed Event Webhook. Without it, delivery reports are "
            "refused."
        ),
    )
    secret: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "Signs links that work without signing in, such as the one that stops summaries. API "
            "and workers need the same value."
        ),
    )
    payload_keys: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "Keys that encrypt what Temporal keeps, as `name:key,name:key`. The first encrypts, "
            "and all of them decrypt. A key is what `openssl rand -base64 32` prints. API, workers "
            "and commands need the same value."
        ),
    )
    command_timeout: float = Field(
        default=5.0,
        description="Seconds that the API waits for a command's record before it answers 202.",
    )
    temporal_port: Port = Field(
        default=8433,
        description=(
            "The port of the embedded Temporal server. Not the usual 7233, which may be in use."
        ),
    )
    temporal_ui_port: Port = Field(
        default=8434, description="The port of the embedded Temporal server's pages."
    )
    build: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,64}$")] = Field(
        default="",
        description=(
            "The build that a worker belongs to, such as the version. What a build begins stays on "
            "it until `milepost renew`. Without it, every worker serves every workflow."
        ),
    )
    ready_file: Path | None = Field(
        default=None, description="The worker creates this file when it serves, for health checks."
    )
    worker_metrics: str = Field(
        default="",
        description=(
            "The address at which the worker shows figures to Prometheus, as `address:port`. "
            "Without it, it shows none."
        ),
    )
    api_metrics: str = Field(
        default="",
        description=(
            "The address at which the API shows figures to Prometheus, as `address:port`. Not "
            "the one that people reach."
        ),
    )
    traces: str = Field(
        default="",
        description=(
            "Where a collector takes traces by OTLP over HTTP, such as "
            "`http://collector:4318/v1/traces`. Without it, nothing is traced."
        ),
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The lowest level that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        default="console", description="How log lines look: `json` is for machines."
    )

    @field_validator("sendgrid_host", "public_url", "traces")
    @classmethod
    def _is_web_address(cls, value: str, info: ValidationInfo) -> str:
        if not value.strip() and info.field_name == "traces":
            return ""
        try:
            address = str(HttpUrl(value.strip())).rstrip("/")
        except ValueError:
            address = ""
        if not 0 < len(address) <= _LONGEST_URL:
            raise ValueError(_LIKE[str(info.field_name)])
        return address

    @field_validator("inbound_domain")
    @classmethod
    def _is_domain(cls, value: str) -> str:
        name = value.strip().lower()
        try:
            ascii_name = idna.encode(name).decode() if name else ""
        except idna.IDNAError:
            ascii_name = "."
        if name and ("." not in ascii_name or ascii_name.endswith(".")):
            raise ValueError("write it like replies.example.org")
        return ascii_name

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if not value.startswith(_DATABASES):
            raise ValueError(f"begin it with {' or '.join(_DATABASES)}")
        return value

    @field_validator("worker_metrics", "api_metrics")
    @classmethod
    def _is_place(cls, value: str) -> str:
        host, _, port = value.strip().rpartition(":")
        try:
            known = bool(ip_address(host.strip("[]"))) and 0 < int(port) < 65_536
        except ValueError:
            known = False
        if value.strip() and not known:
            raise ValueError("write it like 127.0.0.1:9464")
        return value.strip()

    @field_validator("payload_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr) -> SecretStr:
        if not _keys(value) and value.get_secret_value().strip():
            raise ValueError(_LIKE["payload_keys"])
        return value

    @property
    def payload_key_bytes(self) -> tuple[tuple[str, bytes], ...]:
        """The name and the 32 bytes of each key, the one that encrypts first."""
        return _keys(self.payload_keys)

    @field_validator("log_level", mode="before")
    @classmethod
    def _is_level(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value


def _keys(value: SecretStr) -> tuple[tuple[str, bytes], ...]:
    keys: dict[str, bytes] = {}
    for part in filter(None, value.get_secret_value().replace(" ", "").split(",")):
        name, _, written = part.partition(":")
        try:
            key = b64decode(written, validate=True)
        except ValueError:
            key = b""
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,40}", name) or len(key) != _KEY_BYTES:
            raise ValueError(_LIKE["payload_keys"])
        if name in keys:
            raise ValueError("give each key a name of its own")
        keys[name] = key
    return tuple(keys.items())


def _listens_at(held: Mapping[str, Any]) -> str:
    return address_of(held["api_host"], held["api_port"])


def address_of(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - no link leads there
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once. Exits with a message if one is invalid."""
    try:
        return Settings()
    except ValidationError as wrong:
        # Without the value: it may be a secret.
        faults = wrong.errors(include_url=False, include_input=False, include_context=False)
        lines = (
            f"MILEPOST_{str(fault['loc'][0]).upper()}: {_to_write(fault['type'], fault['msg'])}"
            for fault in faults
            if fault["type"] != "default_factory_not_called"  # it only follows from another fault
        )
        raise SystemExit("\n".join(lines)) from None


def _to_write(type: str, message: str) -> str:
    told = _HOW.get(type, message).removeprefix("Value error, ")
    return told.replace("Input should be", "write")


_HOW = {
    "int_parsing": "write a whole number, such as 8400",
    "float_parsing": "write a number, such as 2.5",
    "bool_parsing": "write true or false",
    "greater_than_equal": "write a port from 1 to 65535",
    "less_than_equal": "write a port from 1 to 65535",
}
"""What to write, by the type of Pydantic's error."""
