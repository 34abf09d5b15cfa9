"""Boundary layers as GeoJSON: LSOAs of 2011 and 2021, districts, ICBs, sub-ICB locations."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from pcs_dash.errors import InputFileError
from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import normalise_heading
from pcs_dash.official.loaders.organisations import read_features

BRITISH_NATIONAL_GRID = 27700
WGS84 = 4326
# Great Britain in the national grid, with a margin.
_EASTINGS = (-100_000, 800_000)
_NORTHINGS = (-100_000, 1_400_000)

CODE_PROPERTIES = {
    "boundaries_lsoa11": r"lsoa11cd",
    "boundaries_lsoa21": r"lsoa21cd",
    "boundaries_district": r"lad\d\dcd",
    "boundaries_icb": r"icb\d\dcd",
    "boundaries_sub_icb": r"(sicbl|loc)\d\dcd",
}


def load_boundaries(file: InputFile, source: str) -> gpd.GeoDataFrame:
    """Columns code, name, geometry (EPSG:27700), one row an area.

    Coordinates are longitude and latitude unless the file states EPSG:27700. Raises
    InputFileError for other coordinates, missing codes, repeated codes or broken shapes.
    """
    features = read_features(file)
    wanted = re.compile(CODE_PROPERTIES[source])
    codes: list[str] = []
    names: list[str] = []
    shapes: list[BaseGeometry] = []
    for number, feature in enumerate(features, start=1):
        properties = {
            normalise_heading(str(k)): v for k, v in (feature.get("properties") or {}).items()
        }
        code_at = next((k for k in properties if wanted.fullmatch(k)), None)
        code = properties.get(code_at) if code_at else None
        if not isinstance(code, str) or not re.fullmatch(r"[EWSN]\d{8}", code):
            raise InputFileError(
                file.name,
                [
                    f"Feature {number} has no code of the kind expected ({wanted.pattern}); "
                    f"found {', '.join(properties) or 'no properties'}."
                ],
            )
        name_at = code_at[:-2] + "nm" if code_at else ""
        try:
            geometry = shape(feature["geometry"])
        except (
            ShapelyError, KeyError, TypeError, ValueError, AttributeError, IndexError,
        ) as fault:  # fmt: skip
            raise InputFileError(
                file.name, [f"Feature {number} ({code}) has no valid shape."]
            ) from fault
        if geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
            raise InputFileError(file.name, [f"Feature {number} ({code}) is no polygon."])
        codes.append(code)
        names.append(str(properties.get(name_at) or code))
        shapes.append(geometry)
    repeated = pd.Series(codes)[pd.Series(codes).duplicated()]
    if not repeated.empty:
        raise InputFileError(file.name, [f"{repeated.iloc[0]} stands in more than one feature."])
    frame = gpd.GeoDataFrame({"code": codes, "name": names}, geometry=shapes, crs=_crs(shapes))
    frame = frame.to_crs(BRITISH_NATIONAL_GRID)
    _check_place(file, frame)
    return frame.sort_values("code").reset_index(drop=True)


def _crs(shapes: list[BaseGeometry]) -> int:
    """GeoJSON means WGS84; the ONS portal also gives eastings and northings under that name."""
    west, south, east, north = shapes[0].bounds
    return WGS84 if max(abs(west), abs(south), abs(east), abs(north)) <= 180 else 27700


def _check_place(file: InputFile, frame: gpd.GeoDataFrame) -> None:
    west, south, east, north = frame.total_bounds
    inside = (
        _EASTINGS[0] <= west <= east <= _EASTINGS[1]
        and _NORTHINGS[0] <= south <= north <= _NORTHINGS[1]
    )
    if not inside:
        raise InputFileError(
            file.name, ["Its coordinates lie outside Great Britain (are they swapped?)."]
        )
