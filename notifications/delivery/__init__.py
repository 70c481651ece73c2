"""The ledger, and the steps of one email: checks, recipient, batching, sending."""
