"""GeoPackages (EPSG:27700) that open in QGIS in the colours of the page: the one writer of them.

QGIS keeps the styles of a GeoPackage in the table `layer_styles`, one row a style: its QML (QGIS'
own XML) and the layer it is of. Other programs pass the table over.
Source: QGIS user manual, "Save as default ... in the datasource database".
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd

_GEOMETRY_COLUMN = "geom"
# The form of the XML: later versions of QGIS read it too.
_VERSION = "3.10.0"
_FILLS = {
    "fill": ("SimpleFill", {"style": "solid", "outline_color": "255,255,255,255",
                            "outline_width": "0.4"}),
    "marker": ("SimpleMarker", {"name": "circle", "size": "2.6",
                                "outline_color": "255,255,255,255", "outline_width": "0.2"}),
}  # fmt: skip
_GEOMETRIES = {"fill": "MultiPolygon", "marker": "Point"}


@dataclass(frozen=True)
class Look:
    """How a layer is coloured: the values of field `by` in their colours, in the legend's order;
    "" is the value of everything else, which the legend calls `rest`.
    """

    symbol: Literal["fill", "marker"]
    by: str
    colours: Mapping[str, str]
    rest: str = ""


def geopackage(
    layers: Mapping[str, pd.DataFrame], looks: Mapping[str, Look], made: date | None = None
) -> bytes:
    """A GeoPackage of layers (those in `looks`, which have a geometry) and tables; empty tables are
    left out. `made`: the day of its styles (None: today).

    Names of fields are lower-case letters, digits and underscores; yes and no are booleans.
    Built in a temporary folder and read back whole, so nothing half-written is ever seen.
    """
    import pyogrio  # only files need it

    styles = [_style(layer, look, made or date.today()) for layer, look in looks.items()]
    with tempfile.TemporaryDirectory(prefix="pcs_dash_") as folder:
        path = Path(folder) / "layers.gpkg"
        for layer, table in {**layers, "layer_styles": pd.DataFrame(styles)}.items():
            look = looks.get(layer)
            if table.empty and look is None:
                continue
            pyogrio.write_dataframe(
                _writable(table),
                path,
                driver="GPKG",
                layer=layer,
                geometry_type=None if look is None else _GEOMETRIES[look.symbol],
                promote_to_multi=None if look is None else look.symbol == "fill",
                append=path.exists(),
                layer_options={} if look is None else {"GEOMETRY_NAME": _GEOMETRY_COLUMN},
            )
        return path.read_bytes()


def points_of(practices: pd.DataFrame, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Practices (with a position) as points: practice_code and these columns."""
    placed = practices.dropna(subset=["easting", "northing"])
    table = placed[[*columns]].rename_axis("practice_code").reset_index()
    at = gpd.points_from_xy(placed["easting"], placed["northing"])
    return gpd.GeoDataFrame(table, geometry=at, crs=27700)


def _style(layer: str, look: Look, made: date) -> dict[str, object]:
    return {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": layer,
        "f_geometry_column": _GEOMETRY_COLUMN,
        "styleName": f"{layer.capitalize()} by colour",
        "styleQML": _qml(look),
        "styleSLD": "",
        "useAsDefault": True,
        "description": "In the colours of the page",
        "owner": "",
        "ui": "",
        "update_time": pd.Timestamp(made),
    }


def _qml(look: Look) -> str:
    """A renderer by categories of a field, as text; names are escaped by the XML writer."""
    root = ET.Element("qgis", {"version": _VERSION, "styleCategories": "Symbology"})
    renderer = ET.SubElement(root, "renderer-v2", {"type": "categorizedSymbol", "attr": look.by})
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    kind, fixed = _FILLS[look.symbol]
    for number, (name, colour) in enumerate(look.colours.items()):
        ET.SubElement(
            categories,
            "category",
            {
                "value": name,
                "label": name or look.rest,
                "symbol": str(number),
                "render": "true",
                "type": "string",
            },
        )
        drawn = ET.SubElement(
            symbols, "symbol", {"type": look.symbol, "name": str(number), "alpha": "1"}
        )
        layer = ET.SubElement(drawn, "layer", {"class": kind, "enabled": "1"})
        for key, value in {"color": _rgba(colour), **fixed}.items():
            ET.SubElement(layer, "prop", {"k": key, "v": value})
    return ET.tostring(root, encoding="unicode")


def _rgba(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"{red},{green},{blue},255"


def _writable(table: pd.DataFrame) -> pd.DataFrame:
    """With categories as plain text and names of fields that every program takes."""
    writable = table.copy()
    for name, column in table.items():
        if isinstance(column.dtype, pd.CategoricalDtype):
            writable[name] = column.astype("str")
    return writable.rename(columns=dict(zip(table.columns, _fields(table.columns), strict=True)))


def _fields(names: Iterable[object]) -> list[str]:
    """Names as fields: "Rule: PCN or locality" is rule_pcn_or_locality; names that meet are
    numbered. QGIS' own table has names with capitals, which stay.
    """
    fields: list[str] = []
    for name in map(str, names):
        plain = name if name.isidentifier() else "_".join(re.findall("[a-z0-9]+", name.lower()))
        field, number = plain, 1
        while field in fields:
            number += 1
            field = f"{plain}_{number}"
        fields.append(field)
    return fields
