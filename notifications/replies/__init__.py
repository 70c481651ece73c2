"""Answers by email: whose they are, what they say, and what is done with them."""
