"""The way to Temporal from outside a workflow: connecting, starting, schedules, rounds."""
