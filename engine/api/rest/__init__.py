"""REST v1: workflow definitions and workflow instances."""
