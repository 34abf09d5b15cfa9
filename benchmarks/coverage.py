"""How often do the intervals hold the truth? Simulated coverage of every interval.

    python -m benchmarks.coverage [--runs 1000] [--only TEXT]

Prints a table for docs/methods.md. Correlations: bivariate normal clouds of known
correlation. Ratios, gradients and indices: samples of practices from a population like Essex
(lists, mix of quintiles and FTE vary; people in deprived practices have fewer GPs), whose true
values come from a very large sample; `--only practices` runs these alone. The standard error of a
coverage at 1,000 runs is 0.7 points.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.measures import inequality as ineq
from pcs_dash.measures.correlation import correlate, partial_correlation, within_between
from pcs_dash.measures.lines import lines

Interval = tuple[float, float]
Case = tuple[str, str, int, float, Callable[[np.random.Generator], Interval]]
SAMPLES = 1_000
GRADIENT = 0.35


def main() -> None:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    print("| interval | method | n | true value | below | above | coverage |")
    print("|---|---|---|---|---|---|---|")
    for name, method, n, truth, draw in cases():
        if args.only.lower() in f"{name} {method}".lower():
            rng = np.random.default_rng(20251231)
            print_row(name, method, n, truth, np.array([draw(rng) for _ in range(args.runs)]))
    if args.only in ("", "practices"):
        print_practices(args.runs)


def print_row(name: str, method: str, n: int, truth: float, limits: np.ndarray) -> None:
    """One line of the table; samples without an interval leave."""
    limits = limits[np.isfinite(limits).all(axis=1)]
    below, above = np.mean(limits[:, 1] < truth), np.mean(limits[:, 0] > truth)
    cover = 1 - below - above
    print(
        f"| {name} | {method} | {n} | {truth:,.3g} | {below:.1%} | {above:.1%} | {cover:.1%} |",
        flush=True,
    )


def cases() -> Iterator[Case]:
    """Everything but the intervals over practices (see `print_practices`)."""
    yield from correlation_cases()
    yield from line_cases()
    yield from slope_index_cases()


# --- correlation ---------------------------------------------------------------------------------


def cloud(rng: np.random.Generator, n: int, rho: float) -> tuple[np.ndarray, np.ndarray]:
    """A bivariate normal sample."""
    x = rng.normal(size=n)
    return x, rho * x + math.sqrt(1 - rho**2) * rng.normal(size=n)


def true_coefficient(method: str, rho: float) -> float:
    """The population value of each coefficient under a bivariate normal."""
    if method == "spearman":
        return 6 / math.pi * math.asin(rho / 2)
    return 2 / math.pi * math.asin(rho) if method == "kendall" else rho


def correlation_cases() -> Iterator[Case]:
    """Analytic and bootstrap, weighted or not."""
    for rho in (0.0, 0.3):
        for n in (26, 204):
            for method in ("pearson", "spearman", "kendall"):
                truth = true_coefficient(method, rho)
                for weighted in (False, True):
                    yield (
                        f"{method}{', weighted' if weighted else ''}",
                        "analytic",
                        n,
                        truth,
                        correlation_draw(n, rho, method, weighted, "analytic"),
                    )
            yield (
                "pearson",
                "BCa bootstrap, widened tails",
                n,
                rho,
                correlation_draw(n, rho, "pearson", False, "bootstrap"),
            )
    yield "partial pearson given 2", "Fisher z", 26, 0.3, partial_draw(26, 0.3)


def correlation_draw(
    n: int, rho: float, method: str, weighted: bool, interval: str
) -> Callable[[np.random.Generator], Interval]:
    """One simulated interval; weights are list sizes, unrelated to the figures."""

    def draw(rng: np.random.Generator) -> Interval:
        x, y = cloud(rng, n, rho)
        weights = rng.lognormal(9, 0.5, size=n) if weighted else None
        result = correlate(
            x,
            y,
            method=method,
            weights=weights,
            interval=interval,
            repetitions=SAMPLES,
            seed=int(rng.integers(2**31)),
        )
        return result.ci_low, result.ci_high

    return draw


def partial_draw(n: int, rho: float) -> Callable[[np.random.Generator], Interval]:
    """A partial correlation given two covariates that move both measures."""

    def draw(rng: np.random.Generator) -> Interval:
        x, y = cloud(rng, n, rho)
        given = rng.normal(size=(n, 2))
        result = partial_correlation(
            x + given @ [1.0, 0.5], y + given @ [0.5, -1.0], pd.DataFrame(given)
        )
        return result.ci_low, result.ci_high

    return draw


# --- lines ---------------------------------------------------------------------------------------


def line_cases() -> Iterator[Case]:
    """Least squares with unequal spread, Theil-Sen, and the slope within places."""
    for n in (26, 204):
        for place, name in enumerate(("least squares slope, unequal spread", "Theil-Sen slope")):
            yield name, ("HC3", "Sen")[place], n, 0.5, line_draw(n, place)
    yield "slope within 7 places", "fixed effects, HC3", 204, 0.5, within_draw("within")
    yield "slope within 7 places", "mixed model", 204, 0.5, within_draw("mixed")


def line_draw(n: int, place: int) -> Callable[[np.random.Generator], Interval]:
    """A line whose spread grows with x (for least squares)."""

    def draw(rng: np.random.Generator) -> Interval:
        x = rng.normal(size=n)
        spread = np.exp(0.4 * x) if place == 0 else 1.0
        line = lines(x, 0.5 * x + spread * rng.normal(size=n))[place]
        return line.slope_low, line.slope_high

    return draw


def within_draw(key: str) -> Callable[[np.random.Generator], Interval]:
    """Practices in seven places whose levels differ."""

    def draw(rng: np.random.Generator) -> Interval:
        place = np.arange(204) % 7
        level = rng.normal(size=7)[place]
        x = rng.normal(size=204)
        y = 0.5 * x + level + rng.normal(size=204)
        result = within_between(pd.Series(x), pd.Series(y), pd.Series(place))
        return getattr(result, f"{key}_low"), getattr(result, f"{key}_high")

    return draw


# --- OHID's slope index --------------------------------------------------------------------------


def slope_index_cases() -> Iterator[Case]:
    """Quantile values with known standard errors."""
    population = np.array([90.0, 110.0, 100.0, 80.0, 120.0])
    ranks = ineq.relative_ranks(population)
    for kind, truth, error in (
        ("mean", 80 - 7 * ranks, np.full(5, 1.5)),
        ("rate", 300 * np.exp(-0.5 * ranks), 300 * np.exp(-0.5 * ranks) * 0.06),
        ("proportion", 1 / (1 + np.exp(1.5 + 0.6 * ranks)), np.full(5, 0.008)),
    ):
        for transform in (False, True) if kind != "mean" else (False,):
            exact = ineq.slope_index_of_inequality(
                range(1, 6), population, truth, kind=kind, transform=transform
            )
            label = f", {'log' if kind == 'rate' else 'logit'}" if transform else ""
            for part in ("sii", "rii"):
                yield (
                    f"{part.upper()} of {kind}s{label}",
                    "OHID simulation",
                    5,
                    getattr(exact, part),
                    slope_index_draw(population, truth, error, kind, transform, part),
                )


def slope_index_draw(
    population: np.ndarray,
    truth: np.ndarray,
    error: np.ndarray,
    kind: str,
    transform: bool,
    part: str,
) -> Callable[[np.random.Generator], Interval]:
    """Observed values scatter about the truth by their standard errors."""

    def draw(rng: np.random.Generator) -> Interval:
        result = ineq.slope_index_of_inequality(
            range(1, 6),
            population,
            truth + error * rng.normal(size=5),
            error,
            kind=kind,
            transform=transform,
            repetitions=5_000,
            seed=int(rng.integers(2**31)),
        )
        return getattr(result, f"{part}_low"), getattr(result, f"{part}_high")

    return draw


# --- practices -----------------------------------------------------------------------------------


def practices_like_essex(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Practices drawn from one population: lists, deprivation, mix of quintiles and FTE."""
    deprived = rng.uniform(size=n)
    patients = rng.lognormal(9, 0.55, size=n)
    centres = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
    mix = np.exp(-6 * (deprived[:, None] - centres) ** 2) * rng.gamma(3, 1 / 3, size=(n, 5))
    mix /= mix.sum(axis=1, keepdims=True)
    table = pd.DataFrame({"patients": patients, "imd_score": 5 + 40 * deprived})
    table["gp_fte_fully_qualified"] = (
        patients / 2_500 * np.exp(-GRADIENT * (deprived - 0.5) + rng.normal(scale=0.3, size=n))
    )
    for quintile in range(5):
        table[f"imd2025_patients_quintile_{quintile + 1}"] = mix[:, quintile] * patients
    return table


def practice_truths() -> dict[str, float]:
    """The true value of everything `practice_intervals` estimates, from a very large sample."""
    big = practices_like_essex(np.random.default_rng(1), 400_000)
    quintiles = ineq.group_ratios(ineq.quintile_matrix(big))
    truths = {
        "patients per FTE GP, area": float(
            big["patients"].sum() / big["gp_fte_fully_qualified"].sum()
        )
    }
    ordered = big.sort_values("imd_score", ascending=False)
    patients, held = ordered["patients"], ordered["gp_fte_fully_qualified"]
    for measure, values in (
        ("patients_per_fte_gp", patients / held),
        ("fte_gp_per_10000", 1e4 * held / patients),
    ):
        sums = quintiles[measure]
        for q in (1, 3):
            truths[f"{measure}, quintile {q}"] = float(sums[q])
        truths[f"{measure}, ratio of quintile 1 to 5"] = float(sums[1] / sums[5])
        truths[f"{measure}, difference of quintile 1 and 5"] = float(sums[1] - sums[5])
        by_quintile = ineq.slope_index_of_inequality(range(1, 6), quintiles["patients"], sums)
        by_practice = ineq.slope_index_of_inequality(
            np.arange(1, len(ordered) + 1), patients, values
        )
        for level, index in (("quintile", by_quintile), ("practice", by_practice)):
            truths[f"{measure}, SII by {level}"] = index.sii
            truths[f"{measure}, RII by {level}"] = index.rii
    ranks = ineq.relative_ranks(patients)
    truths["concentration index"] = float(2 * (held * ranks).sum() / held.sum() - 1)
    quintile = truths["patients_per_fte_gp, SII by quintile"]
    truths["patients_per_fte_gp, SII by quintile, bootstrap error"] = quintile
    middle = np.average(quintiles["patients_per_fte_gp"], weights=quintiles["patients"])
    truths["relative gradient by quintile (specification curve)"] = -100 * quintile / middle
    return truths


def practice_intervals(table: pd.DataFrame) -> dict[str, Interval]:
    """Every interval over the practices of one sample."""
    ratio = ineq.area_ratio(table)
    found: dict[str, Interval] = {"patients per FTE GP, area": (ratio.low, ratio.high)}
    result = ineq.quintile_table(table)
    for measure in ineq.MEASURES:
        for q in (1, 3):
            low, high = (float(result.table.loc[q, f"{measure}_{end}"]) for end in ("low", "high"))
            found[f"{measure}, quintile {q}"] = (low, high)
        gap = result.gaps[measure]
        found[f"{measure}, ratio of quintile 1 to 5"] = (gap.ratio_low, gap.ratio_high)
        found[f"{measure}, difference of quintile 1 and 5"] = (
            gap.difference_low,
            gap.difference_high,
        )
        for level in ("quintile", "practice"):
            index = ineq.area_inequality(table, level=level, measure=measure).index
            found[f"{measure}, SII by {level}"] = (index.sii_low, index.sii_high)
            found[f"{measure}, RII by {level}"] = (index.rii_low, index.rii_high)
    concentration = ineq.concentration_index(
        table["gp_fte_fully_qualified"], table["patients"], table["imd_score"]
    )
    found["concentration index"] = (concentration.low, concentration.high)
    index = ineq.area_inequality(table, interval="bootstrap", repetitions=SAMPLES).index
    found["patients_per_fte_gp, SII by quintile, bootstrap error"] = (
        index.sii_low,
        index.sii_high,
    )
    _, low, high = ineq.relative_gradient(ineq.quintile_matrix(table))
    found["relative gradient by quintile (specification curve)"] = (low, high)
    return found


def print_practices(runs: int) -> None:
    """Coverage over practices, all intervals from the same samples."""
    truths = practice_truths()
    for n in (26, 143, 204):
        rng = np.random.default_rng(20251231)
        samples = [practice_intervals(practices_like_essex(rng, n)) for _ in range(runs)]
        for name, truth in truths.items():
            method = "bootstrap over practices" if "bootstrap" in name else "jackknife"
            print_row(name, method, n, truth, np.array([sample[name] for sample in samples]))


if __name__ == "__main__":
    main()
