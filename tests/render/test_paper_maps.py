"""Maps on paper: size, colours, labels apart, nothing shared between threads."""

from __future__ import annotations

import io
import struct
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread

from pcs_dash.hubs.plan import plan_from_column
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.official.any_area import find_area
from pcs_dash.render.paper_maps import _Frame, map_figure, to_png
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.views import maps
from pcs_dash.views.map_spec import MapSpec, alt_text
from pcs_dash.views.maps import QUINTILE_PURPLES, Layer, quintile_layer
from pcs_dash.views.position import Position
from pcs_dash.views.question import Question, ask

KINDS = ("practices", "quintiles", "hubs", "layers", "areas")


def settings_of(dataset: Dataset, area: str = "Thurrock") -> Question:
    return ask(dataset, find_area(area), {})


def spec_of(dataset: Dataset, kind: str, area: str = "Thurrock") -> MapSpec:
    settings = settings_of(dataset, area)
    plan = plan_from_column(settings.practices, "pcn")
    ground = quintile_layer(dataset.lsoas, "2025", QUINTILE_PURPLES)
    if kind == "layers":
        pcn = settings.practices["pcn"]
        colours = {
            name: hub.colour for name, hub in zip(pcn.dropna().unique(), plan.hubs, strict=False)
        }
        marks = Layer("PCN", pcn, colours, {name: name[:1] for name in colours})
        return MapSpec(kind, settings, marks=marks, ground=ground, note="A line on how to read it.")
    if kind == "areas":
        own = dataset.outlines[dataset.outlines["kind"] == "district"]
        shapes = gpd.GeoDataFrame(
            own.assign(code=own["name"], coarse=own.geometry), geometry="coarse", crs=27700
        )
        words = pd.Series(["low", "high"] * len(own), dtype="str")[: len(own)].set_axis(own["name"])
        layer = Layer("Districts", words, {"low": "#f2f0f7", "high": "#54278f"})
        return MapSpec(kind, settings, ground=layer, shapes=shapes, level="district")
    return MapSpec(kind, settings, plan)


def colour_at(png: bytes, x: float, y: float) -> str:
    """The colour at points from the lower left corner of a picture at 200 dpi."""
    pixels = imread(io.BytesIO(png))
    column, row = round(x / 72 * 200), round(pixels.shape[0] - y / 72 * 200)
    red, green, blue = (round(255 * float(part)) for part in pixels[row, column][:3])
    return f"#{red:02x}{green:02x}{blue:02x}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_has_200_dots_an_inch(dataset: Dataset, kind: str) -> None:
    png = to_png(map_figure(dataset, spec_of(dataset, kind), size=(6, 4)))
    assert struct.unpack(">II", png[16:24]) == (1200, 800)
    physical = png[png.index(b"pHYs") + 4 :]
    assert struct.unpack(">I", physical[:4])[0] == pytest.approx(200 / 0.0254, abs=1)


def test_a_practice_stands_where_it_is_in_the_colour_of_its_class(dataset: Dataset) -> None:
    spec = spec_of(dataset, "practices")
    practices = spec.question.practices
    alone = ~practices.duplicated(["easting", "northing"], keep=False)
    ratios = patients_per_fte_gp(practices)
    png = to_png(map_figure(dataset, spec))
    frame = _Frame(dataset, spec, (7.4 - 2.05 - 0.12) * 72, 4.9 * 72)
    seen = 0
    for code, row in practices[alone].iterrows():
        away = np.hypot(
            practices["easting"] - row["easting"], practices["northing"] - row["northing"]
        )
        if (away.drop(code) < 1_500).any():
            continue
        number = int(np.searchsorted((0.75, 0.9, 1.1, 1.25, 1.5), ratios[code] / 2258, "right"))
        at = frame.point(row["easting"], row["northing"])
        assert colour_at(png, *at) == maps.BENCHMARK_COLOURS[number]
        seen += 1
    assert seen >= 5


def test_the_whole_area_is_in_the_frame(dataset: Dataset) -> None:
    for area in ("Thurrock", "Essex", "Redbridge", "Southend"):
        spec = spec_of(dataset, "practices", area)
        frame = _Frame(dataset, spec, 380, 350)
        own = spec.question.area.select(dataset.lsoas)
        if len(own):
            west, south, east, north = own.total_bounds
            assert frame.west < west < east < frame.east
            assert frame.south < south < north < frame.north
        places = spec.question.practices[["easting", "northing"]].to_numpy()
        assert all(frame.holds(x, y) for x, y in places)
        assert (frame.east - frame.west) / 380 == pytest.approx((frame.north - frame.south) / 350)


def test_a_map_position_moves_the_frame(dataset: Dataset) -> None:
    settings = settings_of(dataset)
    spec = MapSpec("practices", settings, position=Position(51.478, 0.323, 13))
    frame = _Frame(dataset, spec, 380, 350)
    at = settings.practices.loc["F81110"]
    assert 4_000 < frame.east - frame.west < 12_000
    x, y = (frame.east + frame.west) / 2, (frame.north + frame.south) / 2
    # Grays is at about 561738 E 178114 N.
    assert np.hypot(x - 561_500, y - 178_000) < 1_500
    assert frame.holds(at["easting"], at["northing"]) in (True, False)


def texts(figure: Figure) -> list[tuple[str, tuple[float, float, float, float]]]:
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    found = []
    for text in axes.texts:
        if text.get_text() and text.get_text() != "N":
            box = text.get_window_extent()
            found.append((text.get_text(), (box.x0, box.y0, box.x1, box.y1)))
    return found


@pytest.mark.parametrize(
    ("area", "kind"),
    [("Thurrock", "practices"), ("Essex", "hubs"), ("Mid and South Essex", "quintiles")],
)
def test_no_words_on_the_map_overlap_or_leave_it(dataset: Dataset, area: str, kind: str) -> None:
    figure = map_figure(dataset, spec_of(dataset, kind, area))
    found = texts(figure)
    assert len(found) >= 5
    frame = figure.axes[0].get_window_extent()
    for i, (name, box) in enumerate(found):
        assert box[0] >= frame.x0 - 1, name
        assert box[2] <= frame.x1 + 1, name
        for other, theirs in found[:i]:
            apart = (
                box[2] <= theirs[0] + 1
                or box[0] >= theirs[2] - 1
                or box[3] <= theirs[1] + 1
                or box[1] >= theirs[3] - 1
            )
            assert apart, (name, other)


def test_legends_stay_in_their_column(dataset: Dataset) -> None:
    for kind in KINDS:
        figure = map_figure(dataset, spec_of(dataset, kind, "Essex"))
        FigureCanvasAgg(figure).draw()
        side = figure.axes[1]
        frame = side.get_window_extent()
        for text in side.texts:
            box = text.get_window_extent()
            assert box.x1 <= frame.x1 + 2, text.get_text()
            assert box.y0 >= frame.y0 - 1, text.get_text()


def test_scale_bar_is_as_long_as_it_says(dataset: Dataset) -> None:
    spec = spec_of(dataset, "practices", "Essex")
    figure = map_figure(dataset, spec)
    axes = figure.axes[0]
    words = next(text.get_text() for text in axes.texts if " km (" in text.get_text())
    bar = next(line for line in axes.lines if line.get_zorder() == 21)
    wide = float(np.ptp(np.asarray(bar.get_xdata(), dtype=float)))
    metres = wide * (axes.get_xlim()[1] - axes.get_xlim()[0])
    assert metres == pytest.approx(float(words.split(" km")[0]) * 1_000, rel=1e-6)
    miles = float(words.split("(")[1].split(" miles")[0])
    assert miles == pytest.approx(metres / 1_609.344, rel=0.05)


def test_threads_do_not_meet(dataset: Dataset) -> None:
    specs = [spec_of(dataset, kind) for kind in KINDS]

    def draw(spec: MapSpec) -> bytes:
        return to_png(map_figure(dataset, spec, size=(3, 2)), dpi=80)

    alone = [draw(spec) for spec in specs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draw, specs * 3))
    assert together == alone * 3


def test_pyplot_knows_nothing_of_the_figures(dataset: Dataset) -> None:
    for kind in KINDS:
        to_png(map_figure(dataset, spec_of(dataset, kind), size=(3, 2)), dpi=50)
    assert Gcf.get_num_fig_managers() == 0
    sources = (ROOT / "pcs_dash" / "render").glob("*.py")
    assert not any("import matplotlib.pyplot" in path.read_text("utf-8") for path in sources)


def test_alt_text_gives_the_figures(dataset: Dataset) -> None:
    text = alt_text(spec_of(dataset, "practices"))
    assert "Thurrock" in text
    assert "26 practices" in text
    assert "2,258" in text
    own = find_area("Thurrock").select(dataset.lsoas)
    most = int((own["imd2025_quintile"] == 1).sum())
    assert f"{most} of {len(own)} are in the most deprived" in alt_text(
        spec_of(dataset, "quintiles")
    )
