"""What users may ask for: permissions, commands and views. It knows no HTTP."""
