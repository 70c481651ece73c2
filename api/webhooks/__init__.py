"""Endpoints to which other systems post. Each first checks its caller."""
