"""How often do the intervals hold the truth? Simulated coverage of every interval.

    python -m benchmarks.coverage [--runs 2000] [--only real|normal|ohid] [--gp-definition KEY]

Prints the tables of docs/methods.md. *Real practices*: those of each place, of Mid and South Essex
and of Essex are drawn with replacement, as many as there are; an interval holds if it has the
figure of the real ones in it. Only intervals that the app gives for the real practices are counted
("-": it gives none there). *Normal clouds*: rank coefficients of few practices. *OHID*: quantile
values with known standard errors. The standard error of a coverage at 2,000 runs is 0.5 points.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.measures import correlation, inequality, intervals
from pcs_dash.measures.patient_matrix import MEASURES, practice_matrix, quintile_matrix
from pcs_dash.measures.practice_measures import measure
from pcs_dash.measures.slope_index import relative_ranks, slope_index_of_inequality
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS, gp_definition
from pcs_dash.tables.areas import places, select_area
from pcs_dash.tables.dataset import build_practices

Interval = tuple[float, float]
Figures = dict[str, tuple[float, float, float]]
SEED = 20251231
# What the figures rest on.
COLUMNS = (
    "patients", "imd_score", "place", "pct_65plus", "prev_hyp", "prev_dm",
    *(f"imd2025_patients_quintile_{quintile}" for quintile in range(1, 6)),
)  # fmt: skip
NAMES = {"patients_per_fte_gp": "Patients per FTE GP", "fte_gp_per_10000": "FTE GPs per 10,000"}


def main() -> None:
    """Run the simulations asked for and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--only", choices=("real", "normal", "ohid"))
    parser.add_argument("--gp-definition", choices=list(GP_DEFINITIONS), default=DEFAULT_DEFINITION)
    args = parser.parse_args()
    if args.only in (None, "real"):
        print_real(args.runs, args.gp_definition)
    for name, cases in (("normal", normal_cases()), ("ohid", ohid_cases())):
        if args.only in (None, name):
            print_cases(cases, args.runs)


# --- real practices ------------------------------------------------------------------------------


def print_real(runs: int, definition: str) -> None:
    """One row an interval, one column an area."""
    everyone = build_practices()[0]
    columns: dict[str, dict[str, str]] = {}
    for name in ("Essex", "Mid and South Essex", *(area.name for area in places())):
        own = select_area(name, everyone)
        columns[f"{name} ({len(own)})"] = real_coverage(own, runs, definition)
        print(f"{name}: done", file=sys.stderr, flush=True)
    table = pd.DataFrame(columns)
    print("| interval |", " | ".join(table.columns), "|")
    print("|---" * (len(table.columns) + 1) + "|")
    for label, row in table.iterrows():
        print(f"| {label} |", " | ".join(row.where(row.notna(), "-")), "|")
    print(flush=True)


def real_coverage(own: pd.DataFrame, runs: int, definition: str) -> dict[str, str]:
    """Coverage in per cent by interval, of those that the app gives for the practices `own`."""
    own = own[[*COLUMNS, gp_definition(definition).column]]
    with without_permutations():
        truth = figures(own, definition)
    given = {name: part[0] for name, part in truth.items() if np.isfinite(part[1:]).all()}
    held = {name: [] for name in given}  # type: dict[str, list[bool]]
    rng = np.random.default_rng(SEED)
    with without_permutations(), whoever_carries_it():
        for _ in range(runs):
            drawn = own.iloc[rng.integers(len(own), size=len(own))].reset_index(drop=True)
            for name, (_, low, high) in figures(drawn, definition).items():
                if name in given and math.isfinite(low) and math.isfinite(high):
                    held[name].append(low <= given[name] <= high)
    return {name: f"{100 * np.mean(found):.1f}" for name, found in held.items()}


@contextmanager
def without_permutations() -> Iterator[None]:
    """p-values are not what is measured here, and take long."""
    with ExitStack() as stack:
        for module in (correlation, inequality):
            stack.enter_context(patch.object(module, "permutation_p", lambda *_, **__: math.nan))
        yield


@contextmanager
def whoever_carries_it() -> Iterator[None]:
    """Whether the app gives an interval goes by the real practices, not by a sample of them."""
    with (
        patch.object(intervals, "FEWEST_CARRYING", 0.0),
        patch.object(intervals, "MANY_CARRYING", 0.0),
        patch.object(intervals, "UNTRIED_CARRYING", 0.0),
        patch.object(correlation, "PEARSON_CARRYING", 0.0),
        patch.object(correlation, "WEIGHTED_CARRYING", 0.0),
        patch.object(correlation, "MOST_DRAWN", 0),
    ):
        yield


def figures(practices: pd.DataFrame, definition: str) -> Figures:
    """Every figure with an interval: its value and its limits."""
    return (
        coefficients(practices, definition)
        | ratios(practices, definition)
        | gradients(practices, definition)
    )


def coefficients(practices: pd.DataFrame, definition: str) -> Figures:
    """Correlations of patients per FTE GP with the deprivation score."""
    x = measure(practices, "imd_score")
    y = measure(practices, "patients_per_fte_gp", definition)
    found = {
        correlation.COEFFICIENT_NAMES[method] + (", by list" if weights is not None else ""): (
            correlation.correlate(x, y, method=method, weights=weights)
        )
        for method in correlation.METHODS
        for weights in (None, practices["patients"].astype("float64"))
    }
    covariates = practices[["pct_65plus", "prev_hyp", "prev_dm"]]
    found["Spearman's rho, allowing for age, hypertension, diabetes"] = (
        correlation.partial_correlation(x, y, covariates)
    )
    if len(set(practices["place"])) > 1:
        levels = correlation.within_between(x, y, practices["place"])
        found["Spearman's rho within places"] = levels.within
    return {name: (part.coefficient, part.ci_low, part.ci_high) for name, part in found.items()}


def ratios(practices: pd.DataFrame, definition: str) -> Figures:
    """Sums over sums: the area, its quintiles, the gap between them."""
    whole = inequality.area_ratio(practices, definition=definition)
    found: Figures = {"Patients per FTE GP": (whole.value, whole.low, whole.high)}
    table = inequality.quintile_table(practices, definition=definition)
    columns = ["patients_per_fte_gp", "patients_per_fte_gp_low", "patients_per_fte_gp_high"]
    for quintile, row in table.table[columns].iterrows():
        value, low, high = map(float, row)
        found[f"Patients per FTE GP, quintile {quintile}"] = (value, low, high)
    for key, gap in table.gaps.items():
        if key == MEASURES[0]:
            found["Ratio of quintiles 1 and 5"] = (gap.ratio, gap.ratio_low, gap.ratio_high)
        found[f"Difference of quintiles 1 and 5, {NAMES[key]}"] = (
            gap.difference,
            gap.difference_low,
            gap.difference_high,
        )
    return found


def gradients(practices: pd.DataFrame, definition: str) -> Figures:
    """Slope and relative index, the gradient of the specification curve, concentration."""
    found: Figures = {}
    by_quintile = quintile_matrix(practices, definition=definition)
    for key in MEASURES:
        by_practice = practice_matrix(practices, definition=definition, measure=key)
        for level, matrix in (("quintile", by_quintile), ("practice", by_practice)):
            index = inequality.gradient(matrix, measure=key).index(0.95)
            found[f"SII by {level}, {NAMES[key]}"] = (index.sii, index.sii_low, index.sii_high)
            found[f"RII by {level}, {NAMES[key]}"] = (index.rii, index.rii_low, index.rii_high)
            if key == MEASURES[0]:
                found[f"Gradient by {level}, each alike"] = inequality.relative_gradient(
                    matrix, by_patients=False
                )
    held = inequality.concentration_index(
        practices[gp_definition(definition).column], practices["patients"], practices["imd_score"]
    )
    return found | {"Concentration index": (held.index, held.low, held.high)}


# --- clouds and quantiles of known truth ---------------------------------------------------------

Case = tuple[str, int, float, Callable[[np.random.Generator], Interval]]


def print_cases(cases: Iterator[Case], runs: int) -> None:
    """One row a case; samples without an interval leave and are counted."""
    print("| interval | n | true value | given | below | above | coverage |")
    print("|---|---|---|---|---|---|---|")
    for name, n, truth, draw in cases:
        rng = np.random.default_rng(SEED)
        with without_permutations():
            limits = np.array([draw(rng) for _ in range(runs)])
        known = limits[np.isfinite(limits).all(axis=1)]
        below, above = np.mean(known[:, 1] < truth), np.mean(known[:, 0] > truth)
        print(
            f"| {name} | {n} | {truth:,.3g} | {len(known) / runs:.0%} | {below:.1%} | {above:.1%} "
            f"| {1 - below - above:.1%} |",
            flush=True,
        )
    print()


def true_coefficient(method: str, rho: float) -> float:
    """The population value of each coefficient under a bivariate normal."""
    if method == "spearman":
        return 6 / math.pi * math.asin(rho / 2)
    return 2 / math.pi * math.asin(rho) if method == "kendall" else rho


def normal_cases() -> Iterator[Case]:
    """Rank coefficients of clouds, down to ten practices and up to Kendall's tau of 0.71."""
    for method in ("spearman", "kendall"):
        for rho in (0.0, 0.3, 0.6, 0.9):
            for n in (10, 15, 26):
                name = correlation.COEFFICIENT_NAMES[method]
                yield name, n, true_coefficient(method, rho), cloud_draw(n, rho, method)


def cloud_draw(n: int, rho: float, method: str) -> Callable[[np.random.Generator], Interval]:
    """The interval of a bivariate normal sample."""

    def draw(rng: np.random.Generator) -> Interval:
        x = rng.normal(size=n)
        y = rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)
        result = correlation.correlate(x, y, method=method)  # type: ignore[arg-type]
        return result.ci_low, result.ci_high

    return draw


def ohid_cases() -> Iterator[Case]:
    """OHID's slope index of quantile values that scatter by their standard errors."""
    population = np.array([90.0, 110.0, 100.0, 80.0, 120.0])
    ranks = relative_ranks(population)
    for kind, truth, error in (
        ("mean", 80 - 7 * ranks, np.full(5, 1.5)),
        ("rate", 300 * np.exp(-0.5 * ranks), 300 * np.exp(-0.5 * ranks) * 0.06),
        ("proportion", 1 / (1 + np.exp(1.5 + 0.6 * ranks)), np.full(5, 0.008)),
    ):
        for transform in (False, True) if kind != "mean" else (False,):
            exact = slope_index_of_inequality(
                range(1, 6), population, truth, kind=kind, transform=transform
            )
            label = f", {'log' if kind == 'rate' else 'logit'}" if transform else ""
            for part in ("sii", "rii"):
                yield (
                    f"{part.upper()} of {kind}s{label}",
                    5,
                    getattr(exact, part),
                    ohid_draw(population, truth, error, kind, transform, part),
                )


def ohid_draw(
    population: np.ndarray,
    truth: np.ndarray,
    error: np.ndarray,
    kind: str,
    transform: bool,
    part: str,
) -> Callable[[np.random.Generator], Interval]:
    """Observed values scatter about the truth by their standard errors."""

    def draw(rng: np.random.Generator) -> Interval:
        result = slope_index_of_inequality(
            range(1, 6),
            population,
            truth + error * rng.normal(size=5),
            error,
            kind=kind,  # type: ignore[arg-type]
            transform=transform,
            repetitions=5_000,
            seed=int(rng.integers(2**31)),
        )
        return getattr(result, f"{part}_low"), getattr(result, f"{part}_high")

    return draw


if __name__ == "__main__":
    main()
