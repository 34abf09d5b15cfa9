"""The slides of the evidence pages: inequality, spatial pattern, does it survive, then and now."""

from __future__ import annotations

import math

import pandas as pd

from pcs_dash.measures import words
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.inequality import FEWEST_PRACTICES, area_inequality, quintile_table
from pcs_dash.measures.profile import decimal, number, signed
from pcs_dash.measures.specification import other_lists, specification_curve, summarise_curve
from pcs_dash.measures.then_now import AGED_55, CLAIM_PLACE, claim_retested, then_and_now
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables.dataset import IMD_EDITIONS, build_dataset
from pcs_dash.tables.load import load_gp_age_profile_2014
from pcs_dash.views import patterns
from pcs_dash.views.blocks import Block, Chart, MapBlock, Series, Slide, Table
from pcs_dash.views.map_views import MapSpec, alt_text
from pcs_dash.views.phrases import between, fifths, or_none
from pcs_dash.views.work import Work

_NOT_TOLD, _TOLD = "#92c5de", "#b2182b"


def inequality(work: Work) -> list[Slide]:
    """Patients per FTE GP by deprivation quintile, and the sentence on the slope."""
    settings, name = work.settings, work.name
    table = quintile_table(work.practices, definition=work.definition, edition=settings.edition)
    said = words.inequality_words(
        area_inequality(work.practices, definition=work.definition, edition=settings.edition),
        place=name,
        date=work.dataset.workforce_period,
    )
    sources = f"MHCLG, IMD {settings.edition}; patients by LSOA, {settings.mix_period}"
    if table.n_practices < FEWEST_PRACTICES:
        few = (
            f"{words.count(table.n_practices, 'practice')} can't show an inequality: every "
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
        f"Bars of patients per FTE GP by IMD {settings.edition} quintile in {name}: "
        + "; ".join(f"{QUINTILE_LABELS[int(str(q))]} {number(v)}" for q, v in ratios.items())
        + f". {said.basis}",
        categories=tuple(f"Quintile {QUINTILE_LABELS[int(str(q))]}" for q in rows.index),
        value_title=f"Patients per FTE GP (benchmark: {settings.benchmark.value:,.0f})",
        reference=settings.benchmark.value,
        reference_label=f"{settings.benchmark.label} {settings.benchmark.value:,.0f}",
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
            Table(
                f"By IMD {settings.edition} quintile of where patients live",
                ("Quintile", "Patients", "FTE GPs", "Patients per FTE GP", "95% interval",
                 "FTE GPs per 10,000"),
                cells,
                widths=(1.6, 1.0, 0.8, 1.0, 1.3, 0.9),
                note=f"{words.count(table.n_practices, 'practice')}; {table.n_missing} left out "
                f"for a missing figure. Intervals: {table.interval_method}.",
            ),
            notes=(said.basis,),
            share=0.5,
            sources=sources,
            figures=(
                ("Most deprived fifth", number(ratios[1])),
                ("Least deprived fifth", number(ratios[5])),
                ("Ratio, most to least", decimal(gap.ratio)),
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
    return f"{decimal(low)} to {decimal(high)}"


def pattern(work: Work) -> list[Slide]:
    """Clusters on the map, and whether there is any pattern at all."""
    settings, dataset = work.settings, work.dataset
    question = _question(work)
    whole, found = question.whole(), question.clusters()
    said = words.moran_words(whole, what=question.named, place=work.name, date=question.basis)
    clustered = words.clusters_words(
        found,
        what=f"{question.named} by the deprivation around"
        if question.what == "both"
        else question.named,
        place=work.name,
    )
    blocks: list[Block] = []
    if not found.reason:
        layer = patterns.layer(found)
        spec = MapSpec(
            "layers",
            settings,
            highlight=work.view.highlight,
            position=work.view.position,
            marks=layer if question.by_practice else None,
            ground=None if question.by_practice else layer,
            ring=frozenset(patterns.only_before(found)) if question.by_practice else frozenset(),
            notes={str(code): patterns.note(row.to_dict()) for code, row in found.table.iterrows()}
            if question.by_practice
            else {},
            about=f"clusters of {question.named}. {clustered.finding}",
            note=patterns.control_note(found, question.by_practice),
        )
        names = (
            dataset.practices["practice_name"]
            if question.by_practice
            else dataset.lsoas["lsoa11nm"]
        )
        surest = found.table[found.table["p_value"].notna()].sort_values("p_value").head(10)
        blocks = [
            MapBlock(spec, alt_text(dataset, spec)),
            Table(
                f"Smallest p of {found.n_tested} ({found.statistic_name})",
                (question.unit.capitalize() if question.by_practice else "LSOA", "Value",
                 "p", "Cluster"),
                tuple(
                    (
                        f"{names.get(code, code)} ({code})",
                        number(row["value"]),
                        words.p_text(row["p_value"]).removeprefix("p = ").removeprefix("p "),
                        str(row["label"]),
                    )
                    for code, row in surest.iterrows()
                ),
                widths=(2.6, 0.9, 0.8, 1.6),
                note=f"Neighbours: {found.weights}. Control of tests: {found.control}.",
            ),
        ]  # fmt: skip
    return [
        work.slide(
            f"{said.finding} {clustered.finding}".strip(),
            *blocks,
            notes=(said.text, clustered.text, found.note, found.reason),
            share=0.62,
            sources=f"MHCLG, IMD {settings.edition}" if question.what != "under-doctoring" else "",
            figures=(
                ("Moran's I", decimal(whole.statistic)),
                ("p", words.p_text(whole.p_value).removeprefix("p = ").removeprefix("p ")),
                ("Stand out", f"{found.n_significant} of {found.n_tested}"),
                ("By chance alone, before control", f"about {found.expected_by_chance:,.1f}"),
            ),
        )
    ]


def _question(work: Work) -> patterns.Question:
    options, dataset, settings = work.options, work.dataset, work.settings
    what = options.get("pattern", "under-doctoring")
    near = options.get("near-lsoa" if what in ("deprivation", "residents") else "near", "")
    residents, registered_in = None, ""
    if what == "residents":
        registrations = _registrations(work)
        if registrations is not None:
            registered_in = work.readers.registered(dataset).label
            residents = patterns.ratios_of_residents(
                dataset.practices,
                registrations,
                settings.definition.column,
                settings.excluded.index,
            )
    default = "queen" if what in ("deprivation", "residents") else "6-nearest"
    return patterns.ask(
        dataset,
        work.practices,
        settings.area.select(dataset.lsoas),
        definition=work.definition,
        edition=settings.edition,
        what=what,
        statistic=options.get("statistic", "moran"),
        near=near or default,
        residents=residents,
        registered_in=registered_in,
    )


def survives(work: Work) -> list[Slide]:
    """Every reasonable way of measuring the gradient, in order of what it gives."""
    practices = work.settings.area.select(work.dataset.practices)
    curve = specification_curve(
        practices,
        lists=other_lists(work.dataset.practices),
        registrations=_registrations(work),
        lsoa_ranks={year: work.dataset.lsoas[f"imd{year}_rank"] for year in IMD_EDITIONS},
    )
    summary = summarise_curve(curve)
    said = words.specification_words(summary, place=work.name, date=work.dataset.workforce_period)
    known = curve[curve["coefficient"].notna()]
    if known.empty:
        return [work.slide(said.text)]
    clear = known["excludes_zero"].astype(bool)
    series = [
        Series(
            name,
            tuple(map(float, part["coefficient"])),
            x=tuple(map(float, part.index)),
            colour=colour,
        )
        for name, colour, part in (
            ("Interval includes zero", _NOT_TOLD, known[~clear]),
            ("Interval excludes zero", _TOLD, known[clear]),
        )
        if len(part)
    ]
    chart = Chart(
        "scatter",
        f"Gradient by deprivation, {summary.n} ways of measuring it, lowest first",
        tuple(series),
        f"{said.text}",
        value_title="% of the mean, least to most deprived",
        x_title="Ways of measuring, lowest gradient first",
    )
    return [
        work.slide(
            f"{said.finding} {said.caution}".strip(),
            chart,
            Table(
                "Which choice moves it?",
                ("Choice", "Ways", "Positive", "Above zero", "Below zero", "Median, %"),
                _by_choice(known),
                widths=(2.6, 0.6, 0.8, 0.9, 0.9, 0.8),
                note="Above and below zero: the whole 95% interval is. They are not independent "
                "tests: all use the same practices.",
            ),
            notes=(said.basis,),
            share=0.5,
            sources=f"MHCLG, IMD 2019 and 2025; patients by LSOA, {work.settings.mix_period}",
            figures=(
                ("Ways of measuring", f"{summary.n}"),
                ("Positive", f"{summary.n_positive}"),
                ("Interval above zero", f"{summary.n_positive_excludes_zero}"),
                ("Median gradient", f"{signed(summary.median)}%"),
            ),
        )
    ]


def _registrations(work: Work) -> pd.DataFrame | None:
    """Patients by practice and LSOA of the data's practices; None where a model stands in."""
    registered = work.readers.registered(work.dataset)
    if registered.modelled:
        return None
    own = registered.table[registered.table["practice_code"].isin(work.dataset.practices.index)]
    return own.rename(columns={"lsoa_code": "lsoa11cd"})


def _by_choice(curve: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    choices = {
        "gp_definition": "GPs", "list": "Lists", "flagged": "Implausible FTE",
        "imd_edition": "IMD", "level": "Level", "weighting": "Weighting",
    }  # fmt: skip
    labels = {key: item.label for key, item in GP_DEFINITIONS.items()}
    rows = []
    for column, name in choices.items():
        for option, part in curve.groupby(column, sort=True):
            told = summarise_curve(part)
            rows.append(
                (
                    f"{name}: {labels.get(str(option), str(option)).replace('lsoa', 'LSOA')}",
                    f"{told.n}",
                    f"{told.n_positive}",
                    f"{told.n_positive_excludes_zero}",
                    f"{told.n_negative_excludes_zero}",
                    signed(told.median),
                )
            )
    return tuple(rows)


def then_now(work: Work) -> list[Slide]:
    """The claim of 2015 tested on today's figures. About Essex, whatever the area."""
    dataset = build_dataset()
    practices = dataset.practices
    if len(work.settings.excluded):
        practices = practices[~practices["flag_low_fte"]]
    claim = claim_retested(practices, definition=work.definition, date=dataset.workforce_period)
    rows = then_and_now(
        practices,
        dataset.published,
        load_gp_age_profile_2014(),
        definition=work.definition,
        date=dataset.workforce_period,
        edition=work.settings.edition,
    )
    # Of the age profile the slide shows the place of the claim, the page all seven.
    rows = tuple(r for r in rows if r.figure != AGED_55 or r.place == CLAIM_PLACE)
    found = claim.results
    lows = [result.ci_low for result in found.values() if math.isfinite(result.ci_low)]
    highs = [result.ci_high for result in found.values() if math.isfinite(result.ci_high)]
    chart = Chart(
        "intervals",
        "Patients per FTE GP against deprivation, today (95% intervals)",
        (
            Series(
                "Pearson's r",
                tuple(or_none(result.coefficient) for result in found.values()),
                low=tuple(or_none(result.ci_low) for result in found.values()),
                high=tuple(or_none(result.ci_high) for result in found.values()),
                colour=_NOT_TOLD,
            ),
        ),
        f"{claim.then} {claim.verdict} {claim.now.basis}",
        categories=tuple(found),
        value_title="Pearson's r: 0 none, 0.5 and above strong",
        number_format="0.0",
        reference=0.5,
        reference_label="strong",
        bounds=fifths(min([*lows, 0.0]), max([*highs, 0.6])),
    )
    local = next(iter(found.values()))
    return [
        work.slide(
            f"{claim.then} {claim.verdict}",
            chart,
            Table(
                "Published figures beside today's",
                ("Figure", "Then", "Now", "Alike?"),
                tuple(
                    (
                        f"{row.figure}, {row.place}",
                        f"{row.then_text} ({row.then_period})",
                        f"{row.now_text} ({row.now_period})"
                        if pd.notna(row.now_value)
                        else "no figure",
                        "yes" if row.comparable else "no",
                    )
                    for row in rows
                ),
                widths=(2.4, 1.9, 1.9, 0.6),
                note="Alike: whether the difference may be read as a change.",
            ),
            notes=(
                f"Source of the claim: {claim.then_source}. Its coefficient was not published.",
                claim.now.text,
                *(f"{row.figure}, {row.place}: {row.change}" for row in rows),
            ),
            share=0.46,
            heading="Then and now: the claim of 2015",
            sources="published figures as cited in the app",
            figures=(
                ("Pearson's r, Thurrock", words.number(local.coefficient, 2)),
                (
                    "95% interval",
                    words.interval_text(local.ci_low, local.ci_high, 2).removeprefix(
                        "95% interval "
                    ),
                ),
                ("Practices", f"{local.n}"),
            ),
        )
    ]
