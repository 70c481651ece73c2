"""The side effects that workflows ask for."""
