"""Who lives where: a unit's catchment in figures and words, and what may be shown of it.

A unit is a practice or a group of them (PCN, hub). Everything comes from one `Registered`:
registrations as published or, where none are loaded, the gravity model's stand-in, which says
"modelled" in every label and file name. Figures are computed exactly; what is shown or exported
goes through `catchment_rows` and `matrix_rows`, which hide small cells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.gravity import MODELLED_LABEL, gravity_registrations
from pcs_dash.measures.registrations import (
    Agreement,
    Overlap,
    agreement,
    catchment,
    core_catchment,
    distances_to_practice,
    dominant,
    hub_overlap,
    lsoa_totals,
    patient_weighted,
    patients_per_fte_gp_by_lsoa,
)
from pcs_dash.measures.small_numbers import (
    hide_rest,
    hide_small,
    is_small,
    small_number,
    small_text,
)
from pcs_dash.tables.errors import UserError

CORE_SHARE = 0.8
_PLACE = r"[EW]01\d{6}"
# Whose patients are looked at.
PCN, PRACTICE, HUB = KINDS = ("PCN", "Practice", "Hub of my plan")


@dataclass(frozen=True, eq=False)
class Registered:
    """Patients by practice and LSOA, and what they are.

    `table`: practice_code, lsoa_code, patients; everyone living in `lsoas`, and everyone with the
    practices of the data. `period`: "July 2023", or "" when modelled. `note`: what a model
    assumed, "" for registrations. `equal`: it took every LSOA to hold the same number of people,
    so that of a single one is no count.
    """

    table: pd.DataFrame
    lsoas: pd.Index
    modelled: bool = False
    period: str = ""
    note: str = ""
    equal: bool = False

    @property
    def label(self) -> str:
        """What the figures rest on, for under each."""
        if self.modelled:
            return MODELLED_LABEL
        return f"patients by LSOA of {self.period} (NHS England)"

    @property
    def tag(self) -> str:
        """What stands behind a title or in a legend: "modelled", or the month."""
        return "modelled" if self.modelled else self.period

    @property
    def file_tag(self) -> str:
        """The same for the name of a file."""
        return self.tag.lower().replace(" ", "-")

    @property
    def suffix(self) -> str:
        """What stands behind every title: " (modelled)", or nothing."""
        return " (modelled)" if self.modelled else ""

    @property
    def here(self) -> pd.DataFrame:
        """The rows of the LSOAs of the map, where every practice is known."""
        return self.table[self.table["lsoa_code"].isin(self.lsoas)]

    @property
    def totals(self) -> pd.Series:
        """Patients by LSOA, over every practice; only LSOAs whose total is whole."""
        return lsoa_totals(self.here)


def points_of(lsoas: gpd.GeoDataFrame) -> pd.DataFrame:
    """A point inside each LSOA: easting, northing (m, EPSG:27700) on the index of LSOAs."""
    inside = lsoas.geometry.representative_point()
    return pd.DataFrame({"easting": inside.x, "northing": inside.y}, index=lsoas.index)


def modelled(
    practices: pd.DataFrame, lsoas: gpd.GeoDataFrame, residents: pd.Series | None = None
) -> Registered:
    """The gravity model's stand-in for registrations over these practices and LSOAs.

    `residents` (index LSOA code) where a population is loaded for every LSOA; otherwise each
    LSOA counts as equally populated, and `note` says so. Practices without a position or list
    are left out and counted in `note`.
    """
    points = points_of(lsoas)
    population = None
    note = (
        "Residents by LSOA are not loaded, so the model takes every LSOA to hold the same number "
        "of people, which is only roughly so."
    )
    if residents is not None and residents.reindex(points.index).gt(0).all():
        points["residents"] = residents.reindex(points.index).astype("float64")
        population, note = "residents", "Residents by LSOA are those loaded (ONS)."
    placed = practices.dropna(subset=["patients", "easting", "northing"])
    table = gravity_registrations(placed, points, population=population)
    left_out = len(practices) - len(placed)
    if left_out:
        note += f" {left_out} practices without a position or a list are left out."
    return Registered(table, points.index, modelled=True, note=note, equal=population is None)


def residents_of_2011(population: pd.DataFrame, lookup: pd.DataFrame) -> pd.Series:
    """Residents by LSOA of 2011, from a population by LSOA of 2021 and the ONS lookup.

    Parts of a split add up; an LSOA of 2021 that several became is shared out evenly among them.
    `population`: lsoa_code, population; `lookup`: lsoa11cd, lsoa21cd.
    """
    pairs = lookup[["lsoa11cd", "lsoa21cd"]].drop_duplicates()
    people = pairs["lsoa21cd"].map(population.set_index("lsoa_code")["population"])
    among = pairs.groupby("lsoa21cd")["lsoa11cd"].transform("size")
    # A part without a figure leaves the whole without one.
    return (people / among).groupby(pairs["lsoa11cd"]).agg(lambda part: part.sum(skipna=False))


# --- whose patients ---


def groups_of(kind: str, practices: pd.DataFrame, plan: pd.Series) -> dict[str, str]:
    """Practice code to its unit of that kind: its own code, its PCN, or its hub in `plan`
    (practice code to hub). Practices in none are left out.
    """
    if kind == PRACTICE:
        return {str(code): str(code) for code in practices.index}
    named = practices["pcn"] if kind == PCN else plan
    return {str(code): str(name) for code, name in named.dropna().items()}


def units_in(kind: str, groups: Mapping[str, str], practices: pd.DataFrame) -> dict[str, str]:
    """The units that have one of these practices: key to the words shown; the largest first, or
    practices by code.
    """
    own = pd.Series(groups, dtype="str").reindex(practices.index).dropna()
    sizes = practices["patients"].groupby(own).sum().sort_values(ascending=False)
    if kind == PRACTICE:
        names = practices["practice_name"]
        return {str(code): f"{names[code]} ({code})" for code in sorted(sizes.index)}
    return {str(name): str(name) for name in sizes.index}


# --- a unit in figures --------------------------------------------------------------------------


@dataclass(frozen=True)
class Portrait:
    """A unit's catchment in figures.

    `lsoas`: in how many its patients live; `core`: how many hold 80% of them; `unknown`: patients
    of unknown place; `outside`: patients living beyond the LSOAs of the map; `placed`: patients
    whose distance is known; `median_km`, `p90_km`: straight-line distance to the own practice.
    """

    patients: float
    lsoas: int
    core: int
    unknown: float
    outside: float
    placed: float
    median_km: float
    p90_km: float


def of_codes(registered: Registered, codes: Collection[str]) -> pd.DataFrame:
    """`registrations.catchment` of a unit; the share of an LSOA is missing beyond the map."""
    return catchment(registered.table, codes, totals=registered.totals)


def portrait(
    registered: Registered, codes: Collection[str], practices: pd.DataFrame, points: pd.DataFrame
) -> Portrait:
    """The figures of a unit. UserError when none of its practices has registrations."""
    table = of_codes(registered, codes)
    known = table.index.str.fullmatch(_PLACE)
    here = table.index.isin(registered.lsoas)
    own = registered.table[registered.table["practice_code"].isin(set(codes))]
    far = distances_to_practice(own, practices, points, groups=dict.fromkeys(codes, "unit")).iloc[0]
    return Portrait(
        patients=float(table["patients"].sum()),
        lsoas=int((known & (table["patients"] >= 0.5)).sum()),
        core=len(core_catchment(table[known], share_of_list=CORE_SHARE)),
        unknown=float(table.loc[~known, "patients"].sum()),
        outside=float(table.loc[known & ~here, "patients"].sum()),
        placed=float(far["patients_placed"]),
        median_km=float(far["median_km"]),
        p90_km=float(far["p90_km"]),
    )


def km_text(km: float) -> str:
    """A distance in words: "2.4 km", "no figure"."""
    return numbers.NO_FIGURE if pd.isna(km) else f"{numbers.number(km, 1)} km"


def sentence(kind: str, name: str, figures: Portrait, away: float, *, modelled: bool) -> str:
    """The catchment in a sentence or two. `away`: the share who live in others' areas."""
    start, areas = "Modelled: " if modelled else "", numbers.count(figures.core, "small area")
    where = f"{start}80% of the patients of {name} live in {areas}"
    far = (
        f"; half live within {km_text(figures.median_km)} of their practice, nine in ten within "
        f"{km_text(figures.p90_km)}."
    )
    if pd.isna(figures.median_km):
        far = (
            ". How far they live from their practice is not known: the places of the small areas, "
            "or of the practice, are not loaded."
        )
    if pd.isna(away):
        return where + far
    return f"{where}{far} {numbers.per_cent(away)} live where most people use {another(kind)}."


def beyond(registered: Registered, figures: Portrait, rows: pd.DataFrame) -> list[str]:
    """How many of a unit's patients live beyond the map or at an unknown place, in sentences.

    `rows`: its `catchment_rows`. Where one of them is hidden the count is not told to the patient,
    which would tell the hidden ones: "about 120", or "fewer than 5".
    """
    known = rows.index.str.fullmatch(_PLACE)
    outside = known & ~rows.index.isin(registered.lsoas)

    def told(count: float, of: np.ndarray) -> str:
        if is_small(count) or not rows.loc[of, "hidden"].any():
            return small_text(count)
        return f"about {numbers.number(max(round(count, -1), 10))}"

    said = []
    if figures.outside:
        said.append(
            f"{told(figures.outside, outside)} patients live beyond the small areas known here: "
            "they count in the catchment, but have no distance and are not on the map."
        )
    if figures.unknown:
        said.append(f"{told(figures.unknown, ~known)} live at an unknown place.")
    return [text[0].upper() + text[1:] for text in said]


def another(kind: str) -> str:
    """As "another PCN" and the like."""
    return {PRACTICE: "another practice", PCN: "another PCN"}.get(kind, "another hub")


def catchment_rows(
    registered: Registered,
    codes: Collection[str],
    lsoas: pd.DataFrame,
    *,
    threshold: int | None = None,
) -> pd.DataFrame:
    """A unit's catchment to show and export: index lsoa_code, most patients first.

    Columns lsoa, district (missing beyond the map), patients, share_per_cent (of all patients of
    the LSOA), share_of_list_per_cent, in_core, modelled, hidden. Counts below the threshold are
    missing with all derived from them; modelled counts are rounded to whole patients.
    """
    table = of_codes(registered, codes)
    known = table[table.index.str.fullmatch(_PLACE)]
    core = core_catchment(known, share_of_list=CORE_SHARE).index
    rows = pd.DataFrame(
        {
            "lsoa": lsoas["lsoa11nm"].reindex(table.index).astype("str"),
            "district": lsoas["district"].reindex(table.index).astype("str"),
            "patients": table["patients"].round(),
            "share_per_cent": 100 * table["share"],
            "share_of_list_per_cent": 100 * table["share_of_list"],
            "in_core": table.index.isin(core),
            "modelled": registered.modelled,
            "unit": 0,
        }
    )
    # The share would tell the few of the LSOA who are with others, but for the whole per cent where
    # any few would make it 100.
    rest = table["lsoa_patients"] - table["patients"]
    limit = small_number() if threshold is None else threshold
    nearly = (100 * table["patients"] / (table["patients"] + limit)).round() == 100
    whole = pd.Series(100.0, index=rows.index).where(nearly)
    rows["share_per_cent"] = rows["share_per_cent"].mask(is_small(rest, threshold), whole)
    # A model spreads fractions of a patient far and wide.
    rows = rows[rows["patients"] > 0]
    shown = hide_small(
        rows,
        "patients",
        derived=["share_per_cent", "share_of_list_per_cent"],
        within="unit",
        threshold=threshold,
    )
    # Hidden ones come last; their order must not tell which is larger.
    hidden = shown["hidden"]
    shown = pd.concat([shown[~hidden], shown[hidden].sort_index()])
    return shown.drop(columns="unit")


def elsewhere(overlap: Overlap, group: str) -> tuple[float, float]:
    """Patients of a group who live where most people use another group, and their share; both
    missing where they or the others of the group are few.
    """
    if group not in overlap.hubs.index:
        return float("nan"), float("nan")
    shown = hide_rest(
        overlap.hubs.loc[[group]], "patients_elsewhere", "patients", derived=["share_elsewhere"]
    ).iloc[0]
    return float(shown["patients_elsewhere"]), float(shown["share_elsewhere"])


def overlap_of(registered: Registered, groups: Mapping[str, str] | pd.Series) -> Overlap:
    """`registrations.hub_overlap` over the LSOAs of the map, where every practice is known."""
    return hub_overlap(registered.here, groups)


def matrix_rows(
    overlap: Overlap, groups: Sequence[str], *, threshold: int | None = None
) -> pd.DataFrame:
    """Patients of each of `groups` (rows) by the group that most people use where they live.

    Columns patients, elsewhere_per_cent, then the groups themselves, then "others" together.
    Small cells are missing, never alone in their row, since the row's total stands beside them;
    where the cell of those at home is hidden, the share of the others would tell it: missing too.
    """
    rows = [name for name in groups if name in overlap.matrix.index]
    if not rows:
        return pd.DataFrame(columns=["patients", "elsewhere_per_cent"])
    matrix = overlap.matrix.loc[rows]
    others = matrix.drop(columns=rows).sum(axis=1)
    cells = pd.DataFrame(
        {
            "of": np.repeat(rows, len(rows) + 1),
            "patients": matrix[rows].assign(others=others).to_numpy().ravel(),
        }
    )
    shown = hide_small(cells, "patients", within="of", threshold=threshold)
    table = pd.DataFrame(
        {
            name: shown["patients"].iloc[place :: len(rows) + 1].to_numpy()
            for place, name in enumerate([*rows, "others"])
        },
        index=pd.Index(rows, name="group"),
    ).astype("Int64")
    table.insert(0, "patients", overlap.hubs.loc[rows, "patients"].round().astype("Int64"))
    at_home = np.array([table.loc[name, name] is pd.NA for name in rows])
    away = overlap.hubs.loc[rows, "share_elsewhere"].mask(at_home)
    table.insert(1, "elsewhere_per_cent", 100 * away)
    return table


def main_users(
    registered: Registered,
    groups: Mapping[str, str] | pd.Series | None = None,
    *,
    threshold: int | None = None,
) -> pd.DataFrame:
    """The practice (or group) that most people of each LSOA of the map use; index lsoa_code.

    Columns dominant, patients, lsoa_patients, share. LSOAs where even that is a small count are
    left out; where only a few use others, patients and share are missing, as their total would tell
    how many. Practices in no group leave the contest but stay in the whole.
    """
    limit = small_number() if threshold is None else threshold
    table = dominant(registered.here, groups)
    table = table[(table["patients"] >= limit) & (table["patients"] > 0)]
    return hide_rest(table, "patients", "lsoa_patients", derived=["share"], threshold=threshold)


def ratios_by_lsoa(
    registered: Registered, fte: pd.Series, *, threshold: int | None = None
) -> pd.DataFrame:
    """Patients per FTE GP of each LSOA of the map (`patients_per_fte_gp_by_lsoa`), with
    `coverage`: the share of the LSOA's patients whose practice's FTE is known.

    LSOAs with fewer known patients than the threshold have no ratio.
    """
    limit = small_number() if threshold is None else threshold
    # Over every row, so that a practice's FTE is spread over all its patients.
    table = patients_per_fte_gp_by_lsoa(registered.table, fte)
    table = table.reindex(registered.lsoas)
    enough = table["patients_in_ratio"] >= max(limit, 1)
    return table.assign(
        patients_per_fte_gp=table["patients_per_fte_gp"].where(enough),
        coverage=table["patients_in_ratio"] / table["patients"].where(table["patients"] > 0),
    )


# --- the check of the deprivation score ---------------------------------------------------------


@dataclass(frozen=True)
class ScoreCheck:
    """Patient-weighted IMD 2019 score, recomputed, beside the published patient-weighted score.

    `table`: index practice_code; recomputed, published, difference, patients, matched (patients
    in LSOAs with a score). `unmatched`: share of patients without one.
    """

    agreement: Agreement
    rank_correlation: float
    table: pd.DataFrame
    unmatched: float


def check_scores(
    registered: Registered, practices: pd.DataFrame, lsoas: pd.DataFrame
) -> ScoreCheck:
    """Recompute the patient-weighted IMD score and compare it with the published one.

    Needs `imd2019_score` of LSOAs and `imd_score` (published) of practices: UserError names the
    file when one is missing. Registrations only: a model would check itself.
    """
    if registered.modelled:
        raise UserError("The score can only be checked with registrations, which are not loaded.")
    if "imd2019_score" not in lsoas.columns or lsoas["imd2019_score"].isna().all():
        raise UserError(
            "The recomputed score needs IMD 2019 scores by LSOA (its File 7, which has "
            "scores; source imd2019)."
        )
    if "imd_score" not in practices.columns or practices["imd_score"].isna().all():
        raise UserError("No published patient-weighted score is loaded for these practices.")
    ours = registered.table[registered.table["practice_code"].isin(practices.index)]
    weighted = patient_weighted(ours, lsoas["imd2019_score"]).reindex(practices.index)
    table = pd.DataFrame(
        {
            "recomputed": weighted["value"],
            "published": practices["imd_score"].astype("float64"),
            "difference": weighted["value"] - practices["imd_score"],
            "patients": weighted["patients"],
            "matched": weighted["patients_matched"],
        }
    )
    both = table.dropna(subset=["recomputed", "published"])
    ranks = both[["recomputed", "published"]].rank()
    return ScoreCheck(
        agreement=agreement(table["recomputed"], table["published"]),
        rank_correlation=float(np.corrcoef(ranks["recomputed"], ranks["published"])[0, 1]),
        table=both,
        unmatched=1 - float(table["matched"].sum() / table["patients"].sum()),
    )
