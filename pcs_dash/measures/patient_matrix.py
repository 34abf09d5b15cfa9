"""Where each practice's patients are: by deprivation quintile, by LSOA, or each practice by itself.

Everywhere group 1 is the most deprived. A practice's FTE is shared out over groups in proportion to
its patients, so that patients and FTE of the groups add up to the practices'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pcs_dash.measures.deprivation import quintile_columns
from pcs_dash.measures.sums import Floats, over
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.constants import PER_PATIENTS
from pcs_dash.tables.errors import UserError

RatioKey = Literal["patients_per_fte_gp", "fte_gp_per_10000"]

MEASURES: tuple[RatioKey, ...] = ("patients_per_fte_gp", "fte_gp_per_10000")


@dataclass(frozen=True)
class PatientMatrix:
    """Patients and FTE of each practice, and how they are shared over groups.

    `share`: practices x groups, of a practice's patients (rows add up to 1, or less where some live
    elsewhere); None where each practice is a group of its own. `order` rises from the most to the
    least deprived group. `codes` are the practices'; those without a figure are left out and
    counted.
    """

    patients: Floats
    fte: Floats
    share: Floats | None
    order: Floats
    groups: tuple[object, ...]
    n_missing: int
    note: str = ""
    codes: tuple[object, ...] = ()

    @property
    def n(self) -> int:
        """How many practices are in it."""
        return len(self.fte)

    def sums(self, patients: Floats, fte: Floats) -> tuple[Floats, Floats]:
        """Patients and FTE of the groups for rows of practices' `patients` and `fte`."""
        if self.share is None:
            return patients, fte
        return patients @ self.share, fte @ self.share

    def without_each(self, rows: slice) -> tuple[Floats, Floats]:
        """The sums of the groups without each of the practices of `rows`."""
        assert self.share is not None
        own = self.share[rows]
        return (
            self.patients @ self.share - self.patients[rows, None] * own,
            self.fte @ self.share - self.fte[rows, None] * own,
        )


def quintile_matrix(
    practices: pd.DataFrame, *, definition: str = "fully_qualified", edition: str = "2025"
) -> PatientMatrix:
    """Each practice's patients and FTE shared over quintiles in proportion to where patients live.

    The mix is of July 2023, of patients with a known quintile; patients and FTE are today's.
    """
    mix = practices[quintile_columns(edition)].astype("float64")
    fte = practices[gp_definition(definition).column].astype("float64")
    patients = practices["patients"].astype("float64")
    keep = fte.notna() & patients.notna() & (mix.sum(axis=1, skipna=False) > 0)
    share = mix[keep].div(mix[keep].sum(axis=1), axis=0).to_numpy()
    used = share.sum(axis=0) > 0
    empty = [str(q) for q in range(1, 6) if not used[q - 1]]
    nobody = f"None of the patients live in quintile {_listed(empty)}."
    return PatientMatrix(
        floats(patients[keep]),
        floats(fte[keep]),
        share[:, used],
        np.arange(1.0, 6.0)[used],
        tuple(int(q) for q in np.arange(1, 6)[used]),
        int((~keep).sum()),
        nobody if empty and keep.any() else "",
        tuple(practices.index[keep]),
    )


def _listed(numbers: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(numbers[:-1]), *numbers[-1:]]))


def practice_matrix(
    practices: pd.DataFrame,
    *,
    definition: str = "fully_qualified",
    measure: RatioKey = "patients_per_fte_gp",
    deprivation: pd.Series | None = None,
) -> PatientMatrix:
    """Every practice a group of its own, ordered by the deprivation of its patients.

    `deprivation` is higher where patients are more deprived; the IMD 2025 score if not given.
    A practice that reports no such GP (FTE 0) has no patients per FTE GP and leaves that measure;
    it stays in FTE per 10,000 as 0.
    """
    fte = practices[gp_definition(definition).column].astype("float64")
    score = practices["imd_score"] if deprivation is None else deprivation.reindex(practices.index)
    score = score.astype("float64")
    patients = practices["patients"].astype("float64")
    keep = fte.notna() & score.notna() & (patients > 0)
    if measure == "patients_per_fte_gp":
        keep &= fte > 0
    return PatientMatrix(
        floats(patients[keep]),
        floats(fte[keep]),
        None,
        -floats(score[keep]),
        tuple(practices.index[keep]),
        int((~keep).sum()),
        codes=tuple(practices.index[keep]),
    )


def lsoa_matrix(
    practices: pd.DataFrame,
    registrations: pd.DataFrame,
    lsoa_rank: pd.Series,
    *,
    definition: str = "fully_qualified",
) -> PatientMatrix:
    """Each practice's patients by LSOA, its FTE shared out in proportion to them.

    `registrations`: columns practice_code, lsoa11cd, patients. `lsoa_rank`: IMD rank (1 = most
    deprived) on the index of LSOA codes; patients living elsewhere leave with their share of FTE.
    No row or no column where no registration belongs to these practices or LSOAs.
    """
    columns = {"practice_code", "lsoa11cd", "patients"}
    if not columns <= set(registrations.columns):
        raise UserError("Registrations need the columns practice_code, lsoa11cd and patients.")
    fte = practices[gp_definition(definition).column].astype("float64").dropna()
    table = registrations[registrations["practice_code"].isin(fte.index)].pivot_table(
        index="practice_code", columns="lsoa11cd", values="patients", aggfunc="sum", fill_value=0
    )
    lists = table.sum(axis=1).astype("float64")
    table, lists = table[lists > 0], lists[lists > 0]
    known = [code for code in lsoa_rank.dropna().index if code in table.columns]
    return PatientMatrix(
        floats(lists),
        floats(fte.loc[table.index]),
        floats(table[known].astype("float64").div(lists, axis=0)),
        floats(lsoa_rank.loc[known]),
        tuple(known),
        len(practices) - len(table),
        codes=tuple(table.index),
    )


def group_ratios(matrix: PatientMatrix) -> pd.DataFrame:
    """One row a group: patients, fte_gp, patients_per_fte_gp, fte_gp_per_10000."""
    patients, fte = matrix.sums(matrix.patients, matrix.fte)
    return pd.DataFrame(
        {
            "patients": patients,
            "fte_gp": fte,
            "patients_per_fte_gp": over(patients, fte),
            "fte_gp_per_10000": PER_PATIENTS * over(fte, patients),
        },
        index=pd.Index(matrix.groups, name="group"),
    )


def measured(patients: Floats, fte: Floats, measure: RatioKey) -> Floats:
    """The measure of groups with these patients and FTE; NaN with nothing to divide by."""
    if measure == "patients_per_fte_gp":
        return over(patients, fte)
    return PER_PATIENTS * over(fte, patients)


def floats(values: ArrayLike) -> Floats:
    """The values as floating-point numbers."""
    return np.asarray(values, dtype="float64")
