"""The slides of the ready-made story: where we are, deprivation, how sure, options, the ask."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pcs_dash.measures.correlation import correlate_practices, forest
from pcs_dash.measures.deprivation import (
    QUINTILE_LABELS,
)
from pcs_dash.measures.inequality import quintile_table
from pcs_dash.measures.lines import lines
from pcs_dash.measures.numbers import between, number, p_text
from pcs_dash.measures.practice_measures import (
    VARIABLES,
    Variable,
    available_variables,
    measure,
    shown_measure,
)
from pcs_dash.measures.words import correlation_words, gap_words, interval_text
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Chart,
    Series,
    text_table,
)
from pcs_dash.views.phrases import fifths, or_none
from pcs_dash.views.report import Slide
from pcs_dash.views.work import Work

_LINE_NAMES = {
    "least squares": "Least squares",
    "least squares, weighted": "Least squares, weighted",
    "Theil-Sen": "Robust (Theil-Sen)",
}
NOT_IN_THE_DATA = "Costs in money are not in the data."


def correlation(work: Work) -> list[Slide]:
    question, practices = work.question, work.practices
    across, up, weighted = _compared(work)
    result = correlate_practices(
        practices, across.key, up.key, definition=work.definition, weighted=weighted
    )
    words = correlation_words(
        result,
        place=work.name,
        x=across.key,
        y=up.key,
        definition=work.definition,
        date=work.dataset.workforce_period,
    )
    x, title = measure(practices, across.key, work.definition), across.label
    y = measure(practices, up.key, work.definition)
    weights = practices["patients"].astype("float64") if weighted else None
    both = pd.DataFrame({"x": x, "y": y}).dropna()
    drawn = pd.DataFrame(
        {
            "x": shown_measure(practices, across.key, work.definition),
            "y": shown_measure(practices, up.key, work.definition),
        }
    ).dropna()
    series = [
        Series(
            "Practices", tuple(map(float, drawn["y"])), x=tuple(map(float, drawn["x"])),
            colour=CHART_COLOURS[0], codes=tuple(map(str, drawn.index)),
        )
    ]  # fmt: skip
    found = lines(x, y, weights=weights)
    if found:
        ends = (float(both["x"].min()), float(both["x"].max()))
        series += [
            Series(
                _LINE_NAMES.get(line.name, line.name),
                tuple(map(float, line.at(ends))),
                x=ends,
                colour=colour,
                line=True,
            )
            for line, colour in zip(found, (CHART_COLOURS[1], CHART_COLOURS[2]), strict=True)
        ]
    chart = Chart(
        "scatter",
        "Each dot is a practice",
        tuple(series),
        f"Scatter chart of {len(both)} practices of {work.name}: {title} across, "
        f"{up.label} up. {words.basis}",
        value_title=up.label,
        x_title=f"{title} (higher = more deprived)",
    )
    # Limits of a quintile with almost nobody in it may be beyond any number.
    with np.errstate(over="ignore"):
        quintiles = quintile_table(practices, definition=work.definition, edition=question.edition)
    rows = tuple(
        (
            QUINTILE_LABELS[int(str(quintile))],
            number(row["patients"]),
            number(row["fte_gp"], 1),
            number(row["patients_per_fte_gp"]),
            between(row["patients_per_fte_gp_low"], row["patients_per_fte_gp_high"]),
        )
        for quintile, row in quintiles.shown.iterrows()
    )
    gap = gap_words(
        quintiles.gaps["patients_per_fte_gp"],
        place=work.name,
        definition=work.definition,
        date=work.dataset.workforce_period,
    )
    return [
        work.slide(
            f"{words.finding} {words.caution}".strip(),
            chart,
            text_table(
                f"By IMD {question.edition} quintile of where patients live",
                ("Quintile", "Patients", "FTE GPs", "Patients per FTE GP", "95% interval"),
                rows,
                widths=(1.6, 1.0, 0.8, 1.0, 1.3),
                note=gap.finding,
            ),
            notes=(words.basis, gap.text),
            share=0.52,
            figures=(
                (f"{'Weighted ' if weighted else ''}Pearson's r", number(result.coefficient, 2)),
                (
                    "95% interval",
                    interval_text(result.ci_low, result.ci_high, 2).removeprefix("95% interval "),
                ),
                ("Practices", f"{result.n}"),
            ),
            sources=f"MHCLG, IMD 2025; patients by LSOA, {work.question.mix_period}",
        )
    ]


def _compared(work: Work) -> tuple[Variable, Variable, bool]:
    """The two measures that the view compares, and whether practices weigh by their list."""
    chosen, everyone = work.options, work.dataset.practices
    x, y = available_variables(everyone, "x"), available_variables(everyone, "y")
    return (
        x.get(chosen.get("x", ""), VARIABLES[work.deprivation]),
        y.get(chosen.get("y", ""), VARIABLES["patients_per_fte_gp"]),
        chosen.get("weighted") == "true",
    )


def sure(work: Work) -> list[Slide]:
    table = forest(work.dataset.practices, x=work.deprivation, definition=work.definition)
    table = table[table["coefficient"].notna()]
    chart = Chart(
        "intervals",
        "Correlation with deprivation, place by place (95% intervals)",
        (
            Series(
                "Pearson's r",
                tuple(map(or_none, table["coefficient"])),
                low=tuple(map(or_none, table["ci_low"])),
                high=tuple(map(or_none, table["ci_high"])),
                colour="#92c5de",
            ),
        ),
        "Correlation of patients per FTE GP with deprivation score, with 95% intervals. "
        + " ".join(
            f"{area}: {number(row['coefficient'], 2)} "
            f"({number(row['ci_low'], 2)} to {number(row['ci_high'], 2)})."
            for area, row in table.iterrows()
        ),
        categories=tuple(map(str, table.index)),
        value_title="Pearson's r: left of 0 negative, right of 0 positive",
        number_format="0.0",
        reference=0.0,
        reference_label="none",
        bounds=fifths(table["ci_low"].min(), table["ci_high"].max()),
    )
    rows, sides = [], []
    for key, definition in GP_DEFINITIONS.items():
        # Where nothing is flagged, leaving it out is no further way of measuring.
        for left_out in (False, True) if work.practices["flag_low_fte"].any() else (False,):
            for weighted in (False, True):
                kept = work.practices
                if left_out:
                    kept = kept[~kept["flag_low_fte"].astype(bool)]
                result = correlate_practices(
                    kept, work.deprivation, "patients_per_fte_gp", definition=key, weighted=weighted
                )
                sides.append(0 if not result.excludes_zero else 1 if result.coefficient > 0 else -1)
                rows.append(
                    (
                        f"{definition.label}{', implausible left out' if left_out else ''}"
                        f"{', weighted' if weighted else ''}",
                        f"{result.n}",
                        number(result.coefficient, 2),
                        interval_text(result.ci_low, result.ci_high, 2).removeprefix(
                            "95% interval "
                        ),
                        p_text(result.p_value).removeprefix("p = ").removeprefix("p "),
                    )
                )
    n = len(rows)
    said = sum(side != 0 for side in sides)
    if said == 0:
        verdict = (
            f"In none of {n} ways of measuring it in {work.name} can the correlation be told from "
            "chance. That is not evidence of no link."
        )
    elif abs(sum(sides)) == n:
        verdict = (
            f"All {n} ways of measuring it in {work.name} agree on a "
            f"{'positive' if sides[0] > 0 else 'negative'} correlation that chance alone would "
            "rarely give."
        )
    else:
        verdict = (
            f"In {work.name} the 95% interval excludes zero in {said} of {n} ways of measuring it: "
            "the conclusion depends on the way of measuring."
        )
    return [
        work.slide(
            verdict,
            chart,
            text_table(
                f"{work.name}: does the conclusion survive?",
                ("GPs and practices counted", "n", "r", "95% interval", "p"),
                tuple(rows),
                widths=(3.3, 0.55, 0.75, 1.55, 0.85),
                note="Weighted: by list size.",
            ),
            notes=(
                "An interval that includes zero means that the figures are compatible with no "
                "correlation at all.",
            ),
            share=0.46,
            figures=(
                ("Ways of measuring", f"{n}"),
                ("Interval excludes zero", f"{said} of {n}"),
            ),
            sources="MHCLG, IMD 2025",
        )
    ]
