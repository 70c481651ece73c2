"""Every timeout and retry policy of the workflows, by name."""

from datetime import timedelta

from temporalio.common import RetryPolicy

RECORD_ATTEMPT = timedelta(seconds=10)
"""One attempt to write a record: a transaction of a few statements, tried again for a few seconds
by the activity itself."""

RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
)
"""A database that is down comes back: try for as long as it takes. Each attempt is six events of a
history that the server ends at 51,200: with five minutes between them that is four weeks."""

RECORD_RETRY_IN_PLACE = timedelta(milliseconds=1)
"""Waits up to this long stay inside the workflow task: none does, each is a timer."""

DELIVER_ATTEMPT = timedelta(hours=1)
"""One attempt to hand all mails of a record to the sender, each with its own shorter timeout: a
mail server may take ten minutes to answer. The heartbeat tells much sooner that a courier died."""

DELIVER_HEARTBEAT = timedelta(seconds=20)
"""A courier that falls silent is taken for dead, and another one goes on. It beats by itself while
it waits for a mail server or a database, so that only one that is gone falls silent."""

DELIVER_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(minutes=5),
)
"""A mail server that is down comes back; what is stale by then is withheld, not sent."""

CLOSING_GRACE = timedelta(minutes=10)
"""How long an engagement that ends waits for its items to say that they have closed."""

PROCESSED_UPDATES_KEPT = 100
"""Ids of updates carried across continue-as-new: more than any client retries over."""

DIGEST_PLAN_ATTEMPT = timedelta(minutes=5)
"""Reading what there is to say to everybody in a programme."""

DIGESTS_AT_ONCE = 50
"""Summaries of one run that are tried together: fewer than Temporal allows a workflow. Those that
wait for a day are not among them; the queue's rate holds them back further."""

DIGEST_LIFE = timedelta(days=5)
"""How long a run of summaries lasts: after that the next one is near, which says it all anew."""

DIGEST_WITHHOLD = timedelta(days=1)
"""How long the database may be away when a summary is given up: with that, still less than the
week after which the next run begins."""
