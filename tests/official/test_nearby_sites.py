"""Pharmacies, opticians and dental sites within a mile: from the files to the pages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import samples

from pcs_dash.measures import quality
from pcs_dash.official import available_measures, built_tables
from pcs_dash.official.area_dataset import dataset_of
from pcs_dash.official.loaded_areas import find_official_area
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.views import loaded_data


def test_from_files_to_the_table_of_practices(tmp_path: Path) -> None:
    folder = samples.write(
        tmp_path / "files", "list_sizes", "pcn_membership", "allocations", "pharmacies",
        "opticians", "dental_sites", "qof_prevalence",
    )  # fmt: skip
    # F81001 stands at 51.570733 N, 0.548167 E; all three sites have the postcode SS7 4EA.
    (folder / "ONSPD_MAY_2025.csv").write_text(
        "pcds,doterm,oseast1m,osnrth1m,oslaua,lsoa11,lsoa21\n"
        "SS7 4EA,,577000,189000,E07000069,E01000001,E01000001\n",
        encoding="utf-8",
    )
    store = Store(tmp_path / "data")
    report = update_store(store, origin=str(folder))
    assert not report.failed
    table = built_tables.england_practices(store=store)
    for column in ("pharmacies_1_mile", "opticians_1_mile", "dental_sites_1_mile"):
        assert table[column].dropna().to_dict() == {"F81001": 1, "F81003": 0, "F81100": 0}
        assert pd.isna(table.loc["F81102", column])  # it has no position
    # The pages show what was built, nought and missing as they are.
    data = dataset_of(find_official_area("England", store), store)
    shown = loaded_data.practices(store, data)
    assert shown is not None
    offered = quality.quality_table(data.practices, shown.table)
    assert offered["pharmacies_1_mile"].dropna().to_dict() == {
        "F81001": 1,
        "F81003": 0,
        "F81100": 0,
    }
    assert offered.loc["F81001", "qof_prev_dm"] == pytest.approx(100 * 900 / 10_800)
    measures = available_measures.measures(store).set_index("column")
    assert measures.loc[["pharmacies_1_mile", "opticians_1_mile"], "available"].all()
    assert measures.loc["qof_prev_dm", "available"]
    assert table.loc["F81001", "qof_prev_dm"] == pytest.approx(100 * 900 / 10_800)
    assert table.loc["F81001", "qof_prev_dep"] == 0
    assert pd.isna(table.loc["F81001", "qof_prev_ost"])
    assert pd.isna(table.loc["F81003", "qof_prev_ost"])
    assert pd.isna(table.loc["F81100", "qof_prev_dm"])
