"""The data plane that moto's backends call at the moment."""

from __future__ import annotations

from sandbox.seam import DataPlane, NullDataPlane

data_plane: DataPlane = NullDataPlane()
