"""Explains why an email was sent when it was, or was not sent."""
