"""What is compared with its neighbours, and the clusters found, ready to show.

The page of spatial patterns and its slide ask through here, so that they ask the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pcs_dash.jobs import beside
from pcs_dash.measures import spatial
from pcs_dash.measures.numbers import number, p_text
from pcs_dash.measures.practice_measures import deprivation_measure, measure
from pcs_dash.measures.registrations import patients_per_fte_gp_by_lsoa
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import definition_text
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND
from pcs_dash.views.maps import HIGH_TO_LOW, Layer
from pcs_dash.views.question import Question
from pcs_dash.views.readers import patients_by_lsoa

# Word for the legend, colour, sign on the dot. The first four are Moran's, the next two G*'s.
CLUSTERS = {
    "high surrounded by high": (HIGH_TO_LOW[0], "HH"),
    "low surrounded by low": (HIGH_TO_LOW[4], "LL"),
    "high surrounded by low": (HIGH_TO_LOW[1], "HL"),
    "low surrounded by high": (HIGH_TO_LOW[3], "LH"),
    "high values together": (HIGH_TO_LOW[0], "H"),
    "low values together": (HIGH_TO_LOW[4], "L"),
    spatial.NOT_SIGNIFICANT: ("#e5e7eb", ""),
}


@dataclass(frozen=True, eq=False)
class PatternAsked:
    """`measured`, the figures of the units of `table` (practices or LSOAs; EPSG:27700), and who
    counts as a neighbour; `named` says what they are, `basis` which GPs or edition, and when.
    """

    what: str
    statistic: str
    measured: pd.Series
    table: Any
    unit: str
    named: str
    basis: str
    neighbours: Mapping[str, Any]
    around: pd.Series | None = None

    @property
    def by_practice(self) -> bool:
        """Whether the figures are those of practices, not of LSOAs."""
        return self.unit == "practice"

    def whole(self) -> spatial.GlobalMoran:
        """Global Moran's I."""
        return beside(
            spatial.global_moran, self.measured, self.table, unit=self.unit, **self.neighbours
        )

    def clusters(self) -> spatial.LocalPattern:
        """The local statistic that was asked for."""
        if self.around is not None:
            return beside(
                spatial.bivariate_local_moran,
                self.measured, self.around, self.table, unit=self.unit, **self.neighbours,
            )  # fmt: skip
        find = spatial.getis_ord if self.statistic == "getis" else spatial.local_moran
        return beside(find, self.measured, self.table, unit=self.unit, **self.neighbours)


def ask(
    question: Question,
    what: str = "under-doctoring",
    statistic: str = "moran",
    near: str = "6-nearest",
) -> PatternAsked:
    """The question about the practices and LSOAs of an area.

    `what`: "under-doctoring", "both" (in deprived surroundings), "deprivation" or "residents",
    which needs registrations by LSOA. `near`: "6-nearest" and the like, or "queen". What is not
    known is asked as the first.
    """
    dataset, practices, edition = question.dataset, question.practices, question.edition
    definition, lsoas = question.definition, question.area.select(dataset.lsoas)
    first = near.split("-")[0]
    neighbours: dict[str, Any] = (
        {"neighbours": "queen"} if first == "queen" else {"neighbours": "knn", "k": int(first)}
    )
    counted = definition_text(definition.key, question.period).rstrip(".")
    registered = patients_by_lsoa(question.readers, dataset) if what == "residents" else None
    if registered is not None:
        ratios = ratios_of_residents(
            dataset.practices, registered[0], definition.column, question.excluded.index
        )
        return PatternAsked(
            what, statistic, ratios.reindex(lsoas.index), lsoas, "LSOA",
            "patients per FTE GP of residents", f"{counted}; {registered[1]}", neighbours,
        )  # fmt: skip
    if what in ("deprivation", "residents"):
        return PatternAsked(
            "deprivation", statistic, deprivation_percentile(lsoas, edition), lsoas, "LSOA",
            f"deprivation (IMD {edition})", f"IMD {edition}", neighbours,
        )  # fmt: skip
    around = None
    if what == "both":
        measured = deprivation_measure(dataset.practices, edition)
        around = measure(practices, measured, definition.key)
    return PatternAsked(
        what, statistic, question.ratios, practices, "practice", "patients per FTE GP", counted,
        neighbours, around,
    )  # fmt: skip


def ratios_of_residents(
    practices: pd.DataFrame, registrations: pd.DataFrame, column: str, left_out: pd.Index
) -> pd.Series:
    """Patients per FTE GP of whoever lives in an LSOA, at any of these practices that counts.

    `registrations`: practice_code, lsoa11cd, patients; `column` holds the FTE. LSOAs with fewer
    known patients than the small number have no figure.
    """
    fte = practices[column]
    fte = fte.mask(fte.index.isin(left_out)).astype("float64")
    table = patients_per_fte_gp_by_lsoa(
        registrations.rename(columns={"lsoa11cd": "lsoa_code"}), fte
    )
    enough = table["patients_in_ratio"] >= small_number()
    return table["patients_per_fte_gp"].where(enough)


def deprivation_percentile(lsoas: pd.DataFrame, edition: str) -> pd.Series:
    """100 for England's most deprived LSOA, 0 for the least."""
    ranks = lsoas[f"imd{edition}_rank"].astype("float64")
    return 100 * (1 - ranks / LSOAS_IN_ENGLAND[edition])


def kinds_of(found: spatial.LocalPattern) -> tuple[str, ...]:
    """The words of the legend for a statistic."""
    own = (
        (spatial.HOT, spatial.COLD)
        if "G*" in found.statistic_name
        else tuple(spatial.MORAN_LABELS.values())
    )
    return (*own, spatial.NOT_SIGNIFICANT)


def layer(found: spatial.LocalPattern) -> Layer:
    """The clusters in words, colours and letters; units without a figure are bare."""
    kinds, name = kinds_of(found), found.statistic_name
    looks = {kind: look for kind, look in CLUSTERS.items() if kind in kinds}
    return Layer.signed(f"{name}, neighbours: {found.weights}", found.table["label"], looks, name)


def only_before(found: spatial.LocalPattern) -> pd.Index:
    """Units that stand out only before the number of tests is allowed for."""
    table = found.table
    return table.index[table["unadjusted"] & ~table["significant"]]


def control_note(found: spatial.LocalPattern, ringed: bool) -> str:
    """How many would stand out without control, and how many by chance alone."""
    return (
        f"Without control for the number of tests {found.n_unadjusted:,} would stand out"
        f"{' (those that drop out: dashed ring)' if ringed else ''}; "
        f"chance alone would give about {number(found.expected_by_chance, 1)}."
    )


def note(row: Mapping[Any, Any]) -> str:
    """What the tooltip adds for a unit."""
    if pd.isna(row["p_value"]):
        return ""
    tail = " before control only" if row["unadjusted"] and not row["significant"] else ""
    return f"{row['label']}, {p_text(row['p_value'])}{tail}"
