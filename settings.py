"""Every setting, read from environment variables that start with ``MILEPOST_``.

``embedded.programs`` reads which Temporal programs to run (``MILEPOST_TEMPORAL_CLI``,
``MILEPOST_TEST_SERVER``) and where downloads are kept (``MILEPOST_CACHE``).
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What the operator can set. Temporal's SDK reads its own variables: ``TEMPORAL_ADDRESS``,
    ``TEMPORAL_NAMESPACE``, ``TEMPORAL_TLS``, ``TEMPORAL_API_KEY`` (``temporalio.envconfig``)."""

    model_config = SettingsConfigDict(env_prefix="MILEPOST_", extra="ignore")

    data_dir: Path = Field(default=Path("var"))
    """The folder in which `milepost up` and `milepost demo` keep their data."""
    database_url: str = Field(
        default_factory=lambda held: f"sqlite+aiosqlite:///{held['data_dir'] / 'milepost.db'}"
    )
    """SQLAlchemy URL: ``sqlite+aiosqlite:///path`` or ``postgresql+psycopg://…``. The default is
    ``milepost.db`` in ``data_dir``."""
    task_queue: str = "milepost"
    """The Temporal task queue of the workflows. Deliveries use this name plus ``-delivery``."""
    api_host: str = "127.0.0.1"
    api_port: int = 8400
    public_url: str = Field(default_factory=lambda held: _listens_at(held))
    """The address at which people reach this office. Every link in an email starts with it. The
    default is the address at which the API listens."""
    sender: Literal["mailbox", "smtp", "sendgrid"] = "mailbox"
    mail_from: str = "milepost@example.org"
    mail_timeout: float = 10.0
    """Seconds for passing one email to the mail server or provider."""
    smtp_verdict_timeout: float = 600.0
    """Seconds for a mail server's answer once it has the whole email. It may scan the email for
    minutes first, and without its answer it is unknown whether it accepted the email."""
    delivery_rate: float = 10.0
    """Delivery activities a second, over all workers. Temporal enforces it on the task queue."""
    unknown_after: float = 7200.0
    """Seconds until an email whose arrival is unknown becomes a task for a person. Delivery reports
    come within minutes. Two hours outlast an upgrade or a short outage, and end the same day."""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 1025
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    sendgrid_api_key: SecretStr = SecretStr("")
    sendgrid_host: str = "https://api.sendgrid.com"
    sendgrid_sandbox: bool = False
    inbound_secret: SecretStr = SecretStr("")
    """Answers by email are accepted at ``/webhooks/sendgrid/inbound/<this>`` only, and reply
    addresses are signed with it. None is accepted unless this and the domain are set."""
    inbound_domain: str = ""
    """The domain of SendGrid's Inbound Parse, for reply addresses: ``reply+…@<this>``."""
    sendgrid_webhook_key: str = ""
    """The public key of SendGrid's signed Event Webhook. Without it, events are not accepted."""
    secret: SecretStr = SecretStr("")
    """Signs links that work without signing in. `milepost up` creates one and keeps it in
    ``data_dir``. Without one, summary emails have no link to opt out."""
    command_timeout: float = 5.0
    """Seconds that the API waits for a command's record before it answers 202."""
    temporal_port: int = 8433
    """The embedded Temporal server's port. Not the usual 7233, where another server may run."""
    temporal_ui_port: int = 8434
    ready_file: Path | None = None
    """The worker creates this file once it serves, for a supervisor or a health check."""
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
    """The settings of this process, read once. Exits with a message where one is invalid."""
    try:
        return Settings()
    except ValidationError as wrong:
        # Without the value: it may be a secret.
        faults = wrong.errors(include_url=False, include_input=False, include_context=False)
        lines = (f"MILEPOST_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in faults)
        raise SystemExit("\n".join(lines)) from None
