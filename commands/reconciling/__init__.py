"""Compares the database with the workflows, and repairs the differences."""
