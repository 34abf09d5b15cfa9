"""Catchments by hand: names, sentences, edges. Real data and maps: tests/views."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from pcs_dash.measures import catchments
from pcs_dash.measures.catchments import HUB, PCN, PRACTICE, Portrait, Registered
from pcs_dash.tables.errors import UserError

L1, L2, L3, OUT, WALES = "E01000001", "E01000002", "E01000003", "E01999999", "W01000001"
HERE = pd.Index([L1, L2, L3])
LSOAS = pd.DataFrame(
    {"lsoa11nm": ["Alpha 1", "Alpha 2", "Beta 1"], "district": ["A", "A", "B"]}, index=HERE
)


def registered(cells: dict[tuple[str, str], float], **more: object) -> Registered:
    table = pd.DataFrame(
        [(code, place, n) for (code, place), n in cells.items()],
        columns=["practice_code", "lsoa_code", "patients"],
    )
    return Registered(table, HERE, **{"period": "July 2023"} | more)  # type: ignore[arg-type]


def test_what_figures_rest_on() -> None:
    real = registered({("P1", L1): 5})
    assert real.label == "patients by LSOA of July 2023 (NHS England)"
    assert (real.tag, real.file_tag, real.suffix) == ("July 2023", "july-2023", "")
    model = registered({("P1", L1): 5}, modelled=True)
    assert model.label == "modelled (gravity model, not registrations)"
    assert (model.tag, model.file_tag, model.suffix) == ("modelled", "modelled", " (modelled)")
    totals = registered({("P1", L1): 5, ("P2", L1): 6, ("P1", OUT): 7}).totals
    assert totals.to_dict() == {L1: 11}


def test_units_of_each_kind() -> None:
    practices = pd.DataFrame(
        {
            "pcn": ["East", None, "West", "East"],
            "practice_name": ["Ann", "Ben", "Cat", "Dan"],
            "patients": [100, 500, 300, 150],
        },
        index=["C", "B", "A", "D"],
    )
    plan = pd.Series({"A": "North", "B": None, "Z": "South"})
    own = catchments.groups_of(PRACTICE, practices, plan)
    assert own == {code: code for code in "CBAD"}
    assert catchments.units_in(PRACTICE, own, practices) == {
        "A": "Cat (A)", "B": "Ben (B)", "C": "Ann (C)", "D": "Dan (D)",
    }  # fmt: skip
    pcns = catchments.groups_of(PCN, practices, plan)
    assert pcns == {"C": "East", "A": "West", "D": "East"}
    assert list(catchments.units_in(PCN, pcns, practices).items()) == [
        ("West", "West"), ("East", "East"),
    ]  # fmt: skip
    hubs = catchments.groups_of(HUB, practices, plan)
    assert hubs == {"A": "North", "Z": "South"}
    assert catchments.units_in(HUB, hubs, practices) == {"North": "North"}
    assert [catchments.another(kind) for kind in (PRACTICE, PCN, HUB)] == [
        "another practice", "another PCN", "another hub",
    ]  # fmt: skip


FIGURES = Portrait(1_000, 4, 1_234, 0, 0, 900, 1.25, 3.96)


@pytest.mark.parametrize(
    ("kind", "figures", "away", "modelled", "words"),
    [
        (
            PCN, FIGURES, 0.254, False,
            "80% of the patients of Kent live in 1,234 small areas; half live within 1.2 km of "
            "their practice, nine in ten within 4.0 km. 25% live where most people use another "
            "PCN.",
        ),
        (
            PRACTICE, FIGURES, np.nan, True,
            "Modelled: 80% of the patients of Kent live in 1,234 small areas; half live within "
            "1.2 km of their practice, nine in ten within 4.0 km.",
        ),
        (
            HUB, Portrait(9, 1, 1, 0, 0, 0, np.nan, np.nan), 0.5, False,
            "80% of the patients of Kent live in 1 small area. How far they live from their "
            "practice is not known: the places of the small areas, or of the practice, are not "
            "loaded. 50% live where most people use another hub.",
        ),
    ],
)  # fmt: skip
def test_the_catchment_in_words(
    kind: str, figures: Portrait, away: float, modelled: bool, words: str
) -> None:
    assert catchments.sentence(kind, "Kent", figures, away, modelled=modelled) == words


def portrait(cells: dict[tuple[str, str], float], codes: list[str]) -> Portrait:
    practices = pd.DataFrame({"easting": [0.0, 0], "northing": 0.0}, index=["P1", "P2"])
    points = pd.DataFrame({"easting": [1_000.0, 5_000, 3_000], "northing": 0.0}, index=HERE)
    return catchments.portrait(registered(cells), codes, practices, points)


def test_a_portrait_counts_places_patients_and_the_unknown() -> None:
    """Half a patient of a model is one place; Wales is beyond the map, NO2011 is nowhere."""
    cells: dict[tuple[str, str], float] = {
        ("P1", L1): 70, ("P1", L2): 0.5, ("P1", L3): 0.4, ("P1", WALES): 20, ("P1", "NO2011"): 6,
        ("P2", L1): 30,
    }  # fmt: skip
    found = portrait(cells, ["P1"])
    assert found.patients == pytest.approx(96.9)
    assert (found.lsoas, found.core) == (3, 2)
    assert (found.outside, found.unknown) == (20, 6)
    assert found.placed == pytest.approx(70.9)
    both = portrait(cells, ["P1", "P2"])
    assert both.placed == pytest.approx(100.9)
    assert (both.median_km, both.p90_km) == (1, 1)


def test_those_beyond_are_told_as_they_stand_where_nothing_is_hidden() -> None:
    data = registered({("P1", L1): 900, ("P1", WALES): 57, ("P1", "NO2011"): 12})
    rows = catchments.catchment_rows(data, ["P1"], LSOAS, threshold=5)
    figures = Portrait(969, 2, 1, 12, 57, 900, 1, 1)
    assert catchments.beyond(data, figures, rows) == [
        "57 patients live beyond the small areas known here: they count in the catchment, but "
        "have no distance and are not on the map.",
        "12 live at an unknown place.",
    ]
    assert catchments.beyond(data, Portrait(900, 1, 1, 0, 0, 900, 1, 1), rows) == []
    # Ten to the nearest ten, and never none, where a hidden one could be told by the difference.
    hidden = rows.assign(hidden=True)
    told = catchments.beyond(data, Portrait(0, 0, 0, 8, 64, 0, 0, 0), hidden)
    assert [text.split(" live")[0] for text in told] == ["About 60 patients", "About 10"]
    # Those known here do not blur those beyond.
    inside = rows.assign(hidden=rows.index == L1)
    assert catchments.beyond(data, figures, inside)[0].startswith("57 patients")


def test_rows_of_a_catchment_in_full() -> None:
    data = registered(
        {("P1", L1): 600, ("P1", L2): 200.4, ("P1", OUT): 100, ("P1", L3): 0.4, ("P2", L2): 100}
    )
    rows = catchments.catchment_rows(data, ["P1"], LSOAS, threshold=5)
    assert rows.index.tolist() == [L1, L2, OUT]
    assert rows.index.name == "lsoa_code"
    assert list(rows.columns) == [
        "lsoa", "district", "patients", "share_per_cent", "share_of_list_per_cent", "in_core",
        "modelled", "hidden",
    ]  # fmt: skip
    assert rows["patients"].tolist() == [600, 200, 100]
    assert rows["in_core"].tolist() == [True, True, False]
    assert rows["lsoa"].tolist()[:2] == ["Alpha 1", "Alpha 2"]
    assert rows["district"].isna().tolist() == [False, False, True]
    assert rows["share_per_cent"].tolist() == pytest.approx(
        [100, 100 * 200.4 / 300.4, np.nan], nan_ok=True
    )
    assert rows["share_of_list_per_cent"].tolist() == pytest.approx(
        [100 * n / 900.8 for n in (600, 200.4, 100)]
    )
    assert not rows["hidden"].any()
    assert not rows["modelled"].any()


def test_the_matrix_in_full() -> None:
    data = registered({("P1", L1): 900, ("P1", L3): 40, ("P2", L2): 300, ("P3", L3): 360})
    groups = {"P1": "north", "P2": "east", "P3": "south"}
    overlap = catchments.overlap_of(data, groups)
    table = catchments.matrix_rows(overlap, ["north", "nowhere", "south"], threshold=0)
    assert table.index.tolist() == ["north", "south"]
    assert table.index.name == "group"
    assert list(table.columns) == ["patients", "elsewhere_per_cent", "north", "south", "others"]
    assert table.loc["north"].tolist() == pytest.approx([940, 100 * 40 / 940, 900, 40, 0])
    assert table.loc["south"].tolist() == [360, 0, 0, 360, 0]
    assert table.drop(columns="elsewhere_per_cent").dtypes.astype(str).unique().tolist() == [
        "Int64"
    ]
    none = catchments.matrix_rows(overlap, ["nowhere"])
    assert list(none.columns) == ["patients", "elsewhere_per_cent"]
    assert catchments.elsewhere(overlap, "south") == (0, 0)


def test_who_is_used_most_by_the_small_number_of_the_app() -> None:
    """Without a threshold the small number holds: 4 of 4 are no main practice, 9 of 9 are."""
    data = registered({("P1", L1): 4, ("P2", L2): 9, ("P1", L3): 0, ("P1", OUT): 50})
    assert catchments.main_users(data)["dominant"].to_dict() == {L2: "P2"}
    every = catchments.main_users(data, threshold=0)
    assert every["dominant"].to_dict() == {L1: "P1", L2: "P2"}
    assert list(every.columns)[:4] == ["dominant", "patients", "lsoa_patients", "share"]
    fte = pd.Series({"P1": 2.0, "P2": 1.0})
    ratios = catchments.ratios_by_lsoa(data, fte)
    assert ratios.index.tolist() == [L1, L2, L3]
    assert ratios["patients_per_fte_gp"].tolist() == pytest.approx([np.nan, 9, np.nan], nan_ok=True)
    assert ratios["coverage"].tolist() == pytest.approx([1, 1, np.nan], nan_ok=True)
    shown = catchments.ratios_by_lsoa(data, fte, threshold=0)
    assert shown.loc[L1, "patients_per_fte_gp"] == pytest.approx(27)
    assert np.isnan(shown.loc[L3, "patients_per_fte_gp"])


def test_the_model_says_what_it_assumed() -> None:
    lsoas = gpd.GeoDataFrame(
        geometry=[box(x, 0, x + 1_000, 1_000) for x in (0, 1_000, 2_000)], index=HERE, crs=27700
    )
    practices = pd.DataFrame(
        {"patients": [600.0, np.nan], "easting": [500.0, 0], "northing": 500.0}, index=["P1", "P2"]
    )
    points = catchments.points_of(lsoas)
    assert points.loc[L2].tolist() == [1_500, 500]
    assert list(points.columns) == ["easting", "northing"]
    data = catchments.modelled(practices, lsoas)
    assert data.modelled
    assert data.period == ""
    assert data.lsoas.tolist() == HERE.tolist()
    assert data.note == (
        "Residents by LSOA are not loaded, so the model takes every LSOA to hold the same number "
        "of people, which is only roughly so. 1 practices without a position or a list are left "
        "out."
    )
    residents = pd.Series({L1: 100, L2: 200, L3: 300, OUT: 9})
    known = catchments.modelled(practices[:1], lsoas, residents)
    assert known.note == "Residents by LSOA are those loaded (ONS)."
    assert known.totals.to_dict() == pytest.approx({L1: 100, L2: 200, L3: 300}, rel=0.01)
    assert "not loaded" in catchments.modelled(practices, lsoas, residents.replace(300, 0)).note


def test_what_the_check_of_scores_needs() -> None:
    data = registered({("P1", L1): 10})
    practices = pd.DataFrame({"imd_score": [1.0]}, index=["P1"])
    scored = LSOAS.assign(imd2019_score=[1.0, 2, 3])
    model = registered({("P1", L1): 10}, modelled=True)
    file_7 = (
        "The recomputed score needs IMD 2019 scores by LSOA (its File 7, which has scores; source "
        "imd2019)."
    )
    published = "No published patient-weighted score is loaded for these practices."
    for asked, words in (
        ((model, practices, scored),
         "The score can only be checked with registrations, which are not loaded."),
        ((data, practices, LSOAS), file_7),
        ((data, practices, scored.assign(imd2019_score=np.nan)), file_7),
        ((data, practices[[]], scored), published),
        ((data, practices.assign(imd_score=np.nan), scored), published),
    ):  # fmt: skip
        with pytest.raises(UserError) as told:
            catchments.check_scores(*asked)
        assert str(told.value) == words


def test_the_check_of_scores_by_hand() -> None:
    """P4 is no practice of the data, P5 has no published score; a fifth of P3 has no LSOA score."""
    data = registered({("P1", L1): 10, ("P2", L2): 10, ("P3", L3): 8, ("P3", OUT): 2,
                       ("P4", L1): 99, ("P5", L1): 10})  # fmt: skip
    scored = LSOAS.assign(imd2019_score=[10.0, 20, 40])
    practices = pd.DataFrame({"imd_score": [12.0, 11, 40, np.nan]}, index=["P1", "P2", "P3", "P5"])
    check = catchments.check_scores(data, practices, scored)
    assert list(check.table.columns) == [
        "recomputed", "published", "difference", "patients", "matched",
    ]  # fmt: skip
    assert check.table["difference"].to_dict() == {"P1": -2, "P2": 9, "P3": 0}
    assert check.table.loc["P3", ["patients", "matched"]].tolist() == [10, 8]
    assert check.agreement.largest_at == "P2"
    # Ranks 1, 2, 3 against 2, 1, 3: Spearman's rho is 1 - 6 x 2 / 24.
    assert check.rank_correlation == pytest.approx(0.5)
    assert check.unmatched == pytest.approx(2 / 40)
