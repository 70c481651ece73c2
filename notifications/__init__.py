"""What is said to people, and how it travels."""
