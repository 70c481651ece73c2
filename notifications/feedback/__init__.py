"""Providers' reports about emails, and suppressed addresses."""
