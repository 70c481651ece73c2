"""What may be asked of Milepost: an async function a command, for the API and the CLI alike."""
