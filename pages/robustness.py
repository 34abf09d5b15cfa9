"""Does the conclusion survive another way of measuring, and the noise of small practices?"""

import pandas as pd
import streamlit as st

from pcs_dash.measures import funnel, profile, words
from pcs_dash.measures.specification import (
    SpecificationSummary,
    other_lists,
    specification_curve,
    summarise_curve,
)
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.render import charts
from pcs_dash.tables.dataset import IMD_EDITIONS
from pcs_dash.ui import data, evidence, helping, page, show
from pcs_dash.ui.choices import Choices

dataset, web, choices = page.begin()
area, definition = choices.area, choices.definition

# Columns of the curve with the words of the filters.
FILTERS = {
    "gp_definition": "GPs",
    "list": "Lists",
    "flagged": "Implausible FTE",
    "imd_edition": "IMD",
    "level": "Level",
    "weighting": "Weighting",
}
GRADIENT = "Gradient, % of the mean"


def curve_of_area(registrations: pd.DataFrame | None) -> pd.DataFrame:
    """Every specification, with the options in words. Flagged practices are one of the choices."""
    practices = dataset.practices
    curve = specification_curve(
        area.select(practices),
        lists=other_lists(practices),
        registrations=registrations,
        lsoa_ranks={year: dataset.lsoas[f"imd{year}_rank"] for year in IMD_EDITIONS},
    )
    return curve.assign(
        gp_definition=curve["gp_definition"].map(
            {key: item.label for key, item in GP_DEFINITIONS.items()}
        ),
        imd_edition="IMD " + curve["imd_edition"],
    )


st.title(f"Does it survive? {area.label}")
helping.about("robustness")
st.markdown(
    "One question, measured every reasonable way: **do practices with more deprived patients have "
    "more patients per FTE GP?** Above zero: yes, by so much of the mean from the least to the "
    "most deprived end."
)


@st.fragment
def specifications() -> None:
    """The curve with its filters: empty means every option."""
    registrations = data.registrations()
    curve = evidence.computed(
        ("specifications", area.key, choices.version, *data.registrations_version()),
        lambda: curve_of_area(registrations),
        label="Measuring it every way",
    )
    top = st.container()
    with st.expander("Filter the specifications (empty: all)", icon=":material/filter_alt:"):
        columns = st.columns(3)
        for i, (column, label) in enumerate(FILTERS.items()):
            options = list(dict.fromkeys(curve[column].sort_values()))
            with columns[i % 3]:
                chosen = st.multiselect(
                    label,
                    options,
                    key=f"spec-{column}",
                    bind="query-params",
                    placeholder="all",
                )
            if chosen:
                curve = curve[curve[column].isin(chosen)]
    summary = summarise_curve(curve)
    said = words.specification_words(summary, place=area.name, date=dataset.workforce_period)
    with top:
        evidence.say(said, headline=True)
        if not summary.n:
            st.info(
                "There is nothing to draw: the area has too few practices, or no specification "
                "fits the filters."
            )
            return
        evidence.chart(
            charts.specifications(curve, title=GRADIENT, description=said.text),
            said.text,
            key="specifications",
        )
    st.markdown("**Which choice moves it?**")
    show.small_table(
        by_option(curve), caption="The specifications above, by each choice that was made"
    )
    st.dataframe(
        curve.drop(columns=["reason"]).reset_index(),
        hide_index=True,
        placeholder="no figure",
        height=260,
        column_config={
            "specification": "No.",
            **FILTERS,
            "coefficient": st.column_config.NumberColumn("Gradient, %", format="%+.1f"),
            "ci_low": st.column_config.NumberColumn("95% from", format="%+.1f"),
            "ci_high": st.column_config.NumberColumn("to", format="%+.1f"),
            "n": "Practices",
            "n_left_out": "Left out",
            "excludes_zero": "Interval excludes zero",
        },
        alt=f"Every specification for {area.name}, one row each",
    )
    show.download_csv(curve, name=f"specifications-{area.key}")
    st.caption(
        "GP definition × raw or need-adjusted lists × with or without practices of implausible "
        "FTE × IMD edition × level × weighting. Intervals: jackknife over practices. They are not "
        "independent tests: all use the same practices. At practice level IMD 2019 ranks practices "
        "by their share of patients in the most deprived fifth, for want of a score. Published "
        "weighted lists are not among the embedded figures. "
        + (
            data.NO_REGISTRATIONS
            if registrations is None
            else f"Level LSOA: {data.registered_in(registrations)}, on raw lists only."
        )
    )


def by_option(curve: pd.DataFrame) -> pd.DataFrame:
    """How the specifications fall for every option that is left."""
    rows = []
    for column, label in FILTERS.items():
        for option, part in curve.groupby(column, sort=True):
            told = summarise_curve(part)
            rows.append(
                {
                    "Choice": f"{label}: {option}",
                    "Specifications": f"{told.n:,}",
                    "Positive": f"{told.n_positive:,}",
                    "Interval above zero": f"{told.n_positive_excludes_zero:,}",
                    "Interval below zero": f"{told.n_negative_excludes_zero:,}",
                    "Median gradient, %": median_text(told),
                }
            )
    return pd.DataFrame(rows)


def median_text(summary: SpecificationSummary) -> str:
    """The median with its sign."""
    return profile.signed(summary.median) if summary.n else profile.NO_FIGURE


@st.fragment
def funnel_plot(choices: Choices) -> None:
    """Practices against the limits for their size."""
    st.subheader("A scandal, or a small practice?")
    adjust = st.toggle(
        "Widen or narrow the limits to the practices' own spread",
        key="adjust",
        bind="query-params",
        help="Poisson limits are a yardstick for counts. On: the limits are scaled to the spread "
        "that practices here have (Spiegelhalter 2005).",
    )
    result = funnel.funnel(choices.practices, definition=choices.definition.key, adjust=adjust)
    said = words.funnel_words(result, place=area.name, date=dataset.workforce_period)
    evidence.say(said)
    if not result.n:
        return
    points = result.points.assign(
        name=choices.practices["practice_name"].reindex(result.points.index)
    )
    evidence.chart(
        charts.funnel(points, result.limits, positions=funnel.POSITIONS, description=said.text),
        said.text,
        key="funnel",
    )
    order = {position: i for i, position in enumerate(funnel.POSITIONS)}
    table = points.sort_values(
        ["position", "fte_per_10000"], key=lambda c: c.map(order) if c.name == "position" else c
    )
    st.dataframe(
        table.reset_index()[
            [
                "practice_code",
                "name",
                "patients",
                "fte_gp",
                "fte_per_10000",
                "expected_fte",
                "position",
            ]
        ],
        hide_index=True,
        placeholder="no figure",
        height=260,
        column_config={
            "practice_code": "Code",
            "name": "Practice",
            "patients": st.column_config.NumberColumn("Patients", format="localized"),
            "fte_gp": st.column_config.NumberColumn("FTE GPs", format="%.1f"),
            "fte_per_10000": st.column_config.NumberColumn("FTE GPs per 10,000", format="%.1f"),
            "expected_fte": st.column_config.NumberColumn("FTE at the average", format="%.1f"),
            "position": "Against the limits",
        },
        alt=f"Practices of {area.name} against the funnel's limits, furthest below first",
    )
    show.download_csv(table, name=f"funnel-{area.key}-{choices.definition.key}")


specifications()
funnel_plot(choices)
show.footer(
    choices.basis,
    f"Deprivation: IMD 2025 and IMD 2019 (MHCLG), patients by quintile, {dataset.mix_words} "
    "(NHS England). Specification curve after Simonsohn, Simmons and Nelson (2020); limits as "
    "OHID's funnel plots.",
)
