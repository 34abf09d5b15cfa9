"""Quality beside capacity: what the view says, against the published files and plain sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.measures import quality
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.quality import colours_for, missing_measures, number_classes

PRACTICES = pd.DataFrame({"patients": [1000, 3000]}, index=["A", "B"])


def test_every_missing_measure_names_a_publication_and_a_command(dataset: Dataset) -> None:
    lost = missing_measures(quality.quality_table(dataset.practices, None))
    needing = {m.family or m.label: m for m in quality.MEASURES if m.sources}
    assert lost["measure"].tolist() == list(needing)
    for measure, row in zip(needing.values(), lost.itertuples(), strict=True):
        for key in measure.sources:
            assert SOURCES[key].title in row.publication
            assert key in row.command
        by_hand = any(not SOURCES[key].downloadable for key in measure.sources)
        assert row.command.endswith("--from FOLDER") == by_hand


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


@settings(max_examples=150, deadline=None, derandomize=True)
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


def test_what_is_loaded_and_brings_nothing_has_no_command() -> None:
    """Pharmacies and postcodes can be loaded without a place for 95% of the pharmacies."""
    sources = ["pharmacies", "postcodes", "allocations"]
    lost = missing_measures(quality.quality_table(PRACTICES, None), sources)
    lost = lost.set_index("measure")
    assert lost.loc["Pharmacies within a mile", "command"].startswith("none: what is loaded")
    assert lost.loc["Opticians within a mile", "command"] == "python -m pcs_dash update opticians"
