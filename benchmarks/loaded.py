"""Loaded tables by area, as benchmarks and tests read them."""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.built_tables import LSOAS, REGISTRATIONS, england_practices
from pcs_dash.official.loaded_areas import OfficialArea, find_official_area
from pcs_dash.official.store import Store


def england_lsoas(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """LSOAs (2011) of an area: index lsoa11cd. An LSOA belongs to the ICB the lookup names or,
    without it, to that of most of its registered patients (`icb_basis`); to its district.
    """
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    table = store.read(LSOAS, where=chosen.icb_codes)
    return chosen.select(table).set_index("lsoa11cd").sort_index()


def england_registrations(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """Patients by practice and LSOA of the practices of an area: practice_code, lsoa_code,
    patients (where the patients live may be anywhere).

    LSOAs are those of 2011 also where the publication has those of 2021 (`build_all` carries
    them back; merged ones keep their new code). England includes practices closed since, and all
    of England also where the build is of one ICB: totals of an LSOA are of everyone in it.
    """
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    if chosen.kind == "england":
        return store.read(REGISTRATIONS)
    table = store.read(REGISTRATIONS, where=chosen.icb_codes)
    if chosen.kind in ("region", "icb"):
        return table
    codes = england_practices(chosen, store=store).index
    return table[table["practice_code"].isin(codes)].reset_index(drop=True)
