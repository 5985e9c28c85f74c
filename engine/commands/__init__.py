"""What each command of `engine` does."""
