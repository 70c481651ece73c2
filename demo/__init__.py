"""The demo: a first office with sample people, played through the commands that a user has."""
