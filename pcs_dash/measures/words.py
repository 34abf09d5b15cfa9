"""Sentences for a board paper that claim no more than their interval allows.

One rule grades every result (`grade`):

* "no evidence of": the interval includes the null value (0, or 1 for a ratio);
* "weak evidence of": it excludes it, but an interval of 99% would not;
* "clear evidence of": an interval of 99% would exclude it as well.

Sizes of correlations are Cohen's (1988): below 0.1 very small, 0.3 small, 0.5 moderate, above
large; a size is always given as the range that the interval spans. Wording is of figures that go
together, never of one that brings the other about.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

    from pcs_dash.measures.correlation import Correlation, WithinBetween
    from pcs_dash.measures.funnel import Funnel
    from pcs_dash.measures.inequality import AreaInequality, Concentration, Gap, SlopeIndex
    from pcs_dash.measures.spatial import GlobalMoran, LocalPattern
    from pcs_dash.measures.specification import SpecificationSummary
    from pcs_dash.measures.then_now import ThenNow

Grade = Literal["undefined", "none", "weak", "clear"]
Scale = Literal["linear", "fisher", "log"]

MINUS = "−"
# How much wider an interval of 99% is than one of 95%, on the scale where it is symmetrical.
_Z = {0.9: 1.644854, 0.95: 1.959964, 0.98: 2.326348, 0.99: 2.575829, 0.998: 3.090232}
_SIZES = ((0.1, "very small"), (0.3, "small"), (0.5, "moderate"), (math.inf, "large"))
# "Nearly every" specification: this share of them leaves zero out on one side, none on the other.
NEARLY_ALL = 0.9
NOT_WHY = "Figures that go together do not say why."


@dataclass(frozen=True)
class Words:
    """What was found, how far it can be trusted, and what it rests on; `str()` joins them."""

    finding: str
    caution: str
    basis: str

    @property
    def text(self) -> str:
        """The whole paragraph, ready to copy and to stand as a chart's text alternative."""
        return " ".join(part for part in (self.finding, self.caution, self.basis) if part)

    def __str__(self) -> str:
        return self.text


# --- Grading ------------------------------------------------------------------------------------


def grade(
    estimate: float,
    low: float,
    high: float,
    *,
    null: float = 0.0,
    confidence: float = 0.95,
    scale: Scale = "linear",
) -> Grade:
    """How strong the evidence is that the true value is not `null`, from the interval alone.

    `scale` is the one on which the interval is roughly symmetrical: fisher (correlations), log
    (ratios) or linear.
    """
    if not all(map(math.isfinite, (estimate, low, high))):
        return "undefined"
    if low > high:
        raise ValueError(f"The interval {low} to {high} is upside down.")
    if low <= null <= high:
        return "none"
    centre, near, zero = (_rescale(v, scale) for v in (estimate, low if low > null else high, null))
    widen = max(1.0, _Z[0.99] / _z(confidence))
    reaches = centre + (near - centre) * widen
    return "clear" if (reaches - zero) * (near - zero) > 0 else "weak"


def grade_p(p_value: float) -> Grade:
    """The same grades from a p-value, where there is no interval (permutation tests)."""
    if not math.isfinite(p_value):
        return "undefined"
    return "none" if p_value >= 0.05 else "weak" if p_value >= 0.01 else "clear"


def _z(confidence: float) -> float:
    nearest = min(_Z, key=lambda known: abs(known - confidence))
    if abs(nearest - confidence) > 1e-9:
        raise UserError(f"Sentences are written for intervals of {', '.join(map(str, _Z))}.")
    return _Z[nearest]


def _rescale(value: float, scale: Scale) -> float:
    if scale == "fisher":
        return math.atanh(min(max(value, -1 + 1e-12), 1 - 1e-12))
    if scale == "log":
        return math.log(value) if value > 0 else -math.inf
    return value


def size_of_correlation(value: float) -> str:
    """Cohen's word for the size of a coefficient, whatever its sign."""
    return next(word for limit, word in _SIZES if abs(value) < limit)


def size_range(low: float, high: float) -> str:
    """The sizes that an interval on one side of zero spans: "small to moderate"."""
    first, last = sorted((low, high), key=abs)
    words = (size_of_correlation(first), size_of_correlation(last))
    return words[0] if words[0] == words[1] else f"{words[0]} to {words[1]}"


# --- Numbers ------------------------------------------------------------------------------------


def number(value: float, decimals: int = 0) -> str:
    """A figure with thousands separators and a proper minus sign; "no figure" if missing."""
    if not math.isfinite(value):
        return "no figure"
    text = f"{abs(value):,.{decimals}f}"
    negative = value < 0 and any(digit not in "0.," for digit in text)
    return f"{MINUS}{text}" if negative else text


def interval_text(low: float, high: float, decimals: int = 0, confidence: float = 0.95) -> str:
    """ "95% interval −0.35 to 0.43"; says so when there is none."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    level = f"{100 * confidence:.1f}".rstrip("0").rstrip(".")
    return f"{level}% interval {number(low, decimals)} to {number(high, decimals)}"


def p_text(p_value: float) -> str:
    """ "p = 0.015", "p < 0.001"."""
    if not math.isfinite(p_value):
        return ""
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.3f}" if p_value < 0.1 else f"p = {p_value:.2f}"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """ "1 practice", "1,234 practices"."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def decimals_for(value: float) -> int:
    """Decimals that show about three figures: 0 from 100 up, 1 from 10, otherwise 2."""
    size = abs(value)
    return 0 if size >= 100 else 1 if size >= 10 else 2


def definition_text(definition: str, date: str) -> str:
    """Which GPs were counted, and when: "GPs: fully qualified GPs (...), 31 December 2025."."""
    chosen = gp_definition(definition)
    return f"GPs counted: {chosen.label.lower().replace('gps', 'GPs')} ({chosen.meaning}), {date}."


def _missing(n: int) -> str:
    return f"; {n:,} left out for a missing figure" if n else ""


def lower_first(label: str) -> str:
    """The label inside a sentence; an acronym keeps its capitals."""
    first = label.split(" ", 1)[0]
    return (
        label if first.isupper() or first in ("GPs", "FTE", "QOF") else label[0].lower() + label[1:]
    )


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

    `x`, `y`: keys of `metrics.correlation.VARIABLES`. `date`: the period of the workforce.
    """
    from pcs_dash.measures.correlation import COEFFICIENT_NAMES, VARIABLES

    across, up = VARIABLES[x], VARIABLES[y]
    pair = f"{lower_first(up.label)} and {lower_first(across.label)}"
    counted = (definition_text(definition, date),) if up.per_gp else (f"Figures: {date}.",)
    level = grade(
        result.coefficient,
        result.ci_low,
        result.ci_high,
        confidence=result.confidence,
        scale="fisher",
    )
    if level == "undefined":
        finding = f"In {place} nothing can be said on {pair}."
        basis = f"{count(result.n, 'practice')}{_missing(result.n_missing)}."
        return Words(finding, result.reason, " ".join((basis, *counted)))
    r = result.coefficient
    name = ("weighted " if result.weighted else "") + COEFFICIENT_NAMES[result.method]
    interval = interval_text(result.ci_low, result.ci_high, 2, result.confidence)
    p_value = p_text(result.p_value)
    basis = (
        f"{name[0].upper() + name[1:]} = {number(r, 2)} ({interval}{', ' if p_value else ''}"
        f"{p_value}), {count(result.n, 'practice')}{_missing(result.n_missing)}."
    )
    if result.weighted:
        basis += " Practices weigh by their list size."
    if level == "none":
        finding = f"In {place} there is no evidence of an association between {pair}."
        caution = _open_interval(result.ci_low, result.ci_high)
        return Words(finding, caution, " ".join((basis, *counted)))
    sign = "positive" if r > 0 else "negative"
    verb = "tends" if level == "clear" else "may tend"
    finding = (
        f"In {place} there is {level} evidence of a {sign} association between {pair}: where "
        f"{across.higher}, the figure for {lower_first(up.label)} {verb} to be "
        f"{'higher' if r > 0 else 'lower'}."
    )
    sizes = size_range(result.ci_low, result.ci_high)
    caution = f"Its size {'could be anything from' if ' to ' in sizes else 'is'} {sizes}. {NOT_WHY}"
    return Words(finding, caution, " ".join((basis, *counted)))


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
    return (
        f"That is not the same as evidence of none: the interval runs from {ends[0]} to {ends[1]}."
    )


def partial_words(said: Words, given: Sequence[str]) -> Words:
    """`correlation_words` of a partial correlation, with what was allowed for named."""
    names = ", ".join(given)
    return Words(
        f"Once {names} {'is' if len(given) == 1 else 'are'} allowed for: "
        f"{said.finding[0].lower()}{said.finding[1:]}",
        said.caution,
        said.basis.replace("Pearson's r", "Partial Pearson's r"),
    )


def influence_words(carried: pd.DataFrame, coefficient: float, *, place: str) -> str:
    """Whether one practice carries the result; `carried` as `correlation.influence` returns it."""
    turning = int(carried["changes_conclusion"].sum())
    first = carried.iloc[0]
    return (
        f"In {place} leaving out one practice "
        + (
            f"changes whether or on which side the interval excludes zero for {turning:,} of "
            f"{count(len(carried), 'practice')}."
            if turning
            else "never changes whether the interval excludes zero."
        )
        + f" Without the most influential one ({carried.index[0]}) Pearson's r is "
        f"{number(first['coefficient_without'], 2)} "
        f"({interval_text(first['ci_low'], first['ci_high'], 2)}) in place of "
        f"{number(coefficient, 2)}."
    )


def within_between_words(
    result: WithinBetween, *, definition: str = "fully_qualified", date: str, unit: str = "places"
) -> Words:
    """Whether the slope over all practices is also the slope inside the places."""
    levels = {
        "pooled": grade(result.pooled, result.pooled_low, result.pooled_high),
        "within": grade(result.within, result.within_low, result.within_high),
    }
    if "undefined" in levels.values():
        basis = f"{count(result.n, 'practice')}, {count(result.n_groups, 'group')}."
        finding = f"Within and between {unit} can't be told apart here."
        return Words(finding, result.note, f"{basis} {definition_text(definition, date)}")
    words = {"none": "no evidence of a slope", "weak": "weak evidence", "clear": "clear evidence"}
    parts = []
    for key, where in (("pooled", "Over all practices"), ("within", f"within {unit}")):
        level = levels[key]
        slope = getattr(result, key)
        text = f"{where} there is {words[level]}"
        if level != "none":
            text += f" of a {'rising' if slope > 0 else 'falling'} line"
        parts.append(text)
    finding = f"{parts[0]}; {parts[1]}."
    if result.simpson_clear:
        caution = (
            f"The two point opposite ways (Simpson's paradox): the line over all practices comes "
            f"from differences between {unit}, not from within them."
        )
    elif result.simpson:
        caution = (
            "The two estimates point opposite ways, but at least one interval includes zero, so "
            "that may be chance."
        )
    else:
        caution = "The two estimates point the same way." if result.pooled * result.within else ""
    basis = (
        f"Slope per point of deprivation score: {_slope(result, 'pooled')} over all practices, "
        f"{_slope(result, 'within')} within {unit}. {count(result.n, 'practice')}"
        f"{_missing(result.n_missing)}, {result.n_groups} {unit}."
    )
    return Words(finding, caution, f"{basis} {definition_text(definition, date)}")


def _slope(result: WithinBetween, key: str) -> str:
    value, low, high = (getattr(result, f"{key}{end}") for end in ("", "_low", "_high"))
    return f"{number(value, 1)} ({interval_text(low, high, 1)})"


# --- Inequality ---------------------------------------------------------------------------------

_MEASURE_WORDS = {
    "patients_per_fte_gp": "patients per FTE GP",
    "fte_gp_per_10000": "FTE GPs per 10,000 patients",
}


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
    level = grade(index.sii, index.sii_low, index.sii_high, confidence=index.confidence)
    interval = interval_text(index.sii_low, index.sii_high, places, index.confidence)
    ratio = ""
    if math.isfinite(index.rii):
        ratio_interval = interval_text(index.rii_low, index.rii_high, 2, index.confidence)
        ratio = f"; Relative Index of Inequality {number(index.rii, 2)} ({ratio_interval})"
    figures = (
        f"Slope Index of Inequality {number(index.sii, places)} ({interval}){ratio}: {fitted}."
    )
    if level == "undefined":
        finding = f"In {place} no interval can be given for the gradient of {what} by deprivation."
        return Words(finding, "So it can't be told from chance.", f"{figures} {tail}")
    if level == "none":
        finding = f"In {place} there is no evidence of a gradient of {what} by deprivation."
        caution = (
            "That is not the same as evidence of none: the interval holds gradients either way."
            if index.sii_low < 0 < index.sii_high
            else ""
        )
        return Words(finding, caution, f"{figures} {tail}")
    more = index.sii < 0
    finding = (
        f"In {place} there is {level} evidence that {what} are "
        f"{'higher' if more else 'lower'} where people are more deprived."
    )
    return Words(finding, NOT_WHY, f"{figures} {tail}")


def inequality_words(result: AreaInequality, *, place: str, date: str) -> Words:
    """`slope_words` for an area's practices, with the level and the counts."""
    levels = {"quintile": "by deprivation quintile", "practice": "by practice", "lsoa": "by LSOA"}
    basis = (
        f"Measured {levels[result.level]}, {count(result.n_practices, 'practice')}"
        f"{_missing(result.n_missing)}; {result.index.interval_method}."
        if result.index.interval_method != "none"
        else f"{count(result.n_practices, 'practice')}. {result.reason}"
    )
    if result.level == "quintile":
        basis += f" Quintiles: IMD {result.edition}."
    if result.level == "lsoa":
        basis += f" LSOAs ranked by IMD {result.edition}."
    if result.note:
        basis += f" {result.note}"
    return slope_words(
        result.index,
        place=place,
        measure=result.measure,
        definition=result.definition,
        date=date,
        basis=basis,
    )


def gap_words(gap: Gap, *, place: str, definition: str = "fully_qualified", date: str) -> Words:
    """The most against the least deprived fifth, as a ratio with its interval."""
    what = _MEASURE_WORDS[gap.measure]
    tail = definition_text(definition, date)
    level = grade(
        gap.ratio, gap.ratio_low, gap.ratio_high, null=1, confidence=gap.confidence, scale="log"
    )
    if level == "undefined":
        finding = f"In {place} the most and the least deprived fifth can't be compared on {what}."
        return Words(finding, gap.reason, tail)
    places = decimals_for(gap.difference)
    figures = (
        f"Ratio of quintile 1 to quintile 5: {number(gap.ratio, 2)} "
        f"({interval_text(gap.ratio_low, gap.ratio_high, 2, gap.confidence)}); difference "
        f"{number(gap.difference, places)} "
        f"({interval_text(gap.difference_low, gap.difference_high, places, gap.confidence)})."
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
    level = grade(result.index, result.low, result.high, confidence=result.confidence)
    figures = (
        f"Concentration index {number(result.index, 3)} "
        f"({interval_text(result.low, result.high, 3, result.confidence)}), "
        f"{count(result.n, 'practice')}{_missing(result.n_missing)}."
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
    benchmark: float,
    *,
    place: str,
    benchmark_label: str,
    definition: str = "fully_qualified",
    date: str,
    benchmark_date: str,
    low: float = float("nan"),
    high: float = float("nan"),
    confidence: float = 0.95,
    n: int | None = None,
) -> Words:
    """Patients per FTE GP of an area against a benchmark, both dates printed.

    With an interval (see `metrics.inequality.area_ratio`) it says, too, whether a difference of
    that size could be the chance of which practices there happen to be.
    """
    tail = definition_text(definition, date)
    if not (math.isfinite(value) and math.isfinite(benchmark)) or benchmark <= 0:
        return Words(f"{place} has no figure for patients per FTE GP.", "", tail)
    per_cent = 100 * (value / benchmark - 1)
    against = f"{benchmark_label} ({number(benchmark)}, {benchmark_date})"
    if abs(per_cent) < 0.5:
        relation = f"within half a per cent of {against}"
    else:
        relation = f"{number(abs(per_cent))}% {'more' if per_cent > 0 else 'fewer'} than {against}"
    finding = f"{place} has {number(value)} patients per FTE GP, {relation}."
    practices = f" {count(n, 'practice')}." if n is not None else ""
    level = grade(value, low, high, null=benchmark, confidence=confidence, scale="log")
    if level == "undefined":
        return Words(finding, "", tail + practices)
    interval = interval_text(low, high, 0, confidence)
    if level == "none":
        caution = (
            f"The interval includes the benchmark ({interval}): a difference of this size could "
            "be chance, were these practices a sample."
        )
    else:
        side = "above" if value > benchmark else "below"
        caution = (
            f"There is {level} evidence that the figure is {side} the benchmark ({interval}), "
            "were these practices a sample."
        )
    return Words(finding, caution, tail + practices)


# --- Spatial pattern ----------------------------------------------------------------------------


def moran_words(result: GlobalMoran, *, what: str, place: str, date: str) -> Words:
    """Whether like values lie near each other more than chance would have it."""
    level = grade_p(result.p_value)
    basis = (
        f"Moran's I = {number(result.statistic, 3)}, expected under chance "
        f"{number(result.expected, 3)}, {p_text(result.p_value)} from {result.permutations:,} "
        f"permutations; {count(result.n, result.unit)}{_missing(result.n_missing)}, "
        f"neighbours by {result.weights}. {date}."
    )
    if level == "undefined":
        return Words(f"In {place} no spatial pattern of {what} can be computed.", result.reason, "")
    if level == "none":
        finding = f"In {place} there is no evidence of a spatial pattern of {what}."
        return Words(finding, "That is not the same as evidence of none.", basis)
    pattern = (
        "neighbours are more alike than chance would have it"
        if result.statistic > result.expected
        else "neighbours are more unlike than chance would have it"
    )
    finding = f"In {place} there is {level} evidence of a spatial pattern of {what}: {pattern}."
    return Words(finding, "A pattern on the map is not a measure of its size.", basis)


def clusters_words(result: LocalPattern, *, what: str, place: str) -> Words:
    """How many local clusters were found, and how many chance alone would give."""
    found = result.n_significant
    if not result.n_tested:
        return Words(f"In {place} no clusters of {what} can be looked for.", result.reason, "")
    expected = number(result.expected_by_chance, 1)
    finding = (
        f"In {place} {found:,} of {count(result.n_tested, result.unit)} stand out as part of a "
        f"cluster of {what} after control for the number of tests."
        if found
        else f"In {place} no {result.unit} stands out as part of a cluster of {what} after control "
        "for the number of tests."
    )
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
        finding = f"In {place} no specification gives a gradient."
        return Words(finding, "", f"{date}.")
    up, down = summary.n_positive_excludes_zero, summary.n_negative_excludes_zero
    excludes = up + down
    one_sign = summary.n_positive in (0, n)
    split = "" if one_sign or not excludes else f" ({_sides(up, down)})"
    finding = (
        f"In {place} the gradient of patients per FTE GP towards deprivation is positive in "
        f"{summary.n_positive:,} of {n:,} specifications; its interval excludes zero in "
        f"{excludes:,}{split}."
    )
    side = "" if up else ", a negative gradient"
    if excludes == n and not (up and down):
        caution = f"Every way of measuring it finds the same{side}."
    elif excludes == 0:
        caution = "No way of measuring it can tell it from chance."
    elif up and down:
        caution = (
            "The answer turns with the way of measuring: no single one should be quoted alone."
        )
    elif excludes >= NEARLY_ALL * n:
        rest = n - excludes
        caution = (
            f"The conclusion survives nearly every way of measuring{side}; {rest:,} "
            f"{'has an interval that includes' if rest == 1 else 'have intervals that include'} "
            "zero."
        )
    else:
        caution = "The conclusion depends on the way of measuring; quote it with its specification."
    basis = (
        f"From {number(summary.lowest, 1)}% to {number(summary.highest, 1)}%, median "
        f"{number(summary.median, 1)}%: patients per FTE GP at the most against the least "
        f"deprived end, in per cent of their mean. {date}."
    )
    if summary.n_undefined:
        basis += f" {summary.n_undefined:,} more have too little to go on."
    return Words(finding, caution, basis)


def _sides(up: int, down: int) -> str:
    if up and down:
        return f"{up:,} positive, {down:,} negative"
    return f"{up:,} positive" if up else f"{down:,} negative"


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
        f"FTE GPs per 10,000 patients against 95% and 99.8% limits about the average of "
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
