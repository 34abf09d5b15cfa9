"""Where a map stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pcs_dash.tables.errors import UserError


class StoryError(UserError):
    """A change, or a stored story, that makes no valid story. The text says what to do."""


@dataclass(frozen=True)
class Position:
    """Where a map stands: its centre in degrees (WGS 84) and Leaflet's zoom."""

    latitude: float
    longitude: float
    zoom: float

    def __post_init__(self) -> None:
        for name, low, high in (("latitude", -90, 90), ("longitude", -180, 180), ("zoom", 0, 24)):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not low <= value <= high:
                raise StoryError(
                    f"A map position needs a {name} from {low} to {high}, not '{str(value)[:40]}'."
                )

    def to_dict(self) -> dict[str, float]:
        """As the map's script and stories have it."""
        return {"latitude": self.latitude, "longitude": self.longitude, "zoom": self.zoom}
