"""Replies by email."""
