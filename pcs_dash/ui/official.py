"""The official data behind the pages, read once for every version of the store.

Each reader returns None when nothing is loaded (or it can't be read: the log says why), and is
kept under the store's folder and the version in use, so that an update or a rollback is seen at
the next run and nothing is read twice.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd
import streamlit as st

from pcs_dash.build import Dataset, JoinReport, join
from pcs_dash.errors import UserError

if TYPE_CHECKING:
    from pcs_dash.catchments import Registered
    from pcs_dash.official.store import Manifest

T = TypeVar("T")
_log = logging.getLogger(__name__)

# What the joined table calls the columns that the embedded one has under the same name.
PREFIX = "official_"


@dataclass(frozen=True)
class OfficialPractices:
    """The official columns of the practices of the data, by code.

    `table`: index as the data's practices, columns prefixed "official_"; `report`: the join;
    `periods`: source -> ISO date of what is loaded.
    """

    table: pd.DataFrame
    report: JoinReport
    periods: dict[str, str]


def manifest() -> Manifest | None:
    """What is loaded, or None."""
    from pcs_dash.official.store import Store

    return _or_none(Store().current)


def version() -> tuple[str, ...]:
    """Folder and version of the store in use, the key of all that is kept; () where empty."""
    from pcs_dash.official.store import Store

    loaded = manifest()
    if loaded is None:
        return ()
    return (str(Store().root.parent), str(loaded.version), loaded.created)


def periods() -> dict[str, str]:
    """Source -> ISO date of the newest table loaded; empty where nothing is."""
    loaded = manifest()
    if loaded is None:
        return {}
    return {entry.source: entry.period for entry in sorted(loaded.tables, key=lambda e: e.period)}


def practices(dataset: Dataset) -> OfficialPractices | None:
    """Quality and other official columns for the practices of the data; None if none are loaded."""
    key = version()
    return _or_none(lambda: _practices(key, _fingerprint(dataset), dataset)) if key else None


def registered(dataset: Dataset) -> Registered:
    """Registrations around the practices and LSOAs of the data, or the modelled stand-in."""
    key = version()
    if key:
        found = _or_none(lambda: _registered(key, _fingerprint(dataset), dataset))
        if found is not None:
            return found
    return _modelled(key, _fingerprint(dataset), dataset)


def history(dataset: Dataset) -> pd.DataFrame | None:
    """List sizes of every month loaded, for the data's sub-ICBs: period, practice_code, patients,
    sub_icb_code, district (missing where a closed practice's is unknown), postcode.
    """
    key = version()
    return _or_none(lambda: _history(key, _fingerprint(dataset), dataset)) if key else None


def positions(dataset: Dataset) -> pd.DataFrame:
    """Easting and northing by practice_code: the data's practices, and closed ones where the
    allocations name a place for them.
    """
    own = dataset.practices[["easting", "northing"]]
    if "allocations" not in periods():
        return own
    found = _or_none(lambda: _allocated_places(version()))
    return own if found is None else own.combine_first(found)


def names(dataset: Dataset) -> dict[str, str]:
    """Practice names by code, closed ones too where the ODS list is loaded."""
    own = {str(code): str(name) for code, name in dataset.practices["practice_name"].items()}
    if "ods_practices" not in periods():
        return own
    found = _or_none(lambda: _ods_names(version()))
    return {**(found or {}), **own}


def successors() -> pd.DataFrame | None:
    """The ODS list of successors, or None."""
    from pcs_dash.official.store import Store

    return (
        _or_none(lambda: Store().read("ods_successors")) if "ods_successors" in periods() else None
    )


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except UserError as error:
        _log.warning("official data not read: %s", error)
        return None


def _fingerprint(dataset: Dataset) -> tuple[int, int, int]:
    """What tells one area's data from another's: its practices and LSOAs."""
    codes = pd.util.hash_pandas_object(dataset.practices.index.to_series(), index=False)
    places = pd.util.hash_pandas_object(dataset.lsoas.index.to_series(), index=False)
    return len(dataset.practices), int(codes.sum()), int(places.sum())


@st.cache_resource(show_spinner="Reading the official data ...", max_entries=8)
def _practices(
    key: tuple[str, ...],
    fingerprint: tuple[int, int, int],  # noqa: ARG001 - part of the cache's key
    _dataset: Dataset,
) -> OfficialPractices | None:
    from pcs_dash.official.build import PRACTICES
    from pcs_dash.official.store import Store
    from pcs_dash.quality import OFFICIAL_COLUMNS, near_sites

    store = Store(Path(key[0]))
    loaded = store.require()
    if loaded.latest(PRACTICES) is None:
        return None
    table = store.read(PRACTICES)
    wanted = [name for name in OFFICIAL_COLUMNS if name in table.columns]
    codes = _dataset.practices.index.to_frame(index=False, name="practice_code")
    joined, report = join(
        codes,
        table[["practice_code", *wanted]],
        on="practice_code",
        cardinality="1:1",
        name="practices with official data",
    )
    joined = joined.set_index("practice_code")
    for source in ("pharmacies", "opticians"):
        if loaded.latest(source) and loaded.latest("postcodes"):
            joined[f"{source}_1_mile"] = near_sites(
                _dataset.practices, _dataset.lsoas, store.read(source), store.read("postcodes")
            )
    # Right-hand codes are all of England's: those of other places are no fault.
    report = JoinReport(
        report.name, report.cardinality, report.left_rows, report.right_rows, report.matched,
        report.left_only, (),
    )  # fmt: skip
    dates = {e.source: e.period for e in sorted(loaded.tables, key=lambda e: e.period)}
    return OfficialPractices(joined.add_prefix(PREFIX), report, dates)


@st.cache_resource(show_spinner="Reading the registrations ...", max_entries=4)
def _registered(
    key: tuple[str, ...],
    fingerprint: tuple[int, int, int],  # noqa: ARG001
    _dataset: Dataset,
) -> Registered | None:
    from pcs_dash.catchments import Registered
    from pcs_dash.official.build import REGISTRATIONS
    from pcs_dash.official.registrations import read_around
    from pcs_dash.official.store import Store

    store = Store(Path(key[0]))
    if store.require().latest(REGISTRATIONS) is None:
        return None
    table = read_around(store, _dataset.practices.index, _dataset.lsoas.index)
    if not table["practice_code"].isin(_dataset.practices.index).any():
        return None
    period = f"{table['period'].iloc[0]:%B %Y}"
    found = Registered(table.drop(columns="period"), _dataset.lsoas.index, period=period)
    gc.collect()
    gc.freeze()
    return found


@st.cache_resource(show_spinner="Modelling who lives where ...", max_entries=4)
def _modelled(
    key: tuple[str, ...],
    fingerprint: tuple[int, int, int],  # noqa: ARG001
    _dataset: Dataset,
) -> Registered:
    from pcs_dash.catchments import modelled, residents_of_2011
    from pcs_dash.official.store import Store

    residents = None
    if key and {"lsoa_population", "lsoa11_lsoa21"} <= set(periods()):
        store = Store(Path(key[0]))
        residents = _or_none(
            lambda: residents_of_2011(store.read("lsoa_population"), store.read("lsoa11_lsoa21"))
        )
    return modelled(_dataset.practices, _dataset.lsoas, residents)


@st.cache_resource(show_spinner="Reading the lists ...", max_entries=4)
def _history(
    key: tuple[str, ...],
    fingerprint: tuple[int, int, int],  # noqa: ARG001
    _dataset: Dataset,
) -> pd.DataFrame | None:
    from pcs_dash.official.build import LISTS
    from pcs_dash.official.store import Store

    store = Store(Path(key[0]))
    if store.require().latest(LISTS) is None:
        return None
    table = store.read(LISTS)
    ours = _dataset.practices
    table = table[
        table["sub_icb_code"].isin(ours["sub_icb_code"]) | table["practice_code"].isin(ours.index)
    ]
    district = table["practice_code"].map(ours["district"])
    # Where a practice stands now counts for all months, as the sub-ICB of now does.
    sub_icb = table["practice_code"].map(ours["sub_icb_code"])
    unknown = district.isna()
    if unknown.any() and store.require().latest("postcodes"):
        codes = store.read("postcodes").drop_duplicates("postcode").set_index("postcode")
        names = ours.drop_duplicates("district_code").set_index("district_code")["district"]
        there = table["postcode"].map(codes["district_code"]).map(names)
        district = district.fillna(there)
    return table.assign(
        district=district, sub_icb_code=sub_icb.fillna(table["sub_icb_code"])
    ).reset_index(drop=True)


@st.cache_resource(show_spinner=False, max_entries=2)
def _allocated_places(key: tuple[str, ...]) -> pd.DataFrame:
    import pyproj

    from pcs_dash.official.store import Store

    columns = ["practice_code", "longitude", "latitude"]
    table = Store(Path(key[0])).read("allocations", columns=columns).dropna()
    to_grid = pyproj.Transformer.from_crs(4326, 27700, always_xy=True)
    east, north = to_grid.transform(table["longitude"].to_numpy(), table["latitude"].to_numpy())
    places = pd.DataFrame({"easting": east, "northing": north}, index=table["practice_code"])
    return places[~places.index.duplicated()]


@st.cache_resource(show_spinner=False, max_entries=2)
def _ods_names(key: tuple[str, ...]) -> dict[str, str]:
    from pcs_dash.official.store import Store

    table = Store(Path(key[0])).read("ods_practices", columns=["practice_code", "practice_name"])
    return dict(zip(table["practice_code"], table["practice_name"].str.title(), strict=True))
