"""Only a ``From``'s own domain, or one above it, proves it; the email itself cannot."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.inbound.message import incoming

SIAN = "sian@cardiff.gov.uk"


def is_proven(
    *, sender: str = SIAN, spf: str = "none", envelope: str = "", dkim: str = "none", **more: Any
) -> bool:
    fields = {
        "from": f"Sian Hughes <{sender}>",
        "SPF": spf,
        "envelope": f'{{"to": ["x@example.org"], "from": "{envelope or sender}"}}',
        "dkim": dkim,
        **more,
    }
    return incoming(fields, 0).proven


@pytest.mark.parametrize(
    ("spf", "envelope", "dkim"),
    [
        ("pass", "sian@cardiff.gov.uk", "none"),
        ("PASS ", "Sian@Cardiff.GOV.UK", ""),
        ("softfail", "x@forwarder.example", "{@cardiff.gov.uk : pass}"),
        ("none", "", "{@CARDIFF.gov.uk:pass}"),
        ("none", "", "{sian@cardiff.gov.uk : pass}"),
        ("none", "", "{@cardiff.onmicrosoft.com : pass, @cardiff.gov.uk : pass}"),
    ],
)
def test_its_own_domain_proves_it(spf: str, envelope: str, dkim: str) -> None:
    assert is_proven(spf=spf, envelope=envelope, dkim=dkim)


@pytest.mark.parametrize(
    ("sender", "dkim", "proves"),
    [
        ("sian@schools.cardiff.gov.uk", "{@cardiff.gov.uk : pass}", True),
        ("sian@a.b.example.org", "{@example.org : pass}", True),
        # A subdomain does not prove its parent or its siblings.
        ("sian@cardiff.gov.uk", "{@schools.cardiff.gov.uk : pass}", False),
        ("sian@cardiff.gov.wales", "{@evil.gov.wales : pass}", False),
        ("sian@gov.wales", "{@evil.gov.wales : pass}", False),
        # A public suffix is no organisation.
        ("sian@cardiff.gov.uk", "{@gov.uk : pass}", False),
        ("sian@cardiff.gov.uk", "{@uk : pass}", False),
        ("sian@council.co.uk", "{@co.uk : pass}", False),
        ("sian@us.github.io", "{@github.io : pass}", False),
        ("sian@cardiff.gov.uk", "{@f.gov.uk : pass}", False),
    ],
)
def test_a_domain_proves_only_itself_and_those_below_it(
    sender: str, dkim: str, proves: bool
) -> None:
    assert is_proven(sender=sender, dkim=dkim) is proves
    signer = dkim.removeprefix("{@").removesuffix(" : pass}")
    assert is_proven(sender=sender, spf="pass", envelope=f"x@{signer}") is proves


@pytest.mark.parametrize(
    ("spf", "envelope", "dkim"),
    [
        ("pass", "x@evil.test", "{@evil.test : pass}"),
        ("none", "", "none"),
        ("", "", ""),
        ("fail", "", "none"),
        ("softfail", "", "{@cardiff.gov.uk : fail}"),
        ("neutral", "", "{@cardiff.gov.uk : temperror}"),
        ("pass", "x@cardiff.gov.uk.evil.test", "{@cardiff.gov.uk.evil.test : pass}"),
        ("pass", "x@notcardiff.gov.uk", "{@notcardiff.gov.uk : pass}"),
        ("pass", "a@cardiff.gov.uk@evil.test", "none"),
        ("pass", "<>", "none"),
        ("none", "", "@cardiff.gov.uk : passable"),
        # One signature, whose own "domain" is made to read as two.
        ("none", "", "{@cardiff.gov.uk : pass, @evil.test : fail}"),
    ],
)
def test_nothing_else_proves_it(spf: str, envelope: str, dkim: str) -> None:
    assert not is_proven(spf=spf, envelope=envelope, dkim=dkim)


def test_a_signature_that_names_no_plain_domain_spoils_all() -> None:
    """A name in DNS may hold any character, so such a signature can pass."""
    dkim = "{@cardiff.gov.uk : pass, @x.evil.test : pass}"
    plain = "DKIM-Signature: v=1; a=rsa-sha256; d={}; s=one;\n h=from; bh=x; b=y\n"
    two = plain.format("cardiff.gov.uk") + plain.format("x.evil.test")
    assert is_proven(dkim=dkim, headers=two)
    made_up = plain.format("cardiff.gov.uk : pass, @x.evil.test")
    assert not is_proven(dkim=dkim, headers=made_up)
    assert not is_proven(dkim=dkim, headers="X-Long: x\n" * 10_000 + made_up)


def test_a_domain_that_is_not_ascii_is_the_one_that_dns_knows() -> None:
    assert is_proven(sender="lena@müller.example", dkim="{@xn--mller-kva.example : pass}")
    assert not is_proven(sender="lena@müller.example", dkim="{@muller.example : pass}")


WORDS = st.text(max_size=60) | st.sampled_from(["pass", SIAN, "{@cardiff.gov.uk : pass}", "{}"])


@given(WORDS, WORDS, WORDS, WORDS)
def test_no_garbage_breaks_it(sender: str, spf: str, dkim: str, headers: str) -> None:
    incoming({"from": sender, "SPF": spf, "dkim": dkim, "headers": headers}, 0)
