"""How often do the intervals hold the truth? Simulated coverage of every interval.

    python benchmarks/coverage.py [--runs 1000] [--only TEXT]

Prints a table for docs/methods_evidence.md. Correlations: bivariate normal clouds of known
correlation. Ratios, gradients and indices: samples of practices from a population like Essex
(lists, mix of quintiles and FTE vary; people in deprived practices have fewer GPs), whose true
values come from a very large sample. The monte-carlo error at 1,000 runs is 0.7 points.
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

from pcs_dash.metrics import inequality as ineq
from pcs_dash.metrics.correlation import correlate, lines, partial_correlation, within_between

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
        if args.only.lower() not in f"{name} {method}".lower():
            continue
        rng = np.random.default_rng(20251231)
        limits = np.array([draw(rng) for _ in range(args.runs)])
        limits = limits[np.isfinite(limits).all(axis=1)]
        below, above = np.mean(limits[:, 1] < truth), np.mean(limits[:, 0] > truth)
        cover = 1 - below - above
        print(
            f"| {name} | {method} | {n} | {truth:,.3g} | {below:.1%} | {above:.1%} | {cover:.1%} |",
            flush=True,
        )


def cases() -> Iterator[Case]:
    """Every interval, at the sizes of a place (26), Mid and South Essex (143) and Essex (204)."""
    yield from correlation_cases()
    yield from line_cases()
    yield from slope_index_cases()
    yield from practice_cases()


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


def practice_cases() -> Iterator[Case]:
    """Area ratio, quintiles, gap, slope indices, concentration; truth from a very large sample."""
    big = practices_like_essex(np.random.default_rng(1), 400_000)
    matrix = ineq.quintile_matrix(big)
    sums = ineq.group_ratios(matrix)["patients_per_fte_gp"]
    by_quintile = ineq.slope_index_of_inequality(
        range(1, 6), ineq.group_ratios(matrix)["patients"], sums
    )
    rates = 1e4 / sums
    quintile_rate = ineq.slope_index_of_inequality(
        range(1, 6), ineq.group_ratios(matrix)["patients"], rates
    )
    ordered = big.sort_values("imd_score", ascending=False)
    by_practice = {
        measure: practice_truth(ordered, measure) for measure in ("patients_per_fte_gp", "rate")
    }
    ranks = ineq.relative_ranks(ordered["patients"])
    held = ordered["gp_fte_fully_qualified"]
    concentration = float(2 * (held * ranks).sum() / held.sum() - 1)
    for n in (26, 143, 204):
        yield (
            "patients per FTE GP of an area",
            "jackknife, log scale",
            n,
            float(big["patients"].sum() / big["gp_fte_fully_qualified"].sum()),
            practice_draw(n, lambda t: limits(ineq.area_ratio(t))),
        )
        for q in (1, 3):
            yield (
                f"patients per FTE GP of quintile {q}",
                "jackknife, log scale",
                n,
                float(sums[q]),
                practice_draw(n, quintile_limits(q)),
            )
        for measure, values in (("patients_per_fte_gp", sums), ("fte_gp_per_10000", rates)):
            yield (
                f"ratio of quintile 1 to 5, {measure}",
                "jackknife, log scale",
                n,
                float(values[1] / values[5]),
                practice_draw(n, gap_limits(measure, "ratio")),
            )
            yield (
                f"difference of quintile 1 and 5, {measure}",
                "jackknife",
                n,
                float(values[1] - values[5]),
                practice_draw(n, gap_limits(measure, "difference")),
            )
        for level, measure, truth in (
            ("quintile", "patients_per_fte_gp", (by_quintile.sii, by_quintile.rii)),
            ("quintile", "fte_gp_per_10000", (quintile_rate.sii, quintile_rate.rii)),
            ("practice", "patients_per_fte_gp", by_practice["patients_per_fte_gp"]),
            ("practice", "fte_gp_per_10000", by_practice["rate"]),
        ):
            for place, part in enumerate(("sii", "rii")):
                for method in ("jackknife", "bootstrap") if place == 0 else ("jackknife",):
                    yield (
                        f"{part.upper()} by {level}, {measure}",
                        "bootstrap error" if method == "bootstrap" else method,
                        n,
                        truth[place],
                        practice_draw(n, index_limits(level, measure, part, method)),
                    )
        yield (
            "concentration index",
            "jackknife",
            n,
            concentration,
            practice_draw(n, concentration_limits),
        )


def practice_truth(ordered: pd.DataFrame, measure: str) -> tuple[float, float]:
    """SII and RII of the weighted line through a very large number of practices."""
    patients, fte = ordered["patients"], ordered["gp_fte_fully_qualified"]
    values = 1e4 * fte / patients if measure == "rate" else patients / fte
    result = ineq.slope_index_of_inequality(np.arange(1, len(ordered) + 1), patients, values)
    return result.sii, result.rii


def practice_draw(
    n: int, interval: Callable[[pd.DataFrame], Interval]
) -> Callable[[np.random.Generator], Interval]:
    """The interval of a fresh sample of n practices."""
    return lambda rng: interval(practices_like_essex(rng, n))


def limits(result: ineq.AreaRatio) -> Interval:
    """The limits of a ratio."""
    return result.low, result.high


def quintile_limits(q: int) -> Callable[[pd.DataFrame], Interval]:
    """The limits of one quintile's ratio."""

    def interval(table: pd.DataFrame) -> Interval:
        result = ineq.quintile_table(table).table
        low, high = result["patients_per_fte_gp_low"], result["patients_per_fte_gp_high"]
        return float(low[q]), float(high[q])

    return interval


def gap_limits(measure: str, part: str) -> Callable[[pd.DataFrame], Interval]:
    """The limits of the gap between quintile 1 and 5."""

    def interval(table: pd.DataFrame) -> Interval:
        gap = ineq.quintile_table(table).gaps[measure]
        return getattr(gap, f"{part}_low"), getattr(gap, f"{part}_high")

    return interval


def index_limits(
    level: str, measure: str, part: str, method: str
) -> Callable[[pd.DataFrame], Interval]:
    """The limits of the SII or RII over practices."""

    def interval(table: pd.DataFrame) -> Interval:
        index = ineq.area_inequality(
            table, level=level, measure=measure, interval=method, repetitions=SAMPLES
        ).index
        return getattr(index, f"{part}_low"), getattr(index, f"{part}_high")

    return interval


def concentration_limits(table: pd.DataFrame) -> Interval:
    """The limits of the concentration index of FTE GPs."""
    result = ineq.concentration_index(
        table["gp_fte_fully_qualified"],
        table["patients"],
        table["imd_score"],
    )
    return result.low, result.high


if __name__ == "__main__":
    main()
