"""Pure: what each process is, decided without Temporal; workflows run them, tests call them."""
