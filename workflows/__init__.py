"""The deterministic workflows: one file per process, and what they share."""
