"""Settings that cannot be right are told at once, by name, and without what they hold."""

from base64 import b64encode
from collections.abc import Iterator

import pytest

from settings import Settings, settings

KEY = b64encode(bytes(range(32))).decode()
LIKE_KEYS = "write it like 2026:<key>, with what openssl rand -base64 32 prints as the key"


@pytest.fixture(autouse=True)
def anew() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    "host",
    ["api.sendgrid.com", "ftp://api.sendgrid.com", "https://", "http://[::1", "http://a b.c"],
)
def test_sendgrids_address_is_a_web_address(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_SENDGRID_HOST", host)
    with pytest.raises(SystemExit, match=r"MILEPOST_SENDGRID_HOST: .*https://api\.sendgrid\.com"):
        settings()


def test_a_slash_behind_it_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILEPOST_SENDGRID_HOST", " https://api.eu.sendgrid.com/ ")
    assert settings().sendgrid_host == "https://api.eu.sendgrid.com"


def test_each_fault_is_a_line_with_its_variable_and_nothing_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MILEPOST_SENDER", "pigeon")
    monkeypatch.setenv("MILEPOST_SMTP_PORT", "hunter2")
    with pytest.raises(SystemExit) as raised:
        settings()
    lines = str(raised.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["MILEPOST_SENDER", "MILEPOST_SMTP_PORT"]
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("API_PORT", "abc", "write a whole number, such as 8400"),
        ("MAIL_TIMEOUT", "soon", "write a number, such as 2.5"),
        ("SENDGRID_SANDBOX", "perhaps", "write true or false"),
        ("SMTP_PORT", "70000", "write a port from 1 to 65535"),
        ("API_PORT", "0", "write a port from 1 to 65535"),
        ("DATABASE_URL", "mysql://x", "begin it with sqlite+aiosqlite:// or postgresql+psycopg://"),
        ("LOG_LEVEL", "nope", "write 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("TRACES", "collector:4318", "write it like http://collector:4318/v1/traces"),
        ("API_METRICS", "9464", "write it like 127.0.0.1:9464"),
        ("API_METRICS", "metrics.example.org:9464", "write it like 127.0.0.1:9464"),
        ("WORKER_METRICS", "127.0.0.1:70000", "write it like 127.0.0.1:9464"),
        ("PAYLOAD_KEYS", "2026", LIKE_KEYS),
        ("PAYLOAD_KEYS", " , ", LIKE_KEYS),
        ("PAYLOAD_KEYS", "2026:c2hvcnQ=", LIKE_KEYS),
        ("PAYLOAD_KEYS", f"20 26!:{KEY}", LIKE_KEYS),
        ("PAYLOAD_KEYS", f"2026:{KEY},2026:{KEY}", "give each key a name of its own"),
        ("INBOUND_DOMAIN", "replies.example.org.", "write it like replies.example.org"),
        ("INBOUND_DOMAIN", "@replies.example.org", "write it like replies.example.org"),
        ("INBOUND_DOMAIN", "https://replies.example.org", "write it like replies.example.org"),
        ("INBOUND_DOMAIN", "localhost", "write it like replies.example.org"),
        (
            "PUBLIC_URL",
            "http://[::1",
            "write it like https://office.example.org, with at most 200 characters",
        ),
        (
            "PUBLIC_URL",
            f"https://office.example.org/{'x' * 200}",
            "write it like https://office.example.org, with at most 200 characters",
        ),
    ],
)
def test_a_fault_says_what_to_write_and_brings_no_second_one(
    variable: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MILEPOST_{variable}", value)
    with pytest.raises(SystemExit) as raised:
        settings()
    assert str(raised.value) == f"MILEPOST_{variable}: {says}"


@pytest.mark.parametrize(
    ("variable", "value", "kept"),
    [
        ("INBOUND_DOMAIN", " Replies.Example.org ", "replies.example.org"),
        ("INBOUND_DOMAIN", "antworten.münchen.example", "antworten.xn--mnchen-3ya.example"),
        ("PUBLIC_URL", "https://münchen.example/", "https://xn--mnchen-3ya.example"),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("PUBLIC_URL", "", "http://127.0.0.1:8400"),
    ],
)
def test_what_a_header_or_a_log_cannot_hold_is_written_otherwise(
    variable: str, value: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MILEPOST_{variable}", value)
    assert getattr(settings(), variable.lower()) == kept


@pytest.mark.parametrize(
    ("given", "link"),
    [
        ({}, "http://127.0.0.1:8400"),
        ({"api_port": 8510}, "http://127.0.0.1:8510"),
        ({"api_host": "0.0.0.0", "api_port": 8510}, "http://127.0.0.1:8510"),
        ({"api_host": "::1"}, "http://[::1]:8400"),
        ({"api_port": 8510, "public_url": "https://o.example"}, "https://o.example"),
    ],
)
def test_links_lead_to_where_the_api_listens_unless_it_is_said(
    given: dict[str, object], link: str
) -> None:
    assert Settings.model_validate(given).public_url == link


def test_keys_are_read_in_their_order_with_spaces_and_padding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MILEPOST_PAYLOAD_KEYS", f"2026-b:{KEY}, 2026-a:{KEY}")
    assert settings().payload_key_bytes == (
        ("2026-b", bytes(range(32))),
        ("2026-a", bytes(range(32))),
    )
    assert KEY not in repr(settings())
