"""The embedded product: finds or provides Temporal's servers and runs them beside Milepost."""
