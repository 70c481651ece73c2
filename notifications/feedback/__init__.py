"""What providers report, and addresses that take no email."""
