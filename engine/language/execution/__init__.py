"""Runs state machines, one pure transition at a time."""
