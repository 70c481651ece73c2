"""The HTTP edge: JSON routes, pages, sign-in."""
