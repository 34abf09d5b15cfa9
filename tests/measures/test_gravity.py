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
    distance_km,
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


def refused(practices: pd.DataFrame, points: pd.DataFrame, **options: object) -> str:
    with pytest.raises(UserError) as told:
        gravity_registrations(practices, points, **options)  # type: ignore[arg-type]
    return str(told.value)


def test_what_is_missing_is_told_in_full(places: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    practices, points = places
    nobody = "The gravity model needs at least one practice and one LSOA."
    assert refused(practices[:0], points) == nobody
    assert refused(practices, points[:0]) == nobody
    assert refused(practices, points, decay_km=-1.0) == (
        "The decay of the gravity model must be more than 0 km."
    )
    assert refused(practices.assign(patients=0), points) == (
        "The gravity model needs a practice with patients."
    )
    needs = "The gravity model needs"
    assert refused(practices.assign(northing=np.nan), points) == (
        f"{needs} patients, easting, northing for all practices; missing for P00, P01, P02, P03, "
        "P04 ..."
    )
    five = points["easting"].where(np.arange(len(points)) >= 5)
    assert refused(practices, points.assign(easting=five)) == (
        f"{needs} easting, northing for all LSOAs; missing for L00, L01, L02, L03, L04."
    )
    gap = points.assign(residents=points["residents"].where(points.index != "L07"))
    assert refused(practices, gap, population="residents") == (
        f"{needs} easting, northing, residents for all LSOAs; missing for L07."
    )
    for empty in (0, -5):
        none = points.assign(residents=points["residents"].where(points.index != "L07", empty))
        assert refused(practices, none, population="residents") == (
            f"{needs} residents in every LSOA."
        )
    # What is not asked for need not be there.
    assert len(gravity_registrations(practices, gap)) > 0


def test_the_table_is_of_codes_and_of_those_with_patients(
    places: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    practices, points = places
    practices.loc["P03", "patients"] = 0
    table = gravity_registrations(practices, points)
    assert list(table.columns) == ["practice_code", "lsoa_code", "patients", "modelled"]
    assert str(table["practice_code"].dtype) == str(table["lsoa_code"].dtype) == "category"
    assert sorted(set(table["practice_code"])) == [
        code for code in practices.index if code != "P03"
    ]
    assert set(table["lsoa_code"]) <= set(points.index)
    assert table.attrs["label"] == "modelled (gravity model, not registrations)"
    assert table["modelled"].dtype == bool


def test_next_to_nobody_is_nobody() -> None:
    """30 km at a decay of 0.7 km is less than a twentieth of a patient: no row."""
    practices = pd.DataFrame(
        {"patients": [1_000, 1_000], "easting": [0.0, 30_000.0], "northing": 0.0}, index=["A", "B"]
    )
    points = pd.DataFrame({"easting": [0.0, 30_000.0], "northing": 0.0}, index=["a", "b"])
    table = gravity_registrations(practices, points)
    assert table[["practice_code", "lsoa_code", "patients"]].to_numpy().tolist() == [
        ["A", "a", 1_000], ["B", "b", 1_000],
    ]  # fmt: skip
    # At 8 km of decay the far place is used, by the odds exp(-2 x 30 / 8) of the swap.
    wide = gravity_registrations(practices, points, decay_km=8).set_index("lsoa_code")["patients"]
    assert len(wide) == 4
    near, far = sorted(wide["a"])[::-1]
    assert (far / near) ** 2 == pytest.approx(np.exp(-60 / 8), rel=1e-6)


def test_distances_are_in_kilometres_by_row_and_column() -> None:
    practices = pd.DataFrame({"easting": [0.0, 3_000.0], "northing": [0.0, 1_000.0]})
    points = pd.DataFrame({"easting": [3_000.0], "northing": [4_000.0]})
    assert distance_km(points, practices).tolist() == [[5, 3]]


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
