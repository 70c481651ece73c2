"""Summaries: who gets one, what it says, and its way out. Nothing is sent that says nothing."""
