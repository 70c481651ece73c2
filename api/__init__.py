"""The JSON API: routes with their bodies, problems, OpenAPI, webhooks."""
