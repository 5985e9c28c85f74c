"""The AWS components, one a file."""
