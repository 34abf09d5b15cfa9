from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.official.any_area import find_area
from pcs_dash.render import web
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.paths import GEO_DIR
from pcs_dash.views import maps
from tests.contrast import luminance, rgb


@pytest.fixture(scope="module")
def files(dataset, tmp_path_factory) -> web.WebFiles:
    return web.prepare(dataset, tmp_path_factory.mktemp("static"))


@given(st.lists(st.none() | st.integers(0, 35)))
def test_letters_read_back_as_the_classes(classes: list[int | None]) -> None:
    text = maps.letters(pd.Series(classes, dtype="float64"))
    back = [None if letter == "-" else int(letter, 36) for letter in text]
    assert back == classes


@given(st.floats(0.01, 10))
def test_the_class_says_how_far_from_the_benchmark(relative: float) -> None:
    found = maps.benchmark_classes(pd.Series([2_000 * relative]), 2_000).iloc[0]
    cuts = [0, 0.75, 0.90, 1.10, 1.25, 1.50, np.inf]
    assert cuts[int(found)] <= relative * (1 + 1e-12)
    assert relative < cuts[int(found) + 1]


def test_a_missing_ratio_has_no_class(practices) -> None:
    ratios = patients_per_fte_gp(practices, "permanent")
    text = maps.benchmark_layer("", ratios, 2_258).marks(practices.index)["letters"]
    assert len(text) == 204
    assert [code for code, letter in zip(practices.index, text, strict=True) if letter == "-"] == [
        "F81032"
    ]


def test_thirds_split_evenly_and_leave_gaps_alone() -> None:
    values = pd.Series([*range(9), np.nan])
    assert maps.thirds(values).tolist()[:9] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert np.isnan(maps.thirds(values).iloc[9])


def test_the_fill_has_a_letter_for_every_lsoa(dataset) -> None:
    layer = maps.quintile_layer(dataset.lsoas, "2025", maps.QUINTILE_PURPLES)
    fill = layer.fill(dataset.lsoas.index, "2025")
    assert len(fill["letters"]) == 1_077
    assert {int(letter) + 1 for letter in fill["letters"]} == {1, 2, 3, 4, 5}


def test_a_view_is_small_and_names_no_practice(dataset, files) -> None:
    ratios = patients_per_fte_gp(dataset.practices)
    quintiles = maps.quintile_layer(dataset.lsoas, "2025", maps.QUINTILE_PURPLES)
    content = maps.view(
        files,
        find_area("Essex"),
        key="home",
        fill=quintiles.fill(dataset.lsoas.index, "2025"),
        marks=maps.benchmark_layer("", ratios, 2_258).marks(ratios.index),
        values=ratios,
        value_title="Patients per FTE GP",
    )
    text = json.dumps(content, allow_nan=False)
    assert len(text) < 6_000
    assert "Surgery" not in text


def test_the_folium_map_asks_only_this_server(files) -> None:
    html = maps.PracticeMap(files.scripts, files.styles).get_root().render()
    for url in ("http://", "https://", "//cdn"):
        assert url not in html.replace("http://www.w3.org", "")
    assert "/app/static/vendor/leaflet.js" in html


def test_a_name_in_a_view_stays_inside_its_string(files) -> None:
    evil = "</script><img src=x onerror=alert(1)>${alert(2)}"
    content = maps.blank("home", {"url": "", "bounds": None}, "") | {"notes": {"F81010": evil}}
    folium_map = maps.PracticeMap(files.scripts, files.styles)
    maps.view_layer(content).add_to(folium_map)
    html = folium_map.get_root().render()
    assert "<img" not in html
    assert html.count("</script>") == html.count("<script")


def test_every_area_has_a_layer_with_its_practices_and_lsoas(dataset, tmp_path) -> None:
    files = web.prepare(dataset, tmp_path)
    for area in all_areas():
        path = tmp_path / files.areas[area.key].url.removeprefix("/app/static/")
        layer = json.loads(path.read_text("utf-8"))
        assert layer["practices"] == list(area.select(dataset.practices).index)
        codes = [feature["properties"]["code"] for feature in layer["lsoas"]["features"]]
        assert codes == list(area.select(dataset.lsoas).index)
        numbers = [feature["properties"]["i"] for feature in layer["lsoas"]["features"]]
        assert [dataset.lsoas.index[number] for number in numbers] == codes
        (south, west), (north, east) = files.areas[area.key].bounds
        assert 51.4 < south < north < 52.2
        assert -0.1 < west < east < 1.4


def test_practices_stand_within_their_areas_box(dataset, files) -> None:
    points = {row[0]: row for row in web.practice_points(dataset.practices)}
    (south, west), (north, east) = files.areas["thurrock"].bounds
    for code in find_area("Thurrock").select(dataset.practices).index:
        assert south < points[code][2] < north
        assert west < points[code][3] < east


def test_a_second_start_writes_nothing(dataset, tmp_path) -> None:
    first = web.prepare(dataset, tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")}
    assert web.prepare(dataset, tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.json")} == stamps


def test_the_palettes_differ_in_lightness_in_order() -> None:
    """Order has to survive any colour vision and a projector, so lightness alone must give it."""
    for palette in (maps.QUINTILE_PURPLES, maps.QUINTILE_GREYS):
        lightness = [luminance(rgb(colour)) for colour in palette]
        assert lightness == sorted(lightness)
        assert min(b - a for a, b in pairwise(lightness)) > 0.05


@pytest.mark.parametrize(
    ("path", "begin"), [("", "/app"), ("/", "/app"), ("pcs", "/pcs/app"), ("/a/b/", "/a/b/app")]
)
def test_addresses_begin_with_the_path_of_the_app(
    path: str, begin: str, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(web, "_base", "/another")
    web.serve_under(path)
    assert web.publish("x", [], tmp_path).startswith(f"{begin}/static/x-")


def test_an_areas_own_towns_come_before_others(dataset) -> None:
    area = find_area("thurrock")
    towns = dataset.towns.to_crs(4326)
    layer = web.area_layer(
        area, dataset.practices, web.for_the_web(dataset.lsoas),
        web.for_the_web(dataset.outlines), towns,
    )  # fmt: skip
    inside = [bool(town[4]) for town in layer["towns"]]
    assert inside == sorted(inside, reverse=True)
    own = {town[0] for town in layer["towns"] if town[4]}
    gazetteer = pd.read_csv(GEO_DIR / "towns_essex.csv").set_index("name")["district"]
    assert own == set(gazetteer.index[gazetteer == "Thurrock"])
    assert len(layer["towns"]) == len(towns)


def test_coarse_boundaries_stop_the_zoom_and_fine_ones_do_not(dataset) -> None:
    lsoas = dataset.lsoas.geometry
    assert web.coarse(lsoas)
    assert not web.coarse(lsoas.segmentize(100))
    assert not web.coarse(lsoas.iloc[:0])
