"""Verdict, interval and p-value agree in every sentence: all areas, definitions and editions."""

from __future__ import annotations

import math
import re
from itertools import product

import pandas as pd
import pytest

from pcs_dash.measures import intervals
from pcs_dash.measures.correlation import METHODS, correlate_practices, within_between
from pcs_dash.measures.inequality import area_inequality, concentration_index, quintile_table
from pcs_dash.measures.patient_matrix import MEASURES
from pcs_dash.measures.practice_measures import measure
from pcs_dash.measures.words import (
    Words,
    concentration_words,
    correlation_words,
    gap_words,
    inequality_words,
    within_between_words,
)
from pcs_dash.measures.workforce import GP_DEFINITIONS, gp_definition
from pcs_dash.tables.areas import Area, all_areas

DATE = "31 December 2025"
LIMITS = re.compile(r"95% interval (\S+) to ([^\s,)]+)")
# What a verdict may be beside, by p.
GRADES = ((0.01, "clear evidence"), (0.05, "weak evidence"), (math.inf, "no evidence"))


def agree(
    said: Words, p_value: float, low: float, high: float, *, null: float = 0.0, what: str
) -> None:
    """The verdict is that of p; the interval, as printed too, leaves the null value out with it."""
    if math.isnan(p_value):
        assert "evidence" not in said.finding, what
        return
    expected = next(words for bound, words in GRADES if p_value < bound)
    assert expected in said.finding, (what, p_value, said.finding)
    if math.isnan(low):
        assert "by permutation" in said.basis, what
        return
    excludes = low > null or high < null
    assert excludes == (p_value < 0.05), (what, p_value, low, high)
    printed = LIMITS.search(said.basis)
    assert printed is not None, what
    shown = [float(part.replace("−", "-").replace(",", "")) for part in printed.groups()]
    assert (shown[0] > null or shown[1] < null) == excludes, (what, shown)


@pytest.fixture(autouse=True)
def few_permutations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule is the same however many orders p rests on, or draws decide on an interval."""
    monkeypatch.setattr(intervals, "PERMUTATIONS", 499)
    monkeypatch.setattr(intervals, "DRAWS", 200)


@pytest.mark.parametrize(
    ("evidence", "p_value", "low", "printed"),
    [
        ("no evidence", 0.03, 0.1, "0.10"),
        ("weak evidence", 0.003, 0.1, "0.10"),
        ("weak evidence", 0.2, -0.1, "−0.10"),
        ("weak evidence", 0.03, -0.1, "−0.10"),  # the interval has zero in it
        ("no evidence", 0.2, 0.1, "0.10"),  # the interval leaves zero out
        ("weak evidence", 0.03, 0.004, "0.00"),  # the limit printed does not
    ],
)
def test_a_contradiction_is_found(evidence: str, p_value: float, low: float, printed: str) -> None:
    said = Words(f"There is {evidence} of it.", "", f"r 0.3 (95% interval {printed} to 0.50).")
    with pytest.raises(AssertionError):
        agree(said, p_value, low, 0.5, what="made up")


@pytest.mark.parametrize("definition", list(GP_DEFINITIONS))
@pytest.mark.parametrize("area", all_areas(), ids=lambda area: area.key)
def test_verdict_interval_and_p_agree(practices: pd.DataFrame, area: Area, definition: str) -> None:
    own = area.select(practices)
    basis = {"place": area.name, "date": DATE}
    y = "patients_per_fte_gp"
    for x, (method, weighted) in product(
        ("imd_score", "imd2019_share_quintile_1"),
        (*((method, False) for method in METHODS), ("spearman", True)),
    ):
        found = correlate_practices(
            own, x, y, definition=definition, method=method, weighted=weighted
        )
        said = correlation_words(found, definition=definition, **basis)
        agree(said, found.p_value, found.ci_low, found.ci_high, what=f"{method} {x} {weighted}")
    for level, edition in (("practice", "2025"), ("quintile", "2025"), ("quintile", "2019")):
        for key in MEASURES:
            result = area_inequality(
                own, level=level, measure=key, definition=definition, edition=edition
            )
            index, told = result.index, inequality_words(result, **basis)
            agree(told, index.p_value, index.sii_low, index.sii_high, what=f"{level} {key}")
            if math.isfinite(index.rii_low):
                relative = index.rii_low > 1 or index.rii_high < 1
                assert relative == (index.p_value < 0.05)
    for edition in ("2025", "2019"):
        for gap in quintile_table(own, definition=definition, edition=edition).gaps.values():
            said = gap_words(gap, definition=definition, **basis)
            agree(said, gap.p_value, gap.ratio_low, gap.ratio_high, null=1, what=gap.measure)
            if math.isfinite(gap.ratio_low):
                apart = gap.difference_low > 0 or gap.difference_high < 0
                assert apart == (gap.p_value < 0.05)
    held = concentration_index(
        own[gp_definition(definition).column], own["patients"], own["imd_score"]
    )
    said = concentration_words(held, definition=definition, **basis)
    agree(said, held.p_value, held.low, held.high, what="concentration")


@pytest.mark.parametrize("definition", list(GP_DEFINITIONS))
@pytest.mark.parametrize("name", ["essex", "mid-and-south-essex"])
def test_all_practices_and_places_tell_one_story(
    practices: pd.DataFrame, name: str, definition: str
) -> None:
    """Ranks beside ranks: no "clear" over all practices beside "no evidence" within places."""
    area = next(area for area in all_areas() if area.key == name)
    own = area.select(practices)
    y = measure(own, "patients_per_fte_gp", definition)
    result = within_between(measure(own, "imd_score"), y, own["place"])
    said = within_between_words(result, definition=definition, date=DATE)
    assert result.pooled.excludes_zero
    assert result.within.excludes_zero
    assert "The two agree" in said.caution
