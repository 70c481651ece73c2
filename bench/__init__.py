"""Exact counts of what an engagement costs, against a naive version of the same processes."""
