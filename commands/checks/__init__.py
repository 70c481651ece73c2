"""What `milepost doctor` looks at: one check a part, each with how to mend it."""
