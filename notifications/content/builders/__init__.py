"""Builds the context of each family of emails."""
