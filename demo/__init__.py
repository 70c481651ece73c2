"""The demo: a sample office, played with the commands that a user has."""
