"""Schedules: when they are due, and starting executions then."""
