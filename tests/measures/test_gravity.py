"""The modelled stand-in: its constraints hold, symmetry, and its error against the real lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.gravity_error import calibrate, model_error
from benchmarks.loaded import england_lsoas, england_registrations
from pcs_dash.measures.gravity import (
    DECAY_KM,
    MODEL_ERROR,
    gravity_registrations,
)
from pcs_dash.official import built_tables
from pcs_dash.official.store import Store
from pcs_dash.tables.errors import UserError


@pytest.fixture
def places() -> tuple[pd.DataFrame, pd.DataFrame]:
    draw = np.random.default_rng(3)
    practices = pd.DataFrame(
        {
            "patients": draw.integers(2000, 20_000, 12),
            "easting": draw.uniform(0, 12_000, 12),
            "northing": draw.uniform(0, 12_000, 12),
        },
        index=[f"P{n:02d}" for n in range(12)],
    )
    points = pd.DataFrame(
        {
            "easting": draw.uniform(0, 12_000, 60),
            "northing": draw.uniform(0, 12_000, 60),
            "residents": draw.integers(1000, 2500, 60),
        },
        index=[f"L{n:02d}" for n in range(60)],
    )
    return practices, points


@pytest.mark.parametrize("population", [None, "residents"])
def test_lists_add_up_exactly_and_residents_nearly(
    population: str | None, places: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    practices, points = places
    table = gravity_registrations(practices, points, population=population)
    lists = table.groupby("practice_code", observed=True)["patients"].sum()
    np.testing.assert_allclose(lists, practices["patients"], rtol=1e-9)
    by_lsoa = table.groupby("lsoa_code", observed=True)["patients"].sum()
    weights = points[population] if population else pd.Series(1, index=points.index)
    expected = weights / weights.sum() * practices["patients"].sum()
    np.testing.assert_allclose(by_lsoa, expected, rtol=0.01)
    assert table["modelled"].all()
    assert "modelled" in table.attrs["label"]


def test_one_practice_gets_everybody() -> None:
    practices = pd.DataFrame({"patients": [900], "easting": [0.0], "northing": [0.0]}, index=["P"])
    points = pd.DataFrame({"easting": [0.0, 50_000.0, 9e5], "northing": 0.0}, index=list("abc"))
    table = gravity_registrations(practices, points)
    np.testing.assert_allclose(table["patients"], 300, rtol=1e-3)


def test_mirror_images_share_alike() -> None:
    practices = pd.DataFrame(
        {"patients": [500, 500], "easting": [-1000.0, 1000.0], "northing": 0.0}, index=["A", "B"]
    )
    points = pd.DataFrame({"easting": [-1500.0, 1500.0], "northing": 0.0}, index=["a", "b"])
    flow = gravity_registrations(practices, points).set_index(["practice_code", "lsoa_code"])
    flow = flow["patients"]
    assert flow["A", "a"] == pytest.approx(flow["B", "b"])
    assert flow["A", "b"] == pytest.approx(flow["B", "a"])
    # The odds of near against far follow the decay: 2 km further each, so exp(-2 * 2 / decay).
    odds = (flow["A", "b"] * flow["B", "a"]) / (flow["A", "a"] * flow["B", "b"])
    assert odds == pytest.approx(np.exp(-4 / DECAY_KM), rel=1e-6)


def test_the_model_of_itself_has_no_error(places: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    practices, points = places
    table = gravity_registrations(practices, points)
    error = model_error(table, table, practices, points)
    assert error.misplaced == pytest.approx(0, abs=1e-12)
    assert error.dominant_right == 1
    assert error.outside == 0


def test_calibration_finds_the_decay_that_made_the_data(
    places: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    practices, points = places
    real = gravity_registrations(practices, points, decay_km=1.7)
    assert calibrate(real, practices, points) == pytest.approx(1.7, abs=0.03)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"easting": np.nan}, "missing for P00"),
        ({"patients": 0}, "a practice with patients"),
    ],
)
def test_what_is_missing_is_told(
    change: dict[str, float], words: str, places: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    practices, points = places
    with pytest.raises(UserError, match=words):
        gravity_registrations(practices.assign(**change), points)
    with pytest.raises(UserError, match="more than 0 km"):
        gravity_registrations(practices, points, decay_km=0)


ESSEX = ("Mid and South Essex", "North East and West Essex", "Essex")
PLACES_OF = {
    ESSEX[0]: ("07G", "99G", "99F", "99E", "06Q"),
    ESSEX[1]: ("06T", "07H"),
    ESSEX[2]: ("07G", "99G", "99F", "99E", "06Q", "06T", "07H"),
}
ICBS = {
    "Kent and Medway": "QKS", "Greater Manchester": "QOP", "Birmingham and Solihull": "QHL",
    "North Central London": "QMJ",
}  # fmt: skip


def stated() -> dict[str, list[str]]:
    """The table of docs/methods.md: place -> its figures as written."""
    text = (Path(__file__).parents[2] / "docs" / "methods.md").read_text("utf-8")
    table = text.split("Error against the real registrations of July 2023:")[1].split("\n\n")[1]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    return {row[0].split(" (")[0]: row[1:] for row in rows}


def measured(store: Store, column: str, codes: Sequence[str]) -> list[str]:
    """The same figures of the model of these practices and LSOAs, with lists of July 2023."""
    real = england_registrations(store=store)
    lists = real.groupby("practice_code", observed=True)["patients"].sum()
    practices = built_tables.england_practices(store=store)
    practices = practices[practices[column].isin(codes) & practices.index.isin(lists.index)]
    practices = practices.assign(patients=lists.reindex(practices.index).astype(float))
    points = england_lsoas(store=store).dropna(subset=["easting"])
    points = points[points[column].isin(codes)]
    error = model_error(gravity_registrations(practices, points), real, practices, points)
    return [
        f"{error.practices:,}", f"{error.lsoas:,}", f"{error.misplaced:.1%}",
        f"{error.median_practice:.1%}", f"{error.worst_practice:.0%}",
        f"{error.dominant_right:.0%}",
    ]  # fmt: skip


def test_every_place_of_the_docs_is_measured() -> None:
    assert set(stated()) == {*ESSEX, *ICBS}


@pytest.mark.parametrize("place", ESSEX)
def test_the_error_stated_in_the_docs_is_the_measured_one(place: str, england: Store) -> None:
    assert measured(england, "sub_icb_code", PLACES_OF[place]) == stated()[place]


@pytest.mark.parametrize("place", ICBS)
def test_the_error_stated_for_elsewhere_is_the_measured_one(place: str, england_data: Path) -> None:
    assert measured(Store(england_data), "icb_code", [ICBS[place]]) == stated()[place]


def test_the_sentence_on_the_error_says_what_the_docs_say() -> None:
    table = stated()
    for places in (ESSEX, tuple(ICBS)):
        misplaced = sorted(round(float(table[place][2].rstrip("%"))) for place in places)
        right = sorted(int(table[place][5].rstrip("%")) for place in places)
        assert f"{misplaced[0]}% to {misplaced[-1]}%" in MODEL_ERROR
        assert f"{right[0]}% to {right[-1]}%" in MODEL_ERROR
