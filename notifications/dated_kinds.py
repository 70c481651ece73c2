"""Which kinds of email put a date into their reader's calendar, and which take it out."""

FIXES = frozenset({"advice.confirmed", "advice.agenda"})
"""Emails that put a session into the calendar."""
DUE = frozenset({"review.opened", "review.returned", "task.moved"})
"""Emails with the day by which a review is to be sent in."""
CALLED_OFF = frozenset({"advice.called_off", "review.called_off"})
"""Emails that are for those alone who have the date in their calendar."""
LIFTS = CALLED_OFF | {
    "advice.missed",
    "advice.dates_proposed",
    "advice.closed",
    "review.signed_off",
}
"""Emails that take a date out, where it stands."""
CARRYING = FIXES | DUE | LIFTS
"""Emails that may have a calendar part: each has to go by itself."""
