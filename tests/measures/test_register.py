"""The register of measures: one place for names, group figures by plain loops, docs that agree."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures import register
from pcs_dash.measures.glossary import meaning
from pcs_dash.measures.register import (
    ACROSS,
    AREA_MEASURES,
    HUB_MEASURES,
    QUALITY_MEASURES,
    REGISTER,
    UP,
    Measure,
    flagged_appointments,
    flagged_recent,
    own,
    recent_appointments,
)
from pcs_dash.measures.sums import ratio_by_group
from pcs_dash.measures.workforce import GP_DEFINITIONS, summarise
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.tables.constants import IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.views.cells import FORMS, cell_text

PACKAGE = ROOT / "pcs_dash"
METHODS = (ROOT / "docs" / "methods.md").read_text("utf-8")
MODULES = [*sorted(PACKAGE.rglob("*.py")), *sorted((ROOT / "pages").glob("*.py"))]
# The register itself, and what publishers call the columns of their files.
APART = (PACKAGE / "measures" / "register.py", PACKAGE / "official" / "loaders" / "quality.py")
EVERYWHERE = [*REGISTER.values(), *AREA_MEASURES.values(), *ACROSS.values(), *UP.values()]
# One word such as "Practices" is no name of a measure wherever it stands.
NAMES = {
    name for m in EVERYWHERE for name in (m.label, m.long, m.short) if " " in name
}  # fmt: skip


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring, parts of f-strings too."""
    tree = ast.parse(source)
    bare = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def test_the_name_of_the_headline_measure_stands_once() -> None:
    places = [
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for _, text in texts(path.read_text("utf-8"))
        if "Patients per FTE GP" in text
    ]
    assert places == ["pcs_dash/measures/register.py"]
    scripts = [*PACKAGE.rglob("*.js")]
    assert scripts
    assert not [path for path in scripts if "Patients per FTE GP" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", [p for p in MODULES if p not in APART], ids=lambda path: path.name)
def test_no_module_types_the_name_of_a_measure(path: Path) -> None:
    assert not [(line, text) for line, text in texts(path.read_text("utf-8")) if text in NAMES]


def literal_headings(source: str) -> list[str]:
    """Keys of the register whose column is headed by typed words."""
    return [
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Column"
        and len(node.args) > 1
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in REGISTER
        and isinstance(node.args[1], ast.Constant)
    ]  # fmt: skip


def test_headings_of_measures_come_from_the_register() -> None:
    assert literal_headings('Column("patients", "People")') == ["patients"]
    for path in sorted((PACKAGE / "views").glob("*.py")):
        assert not literal_headings(path.read_text("utf-8")), path.name


def test_numbers_of_several_rooms_stand_once() -> None:
    ours = {32_844, 33_755, 4_500, 1_800, 30_000, 50_000}
    for path in MODULES:
        if path.name == "constants.py":
            continue
        typed = {
            node.value
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float)
        }
        assert not typed & ours, path.name
    for path in PACKAGE.rglob("*.js"):
        assert not re.search(r"\b3(3755|2844)\b", path.read_text("utf-8")), path.name


# --- what is over what ---

PARTS = {
    "patients_per_fte_gp": ("patients", "fte", 1),
    "gps_per_1000": ("fte", "patients", 1_000),
    "gps_per_10000": ("fte", "patients", 10_000),
    "share_gps_55_plus": ("gps_55_plus", "gps_with_known_age", 1),
    "share_gps_60_plus": ("gps_60_plus", "gps_with_known_age", 1),
}


def by_hand(rows: pd.DataFrame, top: str, bottom: str, fte: str) -> float:
    above = below = 0.0
    for _, row in rows.iterrows():
        one, other = (row[fte if name == "fte" else name] for name in (top, bottom))
        if not (pd.isna(one) or pd.isna(other)):
            above, below = above + float(one), below + float(other)
    return above / below if below else math.nan


@pytest.mark.parametrize("definition", GP_DEFINITIONS.values(), ids=lambda each: each.key)
@pytest.mark.parametrize("key", PARTS)
def test_groups_are_sums_over_sums(dataset: Dataset, key: str, definition) -> None:
    practices = dataset.practices.copy()
    practices.loc[practices.index[:3], definition.column] = np.nan
    top, bottom = REGISTER[key].parts(practices, definition.key)
    found = ratio_by_group(top, bottom, practices["district"])
    engine = summarise(practices, "district", definition=definition.key)
    above, below, times = PARTS[key]
    for name, rows in practices.groupby("district"):
        expected = times * by_hand(rows, above, below, definition.column)
        value = REGISTER[key].times * found.loc[name, "value"]
        assert value == pytest.approx(expected, nan_ok=True)
        assert engine.loc[name, key] == pytest.approx(expected, nan_ok=True)


def test_a_weighted_measure_is_a_mean_by_patients() -> None:
    table = pd.DataFrame(
        {"patients": [1000, 3000, 500, None], "imd_score": [10.0, 30.0, None, 50.0]},
        index=[*"ABCD"],
    )  # fmt: skip
    top, bottom = REGISTER["imd_score"].parts(table)
    found = ratio_by_group(top, bottom, pd.Series("all", index=table.index)).loc["all"]
    assert (found["value"], found["n"]) == (25.0, 2)
    # A practice's own figure is the published one to the last bit.
    assert REGISTER["imd_score"].values(table).tolist()[:2] == [10.0, 30.0]


def of_two(
    table: dict[str, list[object]], key: str, definition: str = "fully_qualified"
) -> list[float]:
    """A measure of practices A and B, whose series is named after it."""
    found = {**REGISTER, **QUALITY_MEASURES}[key].values(
        pd.DataFrame(table, index=["A", "B"]), definition
    )
    assert (found.name, found.index.tolist(), found.dtype) == (key, ["A", "B"], "float64")
    return found.tolist()


def test_figures_of_practices_by_hand() -> None:
    """The quotient, times what the unit asks for; none where there is nothing to divide by."""
    staff = {
        "patients": [3_000, 4_000], "gp_fte_fully_qualified": [2.0, 0.0],
        "gp_fte_permanent": [0.5, 2.0], "imd_score": [21, 35],
    }  # fmt: skip
    assert of_two(staff, "patients_per_fte_gp") == pytest.approx([1_500, np.nan], nan_ok=True)
    assert of_two(staff, "patients_per_fte_gp", "permanent") == [6_000, 2_000]
    assert of_two(staff, "gps_per_1000", "permanent") == pytest.approx([1 / 6, 0.5])
    assert of_two(staff, "imd_score") == [21, 35]
    month = {
        "patients": [9_000, 9_000], "list_size": [500, 400], "appointments": [100, 100],
        "flag_appointments": [False, True], "wait_unknown": [20, 20], "same_day": [40, 40],
        "cqc_rating": ["Good", "Outstanding"],
    }  # fmt: skip
    # Of the list of the same month, not of the workforce's patients.
    assert of_two(month, "appointments_per_patient") == pytest.approx([0.2, np.nan], nan_ok=True)
    assert of_two(month, "same_day_per_cent") == pytest.approx([50, np.nan], nan_ok=True)
    month["appointments"] = [20, 100]
    assert np.isnan(of_two(month, "same_day_per_cent")[0])


@pytest.mark.parametrize(
    ("ratings", "share"), [(["Good", "Outstanding"], 100), (["Inadequate", "good"], 0)]
)
def test_the_share_of_good_ratings_and_patients_a_practice(
    ratings: list[str], share: float
) -> None:
    table = pd.DataFrame({"cqc_rating": ratings, "patients": [1, 1], "list_size": [500, 300]})
    for key, value in {"cqc": share, "patients_per_practice": 400}.items():
        measure = REGISTER[key]
        top, bottom = measure.parts(table)
        found = ratio_by_group(top, bottom, pd.Series("all", index=table.index)).loc["all", "value"]
        assert found * measure.times == value


def test_measures_of_a_users_file_join_and_the_later_of_one_key_replaces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(register, "_OWN", {})
    first = Measure(key="checks", label="Health checks")
    register.join({"checks": first, "visits": Measure(key="visits", label="Visits")})
    register.join({"checks": replace(first, label="Checks")})
    assert {key: each.label for key, each in own(["checks", "elsewhere"]).items()} == {
        "checks": "Checks"
    }


def test_implausible_appointments_are_marked_and_what_is_missing_is_not() -> None:
    month = pd.DataFrame({"flag_appointments": [True, False, None]})
    assert flagged_appointments(month).tolist() == [True, False, False]
    most = IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT
    table = pd.DataFrame(
        {
            "appointments": [100.0 * most, 100.0 * most + 1, 0, np.nan, 50],
            "list_size_2025_12": [100.0, 100, 100, 100, 0],
        }
    )
    assert recent_appointments(table[:1].assign(list_size_2025_12=1)).tolist() == [100 * most]
    recent = recent_appointments(table)
    assert recent.tolist() == pytest.approx([most, most + 0.01, 0, np.nan, np.nan], nan_ok=True)
    assert flagged_recent(table).tolist() == [False, True, True, False, False]


def test_rows_of_no_group_and_groups_without_a_figure() -> None:
    top, bottom = pd.Series([1.0, 2.0, np.nan, 4.0]), pd.Series([2.0, 0.0, 5.0, 1.0])
    found = ratio_by_group(top, bottom, pd.Series(["a", "b", "c", None]))
    assert found.index.tolist() == ["a", "b", "c"]
    assert found.loc["a"].tolist() == [0.5, 1]
    assert found["value"].isna().tolist() == [False, True, True]
    assert found["n"].tolist() == [1, 1, 0]


# --- what it says of itself ---


def test_every_figure_of_the_engine_is_registered(dataset: Dataset) -> None:
    assert set(summarise(dataset.practices).columns) <= set(REGISTER)


@pytest.mark.parametrize("measure", EVERYWHERE, ids=lambda each: each.key)
def test_each_is_whole(measure: Measure) -> None:
    assert measure.label
    assert measure.form in FORMS
    assert set(measure.sources) <= set(SOURCES) | {"workforce"}
    assert not measure.term or meaning(measure.term)
    assert not measure.beware or measure.beware.endswith(".")
    assert bool(measure.top) == bool(measure.bottom)


def test_figures_as_text_are_those_of_cells() -> None:
    for key, value in {
        "patients": 1234.0, "fte_gap": -3.26, "imd_score": 21.04, "need_weighted": 1.0005,
        "cqc": 96.04, "share_gps_60_plus": 0.256,
    }.items():  # fmt: skip
        assert REGISTER[key].text(value) == cell_text(value, REGISTER[key].form)
        assert REGISTER[key].text(math.nan) == "no figure"
    assert REGISTER["share_gps_60_plus"].with_unit(0.256) == "26%"
    assert REGISTER["share_gps_60_plus"].text(0.2567, 1) == "25.7%"
    assert REGISTER["imd_score"].text(21.04, 2) == "21.04"
    assert REGISTER["fte_gap"].text(3.26) == "+3.3"
    assert Measure(key="bare", label="Bare").with_unit(3) == "3"
    assert AREA_MEASURES["patients_per_practice"].with_unit(9876.5) == "9,876 patients"
    assert AREA_MEASURES["qof"].with_unit(95.25) == "95.2%"
    assert AREA_MEASURES["qof"].with_unit(math.nan) == "no figure"


def test_how_workbooks_write_them() -> None:
    formats = {key: REGISTER[key].number_format for key in ("patients", "imd_score", "fte_gap")}
    assert formats == {
        "patients": "#,##0", "imd_score": "#,##0.0", "fte_gap": "+#,##0.0;−#,##0.0;0.0",
    }  # fmt: skip
    assert REGISTER["share_quintile_1"].number_format == "0.0%"
    assert REGISTER["cqc"].number_format == '#,##0.0"%"'


# --- docs/methods.md ---


def first_of_families(measures: Mapping[str, Measure]) -> list[tuple[str, Measure]]:
    """Name and measure, one of each family."""
    found: dict[str, Measure] = {}
    for measure in measures.values():
        found.setdefault(measure.family or measure.label, measure)
    return list(found.items())


def table_of(head: str, rows: list[tuple[str, ...]]) -> str:
    rule = "|".join("---" for _ in head.strip("|").split("|"))
    return "\n".join([head, f"|{rule}|", *(f"| {' | '.join(row)} |" for row in rows)])


@pytest.mark.parametrize(
    "table",
    [
        table_of(
            "| measure | unit | definition |",
            [(m.label, m.unit, m.definition) for m in HUB_MEASURES.values()],
        ),
        table_of(
            "| measure | over what | beware |",
            [
                (m.label, m.definition, m.beware)
                for m in (*AREA_MEASURES.values(), REGISTER["change_per_cent"])
            ],
        ),
        table_of(
            "| measure | unit | of a group | beware |",
            [
                (name, m.unit, m.definition, m.beware)
                for name, m in first_of_families(QUALITY_MEASURES)
            ],
        ),
    ],
    ids=("hubs", "areas of England", "quality"),
)
def test_the_tables_of_the_methods_are_the_register(table: str) -> None:
    assert f"\n{table}\n" in METHODS
