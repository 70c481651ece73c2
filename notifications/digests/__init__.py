"""Summaries: who gets one, what it says, and how it is sent. An empty one is not sent."""
