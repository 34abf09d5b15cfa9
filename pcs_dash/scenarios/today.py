"""Where a projection starts: today's practices, and what is known of their GPs and patients."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

import geopandas as gpd
import numpy as np
import pandas as pd

from pcs_dash.measures.catchments import Registered
from pcs_dash.measures.register import ROLE_COLUMNS
from pcs_dash.measures.weighted_lists import REGISTERED, WEIGHTINGS, as_registered, ratios
from pcs_dash.official.store import Store
from pcs_dash.official.stored_tables import stored_columns
from pcs_dash.tables import load
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError

# Age bands of the workforce file, youngest first, and GPs whose age nobody knows.
BANDS = (
    "UNDER30", "30TO34", "35TO39", "40TO44", "45TO49", "50TO54", "55TO59", "60TO64", "65TO69",
    "70PLUS", "UNKNOWN_AGE",
)  # fmt: skip
_BAND_COLUMNS = tuple(f"TOTAL_GP_FTE_{band}" for band in BANDS)
_TRAINEES = "TOTAL_GP_TRN_GR_ST3_HC"
_EMBEDDED = "embedded"
NETWORK_CARE, PCN_CARE = "network_care_fte", "Other Direct Patient Care staff"
# Stands for practices that are not in the data.
BEYOND = ""


@dataclass(frozen=True, eq=False)
class Today:
    """All practices of a data set, and what else a projection can use.

    `year`: that of the GP figures, whose December is the first point. `bands`: FTE of all GPs by
    age band (`BANDS`), `trainees`: GPs in their last year of training (headcount), index
    practice_code; `dispersal`: where patients of each practice would go; each None where it is not
    loaded. `registered` gives patients by small area, as registered, when they are needed;
    `weights`: what one of a practice's patients counts as in its list (1: as registered).
    """

    practices: pd.DataFrame
    lsoas: gpd.GeoDataFrame
    year: int
    period: str
    bands: pd.DataFrame | None
    trainees: pd.Series | None
    dispersal: pd.DataFrame | None
    registered: Callable[[], Registered]
    weights: pd.Series

    @cached_property
    def registrations(self) -> Registered:
        """Patients by practice and small area, real or modelled (its label says which)."""
        return self.registered()

    @cached_property
    def living_in(self) -> pd.DataFrame:
        """Patients of each practice (index: its code; `BEYOND`: those of others) by district."""
        table = self.registrations.table.astype({"practice_code": "object", "lsoa_code": "object"})
        districts = self.lsoas["district"].astype("object")
        code = table["practice_code"]
        code = code.where(code.isin(self.practices.index), BEYOND)
        living = table.assign(practice_code=code, district=table["lsoa_code"].map(districts))
        found = living.pivot_table("patients", "practice_code", "district", "sum", fill_value=0)
        return found.reindex(columns=districts.dropna().unique(), fill_value=0)


def today_of(
    dataset: Dataset,
    registered: Callable[[Dataset], Registered],
    networks: pd.DataFrame | None = None,
) -> Today:
    """Today's practices of a data set. `registered` reads who is registered where; `networks`: the
    staff whom networks employ (pcn_code, staff_group, fte), where they are loaded. UserError where
    no GP figures are loaded.
    """
    found = re.search(r"\b(20\d\d)\b", dataset.workforce_period)
    if found is None or not dataset.has_gps:
        raise UserError(
            "Plans ahead start from GP figures (FTE), and none are loaded for this area. The "
            "General Practice Workforce file brings them: choose it under Data and methods."
        )
    embedded = dataset.version == _EMBEDDED
    workforce = load.load_workforce() if embedded else _loaded_workforce()
    bands = trainees = None
    if workforce is not None:
        workforce = workforce.set_index("practice_code").reindex(dataset.practices.index)
        if set(_BAND_COLUMNS) <= set(workforce.columns):
            bands = workforce[[*_BAND_COLUMNS]].set_axis([*BANDS], axis=1)
        trainees = workforce.get(_TRAINEES)
    roles = {
        role: np.nan if workforce is None or not set(parts) <= set(workforce.columns)
        else workforce[[*parts]].sum(axis=1, skipna=False)
        for role, parts in ROLE_COLUMNS.items()
    }  # fmt: skip
    if networks is None and embedded:
        networks = load.load_pcn_staff()
    return Today(
        dataset.practices.assign(
            **{name: values for name, values in roles.items() if name not in dataset.practices},
            **{NETWORK_CARE: _shared_out(dataset.practices, networks)},
        ),
        dataset.lsoas,
        int(found[1]),
        dataset.workforce_period,
        bands,
        trainees,
        load.load_closure_dispersal() if embedded else None,
        lambda: registered(as_registered(dataset)),
        ratios(dataset.practices, WEIGHTINGS[dataset.weighting or REGISTERED.key]),
    )


def _shared_out(practices: pd.DataFrame, networks: pd.DataFrame | None) -> pd.Series:
    """FTE in direct patient care whom each practice's network employs, by list size within it;
    missing where the practice is in no network, or nothing is known of its.
    """
    if networks is None:
        return pd.Series(np.nan, index=practices.index)
    care = networks[networks["staff_group"].astype("object") == PCN_CARE]
    # A network that is there without such staff has none.
    known = networks["pcn_code"].astype("object").unique()
    fte = care.groupby(care["pcn_code"].astype("object"))["fte"].sum().reindex(known, fill_value=0)
    codes = practices["pcn_code"].astype("object")
    lists = practices["patients"].astype("float64")
    return codes.map(fte).astype("float64") * lists / lists.groupby(codes).transform("sum")


def _loaded_workforce() -> pd.DataFrame | None:
    """Ages and trainees of the workforce loaded, as far as it has them."""
    store = Store()
    loaded = store.current()
    entry = loaded.latest("workforce") if loaded is not None else None
    if entry is None:
        return None
    there = stored_columns(store.root, entry)
    roles = [name for parts in ROLE_COLUMNS.values() for name in parts]
    asked = dict.fromkeys(("practice_code", *_BAND_COLUMNS, _TRAINEES, *roles))
    wanted = [name for name in asked if name in there]
    return store.read("workforce", columns=wanted)


# --- homes ---

NEEDED, BUILT = "homes_needed_a_year", "homes_built_a_year_3_year_average"
BEFORE = "homes_needed_a_year_before"


def districts_named(row: str) -> tuple[str, ...]:
    """The districts of a row: "A, B and C together" is three."""
    return tuple(re.split(r", | and ", row.removesuffix(" together")))


@cache
def homes_a_year(which: str = NEEDED) -> Mapping[str, float]:
    """Homes a year by district of Essex; districts without a figure of their own share the rest
    of the county's, under the name "A, B and C together". Source: `data/homes_essex_districts.csv`.
    """
    table = load.load_homes().set_index("district")[which]
    whole, single = table.iloc[-1], table.iloc[:-1]
    known = single.dropna()
    together = [name for row in single.index[single.isna()] for name in districts_named(row)]
    found = {str(name): float(value) for name, value in known.items()}
    if together:
        rest = f"{', '.join(together[:-1])} and {together[-1]} together"
        found[rest] = float(whole - known.sum())
    return found
