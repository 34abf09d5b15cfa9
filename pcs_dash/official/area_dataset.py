"""The app's `Dataset` for any area of the official data loaded.

Its tables have the columns of the embedded ones, so that every page works for every area. What no
loaded publication brings stays missing, and `build.measures` says which would bring it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pcs_dash.official.built_tables import LSOAS, OUTLINES, PRACTICES, REPORTS, SHAPES
from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.official.manifest import Manifest
from pcs_dash.official.store import Store
from pcs_dash.official.stored_tables import stored_columns
from pcs_dash.tables import load
from pcs_dash.tables.areas import short_name
from pcs_dash.tables.constants import QUINTILES
from pcs_dash.tables.dataset import Dataset, JoinReport, flag, with_words
from pcs_dash.tables.labels import labels_by_code

# Columns of the embedded practices that a publication may not bring: missing then.
_FIGURES = (
    "gp_fte_all", "gp_fte_fully_qualified", "gp_fte_permanent", "gp_headcount_all",
    "gp_headcount_fully_qualified", "gp_headcount_permanent", "gps_with_known_age",
    "gps_55_plus", "gps_60_plus", "nurse_fte", "direct_care_fte", "admin_fte",
    "list_size_2025_12", "imd_score", "pct_0_14", "pct_65plus", "pct_75plus", "prev_hyp",
    "prev_dm", "prev_copd", "prev_chd", "prev_dep", "prev_ob", "prev_smok", "gp_appointments",
    "latitude", "longitude", "easting", "northing",
    *(f"imd{edition}_patients_{group}" for edition in ("2019", "2025")
      for group in (*(f"quintile_{q}" for q in QUINTILES), "unknown")),
)  # fmt: skip
_WORDS = (
    "practice_name", "postcode", "district", "district_code", "sub_icb_code", "pcn_code", "pcn",
    "place",
)  # fmt: skip
_LSOA_WORDS = ("lsoa11nm", "district", "district_code", "sub_icb_code", "icb_code")


NO_GPS = "no GP figures loaded"


def dataset_of(area: OfficialArea, store: Store | None = None) -> Dataset:
    """Practices, LSOAs and shapes of the ICBs that an area touches, as the app shows them.

    Only those ICBs are read into memory. UserError where nothing is loaded.
    """
    store = store or Store()
    manifest = store.require()
    practices, period = practices_of(area, store)
    lsoas = _lsoas(store, manifest, area)
    outlines = _outlines(england_outlines(store), _districts(store, manifest, lsoas), area)
    return Dataset(
        practices=practices,
        lsoas=lsoas,
        outlines=outlines,
        towns=_labels(outlines),
        published=_published(),
        reports=_reports(store, manifest),
        workforce_period=period,
        mix_period=_month(manifest, "registrations_lsoa"),
        version=manifest.identity,
    )


def practices_of(area: OfficialArea, store: Store | None = None) -> tuple[pd.DataFrame, str]:
    """The practices of the ICBs that an area touches, as the app shows them, and the period of
    their GP figures. UserError where nothing is loaded.
    """
    store = store or Store()
    practices = _practices(store, area)
    has_gps = practices["gp_fte_all"].notna().any()
    return practices, _day(store.require(), "workforce") if has_gps else NO_GPS


def listed_practices(store: Store | None = None) -> pd.DataFrame:
    """Names, networks, places and positions of every practice loaded, index practice_code; no rows
    where nothing is loaded.
    """
    store = store or Store()
    manifest = store.current()
    entry = manifest.latest(PRACTICES) if manifest is not None else None
    columns = [*_WORDS, "icb", "latitude", "longitude", "easting", "northing"]
    if entry is None:
        return pd.DataFrame(columns=columns, index=pd.Index([], name="practice_code", dtype="str"))
    there = [name for name in columns if name in stored_columns(store.root, entry)]
    table = store.read(PRACTICES, columns=["practice_code", *there])
    return table.set_index("practice_code").sort_index().reindex(columns=columns)


def england_outlines(store: Store) -> gpd.GeoDataFrame:
    """Outlines of all ICBs, sub-ICB locations and districts (`outlines.area_outlines`), EPSG:27700;
    no rows where no LSOA boundaries are loaded.
    """
    entry = store.require().latest(OUTLINES)
    if entry is None:
        nothing = {"kind": [], "code": [], "name": [], "coarse": gpd.GeoSeries([], crs=27700)}
        return gpd.GeoDataFrame(nothing, geometry=[], crs=27700)
    return _read_outlines(store.root, entry.path)


# England's tables of which each area takes a part: read once for a version, and never changed.
@lru_cache(maxsize=2)
def _read_outlines(root: Path, path: str) -> gpd.GeoDataFrame:  # noqa: ARG001 - another version's
    return gpd.GeoDataFrame(_store_at(root).read(OUTLINES), geometry="geometry", crs=27700)


@lru_cache(maxsize=2)
def _lsoas_of_districts(root: Path, path: str) -> pd.Series:  # noqa: ARG001 - another version's
    table = _store_at(root).read(LSOAS, columns=["district_code"])
    return table.groupby("district_code").size()


@lru_cache(maxsize=1)
def _published() -> pd.DataFrame:
    return load.load_published_figures()


def _store_at(root: Path) -> Store:
    return Store(root.parent)


def _practices(store: Store, area: OfficialArea) -> pd.DataFrame:
    table = store.read(PRACTICES, where=area.icb_codes)
    table = with_words(table, _WORDS)
    table["practice_name"] = table["practice_name"].fillna(table["practice_code"])
    for column in _FIGURES:
        table[column] = _column(table, column).astype("float64")
    if table["patients"].isna().any():
        table["patients"] = table["patients"].astype("float64")
    # The embedded count is of three months and the publication's of one: they share no name.
    table["appointments_month"] = _column(table, "appointments").astype("float64")
    table["flag_appointments_month"] = _column(table, "flag_appointments").eq(True)
    table["appointments"] = np.nan
    for column, kind in (("place", "sub_icb"), ("icb", "icb")):
        short = {text: short_name(text, kind) for text in table[column].dropna().unique()}
        table[column] = table[column].map(short)
    table["pcn"] = labels_by_code(table["pcn_code"], table["pcn"])
    return flag(table.set_index("practice_code").sort_index())


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    """A column, or one of missing values where no publication brings it."""
    if name in table.columns:
        return table[name]
    return pd.Series(np.nan, index=table.index)


def _lsoas(store: Store, manifest: Manifest, area: OfficialArea) -> gpd.GeoDataFrame:
    if manifest.latest(LSOAS) is None:
        table = pd.DataFrame(columns=["lsoa11cd", *_LSOA_WORDS])
    else:
        table = store.read(LSOAS, where=area.icb_codes)
    table = with_words(table, _LSOA_WORDS)
    for edition in ("2019", "2025"):
        rank, quintile = f"imd{edition}_rank", f"imd{edition}_quintile"
        table[rank] = _column(table, rank).astype("float64")
        table[quintile] = _column(table, quintile).astype("Int64")
    if "imd2025_split" not in table.columns:
        table = table.assign(imd2025_split=False, imd2025_parts="")
    table["imd2025_split"] = table["imd2025_split"].astype("boolean").fillna(False).astype(bool)
    table["place"] = table["sub_icb_code"]
    table = table.set_index("lsoa11cd").sort_index()
    return gpd.GeoDataFrame(table, geometry=_shapes(store, manifest, area, table.index), crs=27700)


def _shapes(
    store: Store, manifest: Manifest, area: OfficialArea, codes: pd.Index[str]
) -> gpd.GeoSeries:
    """The LSOAs' boundaries; None where none is loaded."""
    if manifest.latest(SHAPES) is None:
        return gpd.GeoSeries([None] * len(codes), index=codes, crs=27700)
    table = store.read(SHAPES, where=area.icb_codes).set_index("lsoa11cd")
    wkb = table["wkb"].reindex(codes)
    known = wkb.notna()
    shapes = np.full(len(codes), None, dtype=object)
    shapes[known.to_numpy()] = shapely.from_wkb(wkb[known].to_numpy())
    return gpd.GeoSeries(shapes, index=codes, crs=27700)


def _outlines(
    england: gpd.GeoDataFrame, districts: Collection[str], area: OfficialArea
) -> gpd.GeoDataFrame:
    """Outlines of the area, of its ICBs and of the districts in them."""
    near = (
        ((england["kind"] == area.kind) & england["code"].isin(area.codes))
        | ((england["kind"] == "icb") & england["code"].isin(area.icb_codes))
        | ((england["kind"] == "district") & england["code"].isin(districts))
    )
    frame = england.loc[near, ["kind", "code", "name", "geometry"]].reset_index(drop=True)
    own = frame[(frame["kind"] == area.kind) & frame["code"].isin(area.codes)]
    if len(area.codes) > 1 and len(own) == len(area.codes):
        whole = gpd.GeoDataFrame(
            {"kind": [area.kind], "code": [area.key], "name": [area.name]},
            geometry=[own.geometry.union_all()],
            crs=27700,
        )
        frame = pd.concat([frame, whole], ignore_index=True)
    return frame


def _districts(store: Store, manifest: Manifest, lsoas: pd.DataFrame) -> list[str]:
    """The districts that lie mostly in these LSOAs; of the others a map would show a corner."""
    entry = manifest.latest(LSOAS)
    if entry is None:
        return []
    everywhere = _lsoas_of_districts(store.root, entry.path)
    here = lsoas.groupby("district_code").size()
    return [str(code) for code in here.index[here * 2 > everywhere.reindex(here.index)]]


def _labels(outlines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Names for the map: the districts, since no list of towns is loaded."""
    own = outlines[outlines["kind"] == "district"].drop_duplicates("code")
    return gpd.GeoDataFrame(
        {"name": own["name"].to_numpy(), "size": [1] * len(own)},
        geometry=own.geometry.representative_point().to_numpy(),
        crs=27700,
    )


def _reports(store: Store, manifest: Manifest) -> tuple[JoinReport, ...]:
    if manifest.latest(REPORTS) is None:
        return ()
    return tuple(
        JoinReport(
            row["join"],
            row["cardinality"],
            int(row["left_rows"]),
            int(row["right_rows"]),
            int(row["matched"]),
            tuple(str(row["left_only"] or "").split()),
            tuple(str(row["right_only"] or "").split()),
        )
        for row in store.read(REPORTS).to_dict("records")
    )


def _day(manifest: Manifest, source: str) -> str:
    """The date of the newest edition, "31 December 2025"; "" where none is loaded."""
    month = _month(manifest, source)
    return month and f"{pd.Timestamp(manifest.of(source)[-1].period).day} {month}"


def _month(manifest: Manifest, source: str) -> str:
    entry = manifest.latest(source)
    return f"{pd.Timestamp(entry.period):%B %Y}" if entry else ""
