"""Lists of May 2025 carried to March 2026, against the real ones, as docs/methods.md says."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.measures.catchments import modelled
from pcs_dash.scenarios.changes import Homes, Scenario
from pcs_dash.scenarios.project import one_group, project
from pcs_dash.scenarios.today import BUILT, NEEDED, homes_a_year, today_of
from pcs_dash.tables.dataset import Dataset


def lists(official: Path, month: str, index: pd.Index) -> pd.Series:
    table = pd.read_csv(official / "registrations" / f"gp-reg-pat-prac-all-{month}.csv.gz")
    return table.set_index("CODE")["NUMBER_OF_PATIENTS"].reindex(index).astype(float)


@pytest.mark.parametrize(
    ("which", "grown", "error"), [("", 0, 1.70), (BUILT, 14_920, 1.84), (NEEDED, 28_176, 2.15)]
)
def test_homes_times_residents_overstate_how_lists_grow(
    dataset: Dataset, official: Path, which: str, grown: float, error: float
) -> None:
    may, march = (
        lists(official, month, dataset.practices.index) for month in ("2025-05", "2026-03")
    )
    assert march.sum() - may.sum() == 3_601
    then = dataclasses.replace(dataset, practices=dataset.practices.assign(patients=may))
    today = today_of(then, lambda data: modelled(data.practices, data.lsoas))
    homes = tuple(
        Homes(year=2026, last=2026, a_year=a_year * 10 / 12, where=where)
        for where, a_year in (homes_a_year(which) if which else {}).items()
    )
    found = project(today, Scenario("Ten months", 1, homes), one_group("Essex"), draws=0)
    after = found.frame(2026)["patients"]
    assert after.sum() - may.sum() == pytest.approx(grown, abs=1)
    assert 100 * (after - march).abs().sum() / march.sum() == pytest.approx(error, abs=0.01)
