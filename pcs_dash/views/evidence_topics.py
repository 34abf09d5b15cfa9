"""The slides of the evidence pages: inequality, spatial pattern, does it survive, then and now."""

from __future__ import annotations

import math

import pandas as pd

from pcs_dash.measures import words
from pcs_dash.measures.profile import decimal, number, signed
from pcs_dash.measures.specification import other_lists, specification_curve, summarise_curve
from pcs_dash.measures.then_now import claim_retested, then_and_now
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables.dataset import IMD_EDITIONS, build_dataset
from pcs_dash.views import patterns
from pcs_dash.views.answer import Chart, Drawn, MapBlock, Series, text_table
from pcs_dash.views.map_spec import MapSpec, alt_text
from pcs_dash.views.phrases import fifths, or_none
from pcs_dash.views.report import Slide
from pcs_dash.views.work import Work

_NOT_TOLD, _TOLD = "#92c5de", "#b2182b"


def pattern(work: Work) -> list[Slide]:
    """Clusters on the map, and whether there is any pattern at all."""
    shared, dataset = work.question, work.dataset
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
    blocks: list[Drawn] = []
    if not found.reason:
        layer = patterns.layer(found)
        spec = MapSpec(
            "layers",
            shared,
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
            text_table(
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
            sources=f"MHCLG, IMD {shared.edition}" if question.what != "under-doctoring" else "",
            figures=(
                ("Moran's I", decimal(whole.statistic)),
                ("p", words.p_text(whole.p_value).removeprefix("p = ").removeprefix("p ")),
                ("Stand out", f"{found.n_significant} of {found.n_tested}"),
                ("By chance alone, before control", f"about {found.expected_by_chance:,.1f}"),
            ),
        )
    ]


def _question(work: Work) -> patterns.PatternAsked:
    options, dataset, question = work.options, work.dataset, work.question
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
                question.definition.column,
                question.excluded.index,
            )
    default = "queen" if what in ("deprivation", "residents") else "6-nearest"
    return patterns.ask(
        dataset,
        work.practices,
        question.area.select(dataset.lsoas),
        definition=work.definition,
        edition=question.edition,
        what=what,
        statistic=options.get("statistic", "moran"),
        near=near or default,
        residents=residents,
        registered_in=registered_in,
    )


def survives(work: Work) -> list[Slide]:
    """Every reasonable way of measuring the gradient, in order of what it gives."""
    practices = work.question.area.select(work.dataset.practices)
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
            text_table(
                "Which choice moves it?",
                ("Choice", "Ways", "Positive", "Above zero", "Below zero", "Median, %"),
                _by_choice(known),
                widths=(2.6, 0.6, 0.8, 0.9, 0.9, 0.8),
                note="Above and below zero: the whole 95% interval is. They are not independent "
                "tests: all use the same practices.",
            ),
            notes=(said.basis,),
            share=0.5,
            sources=f"MHCLG, IMD 2019 and 2025; patients by LSOA, {work.question.mix_period}",
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
    if len(work.question.excluded):
        practices = practices[~practices["flag_low_fte"]]
    claim = claim_retested(practices, definition=work.definition, date=dataset.workforce_period)
    rows = then_and_now(
        practices,
        dataset.published,
        definition=work.definition,
        date=dataset.workforce_period,
        edition=work.question.edition,
    )
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
            text_table(
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
