"""Answers by email."""
