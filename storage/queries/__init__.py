"""Reads: one module per subject, frozen rows, one page at a time."""
