"""The slides of the ready-made story: where we are, deprivation, how sure, options, the ask."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from pcs_dash.hubs.compare import compare_plans
from pcs_dash.hubs.headline import headline
from pcs_dash.hubs.plan import Plan, plan_from_column
from pcs_dash.hubs.summary import scorecard
from pcs_dash.measures.correlation import (
    VARIABLES,
    Variable,
    available_variables,
    correlate_practices,
    forest,
    lines,
    measure,
    shown_measure,
)
from pcs_dash.measures.deprivation import (
    QUINTILE_LABELS,
    group_quintile_shares,
    patients_by_quintile,
)
from pcs_dash.measures.inequality import quintile_table
from pcs_dash.measures.profile import deprivation_sentence, flags, number, per_cent, signed
from pcs_dash.measures.words import correlation_words, gap_words, interval_text, lower_first, p_text
from pcs_dash.measures.words import number as figure
from pcs_dash.measures.workforce import GP_DEFINITIONS, patients_per_fte_gp, summarise
from pcs_dash.views import maps
from pcs_dash.views.blocks import (
    CHART_COLOURS,
    Block,
    Bullets,
    Chart,
    MapBlock,
    Series,
    Slide,
    Table,
)
from pcs_dash.views.map_views import MapSpec, alt_text
from pcs_dash.views.phrases import band, between, fifths, listed, or_none, short_list, span
from pcs_dash.views.settings import Settings
from pcs_dash.views.work import TODAY_S_PCNS, Work

_LINE_NAMES = {
    "least squares": "Least squares",
    "least squares, weighted": "Least squares, weighted",
    "Theil-Sen": "Robust (Theil-Sen)",
}
NOT_IN_THE_DATA = "Costs in money are not in the data."


def where(work: Work) -> list[Slide]:
    settings, total = work.settings, work.total()
    ratios = patients_per_fte_gp(work.practices, work.definition)
    spec = MapSpec(
        "practices", settings, highlight=work.view.highlight, position=work.view.position
    )
    quintiles = patients_by_quintile(work.practices, settings.edition)
    known = quintiles.sum()
    deprived = quintiles[1] / known if known else math.nan
    above = f"{int((ratios > settings.benchmark.value).sum())} of {int(ratios.notna().sum())}"
    rows = (
        ("Patients per FTE GP", number(total["patients_per_fte_gp"])),
        (f"Benchmark: {settings.benchmark.label}", number(settings.benchmark.value)),
        ("FTE GPs to add to reach it", signed(total["fte_gap"])),
        ("Registered patients", number(total["patients"])),
        ("FTE GPs", number(total["fte_gp"], 1)),
        ("Practices", number(total["practices"])),
        ("Practices above the benchmark", above),
        ("Single-handed practices", number(total["single_handed"])),
        ("Practices under 4,500 patients", number(total["below_4500"])),
        ("GPs aged 60 and over (all GPs)", per_cent(total["share_gps_60_plus"])),
        (
            "Patients in the most deprived fifth",
            per_cent(deprived),
        ),
        ("Practices without a GP figure", number(total["practices_without_fte"])),
    )
    return [
        work.slide(
            work.headline(total),
            MapBlock(spec, alt_text(work.dataset, spec)),
            Table("Key figures", ("Measure", work.name), rows, widths=(2.3, 1.0)),
            share=0.66,
            sources=f"MHCLG, IMD {settings.edition}",
            figures=(
                rows[0],
                (f"{settings.benchmark.label}, the benchmark", rows[1][1]),
                ("FTE GPs to add", rows[2][1]),
                ("Practices above it", above),
            ),
        )
    ]


def practice_rows(work_settings: Settings) -> pd.DataFrame:
    """One row a practice, most patients per FTE GP first, those without a ratio last."""
    practices, definition = work_settings.practices, work_settings.definition.key
    table = summarise(
        practices,
        practices.index.to_series(),
        definition=definition,
        benchmark=work_settings.benchmark.value,
    )
    table = table.join(practices[["practice_name", "district", "pcn"]])
    table["flags"] = [" ".join(flags(row)) for _, row in practices.loc[table.index].iterrows()]
    return table.sort_values(
        ["patients_per_fte_gp", "patients"], ascending=[False, False], kind="stable"
    )


def practices(work: Work) -> list[Slide]:
    benchmark = work.settings.benchmark
    table = practice_rows(work.settings)
    ratios = table["patients_per_fte_gp"]
    above = table[ratios > benchmark.value]
    shown = table[ratios.notna()].head(12)
    classes = maps.benchmark_classes(shown["patients_per_fte_gp"], benchmark.value)
    chart = Chart(
        "bars",
        f"Patients per FTE GP: highest {len(shown)}",
        (
            Series(
                "Patients per FTE GP",
                tuple(float(value) for value in shown["patients_per_fte_gp"]),
                colours=tuple(maps.BENCHMARK_COLOURS[int(number)] for number in classes),
                codes=tuple(map(str, shown.index)),
            ),
        ),
        f"Bar chart of the {len(shown)} practices with most patients per FTE GP in {work.name}, "
        f"from {span(shown['patients_per_fte_gp'])}; benchmark {benchmark.value:,.0f}.",
        categories=tuple(f"{name} ({code})" for code, name in shown["practice_name"].items()),
        value_title=f"Patients per FTE GP (benchmark: {benchmark.value:,.0f})",
        reference=benchmark.value,
        reference_label=benchmark.label,
    )
    rows = tuple(
        (
            f"{row['practice_name']} ({code})",
            number(row["patients"]),
            number(row["fte_gp"], 1),
            number(row["patients_per_fte_gp"]),
            signed(row["fte_gap"]),
        )
        for code, row in table.iterrows()
    )
    flagged = [str(code) for code in table.index[table["flagged_low_fte"] > 0]]
    message = (
        f"{len(above)} of {int(ratios.notna().sum())} practices have more patients per FTE GP than "
        f"{benchmark.label} ({benchmark.value:,.0f}); {above['patients'].sum():,.0f} people are "
        "registered with them."
    )
    if flagged:
        message += f" Implausible FTE, check the return: {', '.join(flagged)}."
    return [
        work.slide(
            message,
            chart,
            Table(
                "Practices, most patients per FTE GP first",
                ("Practice", "Patients", "FTE GPs", "Patients per FTE GP", "FTE to add"),
                rows,
                widths=(2.9, 1.0, 0.8, 1.1, 0.9),
                note="Every practice is in the workbook (tables.xlsx) and in the app.",
            ),
            notes=(
                "A practice's ratio rests on one day's return of a few people: read extremes as a "
                "question to the practice.",
            ),
            share=0.44,
            figures=(
                ("Above the benchmark", f"{len(above)} of {int(ratios.notna().sum())}"),
                ("Patients registered there", number(above["patients"].sum())),
                ("Implausible FTE", f"{len(flagged)}"),
                ("Without a GP figure", f"{int(ratios.isna().sum())}"),
            ),
        )
    ]


def deprivation(work: Work) -> list[Slide]:
    settings = work.settings
    spec = MapSpec(
        "quintiles", settings, highlight=work.view.highlight, position=work.view.position
    )
    by, word = ("place", "sub-ICB place") if settings.area.kind == "region" else ("pcn", "PCN")
    keys = work.practices[by].astype(object)
    keys = keys.where(keys.notna(), "No PCN")
    shares = group_quintile_shares(work.practices, keys, settings.edition).dropna()
    order = (shares[1] + shares[2] / 1_000).sort_values(ascending=False, kind="stable")
    shares = shares.loc[order.index]
    all_shares = patients_by_quintile(work.practices, settings.edition)
    known = all_shares.sum()
    limit = 12
    cut = f", the {limit} with most in quintile 1" if len(shares) > limit else ""
    top = shares.head(limit)
    first = float(all_shares[1] / known) if known else math.nan
    chart = Chart(
        "shares",
        f"Patients by IMD {settings.edition} quintile of their homes, by {word}{cut}",
        tuple(
            Series(
                f"Quintile {label}",
                tuple(100 * float(value) for value in top[quintile]),
                colour=maps.QUINTILE_PURPLES[quintile - 1],
            )
            for quintile, label in QUINTILE_LABELS.items()
        ),
        f"Stacked bars: share of patients by deprivation quintile in each {word} of {work.name}. "
        f"In quintile 1: {listed(top[1])}.",
        categories=tuple(map(str, top.index)),
        value_title="Per cent of patients",
        number_format='0"%"',
    )
    message = deprivation_sentence(
        work.name,
        settings.area.select(work.dataset.lsoas),
        work.practices,
        settings.edition,
    )
    if len(top) > 1:
        message += (
            f" By {word}: {per_cent(float(shares[1].min()))} to {per_cent(float(shares[1].max()))}."
        )
    return [
        work.slide(
            message,
            MapBlock(spec, alt_text(work.dataset, spec)),
            chart,
            sources=f"MHCLG, IMD {settings.edition}; patients by LSOA, {work.settings.mix_period}",
            figures=(
                ("Patients in the most deprived fifth", per_cent(first)),
                *(
                    (
                        (f"Most: {shares[1].idxmax()}", per_cent(float(shares[1].max()))),
                        (f"Least: {shares[1].idxmin()}", per_cent(float(shares[1].min()))),
                    )
                    if len(top) > 1
                    else ()
                ),
            ),
        )
    ]


def correlation(work: Work) -> list[Slide]:
    settings, practices = work.settings, work.practices
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
        quintiles = quintile_table(practices, definition=work.definition, edition=settings.edition)
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
            Table(
                f"By IMD {settings.edition} quintile of where patients live",
                ("Quintile", "Patients", "FTE GPs", "Patients per FTE GP", "95% interval"),
                rows,
                widths=(1.6, 1.0, 0.8, 1.0, 1.3),
                note=gap.finding,
            ),
            notes=(words.basis, gap.text),
            share=0.52,
            figures=(
                (f"{'Weighted ' if weighted else ''}Pearson's r", figure(result.coefficient, 2)),
                (
                    "95% interval",
                    interval_text(result.ci_low, result.ci_high, 2).removeprefix("95% interval "),
                ),
                ("Practices", f"{result.n}"),
            ),
            sources=f"MHCLG, IMD 2025; patients by LSOA, {work.settings.mix_period}",
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
            f"{area}: {figure(row['coefficient'], 2)} "
            f"({figure(row['ci_low'], 2)} to {figure(row['ci_high'], 2)})."
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
                        figure(result.coefficient, 2),
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
            Table(
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


def options(work: Work) -> list[Slide]:
    plan = work.shown_plan
    spec = MapSpec(
        "hubs", work.settings, plan=plan, highlight=work.view.highlight, position=work.view.position
    )
    compared = {TODAY_S_PCNS: plan_from_column(work.practices, "pcn")}
    if work.plan is not None:
        compared[work.shown_plan_name] = work.plan
    columns = {name: _plan_figures(work, option) for name, option in compared.items()}
    measures = list(next(iter(columns.values())))
    rows = tuple((name, *(found[name] for found in columns.values())) for name in measures)
    every = work.hubs(plan)
    summary = every.iloc[:-1]
    filled = summary[summary["practices"] > 0]
    inside = int(filled["within_30000_50000"].sum()) if len(filled) else 0
    # On the page an empty plan is told what to do first; a room is not.
    said = headline(every, work.rules, work.name) if len(filled) else "no practice is in a hub yet."
    message = f"{work.shown_plan_name}: {said}"
    return [
        work.slide(
            message,
            MapBlock(spec, alt_text(work.dataset, spec)),
            Table(
                "Groupings side by side",
                ("Measure", *columns),
                rows,
                widths=(2.0, *[1.1] * len(columns)),
            ),
            notes=[
                f"Rule: {rule.label}. {rule.source}, {rule.date}." for rule in work.rules if rule.on
            ],
            share=0.66 if len(columns) == 1 else 0.6,
            figures=(
                ("Groups", f"{len(filled)}"),
                ("30,000 to 50,000 patients", f"{inside} of {len(filled)}"),
                ("Smallest", number(filled["patients"].min())),
                ("Largest", number(filled["patients"].max())),
            )
            if len(filled)
            else (),
        )
    ]


def _plan_figures(work: Work, plan: Plan) -> dict[str, str]:
    summary = work.hubs(plan)
    filled = summary.iloc[:-1]
    filled = filled[filled["practices"] > 0]
    card = scorecard(
        plan,
        work.practices,
        definition=work.definition,
        benchmark=work.settings.benchmark,
        rules=work.rules,
        summary=summary,
    )

    def of(key: str) -> str:
        row = card.loc[key]
        if pd.isna(row["value"]):
            return "no figure"
        out_of = "" if pd.isna(row["of"]) else f" of {row['of']:,.0f}"
        return f"{row['value']:,.0f}{out_of}"

    n = len(filled)
    return {
        "Groups with practices": f"{n}",
        "At least 20,000 patients": f"{int(filled['meets_20000'].sum())} of {n}",
        "30,000 to 50,000 patients": f"{int(filled['within_30000_50000'].sum())} of {n}",
        "Smallest group, patients": of("patients_min"),
        "Largest group, patients": of("patients_max"),
        "Patients per FTE GP, lowest": of("patients_per_fte_gp_min"),
        "Patients per FTE GP, highest": of("patients_per_fte_gp_max"),
        "Groups above the benchmark": of("hubs_above_benchmark"),
        "Groups in one piece": of("contiguous_hubs"),
        "Practices in no group": of("unassigned_practices"),
        "Patients in no group": of("unassigned_patients"),
    }


def hubs(work: Work) -> list[Slide]:
    summary = work.hubs(work.shown_plan)
    rest = summary.iloc[-1]
    filled = summary.iloc[:-1]
    empty = int((filled["practices"] == 0).sum())
    filled = filled[filled["practices"] > 0]
    rows = [
        (
            str(name),
            number(row["practices"]),
            number(row["patients"]),
            band(float(row["patients"])),
            number(row["fte_gp"], 1),
            number(row["patients_per_fte_gp"]),
            signed(row["fte_gap"]),
            number(row["imd_score"], 1),
            per_cent(row["share_quintile_1"]),
            per_cent(row["share_gps_60_plus"]),
        )
        for name, row in filled.iterrows()
    ]
    if rest["practices"]:
        rows.append(
            (
                "In no group",
                number(rest["practices"]),
                number(rest["patients"]),
                "",
                number(rest["fte_gp"], 1),
                number(rest["patients_per_fte_gp"]),
                signed(rest["fte_gap"]),
                number(rest["imd_score"], 1),
                per_cent(rest["share_quintile_1"]),
                per_cent(rest["share_gps_60_plus"]),
            )
        )
    ratio = filled["patients_per_fte_gp"].dropna()
    benchmark = work.settings.benchmark
    highest = ratio.sort_values(ascending=False, kind="stable").head(12)
    classes = maps.benchmark_classes(highest, benchmark.value)
    cut = f", the {len(highest)} highest of {len(ratio)}" if len(ratio) > len(highest) else ""
    chart = Chart(
        "bars",
        f"Patients per FTE GP by group{cut}",
        (
            Series(
                "Patients per FTE GP",
                tuple(map(float, highest)),
                colours=tuple(maps.BENCHMARK_COLOURS[int(number)] for number in classes),
                codes=tuple(map(str, highest.index)),
            ),
        ),
        f"Bar chart of the {len(highest)} groups of practices with most patients per FTE GP: "
        f"{span(highest)}; benchmark {benchmark.value:,.0f}.",
        categories=tuple(map(str, highest.index)),
        value_title=f"Patients per FTE GP (benchmark: {benchmark.value:,.0f})",
        reference=benchmark.value,
        reference_label=benchmark.label,
    )
    message = (
        f"{work.shown_plan_name}: {int((ratio > benchmark.value).sum())} of {len(ratio)} groups "
        f"have more patients per FTE GP than {benchmark.label} ({benchmark.value:,.0f})."
    )
    return [
        work.slide(
            message,
            Table(
                f"{work.shown_plan_name}, one by one",
                (
                    "Group",
                    "Practices",
                    "Patients",
                    "30,000 to 50,000",
                    "FTE GPs",
                    "Patients per FTE GP",
                    "FTE to add",
                    "IMD score",
                    "In quintile 1",
                    "GPs aged 60+",
                ),
                tuple(rows),
                overflow="split",
                widths=(2.9, 0.9, 1.0, 0.95, 0.85, 1.05, 0.85, 0.8, 0.9, 0.9),
                note=f"{empty} groups without a practice here are not shown." if empty else "",
            ),
            sources=f"MHCLG, IMD 2025; patients by LSOA, {work.settings.mix_period}",
            screen=chart if len(highest) else None,
        )
    ]


def option_rows(settings: Settings, published: pd.DataFrame) -> pd.DataFrame:
    """What reaching each benchmark costs and gains; index the benchmark's label.

    Columns: benchmark (patients per FTE GP), net (FTE to add over the whole area), gross (FTE to
    add so that no practice is above it, none losing any), ratio (patients per FTE GP after the
    gross addition), helped (practices that gain), patients (registered with them), space_low and
    space_high (square metres, by the published rule per additional GP).
    """
    practices, definition = settings.practices, settings.definition.key
    space = published[published["figure"].str.startswith("space per additional GP")]["value"]
    choices = dict(settings.benchmarks)
    if settings.benchmark.key not in choices:
        choices[settings.benchmark.key] = settings.benchmark
    rows = []
    for benchmark in choices.values():
        each = summarise(
            practices,
            practices.index.to_series(),
            definition=definition,
            benchmark=benchmark.value,
        )
        gaps = each["fte_gap"]
        helped = each[gaps > 0]
        gross = float(helped["fte_gap"].sum())
        fte = float(each["fte_gp"].sum())
        rows.append(
            {
                "option": benchmark.label,
                "benchmark": benchmark.value,
                "net": float(gaps.sum()) if gaps.notna().any() else math.nan,
                "gross": gross,
                "ratio": each["patients_in_ratio"].sum() / (fte + gross)
                if fte + gross > 0
                else math.nan,
                "helped": len(helped),
                "patients": int(helped["patients"].sum()),
                "space_low": gross * float(space.min()),
                "space_high": gross * float(space.max()),
            }
        )
    return pd.DataFrame(rows).set_index("option")


def costs(work: Work) -> list[Slide]:
    table = option_rows(work.settings, work.dataset.published)
    total = work.total()
    chart = Chart(
        "bars",
        "FTE GPs to add",
        (
            Series("Over the whole area (net)", tuple(map(or_none, table["net"])),
                   colour=CHART_COLOURS[0]),
            Series("No practice above it", tuple(map(or_none, table["gross"])),
                   colour=CHART_COLOURS[1]),
        ),
        "Bar chart of FTE GPs to add for each option: "
        + "; ".join(
            f"{option} {signed(row['net'])} net, {signed(row['gross'])} so that no practice is "
            "above it"
            for option, row in table.iterrows()
        ),
        categories=tuple(f"{option} ({row['benchmark']:,.0f})" for option, row in table.iterrows()),
        value_title="FTE GPs",
        number_format="#,##0.0",
    )  # fmt: skip
    options = [str(option) for option in table.index]
    rows = (
        ("Benchmark, patients per FTE GP", "", *(number(v) for v in table["benchmark"])),
        ("Costs: FTE GPs over the whole area", "0", *(signed(v) for v in table["net"])),
        ("Costs: FTE GPs, no practice above it", "0", *(signed(v) for v in table["gross"])),
        (
            "Costs: space by the 2014 rule, m²",
            "0",
            *(
                f"{row['space_low']:,.0f} to {row['space_high']:,.0f}"
                for _, row in table.iterrows()
            ),
        ),
        (
            "Gains: patients per FTE GP then",
            number(total["patients_per_fte_gp"]),
            *(number(v) for v in table["ratio"]),
        ),
        ("Gains: practices that gain GPs", "0", *(number(v) for v in table["helped"])),
        ("Gains: patients registered there", "0", *(number(v) for v in table["patients"])),
    )
    chosen = work.settings.benchmark.label
    row = table.loc[[chosen]].iloc[0]
    message = (
        f"To bring every practice to {chosen} ({row['benchmark']:,.0f}) takes {row['gross']:,.1f} "
        f"more FTE GPs in {row['helped']:.0f} practices; over {work.name} as a whole the gap is "
        f"{signed(row['net'])}. {NOT_IN_THE_DATA}"
    )
    blocks: list[Block] = [
        chart,
        Table(
            "What each option costs and gains",
            ("Measure", "As now", *options),
            rows,
            widths=(2.3, 0.8, *[1.15] * len(options)),
            note="Space: 80 to 100 square metres for each additional GP (2014 strategy).",
        ),
    ]
    notes = [
        "Net: practices below the benchmark offset those above it. No practice above it: GPs are "
        "added where they are short and taken from nowhere.",
        NOT_IN_THE_DATA,
    ]
    figures = (
        ("FTE GPs, no practice above it", signed(row["gross"])),
        ("FTE GPs, area as a whole", signed(row["net"])),
        ("Practices that gain", number(row["helped"])),
        ("Patients registered there", number(row["patients"])),
    )
    slides = [work.slide(message, *blocks, notes=notes, share=0.38, figures=figures)]
    return slides if work.plan is None else [*slides, _grouping_costs(work)]


def _grouping_costs(work: Work) -> Slide:
    """What today's PCNs and the plan each cost: FTE so that no group is above the benchmark."""
    today = plan_from_column(work.practices, "pcn")
    plan = work.shown_plan
    names = (TODAY_S_PCNS, work.shown_plan_name)
    benchmark = work.settings.benchmark
    gaps: list[float] = []
    columns: list[tuple[str, ...]] = []
    for option in (today, plan):
        summary = work.hubs(option).iloc[:-1]
        filled = summary[summary["practices"] > 0]
        short = filled["fte_gap"][filled["fte_gap"] > 0]
        gaps.append(float(short.sum()))
        columns.append(
            (
                f"{len(filled)}",
                signed(short.sum()),
                f"{len(short)} of {len(filled)}",
                f"{int(filled['meets_20000'].sum())} of {len(filled)}",
                f"{int(filled['within_30000_50000'].sum())} of {len(filled)}",
            )
        )
    moved = compare_plans(today, plan, work.practices, names=names)
    columns[0] = (*columns[0], "0", "0")
    columns[1] = (
        *columns[1], f"{moved.practices_moved:,}", f"{moved.patients_moved:,}",
    )  # fmt: skip
    measures = (
        "Groups",
        f"Costs: FTE GPs, no group above {benchmark.label}",
        "Groups short of GPs",
        "Gains: groups of 20,000 and more",
        "Gains: groups of 30,000 to 50,000",
        "Costs: practices that change group",
        "Patients registered there",
    )
    table = Table(
        "What each grouping costs and gains",
        ("Measure", *names),
        tuple(
            (measure, *(column[row] for column in columns)) for row, measure in enumerate(measures)
        ),
        widths=(2.3, 1.1, 1.1),
        note="Change group: hubs are matched with PCNs by the most patients in common. No group "
        "above: within a group practices offset each other.",
    )
    chart = Chart(
        "bars",
        f"FTE GPs to add so that no group is above {benchmark.label}",
        (Series("FTE GPs", tuple(gaps), colour=CHART_COLOURS[0]),),
        "FTE GPs to add: "
        + "; ".join(f"{name} {signed(gap)}" for name, gap in zip(names, gaps, strict=True)),
        categories=names,
        value_title="FTE GPs",
        number_format="#,##0.0",
    )
    message = (
        f"So that no group is above {benchmark.label}, {names[1]} takes {signed(gaps[1])} FTE GPs "
        f"and {lower_first(names[0])} take {signed(gaps[0])}; "
        f"{moved.practices_moved:,} practices would change group."
    )
    return work.slide(
        message,
        chart,
        table,
        share=0.4,
        notes=(NOT_IN_THE_DATA,),
        heading=f"{work.name}: what each grouping costs and gains",
        figures=(
            (names[0], f"{signed(gaps[0])} FTE"),
            (names[1], f"{signed(gaps[1])} FTE"),
            ("Practices that change group", f"{moved.practices_moved:,}"),
            ("Patients registered there", f"{moved.patients_moved:,}"),
        ),
    )


def ask(work: Work) -> list[Slide]:
    settings, total = work.settings, work.total()
    benchmark = settings.benchmark
    row = option_rows(settings, work.dataset.published).loc[[benchmark.label]].iloc[0]
    result = correlate_practices(
        work.practices, work.deprivation, "patients_per_fte_gp", definition=work.definition
    )
    words = correlation_words(
        result,
        place=work.name,
        x=work.deprivation,
        definition=work.definition,
        date=work.dataset.workforce_period,
    )
    asked = [f"Note: {work.headline(total)}"]
    asked.append(
        f"Agree a benchmark to plan by. With {benchmark.label} ({benchmark.value:,.0f}), "
        f"{row['helped']:.0f} practices are short of {row['gross']:,.1f} FTE GPs between them "
        f"({row['space_low']:,.0f} to {row['space_high']:,.0f} square metres by the 2014 rule)."
    )
    asked.append(f"When deciding where GPs go first, keep in mind: {words.finding}")
    summary = work.hubs(work.shown_plan).iloc[:-1]
    filled = summary[summary["practices"] > 0]
    inside = int(filled["within_30000_50000"].sum())
    grouping = (
        f"Agree to take '{work.shown_plan_name}' to practices for comment"
        if work.plan is not None
        else "Agree whether today's PCNs stay the unit to plan by"
    )
    asked.append(f"{grouping}: {inside} of {len(filled)} groups have 30,000 to 50,000 patients.")
    flagged = work.practices.index[work.practices["flag_low_fte"].astype(bool)]
    silent = int(total["practices_without_fte"])
    if len(flagged) or silent:
        parts = []
        if len(flagged):
            parts.append(f"check an implausible GP figure ({short_list(list(flagged))})")
        if silent:
            parts.append(f"supply one ({silent} without any)")
        asked.append(f"Ask practices to {' and to '.join(parts)} before the next return.")
    return [
        work.slide(
            "",
            Bullets(tuple(asked), caption="The board is asked to"),
            notes=(
                "These points are drafted from the figures: change them to what is asked for.",
                words.text,
            ),
        )
    ]
