"""The files the browser fetches: Leaflet from its packages, our map script, the layers.

They are made at start-up under `static/` and served by the app itself, so that no map needs the
internet. Names carry a digest of the content, so that a browser may keep them for good.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pcs_dash.tables.areas import Area, all_areas
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ASSETS_DIR, STATIC_DIR
from pcs_dash.tables.writing import replace_whole
from pcs_dash.views.web_files import AreaLayer, WebFiles

# Five decimals of a degree are about a metre: finer than the generalised boundaries.
DECIMALS = 5
# Corners a LSOA below which boundaries are super-generalised (about 12; generalised ones have 60),
# and how far a map of them zooms in: they are up to 200 m off, 30 pixels there. Outlines of England
# are 450 to 600 m off.
COARSE_CORNERS = 30
NEAREST, NEAREST_IN_ENGLAND = 14, 11
# What draws a map, after Leaflet, in order; `assets/dom.js` serves every other script too.
MAP_SCRIPTS = ("dom", "map_layers", "map_moves", "pcs_map")

# package -> folder in it, files wanted from there
_VENDOR = {
    "xstatic.pkg.leaflet": ("data", ("leaflet.js", "leaflet.css")),
    "leaflet": ("static/leaflet/draw", ("leaflet.draw.js", "leaflet.draw.css", "images")),
}


# Where the app stands on its server: "" or "/pcs"; one for the process (see `serve_under`).
_base = ""


def serve_under(path: str) -> None:
    """Let addresses begin with the path under which the server has the app ("" : its root)."""
    global _base
    _base = f"/{path.strip('/')}".rstrip("/")


def address_of(name: str) -> str:
    """The address of a file under `static/`."""
    return f"{_base}/app/static/{name}"


def prepare(dataset: Dataset, folder: Path = STATIC_DIR) -> WebFiles:
    """Write what is missing under `folder` and return the addresses. A second call is quick."""
    vendored = _copy_vendor(folder / "vendor")

    def asset(name: str, suffix: str) -> str:
        return _write_text(
            folder, name, suffix, (ASSETS_DIR / f"{name}.{suffix}").read_text("utf-8")
        )

    def scripts(*names: str) -> tuple[str, ...]:
        return tuple(asset(name, "js") for name in names)

    return WebFiles(
        scripts=(vendored["leaflet.js"], *scripts(*MAP_SCRIPTS)),
        styles=(vendored["leaflet.css"], asset("pcs_map", "css")),
        draw_scripts=(vendored["leaflet.draw.js"],),
        draw_styles=(vendored["leaflet.draw.css"],),
        tool_scripts=scripts("map_tools"),
        hub_scripts=scripts("hub_plan", "hub_lists", "hub_map", "hub_pair"),
        hub_styles=(asset("hub_map", "css"),),
        find_scripts=scripts("dom", "find_rank", "find"),
        find_styles=(asset("find", "css"),),
        present_scripts=scripts("present_draw", "present_cards", "present"),
        present_styles=(asset("present", "css"),),
        tour_scripts=scripts("dom", "tour", "connection"),
        tour_styles=(asset("tour", "css"),),
        points_url=publish("practices", practice_points(dataset.practices), folder),
        areas=_write_areas(folder, dataset, {area.key: area for area in all_areas()}),
    )


def prepare_area(files: WebFiles, dataset: Dataset, area: Area) -> WebFiles:
    """The addresses for one area of another data set, whose layer is written if it is missing."""
    points_url = publish("practices", practice_points(dataset.practices))
    areas = _write_areas(STATIC_DIR, dataset, {"loaded": area})
    return replace(files, points_url=points_url, areas=areas)


def prepare_england(files: WebFiles, outlines: gpd.GeoDataFrame, level: str) -> WebFiles:
    """The addresses for a map of all areas of one kind, under the key of that kind.

    `outlines` has kind, code, name and `coarse`, shapes for a map of England, EPSG:27700. Areas
    stand in the place of LSOAs: each carries `i`, its place among those of its kind by code.
    """
    content, bounds = england_layer(outlines[outlines["kind"] == level])
    layer = AreaLayer(publish(f"england-{level}", content), bounds)
    return replace(files, points_url=publish("nothing", []), areas={level: layer})


def england_layer(
    outlines: gpd.GeoDataFrame,
) -> tuple[dict[str, Any], tuple[tuple[float, float], tuple[float, float]]]:
    """What the map script draws of these areas, by code, and their south-west and north-east."""
    own = outlines.sort_values("code").set_geometry("coarse")
    drawn = for_the_web(own[["code", "name", "coarse"]])
    properties = [
        {"i": number, "code": code, "name": name}
        for number, (code, name) in enumerate(zip(own["code"], own["name"], strict=True))
    ]
    content = {
        "lsoas": _features(drawn.geometry, properties),
        "outlines": _features([], []),
        "towns": [],
        "practices": [],
        "nearest": NEAREST_IN_ENGLAND,
    }
    west, south, east, north = drawn.total_bounds
    return content, ((float(south), float(west)), (float(north), float(east)))


def package_folder(package: str) -> Path:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{package} is not installed; run: pip install -r requirements.txt"
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _copy_vendor(folder: Path) -> dict[str, str]:
    urls = {}
    for package, (inside, names) in _VENDOR.items():
        for name in names:
            source = package_folder(package) / inside / name
            if source.is_dir():
                shutil.copytree(source, folder / name, dirs_exist_ok=True)
            else:
                _replace(folder / name, source.read_bytes())
                urls[name] = address_of(f"vendor/{name}")
    # Leaflet's own pictures (layer switch, marker) beside those of the drawing tool.
    leaflet_images = package_folder("xstatic.pkg.leaflet") / "data" / "images"
    shutil.copytree(leaflet_images, folder / "images", dirs_exist_ok=True)
    return urls


def _replace(path: Path, content: bytes) -> None:
    """Write a file in one step, so that a reader never sees half of it."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_whole(path, content, lasting=False)


def _write_text(folder: Path, name: str, suffix: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    _replace(folder / f"{name}-{digest}.{suffix}", text.encode())
    return address_of(f"{name}-{digest}.{suffix}")


def publish(name: str, content: Any, folder: Path = STATIC_DIR) -> str:
    """Write JSON for the browser under a name that carries its digest; returns its address."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _write_text(folder, name, "json", text)


def practice_points(practices: pd.DataFrame) -> list[list[Any]]:
    """Every practice as [code, name, latitude, longitude, patients, postcode, district]."""
    columns = ["practice_name", "latitude", "longitude", "patients", "postcode", "district"]
    rounded = practices[columns].round({"latitude": DECIMALS, "longitude": DECIMALS})
    # JSON has no NaN: a practice without a position or list says null, and is not drawn.
    known = rounded.astype(object).where(rounded.notna(), None)
    return [[code, *row] for code, *row in known.itertuples(name=None)]


def _write_areas(folder: Path, dataset: Dataset, areas: Mapping[str, Area]) -> dict[str, AreaLayer]:
    """The layers of areas, by their keys; `areas` by the ends of their files' names."""
    lsoas = for_the_web(dataset.lsoas)
    outlines = for_the_web(dataset.outlines)
    towns = dataset.towns.to_crs(4326)
    layers = {}
    for name, area in areas.items():
        content = area_layer(area, dataset.practices, lsoas, outlines, towns)
        bounds = bounds_of(area, dataset.practices, lsoas)
        layers[area.key] = AreaLayer(publish(f"area-{name}", content, folder), bounds)
    return layers


def for_the_web(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """In degrees, rounded: for drawing only, never for distances or areas."""
    degrees = frame.to_crs(4326)
    rounded = shapely.transform(degrees.geometry.values, lambda points: points.round(DECIMALS))
    return degrees.assign(number=range(len(degrees))).set_geometry(rounded, crs=4326)


def area_layer(
    area: Area,
    practices: pd.DataFrame,
    lsoas: gpd.GeoDataFrame,
    outlines: gpd.GeoDataFrame,
    towns: gpd.GeoDataFrame,
) -> dict[str, Any]:
    """What the map of an area is drawn from: its LSOAs, outlines, town names, practice codes.

    Each LSOA carries `i`, its number in the table of all LSOAs, by which a view colours it. One
    without a boundary is not drawn. `nearest`: the zoom beyond which its boundaries mislead.
    """
    own = area.select(lsoas)
    own = own[own.geometry.notna()]
    inner = outlines[_drawn_inside(area, own, outlines)]
    itself = outlines[(outlines["kind"] == area.kind) & (outlines["name"] == area.name)]
    return {
        "lsoas": _features(own.geometry, map(_lsoa_properties, own.itertuples())),
        "outlines": _features(
            [*inner.geometry, *itself.geometry],
            [{"kind": "inner"}] * len(inner) + [{"kind": "area"}] * len(itself),
        ),
        "towns": _town_labels(towns, itself.geometry),
        "practices": list(area.select(practices).index),
        "nearest": NEAREST if coarse(own.geometry) else None,
    }


def _town_labels(towns: gpd.GeoDataFrame, outline: gpd.GeoSeries) -> list[list[Any]]:
    """Name, size, latitude, longitude and whether (1 or 0) it is in the area, those that are first;
    where the area has no outline, all are.
    """
    inside = towns.within(outline.union_all()) if len(outline) else towns["size"] > 0
    ordered = towns.assign(outside=~inside).sort_values(["outside", "size", "name"])
    return [
        [name, int(size), round(point.y, 4), round(point.x, 4), int(not outside)]
        for name, size, point, outside in zip(
            ordered["name"], ordered["size"], ordered.geometry, ordered["outside"], strict=True
        )
    ]


def coarse(boundaries: gpd.GeoSeries) -> bool:
    """Whether the boundaries mislead when looked at closely."""
    corners = shapely.get_num_coordinates(boundaries.to_numpy())
    return bool(len(corners)) and bool(corners.mean() < COARSE_CORNERS)


def _drawn_inside(area: Area, own: pd.DataFrame, outlines: gpd.GeoDataFrame) -> pd.Series:
    """Places inside a region, districts inside a place or ICB; nothing inside a district."""
    if area.kind == "region":
        return (outlines["kind"] == "place") & outlines["name"].isin(own["place"])
    if area.kind in ("place", "icb", "sub_icb"):
        return (outlines["kind"] == "district") & outlines["name"].isin(own["district"])
    return pd.Series(False, index=outlines.index)


def _lsoa_properties(lsoa: Any) -> dict[str, Any]:
    properties = {
        "i": lsoa.number,
        "code": lsoa.Index,
        "name": lsoa.lsoa11nm,
        "rank2019": _rounded(lsoa.imd2019_rank),
        "rank2025": _rounded(lsoa.imd2025_rank),
    }
    return properties | ({"parts": lsoa.imd2025_parts} if lsoa.imd2025_split else {})


def _rounded(rank: float) -> int | None:
    return None if pd.isna(rank) else round(float(rank))


def _features(geometries: Iterable[Any], properties: Iterable[dict[str, Any]]) -> dict[str, Any]:
    # One text for all: parsing each by itself takes twice as long.
    texts = shapely.to_geojson(np.array(list(geometries), dtype=object))
    drawn = json.loads(f"[{','.join(texts)}]")
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": values, "geometry": geometry}
            for geometry, values in zip(drawn, properties, strict=True)
        ],
    }


def bounds_of(
    area: Area, practices: pd.DataFrame, lsoas: gpd.GeoDataFrame
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The box of the area's LSOAs; of a little land around its practices where it has none."""
    own = area.select(lsoas)
    if own.geometry.notna().any():
        west, south, east, north = own.total_bounds
    else:
        at = area.select(practices)
        west, east = at["longitude"].min() - 0.03, at["longitude"].max() + 0.03
        south, north = at["latitude"].min() - 0.02, at["latitude"].max() + 0.02
    return (
        (round(float(south), 4), round(float(west), 4)),
        (round(float(north), 4), round(float(east), 4)),
    )
