"""A loaded area: ages of the loaded workforce, and closures by its registrations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pcs_dash.official.any_area import dataset_for, find_area
from pcs_dash.scenarios.changes import Close, Scenario
from pcs_dash.scenarios.flows import dispersal
from pcs_dash.scenarios.project import one_group, project
from pcs_dash.scenarios.today import Today, today_of
from pcs_dash.tables.paths import DATA_DIR
from pcs_dash.views.readers import STRAIGHT

TILBURY = "F81110"


@pytest.fixture
def loaded(england_data: Path, monkeypatch: pytest.MonkeyPatch) -> Today:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(england_data))
    dataset = dataset_for(find_area("icb-qh8"))
    assert dataset.version != "embedded"
    return today_of(dataset, STRAIGHT.registered)


def test_ages_and_trainees_are_those_of_the_file(loaded: Today) -> None:
    raw = pd.read_csv(
        DATA_DIR / "gp_workforce_practice_2025-12_essex.csv", index_col="practice_code"
    )
    shared = raw.index.intersection(loaded.practices.index)
    assert len(shared) > 130
    assert loaded.bands is not None
    assert loaded.trainees is not None
    for band in ("UNDER30", "60TO64", "70PLUS"):
        assert np.allclose(loaded.bands.loc[shared, band], raw.loc[shared, f"TOTAL_GP_FTE_{band}"])
    assert (loaded.trainees[shared] == raw.loc[shared, "TOTAL_GP_TRN_GR_ST3_HC"]).all()


def test_a_closure_by_registrations_is_that_of_the_table(loaded: Today) -> None:
    """The table of Essex was worked out elsewhere from the very registrations that are loaded."""
    assert loaded.dispersal is None
    found = dispersal(loaded, TILBURY)
    assert found is not None
    share = found.sum(axis=1)
    assert share.sum() == pytest.approx(1)
    raw = pd.read_csv(DATA_DIR / "closure_dispersal_2023-07_essex.csv")
    rows = (
        raw[raw["practice_code"] == TILBURY].set_index("destination").drop(columns="practice_code")
    )
    people = rows.sum(axis=1).drop("OTHER").drop("OUTSIDE")
    known = people.index.intersection(share.index)
    # To within two patients of 10,000 for each of those who take most.
    top = people[known].nlargest(8)
    assert np.allclose(share[top.index], top / rows.to_numpy().sum(), atol=0.002)
    scenario = Scenario("Closing", 1, (Close(year=loaded.year + 1, practice=TILBURY),))
    after = project(loaded, scenario, one_group("all"), draws=0)
    total = after.frame(loaded.year + 1)["patients"].sum() + after.outside(loaded.year + 1)
    assert total == pytest.approx(loaded.practices["patients"].sum())
    assert any("patients by LSOA of July 2023" in note for note in after.notes)
