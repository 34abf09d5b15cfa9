"""Maps on paper: practices over deprivation, deprivation quintiles, hubs.

Drawn with matplotlib on Figure objects of their own (no pyplot, so threads don't meet), in points
and inches: a map looks the same in a picture at 200 dpi and on a PDF page. Colours are those of
`pcs_dash.views.maps`.
"""

from __future__ import annotations

import io
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from pcs_dash.hubs.palette import UNASSIGNED_COLOUR
from pcs_dash.hubs.plan import Plan
from pcs_dash.measures import numbers
from pcs_dash.measures.deprivation import QUINTILE_LABELS, lsoas_by_quintile
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.render import web
from pcs_dash.render.paper_text import FAMILY, drawable, shorten, width, wrap
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import maps
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.position import Position
from pcs_dash.views.question import Question

DPI = 200

INK = "#111827"
QUIET = "#374151"
LAND = "#f3f4f6"
HIGHLIGHT = "#d6006e"
ATTRIBUTION = "Contains OS, ONS and NHS England data © Crown copyright, OGL v3.0"
LEGEND_WIDTH = 2.05  # inches
_KM_PER_MILE = 1.609344
# Leaflet's metres per pixel at zoom 0 on the equator, and the map's width in pixels in the app.
_MERCATOR = 156_543.03
_APP_WIDTH = 900
_FOOT = 36  # points


def map_figure(
    dataset: Dataset,
    spec: MapSpec,
    *,
    size: tuple[float, float] = (7.4, 4.9),
    enlarged: float = 1.0,
) -> Figure:
    """The map with its legend as a figure of that size in inches, town names `enlarged`."""
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    draw_map(figure, (0, 0, *size), dataset, spec, enlarged=enlarged)
    return figure


def to_png(figure: Figure, *, dpi: int = DPI) -> bytes:
    """The figure as PNG bytes. The software's name and version stay out, so that bytes repeat."""
    FigureCanvasAgg(figure)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=dpi, metadata={"Software": None})
    return data.getvalue()


def draw_map(
    figure: Figure,
    box: tuple[float, float, float, float],
    dataset: Dataset,
    spec: MapSpec,
    *,
    enlarged: float = 1.0,
) -> None:
    """Draw map and legend, in one frame, into `box` (left, bottom, width, height in inches)."""
    left, bottom, wide, high = box
    canvas = tuple(map(float, figure.get_size_inches()))
    legend = min(LEGEND_WIDTH, 0.36 * wide)
    gap = 0.12
    axes = _axes(figure, (left, bottom, wide - legend - gap, high), canvas)
    side = _axes(figure, (left + wide - legend, bottom, legend - gap / 2, high), canvas)
    frame = _Frame(dataset, spec, (wide - legend - gap) * 72, high * 72)
    axes.set_xlim(frame.west, frame.east)
    axes.set_ylim(frame.south, frame.north)
    axes.add_patch(
        Rectangle((0, 0), 1, 1, transform=axes.transAxes, facecolor=LAND, zorder=0)
    )  # fmt: skip
    corner, extent = (left / canvas[0], bottom / canvas[1]), (wide / canvas[0], high / canvas[1])
    figure.add_artist(
        Rectangle(corner, *extent, fill=False, edgecolor="#9ca3af", linewidth=0.8, clip_on=False)
    )
    sheet = _Sheet(dataset, spec, axes, frame, _Labels(axes, frame), _Legend(side))
    _KINDS_OF_MAPS[spec.kind](sheet)
    _scale_bar(sheet)
    _north(sheet)
    _attribution(sheet)
    if spec.kind == "hubs":
        _hub_labels(sheet)
    _towns(sheet, enlarged)


@dataclass(frozen=True)
class _Sheet:
    """A map that is drawn: what of, and on what."""

    dataset: Dataset
    spec: MapSpec
    axes: Axes
    frame: _Frame
    labels: _Labels
    legend: _Legend

    @property
    def question(self) -> Question:
        return self.spec.question

    @property
    def lsoas(self) -> gpd.GeoDataFrame:
        """Those of the area."""
        return self.question.area.select(self.dataset.lsoas)


# --- what each kind of map shows ---


def _draw_practices(sheet: _Sheet) -> None:
    spec, question, legend = sheet.spec, sheet.question, sheet.legend
    edition, benchmark = question.edition, question.benchmark
    _lsoas(sheet, maps.QUINTILE_GREYS, alpha=0.85)
    _outlines(sheet)
    practices = question.practices
    ratios = patients_per_fte_gp(practices, question.definition.key)
    classes = maps.benchmark_classes(ratios, benchmark.value)
    colours = [
        "#ffffff" if pd.isna(number) else maps.BENCHMARK_COLOURS[int(number)] for number in classes
    ]
    _practices(sheet, colours, hollow=ratios.isna())
    legend.title(f"{PER_GP.label} against {benchmark.label} ({numbers.number(benchmark.value)})")
    for number, (colour, label) in enumerate(
        zip(maps.BENCHMARK_COLOURS, maps.BENCHMARK_LABELS, strict=True)
    ):
        legend.dot(colour, label, f"{int((classes == number).sum())}")
    missing = int(ratios.isna().sum())
    if missing:
        legend.dot("#ffffff", "no ratio", str(missing), dashed=True)
    if practices["flag_low_fte"].any():
        legend.ring("implausible FTE", str(int(practices["flag_low_fte"].sum())))
    legend.note("Size: patients")
    legend.title(f"LSOAs: IMD {edition} quintile")
    for colour, label in zip(maps.QUINTILE_GREYS, QUINTILE_LABELS.values(), strict=True):
        legend.swatch(colour, label)
    if spec.highlight in practices.index:
        legend.ring(str(practices.loc[spec.highlight, "practice_name"]), colour=HIGHLIGHT)


def _draw_quintiles(sheet: _Sheet) -> None:
    question, own, legend = sheet.question, sheet.lsoas, sheet.legend
    _lsoas(sheet, maps.QUINTILE_PURPLES, alpha=1.0)
    _outlines(sheet)
    _practices(sheet, ["#ffffff"] * len(question.practices), scale=0.55)
    counts = lsoas_by_quintile(own, question.edition)
    legend.title(f"LSOAs: national IMD {question.edition} quintile, number")
    for quintile, label in QUINTILE_LABELS.items():
        legend.swatch(maps.QUINTILE_PURPLES[quintile - 1], label, f"{counts[quintile]}")
    legend.note("1 is the most deprived fifth of England's LSOAs")
    legend.dot("#ffffff", "practice (size: patients)")
    if question.edition == "2025" and len(own) and own["imd2025_split"].any():
        legend.note(
            f"{int(own['imd2025_split'].sum())} LSOAs split in 2021 take the mean rank of parts"
        )


def _draw_hubs(sheet: _Sheet) -> None:
    plan, legend = sheet.spec.plan or Plan(), sheet.legend
    practices = sheet.question.practices
    _lsoas(sheet, ("#ffffff",) * 5, alpha=1.0)
    for row in sheet.frame.hubs.itertuples():
        chosen = row.hub == sheet.spec.highlight
        _paths(
            sheet.axes,
            [row.geometry],
            facecolors=[(*_rgb(row.colour), 0.38)],
            edgecolors=HIGHLIGHT if chosen else row.colour,
            linewidths=2.4 if chosen else 1.0,
            zorder=4 if chosen else 3,
        )
    _outlines(sheet)
    hub_of = [plan.hub_of(code) for code in practices.index]
    colours = [UNASSIGNED_COLOUR if hub is None else hub.colour for hub in hub_of]
    _practices(sheet, colours, scale=0.75)
    sums = practices["patients"].groupby(
        pd.Series([None if hub is None else hub.id for hub in hub_of], index=practices.index)
    )
    patients = sums.sum()
    legend.title("Hubs: patients")
    there = [hub for hub in plan.hubs if hub.id in patients.index]
    room = legend.room() - (5 if len(there) > legend.room() - 4 else 4)
    lines = 2 if 2 * len(there) <= room else 1
    for hub in there[:room]:
        legend.dot(hub.colour, hub.name, f"{int(patients[hub.id]):,}", lines=lines)
    if len(there) > room:
        legend.note(f"and {len(there) - room} more: see the table")
    alone = practices["patients"][[hub is None for hub in hub_of]]
    if len(alone):
        legend.dot(UNASSIGNED_COLOUR, "in no hub", f"{int(alone.sum()):,}")
    legend.note("Tint: land nearest to the hub's surgeries, not its catchment")


def _draw_layers(sheet: _Sheet) -> None:
    spec, legend = sheet.spec, sheet.legend
    ground, marks, practices = spec.ground, spec.marks, sheet.question.practices
    own = sheet.lsoas
    colours: list[str | None] = [None] * len(own)
    if ground is not None and spec.steps is not None:
        _paths(
            sheet.axes,
            spec.steps.geometry,
            linewidths=0.5,
            edgecolors=QUIET,
            zorder=1,
            facecolors=[(*_rgb(ground.colours[word]), 0.9) for word in spec.steps["word"]],
        )
    elif ground is not None:
        colours = [ground.colours.get(word) for word in ground.labels.reindex(own.index)]
    _places(sheet.axes, own, colours, alpha=0.9)
    _outlines(sheet)
    if marks is None:
        _practices(sheet, ["none"] * len(practices), scale=0.55)
    else:
        named = marks.labels.reindex(practices.index)
        dots = [marks.colours.get(word) for word in named]
        bare = pd.Series([colour is None for colour in dots], practices.index)
        shown = ["none" if colour is None or len(colour) > 7 else colour for colour in dots]
        _practices(sheet, shown, hollow=bare, scale=0.75)
        _signs(sheet, named.map(dict(marks.signs)))
    of_practices = marks is not None and bool(marks.title)
    for place, found in enumerate(spec.legends(sheet.dataset)):
        room = max(legend.room() - (2 if place == 0 else 0), 0)
        legend.title(found.title)
        items = list(zip(found.colours, found.labels, found.counts or [], strict=True))
        used = [item for item in items if item[2]] if len(items) > 8 else items
        draw = legend.dot if of_practices and place == 0 else legend.swatch
        for colour, label, count in used[: max(room // 2, 4)]:
            draw(colour, label, f"{count:,}")
        if len(used) > max(room // 2, 4):
            legend.note(f"and {len(used) - max(room // 2, 4)} more")
    legend.note(spec.note)


def _draw_areas(sheet: _Sheet) -> None:
    spec, shapes, ground = sheet.spec, sheet.spec.shapes, sheet.spec.ground
    assert shapes is not None
    assert ground is not None
    own = shapes.set_geometry("coarse")
    colours = [ground.colours.get(word) for word in ground.labels.reindex(own["code"])]
    _places(sheet.axes, own, colours, alpha=1.0)
    for found in spec.legends(sheet.dataset):
        sheet.legend.title(found.title)
        counted = zip(found.colours, found.labels, found.counts or [], strict=True)
        for colour, label, count in counted:
            sheet.legend.swatch(colour, label, f"{count:,}")
    sheet.legend.note(spec.note)


def _signs(sheet: _Sheet, signs: pd.Series) -> None:
    """A letter or two on each dot, so that colour is never the only sign."""
    practices = sheet.question.practices
    for sign, easting, northing in zip(
        signs, practices["easting"], practices["northing"], strict=True
    ):
        if pd.isna(sign) or not sign or not sheet.frame.holds(float(easting), float(northing)):
            continue
        sheet.axes.text(float(easting), float(northing), str(sign), fontsize=6, ha="center",
                        va="center", family=FAMILY, color=INK, zorder=12, parse_math=False,
                        path_effects=[withStroke(linewidth=1.6, foreground="white")])  # fmt: skip


_KINDS_OF_MAPS = {
    "practices": _draw_practices,
    "quintiles": _draw_quintiles,
    "hubs": _draw_hubs,
    "layers": _draw_layers,
    "areas": _draw_areas,
}


# --- the frame: what part of the country, how many metres a point ---


class _Frame:
    """The box of the map in metres (EPSG:27700), filled out to the shape of the paper."""

    def __init__(self, dataset: Dataset, spec: MapSpec, wide: float, high: float) -> None:
        self.wide, self.high = wide, high
        area = spec.question.area
        if spec.shapes is not None:
            west, south, east, north = spec.shapes.set_geometry("coarse").total_bounds
            south -= (north - south) * _FOOT / (high - _FOOT)
        elif spec.position is not None:
            west, south, east, north = _around(spec.position, wide / high)
        else:
            own = area.select(dataset.lsoas)
            practices = spec.question.practices
            corners = practices[["easting", "northing"]].dropna().to_numpy(dtype=float)
            boxes = [own.total_bounds] if own.geometry.notna().any() else []
            if len(corners):
                boxes.append(np.concatenate([corners.min(axis=0), corners.max(axis=0)]))
            box = np.array(boxes)
            west, south = box[:, :2].min(axis=0)
            east, north = box[:, 2:].max(axis=0)
            room = 0.03 * max(east - west, north - south)
            # A lone practice still shows the land around it.
            room = max(room, 2_500 - max(east - west, north - south) / 2)
            west, south, east, north = west - room, south - room, east + room, north + room
            # Below the land: the scale bar and the attribution.
            south -= (north - south) * _FOOT / (high - _FOOT)
        # Grow the shorter side, so that nothing is cut off and nothing stretched.
        more_wide = max(0.0, (north - south) * wide / high - (east - west)) / 2
        more_high = max(0.0, (east - west) * high / wide - (north - south)) / 2
        self.west, self.east = west - more_wide, east + more_wide
        self.south, self.north = south - more_high, north + more_high
        self.metres_per_point = (self.east - self.west) / wide
        self.hubs = _hub_shapes(spec) if spec.kind == "hubs" else gpd.GeoDataFrame()

    def point(self, easting: float, northing: float) -> tuple[float, float]:
        """Points (1/72 inch) from the map's lower left corner."""
        return (
            (easting - self.west) / self.metres_per_point,
            (northing - self.south) / self.metres_per_point,
        )

    def holds(self, easting: float, northing: float) -> bool:
        return self.west < easting < self.east and self.south < northing < self.north


def _around(position: Position, shape: float) -> tuple[float, float, float, float]:
    """The box that the app's map shows at this centre and zoom."""
    at = gpd.GeoSeries.from_xy([position.longitude], [position.latitude], crs=4326).to_crs(27700)[0]
    metres = _MERCATOR * math.cos(math.radians(position.latitude)) / 2**position.zoom
    half = max(metres * _APP_WIDTH / 2, 200.0)
    return at.x - half, at.y - half / shape, at.x + half, at.y + half / shape


def _hub_shapes(spec: MapSpec) -> gpd.GeoDataFrame:
    # Imported here: maps of practices need neither.
    from pcs_dash.hubs.contiguity import neighbours
    from pcs_dash.hubs.hub_shapes import hub_polygons

    practices = spec.question.practices
    around = neighbours(practices, spec.question.outline)
    return hub_polygons(spec.plan or Plan(), practices, around)


# --- layers ---


def _axes(figure: Figure, box: tuple[float, float, float, float], canvas: Sequence[float]) -> Axes:
    wide, high = canvas
    axes = figure.add_axes((box[0] / wide, box[1] / high, box[2] / wide, box[3] / high))
    axes.set_axis_off()
    return axes


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _path(geometry: Any) -> Path:
    """A polygon or several, holes included, as one path."""
    parts, codes = [], []
    for polygon in getattr(geometry, "geoms", [geometry]):
        for ring in (polygon.exterior, *polygon.interiors):
            points = shapely.get_coordinates(ring)
            parts.append(points)
            codes.append([Path.MOVETO, *[Path.LINETO] * (len(points) - 2), Path.CLOSEPOLY])
    return Path(np.concatenate(parts), np.concatenate(codes))


def _paths(axes: Axes, geometries: Iterable[Any], **style: Any) -> None:
    paths = [_path(geometry) for geometry in geometries if not geometry.is_empty]
    if paths:
        axes.add_collection(PathCollection(paths, **style), autolim=False)


def _lsoas(sheet: _Sheet, palette: Sequence[str], *, alpha: float) -> None:
    quintiles = sheet.lsoas[f"imd{sheet.question.edition}_quintile"]
    colours = [palette[int(q) - 1] if pd.notna(q) else None for q in quintiles]
    _places(sheet.axes, sheet.lsoas, colours, alpha=alpha)


def _places(
    axes: Axes, own: gpd.GeoDataFrame, colours: Sequence[str | None], *, alpha: float
) -> None:
    """LSOAs in these colours, bare where there is none; those without a boundary are not drawn."""
    drawn = own.geometry.notna() & ~own.geometry.is_empty
    filled = [
        "none" if colour is None else (*_rgb(colour), alpha)
        for colour, there in zip(colours, drawn, strict=True)
        if there
    ]
    # The same line everywhere would blacken a map of a thousand LSOAs.
    line = {"edgecolors": "#6b7280", "linewidths": 0.4 if len(own) < 250 else 0.15}
    _paths(axes, own.geometry[drawn], facecolors=filled, zorder=2, **line)


def _outlines(sheet: _Sheet) -> None:
    area, outlines, own = sheet.question.area, sheet.dataset.outlines, sheet.lsoas
    inside = {"region": ("place", own["place"]), "place": ("district", own["district"])}
    if area.kind in inside:
        kind, names = inside[area.kind]
        inner = outlines[(outlines["kind"] == kind) & outlines["name"].isin(names)]
        _paths(sheet.axes, inner.geometry, facecolors="none", edgecolors=QUIET, linewidths=0.8,
               linestyles=(0, (5, 3)), zorder=5)  # fmt: skip
    outline = sheet.question.outline
    if outline is not None:
        _paths(sheet.axes, [outline], facecolors="none", edgecolors=INK, linewidths=1.5, zorder=6)


def _radius(patients: float) -> float:
    """As in the app's map, in points: the app's pixels are three quarters of a point."""
    return 0.75 * max(4.0, min(15.0, math.sqrt(patients) / 9))


def _practices(
    sheet: _Sheet, colours: Sequence[str], *, hollow: pd.Series | None = None, scale: float = 1.0
) -> None:
    """Circles in size order, small on top; those that share a building stand side by side."""
    frame, spec, practices = sheet.frame, sheet.spec, sheet.question.practices
    crowding = min(1.0, max(0.5, math.sqrt(45 / max(len(practices), 1))))
    radii = {
        code: _radius(patients) * scale * crowding
        for code, patients in practices["patients"].items()
    }
    at = _side_by_side(practices, radii, frame)
    colour = dict(zip(practices.index, colours, strict=True))
    for code in practices["patients"].sort_values(ascending=False).index:
        if code not in at or not frame.holds(*at[code]):
            continue
        radius = radii[code] * frame.metres_per_point
        dashed = hollow is not None and bool(hollow[code])

        def circle(points: float, at: Any = at[code], radius: float = radius, **style: Any) -> None:
            more = points * frame.metres_per_point
            sheet.axes.add_patch(Circle(at, radius + more, **style))

        circle(0, facecolor=colour[code], edgecolor=INK, linewidth=0.7,
               linestyle=(0, (2, 2)) if dashed else "-", zorder=8)  # fmt: skip
        sheet.labels.keep_clear(at[code], radii[code] * 0.6)
        ringed = spec.kind == "practices" and practices.loc[code, "flag_low_fte"]
        if ringed or code in spec.ring:
            circle(3, fill=False, edgecolor=INK, linewidth=1.2, linestyle=(0, (3, 2)), zorder=9)
        if code == spec.highlight:
            circle(4, fill=False, edgecolor=HIGHLIGHT, linewidth=2.6, zorder=10)


def _side_by_side(
    practices: pd.DataFrame, radii: dict[Any, float], frame: _Frame
) -> dict[Any, tuple[float, float]]:
    """Where each circle stands, in metres: practices of one building around its place."""
    placed = practices[["easting", "northing"]].dropna()
    at: dict[Any, tuple[float, float]] = {}
    buildings: dict[tuple[float, float], list[Any]] = {}
    for code, easting, northing in placed.itertuples(name=None):
        buildings.setdefault((float(easting), float(northing)), []).append(code)
    for (easting, northing), codes in buildings.items():
        if len(codes) == 1:
            at[codes[0]] = (easting, northing)
            continue
        reach = (max(radii[code] for code in codes) + 1) * frame.metres_per_point
        reach *= 1.0 if len(codes) == 2 else 1.25
        for number, code in enumerate(codes):
            angle = 2 * math.pi * number / len(codes)
            at[code] = (easting + reach * math.cos(angle), northing - reach * math.sin(angle))
    return at


# --- words on the map, none on top of another ---


class _Labels:
    """Boxes already taken, in points from the map's lower left corner."""

    def __init__(self, axes: Axes, frame: _Frame) -> None:
        self.axes, self.frame = axes, frame
        self._taken: list[tuple[float, float, float, float]] = []
        self._dots: list[tuple[float, float, float, float]] = []

    def take(self, box: tuple[float, float, float, float]) -> None:
        self._taken.append(box)

    def keep_clear(self, at: tuple[float, float], radius: float) -> None:
        x, y = self.frame.point(*at)
        self._dots.append((x - radius, y - radius, x + radius, y + radius))

    def fits(self, box: tuple[float, float, float, float], *, over_dots: bool = False) -> bool:
        inside = (
            box[0] > 2
            and box[1] > 2
            and box[2] < self.frame.wide - 2
            and box[3] < self.frame.high - 2
        )
        return inside and all(
            box[2] < other[0] or box[0] > other[2] or box[3] < other[1] or box[1] > other[3]
            for other in [*self._taken, *(() if over_dots else self._dots)]
        )

    def write(
        self,
        at: tuple[float, float],
        text: str,
        *,
        size: float,
        bold: bool = False,
        colour: str = INK,
        tries: Sequence[tuple[float, float]],
        always: bool = False,
    ) -> bool:
        """Write at the first of `tries` (steps of half a box from `at`) that is free; else, where
        it stands `always`, over dots.
        """
        text = drawable(text, bold=bold)
        half_wide, half_high = width(text, size, bold=bold) / 2 + 1.5, 0.62 * size
        x, y = self.frame.point(*at)
        for over_dots, (right, up) in itertools.product((False, True)[: 1 + always], tries):
            left, low = x + right * half_wide, y + up * half_high * 1.6
            box = (left - half_wide, low - half_high, left + half_wide, low + half_high)
            if not self.fits(box, over_dots=over_dots):
                continue
            self.take(box)
            self.axes.text(
                left / self.frame.wide, low / self.frame.high, text, transform=self.axes.transAxes,
                ha="center", va="center", fontsize=size, fontweight="bold" if bold else "normal",
                family=FAMILY, color=colour, zorder=20, parse_math=False,
                path_effects=[withStroke(linewidth=2.4, foreground="white")],
            )  # fmt: skip
            return True
        return False


_THERE = ((0.0, 0.0),)
_NEAR = ((0.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.4, 0.0), (-0.4, 0.0))
_ROUND = ((0.0, 0.0), (0.0, 1.5), (0.0, -1.5), (1.1, 0.0), (-1.1, 0.0), (0.9, 1.3), (-0.9, -1.3))


def _towns(sheet: _Sheet, enlarged: float) -> None:
    """The area's own first, the largest before others; those outside quieter, and in place only."""
    kind, outline, towns = sheet.spec.kind, sheet.question.outline, sheet.dataset.towns
    if kind == "areas":
        return
    outside = [outline is not None and not outline.contains(at) for at in towns.geometry]
    towns = towns.assign(outside=outside).sort_values(["outside", "size", "name"])
    size = {1: 10.0 * enlarged, 2: 8.5 * enlarged, 3: 8.0 * enlarged}
    for name, rank, at, far in zip(
        towns["name"], towns["size"], towns.geometry, towns["outside"], strict=True
    ):
        # Small places only where the map is close enough to have room for them.
        too_small = (kind == "hubs" and rank > 1) or (
            rank == 3 and sheet.frame.metres_per_point > 90
        )
        if too_small or not sheet.frame.holds(at.x, at.y):
            continue
        first = rank == 1 and not far
        colour, tries = (QUIET, _THERE) if far else (INK, _ROUND)
        sheet.labels.write(
            (at.x, at.y), name, size=size[int(rank)], bold=first, colour=colour, tries=tries,
            always=first,
        )  # fmt: skip


def _hub_labels(sheet: _Sheet) -> None:
    hubs = sheet.frame.hubs.sort_values("patients", ascending=False, kind="stable")
    for row in hubs.itertuples():
        # Near the middle of its largest piece or nowhere: a name elsewhere would mislead.
        at = max(row.geometry.geoms, key=lambda part: part.area).representative_point()
        if sheet.frame.holds(at.x, at.y):
            name = shorten(drawable(row.hub, bold=True), 8.5, 120, bold=True)
            sheet.labels.write((at.x, at.y), name, size=8.5, bold=True, tries=_NEAR)


def _scale_bar(sheet: _Sheet) -> None:
    """A round length of about a fifth of the map's width, in kilometres and miles."""
    axes, frame = sheet.axes, sheet.frame
    wanted = frame.wide * frame.metres_per_point / 5_000
    power = 10 ** math.floor(math.log10(wanted))
    kilometres = max(step for step in (1, 2, 5) if step * power <= wanted) * power
    long = kilometres * 1_000 / frame.metres_per_point
    x, y = 10.0, 26.0
    line = [(x, y + 5), (x, y), (x + long, y), (x + long, y + 5)]
    for colour, thick in (("white", 4.0), (INK, 1.4)):
        axes.plot(
            [point[0] / frame.wide for point in line],
            [point[1] / frame.high for point in line],
            transform=axes.transAxes, color=colour, linewidth=thick, zorder=21,
            solid_joinstyle="miter", scalex=False, scaley=False,
        )  # fmt: skip
    words = f"{kilometres:g} km ({kilometres / _KM_PER_MILE:.2g} miles)"
    axes.text(x / frame.wide, (y + 8) / frame.high, words, transform=axes.transAxes, fontsize=8,
              family=FAMILY, color=INK, ha="left", va="bottom", zorder=22,
              path_effects=[withStroke(linewidth=2.4, foreground="white")])  # fmt: skip
    sheet.labels.take((x - 2, y - 2, x + max(long, width(words, 8)) + 4, y + 20))


def _north(sheet: _Sheet) -> None:
    """Grid north, which is up."""
    frame = sheet.frame
    x, y = frame.wide - 16, frame.high - 14
    sheet.axes.annotate(
        "N", xy=(x / frame.wide, y / frame.high), xytext=(x / frame.wide, (y - 26) / frame.high),
        xycoords="axes fraction", textcoords="axes fraction", ha="center", va="top", fontsize=10,
        fontweight="bold", family=FAMILY, color=INK, zorder=22,
        arrowprops={"arrowstyle": "-|>", "color": INK, "linewidth": 1.6},
    )  # fmt: skip
    sheet.labels.take((x - 9, y - 42, x + 9, y + 6))


def _attribution(sheet: _Sheet) -> None:
    """With it, what kind of boundaries these are."""
    own, text = sheet.lsoas.geometry, ATTRIBUTION
    if sheet.spec.kind == "areas" or web.coarse(own[own.notna()]):
        text = f"{ATTRIBUTION}. Generalised boundaries"
    sheet.axes.text(6 / sheet.frame.wide, 6 / sheet.frame.high, text, fontsize=6.5, family=FAMILY,
                    transform=sheet.axes.transAxes, color=QUIET, ha="left", va="bottom", zorder=22,
                    bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none"})  # fmt: skip
    sheet.labels.take((4, 3, 8 + width(text, 6.5), 16))


# --- the legend beside the map ---


class _Legend:
    """Lines from the top down in the column beside the map, in points."""

    SIZE = 9.0
    STEP = 14.0

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        corner = axes.get_position()
        figure = axes.get_figure(root=True)
        assert figure is not None
        wide, high = figure.get_size_inches()
        self.wide, self.high = corner.width * wide * 72, corner.height * high * 72
        self.y = self.high - 2
        axes.set_xlim(0, self.wide)
        axes.set_ylim(0, self.high)

    def room(self) -> int:
        """How many more lines there is space for."""
        return int((self.y - 4) / self.STEP)

    def _line(self, x: float, text: str, *, bold: bool = False, right: bool = False) -> None:
        self.axes.text(
            self.wide if right else x, self.y - self.STEP / 2, drawable(text, bold=bold),
            fontsize=self.SIZE, fontweight="bold" if bold else "normal", family=FAMILY, color=INK,
            ha="right" if right else "left", va="center", parse_math=False,
        )  # fmt: skip

    def title(self, text: str) -> None:
        self.y -= 5
        for line in wrap(text, self.SIZE, self.wide, bold=True):
            self._line(0, line, bold=True)
            self.y -= self.STEP - 1

    def note(self, text: str) -> None:
        for line in wrap(text, self.SIZE, self.wide):
            self._line(0, line)
            self.y -= self.STEP - 1

    def _item(self, label: str, count: str, lines_allowed: int = 2) -> None:
        limit = self.wide - 18 - (width(count, self.SIZE) + 6 if count else 0)
        lines = wrap(label, self.SIZE, limit)[:2]
        if lines_allowed == 1 and len(lines) > 1:
            lines = [shorten(drawable(label), self.SIZE, limit)]
        if count:
            self._line(0, count, right=True)
        for line in lines or [""]:
            self._line(18, line)
            self.y -= self.STEP - (2 if len(lines) > 1 else 0)

    def swatch(self, colour: str, label: str, count: str = "") -> None:
        self.axes.add_patch(
            Rectangle((1, self.y - self.STEP + 2), 11, self.STEP - 4, facecolor=colour,
                      edgecolor=QUIET, linewidth=0.6)
        )  # fmt: skip
        self._item(label, count)

    def dot(
        self, colour: str, label: str, count: str = "", *, dashed: bool = False, lines: int = 2
    ) -> None:
        self.axes.add_patch(
            Circle((6.5, self.y - self.STEP / 2), 5, facecolor=colour, edgecolor=INK,
                   linewidth=0.7, linestyle=(0, (2, 2)) if dashed else "-")
        )  # fmt: skip
        self._item(label, count, lines)

    def ring(self, label: str, count: str = "", *, colour: str = INK) -> None:
        self.axes.add_patch(
            Circle((6.5, self.y - self.STEP / 2), 5, fill=False, edgecolor=colour,
                   linewidth=1.3 if colour == INK else 2.4,
                   linestyle=(0, (3, 2)) if colour == INK else "-")
        )  # fmt: skip
        self._item(label, count)
