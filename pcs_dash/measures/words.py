"""Sentences for a board paper that claim no more than their figures allow.

One rule grades every result (`grade`), by its p-value, which is that of its interval where it has
one (`intervals`): "no evidence of" from p = 0.05 up, where an interval of 95% includes the null
value (0, or 1 for a ratio); "weak evidence of" below that; "clear evidence of" below p = 0.01,
where an interval of 99% would leave the null value out as well.

Sizes of correlations are Cohen's (1988): below 0.1 very small, 0.3 small, 0.5 moderate, above
large; a size is always given as the range that the interval spans. Wording is of figures that go
together, never of one that brings the other about.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pcs_dash.measures.numbers import (
    NO_INTERVAL,
    TIMES,
    between,
    count,
    decimals_for,
    number,
    p_text,
    per_cent,
    times,
)
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.workforce import gp_definition

if TYPE_CHECKING:
    import pandas as pd

    from pcs_dash.measures.correlation import Correlation, WithinBetween
    from pcs_dash.measures.funnel import Funnel
    from pcs_dash.measures.inequality import AreaInequality, AreaRatio, Concentration, Gap
    from pcs_dash.measures.slope_index import SlopeIndex
    from pcs_dash.measures.spatial import GlobalMoran, LocalPattern
    from pcs_dash.measures.specification import SpecificationSummary
    from pcs_dash.measures.then_now import ThenNow
    from pcs_dash.measures.verdict import Verdict
    from pcs_dash.measures.workforce import Benchmark

Grade = Literal["undefined", "none", "weak", "clear"]

_SIZES = ((0.1, "very small"), (0.3, "small"), (0.5, "moderate"), (math.inf, "large"))
# "Nearly every" specification: this share of them leaves zero out on one side, none on the other.
NEARLY_ALL = 0.9
NOT_WHY = "Figures that go together do not say why."
NOT_NONE = "That is not the same as evidence of none"
FEW_CARRY = "a few practices carry the figure, or there are fewer than ten"


@dataclass(frozen=True)
class Words:
    """What was found, how far it can be trusted, and what it rests on; `str()` joins them."""

    finding: str
    caution: str = ""
    basis: str = ""

    @property
    def text(self) -> str:
        """The whole paragraph, ready to copy and to stand as a chart's text alternative."""
        return " ".join(part for part in (self.finding, self.caution, self.basis) if part)

    def __str__(self) -> str:
        return self.text


# --- Grading ------------------------------------------------------------------------------------


def grade(p_value: float) -> Grade:
    """How strong the evidence is that the true value is not the null value."""
    if not math.isfinite(p_value):
        return "undefined"
    return "none" if p_value >= 0.05 else "weak" if p_value >= 0.01 else "clear"


def size_of_correlation(value: float) -> str:
    """Cohen's word for the size of a coefficient, whatever its sign."""
    return next(word for limit, word in _SIZES if abs(value) < limit)


def size_range(low: float, high: float) -> str:
    """The sizes that an interval on one side of zero spans: "small to moderate"."""
    first, last = sorted((low, high), key=abs)
    words = (size_of_correlation(first), size_of_correlation(last))
    return words[0] if words[0] == words[1] else f"{words[0]} to {words[1]}"


# --- Parts of sentences --------------------------------------------------------------------------


def interval_text(
    low: float, high: float, decimals: int = 0, confidence: float = 0.95, *, null: float = 0.0
) -> str:
    """As "95% interval −0.35 to 0.43"; says so when there is none."""
    text = between(low, high, decimals, null=null)
    level = number(100 * confidence, 1).removesuffix(".0")
    return text if text == NO_INTERVAL else f"{level}% interval {text}"


def _tested(
    low: float, high: float, decimals: int, confidence: float, p_value: float, *, null: float = 0.0
) -> str:
    """As "95% interval 0.04 to 0.36, p = 0.015"; "no interval, p = 0.083 by permutation"."""
    interval = interval_text(low, high, decimals, confidence, null=null)
    p_words = p_text(p_value)
    if interval == NO_INTERVAL and p_words:
        p_words += " by permutation"
    return ", ".join(part for part in (interval, p_words) if part)


def definition_text(definition: str, date: str) -> str:
    """Which GPs were counted, and when: "GPs: fully qualified GPs (...), 31 December 2025."."""
    chosen = gp_definition(definition)
    return f"GPs counted: {chosen.label.lower().replace('gps', 'GPs')} ({chosen.meaning}), {date}."


def _missing(n: int, what: str = "figure") -> str:
    return f"; {n:,} left out for a missing {what}" if n else ""


def lower_first(label: str) -> str:
    """The label inside a sentence; an acronym keeps its capitals."""
    first = label.split(" ", 1)[0]
    return (
        label if first.isupper() or first in ("GPs", "FTE", "QOF") else label[0].lower() + label[1:]
    )


def upper_first(label: str) -> str:
    """The label at the head of a sentence."""
    return label[:1].upper() + label[1:]


# --- Correlation ----------------------------------------------------------------------------------


def correlation_words(
    result: Correlation,
    *,
    place: str,
    x: str = "imd_score",
    y: str = "patients_per_fte_gp",
    definition: str = "fully_qualified",
    date: str,
) -> Words:
    """What a correlation between two measures of the menu allows to be said.

    `x`, `y`: keys of `practice_measures.VARIABLES` or of users' own measures. `date`: the period
    of the workforce.
    """
    from pcs_dash.measures import register
    from pcs_dash.measures.correlation import COEFFICIENT_NAMES
    from pcs_dash.measures.practice_measures import VARIABLES

    own = register.own((x, y))
    across, up = ((VARIABLES | own)[key] for key in (x, y))
    pair = f"{lower_first(up.label)} and {lower_first(across.label)}"
    gps = definition_text(definition, date) if up.per_gp else f"Figures: {date}."
    counted = (gps, *(f"{each.label}: {each.fixed_period}." for each in own.values()))
    level = grade(result.p_value)
    if level == "undefined":
        finding = f"In {place} nothing can be said on {pair}."
        basis = f"{count(result.n, 'practice')}{_missing(result.n_missing)}."
        return Words(finding, result.reason, " ".join((basis, *counted)))
    r = result.coefficient
    name = ("weighted " if result.weighted else "") + COEFFICIENT_NAMES[result.method]
    basis = (
        f"{upper_first(name)} = {_coefficient(result)}, "
        f"{count(result.n, 'practice')}{_missing(result.n_missing)}."
    )
    if result.weighted:
        basis += " Practices weigh by their list size."
    if level == "none":
        finding = f"In {place} there is no evidence of an association between {pair}."
        caution = f"{NOT_NONE}. {result.reason}".strip()
        if not result.reason:
            caution = _open_interval(result.ci_low, result.ci_high)
        return Words(finding, caution, " ".join((basis, *counted)))
    sign = "positive" if r > 0 else "negative"
    verb = "tends" if level == "clear" else "may tend"
    finding = (
        f"In {place} there is {level} evidence of a {sign} association between {pair}: where "
        f"{across.higher}, {lower_first(up.label)} {verb} to be {'higher' if r > 0 else 'lower'}."
    )
    size = result.reason
    if not size:
        sizes = size_range(result.ci_low, result.ci_high)
        size = f"Its size {'could be' if ' to ' in sizes else 'is'} {sizes}."
    return Words(finding, f"{size} {NOT_WHY}", " ".join((basis, *counted)))


def _open_interval(low: float, high: float) -> str:
    """What an interval around zero leaves open."""
    if max(abs(low), abs(high)) < 0.1:
        return "If there is one, it is very small."
    ends = []
    for end, sign in ((low, "negative"), (high, "positive")):
        if abs(end) < 0.005:
            ends.append("none")
        else:
            ends.append(f"a {size_of_correlation(end)} {sign} one")
    return f"{NOT_NONE}: the interval runs from {ends[0]} to {ends[1]}."


def partial_words(said: Words, given: Sequence[str]) -> Words:
    """`correlation_words` of a partial correlation, with what was allowed for named."""
    names = ", ".join(given)
    return Words(
        f"Once {names} {'is' if len(given) == 1 else 'are'} allowed for: "
        f"{said.finding[0].lower()}{said.finding[1:]}",
        said.caution,
        f"Partial {said.basis}",
    )


def influence_words(carried: pd.DataFrame, coefficient: float, *, place: str) -> str:
    """Whether one practice carries the result; `carried` as `correlation.influence` returns it."""
    turning = int(carried["changes_conclusion"].sum())
    first = carried.iloc[0]
    changes = "never changes whether there is evidence"
    if turning:
        changes = (
            f"changes whether there is evidence, or on which side of zero, for {turning:,} of "
            f"{count(len(carried), 'practice')}"
        )
    return (
        f"In {place} leaving out one practice {changes}. "
        f"Without the most influential one ({carried.index[0]}) Spearman's rho is "
        f"{number(first['coefficient_without'], 2)} "
        f"({interval_text(first['ci_low'], first['ci_high'], 2)}) in place of "
        f"{number(coefficient, 2)}."
    )


def within_between_words(
    result: WithinBetween, *, definition: str = "fully_qualified", date: str, unit: str = "places"
) -> Words:
    """Whether what holds over all practices also holds inside the places."""
    pooled, within = result.pooled, result.within
    counted = f"{count(pooled.n, 'practice')}{_missing(pooled.n_missing)}, {len(result.groups)}"
    tail = definition_text(definition, date)
    levels = grade(pooled.p_value), grade(within.p_value)
    if "undefined" in levels:
        finding = f"Within and between {unit} can't be told apart here."
        return Words(finding, within.reason or pooled.reason, f"{counted} {unit}. {tail}")
    parts = []
    for level, part, where in zip(
        levels, (pooled, within), ("Over all practices", f"within {unit}"), strict=True
    ):
        turn = "rising" if part.coefficient > 0 else "falling"
        claim = "no evidence of a line" if level == "none" else f"{level} evidence of a {turn} line"
        parts.append(f"{where} there is {claim}")
    basis = (
        f"Spearman's rho {_coefficient(pooled)} over all practices, {_coefficient(within)} within "
        f"{unit}, each with a level of its own. {counted} {unit}. {tail}"
    )
    return Words(f"{parts[0]}; {parts[1]}.", _reconciled(result, unit), basis)


def _reconciled(result: WithinBetween, unit: str) -> str:
    """How what holds over all practices and what holds within places go together."""
    pooled, within = result.pooled.excludes_zero, result.within.excludes_zero
    if result.simpson:
        return (
            "The two point opposite ways (Simpson's paradox): what holds over all practices comes "
            f"from differences between {unit}, not from within them."
        )
    if result.opposite:
        return "The two estimates point opposite ways, but at least one of them may be chance."
    if pooled and within:
        return f"The two agree: it is not only a matter of differences between {unit}."
    if pooled:
        return (
            f"What holds over all practices may come from differences between {unit}: inside them "
            "it can't be told from chance."
        )
    if within:
        return f"Differences between {unit} hide over all practices what holds inside them."
    return "Neither can be told from chance."


def _coefficient(result: Correlation) -> str:
    tested = _tested(result.ci_low, result.ci_high, 2, result.confidence, result.p_value)
    return f"{number(result.coefficient, 2)} ({tested})"


# --- Inequality ---------------------------------------------------------------------------------

_MEASURE_WORDS = {PER_GP.key: PER_GP.noun, "fte_gp_per_10000": REGISTER["gps_per_10000"].noun}


def slope_words(
    index: SlopeIndex,
    *,
    place: str,
    measure: str = "patients_per_fte_gp",
    definition: str = "fully_qualified",
    date: str,
    basis: str = "",
) -> Words:
    """The Slope and Relative Index of Inequality in words; `basis` adds what they rest on."""
    what = _MEASURE_WORDS.get(measure, measure)
    tail = " ".join(part for part in (basis, definition_text(definition, date)) if part)
    if not math.isfinite(index.sii):
        return Words(f"In {place} no gradient of {what} by deprivation can be fitted.", "", tail)
    ends = (index.intercept, index.intercept + index.sii)
    places = decimals_for(index.intercept)
    fitted = (
        f"fitted {number(ends[0], places)} at the most deprived end, "
        f"{number(ends[1], places)} at the least deprived end"
    )
    level = grade(index.p_value)
    tested = _tested(index.sii_low, index.sii_high, places, index.confidence, index.p_value)
    ratio = ""
    if math.isfinite(index.rii):
        rii = interval_text(index.rii_low, index.rii_high, 2, index.confidence, null=1)
        ratio = f"; Relative Index of Inequality {number(index.rii, 2)}"
        ratio += "" if rii == NO_INTERVAL else f" ({rii})"
    figures = f"Slope Index of Inequality {number(index.sii, places)} ({tested}){ratio}: {fitted}."
    if level == "undefined":
        finding = f"In {place} no interval can be given for the gradient of {what} by deprivation."
        return Words(finding, "So it can't be told from chance.", f"{figures} {tail}")
    if level == "none":
        finding = f"In {place} there is no evidence of a gradient of {what} by deprivation."
        either = ": the interval holds gradients either way" if index.sii_low < 0 else ""
        return Words(finding, f"{NOT_NONE}{either}.", f"{figures} {tail}")
    more = index.sii < 0
    finding = (
        f"In {place} there is {level} evidence that {what} are "
        f"{'higher' if more else 'lower'} where people are more deprived."
    )
    return Words(finding, NOT_WHY, f"{figures} {tail}")


def index_cells(index: SlopeIndex, decimals: int = 0) -> tuple[str, str, str, str]:
    """Slope and Relative Index of Inequality, each with its interval, as cells of a table."""
    return (
        number(index.sii, decimals),
        between(index.sii_low, index.sii_high, decimals),
        number(index.rii, 2),
        between(index.rii_low, index.rii_high, 2, null=1),
    )


def inequality_words(result: AreaInequality, *, place: str, date: str) -> Words:
    """`slope_words` for an area's practices, with the level and the counts."""
    levels = {"quintile": "by deprivation quintile", "practice": "by practice", "lsoa": "by LSOA"}
    basis = (
        f"Measured {levels[result.level]}, {count(result.n_practices, 'practice')}"
        f"{_missing(result.n_missing)}"
        f"{f'; {result.index.interval_method}' if not result.reason else ''}."
    )
    if result.reason:
        basis += f" {result.reason}"
    if result.level == "quintile":
        basis += f" Quintiles: IMD {result.edition}."
    if result.level == "lsoa":
        basis += f" LSOAs ranked by IMD {result.edition}."
    if result.note:
        basis += f" {result.note}"
    what = {"measure": result.measure, "definition": result.definition}
    return slope_words(result.index, place=place, date=date, basis=basis, **what)


def gap_words(gap: Gap, *, place: str, definition: str = "fully_qualified", date: str) -> Words:
    """The most against the least deprived fifth, as a ratio with its interval."""
    what = _MEASURE_WORDS[gap.measure]
    tail = definition_text(definition, date)
    level = grade(gap.p_value)
    if level == "undefined":
        finding = f"In {place} the most and the least deprived fifth can't be compared on {what}."
        return Words(finding, gap.reason, tail)
    places = decimals_for(gap.difference)
    tested = _tested(gap.ratio_low, gap.ratio_high, 2, gap.confidence, gap.p_value, null=1)
    apart = interval_text(gap.difference_low, gap.difference_high, places, gap.confidence)
    figures = (
        f"Ratio of quintile 1 to quintile 5: {number(gap.ratio, 2)} ({tested}); difference "
        f"{number(gap.difference, places)}{'' if apart == NO_INTERVAL else f' ({apart})'}."
        f"{f' {gap.reason}' if gap.reason else ''}"
    )
    if level == "none":
        finding = (
            f"In {place} there is no evidence that {what} differ between the most and the least "
            "deprived fifth."
        )
        caution = "That is not the same as evidence that they are equal."
        return Words(finding, caution, f"{figures} {tail}")
    side = "more" if gap.ratio > 1 else "fewer"
    finding = (
        f"In {place} there is {level} evidence of {side} {what} in the most deprived fifth than "
        "in the least deprived fifth."
    )
    return Words(finding, NOT_WHY, f"{figures} {tail}")


def concentration_words(
    result: Concentration, *, place: str, definition: str = "fully_qualified", date: str
) -> Words:
    """Whether FTE GPs are concentrated on one end of the deprivation scale."""
    tail = definition_text(definition, date)
    level = grade(result.p_value)
    tested = _tested(result.low, result.high, 3, result.confidence, result.p_value)
    figures = (
        f"Concentration index {number(result.index, 3)} ({tested}), "
        f"{count(result.n, 'practice')}{_missing(result.n_missing)}."
        f"{f' {result.reason}' if result.reason else ''}"
    )
    if level == "undefined":
        finding = f"In {place} no concentration index can be given."
        return Words(finding, result.reason, f"{count(result.n, 'practice')}. {tail}")
    if level == "none":
        finding = f"In {place} there is no evidence that FTE GPs are concentrated by deprivation."
        caution = "That is not the same as evidence that they are spread evenly."
        return Words(finding, caution, f"{figures} {tail}")
    side = "less" if result.index > 0 else "more"
    finding = (
        f"In {place} there is {level} evidence that FTE GPs are concentrated where people are "
        f"{side} deprived."
    )
    return Words(finding, NOT_WHY, f"{figures} {tail}")


# --- Against a benchmark ------------------------------------------------------------------------


def benchmark_words(
    value: float,
    benchmark: Benchmark,
    *,
    place: str,
    definition: str = "fully_qualified",
    date: str,
    codes: Collection[str] = (),
    ratio: AreaRatio | None = None,
) -> Words:
    """Patients per FTE GP of an area against a benchmark, both dates printed.

    `codes`: the area's practices. With `ratio` (`inequality.area_ratio`) it says, too, whether a
    difference of that size could be the chance of which practices there happen to be.
    """
    tail = definition_text(definition, date)
    if not (math.isfinite(value) and math.isfinite(benchmark.value)) or benchmark.value <= 0:
        return Words(f"{place} has no figure for patients per FTE GP.", "", tail)
    figure = f"{place} has {number(value)} patients per FTE GP"
    practices = f" {count(ratio.n, 'practice')}." if ratio is not None else ""
    shared = benchmark.shared_with(place, codes)
    when = benchmark.period or "typed in"
    against = f"{benchmark.label} ({number(benchmark.value)}, {when})"
    if shared == "same":
        known = f"the benchmark is its own figure ({number(benchmark.value)}, {when})"
        return Words(f"{figure}; {known}.", "", tail + practices)
    share = value / benchmark.value - 1
    if abs(share) < 0.005:
        relation = f"within half a per cent of {against}"
    elif share >= TIMES:
        relation = f"{times(1 + share)} {against}"
    else:
        relation = f"{per_cent(abs(share))} {'more' if share > 0 else 'fewer'} than {against}"
    within = {"inside": ", which includes it", "around": ", which is a part of it"}.get(shared, "")
    caution = "" if ratio is None else _against(value, benchmark, shared, ratio)
    return Words(f"{figure}, {relation}{within}.", caution, tail + practices)


def _against(value: float, benchmark: Benchmark, shared: str, ratio: AreaRatio) -> str:
    """Whether the difference could be chance; held against the others where the whole includes the
    area, and not at all where the area includes the whole.
    """
    if shared in ("around", "overlapping"):
        return ""
    null = ratio.rest if shared == "inside" else benchmark.value
    level = grade(ratio.p_value)
    if level == "undefined":
        return ratio.reason
    interval = interval_text(ratio.low, ratio.high, 0, ratio.confidence, null=benchmark.value)
    beside = f"the benchmark ({interval})"
    if shared == "inside":
        beside = f"the others in {benchmark.label} ({number(ratio.rest)}, {p_text(ratio.p_value)})"
    exact = " England's figure is taken as exact." if benchmark.key == "england" else ""
    if level == "none":
        held = "Held against {}," if shared == "inside" else "The interval includes {}:"
        finding = f"{held.format(beside)} a difference of this size could be chance"
    else:
        side = "above" if value > null else "below"
        of = "that of " if shared == "inside" else ""
        finding = f"There is {level} evidence that the figure is {side} {of}{beside}"
    return f"{finding}, were these practices a sample.{exact}"


# --- Spatial pattern ----------------------------------------------------------------------------


def moran_words(result: GlobalMoran, *, what: str, place: str, date: str) -> Words:
    """Whether like values lie near each other more than chance would have it."""
    level = grade(result.p_value)
    left_out = _missing(result.n_missing, "figure or place")
    basis = (
        f"Moran's I = {number(result.statistic, 3)}, expected under chance "
        f"{number(result.expected, 3)}, {p_text(result.p_value)} from {result.permutations:,} "
        f"permutations; {count(result.n, result.unit)}{left_out}, "
        f"neighbours by {result.weights}. {date}."
    )
    if level == "undefined":
        return Words(f"In {place} no spatial pattern of {what} can be computed.", result.reason)
    if level == "none":
        finding = f"In {place} there is no evidence of a spatial pattern of {what}."
        return Words(finding, "That is not the same as evidence of none.", basis)
    alike = "alike" if result.statistic > result.expected else "unlike"
    finding = (
        f"In {place} there is {level} evidence of a spatial pattern of {what}: neighbours are more "
        f"{alike} than chance would have it."
    )
    return Words(finding, "A pattern on the map is not a measure of its size.", basis)


def clusters_words(result: LocalPattern, *, what: str) -> Words:
    """How many local clusters were found, and how many chance alone would give."""
    found = result.n_significant
    if not result.n_tested:
        return Words(f"No clusters of {what} can be looked for.", result.reason)
    expected = number(result.expected_by_chance, 1)
    finding = (
        f"{found:,} of {count(result.n_tested, result.unit)} stand"
        if found
        else f"No {result.unit} stands"
    )
    finding += f" out as part of a cluster of {what} after control for the number of tests."
    caution = (
        f"Without that control {result.n_unadjusted:,} would, where chance alone would give about "
        f"{expected}."
    )
    basis = f"{result.statistic_name}, {result.permutations:,} permutations, {result.control}."
    return Words(finding, caution, basis)


# --- Does it survive? ----------------------------------------------------------------------------


def specification_words(summary: SpecificationSummary, *, place: str, date: str) -> Words:
    """How often the gradient points one way, and how often its interval says so."""
    n = summary.n
    if not n:
        finding = f"In {place} no way of measuring gives a gradient."
        return Words(finding, "", f"{date}.")
    up, down = summary.n_positive_excludes_zero, summary.n_negative_excludes_zero
    excludes = up + down
    one_sign = summary.n_positive in (0, n)
    split = "" if one_sign or not excludes else f" ({_sides(up, down)})"
    without = summary.n_without_interval
    lacking = f"; {without:,} {'has' if without == 1 else 'have'} no interval" if without else ""
    finding = (
        f"In {place} the gradient of patients per FTE GP towards deprivation is positive in "
        f"{summary.n_positive:,} of {n:,} ways of measuring; its interval excludes zero in "
        f"{excludes:,}{split}{lacking}."
    )
    basis = (
        f"From {number(summary.lowest, 1)}% to {number(summary.highest, 1)}%, median "
        f"{number(summary.median, 1)}%: patients per FTE GP at the most against the least "
        f"deprived end, in per cent of their mean. {date}."
    )
    if without:
        basis += f" No interval: {FEW_CARRY}."
    if summary.n_undefined:
        basis += f" {summary.n_undefined:,} more have too little to go on."
    return Words(finding, _survives(n, up, down), basis)


def _survives(n: int, up: int, down: int) -> str:
    """Whether the conclusion holds however it is measured."""
    excludes = up + down
    side = "" if up else ", a negative gradient"
    if excludes == n and not (up and down):
        return f"Every way of measuring it finds the same{side}."
    if excludes == 0:
        return "No way of measuring it can tell it from chance."
    if up and down:
        return "The answer turns with the way of measuring: no single one should be quoted alone."
    if excludes >= NEARLY_ALL * n:
        rest = n - excludes
        return (
            f"The conclusion survives nearly every way of measuring{side}; {rest:,} "
            f"{'does' if rest == 1 else 'do'} not leave zero out."
        )
    return "The conclusion depends on the way of measuring; say with it how it was measured."


def _sides(up: int, down: int) -> str:
    if up and down:
        return f"{up:,} positive, {down:,} negative"
    return f"{up:,} positive" if up else f"{down:,} negative"


# --- The verdict ---------------------------------------------------------------------------------


def verdict_words(found: Verdict, *, place: str, date: str) -> Words:
    """What all ways of asking allow to be said together."""
    summary = found.summary
    n, same = summary.n, found.n_same
    if found.outcome == "undefined":
        finding = f"In {place} nothing can be said: too few practices have a figure to compare."
        return Words(finding, "", f"{date}.")
    side = f"{'more' if found.more else 'fewer'} patients per FTE GP where people are more deprived"
    count_words = f"Of {n:,} ways to ask, {'all' if same == n else f'{same:,}'} point to {side}"
    finding = {
        "not shown": f"{count_words}; taken together they can't be told from chance: in {place} "
        "the figures do not show it.",
        "depends": f"{count_words}: taken together they are more than chance would give, but in "
        f"{place} the answer depends on how it is asked.",
        "shown": f"{count_words}: in {place} there is {grade(found.p_value)} evidence of it.",
    }[found.outcome]
    told = summary.n_positive_excludes_zero if found.more else summary.n_negative_excludes_zero
    more = NOT_NONE + "." if found.outcome == "not shown" else _inside_places(found)
    held = n - summary.n_without_interval
    ways = f"{held:,} ways with an interval that holds" if held < n else "ways"
    basis = (
        f"Median gradient {number(summary.median, 1)}% of the mean; {p_text(found.p_value)}, from "
        f"dealing lists and GPs out anew to where patients live. Taken singly, {told:,} of the "
        f"{ways} can be told from chance. {date}."
    )
    return Words(finding, " ".join(part for part in (more, _by_list(found)) if part), basis)


def _inside_places(found: Verdict) -> str:
    """Whether what is found over all practices is found inside places."""
    return {
        "": "",
        "same": f"It is also found inside the {found.n_places} places, not only between them.",
        "none": f"It may come from differences between the {found.n_places} places: inside them it "
        "can't be told from chance.",
        "opposite": f"Inside the {found.n_places} places it points the other way (Simpson's "
        "paradox).",
    }[found.inside]


def _by_list(found: Verdict) -> str:
    """How kinds of list differ, where they do."""
    told = [kind for kind, p_value in found.lists.items() if grade(p_value) != "none"]
    untold = [kind for kind in found.lists if kind not in told]
    if not told or not untold:
        return ""
    return (
        f"By kind of list it turns: with {' and '.join(told)} lists alone it is told from chance, "
        f"with {' and '.join(untold)} ones it is not."
    )


# --- Practices against the limits for their size ----------------------------------------------


def funnel_words(result: Funnel, *, place: str, date: str) -> Words:
    """How many practices stand out for their size, and how many would by chance."""
    from pcs_dash.measures.funnel import POSITIONS

    tail = definition_text(result.definition, date)
    if not result.n:
        return Words(f"In {place} no practice has a figure.", "", tail)
    low = int(result.points["position"].isin(POSITIONS[:2]).sum())
    more = result.n_outside_95 - low
    finding = (
        f"In {place} {count(low, 'practice')} of {result.n:,} "
        f"{'has' if low == 1 else 'have'} fewer FTE GPs than the limits for "
        f"{'its' if low == 1 else 'their'} size, and {more:,} "
        f"{'has' if more == 1 else 'have'} more; chance alone would put about "
        f"{number(result.expected_outside_95, 1)} outside."
    )
    basis = (
        f"{REGISTER['gps_per_10000'].label} against 95% and 99.8% limits about the average of "
        f"{number(result.average, 2)}, {count(result.n, 'practice')}{_missing(result.n_missing)}"
        f"{'; limits scaled to the practices' if result.adjusted else ''}. {tail}"
    )
    return Words(finding, result.note, basis)


# --- Then and now --------------------------------------------------------------------------------


def then_now_words(row: ThenNow) -> Words:
    """A published figure of 2014-2018 beside today's, and what changed in between."""
    then = (
        f"{row.place}, {row.then_period}, {row.figure}: {row.then_text}"
        f"{f' ({row.then_source})' if row.then_source else ''}."
    )
    if not math.isfinite(row.now_value):
        return Words(then, "There is no comparable figure today.", row.change)
    now = f"Today ({row.now_period}): {row.now_text}."
    caution = (
        "The two are measured alike."
        if row.comparable
        else "The two are not measured alike, so their difference is not a change."
    )
    return Words(f"{then} {now}", caution, row.change)


def join(parts: Sequence[Words | str]) -> str:
    """Several findings as paragraphs of one text."""
    return "\n\n".join(str(part) for part in parts)
