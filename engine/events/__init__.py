"""What the engine tells other systems of executions, and the ways in which it does."""

from engine.events.event import DETAIL_TYPE, Event
from engine.events.sink import Delivery, Sink, SinkError

__all__ = ["DETAIL_TYPE", "Delivery", "Event", "Sink", "SinkError"]
