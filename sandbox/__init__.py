"""An AWS account in one process, for the local stack and for tests: a stand-in that proves the program, not AWS."""
