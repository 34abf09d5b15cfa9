"""Do the intervals hold everywhere? Every area, GP definition, IMD edition and pair of measures.

    python -m benchmarks.coverage_everywhere [--england] [--draws 2000] [--only KIND ...]

Every interval that the app gives is drawn again from a seed that did not decide whether it is
given, and those outside 93% to 97% ten times as often from a third one; of them the last draws
count. Prints a table of docs/methods.md. Areas: all embedded ones, with the LSOA level where
registrations by LSOA are loaded (PCS_DASH_DATA_DIR). `--england`: the ICBs and sub-ICB locations of
the data loaded instead; where no workforce of England is loaded, each practice is lent the patients
per FTE GP of one of the LIKE practices of Essex nearest to it in list size.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import chain, product
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.coverage import without_permutations
from pcs_dash.measures import correlation, inequality, intervals
from pcs_dash.measures.patient_matrix import (
    MEASURES,
    PatientMatrix,
    RatioKey,
    lsoa_matrix,
    practice_matrix,
    quintile_matrix,
)
from pcs_dash.measures.practice_measures import available_variables, measure
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS, gp_definition
from pcs_dash.official.area_dataset import dataset_of
from pcs_dash.official.loaded_areas import loaded_areas
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.constants import IMD_EDITIONS
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.views.readers import STRAIGHT, patients_by_lsoa

# A figure with an interval: its kind, which one, and how the app comes by it; and whether its
# interval holds, for draws and a seed.
Case = tuple[str, str, Callable[[], object]]
# Its name, the data it is of, and its practices.
Area = tuple[str, Dataset, pd.DataFrame]
Held = Callable[[int, int], Iterator[np.ndarray]]
WITHIN = (0.93, 0.97)
MORE = 10
LIKE = 20
ALLOWED_FOR = ["pct_65plus", "prev_hyp", "prev_dm"]


def main() -> None:
    """Draw what was asked for again, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--england", action="store_true")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument(
        "--gp-definitions", nargs="+", choices=list(GP_DEFINITIONS), default=list(GP_DEFINITIONS)
    )
    args = parser.parse_args()
    rows = measured(
        england() if args.england else essex(), args.only, args.gp_definitions, args.draws
    )
    table = pd.DataFrame(list(rows), columns=["kind", "area", "label", "practices", "held"])
    print("| intervals of | how many | lowest | highest | outside 93-97 |")
    print("|---|---|---|---|---|")
    for kind, part in table.groupby("kind", sort=False):
        held = 100 * part["held"]
        out = part[~part["held"].between(*WITHIN)]
        print(f"| {kind} | {len(part)} | {held.min():.1f} | {held.max():.1f} | {len(out)} |")
    print()
    for _, row in table[~table["held"].between(*WITHIN)].iterrows():
        print(f"{row['area']} ({row['practices']}), {row['label']}: {100 * row['held']:.1f}")


def measured(
    areas: Iterator[Area], kinds: list[str], definitions: list[str], draws: int
) -> Iterator[tuple[str, str, str, int, float]]:
    """Kind, area, which, practices and how often it holds, for every interval given."""
    for name, dataset, own in areas:
        given = 0
        for kind, label, work in chain(*(KINDS[only](own, dataset, definitions) for only in kinds)):
            with without_permutations(), recorded() as found:
                work()
            given += len(found)
            yield from ((kind, name, label, len(own), share(held, draws)) for held in found)
        print(f"{name}: {given} intervals", file=sys.stderr, flush=True)


def share(held: Held, draws: int) -> float:
    """How often the interval holds the figure: of more draws where it seems not to."""
    found = float(np.concatenate(list(held(draws, 1))).mean())
    if WITHIN[0] <= found <= WITHIN[1]:
        return found
    return float(np.concatenate(list(held(MORE * draws, 2))).mean())


@contextmanager
def recorded() -> Iterator[list[Held]]:
    """The intervals that are given in here, each to be drawn again."""
    found: list[Held] = []

    def jackknife(estimate: float, left_out: np.ndarray, **asked: object) -> intervals.Limits:
        limits = intervals.jackknife(estimate, left_out, **asked)  # type: ignore[arg-type]
        again = asked.get("again")
        if limits.known and again is not None:
            shared = {name: asked[name] for name in ("cells", "ranks") if name in asked}

            def held(draws: int, seed: int) -> Iterator[np.ndarray]:
                return intervals.draw_again(
                    estimate, len(left_out), again, draws=draws, seed=seed, **shared
                )  # type: ignore[arg-type]

            found.append(held)
        return limits

    with ExitStack() as stack:
        for module in (correlation, inequality):
            stack.enter_context(patch.object(module, "jackknife", jackknife))
        yield found


# --- whose figures -------------------------------------------------------------------------------


def essex() -> Iterator[Area]:
    """Every embedded area that has ten practices."""
    dataset = build_dataset()
    for area in all_areas():
        own = area.select(dataset.practices)
        if len(own) >= intervals.FEWEST_PRACTICES:
            yield area.title, dataset, own


def england() -> Iterator[Area]:
    """ICBs and sub-ICB locations of the data loaded, with GPs (lent, where none are loaded)."""
    every = [area for area in loaded_areas() if area.kind in ("icb", "sub_icb")]
    for icb in (area for area in every if area.kind == "icb"):
        dataset = dataset_of(icb)
        practices = dataset.practices
        if not practices[gp_definition("all").column].notna().any():
            practices = with_lent_gps(practices)
        for area in every:
            own = area.select(practices) if area.icb_codes == icb.icb_codes else practices[:0]
            # Where one is the whole ICB it is the same practices.
            same = area.kind == "sub_icb" and len(own) == len(practices)
            if len(own) >= intervals.FEWEST_PRACTICES and not same:
                yield area.label, dataset, own


def with_lent_gps(practices: pd.DataFrame) -> pd.DataFrame:
    """The practices with FTE GPs in the proportion to patients that a like practice of Essex has
    them in; none where that one has no figure.
    """
    rng = np.random.default_rng(0)
    lenders = build_dataset().practices.sort_values("patients")
    sizes = lenders["patients"].to_numpy("float64")
    lists = practices["patients"].to_numpy("float64")
    first = np.clip(np.searchsorted(sizes, lists) - LIKE // 2, 0, len(sizes) - LIKE)
    lender = first + rng.integers(LIKE, size=len(lists))
    columns = {}
    for definition in GP_DEFINITIONS.values():
        fte = lenders[definition.column].to_numpy("float64", na_value=np.nan)
        columns[definition.column] = lists * (fte / sizes)[lender]
    return practices.assign(**columns)


# --- what is drawn -------------------------------------------------------------------------------


def ratios(own: pd.DataFrame, _: Dataset, definitions: list[str]) -> Iterator[Case]:
    """Sums over sums: the area, its quintiles, the gap between them."""
    for definition in definitions:
        yield (
            "patients per FTE GP",
            definition,
            partial(inequality.area_ratio, own, definition=definition),
        )
        for edition in IMD_EDITIONS:
            yield (
                "ratios by quintile, and of quintiles 1 and 5",
                f"{definition}, IMD {edition}",
                partial(inequality.quintile_table, own, definition=definition, edition=edition),
            )


def gradients(own: pd.DataFrame, _: Dataset, definitions: list[str]) -> Iterator[Case]:
    """Slopes by quintile and by practice, and concentration."""
    for definition in definitions:
        for edition in IMD_EDITIONS:
            matrix = quintile_matrix(own, definition=definition, edition=edition)
            yield from gradients_of("quintile", f"{definition}, IMD {edition}", matrix)
        for key in MEASURES:
            matrix = practice_matrix(own, definition=definition, measure=key)
            yield from gradients_of("practice", definition, matrix, (key,))
        held = [own[gp_definition(definition).column], own["patients"], own["imd_score"]]
        yield "concentration", definition, partial(inequality.concentration_index, *held)


def lsoas(own: pd.DataFrame, dataset: Dataset, definitions: list[str]) -> Iterator[Case]:
    """Slopes by LSOA, where registrations are loaded."""
    found = patients_by_lsoa(STRAIGHT, dataset)
    if found is None:
        return
    for definition, edition in product(definitions, IMD_EDITIONS):
        ranks = dataset.lsoas[f"imd{edition}_rank"]
        matrix = lsoa_matrix(own, found[0], ranks, definition=definition)
        yield from gradients_of("LSOA", f"{definition}, IMD {edition}", matrix)


def gradients_of(
    level: str, which: str, matrix: PatientMatrix, keys: tuple[RatioKey, ...] = MEASURES
) -> Iterator[Case]:
    """Slope and relative index of a level, and the gradient of the specification curve."""
    for key in keys:
        label = f"{key}, {level}, {which}"
        yield (
            f"gradients by {level}",
            label,
            partial(inequality.gradient, matrix, measure=key, permute=False),
        )
    if MEASURES[0] in keys:
        label = f"each alike, {level}, {which}"
        yield (
            f"gradients by {level}, each alike",
            label,
            partial(inequality.relative_gradient, matrix, by_patients=False),
        )


def correlations(own: pd.DataFrame, _: Dataset, definitions: list[str]) -> Iterator[Case]:
    """Every pair of the menu, weighted or not; and what is left once others are allowed for."""
    lists = own["patients"].astype("float64")
    for x, y, definition in product(
        available_variables(own, "x"), available_variables(own, "y"), definitions
    ):
        if not available_variables(own, "y")[y].per_gp and definition != DEFAULT_DEFINITION:
            continue
        pair = measure(own, x, definition), measure(own, y, definition)
        which = f"{x} and {y}, {definition}"
        for method, weights in product(correlation.METHODS, (None, lists)):
            name = correlation.COEFFICIENT_NAMES[method]
            yield (
                name if weights is None else f"{name}, by list",
                which,
                partial(correlation.correlate, *pair, method=method, weights=weights),
            )
        if set(ALLOWED_FOR) <= set(own.columns):
            yield (
                "Spearman's rho, allowing for others",
                which,
                partial(correlation.partial_correlation, *pair, own[ALLOWED_FOR]),
            )
        if "place" in own.columns and len(set(own["place"])) > 1:
            # Its coefficients by place are unweighted ones of other areas.
            within = partial(correlation.within_between, *pair, own["place"])
            yield "Spearman's rho within places", which, within


KINDS = {"ratios": ratios, "gradients": gradients, "correlations": correlations, "lsoas": lsoas}


if __name__ == "__main__":
    main()
