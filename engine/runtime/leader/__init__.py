"""What one process alone does for all: the leader."""

from engine.runtime.leader.leader import Job, Leader

__all__ = ["Job", "Leader"]
