"""Where the browser fetches what a map is made of."""

from __future__ import annotations

from dataclasses import dataclass

Bounds = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class AreaLayer:
    """Where an area's layer is fetched from and what it covers: ((south, west), (north, east))."""

    url: str
    bounds: Bounds


@dataclass(frozen=True)
class WebFiles:
    """Addresses of everything a map fetches."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    draw_scripts: tuple[str, ...]
    draw_styles: tuple[str, ...]
    tool_scripts: tuple[str, ...]
    hub_scripts: tuple[str, ...]
    hub_styles: tuple[str, ...]
    find_scripts: tuple[str, ...]
    find_styles: tuple[str, ...]
    present_scripts: tuple[str, ...]
    present_styles: tuple[str, ...]
    tour_scripts: tuple[str, ...]
    tour_styles: tuple[str, ...]
    points_url: str
    areas: dict[str, AreaLayer]
