"""What happens to an execution from outside: pauses, handing on to a process that can run it, termination, erasure."""
