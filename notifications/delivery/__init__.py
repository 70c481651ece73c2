"""The ledger and the way of one email: checks, batching, sending."""
