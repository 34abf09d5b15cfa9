"""Need-adjusted patients: lists weighted by age and recorded illness, beside the raw ones.

Method (indirect standardisation on use): over the practices of Essex with plausible appointment
counts, appointments per patient are regressed, weighted by list, on the share of patients aged
0-14, the share aged 65 and over, and long-term conditions per 100 patients (QOF registers of
hypertension, diabetes, COPD, coronary heart disease and depression). Weights can't be negative
(non-negative least squares): more illness never means less need. A practice's need index is its
expected appointments per patient over the patient-weighted mean of all; need-adjusted patients
are list x index, so that over all Essex they add up to the raw patients.

What it is not: the Carr-Hill formula or NHS England's weighted lists. It has no sex, turnover,
rurality or care-home component; it measures *use*, which falls short of need where people go
without; a person with two conditions counts twice; and it explains a small part of the variation
(`NeedModel.r_squared`). Where published weighted lists are loaded, use those.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.errors import UserError

CONDITIONS = MappingProxyType(
    {
        "prev_hyp": "hypertension",
        "prev_dm": "diabetes",
        "prev_copd": "COPD",
        "prev_chd": "coronary heart disease",
        "prev_dep": "depression",
    }
)
AGES = MappingProxyType({"pct_0_14": "aged 0-14", "pct_65plus": "aged 65 and over"})
# A regression on three figures needs this many practices to mean anything.
FEWEST = 30


@dataclass(frozen=True)
class NeedModel:
    """What expected use rests on.

    `weights`: appointments per patient in three months for one percentage point (or one condition
    per 100 patients) more; `constant` for none of them. `index`: need relative to the mean patient
    (1 = average), NaN where an age share or a prevalence is missing.
    """

    constant: float
    weights: pd.Series
    r_squared: float
    n: int
    n_missing: int
    index: pd.Series


def conditions_per_100(practices: pd.DataFrame) -> pd.Series:
    """Entries on the five QOF registers per 100 patients; missing if any register is."""
    return practices[list(CONDITIONS)].sum(axis=1, skipna=False).rename("conditions_per_100")


def need_model(practices: pd.DataFrame) -> NeedModel:
    """Fit the index over `practices` (all of Essex); raises UserError if they are too few."""
    columns = practices[list(AGES)].assign(conditions_per_100=conditions_per_100(practices))
    columns = columns.astype("float64")
    patients = practices["patients"].astype("float64")
    use = practices["appointments"].astype("float64") / patients.where(patients > 0)
    known = columns.notna().all(axis=1) & (patients > 0)
    fitted = known & use.notna() & ~practices["flag_appointments"].astype(bool)
    if fitted.sum() < FEWEST:
        raise UserError(
            f"Practices with every figure for the need index: {int(fitted.sum())}. It is fitted "
            f"over at least {FEWEST}, and takes age shares, QOF registers and appointments."
        )
    root = np.sqrt(patients[fitted].to_numpy())
    design = np.column_stack([np.ones(int(fitted.sum())), columns[fitted].to_numpy()])
    estimate, _ = nnls(design * root[:, None], use[fitted].to_numpy() * root)
    residual = use[fitted].to_numpy() - design @ estimate
    spread = use[fitted].to_numpy() - np.average(use[fitted], weights=root**2)
    explained = 1 - (root**2 * residual**2).sum() / (root**2 * spread**2).sum()
    expected = estimate[0] + columns @ estimate[1:]
    mean = np.average(expected[known], weights=patients[known])
    return NeedModel(
        float(estimate[0]),
        pd.Series(estimate[1:], index=columns.columns),
        float(explained),
        int(fitted.sum()),
        int((~known).sum()),
        (expected / mean).where(known).rename("need_index"),
    )


def need_adjusted_patients(practices: pd.DataFrame, model: NeedModel) -> pd.Series:
    """List size x need index, on the index of `practices`; NaN where the index is missing."""
    index = model.index.reindex(practices.index)
    return (practices["patients"] * index).rename("need_adjusted_patients")


def with_lists(practices: pd.DataFrame, lists: pd.Series) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """`practices` with `lists` (need-adjusted or published weighted) as their patients.

    Practices without one leave; the second part names them.
    """
    adjusted = lists.reindex(practices.index).astype("float64")
    kept = adjusted.notna()
    table = practices[kept].assign(patients=adjusted[kept])
    return table, tuple(practices.index[~kept])


def need_adjusted_summary(
    practices: pd.DataFrame,
    lists: pd.Series,
    by: str | pd.Series,
    *,
    definition: str = "fully_qualified",
) -> pd.DataFrame:
    """Raw beside adjusted patients per FTE GP, one row a group.

    Columns: practices, left_out (no FTE, or no adjusted list), patients, adjusted_patients, fte_gp,
    patients_per_fte_gp, adjusted_patients_per_fte_gp, need_index. Both ratios are over the same
    practices, those with all three figures.
    """
    keys = practices[by] if isinstance(by, str) else by.reindex(practices.index)
    table = pd.DataFrame(
        {
            "patients": practices["patients"].astype("float64"),
            "adjusted_patients": lists.reindex(practices.index).astype("float64"),
            "fte_gp": practices[gp_definition(definition).column].astype("float64"),
        }
    )
    complete = table.notna().all(axis=1)
    sums = table[complete].groupby(keys[complete]).sum()
    counts = keys.value_counts().rename("practices")
    out = sums.reindex(counts.index.sort_values())
    out.insert(0, "practices", counts.reindex(out.index))
    out.insert(1, "left_out", keys[~complete].value_counts().reindex(out.index))
    out["left_out"] = out["left_out"].where(out["left_out"].notna(), 0).astype(int)
    fte = out["fte_gp"].where(out["fte_gp"] > 0)
    out["patients_per_fte_gp"] = out["patients"] / fte
    out["adjusted_patients_per_fte_gp"] = out["adjusted_patients"] / fte
    out["need_index"] = out["adjusted_patients"] / out["patients"]
    return out
