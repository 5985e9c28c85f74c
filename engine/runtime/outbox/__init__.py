"""Publishing of what the outbox has, by the leader."""

from engine.runtime.outbox.publisher import Publisher

__all__ = ["Publisher"]
