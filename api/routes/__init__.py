"""The JSON routes: a router a subject, each route thin."""
