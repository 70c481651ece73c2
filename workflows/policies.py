"""Every timeout and retry policy of the workflows, by name."""

from dataclasses import replace
from datetime import timedelta

from temporalio.common import Priority, RetryPolicy

from activities.inputs import NOT_YET

RECORD_ATTEMPT = timedelta(seconds=10)
"""One attempt to write a record: a short transaction, which the activity itself retries for a
few seconds."""

RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
)
"""Retry without end, because a database that is down comes back. Each attempt adds six events
to a history of at most 51,200: at five-minute intervals that is four weeks."""

RECORD_RETRY_IN_PLACE = timedelta(milliseconds=1)
"""Longer waits become timers. All waits are longer, so each is a timer."""

DELIVER_ATTEMPT = timedelta(hours=1)
"""One attempt to send all emails of a record. Each email has a shorter timeout, because a mail
server may take ten minutes. The heartbeat shows a dead worker much sooner."""

DELIVER_HEARTBEAT = timedelta(seconds=20)
"""Temporal gives the work of a silent courier to another one. A courier sends heartbeats while
it waits for a mail server or database, so only a dead one is silent."""

DELIVER_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
)
"""Retry without end, because a mail server that is down comes back. Outdated emails are
withheld by then."""

REMIND_RETRY = replace(DELIVER_RETRY, non_retryable_error_types=[NOT_YET])
"""Retry without end while the database is away. What only has to wait for the sender is handed to
a delivery, whose retries come after every new reminder."""

REMIND_PRIORITY = Priority(priority_key=2)
"""Before deliveries, which have 3. Emails that wait for a mail server are tried again and again.
They would use up the rate that the write of a new reminder needs."""

CLOSING_GRACE = timedelta(minutes=10)
"""How long an ending engagement waits for its items to report their end."""

PROCESSED_UPDATES_KEPT = 100
"""Ids of updates carried across continue-as-new: more than any client retries."""

DIGEST_PLAN_ATTEMPT = timedelta(minutes=5)
"""One attempt to reserve a page of the summaries of a programme."""

DIGESTS_AT_ONCE = 50
"""Summaries of one run that are sent at the same time: fewer than Temporal's limit for a
workflow. Those that wait for a day do not count. The queue's rate limits them further."""

DIGEST_LIFE = timedelta(days=5)
"""How long a run of summaries lasts. After that the next run is near, with current content."""

DIGEST_TRY = timedelta(hours=1)
"""How long one summary of many is tried, and how long it waits then. One that always fails delays
no other page for days."""

DIGEST_ROUNDS = timedelta(minutes=15)
"""The least time between two rounds of summaries that had to wait."""

DIGEST_WITHHOLD = timedelta(days=1)
"""How long the database may be away while a summary is withheld. With that, a run still ends
before the next week's run begins."""
