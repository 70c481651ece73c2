"""Emails: what they say, who gets them, and how they are sent."""
