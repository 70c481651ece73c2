"""Whether an email is proven to come from the domain that its ``From`` names.

SPF covers the envelope's domain and DKIM the signer's. By themselves they prove nothing about the
``From`` that people read. As in DMARC (RFC 7489, 3.1), one of them has to be aligned with it. The
domain's policy is not read: it says what to do with unproven emails, and here a manager decides.
"""

import re
from email.parser import HeaderParser
from functools import cache

from publicsuffixlist import PublicSuffixList

_LONGEST = 4000
_HEADERS_LONGEST = 64_000
_DOMAIN = r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9])?"
_ADDRESS = re.compile(rf"[^\s@\"<>]+@({_DOMAIN})")
_RESULT = re.compile(rf"[^\s@,:]*@({_DOMAIN}) ?: ?([a-z]+)")
_SIGNERS = re.compile(r"(?:^|;)\s*d\s*=([^;]*)", re.I)


def proven(address: str, *, spf: str, envelope_from: object, dkim: str, headers: str) -> bool:
    """Whether the receiving server's SPF or DKIM result covers this address's domain."""
    domain = _domain(address)
    if not domain:
        return False
    vouching = _signers(dkim, headers)
    if spf.strip().lower() == "pass" and isinstance(envelope_from, str):
        vouching.append(_domain(envelope_from))
    return any(_speaks_for(one, domain) for one in vouching if one)


def _domain(address: str) -> str:
    """The domain of a plain address, as DNS writes it; empty if the address is not plain."""
    local, _, domain = address.strip()[:_LONGEST].rpartition("@")
    try:
        named = domain.encode("idna").decode().lower()
    except UnicodeError:
        return ""
    found = _ADDRESS.fullmatch(f"{local}@{named}")
    return found[1] if found else ""


def _signers(dkim: str, headers: str) -> list[str]:
    """The domains in ``{@one.org : pass, @two.org : pass}``.

    The text between the braces comes from the email itself: a signature may name a "domain" such
    as ``one.org : pass, @two.org``. So the result counts only if every signature passed and each
    names a plain domain.
    """
    entries = [one.strip() for one in re.split(r"[{},]", dkim[:_LONGEST].lower()) if one.strip()]
    results = [_RESULT.fullmatch(entry) for entry in entries]
    if len(dkim) > _LONGEST or not all(one is not None and one[2] == "pass" for one in results):
        return []
    if not all(re.fullmatch(_DOMAIN, name, re.I) for name in _named(headers)):
        return []
    return [one[1] for one in results if one is not None]


def _named(headers: str) -> list[str]:
    """The domains that the signatures name; one empty string if they cannot be read."""
    if len(headers) > _HEADERS_LONGEST:
        return [""]
    try:
        message = HeaderParser().parsestr(headers, headersonly=True)
        signatures = [str(one) for one in message.get_all("DKIM-Signature", [])]
    except Exception:  # the standard parser may raise anything on garbage
        return [""]
    return [name.strip() for one in signatures for name in _SIGNERS.findall(one)]


def _speaks_for(one: str, domain: str) -> bool:
    """Whether a result for one domain covers another: itself and those below it.

    It does not cover parents or siblings. DMARC's relaxed alignment does, but relies on the public
    suffix list, which lacks suffixes such as ``gov.wales``. A public suffix covers no domain below
    it: ``gov.uk`` is no organisation.
    """
    if one == domain:
        return True
    return domain.endswith(f".{one}") and _suffixes().privatesuffix(one) is not None


@cache
def _suffixes() -> PublicSuffixList:
    # The list comes with the package, so nothing is downloaded.
    return PublicSuffixList()
