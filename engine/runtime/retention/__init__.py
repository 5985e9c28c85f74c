"""Executions that were over long ago: archived in compressed files, and read from there as if they were here."""

from engine.runtime.retention.archives import Archives
from engine.runtime.retention.archiving import Archiving
from engine.runtime.retention.places import NoPlace, Place, open_place

__all__ = ["Archives", "Archiving", "NoPlace", "Place", "open_place"]
