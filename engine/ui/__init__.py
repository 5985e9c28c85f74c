"""Admin pages, rendered on the server."""
