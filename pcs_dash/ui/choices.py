"""The choices that every page shares; they live in the address, so that a link opens the view."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

import pandas as pd
import streamlit as st

from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.weighted_lists import WEIGHTINGS, known_ratios
from pcs_dash.measures.workforce import (
    BENCHMARK_LABELS,
    EARLIER_LABELS,
    GP_DEFINITIONS,
    Benchmark,
    GPDefinition,
    typed_benchmark,
)
from pcs_dash.tables.constants import BENCHMARK_RANGE, IMD_EDITIONS, PATIENTS_PER_WTE_RULE
from pcs_dash.tables.dataset import Dataset
from pcs_dash.ui import address, area_choice, boxes, data, official_store
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question, benchmarks_of, counted_by

_OWN = "own"


# The choices of the run that this thread is in; set by the entry script before the page runs.
of_this_run: ContextVar[Question] = ContextVar("question")


def sidebar(*, weighted: bool = True) -> Question:
    """Draw the sidebar and return its choices; the area's data are then those of this run.
    Without `weighted` the page counts patients as registered, and the sidebar says so.

    Where the address asks for an area that is not there, the run ends with what is near it.
    """
    with st.sidebar:
        area = area_choice.box()
    if area is None:
        area_choice.offer_nearest()
        raise address.EndedEarly
    data.of_this_run.set(data.of(area))
    with st.sidebar:
        definition = _definition()
        in_vain = st.container()
        with (
            st.expander("Settings", icon=":material/tune:", key="settings"),
            address.telling_in(in_vain),
        ):
            dataset = _counted(data.current(), offered=weighted)
            known = benchmarks_of(dataset, definition)
            edition = _edition()
            benchmark = _benchmark(known)
            own = area.select(dataset.practices)
            excluded = _excluded(own)
            tiles = st.toggle(
                "Street map behind (needs internet)",
                key=address.switch("tiles"),
                help="Off: nothing is asked of any other computer. On: your browser fetches map "
                "pictures from openstreetmap.org.",
            )
        if dataset.weighting:
            st.caption(f"Patients counted: {WEIGHTINGS[dataset.weighting].meaning}.")
        st.caption(f"IMD {edition}; benchmark {plain(benchmark.label)}, {number(benchmark.value)}.")
    return Question(
        dataset=dataset,
        area=area,
        definition=definition,
        edition=edition,
        benchmark=benchmark,
        benchmarks=known,
        practices=own.drop(index=excluded.index),
        excluded=excluded,
        exclude=bool(st.session_state.get("exclude")),
        rules=data.rules_of(dataset),
        readers=official_store.readers(),
        tiles=tiles,
    )


def _definition() -> GPDefinition:
    labels = {key: item.label for key, item in GP_DEFINITIONS.items()}
    key = boxes.one(
        "Which GPs count",
        labels,
        address.choice("gp", labels),
        help="\n".join(
            f"- **{item.label}**: {item.meaning} ({item.source_column})."
            for item in GP_DEFINITIONS.values()
        )
        + "\n\nHeadlines differ by a third between them, so every figure says which it is.",
    )
    return GP_DEFINITIONS[key]


def _counted(dataset: Dataset, *, offered: bool) -> Dataset:
    """The data, patients counted as the box says, where ratios are known and the page has it."""
    if known_ratios(dataset.practices).empty:
        return dataset
    labels = {key: one.label for key, one in WEIGHTINGS.items()}
    chosen = address.choice("weight", labels)
    if not offered:
        st.caption(
            "This page counts patients as registered: the ratios of weighted lists that come with "
            "the app are those of Essex."
        )
        return dataset
    key = boxes.one(
        "How patients count",
        labels,
        chosen,
        help="\n".join(f"- **{one.label}**: {one.meaning}." for one in WEIGHTINGS.values())
        + "\n\nA weighted list is the registered one times the practice's published ratio, which "
        "is 1 for England as a whole. Figures of other publications stay on registered lists.",
    )
    return counted_by(dataset, WEIGHTINGS[key])


def _edition() -> str:
    editions = {year: f"IMD {year}" for year in IMD_EDITIONS}
    chosen: str = boxes.one(
        "Deprivation (IMD edition)",
        editions,
        address.choice("imd", editions),
        help="IMD 2025 ranks 2021 LSOAs; it is carried to the 2011 boundaries shown here. "
        "Split LSOAs take the mean rank of their parts.",
    )
    return chosen


def _benchmark(known: Mapping[str, Benchmark]) -> Benchmark:
    labels = {key: BENCHMARK_LABELS[key] for key in (*known, _OWN)}
    key = boxes.one(
        "Benchmark (patients per FTE GP)",
        labels,
        address.choice("benchmark", labels, earlier=EARLIER_LABELS),
        help="What the area is held against. England's published figure counts fully qualified "
        "GPs, so it is offered for that definition only.",
    )
    if key != _OWN:
        chosen = known[key]
        st.caption(f"{number(chosen.value)} patients per FTE GP ({plain(chosen.period)})")
        return chosen
    value = st.number_input(
        PER_GP.label,
        min_value=BENCHMARK_RANGE[0],
        max_value=BENCHMARK_RANGE[1],
        step=50,
        key=address.number("own", *BENCHMARK_RANGE, PATIENTS_PER_WTE_RULE),
    )
    return typed_benchmark(float(value))


def _excluded(practices: pd.DataFrame) -> pd.DataFrame:
    flagged = practices[practices["flag_low_fte"]]
    leave_out = st.toggle(
        "Leave out implausible FTE",
        key=address.switch("exclude"),
        help="Leaves out of every figure the practices with more than 10,000 patients per fully "
        "qualified FTE GP, as published: their return is more likely wrong than their staffing.",
    )
    if leave_out:
        st.caption(
            f"Left out: {plain(', '.join(flagged.index))}."
            if len(flagged)
            else "None in this area."
        )
        return flagged
    if len(flagged):
        st.caption(f"{len(flagged)} in this area, counted in: {plain(', '.join(flagged.index))}.")
    return practices.iloc[:0]
