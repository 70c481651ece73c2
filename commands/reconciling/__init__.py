"""Holds the record against the workflows, and brings the one up to the other."""
