"""Reads definitions: checks them and compiles them, all problems at once."""
