"""A durable workflow engine that runs Amazon States Language."""

__version__ = "0.1.0"
