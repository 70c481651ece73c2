"""What is shown: rows of the database as the API's answers, within the caller's sight."""
