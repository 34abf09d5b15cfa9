"""What the official data hold of the practices and LSOAs of one data set, whoever shows it.

Every reader returns None where the publication is not loaded. UserError where the store is damaged.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from pcs_dash.measures import england_areas as england
from pcs_dash.measures.catchments import Registered, modelled, residents_of_2011
from pcs_dash.measures.quality import OFFICIAL_COLUMNS, PREFIX
from pcs_dash.measures.weighted_lists import WEIGHTINGS, weighted_registrations
from pcs_dash.measures.workforce_trends import months_of_staff
from pcs_dash.official.area_dataset import england_outlines
from pcs_dash.official.available_measures import measures
from pcs_dash.official.built_tables import (
    LISTS,
    PRACTICES,
    REGISTRATIONS,
    england_practices,
    list_history,
    read_around,
)
from pcs_dash.official.loaded_areas import PART_OF_ENGLAND
from pcs_dash.official.outlines import outlines_for_england
from pcs_dash.official.own_columns import OwnMeasures, own_measures
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import Dataset, JoinReport, join
from pcs_dash.tables.geometry import lonlat_to_grid
from pcs_dash.tables.load import as_names, load_workforce
from pcs_dash.tables.sources import WORKFORCE_PERIOD


@dataclass(frozen=True, eq=False)
class OfficialPractices:
    """The official columns of the practices of the data, by code.

    `table`: index as the data's practices, columns prefixed "official_"; `report`: the join;
    `periods`: source -> ISO date of what is loaded.
    """

    table: pd.DataFrame
    report: JoinReport
    periods: dict[str, str]


def periods(store: Store) -> dict[str, str]:
    """Source -> ISO date of the newest table loaded; empty where nothing is."""
    loaded = store.current()
    if loaded is None:
        return {}
    return {entry.source: entry.period for entry in sorted(loaded.tables, key=lambda e: e.period)}


def _has(store: Store, source: str) -> bool:
    loaded = store.current()
    return loaded is not None and loaded.latest(source) is not None


def practices(store: Store, dataset: Dataset) -> OfficialPractices | None:
    """Quality and other official columns of the practices, joined 1:1 by code."""
    if not _has(store, PRACTICES):
        return None
    table = store.read(PRACTICES)
    wanted = [name for name in OFFICIAL_COLUMNS if name in table.columns]
    codes = dataset.practices.index.to_frame(index=False, name="practice_code")
    joined, report = join(
        codes,
        table[["practice_code", *wanted]],
        on="practice_code",
        cardinality="1:1",
        name="practices with official data",
    )
    joined = joined.set_index("practice_code")
    # Right-hand codes are all of England's: those of other places are no fault.
    report = JoinReport(
        report.name, report.cardinality, report.left_rows, report.right_rows, report.matched,
        report.left_only, (),
    )  # fmt: skip
    return OfficialPractices(joined.add_prefix(PREFIX), report, periods(store))


def own(store: Store, dataset: Dataset) -> OwnMeasures | None:
    """What users' own files say of the practices of the data."""
    return own_measures(store, dataset.practices)


def registered(store: Store, dataset: Dataset) -> Registered | None:
    """Registrations around the practices and LSOAs, counted as the data's patients are; None where
    none of them has any.
    """
    if not _has(store, REGISTRATIONS):
        return None
    table = read_around(store, dataset.practices.index, dataset.lsoas.index)
    if not table["practice_code"].isin(dataset.practices.index).any():
        return None
    period = f"{table['period'].iloc[0]:%B %Y}"
    found = Registered(table.drop(columns="period"), dataset.lsoas.index, period=period)
    if not dataset.weighting:
        return found
    return weighted_registrations(found, dataset, WEIGHTINGS[dataset.weighting])


def modelled_registrations(store: Store, dataset: Dataset) -> Registered:
    """The modelled stand-in for registrations, on the residents that are loaded, if any."""
    residents = None
    if {"lsoa_population", "lsoa11_lsoa21"} <= set(periods(store)):
        residents = residents_of_2011(store.read("lsoa_population"), store.read("lsoa11_lsoa21"))
    return modelled(dataset.practices, dataset.lsoas, residents)


def registered_or_modelled(store: Store, dataset: Dataset) -> Registered:
    """The registrations, or else their modelled stand-in."""
    found = registered(store, dataset)
    return modelled_registrations(store, dataset) if found is None else found


def successors(store: Store) -> pd.DataFrame | None:
    """Who took over closed practices, as the ODS lists it."""
    return store.read("ods_successors") if _has(store, "ods_successors") else None


def history(store: Store, dataset: Dataset) -> pd.DataFrame | None:
    """List sizes of every month loaded, for the data's sub-ICBs: period, practice_code, patients,
    postcode, and the columns by which an area selects: sub_icb_code, district and, where the data
    have them, icb_code and district_code. A closed practice is in the ICB of its sub-ICB, and in
    the district of its postcode: missing where no postcodes are loaded.
    """
    if not _has(store, LISTS):
        return None
    return _placed(store, dataset, store.read(LISTS))


def _placed(store: Store, dataset: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """The rows (practice_code, sub_icb_code) of the data's sub-ICBs, with the columns by which an
    area selects.
    """
    ours = dataset.practices
    table = table[
        table["sub_icb_code"].isin(ours["sub_icb_code"]) | table["practice_code"].isin(ours.index)
    ]
    # Where a practice stands now counts for all months, as the sub-ICB of now does.
    sub_icb = table["practice_code"].map(ours["sub_icb_code"]).fillna(table["sub_icb_code"])
    district_code = table["practice_code"].map(ours["district_code"])
    known_places = "postcode" in table.columns and "postcodes" in periods(store)
    if district_code.isna().any() and known_places:
        codes = store.read("postcodes", columns=["postcode", "district_code"])
        by_postcode = codes.drop_duplicates("postcode").set_index("postcode")["district_code"]
        district_code = district_code.fillna(table["postcode"].map(by_postcode))
    names = ours.dropna(subset=["district_code"]).drop_duplicates("district_code")
    district = district_code.map(names.set_index("district_code")["district"])
    found = table.assign(sub_icb_code=sub_icb, district_code=district_code, district=district)
    if "icb_code" in ours.columns:
        known = ours.dropna(subset=["sub_icb_code"]).drop_duplicates("sub_icb_code")
        by_sub_icb = sub_icb.map(known.set_index("sub_icb_code")["icb_code"])
        found["icb_code"] = table["practice_code"].map(ours["icb_code"]).fillna(by_sub_icb)
    return found.reset_index(drop=True)


def staff(store: Store, dataset: Dataset) -> pd.DataFrame | None:
    """Staff by role of every month of the workforce loaded, for the data's sub-ICBs
    (`workforce_trends.months_of_staff`, and the columns by which an area selects); the embedded
    month too where the data are the embedded ones. None without any.
    """
    loaded = store.current()
    entries = loaded.of("workforce") if loaded else []
    months = [store.read("workforce", entry.period) for entry in entries]
    day = pd.Timestamp(WORKFORCE_PERIOD)
    known = {f"{pd.Timestamp(entry.period):%Y-%m}" for entry in entries}
    if dataset.workforce_period == WORKFORCE_PERIOD and f"{day:%Y-%m}" not in known:
        embedded = load_workforce().rename(columns={"TOTAL_PATIENTS": "patients"})
        months.append(embedded.assign(period=day))
    if not months:
        return None
    table = pd.concat([_own_rows(month, dataset) for month in months], ignore_index=True)
    return _placed(store, dataset, months_of_staff(table))


def _own_rows(month: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """A month's rows of the data's sub-ICBs; without such a column those of its practices."""
    ours = dataset.practices
    here = month["practice_code"].isin(ours.index)
    if "sub_icb_code" not in month.columns:
        month = month.assign(sub_icb_code=month["practice_code"].map(ours["sub_icb_code"]))
    return month[here | month["sub_icb_code"].isin(ours["sub_icb_code"].dropna())]


def network_staff(store: Store, dataset: Dataset) -> pd.DataFrame | None:
    """Staff employed by the data's networks, newest month loaded: period, pcn_code, staff_group,
    staff_role, detailed_role, people, fte. None where no file is loaded.
    """
    if "pcn_workforce" not in periods(store):
        return None
    table = store.read("pcn_workforce")
    return table[table["pcn_code"].astype("str").isin(dataset.practices["pcn_code"].dropna())]


def names(store: Store, dataset: Dataset) -> dict[str, str]:
    """Practice names by code, closed ones too where the ODS list is loaded."""
    own = {str(code): str(name) for code, name in dataset.practices["practice_name"].items()}
    if "ods_practices" not in periods(store):
        return own
    listed = store.read("ods_practices", columns=["practice_code", "practice_name"])
    found = dict(zip(listed["practice_code"], as_names(listed["practice_name"]), strict=True))
    return {**found, **own}


def positions(store: Store, dataset: Dataset) -> pd.DataFrame:
    """Easting and northing by practice_code: the data's practices, and closed ones where the
    allocations name a place for them.
    """
    own = dataset.practices[["easting", "northing"]]
    if "allocations" not in periods(store):
        return own
    columns = ["practice_code", "longitude", "latitude"]
    table = store.read("allocations", columns=columns).dropna()
    east, north = lonlat_to_grid(table[["longitude", "latitude"]].to_numpy(float)).T
    places = pd.DataFrame({"easting": east, "northing": north}, index=table["practice_code"])
    return own.combine_first(places[~places.index.duplicated()])


@dataclass(frozen=True)
class England:
    """`table` is that of `england_areas.by_area` and change_per_cent, `measures` key to label,
    `periods` the newest of each source, `months` the first and last month of list sizes, `missing`
    the measures no file brings yet, `outlines` the areas that have a boundary (kind, code, name,
    coarse; EPSG:27700).
    """

    table: pd.DataFrame
    measures: dict[str, str]
    periods: dict[str, str]
    months: tuple[str, str]
    missing: pd.DataFrame
    outlines: gpd.GeoDataFrame


def england_by(store: Store, level: str) -> England | None:
    """England by one kind of area ("icb", "sub_icb", "district"); None where nothing is loaded."""
    manifest = store.current()
    if manifest is None or manifest.latest(PRACTICES) is None:
        return None
    everyone = england_practices(store=store)
    # A build for one ICB holds no England to compare with.
    whole = "England" if manifest.of_england else PART_OF_ENGLAND
    table = england.by_area(everyone, level, whole=whole)
    newest = {source: _month(manifest.of(source)[-1].period) for source in manifest.sources()}
    months = [_month(entry.period) for entry in manifest.of("list_sizes")]
    if len(months) > 1:
        lists = list_history(store=store)
        if not manifest.of_england:
            lists = lists[lists["sub_icb_code"].isin(everyone["sub_icb_code"])]
        change = england.change_of_lists(lists, everyone, level)
        table["change_per_cent"] = change["change_per_cent"].reindex(table.index)
    loaded = measures(store)
    # A map of an area that has no row would show what nothing is said of.
    names = table["name"].drop(index=england.ENGLAND)
    return England(
        table=table,
        measures={key: item.label for key, item in england.available(everyone).items()},
        periods=newest,
        months=(months[0], months[-1]) if months else ("", ""),
        missing=loaded[~loaded["available"]],
        outlines=outlines_for_england(england_outlines(store), level, names),
    )


def _month(period: str) -> str:
    return f"{pd.Timestamp(period):%B %Y}"
