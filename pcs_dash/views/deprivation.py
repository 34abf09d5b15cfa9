"""Where do deprived people live, and with which practices are they registered?"""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures.deprivation import (
    QUINTILE_LABELS,
    district_table,
    group_quintile_shares,
    lsoas_by_quintile,
    patients_by_quintile,
    patients_of_unknown_quintile,
    shown_patients_by_quintile,
)
from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.measures.profile import deprivation_sentence
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.small_numbers import small_number, small_text
from pcs_dash.measures.words import Words
from pcs_dash.views import maps
from pcs_dash.views.answer import (
    Answer,
    Beside,
    Block,
    Blocks,
    Chart,
    Column,
    Figure,
    MapBlock,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    measured,
)
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.phrases import listed
from pcs_dash.views.question import Question

_MOST_GROUPS = 12


def answer(question: Question) -> Answer:
    """How many small areas and patients are in England's most deprived fifth, and where."""
    dataset, edition = question.dataset, question.edition
    lsoas = question.area.select(dataset.lsoas)
    shares, word = _shares_by_group(question)
    whole = patients_by_quintile(question.practices, edition)
    first = whole[1] / whole.sum() if whole.sum() else float("nan")
    found = deprivation_sentence(question.name, lsoas, question.practices, edition)
    ends: tuple[Figure, ...] = ()
    if len(shares) > 1:
        found += f" By {word}: {per_cent(shares[1].min())} to {per_cent(shares[1].max())}."
        ends = (
            Figure(f"Most: {shares[1].idxmax()}", per_cent(shares[1].max())),
            Figure(f"Least: {shares[1].idxmin()}", per_cent(shares[1].min())),
        )
    unknown = patients_of_unknown_quintile(question.practices, edition)
    spec = MapSpec("quintiles", question, highlight=question.highlight, position=question.position)
    return Answer(
        Words(
            found,
            "",
            f"IMD {edition} on 2011 LSOAs; quintile 1 is the most deprived fifth of England. "
            f"Patients: registered, {dataset.mix_words}, by the LSOA they live in (with practices "
            f"of {question.name}; {small_text(unknown)} outside England or unknown are in no "
            "quintile). Registered patients stand for residents by LSOA.",
        ),
        figures=(Figure("Patients in the most deprived fifth", per_cent(first)), *ends),
        front=(MapBlock(spec, pick="practice", high=560), *_shares_chart(question, shares, word)),
        sections=(
            Section("quintiles", "By quintile", _by_quintile, options=("practice",)),
            Section("districts", "Districts", _districts),
        ),
        sources=f"MHCLG, IMD {edition}; patients by LSOA, {question.mix_period}",
        foot=(
            f"IMD {edition} (MHCLG); patients by LSOA, {dataset.mix_words} (NHS England); "
            "patient-weighted score (OHID).",
        ),
    )


def _shares_by_group(question: Question) -> tuple[pd.DataFrame, str]:
    """Share of patients by quintile (columns 1 to 5) of each PCN, or place of a region, the most
    in quintile 1 first; and what the groups are.
    """
    by, word = ("place", "sub-ICB place") if question.area.kind == "region" else ("pcn", "PCN")
    keys = question.practices[by].astype(object)
    keys = keys.where(keys.notna(), "No PCN")
    shares = group_quintile_shares(question.practices, keys, question.edition).dropna()
    order = (shares[1] + shares[2] / 1_000).sort_values(ascending=False, kind="stable")
    return shares.loc[order.index], word


def _shares_chart(question: Question, shares: pd.DataFrame, word: str) -> tuple[Chart, ...]:
    """The groups as stacked bars; none where nobody's quintile is known."""
    if shares.empty:
        return ()
    top = shares.head(_MOST_GROUPS)
    cut = f", the {_MOST_GROUPS} with most in quintile 1" if len(shares) > _MOST_GROUPS else ""
    chart = Chart(
        "shares",
        f"Patients by IMD {question.edition} quintile of their homes, by {word}{cut}",
        tuple(
            Series(
                f"Quintile {label}",
                tuple(100 * float(value) for value in top[quintile]),
                colour=maps.QUINTILE_PURPLES[quintile - 1],
            )
            for quintile, label in QUINTILE_LABELS.items()
        ),
        f"Stacked bars: share of patients by deprivation quintile in each {word} of "
        f"{question.name}. In quintile 1: {listed(top[1])}.",
        categories=tuple(map(str, top.index)),
        value_title="Per cent of patients",
        number_format='0"%"',
    )
    return (chart,)


def _by_quintile(question: Question) -> Blocks:
    """Patients of the area, or of the practice chosen, beside the area's LSOAs."""
    edition, practices = question.edition, question.practices
    chosen = question.options.get("practice", "")
    whose = f"practices of {question.name}"
    blocks: list[Block] = []
    if chosen in practices.index:
        practices = practices.loc[[chosen]]
        whose = f"{practices['practice_name'].iloc[0]} ({chosen})"
        score = number(practices["imd_score"].iloc[0], 1)
        blocks.append(Text(f"Patient-weighted IMD 2025 score: {score}.", "note"))
    patients = shown_patients_by_quintile(practices, edition)
    left = _quintile_bars(f"Patients of {whose}", patients)
    if patients.isna().any():
        hidden = (
            f"Not shown: fewer than {small_number()} patients, or the next fewest, from which "
            "they could be worked out."
        )
        blocks.append(Text(hidden, "note"))
    lsoas = question.area.select(question.dataset.lsoas)
    if lsoas.empty:
        nowhere = (
            f"{question.name} has practices but no LSOA in these data, so there is no deprivation "
            "map here. They are shown where they stand."
        )
        return [left, *blocks, Text(nowhere, "info")]
    right = _quintile_bars(f"LSOAs (2011) of {question.name}", lsoas_by_quintile(lsoas, edition))
    return [Beside((1, 1), ((left, *blocks), (right,)))]


def _quintile_bars(what: str, counts: pd.Series) -> Chart:
    """Counts by quintile as bars; a missing one has none."""
    known = [None if pd.isna(count) else float(count) for count in counts]
    told = ", ".join(
        f"quintile {QUINTILE_LABELS[quintile]} " + ("not shown" if n is None else number(n))
        for quintile, n in zip(counts.index, known, strict=True)
    )
    return Chart(
        "bars",
        f"{what} by IMD quintile",
        (Series(what, tuple(known), colours=maps.QUINTILE_PURPLES),),
        f"{what} by deprivation quintile: {told}.",
        categories=tuple(QUINTILE_LABELS[int(quintile)] for quintile in counts.index),
        value_title=what.split(" of ")[0],
    )


def _districts(question: Question) -> Blocks:
    lsoas = question.area.select(question.dataset.lsoas)
    table = district_table(question.practices, lsoas, question.edition)
    return [
        Table(
            f"Districts of {question.name}",
            table.reset_index(),
            (
                Column("district", "District", wide=2.0),
                Column("lsoas", "LSOAs", "count"),
                Column("lsoas_quintile_1", REGISTER["share_quintile_1"].short, "count"),
                Column("share_lsoas_quintile_1", "Share in quintile 1", "share_tenth"),
                measured("practices"),
                measured("patients"),
                measured("imd_score", name="long"),
                Column("share_patients_quintile_1", "Patients in quintile 1", "share_tenth"),
            ),
            name=f"deprivation-{question.area.key}-imd{question.edition}",
            file=table,
        )
    ]


VIEW = View(
    "deprivation",
    "deprivation",
    "Where people are deprived",
    "Where deprived people live, and with which practices they are registered.",
    answer,
    options=(
        Option(
            "practice",
            "Find a practice",
            "practice",
            placeholder="Type a name or code, or click one on the map",
            inside=True,
        ),
    ),
    needs_gps=False,
    map_key="deprivation",
)
