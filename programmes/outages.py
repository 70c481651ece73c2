"""What happens to emails that were late because of an outage."""

from typing import Literal

from programmes.fields import Part, Some


class Outage(Part):
    """What becomes of emails that could not leave when they should have."""

    late_after: Some = "2h"
    """Hours and minutes count within the sending window alone: a night makes nothing late."""
    then: Literal["collapse", "singly"] = "collapse"
    """``collapse``: what is late for one recipient goes out in one email. ``singly``: each by
    itself, as if nothing had been."""
