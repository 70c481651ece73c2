"""Deterministic: one file per process, and what the processes share."""
