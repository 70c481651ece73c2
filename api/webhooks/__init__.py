"""What other systems post to us: each endpoint checks a signature before it looks at anything."""
