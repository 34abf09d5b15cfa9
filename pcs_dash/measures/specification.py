"""Does the conclusion survive? Every reasonable way of measuring the gradient, side by side.

A specification curve (Simonsohn, Simmons and Nelson 2020): GP definition x kind of list x with or
without flagged practices x IMD edition x level x weighting. The coefficient of each is the
relative gradient of patients per FTE GP: the fitted figure at the most deprived end minus that at
the least deprived end, in per cent of the mean. Positive: more patients per GP where people are
more deprived. Limits: jackknife over practices.

At practice level IMD 2025 ranks practices by their patients' mean score; for IMD 2019 there is no
such score, so their share of patients in the most deprived fifth ranks them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from pcs_dash.measures.inequality import relative_gradient
from pcs_dash.measures.need import need_adjusted_patients, need_model, with_lists
from pcs_dash.measures.patient_matrix import (
    PatientMatrix,
    lsoa_matrix,
    practice_matrix,
    quintile_matrix,
)
from pcs_dash.measures.practice_measures import measure, without_flagged
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.tables.errors import UserError

RAW = "raw"
NEED_ADJUSTED = "need-adjusted"
PUBLISHED_WEIGHTED = "published weighted population"
FLAGGED = ("with flagged", "without flagged")
WEIGHTINGS = ("by patients", "each alike")
CHOICES = ("gp_definition", "list", "flagged", "imd_edition", "level", "weighting")
UNIT = "per cent of mean patients per FTE GP, most minus least deprived end"


@dataclass(frozen=True)
class SpecificationSummary:
    """How the specifications fall; `n` counts those with a coefficient, some without interval."""

    n: int
    n_undefined: int
    n_without_interval: int
    n_positive: int
    n_positive_excludes_zero: int
    n_negative_excludes_zero: int
    lowest: float
    median: float
    highest: float


def other_lists(practices: pd.DataFrame) -> dict[str, pd.Series]:
    """Lists adjusted for need, by kind, in every way that the columns of `practices` allow.

    `practices` are those of the whole data set: the need index is fitted over all of them.
    """
    lists = {}
    if "weighted_population" in practices.columns:
        lists[PUBLISHED_WEIGHTED] = practices["weighted_population"]
    with suppress(UserError):
        model = need_model(practices)
        lists[NEED_ADJUSTED] = need_adjusted_patients(practices, model)
    return lists


def specification_curve(
    practices: pd.DataFrame, *, confidence: float = 0.95, **data: Any
) -> pd.DataFrame:
    """One row a specification, sorted by coefficient (undefined last).

    `practices` of the area; `data`: what else `specifications` takes.

    Columns: gp_definition, list, flagged, imd_edition, level, weighting, coefficient, ci_low,
    ci_high, n (practices), n_left_out, excludes_zero, reason. Index 1.. in order.
    """
    rows = [
        choices | _figures(matrix, choices["weighting"], len(practices), confidence)
        for choices, matrix in specifications(practices, **data)
    ]
    curve = pd.DataFrame(rows).sort_values("coefficient", kind="stable", na_position="last")
    curve.index = pd.RangeIndex(1, len(curve) + 1, name="specification")
    return curve


def specifications(
    practices: pd.DataFrame,
    *,
    lists: Mapping[str, pd.Series] | None = None,
    registrations: pd.DataFrame | None = None,
    lsoa_ranks: Mapping[str, pd.Series] | None = None,
) -> Iterator[tuple[dict[str, str], PatientMatrix]]:
    """Every specification of `specification_curve`: its choices, and what they leave to measure.

    `lists`: more kinds of list by name, e.g. {"need-adjusted": need_adjusted_patients(...)} or
    published weighted lists. The LSOA level needs `registrations` (practice_code, lsoa11cd,
    patients) and `lsoa_ranks` by IMD edition, and uses raw lists only.
    """
    if registrations is not None and lsoa_ranks is None:
        raise UserError("The LSOA level needs the IMD ranks of LSOAs as well.")
    for definition, kind, flagged, table in counted_tables(practices, lists):
        for edition, level, matrix in matrices(
            table, definition, registrations if kind == RAW else None, lsoa_ranks
        ):
            for weighting in WEIGHTINGS:
                options = (definition, kind, flagged, edition, level, weighting)
                yield dict(zip(CHOICES, options, strict=True)), matrix


def counted_tables(
    practices: pd.DataFrame, lists: Mapping[str, pd.Series] | None
) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    """GP definition, kind of list, with or without flagged; and the practices that are left, with
    that list as their patients.
    """
    kinds: dict[str, pd.Series | None] = {RAW: None} | dict(lists or {})
    for definition, kind, flagged in product(GP_DEFINITIONS, kinds, FLAGGED):
        table = practices
        if flagged == FLAGGED[1]:
            table = without_flagged(table, ["patients_per_fte_gp"])
        weighted = kinds[kind]
        if weighted is not None:
            table, _ = with_lists(table, weighted)
        yield definition, kind, flagged, table


def _figures(
    matrix: PatientMatrix, weighting: str, n_practices: int, confidence: float
) -> dict[str, object]:
    estimate, low, high = relative_gradient(
        matrix, by_patients=weighting == WEIGHTINGS[0], confidence=confidence
    )
    return {
        "coefficient": estimate,
        "ci_low": low,
        "ci_high": high,
        "n": matrix.n,
        "n_left_out": n_practices - matrix.n,
        "excludes_zero": bool(low > 0 or high < 0),
        "reason": "" if np.isfinite(estimate) else "too few practices or groups",
    }


def matrices(
    practices: pd.DataFrame,
    definition: str,
    registrations: pd.DataFrame | None,
    lsoa_ranks: Mapping[str, pd.Series] | None,
) -> Iterator[tuple[str, str, PatientMatrix]]:
    """IMD edition, level, and the practices' patients over the groups of that level."""
    for edition in IMD_EDITIONS:
        by = measure(practices, "imd_score" if edition == "2025" else "imd2019_share_quintile_1")
        own = practice_matrix(practices, definition=definition, deprivation=by)
        yield edition, "practice", own
        fifths = quintile_matrix(practices, definition=definition, edition=edition)
        yield edition, "quintile", fifths
        ranks = (lsoa_ranks or {}).get(edition)
        if registrations is not None and ranks is not None:
            areas = lsoa_matrix(practices, registrations, ranks, definition=definition)
            yield edition, "lsoa", areas


def summarise_curve(curve: pd.DataFrame) -> SpecificationSummary:
    """Count the specifications of `specification_curve` (all, or those left by a filter)."""
    defined = curve[curve["coefficient"].notna()]
    values = defined["coefficient"]
    nan = float("nan")
    return SpecificationSummary(
        len(defined),
        len(curve) - len(defined),
        int(defined["ci_low"].isna().sum()),
        int((values > 0).sum()),
        int((defined["ci_low"] > 0).sum()),
        int((defined["ci_high"] < 0).sum()),
        float(values.min()) if len(defined) else nan,
        float(values.median()) if len(defined) else nan,
        float(values.max()) if len(defined) else nan,
    )
