"""Every setting of what runs, once: from the environment, prefix ``MILEPOST_``.

Which of Temporal's programs to run (``MILEPOST_TEMPORAL_CLI``, ``MILEPOST_TEST_SERVER``) and where
downloads are kept (``MILEPOST_CACHE``) is in ``embedded.programs``.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the operator may set. Where Temporal is, its SDK reads: ``TEMPORAL_ADDRESS``,
    ``TEMPORAL_NAMESPACE``, ``TEMPORAL_TLS``, ``TEMPORAL_API_KEY`` (``temporalio.envconfig``)."""

    model_config = SettingsConfigDict(env_prefix="MILEPOST_", extra="ignore")

    data_dir: Path = Field(default=Path("var"))
    """Where the embedded product keeps its files."""
    database_url: str = Field(
        default_factory=lambda held: f"sqlite+aiosqlite:///{held['data_dir'] / 'milepost.db'}"
    )
    """SQLAlchemy URL: ``sqlite+aiosqlite:///path`` or ``postgresql+psycopg://…``. Unless it is set,
    ``milepost.db`` in ``data_dir``."""
    task_queue: str = "milepost"
    """Workflows and commands; deliveries use the same name with ``-delivery`` behind it."""
    api_host: str = "127.0.0.1"
    api_port: int = 8400
    public_url: str = Field(default_factory=lambda held: _listens_at(held))
    """Where people reach this office; every link in an email starts with it. Unless it is set, it
    is where the API listens."""
    sender: Literal["mailbox", "smtp", "sendgrid"] = "mailbox"
    mail_from: str = "milepost@example.org"
    mail_timeout: float = 10.0
    """Seconds for one hand-over to a mail server or provider."""
    smtp_verdict_timeout: float = 600.0
    """Seconds for a mail server's answer once it has the whole email: it may look through it for
    minutes first, and without its answer nobody knows whether it took it."""
    delivery_rate: float = 10.0
    """Delivery activities a second over all workers (Temporal's task-queue limit)."""
    unknown_after: float = 7200.0
    """Seconds until an email of which nobody knows whether it arrived goes to a person. Reports
    come within minutes; two hours outlast an upgrade or a short outage, and end the same day."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 1025
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    sendgrid_api_key: SecretStr = SecretStr("")
    sendgrid_host: str = "https://api.sendgrid.com"
    sendgrid_sandbox: bool = False
    inbound_secret: SecretStr = SecretStr("")
    """Answers by email are taken at ``/webhooks/sendgrid/inbound/<this>`` alone, and the addresses
    to answer to are signed with it. Nothing is taken unless it and the domain are set."""
    inbound_domain: str = ""
    """The domain whose mail the provider's Inbound Parse takes: ``reply+…@<this>``."""
    sendgrid_webhook_key: str = ""
    """SendGrid's public key of the signed Event Webhook, as it shows it; without it that is off."""
    secret: SecretStr = SecretStr("")
    """Signs links that work without signing in. `milepost up` makes one and keeps it in
    ``data_dir``; without one digests have no link to end them."""
    command_timeout: float = 5.0
    """Seconds that the API waits for a command's record before it answers 202."""
    temporal_port: int = 8433
    """The embedded Temporal server's port; not its usual 7233, where another one may run."""
    temporal_ui_port: int = 8434
    ready_file: Path | None = None
    """The worker touches it once it serves: for a supervisor and for a container's health check."""
    log_level: str = "INFO"
    log_format: Literal["json", "console"] = "console"

    @field_validator("sendgrid_host")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        try:
            address = HttpUrl(value.strip())
        except ValueError:
            raise ValueError("write it like https://api.sendgrid.com") from None
        return str(address).rstrip("/")


def _listens_at(held: Mapping[str, Any]) -> str:
    everywhere = held["api_host"] in ("0.0.0.0", "::")  # noqa: S104 - no link leads there
    return f"http://{'127.0.0.1' if everywhere else held['api_host']}:{held['api_port']}"


@lru_cache
def settings() -> Settings:
    """The settings of this process, read once. Ends it with a sentence where one is wrong."""
    try:
        return Settings()
    except ValidationError as wrong:
        # Without what was set: it may be a secret.
        faults = wrong.errors(include_url=False, include_input=False, include_context=False)
        lines = (f"MILEPOST_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in faults)
        raise SystemExit("\n".join(lines)) from None
