"""The link that ends somebody's digests at one click: signed, so that nobody ends another's."""

from itsdangerous import BadSignature, URLSafeSerializer

_SALT = "milepost.unsubscribe"
_LONGEST = 400


def unsubscribe_link(public_url: str, secret: str, holder_id: str) -> str:
    """The address that a mail program posts to (RFC 8058), and a person may open."""
    token = URLSafeSerializer(secret, salt=_SALT).dumps(holder_id)
    return f"{public_url.rstrip('/')}/unsubscribe/{token}"


def holder_of(token: str, secret: str) -> str | None:
    """Whose link it is; ``None`` where we have not signed it. It stays valid: an old email's link
    has to work."""
    if not secret or len(token) > _LONGEST:
        return None
    try:
        holder = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except BadSignature:
        return None
    return holder if isinstance(holder, str) else None
