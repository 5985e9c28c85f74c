"""What a fresh clone needs before anything else can run; standard library only."""
