"""The layers of a stack from the ground up, one a file; each is made of those below it and makes components alone."""
