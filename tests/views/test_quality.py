"""Quality beside capacity: what the view says, against the published files and plain sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures import quality
from pcs_dash.measures.register import QUALITY_MEASURES
from pcs_dash.official.any_area import find_area
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.tables.dataset import Dataset, JoinReport
from pcs_dash.views.answer import Chart, Table
from pcs_dash.views.loaded_data import OfficialPractices
from pcs_dash.views.quality import VIEW, colours_for, missing_measures, number_classes
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers

PRACTICES = pd.DataFrame({"patients": [1000, 3000]}, index=["A", "B"])


def test_every_missing_measure_names_a_publication_and_how_to_load_it(dataset: Dataset) -> None:
    lost = missing_measures(quality.quality_table(dataset.practices, None))
    needing = {m.family or m.label: m for m in QUALITY_MEASURES.values() if m.sources}
    assert lost["measure"].tolist() == list(needing)
    for measure, row in zip(needing.values(), lost.itertuples(), strict=True):
        for key in measure.sources:
            assert SOURCES[key].title in row.publication
        by_hand = any(not SOURCES[key].downloadable for key in measure.sources)
        assert row.how == ("choose its file" if by_hand else "load it")


def inside(value: float, words: str, decimals: int) -> bool:
    """Whether a value is what the words of its class say, in the class's own decimals."""
    text = words.replace(",", "")
    if text.startswith("all "):
        return round(value, decimals) == float(text[4:])
    if text.startswith("under "):
        return value < float(text[6:])
    if text.endswith(" or more"):
        return value >= float(text[:-8])
    if " to " not in text:
        return value == float(text)
    low, high = (float(part) for part in text.split(" to "))
    return low <= value <= high if decimals == 0 else low <= value < high


@settings(max_examples=150)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 400)), min_size=1, max_size=40),
    st.sampled_from([0, 1, 2]),
)
def test_classes_hold_what_their_words_say(numbers: list[int | None], decimals: int) -> None:
    values = pd.Series([np.nan if n is None else n / 10**decimals for n in numbers])
    classes, labels = number_classes(values, decimals)
    assert len(labels) <= 5
    assert classes.isna().equals(values.isna())
    for value, which in zip(values.dropna(), classes.dropna(), strict=True):
        assert inside(value, labels[int(which)], decimals), (value, labels)
    colours = colours_for(max(len(labels), 1))
    assert len(set(colours)) == max(len(labels), 1)


def test_what_is_loaded_and_brings_nothing_has_nothing_to_load() -> None:
    """Pharmacies and postcodes can be loaded without a place for 95% of the pharmacies."""
    sources = ["pharmacies", "postcodes", "allocations"]
    lost = missing_measures(quality.quality_table(PRACTICES, None), sources)
    lost = lost.set_index("measure")
    assert lost.loc["Pharmacies within a mile", "how"].startswith("none: what is loaded")
    assert lost.loc["Opticians within a mile", "how"] == "load it"


# --- the view -----------------------------------------------------------------------------------


@pytest.fixture
def made_up(dataset: Dataset) -> Readers:
    """Official columns for three practices of Thurrock, the rest without a figure."""
    codes = dataset.practices.index
    official = pd.DataFrame(index=codes)
    official["official_qof_per_cent"] = pd.Series(
        {"F81010": 90.0, "F81134": 80.0, "F81197": 100.0}, dtype="float64"
    ).reindex(codes)
    official["official_cqc_rating"] = pd.Series(
        {"F81010": "Good", "F81134": "Inadequate"}, dtype="str"
    ).reindex(codes)
    report = JoinReport("made up", "1:1", len(codes), 3, 3, (), ())
    found = OfficialPractices(official, report, {"qof": "2023-03-31", "cqc": "2024-12-31"})
    return Readers(practices=lambda _: found)


def asked(dataset: Dataset, readers: Readers, area: str = "Thurrock", **options: str) -> Question:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return ask(dataset, find_area(area), options=named, readers=readers)


def test_the_figure_is_the_weighted_mean_of_the_practices(
    dataset: Dataset, made_up: Readers
) -> None:
    answer = VIEW.answer(asked(dataset, made_up, quality="qof_per_cent"))
    lists = dataset.practices["patients"]
    codes, values = ["F81010", "F81134", "F81197"], np.array([90.0, 80.0, 100.0])
    mean = float((values * lists[codes]).sum() / lists[codes].sum())
    assert answer.figures[0].value == f"{mean:.1f}%"
    assert answer.figures[1].value == "3 practices"
    assert answer.figures[2].value == "23"
    chart = next(block for block in answer.front if isinstance(block, Chart))
    fte = dataset.practices["gp_fte_fully_qualified"]
    ratios = (lists / fte)[codes].dropna()
    shown = dict(zip(chart.series[0].codes, chart.series[0].values, strict=True))
    assert shown == pytest.approx(ratios[np.isfinite(ratios)].to_dict())
    assert "Too few practices" in answer.notes[0]


def test_categories_are_sums_over_sums(dataset: Dataset, made_up: Readers) -> None:
    answer = VIEW.answer(asked(dataset, made_up, quality="cqc_rating"))
    table = next(block for block in answer.front if isinstance(block, Table))
    rows = {row[0]: row[1:] for row in table.rows}
    own = dataset.practices.loc["F81010"]
    assert rows["Good"][:2] == ("1", f"{own['patients']:,}")
    assert rows["no figure"][0] == "24"
    ratio = own["patients"] / own["gp_fte_fully_qualified"]
    assert rows["Good"][2] == f"{ratio:,.0f}"


def test_a_group_without_a_list_leaves_both_sums(dataset: Dataset, made_up: Readers) -> None:
    """A practice with FTE but no list size is in neither sum of its PCN's ratio."""
    practices = dataset.practices.copy()
    practices["patients"] = practices["patients"].astype("float64")
    practices.loc["F81010", "patients"] = np.nan
    question = asked(replace(dataset, practices=practices), made_up)
    groups = next(part for part in VIEW.answer(question).sections if part.key == "groups")
    (table,) = groups.blocks(question)
    assert isinstance(table, Table)
    pcn = practices.loc["F81010", "pcn"]
    own = practices[(practices["pcn"] == pcn) & practices["patients"].notna()]
    own = own[own["gp_fte_fully_qualified"].notna()]
    expected = own["patients"].sum() / own["gp_fte_fully_qualified"].sum()
    shown = table.frame.set_index("group")["patients_per_fte_gp"]
    assert shown[pcn] == pytest.approx(expected)


@pytest.mark.parametrize("key", ["practices", "groups", "missing"])
@pytest.mark.parametrize("area", ["redbridge-district", "Essex"])
def test_every_section_of_every_area(
    dataset: Dataset, made_up: Readers, key: str, area: str
) -> None:
    question = asked(dataset, made_up, area, quality_by="Hub of my plan")
    section = next(part for part in VIEW.answer(question).sections if part.key == key)
    assert section.blocks(question)


def test_a_measure_that_nobody_here_has_makes_no_slide(dataset: Dataset, made_up: Readers) -> None:
    answer = VIEW.answer(asked(dataset, made_up, "redbridge-district", quality="qof_per_cent"))
    assert answer.refusal == "No practice of Redbridge has a figure for QOF achievement."
    assert answer.front == ()


def test_the_measure_asked_for_stands_beside_the_name_and_outliers_at_the_edge(
    dataset: Dataset,
) -> None:
    first, *_, last = VIEW.option("quality").labels(asked(dataset, Readers()))
    for measure in (first, last):
        question = asked(dataset, Readers(), quality=measure)
        (table,) = VIEW.answer(question).sections[0].blocks(question)
        assert table.fields[1].key == measure
    _, chart, note, *_ = VIEW.answer(asked(dataset, Readers())).front
    sound, implausible = (series.x for series in chart.series)
    assert max(sound) < max(implausible) < 1.2 * max(sound)
    assert "beyond the right edge: F81082 (8.06" in note.said
