"""What people may ask for: permissions, commands and views. It knows no HTTP."""
