"""What an email says: the facts, the text and the templates."""
