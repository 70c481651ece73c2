"""What an email says: its facts, its words, its rendering."""
