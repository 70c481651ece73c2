"""Whether an email is proven to come from the domain that its ``From`` names.

SPF speaks for the envelope's domain and DKIM for whoever signed: by themselves they say nothing of
the ``From`` that people read. As in DMARC (RFC 7489, 3.1), one of them has to be aligned with it.
The domain's policy is not asked for: it says what to do with the rest, and here the rest goes to a
person.
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
    """Whether SPF or DKIM, as the receiving server judged them, speak for this address's domain."""
    domain = _domain(address)
    if not domain:
        return False
    vouching = _signers(dkim, headers)
    if spf.strip().lower() == "pass" and isinstance(envelope_from, str):
        vouching.append(_domain(envelope_from))
    return any(_speaks_for(one, domain) for one in vouching if one)


def _domain(address: str) -> str:
    """The domain of a plain address, as DNS writes it; nothing where it is not plain."""
    local, _, domain = address.strip()[:_LONGEST].rpartition("@")
    try:
        named = domain.encode("idna").decode().lower()
    except UnicodeError:
        return ""
    found = _ADDRESS.fullmatch(f"{local}@{named}")
    return found[1] if found else ""


def _signers(dkim: str, headers: str) -> list[str]:
    """The domains in ``{@one.org : pass, @two.org : pass}``.

    What stands between the braces comes out of the email itself: a signature may name a "domain"
    such as ``one.org : pass, @two.org``. So nothing counts unless every signature that is judged
    passed, and each names a plain domain.
    """
    entries = [one.strip() for one in re.split(r"[{},]", dkim[:_LONGEST].lower()) if one.strip()]
    results = [_RESULT.fullmatch(entry) for entry in entries]
    if len(dkim) > _LONGEST or not all(one is not None and one[2] == "pass" for one in results):
        return []
    if not all(re.fullmatch(_DOMAIN, name, re.I) for name in _named(headers)):
        return []
    return [one[1] for one in results if one is not None]


def _named(headers: str) -> list[str]:
    """What the signatures name as their domains; one that is none where they cannot be read."""
    if len(headers) > _HEADERS_LONGEST:
        return [""]
    try:
        message = HeaderParser().parsestr(headers, headersonly=True)
        signatures = [str(one) for one in message.get_all("DKIM-Signature", [])]
    except Exception:  # the standard parser promises nothing about garbage
        return [""]
    return [name.strip() for one in signatures for name in _SIGNERS.findall(one)]


def _speaks_for(one: str, domain: str) -> bool:
    """A domain speaks for itself and for those below it, as it decides in DNS what they are.

    Not for its parent and not for its siblings, where DMARC's relaxed alignment goes further: that
    hangs on the public suffix list, which lacks such as ``gov.wales``. Nor does a public suffix
    speak for anybody below it: ``gov.uk`` is no organisation.
    """
    if one == domain:
        return True
    return domain.endswith(f".{one}") and _suffixes().privatesuffix(one) is not None


@cache
def _suffixes() -> PublicSuffixList:
    # The list that comes with the package: nothing is fetched.
    return PublicSuffixList()
