"""Styles that QGIS finds inside a GeoPackage, so that a plan opens in its hubs' colours.

QGIS keeps the styles of a GeoPackage in the table `layer_styles`, one row a style: its QML (QGIS'
own XML) and the layer it is of. Other programs pass the table over.
Source: QGIS user manual, "Save as default ... in the datasource database".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal
from xml.etree import ElementTree as ET

import pandas as pd

from pcs_dash.hubs.palette import UNASSIGNED_COLOUR
from pcs_dash.hubs.plan import Plan

GEOMETRY_COLUMN = "geom"
# The form of the XML: later versions of QGIS read it too.
_VERSION = "3.10.0"
_FILLS = {
    "fill": ("SimpleFill", {"style": "solid", "outline_color": "255,255,255,255",
                            "outline_width": "0.4"}),
    "marker": ("SimpleMarker", {"name": "circle", "size": "2.6",
                                "outline_color": "255,255,255,255", "outline_width": "0.2"}),
}  # fmt: skip
Symbol = Literal["fill", "marker"]


def layer_styles(plan: Plan, made: date) -> pd.DataFrame:
    """The table `layer_styles` for the layers hubs and practices, each coloured by its hub."""
    colours = [(hub.name, hub.colour) for hub in plan.hubs]
    layers: tuple[tuple[str, Symbol, Iterable[tuple[str, str]]], ...] = (
        ("hubs", "fill", colours),
        # An empty value is the category of everything else: of practices in no hub.
        ("practices", "marker", [*colours, ("", UNASSIGNED_COLOUR)]),
    )
    return pd.DataFrame(
        [
            {
                "f_table_catalog": "",
                "f_table_schema": "",
                "f_table_name": layer,
                "f_geometry_column": GEOMETRY_COLUMN,
                "styleName": "Hubs by colour",
                "styleQML": _qml(symbol, entries),
                "styleSLD": "",
                "useAsDefault": True,
                "description": "Each hub in its colour of the plan",
                "owner": "",
                "ui": "",
                "update_time": pd.Timestamp(made),
            }
            for layer, symbol, entries in layers
        ]
    )


def _qml(symbol: Symbol, entries: Iterable[tuple[str, str]]) -> str:
    """A renderer by categories of the field `hub`, as text; names are escaped by the XML writer."""
    root = ET.Element("qgis", {"version": _VERSION, "styleCategories": "Symbology"})
    renderer = ET.SubElement(root, "renderer-v2", {"type": "categorizedSymbol", "attr": "hub"})
    categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    kind, fixed = _FILLS[symbol]
    for number, (name, colour) in enumerate(entries):
        ET.SubElement(
            categories,
            "category",
            {
                "value": name,
                "label": name or "In no hub",
                "symbol": str(number),
                "render": "true",
                "type": "string",
            },
        )
        drawn = ET.SubElement(
            symbols, "symbol", {"type": symbol, "name": str(number), "alpha": "1"}
        )
        layer = ET.SubElement(drawn, "layer", {"class": kind, "enabled": "1"})
        for key, value in {"color": _rgba(colour), **fixed}.items():
            ET.SubElement(layer, "prop", {"k": key, "v": value})
    return ET.tostring(root, encoding="unicode")


def _rgba(colour: str) -> str:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return f"{red},{green},{blue},255"
