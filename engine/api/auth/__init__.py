"""Who sends a request: AWS signatures and bearer tokens."""
