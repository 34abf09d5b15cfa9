"""What a plan means: one row a hub with every measure, the verdict of every rule, a score card.

Runs at every click, so it works on arrays throughout. What doesn't depend on the plan is taken
out of the practices table once by `prepare`, and given instead of the table. The sums are those of
`measures.sums`, which every other group of practices is summed by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pcs_dash.hubs.contiguity import Neighbours, pieces
from pcs_dash.hubs.journeys import Journeys, described, main_sites, minutes_of_groups
from pcs_dash.hubs.plan import UNASSIGNED, Plan
from pcs_dash.hubs.rules import Rule
from pcs_dash.measures import numbers, register
from pcs_dash.measures.register import HUB_MEASURES, HUB_MINUTES, PER_GP, Measure
from pcs_dash.measures.small_numbers import hidden_cells, is_small_quotient, shown_shares
from pcs_dash.measures.sums import (
    Floats,
    Groups,
    capacity,
    capacity_summands,
    column,
    over,
    sorted_groups,
    stacked,
    sums_by_group,
)
from pcs_dash.measures.words import lower_first
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, Benchmark, gp_definition
from pcs_dash.tables.constants import BAND, HUB_MINIMUM, IMD_EDITIONS
from pcs_dash.tables.errors import UserError

MEETS, BELOW, ABOVE, NO_FIGURE = VERDICTS = ("meets", "below", "above", "no figure")
_VERDICT = pd.CategoricalDtype(list(VERDICTS))
# A score card's line: key, measure, value, what it is out of (NaN: nothing), unit, definition.
Line = tuple[str, str, float, float, str, str]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A practices table under one GP definition and IMD edition, as arrays; see `prepare`.

    summands: what each practice adds to its hub's sums, shape (n, len(names)), nothing missing;
    names: what its columns are;
    own: the measures of users' files that the practices have columns of;
    position: easting and northing in m, shape (n, 2), NaN where unknown; patients, fte, imd: shape
    (n,), NaN where missing.
    """

    codes: pd.Index
    names: tuple[str, ...]
    summands: Floats
    position: Floats
    patients: Floats
    fte: Floats
    imd: Floats
    journeys: Journeys | None = None
    own: Mapping[str, Measure] = field(default_factory=dict)


# What hubs add up beside the capacity of their practices.
_PLACES = ("patients_without_quintile", "practices_without_position")


def prepare(
    practices: pd.DataFrame,
    *,
    definition: str = DEFAULT_DEFINITION,
    edition: str = "2025",
    journeys: Journeys | None = None,
) -> Prepared:
    """What a summary needs of an area's practices, whatever the plan. Compute once and keep.

    `journeys` may be those of more practices; without them every figure in minutes is missing.

    UserError for an unknown definition or edition, or a practice code that is there twice.
    """
    if not practices.index.is_unique:
        raise UserError("A practice code is there twice: a summary needs one row a practice.")
    if edition not in IMD_EDITIONS:
        raise UserError(f"There is no IMD edition '{edition}'. Choose one of: 2025, 2019.")

    fte_column = gp_definition(definition).column
    position = np.column_stack([column(practices, "easting"), column(practices, "northing")])
    summands = capacity_summands(practices, fte_column) | {
        **{
            f"quintile_{quintile}": column(practices, f"imd{edition}_patients_quintile_{quintile}")
            for quintile in range(1, 6)
        },
        "patients_without_quintile": column(practices, f"imd{edition}_patients_unknown"),
        "practices_without_position": np.isnan(position).any(axis=1).astype(float),
    }
    own = register.own(practices.columns)
    for measure in own.values():
        summands |= _own_summands(measure, practices)
    return Prepared(
        practices.index,
        tuple(summands),
        stacked(summands),
        position,
        column(practices, "patients"),
        column(practices, fte_column),
        column(practices, "imd_score"),
        None if journeys is None else journeys.of(practices.index),
        own,
    )


def _own_summands(measure: Measure, practices: pd.DataFrame) -> dict[str, Floats]:
    """What each practice adds to its hub's figure of a user's file, where it has one."""
    top, bottom = measure.parts(practices)
    known = (top.notna() & bottom.notna()).to_numpy()
    return {
        f"{measure.key}_top": np.where(known, top, 0.0),
        f"{measure.key}_bottom": np.where(known, bottom, 0.0),
        own_count(measure.key): known.astype(float),
    }


def own_count(key: str) -> str:
    """The summary's column for how many practices a figure of a user's file rests on."""
    return f"{key}_practices"


def _own_figures(own: Mapping[str, Measure], sums: Mapping[str, Floats]) -> dict[str, Any]:
    """A sum over a sum for each measure of a user's file, missing where it rests on too few people
    to be shown (`small_numbers`), and by how many practices it is carried.
    """
    found: dict[str, Any] = {}
    for key, measure in own.items():
        top, bottom = sums[f"{key}_top"], sums[f"{key}_bottom"]
        value = measure.times * over(top, bottom)
        if not measure.weighted:
            few = is_small_quotient(
                pd.Series(top), pd.Series(bottom), share=measure.unit.startswith("%")
            )
            value = np.where(few, np.nan, value)
        found[key] = value
        found[own_count(key)] = np.rint(sums[own_count(key)]).astype(np.int64)
    return found


def summarise_hubs(
    plan: Plan,
    practices: pd.DataFrame | Prepared,
    *,
    definition: str = DEFAULT_DEFINITION,
    benchmark: Benchmark | float | None = None,
    rules: Sequence[Rule] = (),
    edition: str = "2025",
    neighbours: Neighbours | None = None,
    journeys: Journeys | None = None,
) -> pd.DataFrame:
    """One row a hub in the plan's order and a last row "Unassigned"; index `hub` (name).

    `practices` are those of the area, as a table or prepared (then `definition`, `edition` and
    `journeys` are those it was prepared with): every one of them is in exactly one row, so that
    practices, patients and FTE add up to the area. Practices of the plan outside the area are in no
    figure and counted in practices_outside_area.

    Columns: hub_id, colour, locked, then the keys of HUB_MEASURES (definitions and units there),
    then each measure of a user's file that the practices have and the practices it rests on
    (`own_count`), then a verdict for each rule that is on, called `verdict_column(rule)`: "meets",
    "below", "above" or "no figure"; missing for Unassigned, which no rule judges. pieces and
    contiguous are missing without `neighbours` (of these practices, see `contiguity.neighbours`)
    and for empty hubs; distances for hubs without a position; fte_gap without a benchmark.
    """
    if not isinstance(practices, Prepared):
        practices = prepare(practices, definition=definition, edition=edition, journeys=journeys)
    group = groups_of(plan, practices.codes)
    number = len(plan.hubs) + 1
    totals = sums_by_group(practices.summands, group, number)
    sums = dict(zip(practices.names, totals.T, strict=True))
    judged = np.arange(number) < number - 1
    table: dict[str, Any] = dict(capacity(sums, _benchmark_value(benchmark)))
    for name in _PLACES:
        table[name] = np.rint(sums[name]).astype(np.int64)
    table |= _quintiles(sums)
    table |= _distances(practices, group, number)
    table |= _contiguity(practices, group, number, neighbours)
    table |= _minutes(practices.journeys, group, number)
    patients = table["patients"]
    own = _own_figures(practices.own, sums)
    table |= own
    table["meets_20000"] = _flags(patients >= HUB_MINIMUM, judged)
    table["within_30000_50000"] = _flags((patients >= BAND[0]) & (patients <= BAND[1]), judged)
    table["practices_outside_area"] = _outside(plan, practices.codes)
    columns: dict[str, Any] = {
        "hub_id": [*(hub.id for hub in plan.hubs), None],
        "colour": [*(hub.colour for hub in plan.hubs), None],
        "locked": [*(hub.locked for hub in plan.hubs), False],
    }
    verdicts = {
        verdict_column(rule): _verdicts(rule, table, practices, group) for rule in rules if rule.on
    }
    table |= _without_small(sums)
    columns |= {key: table[key] for key in HUB_MEASURES} | own | verdicts
    names = pd.Index([*(hub.name for hub in plan.hubs), UNASSIGNED], name="hub", dtype="str")
    return pd.DataFrame(columns, index=names, copy=False)


def verdict_column(rule: Rule) -> str:
    """The summary's column for a rule: "Rule: " and its name."""
    return f"Rule: {rule.name}"


def groups_of(plan: Plan, codes: pd.Index) -> Groups:
    """For each code the number of its hub in `plan.hubs`, or len(plan.hubs) where unassigned."""
    number = {hub.id: position for position, hub in enumerate(plan.hubs)}
    held = {code: number[hub_id] for code, hub_id in plan.assignment.items()}
    unassigned = len(number)
    return np.fromiter((held.get(code, unassigned) for code in codes.tolist()), np.intp, len(codes))


def scorecard(
    plan: Plan,
    practices: pd.DataFrame | Prepared,
    *,
    definition: str = DEFAULT_DEFINITION,
    benchmark: Benchmark | float | None = None,
    rules: Sequence[Rule] = (),
    neighbours: Neighbours | None = None,
    summary: pd.DataFrame | None = None,
    journeys: Journeys | None = None,
) -> pd.DataFrame:
    """The plan as a whole, one named measure a row; index `key`.

    Columns: measure (name), value, of (what the value is out of, missing where nothing), unit,
    definition. Hubs without practices are counted as empty and left out of every spread. There is
    no overall score. Give `summary` (of the same plan, practices and rules) to spare its time.
    """
    if not isinstance(practices, Prepared):
        practices = prepare(practices, definition=definition, journeys=journeys)
    if summary is None:
        summary = summarise_hubs(
            plan, practices, benchmark=benchmark, rules=rules, neighbours=neighbours
        )
    hubs = summary.iloc[:-1]
    filled = hubs[hubs["practices"] > 0]
    in_hub = groups_of(plan, practices.codes) < len(plan.hubs)
    lines = [
        *_count_lines(summary, filled, len(practices.codes)),
        *(_rule_line(rule, filled, practices, in_hub) for rule in rules if rule.on),
        _contiguous_line(filled),
        *_distance_lines(filled),
        *_minutes_lines(plan, practices),
        *_spread(filled, "patients", "Hub size", "patients"),
        *_spread(filled, PER_GP.key, PER_GP.label, PER_GP.unit),
        *_benchmark_lines(filled, _benchmark_value(benchmark)),
    ]
    columns = ["key", "measure", "value", "of", "unit", "definition"]
    table = pd.DataFrame(lines, columns=columns).set_index("key")
    return table.astype({"value": float, "of": float})


def _count_lines(summary: pd.DataFrame, filled: pd.DataFrame, practices: int) -> list[Line]:
    """Hubs with and without practices, and what is in no hub."""
    empty, rest, patients = len(summary) - 1 - len(filled), summary.iloc[-1], summary["patients"]
    here, none = "Hubs without a practice of this area.", "Practices of the area in no hub."
    listed = "Registered patients of practices in no hub."
    in_none, theirs = rest["practices"], rest["patients"]
    return [
        ("hubs", "Hubs", len(filled), np.nan, "hubs", "Hubs with practices here."),
        ("empty_hubs", "Empty hubs", empty, np.nan, "hubs", here),
        ("unassigned_practices", "Unassigned practices", in_none, practices, "practices", none),
        ("unassigned_patients", "Unassigned patients", theirs, patients.sum(), "patients", listed),
    ]


def _contiguous_line(filled: pd.DataFrame) -> Line:
    whole = filled["contiguous"].dropna()
    number = float(whole.sum()) if len(whole) else np.nan
    meaning = HUB_MEASURES["contiguous"].definition
    return ("contiguous_hubs", "Hubs in one piece", number, len(whole), "hubs", meaning)


def _benchmark_lines(filled: pd.DataFrame, benchmark: float | None) -> list[Line]:
    if benchmark is None:
        return []
    ratio = filled["patients_per_fte_gp"].dropna()
    above = float((ratio > benchmark).sum()) if len(ratio) else np.nan
    meaning = (
        f"Hubs with more than {numbers.number(benchmark)} patients per FTE GP (the benchmark)."
    )
    return [("hubs_above_benchmark", "Under-doctored hubs", above, len(ratio), "hubs", meaning)]


def gini(values: Sequence[float] | Floats) -> float:
    """Gini coefficient of non-negative values, each counted once: 0 all equal, towards 1 unequal.

    Half the mean absolute difference of all pairs over the mean; NaN for no values or a sum of 0.
    """
    ordered = np.sort(np.asarray(values, dtype=float))
    total = ordered.sum()
    if not len(ordered) or not total > 0:
        return float("nan")
    rank = np.arange(1, len(ordered) + 1)
    return float(((2 * rank - len(ordered) - 1) * ordered).sum() / (len(ordered) * total))


# --- sums and measures ---


def _quintiles(sums: Mapping[str, Floats]) -> dict[str, Any]:
    counts = [sums[f"quintile_{q}"] for q in range(1, 6)]
    known = np.sum(counts, axis=0)
    return {f"share_quintile_{q}": over(count, known) for q, count in enumerate(counts, start=1)}


def _without_small(sums: Mapping[str, Floats]) -> dict[str, Any]:
    """What rests on counts of patients by quintile, as it may be shown (`small_numbers`). The
    rules judge the exact figures.
    """
    shares = shown_shares(np.column_stack([sums[f"quintile_{q}"] for q in range(1, 6)]))
    unknown = np.rint(sums["patients_without_quintile"])
    # The area's count is known, so a single hidden one would follow from the others.
    shown = pd.arrays.IntegerArray(unknown.astype(np.int64), hidden_cells(unknown))
    return {
        **{f"share_quintile_{q}": shares[:, q - 1] for q in range(1, 6)},
        "patients_without_quintile": shown,
    }


# Of more practices than this only those on the convex hull can be furthest apart.
_HULL_FROM = 40


def _distances(practices: Prepared, group: Groups, number: int) -> dict[str, Any]:
    """Straight-line distances in km from EPSG:27700 positions."""
    placed = ~np.isnan(practices.position).any(axis=1)
    held, position = group[placed], practices.position[placed]
    weight = np.nan_to_num(practices.patients[placed])

    def sums(values: Floats | None = None) -> Floats:
        return np.bincount(held, weights=values, minlength=number).astype(float)

    count, total = sums(), sums(weight)
    # A hub whose practices have no patients has its centre at their plain mean position.
    weight = np.where(total[held] > 0, weight, 1.0)
    total = np.where(total > 0, total, count)
    centre = np.column_stack([over(sums(weight * axis), total) for axis in position.T])
    from_centre = np.hypot(*(position - centre[held]).T) / 1_000
    widest = np.full(number, np.nan)
    order, filled, starts = sorted_groups(held)
    for hub, members in zip(filled, np.split(position[order], starts[1:]), strict=False):
        widest[hub] = _widest(members) / 1_000
    return {
        "mean_distance_km": over(sums(from_centre), count),
        "patient_distance_km": over(sums(weight * from_centre), total),
        "widest_km": widest,
    }


def _minutes(journeys: Journeys | None, group: Groups, number: int) -> dict[str, Any]:
    """Minutes to the own practice and to the main site; practices in no hub have no main site."""
    if journeys is None:
        missing = dict.fromkeys(HUB_MINUTES, np.full(number, np.nan))
        return missing | described(None, group, number)
    sites = _hub_sites(journeys, group, number)
    found = minutes_of_groups(journeys, group, sites[group], number)
    return found | described(journeys, sites, number)


def _hub_sites(journeys: Journeys, group: Groups, number: int) -> Groups:
    sites = main_sites(journeys, group, number)
    sites[-1] = -1
    return sites


def sites_of(plan: Plan, codes: pd.Index, journeys: Journeys) -> dict[str, str]:
    """The main site (a practice's code) of each hub of a plan by the hub's name, among these
    practices; hubs of which nobody's way is known have none.
    """
    groups = groups_of(plan, codes)
    sites = _hub_sites(journeys.of(codes), groups, len(plan.hubs) + 1)
    return {
        hub.name: str(codes[site]) for hub, site in zip(plan.hubs, sites, strict=False) if site >= 0
    }


def _widest(position: Floats) -> float:
    if len(position) > _HULL_FROM:
        position = shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(position)))
    x, y = position.T
    squared = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    return float(squared.max()) ** 0.5


def _contiguity(
    practices: Prepared, group: Groups, number: int, neighbours: Neighbours | None
) -> dict[str, Any]:
    """Pieces of each hub; Unassigned and empty hubs have none to count."""
    if neighbours is None:
        counted = np.zeros(number, dtype=np.int64)
    else:
        placed = np.flatnonzero(~np.isnan(practices.position).any(axis=1))
        if not practices.codes[placed].equals(neighbours.codes):
            raise UserError("The neighbours are those of another area. Compute them for this one.")
        held = group[placed]
        counted = pieces(neighbours, np.where(held == number - 1, -1, held), number)
    none = counted == 0
    return {
        "pieces": pd.arrays.IntegerArray(counted.astype(np.int64), none),
        "contiguous": pd.arrays.BooleanArray(counted == 1, none.copy()),
    }


def _outside(plan: Plan, codes: pd.Index) -> NDArray[np.int64]:
    number = {hub.id: position for position, hub in enumerate(plan.hubs)}
    inside = set(codes)
    outside = [number[hub_id] for code, hub_id in plan.assignment.items() if code not in inside]
    return np.bincount(np.array(outside, dtype=np.intp), minlength=len(number) + 1)


def _flags(values: NDArray[np.bool_], judged: NDArray[np.bool_]) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(values.copy(), ~judged)


def _benchmark_value(benchmark: Benchmark | float | None) -> float | None:
    value = benchmark.value if isinstance(benchmark, Benchmark) else benchmark
    if value is not None and not (np.isfinite(value) and value > 0):
        raise UserError("A benchmark must be a number of patients per FTE GP above 0.")
    return value


# --- rules ---


def _verdicts(
    rule: Rule, table: Mapping[str, Any], practices: Prepared, group: Groups
) -> pd.Categorical:
    """The verdict of each hub; missing for Unassigned."""
    if rule.of_practices:
        codes = _hub_verdict_codes(rule, practices, group, len(table["practices"]))
    else:
        # A measure of a file that isn't loaded here has no figure. Own ones are judged as shown, or
        # a bound moved to and fro would tell what is too small to show.
        measured = table.get(rule.measure, np.full(len(table["practices"]), np.nan))
        if not isinstance(measured, np.ndarray):
            measured = measured.to_numpy(dtype=float, na_value=np.nan)
        codes = _verdict_codes(measured, rule)
    codes[-1] = -1
    return pd.Categorical.from_codes(codes, dtype=_VERDICT)


def _hub_verdict_codes(
    rule: Rule, practices: Prepared, group: Groups, number: int
) -> NDArray[np.int8]:
    """One practice outside is enough ("below" before "above"); a hub without a figure has none."""
    words = _verdict_codes(_practice_measure(rule.measure, practices), rule)
    codes = np.full(number, VERDICTS.index(NO_FIGURE), dtype=np.int8)
    for verdict in (MEETS, ABOVE, BELOW):
        codes[group[words == VERDICTS.index(verdict)]] = VERDICTS.index(verdict)
    return codes


def _verdict_codes(measured: Floats, rule: Rule) -> NDArray[np.int8]:
    """Positions in VERDICTS; a bound itself is met."""
    codes = np.zeros(len(measured), dtype=np.int8)
    if rule.lower is not None:
        codes[measured < rule.lower] = VERDICTS.index(BELOW)
    if rule.upper is not None:
        codes[measured > rule.upper] = VERDICTS.index(ABOVE)
    codes[np.isnan(measured)] = VERDICTS.index(NO_FIGURE)
    return codes


def _practice_measure(measure: str, practices: Prepared) -> Floats:
    measured = {
        "practice_patients": practices.patients,
        "practice_fte_gp": practices.fte,
        "practice_patients_per_fte_gp": over(practices.patients, practices.fte),
        "practice_imd_score": practices.imd,
    }
    return measured[measure]


def _rule_line(
    rule: Rule, filled: pd.DataFrame, practices: Prepared, in_hub: NDArray[np.bool_]
) -> Line:
    """How many hubs, or practices in hubs, meet a rule, of those that have a figure."""
    if rule.of_practices:
        codes = _verdict_codes(_practice_measure(rule.measure, practices), rule)[in_hub]
        unit = "practices"
    else:
        codes = filled[verdict_column(rule)].cat.codes.to_numpy().astype(np.int8)
        unit = "hubs"
    return (
        f"rule:{rule.name}",
        f"Meet the rule {rule.label}",
        int((codes == VERDICTS.index(MEETS)).sum()),
        int((codes != VERDICTS.index(NO_FIGURE)).sum()),
        unit,
        f"{unit.capitalize()} in the plan that meet the rule, of those with a figure. "
        f"Source: {rule.source or 'set by the user'}{', ' + rule.date if rule.date else ''}.",
    )


def _distance_lines(filled: pd.DataFrame) -> list[Line]:
    known = filled[filled["patient_distance_km"].notna() & (filled["patients"] > 0)]
    patients = known["patients"].to_numpy(dtype=float)
    distance = known["patient_distance_km"].to_numpy(dtype=float)
    mean = float((patients * distance).sum() / patients.sum()) if len(known) else np.nan
    is_mean = (
        "Mean over the patients in hubs of the straight-line distance from their practice to their "
        "hub's patient-weighted centre."
    )
    is_widest = "Longest straight-line distance between two practices of one hub."
    title = "Mean distance from practice to hub centre"
    return [
        ("patient_distance_km", title, mean, np.nan, "km", is_mean),
        ("widest_km_max", "Widest hub", filled["widest_km"].max(), np.nan, "km", is_widest),
    ]


def _minutes_lines(plan: Plan, practices: Prepared) -> list[Line]:
    """Minutes of all patients in hubs, before and after, by each mode that has minutes."""
    journeys = practices.journeys
    if journeys is None:
        return []
    group = groups_of(plan, practices.codes)
    sites = _hub_sites(journeys, group, len(plan.hubs) + 1)
    in_none = (group == len(plan.hubs)).astype(np.intp)
    found = minutes_of_groups(journeys, in_none, sites[group], 2)
    return [
        (
            key,
            f"{HUB_MEASURES[key].label} ({journeys.kinds[mode]})",
            found[key][0],
            np.nan,
            "minutes",
            f"{HUB_MEASURES[key].definition} All hubs together. {journeys.label}.",
        )
        for mode in journeys.kinds
        for key in HUB_MINUTES
        if key.endswith(f"_{mode}")
    ]


def _spread(filled: pd.DataFrame, key: str, label: str, unit: str) -> list[Line]:
    values = filled[key].dropna().to_numpy(dtype=float)
    low, high = (values.min(), values.max()) if len(values) else (np.nan, np.nan)
    what = lower_first(HUB_MEASURES[key].label)
    ratio = high / low if low > 0 else np.nan
    is_ratio = f"Highest over lowest {what} among the hubs; 1 = all equal."
    is_gini = (
        f"Half the mean absolute difference in {what} over all pairs of hubs, divided by the mean; "
        "each hub counts once. 0 = all equal."
    )
    return [
        (f"{key}_min", f"{label}: lowest", low, np.nan, unit, f"Lowest {what}."),
        (f"{key}_max", f"{label}: highest", high, np.nan, unit, f"Highest {what}."),
        (f"{key}_ratio", f"{label}: highest / lowest", ratio, np.nan, "ratio", is_ratio),
        (f"{key}_gini", f"{label}: Gini coefficient", gini(values), np.nan, "0 to 1", is_gini),
    ]
