"""What a map shows: views (plain data) and the folium map that draws them.

A view names the layers to fetch, and gives each LSOA and each practice one letter, an index into
a palette ("-" where there is nothing to show). `assets/pcs_map.js` draws it. Views touch no
session state, hold no names, and stay small: about 3 kB for Essex.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from folium.template import Template

from pcs_dash.hubs.hub_shapes import grid_to_lonlat
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.tables.areas import Area
from pcs_dash.views.web_files import WebFiles

NOTHING = "-"
# What a shape drawn on a map may be off by, in metres and in degrees.
_FINE_M, _DEGREES = 10.0, 1e-5
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"

# Quintile 1 (most deprived) first. Purples for the deprivation map, greys where the practices'
# colours have to stand out; both read in order of lightness alone, so in any colour vision.
QUINTILE_PURPLES = ("#54278f", "#756bb1", "#9e9ac8", "#cbc9e2", "#f2f0f7")
QUINTILE_GREYS = ("#4b5563", "#858d98", "#b4bac2", "#d8dce0", "#f3f4f5")
# Less to more of what is neither deprivation nor against the benchmark.
CLASS_BLUES = ("#deebf7", "#9ecae1", "#4292c6", "#2171b5", "#08306b")
# High to low of a measure among others, where no benchmark says what is worse.
HIGH_TO_LOW = ("#b35806", "#fdb863", "#b4bac2", "#92c5de", "#2166ac")
# Fewer patients per GP than the benchmark in blue, more in red, which means nothing else: safe for
# the three common colour-vision deficiencies, and the ends differ in lightness from the middle.
BENCHMARK_COLOURS = ("#2166ac", "#92c5de", "#f7f7f7", "#f4a582", "#d6604d", "#8c0d25")
BENCHMARK_CUTS = (0.75, 0.90, 1.10, 1.25, 1.50)
BENCHMARK_LABELS = (
    "over 25% fewer patients per GP",
    "10% to 25% fewer",
    "within 10% of the benchmark",
    "10% to 25% more",
    "25% to 50% more",
    "over 50% more patients per GP",
)
# Minutes, in bands: yellow to brown, read by lightness alone, so in any colour vision.
MINUTE_CUTS = (5.0, 10.0, 15.0, 20.0, 30.0)
MINUTE_BANDS = ("up to 5", "5 to 10", "10 to 15", "15 to 20", "20 to 30", "over 30")
MINUTE_COLOURS = ("#ffffd4", "#fee391", "#fec44f", "#fe9929", "#d95f0e", "#993404")
# Rows: patients per FTE GP low to high (blue); columns: deprivation low to high (yellow). Blue and
# yellow stay apart in all three common colour-vision deficiencies, which purple and blue do not.
BIVARIATE_COLOURS = (
    "#f3f3f3", "#f3e6b3", "#f3b300",
    "#b4d3e1", "#b3b3b3", "#b36600",
    "#509dc2", "#376387", "#000000",
)  # fmt: skip


@dataclass(frozen=True)
class Legend:
    """Colours with their meaning, in order, and a count of each where it helps."""

    title: str
    colours: Sequence[str]
    labels: Sequence[str]
    counts: Sequence[int] | None = None

    def used(self) -> Legend:
        """The same without what no place has."""
        counts = self.counts or []
        kept = [place for place, count in enumerate(counts) if count]
        return Legend(
            self.title,
            [self.colours[place] for place in kept],
            [self.labels[place] for place in kept],
            [counts[place] for place in kept],
        )


CLEAR = "#ffffff00"


@dataclass(frozen=True, eq=False)
class Layer:
    """Places coloured by a word: `labels` is code to word (missing: bare), `colours` word to colour
    in the legend's order, `signs` what is written on a dot of that word. `title` heads the legend
    (without one there is none), `tip` the word in a tooltip.
    """

    title: str
    labels: pd.Series
    colours: Mapping[str, str]
    signs: Mapping[str, str] = field(default_factory=dict)
    tip: str = ""

    @classmethod
    def signed(
        cls, title: str, labels: pd.Series, looks: Mapping[str, tuple[str, str]], tip: str = ""
    ) -> Layer:
        """A layer by words whose colour and sign `looks` has, in the legend's order."""
        colours = {word: colour for word, (colour, _) in looks.items()}
        return cls(title, labels, colours, {word: sign for word, (_, sign) in looks.items()}, tip)

    def colours_of(self, codes: pd.Index) -> list[str]:
        """The colour of each of these places, which all have a word."""
        return [self.colours[word] for word in self.labels.reindex(codes)]

    def counts(self, codes: pd.Index) -> list[int]:
        """How many of these places have each word."""
        own = self.labels.reindex(codes)
        return [int((own == word).sum()) for word in self.colours]

    def legend(self, codes: pd.Index) -> Legend:
        """The legend, with the number of these places that have each word."""
        labels = [
            f"{word} ({self.signs[word]})" if self.signs.get(word) else word
            for word in self.colours
        ]
        return Legend(self.title, list(self.colours.values()), labels, self.counts(codes))

    def marks(self, practices: pd.Index) -> dict[str, Any]:
        """Practices coloured so, in this order; hollow without a word of the legend."""
        marks: dict[str, Any] = {
            "letters": letters(self._numbers(practices)),
            "palette": list(self.colours.values()),
        }
        signs = [self.signs.get(word, "") for word in self.colours]
        return marks | ({"labels": signs} if any(signs) else {})

    def fill(self, lsoas: pd.Index, edition: str, *, opacity: float = 0.8) -> dict[str, Any]:
        """LSOAs coloured so, in this order; their tooltips say the word."""
        numbers = self._numbers(lsoas)
        # Where there are more words than letters, numbers say the same (-1 for nothing).
        many = len(self.colours) > len(_LETTERS)
        return {
            "letters": [int(n) if n >= 0 else -1 for n in numbers] if many else letters(numbers),
            "palette": list(self.colours.values()),
            "labels": list(self.colours),
            "title": self.tip or self.title,
            "edition": edition,
            "opacity": opacity,
        }

    def _numbers(self, codes: pd.Index) -> pd.Series:
        """The place of each one's word in the legend, missing where it is none of them."""
        places = {word: float(place) for place, word in enumerate(self.colours)}
        return self.labels.reindex(codes).astype("object").map(places)


def shapes_in_colours(shapes: gpd.GeoDataFrame, colours: Mapping[str, str]) -> dict[str, Any]:
    """Shapes (word, geometry; EPSG:27700) as GeoJSON in degrees, each with its word's colour."""
    degrees = shapely.transform(shapely.simplify(shapes.geometry, _FINE_M), grid_to_lonlat)
    features = [
        {
            "type": "Feature",
            "properties": {"colour": colours[word]},
            "geometry": json.loads(shapely.to_geojson(shapely.set_precision(shape, _DEGREES))),
        }
        for word, shape in zip(shapes["word"], degrees, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def quintile_layer(
    lsoas: pd.DataFrame, edition: str, palette: Sequence[str], tip: str = ""
) -> Layer:
    """LSOAs by national deprivation quintile as a layer."""
    return Layer(
        f"LSOAs: national IMD {edition} quintile",
        lsoas[f"imd{edition}_quintile"].map(QUINTILE_LABELS),
        dict(zip(QUINTILE_LABELS.values(), palette, strict=True)),
        tip=tip,
    )


def letters(classes: pd.Series) -> str:
    """One letter a row: the class number (0 to 35) as a letter, "-" where it is missing."""
    return "".join(NOTHING if pd.isna(value) else _LETTERS[int(value)] for value in classes)


def benchmark_classes(ratios: pd.Series, benchmark: float) -> pd.Series:
    """Class 0 to 5 of each ratio against the benchmark, missing where the ratio is missing."""
    relative = ratios / benchmark
    classes = np.searchsorted(BENCHMARK_CUTS, relative.to_numpy(dtype=float), side="right")
    return pd.Series(classes, index=ratios.index).where(relative.notna())


def benchmark_layer(title: str, ratios: pd.Series, benchmark: float, tip: str = "") -> Layer:
    """Places coloured by patients per FTE GP against the benchmark, each class in words."""
    return Layer(
        title,
        benchmark_classes(ratios, benchmark).map(dict(enumerate(BENCHMARK_LABELS))),
        dict(zip(BENCHMARK_LABELS, BENCHMARK_COLOURS, strict=True)),
        tip=tip,
    )


def minutes_layer(
    title: str,
    times: pd.Series,
    cuts: Sequence[float] = MINUTE_CUTS,
    names: Sequence[str] = MINUTE_BANDS,
) -> Layer:
    """Small areas by the band of their minutes: on a border the earlier one, bare where not known
    or beyond the last.
    """
    places = np.searchsorted(cuts, times.to_numpy(float), side="left")
    words = [*names, None][: len(cuts) + 1]
    bands = pd.Series([words[place] for place in places], times.index).where(times.notna())
    colours = dict(zip(names, MINUTE_COLOURS, strict=True))
    return Layer(f"LSOAs: {title}", bands, colours, tip="Minutes")


def thirds(values: pd.Series) -> pd.Series:
    """0, 1 or 2 for the lower, middle and upper third of the values; missing stays missing."""
    ranks = values.rank(method="average", pct=True)
    return (ranks * 3).map(np.ceil) - 1


def plain_marks(practices: pd.DataFrame, colour: str = CLEAR) -> dict[str, Any]:
    """Practices all in one colour: as outlines only, where the LSOAs under them matter."""
    return {"letters": "0" * len(practices), "palette": [colour]}


def area_fill(
    classes: pd.Series, texts: Sequence[Sequence[str]], *, palette: Sequence[str] = CLASS_BLUES
) -> dict[str, Any]:
    """Areas coloured by class (0 the lowest), each with the lines of its tooltip; can be picked."""
    return {
        "letters": letters(classes),
        "palette": list(palette),
        "texts": [list(lines) for lines in texts],
        "opacity": 0.9,
        "pick": True,
    }


def blank(key: str, area: Mapping[str, Any], points: str) -> dict[str, Any]:
    """A view on which nothing is coloured, marked or said, ready for JSON: the page's name (the
    browser remembers where the map stood for each), its area (url, bounds) and its points' url.
    """
    return {
        "key": key,
        "area": dict(area),
        "points": {"url": points},
        "fill": None,
        "marks": {"letters": "", "palette": []},
        "ring": "",
        "notes": {},
        "selected": None,
        "tiles": False,
    }


def england_view(
    web: WebFiles, level: str, *, fill: Mapping[str, Any], selected: str | None
) -> dict[str, Any]:
    """All areas of one kind on the map of England (`web.prepare_england`), ready for JSON."""
    layer = web.areas[level]
    content = blank("england", {"url": layer.url, "bounds": layer.bounds}, web.points_url)
    return content | {"fill": fill, "selected": selected}


def view(
    web: WebFiles,
    area: Area,
    *,
    key: str,
    fill: Mapping[str, Any] | None = None,
    marks: Mapping[str, Any],
    values: pd.Series,
    value_title: str,
    tiles: bool = False,
) -> dict[str, Any]:
    """A view, ready for JSON. `marks` and `values` follow the order of all practices."""
    layer = web.areas[area.key]
    content = blank(key, {"url": layer.url, "bounds": layer.bounds}, web.points_url)
    content |= {"fill": fill, "marks": marks, "tiles": tiles, "valueTitle": value_title}
    return content | {"values": whole_or_none(values)}


def whole_or_none(values: pd.Series) -> list[int | None]:
    """Figures as the map's script has them."""
    return [None if pd.isna(value) else round(float(value)) for value in values]


class PracticeMap(folium.Map):
    """A folium map without tiles, whose scripts come from the app itself."""

    def __init__(self, scripts: Sequence[str], styles: Sequence[str]) -> None:
        # Class attributes of folium.Map name hosts on the internet; these stand in their place.
        self.default_js = [(f"script{i}", url) for i, url in enumerate(scripts)]
        self.default_css = [(f"style{i}", url) for i, url in enumerate(styles)]
        super().__init__(location=[51.75, 0.55], zoom_start=9, tiles=None)
        self.add_child(_Mount())


class _Mount(folium.MacroElement):
    """Prepares the map; sends a clicked practice, or what is drawn, without st_folium's delay."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        window.pcsPicks = 0;
        window.PCSMap.mount({{ this._parent.get_name() }}, {onPick: function (code, own) {
            window.PCSMap.select(window.map, code);
            window.Streamlit.setComponentValue({picked: code, count: ++window.pcsPicks});
        }, onDraw: function (corners) {
            window.Streamlit.setComponentValue({drawn: corners, count: ++window.pcsPicks});
        }});
        {% endmacro %}
        """
    )


class _ShowView(folium.MacroElement):
    _template = Template(
        """
        {% macro script(this, kwargs) %}
        window.PCSMap.update(map_div, {{ this.view | tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, content: Any) -> None:
        super().__init__()
        self._name = "ShowView"
        self.view = content


def view_layer(content: Any) -> folium.FeatureGroup:
    """A view as a feature group: st_folium sends it to a map that is already there."""
    group = folium.FeatureGroup(name="view", control=False)
    group.add_child(_ShowView(content))
    return group
