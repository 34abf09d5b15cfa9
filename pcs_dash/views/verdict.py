"""Do deprived patients have fewer GPs? One verdict from every way of asking."""

from __future__ import annotations

import math

from pcs_dash.jobs import beside
from pcs_dash.measures.correlation import COEFFICIENT_NAMES, METHODS, Correlation
from pcs_dash.measures.numbers import between, number, of_all, p_text, signed
from pcs_dash.measures.patient_matrix import MEASURES
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.specification import SpecificationSummary
from pcs_dash.measures.verdict import Verdict, verdict
from pcs_dash.measures.words import NOT_WHY, Words, grade, index_cells, verdict_words
from pcs_dash.views import compared_measures, inequality
from pcs_dash.views.answer import (
    Answer,
    Chart,
    Figure,
    Section,
    Series,
    Table,
    Text,
    View,
    text_table,
)
from pcs_dash.views.kept_answers import is_kept, kept
from pcs_dash.views.question import Question
from pcs_dash.views.robustness import NOT_TOLD, TOLD, every_way, specification_data

# A measure by itself: its name, value, interval, which way it points (above 0: more patients per GP
# where people are more deprived), and p.
_Single = tuple[str, str, str, float, float]


def answer(question: Question) -> Answer:
    """The verdict, how many ways of asking say what, and what single measures say."""
    found, said = together(question)
    summary = found.summary
    if not summary.n:
        return Answer(said)
    return Answer(
        said,
        figures=(
            Figure("Ways of asking", f"{summary.n}"),
            Figure("Point to more", f"{summary.n_positive}", "patients per FTE GP if deprived"),
            Figure(
                "Told from chance",
                f"{summary.n_positive_excludes_zero}",
                f"of {summary.n - summary.n_without_interval:,} with an interval",
            ),
            Figure("Median gradient", f"{signed(summary.median)}%", p_text(found.p_value)),
        ),
        front=(_ways(summary, said),),
        below=(Text(_RULE, "note"),),
        sections=(Section("singles", "For the analyst", lambda asked: (_singles(asked),)),),
        notes=(NOT_WHY,),
        sources=f"MHCLG, IMD 2019 and 2025; patients by LSOA, {question.mix_period}",
    )


def _ways(summary: SpecificationSummary, said: Words) -> Chart:
    """How many ways of asking point which way, and how many of them do so by themselves."""
    more, fewer = summary.n_positive, summary.n - summary.n_positive
    clear, clear_fewer = summary.n_positive_excludes_zero, summary.n_negative_excludes_zero
    bars = {
        "More, told from chance": (clear, TOLD),
        "More, not told (or no interval)": (more - clear, NOT_TOLD),
        "Fewer, not told (or no interval)": (fewer - clear_fewer, NOT_TOLD),
        "Fewer, told from chance": (clear_fewer, TOLD),
    }
    return Chart(
        "bars",
        f"{PER_GP.label} where people are more deprived: what each of {summary.n} ways of asking "
        "says alone",
        (
            Series(
                "Ways of asking",
                tuple(float(count) for count, _ in bars.values()),
                colours=tuple(colour for _, colour in bars.values()),
            ),
        ),
        said.text,
        categories=tuple(bars),
        value_title="Ways of asking (each is drawn under How sure)",
        number_format="0",
    )


def together(question: Question) -> tuple[Verdict, Words]:
    """The verdict on every way of asking, and that in words. All of it depends on the area
    and the data alone, not on the page's switches, and is worked out once.
    """
    return kept(question.dataset, _kind(question), lambda: _together(question))


def known(question: Question) -> bool:
    """Whether `together` has been worked out."""
    return is_kept(question.dataset, _kind(question))


def _kind(question: Question) -> tuple[str, ...]:
    return ("verdict", question.area.key, *question.readers.version)


def _together(question: Question) -> tuple[Verdict, Words]:
    practices = question.area.select(question.dataset.practices)
    curve = every_way(question)
    found = beside(verdict, practices, curve, **specification_data(question))
    return found, verdict_words(found, place=question.name, date=question.period)


_RULE = (
    "The rule: every reasonable way of asking counts alike (which GPs, which IMD, lists as they "
    "are or by need, with or without implausible figures, by practice or by fifth). Their median "
    "is held against what chance alone makes of it. Evidence: p below 0.05; it is shown where nine "
    "ways in ten lie on one side. Where there is nothing, the rule finds something about one time "
    "in twenty; where only need rises with deprivation, or lists are smaller there, that is not "
    "assured (7.0% and 4.6% in trials). Real differences of a fifth it finds in fewer than six of "
    'ten sets of 26 practices: "not shown" is no proof of none.'
)


def _measures(question: Question) -> list[_Single]:
    pair = compared_measures.asked(question)
    found = [_of(COEFFICIENT_NAMES[result.method], result) for result in map(pair.result, METHODS)]
    index = inequality.slope(question)[0].index
    sii, of_sii, rii, of_rii = index_cells(index)
    gap = inequality.quintiles(question)[0].gaps[MEASURES[0]]
    found += [
        ("Slope Index of Inequality", sii, of_sii, -index.sii, index.p_value),
        ("Relative Index of Inequality", rii, of_rii, -index.sii, index.p_value),
        (
            "Most to least deprived fifth",
            number(gap.ratio, 2),
            between(gap.ratio_low, gap.ratio_high, 2, null=1),
            gap.ratio - 1,
            gap.p_value,
        ),
    ]
    if len(question.practices["place"].dropna().unique()) > 1:
        found.append(_of("Spearman's rho within places", pair.within("place").within))
    return found


def _of(name: str, result: Correlation) -> _Single:
    cells = number(result.coefficient, 2), compared_measures.interval_cell(result)
    return (name, *cells, result.coefficient, result.p_value)


def _singles(question: Question) -> Table:
    """What each measure says by itself, in the way that the page's switches ask for."""
    rows = [
        (name, value, interval, _alone(points, p_value))
        for name, value, interval, points, p_value in _measures(question)
    ]
    told = sum("evidence" in row[-1] for row in rows)
    said = of_all(told, len(rows), "measure", "finds", "find")
    return text_table(
        "What single measures say",
        ("Measure", "Value", "95% interval", "Taken singly"),
        rows,
        widths=(2.2, 0.7, 1.2, 1.8),
        note=f"{said} evidence taken singly. Each is one way of asking. {question.basis} "
        "The verdict goes by all ways, so a single measure may say more or less than it.",
    )


def _alone(points: float, p_value: float) -> str:
    level = grade(p_value)
    if level == "undefined" or not math.isfinite(points):
        return "no test"
    if level == "none":
        return "can't be told from chance"
    return f"{level} evidence of {'more' if points > 0 else 'fewer'}"


VIEW = View(
    "verdict",
    "correlation",
    "The answer",
    "Whether people in deprived places have fewer GPs, by every way of asking together.",
    answer,
    slow="Asking every way",
)
