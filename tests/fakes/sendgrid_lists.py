"""The fake SendGrid's lists of addresses that it sends nothing to, and how one gets off them."""

from dataclasses import dataclass, field

from tests.fakes.http import Answer, Request
from tests.fakes.sendgrid_rules import Refused

PATH = "/v3/suppression/"
NAMES = ("bounces", "blocks", "invalid_emails", "spam_reports")


@dataclass
class Lists:
    """Who is on which, and whether our key may change them."""

    held: dict[str, set[str]] = field(default_factory=lambda: {name: set() for name in NAMES})
    may_change: bool = True
    """Whether the key has the rights ``suppression.*.delete``."""

    def put(self, address: str, name: str = "bounces") -> None:
        """Put an address on a list, as a bounce or a complaint does."""
        self.held[name].add(address.lower())

    def hold(self, address: str) -> bool:
        """Whether nothing would be sent to it."""
        return any(address.lower() in listed for listed in self.held.values())

    def answer(self, request: Request, key: str) -> Answer:
        """What a request about a list is answered."""
        listed = self.held.get(request.path.removeprefix(PATH))
        if listed is None:
            return _refused(404, "Not Found")
        if request.method != "DELETE":
            return _refused(405, "method not allowed")
        if request.headers.get("authorization") != f"Bearer {key}":
            return _refused(401, "The provided authorization grant is invalid")
        if not self.may_change:
            return _refused(403, "access forbidden")
        try:
            body = request.body
        except ValueError:
            body = None
        if not isinstance(body, dict) or set(body) not in ({"emails"}, {"delete_all"}):
            return _refused(400, "emails or delete_all is required, and not both")
        listed -= {str(one).lower() for one in body.get("emails", listed)}
        return Answer(204, {})


def _refused(status: int, words: str) -> Answer:
    return Answer(status, {}, Refused(status, ((words, None),)).to_json())
