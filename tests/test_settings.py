"""Settings that cannot be right are told at once, by name, and without what they hold."""

from collections.abc import Iterator

import pytest

from settings import Settings, settings


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
    ("given", "link"),
    [
        ({}, "http://127.0.0.1:8400"),
        ({"api_port": 8510}, "http://127.0.0.1:8510"),
        ({"api_host": "0.0.0.0", "api_port": 8510}, "http://127.0.0.1:8510"),
        ({"api_port": 8510, "public_url": "https://o.example"}, "https://o.example"),
    ],
)
def test_links_lead_to_where_the_api_listens_unless_it_is_said(
    given: dict[str, object], link: str
) -> None:
    assert Settings.model_validate(given).public_url == link
