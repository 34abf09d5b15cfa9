"""The slides of the evidence pages: inequality, spatial pattern, does it survive, then and now."""

from __future__ import annotations

import math

import pandas as pd

from pcs_dash.measures import numbers, words
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.inequality import FEWEST_FOR_GRADIENT, area_inequality, quintile_table
from pcs_dash.measures.numbers import between, number
from pcs_dash.views.answer import Chart, Series, text_table
from pcs_dash.views.phrases import or_none
from pcs_dash.views.report import Slide
from pcs_dash.views.work import Work

_NOT_TOLD, _TOLD = "#92c5de", "#b2182b"


def inequality(work: Work) -> list[Slide]:
    """Patients per FTE GP by deprivation quintile, and the sentence on the slope."""
    question, name = work.question, work.name
    table = quintile_table(work.practices, definition=work.definition, edition=question.edition)
    said = words.inequality_words(
        area_inequality(work.practices, definition=work.definition, edition=question.edition),
        place=name,
        date=work.dataset.workforce_period,
    )
    sources = f"MHCLG, IMD {question.edition}; patients by LSOA, {question.mix_period}"
    if table.n_practices < FEWEST_FOR_GRADIENT:
        few = (
            f"{numbers.count(table.n_practices, 'practice')} can't show an inequality: every "
            "quintile would repeat the same few figures. Choose a larger area."
        )
        return [work.slide(few, sources=sources)]
    rows, ratios = table.shown, table.shown["patients_per_fte_gp"]
    chart = Chart(
        "intervals",
        "Patients per FTE GP by where patients live (95% intervals)",
        (
            Series(
                "Patients per FTE GP",
                tuple(map(or_none, ratios)),
                low=tuple(map(or_none, rows["patients_per_fte_gp_low"])),
                high=tuple(map(or_none, rows["patients_per_fte_gp_high"])),
                colour="#9e9ac8",
            ),
        ),
        f"Bars of patients per FTE GP by IMD {question.edition} quintile in {name}: "
        + "; ".join(f"{QUINTILE_LABELS[int(str(q))]} {number(v)}" for q, v in ratios.items())
        + f". {said.basis}",
        categories=tuple(f"Quintile {QUINTILE_LABELS[int(str(q))]}" for q in rows.index),
        value_title=f"Patients per FTE GP (benchmark: {numbers.number(question.benchmark.value)})",
        reference=question.benchmark.value,
        reference_label=f"{question.benchmark.label} {numbers.number(question.benchmark.value)}",
        bounds=(0.0, _ceiling(rows["patients_per_fte_gp_high"], ratios)),
    )
    cells = tuple(
        (
            QUINTILE_LABELS[int(str(quintile))],
            number(row["patients"]),
            number(row["fte_gp"], 1),
            number(row["patients_per_fte_gp"]),
            between(row["patients_per_fte_gp_low"], row["patients_per_fte_gp_high"]),
            number(row["fte_gp_per_10000"], 1),
        )
        for quintile, row in rows.iterrows()
    )
    gap = table.gaps["patients_per_fte_gp"]
    return [
        work.slide(
            f"{said.finding} {said.caution}".strip(),
            chart,
            text_table(
                f"By IMD {question.edition} quintile of where patients live",
                ("Quintile", "Patients", "FTE GPs", "Patients per FTE GP", "95% interval",
                 "FTE GPs per 10,000"),
                cells,
                widths=(1.6, 1.0, 0.8, 1.0, 1.3, 0.9),
                note=f"{numbers.count(table.n_practices, 'practice')}; {table.n_missing} left out "
                f"for a missing figure. Intervals: {table.interval_method}.",
            ),
            notes=(said.basis,),
            share=0.5,
            sources=sources,
            figures=(
                ("Most deprived fifth", number(ratios[1])),
                ("Least deprived fifth", number(ratios[5])),
                ("Ratio, most to least", number(gap.ratio, 2)),
                ("95% interval", _between_decimals(gap.ratio_low, gap.ratio_high)),
            ),
        )
    ]  # fmt: skip


def _ceiling(highs: pd.Series, ratios: pd.Series) -> float:
    """A round end of the axis that holds every interval, or five times the bars at most."""
    most = float(ratios.max())
    highest = min(float(highs.max()) if highs.notna().any() else most, 5 * most)
    return 500.0 * math.ceil(max(most, highest) * 1.02 / 500)


def _between_decimals(low: float, high: float) -> str:
    if not (math.isfinite(low) and math.isfinite(high)):
        return "no interval"
    return f"{number(low, 2)} to {number(high, 2)}"
