"""The choices that every page shares. They live in the address: a copied link opens the same view."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pcs_dash.areas import KIND_LABELS, Area, all_areas, find_area
from pcs_dash.build import IMD_EDITIONS, Dataset
from pcs_dash.errors import UserError
from pcs_dash.metrics.workforce import (
    GP_DEFINITIONS,
    Benchmark,
    GPDefinition,
    benchmarks,
    typed_benchmark,
)
from pcs_dash.sources import WORKFORCE_PERIOD

DEFAULT_AREA = "mid-and-south-essex"
_OWN = "own"


@dataclass(frozen=True)
class Choices:
    """What the sidebar says: area, GP definition, IMD edition, benchmark, exclusions.

    `practices` are the area's practices that count; `excluded` those left out by the switch.
    """

    area: Area
    definition: GPDefinition
    edition: str
    benchmark: Benchmark
    practices: pd.DataFrame
    excluded: pd.DataFrame
    tiles: bool

    @property
    def excludes_flagged(self) -> bool:
        """Whether practices with an implausibly low FTE are left out."""
        return len(self.excluded) > 0

    @property
    def basis(self) -> str:
        """Definition and period, for under a figure."""
        left_out = (
            f" {len(self.excluded)} with implausible FTE left out." if self.excludes_flagged else ""
        )
        return f"{self.definition.label} ({self.definition.meaning}), {WORKFORCE_PERIOD}.{left_out}"


def sidebar(dataset: Dataset) -> Choices:
    """Draw the sidebar and return its choices. Unknown values in the address are told, not used."""
    _tell_unknown_values()
    with st.sidebar:
        area = _area()
        definition = GP_DEFINITIONS[
            st.selectbox(
                "Which GPs count",
                list(GP_DEFINITIONS),
                format_func=lambda key: GP_DEFINITIONS[key].label,
                key="gp",
                bind="query-params",
                help="\n".join(
                    f"- **{item.label}**: {item.meaning} ({item.source_column})."
                    for item in GP_DEFINITIONS.values()
                )
                + "\n\nHeadlines differ by a third between them, so every figure says which it is.",
            )
        ]
        edition = st.selectbox(
            "Deprivation (IMD edition)",
            list(IMD_EDITIONS),
            format_func=lambda year: f"IMD {year}",
            key="imd",
            bind="query-params",
            help="IMD 2025 ranks 2021 LSOAs; it is carried to the 2011 boundaries shown here. "
            "Split LSOAs take the mean rank of their parts.",
        )
        benchmark = _benchmark(dataset, definition)
        excluded = _excluded(area.select(dataset.practices))
        tiles = st.toggle(
            "Street map behind (needs internet)",
            key="tiles",
            bind="query-params",
            help="Off: nothing is asked of any other computer. On: your browser fetches map "
            "pictures from openstreetmap.org.",
        )
    own = area.select(dataset.practices)
    return Choices(
        area=area,
        definition=definition,
        edition=edition,
        benchmark=benchmark,
        practices=own.drop(index=excluded.index),
        excluded=excluded,
        tiles=tiles,
    )


def _tell_unknown_values() -> None:
    """A link with a mistyped area would otherwise open another area in silence."""
    wanted = st.query_params.get("area")
    if wanted:
        try:
            area = find_area(wanted)
        except UserError as error:
            st.warning(f"The address asks for something else. {error}")
        else:
            if wanted != area.key:
                st.query_params["area"] = area.key


def _area() -> Area:
    areas = {area.key: area for area in all_areas()}
    key = st.selectbox(
        "Area",
        list(areas),
        index=list(areas).index(DEFAULT_AREA),
        format_func=lambda key: (
            f"{areas[key].name}"
            if areas[key].kind == "region"
            else f"{areas[key].name} ({KIND_LABELS[areas[key].kind]})"
        ),
        key="area",
        bind="query-params",
        help="Type to search. A sub-ICB place is one of the seven CCG areas of the 2014 strategy.",
    )
    return areas[key]


def _benchmark(dataset: Dataset, definition: GPDefinition) -> Benchmark:
    known = benchmarks(
        dataset.published,
        dataset.practices,
        definition=definition.key,
        practices_period=WORKFORCE_PERIOD,
    )
    labels = {
        key: f"{item.label}: {item.value:,.0f} ({item.period})" for key, item in known.items()
    }
    labels[_OWN] = "Type in a figure"
    key = st.selectbox(
        "Benchmark (patients per FTE GP)",
        list(labels),
        format_func=labels.__getitem__,
        key="benchmark",
        bind="query-params",
        help="What the area is held against. England's published figure counts fully qualified "
        "GPs, so it is offered for that definition only.",
    )
    if key != _OWN:
        return known[key]
    value = st.number_input(
        "Patients per FTE GP",
        min_value=100,
        max_value=20_000,
        value=1_800,
        step=50,
        key="own",
        bind="query-params",
    )
    return typed_benchmark(float(value))


def _excluded(practices: pd.DataFrame) -> pd.DataFrame:
    flagged = practices[practices["flag_low_fte"]]
    leave_out = st.toggle(
        "Leave out implausible FTE",
        key="exclude",
        bind="query-params",
        help="Leaves out of every figure the practices with more than 10,000 patients per fully "
        "qualified FTE GP, as published: their return is more likely wrong than their staffing.",
    )
    if leave_out:
        st.caption(
            f"Left out: {', '.join(flagged.index)}." if len(flagged) else "None in this area."
        )
        return flagged
    if len(flagged):
        st.caption(f"{len(flagged)} in this area, counted in: {', '.join(flagged.index)}.")
    return practices.iloc[:0]
