"""What is read: one module a subject, plain frozen rows, one page at a time."""
