"""What other systems post to us: each endpoint first makes sure of its caller."""
