"""Do people in deprived places have fewer GPs, by how much, and how sure is it?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from pcs_dash.measures import inequality, need
from pcs_dash.measures.deprivation import DEFAULT_EDITION, QUINTILE_LABELS
from pcs_dash.measures.inequality import AreaInequality, Concentration, QuintileTable
from pcs_dash.measures.numbers import between, count, number, per_cent, signed
from pcs_dash.measures.patient_matrix import MEASURES
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.words import (
    Words,
    concentration_words,
    gap_words,
    index_cells,
    inequality_words,
    interval_text,
)
from pcs_dash.measures.workforce import gp_definition
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import (
    Answer,
    Beside,
    Block,
    Blocks,
    Chart,
    Column,
    Figure,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    measured,
    text_table,
)
from pcs_dash.views.maps import QUINTILE_PURPLES
from pcs_dash.views.phrases import interval_figures, whole
from pcs_dash.views.question import Question
from pcs_dash.views.readers import NO_REGISTRATIONS, patients_by_lsoa

RATIO, PER_10000 = MEASURES
NAMES: dict[str, str] = {RATIO: PER_GP.label, PER_10000: REGISTER["gps_per_10000"].label}
_NO_SCORE = (
    f"Practices have a score of IMD {DEFAULT_EDITION} only: the level By practice comes with that "
    "edition."
)
LEVELS = {"quintile": "By quintile", "practice": "By practice", "lsoa": "By small area (LSOA)"}
_INK, _ADJUSTED, _LINE, _QUIET = "#212b32", "#d55e00", "#212b32", "#768692"
_ACROSS = "Patients, most (0) to least deprived (1)"


# --- what is measured: every call of the statistics but those of need ---


def quintiles(
    question: Question, practices: pd.DataFrame | None = None, measure: str = RATIO
) -> tuple[QuintileTable, Words]:
    """The quintiles of the question's practices (or others), and the gap of a measure in words."""
    counted = question.practices if practices is None else practices
    definition = question.definition.key
    table = inequality.quintile_table(counted, definition=definition, edition=question.edition)
    gap, place, date = table.gaps[measure], question.name, question.period
    return table, gap_words(gap, place=place, definition=definition, date=date)


def slope(
    question: Question, practices: pd.DataFrame | None = None
) -> tuple[AreaInequality, Words]:
    """Slope and Relative Index of patients per FTE GP by quintile, and in words."""
    counted = question.practices if practices is None else practices
    definition, edition = question.definition.key, question.edition
    result = inequality.area_inequality(counted, definition=definition, edition=edition)
    return result, inequality_words(result, place=question.name, date=question.period)


def _slopes(question: Question, level: str) -> dict[str, AreaInequality]:
    found = patients_by_lsoa(question.readers, question.dataset) if level == "lsoa" else None
    results: dict[str, AreaInequality] = {
        measure: inequality.area_inequality(
            question.practices,
            level=level,  # type: ignore[arg-type]
            measure=measure,
            definition=question.definition.key,
            edition=question.edition,
            registrations=None if found is None else found[0],
            lsoa_rank=question.dataset.lsoas[f"imd{question.edition}_rank"],
        )
        for measure in MEASURES
    }
    if found is None:
        return results
    note = (
        f"Weighed by {found[1]}; those beyond {whole(question.area)} leave with their share of FTE."
    )
    return {key: replace(result, note=note) for key, result in results.items()}


def _held(question: Question) -> tuple[Concentration, Words]:
    """How FTE GPs are spread over patients, the most deprived first."""
    practices = question.practices
    held = inequality.concentration_index(
        practices[gp_definition(question.definition.key).column],
        practices["patients"],
        practices["imd_score"],
    )
    definition, date = question.definition.key, question.period
    return held, concentration_words(held, place=question.name, definition=definition, date=date)


# --- the answer ---


def answer(question: Question) -> Answer:
    """Patients per FTE GP by deprivation quintile, and whether they rise or fall."""
    table, gap_said = quintiles(question)
    _, said = slope(question)
    sources = f"MHCLG, IMD {question.edition}; patients by LSOA, {question.mix_period}"
    if table.n_practices < inequality.FEWEST_FOR_GRADIENT:
        few = (
            f"{count(table.n_practices, 'practice')} can't show an inequality: every quintile "
            "would repeat the same few figures. Choose a larger area."
        )
        return Answer(Words(said.finding, few, said.basis), sources=sources)
    ratios, gap = table.shown[RATIO], table.gaps[RATIO]
    return Answer(
        said,
        figures=(
            Figure("Most deprived fifth", number(ratios[1]), "patients per FTE GP"),
            Figure("Least deprived fifth", number(ratios[5]), "patients per FTE GP"),
            Figure("Ratio, most to least", number(gap.ratio, 2)),
            *interval_figures(
                between(gap.ratio_low, gap.ratio_high, 2, null=1), note="of the ratio"
            ),
            Figure(
                "Difference",
                signed(gap.difference, 0),
                interval_text(gap.difference_low, gap.difference_high),
                slide=False,
            ),
        ),
        front=(
            quintile_chart(question, table, gap_said),
            quintile_rows(question, table),
            Text(gap_said),
        ),
        share=0.5,
        sections=(
            Section("per-10000", NAMES[PER_10000], _per_10000),
            Section(
                "slopes",
                "For the analyst: Slope and Relative Index of Inequality",
                _slope_blocks,
                options=("level",),
                slow="Leaving out each practice",
            ),
            Section("concentration", "Are GPs concentrated?", _concentration),
            Section("need", "Allowing for need", _need),
        ),
        sources=sources,
        foot=(
            f"Patients by quintile: {question.dataset.mix_words} (NHS England, IMD "
            f"{question.edition} of MHCLG); quintile 1 is the most deprived fifth of England. "
            "Need: QOF prevalence and appointments (NHS England). SII and RII after OHID "
            "(PHEindicatormethods).",
        ),
    )


def quintile_chart(
    question: Question, table: QuintileTable, said: Words, measure: str = RATIO
) -> Chart:
    """A measure by quintile with its intervals; the ratio beside the benchmark."""
    values = table.shown[measure]
    on_ratio = measure == RATIO
    benchmark = question.benchmark
    told = "; ".join(
        f"{QUINTILE_LABELS[int(str(q))]} {number(value, decimals(measure))}"
        for q, value in values.items()
    )
    name = NAMES[measure]
    series = _quintile_series(name, table, measure, colours=QUINTILE_PURPLES)
    lacking = ", where they hold" if None in series.low else ""
    return Chart(
        "intervals",
        f"{name} by where patients live (95% intervals{lacking})",
        (series,),
        f"{name} by IMD {question.edition} quintile in {question.name}: {told}. {said.text}",
        categories=_QUINTILES,
        value_title=f"{name} (benchmark: {number(benchmark.value)})" if on_ratio else name,
        number_format="#,##0" if on_ratio else "#,##0.0",
        reference=benchmark.value if on_ratio else None,
        reference_label=f"{benchmark.label} {number(benchmark.value)}" if on_ratio else "",
        bounds=(0.0, _ceiling([table], measure)),
        words=said.text,
    )


_QUINTILES = tuple(f"Quintile {label}" for label in QUINTILE_LABELS.values())


def _quintile_series(name: str, table: QuintileTable, measure: str, **looks: Any) -> Series:
    shown = table.shown
    low, high = shown[f"{measure}_low"], shown[f"{measure}_high"]
    return Series.of(name, shown[measure], low=low, high=high, **looks)


def _ceiling(tables: Sequence[QuintileTable], measure: str) -> float:
    """A round end of the axis that holds every interval, or five times the marks at most."""
    shown = pd.concat([table.shown for table in tables])
    most = float(shown[measure].max())
    highs = shown[f"{measure}_high"]
    finite = highs[np.isfinite(highs)]
    highest = min(float(finite.max()) if len(finite) else most, 5 * most)
    step = 500.0 if measure == RATIO else 1.0
    ends = max(most, highest)
    return step * math.ceil(ends * 1.02 / step) if math.isfinite(ends) and ends > 0 else step


def decimals(measure: str) -> int:
    """Whole patients, tenths of a GP."""
    return 0 if measure == RATIO else 1


def quintile_rows(question: Question, table: QuintileTable) -> Table:
    """The quintiles as a table, with the file of every figure in it."""
    frame = table.shown.reset_index()
    frame["quintile"] = frame["quintile"].map(QUINTILE_LABELS)
    frame["interval"] = _interval_cells(table, RATIO)
    area, definition = question.area.key, question.definition.key
    return Table(
        f"{question.name} by IMD {question.edition} quintile of where patients live",
        frame,
        (
            Column("quintile", "Quintile", wide=1.6),
            measured("patients"),
            measured("fte_gp", 0.8),
            Column(RATIO, NAMES[RATIO], "count"),
            Column("interval", "95% interval", wide=1.3),
            Column(PER_10000, REGISTER["gps_per_10000"].short, "tenth", wide=0.9),
        ),
        small=True,
        note="Each practice's patients and FTE are shared out over quintiles in proportion to "
        f"where its patients lived in {question.dataset.mix_words}. No interval "
        "where a few practices carry the figure and it would not hold; "
        f"{count(table.n_practices, 'practice')}, "
        f"{table.n_missing:,} left out for a missing figure.",
        name=f"quintiles-{area}-{definition}-imd{question.edition}",
        file=table.shown,
    )


def _interval_cells(table: QuintileTable, measure: str) -> list[str]:
    lows, highs = table.shown[f"{measure}_low"], table.shown[f"{measure}_high"]
    places = decimals(measure)
    return [between(low, high, places) for low, high in zip(lows, highs, strict=True)]


def _per_10000(question: Question) -> Blocks:
    table, said = quintiles(question, measure=PER_10000)
    chart = quintile_chart(question, table, said, PER_10000)
    beside = Table(
        f"{NAMES[PER_10000]} by quintile",
        pd.DataFrame(
            {
                "quintile": list(QUINTILE_LABELS.values()),
                "value": table.shown[PER_10000].to_numpy(),
                "interval": _interval_cells(table, PER_10000),
            }
        ),
        (
            Column("quintile", "Quintile"),
            Column("value", REGISTER["gps_per_10000"].short, "tenth"),
            Column("interval", "95% interval"),
        ),
        small=True,
    )
    return [Beside((3, 2), ((chart,), (beside, Text(said))))]


# --- the slope ---


def levels(question: Question) -> Mapping[str, str]:
    """Levels at which inequality is measured: LSOAs where their registrations are loaded, practices
    in the edition of their score.
    """
    there = {
        "quintile": True,
        "practice": question.edition == DEFAULT_EDITION,
        "lsoa": question.readers.published(question.dataset) is not None,
    }
    return {key: label for key, label in LEVELS.items() if there[key]}


def _slope_blocks(question: Question) -> Blocks:
    known = levels(question)
    level = question.option("level", known)
    results = _slopes(question, level)
    shown = results[RATIO]
    said = inequality_words(shown, place=question.name, date=question.period)
    right: list[Block] = [_index_table(question, known[level], results)]
    if "lsoa" not in known:
        right.append(Text(NO_REGISTRATIONS, "note"))
    if "practice" not in known:
        right.append(Text(_NO_SCORE, "note"))
    if shown.reason:
        right.append(Text(shown.reason, "info"))
    if level != "quintile":
        # Otherwise it is the headline of the page.
        right.append(Text(said))
    interval = "" if shown.reason else f" Interval: {shown.index.interval_method}."
    right.append(
        Text(
            "SII: the fitted figure at the least deprived end minus that at the most deprived end, "
            "as OHID defines it; below zero, the figure is higher where people are more deprived. "
            f"RII: the first over the second.{interval}",
            "note",
        )
    )
    return [Beside((3, 2), ((_gradient(question, shown, said),), tuple(right)))]


def _ranked(question: Question, result: AreaInequality) -> pd.DataFrame:
    """The groups at the relative rank (0 to 1, `rank`) that the line is fitted over: quintiles as
    they are, practices by score, LSOAs by rank; equals share the middle of their part. LSOAs where
    only a handful of the patients live stay in the line, but get no mark.
    """
    groups = result.groups
    if result.level == "quintile":
        order = pd.Series(groups.index, index=groups.index, dtype="float64")
    elif result.level == "lsoa":
        order = question.dataset.lsoas[f"imd{question.edition}_rank"].reindex(groups.index)
        few = groups["patients"] < small_number()
        groups = groups.assign(**{RATIO: groups[RATIO].mask(few)})
    else:
        order = -question.practices["imd_score"].reindex(groups.index)
    people = groups["patients"].groupby(order).sum()
    middles = (people.cumsum() - people / 2) / people.sum()
    return groups.assign(rank=order.map(middles).astype("float64"))


def _gradient(question: Question, result: AreaInequality, said: Words) -> Chart:
    groups = _ranked(question, result)
    dots = groups[groups[RATIO].notna()]
    series = [
        Series.of(
            {"quintile": "Quintiles", "practice": "Practices"}.get(result.level, "Small areas"),
            dots[RATIO],
            x=dots["rank"],
            labels=tuple(str(QUINTILE_LABELS.get(name, name)) for name in dots.index),
            sizes=tuple(dots["patients"].astype("float64")),
        )
    ]
    start, rise = result.index.intercept, result.index.sii
    if math.isfinite(start) and math.isfinite(rise):
        ends = (start, start + rise)
        told = f"{number(ends[0])} at the most, {number(ends[1])} at the least deprived end"
        series.append(Series(f"Fitted: {told}", ends, x=(0.0, 1.0), colour=_LINE, line=True))
    return Chart(
        "scatter",
        f"{NAMES[RATIO]}, from the most to the least deprived",
        tuple(series),
        said.text,
        value_title=NAMES[RATIO],
        x_title=_ACROSS,
        x_format="0.0",
    )


def _index_table(question: Question, level: str, results: Mapping[str, AreaInequality]) -> Table:
    rows = [
        (NAMES[measure], *index_cells(result.index, decimals(measure)))
        for measure, result in results.items()
    ]
    practices = count(results[RATIO].n_practices, "practice")
    file = pd.DataFrame([_flat(question, *item) for item in results.items()])
    return text_table(
        f"{level}, {practices}",
        ("Measure", "SII", "95% interval", "RII", "95% interval of RII"),
        rows,
        name=f"slope-index-{question.area.key}-{question.definition.key}-{results[RATIO].level}",
        file=file.set_index("measure"),
    )


def _flat(question: Question, measure: str, result: AreaInequality) -> dict[str, object]:
    """The same to full precision, with what it rests on."""
    figures = ("sii", "sii_low", "sii_high", "rii", "rii_low", "rii_high")
    return {
        "measure": measure,
        "level": result.level,
        "gp_definition": result.definition,
        "imd_edition": result.edition,
        **{name: getattr(result.index, name) for name in figures},
        "n_practices": result.n_practices,
        "n_missing": result.n_missing,
        "interval": result.index.interval_method,
        "period": question.period,
    }


# --- concentration and need ---


def _concentration(question: Question) -> Blocks:
    held, said = _held(question)
    curve = 100 * held.curve[["people", "resource"]]
    chart = Chart(
        "scatter",
        "FTE GPs held by patients, the most deprived first",
        (
            Series.of(REGISTER["fte_gp"].label, curve["resource"], x=curve["people"], line=True),
            Series("Even shares", (0.0, 100.0), x=(0.0, 100.0), colour=_QUIET, line=True,
                   dash=True),
        ),
        said.text,
        value_title="FTE GPs, cumulative per cent",
        x_title="Patients, most deprived first, cumulative per cent",
    )  # fmt: skip
    how = (
        "Practices are ranked by the IMD 2025 score of their patients. A curve below the line of "
        "even shares: the most deprived have less than their share of GPs, and the index is above "
        "zero (Kakwani, Wagstaff and van Doorslaer 1997)."
    )
    table = Table(
        "The curve",
        held.curve.reset_index(drop=True),
        (
            Column("people", "Patients, cumulative share", "share_tenth"),
            Column("resource", "FTE GPs, cumulative share", "share_tenth"),
        ),
        name=f"concentration-{question.area.key}-{question.definition.key}",
        file=held.curve,
    )
    return [Beside((3, 2), ((chart,), (Text(said), Text(how, "note"), table)))]


def _need(question: Question) -> Blocks:
    """The quintiles on lists that count patients by need, beside the raw ones."""
    practices = question.dataset.practices
    try:
        model = need.need_model(practices)
    except UserError as error:
        return [Text(f"No list can be adjusted for need here. {error}", "info")]
    lists = need.need_adjusted_patients(practices, model)
    adjusted, without = need.with_lists(question.practices, lists)
    raw, by_need = question.practices.drop(index=list(without)), adjusted
    indices = {"raw": slope(question, raw), "need-adjusted": slope(question, by_need)}
    said, raw_said = indices["need-adjusted"][1], indices["raw"][1]
    compared = f"On need-adjusted lists: {said.text} On raw lists: {raw_said.text}"
    how = (
        "Need: a list counts for the appointments expected of its ages and recorded illness, from "
        f"a regression over {model.n:,} practices of {whole(question.area)} that explains "
        f"{per_cent(model.r_squared)} of the variation. It is not the national weighted list, and "
        "recorded use falls short of need where people go without: adjusting can hide a real "
        "disadvantage."
        + (f" {count(len(without), 'practice')} without an index left both." if without else "")
    )
    right = (
        Text(replace(said, finding=f"On need-adjusted lists: {said.finding}", basis="")),
        text_table(
            f"{PER_GP.label} by quintile, raw beside need-adjusted",
            ("Lists", "SII", "95% interval", "RII", "95% interval of RII"),
            [(kind, *index_cells(result.index)) for kind, (result, _) in indices.items()],
        ),
        Text(how, "note"),
    )
    chart = _need_chart(question, raw, by_need, compared)
    return [Beside((3, 2), ((chart,), right)), _need_by_district(question, lists)]


def _need_chart(question: Question, raw: pd.DataFrame, adjusted: pd.DataFrame, told: str) -> Chart:
    tables = [quintiles(question, practices)[0] for practices in (raw, adjusted)]
    return Chart(
        "intervals",
        f"{PER_GP.label} by quintile, on raw and on need-adjusted lists (95% intervals)",
        (
            _quintile_series("raw", tables[0], RATIO, colour=_INK),
            _quintile_series("need-adjusted", tables[1], RATIO, colour=_ADJUSTED),
        ),
        told,
        categories=_QUINTILES,
        value_title=NAMES[RATIO],
        bounds=(0.0, _ceiling(tables, RATIO)),
    )


def _need_by_district(question: Question, lists: pd.Series) -> Table:
    definition = question.definition.key
    places = need.need_adjusted_summary(
        question.practices, lists, "district", definition=definition
    )
    return Table(
        f"Districts of {question.name}: raw and need-adjusted patients per FTE GP",
        places.reset_index(),
        (
            Column("district", "District", wide=2.0),
            measured("practices"),
            measured("patients_per_fte_gp"),
            Column("adjusted_patients_per_fte_gp", "Need-adjusted", "count"),
            Column("need_index", f"Need (1 = {whole(question.area)})", "hundredth"),
            Column("left_out", "Left out", "count"),
        ),
        name=f"need-{question.area.key}-{definition}",
        file=places,
    )


VIEW = View(
    "inequality",
    "inequality",
    "Inequality by deprivation",
    "Whether patients per GP rise or fall from the most to the least deprived, and by how much.",
    answer,
    options=(
        Option(
            "level",
            "Level",
            choices=levels,
            help="By quintile: five groups of patients, by where they live. By practice: every "
            "practice is a point, ranked by the IMD 2025 score of its patients. By small area: "
            "every LSOA is a point; a practice's GPs are shared out by where its patients live.",
            inside=True,
        ),
    ),
)
