"""Do under-doctoring and deprivation go together, and how sure can we be?"""

import pandas as pd
import streamlit as st

from pcs_dash import charts, maps, profile, words
from pcs_dash.metrics import correlation, inequality
from pcs_dash.metrics.workforce import patients_per_fte_gp
from pcs_dash.sources import QUINTILE_MIX_PERIOD, WORKFORCE_PERIOD
from pcs_dash.ui import page, show
from pcs_dash.ui.address import tell_unknown

dataset, web, choices = page.begin()
area, definition, practices = choices.area, choices.definition, choices.practices

st.title(f"Under-doctoring and deprivation: {area.label}")


@st.cache_data(show_spinner="Resampling the practices ...", max_entries=200)
def quintiles(codes: tuple[str, ...], gp: str, edition: str) -> inequality.QuintileTable:
    """The quintile table of these practices, with its bootstrap."""
    return inequality.quintile_table(
        dataset.practices.loc[list(codes)], definition=gp, edition=edition
    )


def menu(label: str, axis: str, key: str) -> str:
    """A measure for an axis; the choice is part of the address."""
    choices_there = correlation.available_variables(dataset.practices, axis)
    labels = {name: variable.label for name, variable in choices_there.items()}
    tell_unknown(key, labels)
    return st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, bind="query-params"
    )


pick = st.columns([2, 2, 1])
with pick[0]:
    x = menu("Deprivation measure", "x", "x")
with pick[1]:
    y = menu("Compared with", "y", "y")
with pick[2]:
    weighted = st.toggle(
        "Weigh by list size",
        key="weighted",
        bind="query-params",
        help="Off: every practice counts the same. On: large practices count for more.",
    )

across, up = correlation.VARIABLES[x], correlation.VARIABLES[y]
results = {
    method: correlation.correlate_practices(
        practices, x, y, definition=definition.key, method=method, weighted=weighted
    )
    for method in ("pearson", "spearman")
}
sentence = words.correlation_words(
    results["pearson"],
    place=area.name,
    x=x,
    y=y,
    definition=definition.key,
    date=WORKFORCE_PERIOD,
)
st.markdown(f"#### {sentence.finding}")
st.markdown(f"{sentence.caution} {sentence.basis}")

table = pd.DataFrame(
    [
        {
            "Coefficient": correlation.COEFFICIENT_NAMES[method],
            "Value": profile.decimal(result.coefficient),
            "95% interval": profile.interval(result.ci_low, result.ci_high),
            "p": words.p_text(result.p_value) or profile.NO_FIGURE,
            "Practices": f"{result.n:,}"
            + (f" ({result.n_missing} without a figure)" if result.n_missing else ""),
            "Interval by": result.interval_method,
        }
        for method, result in results.items()
    ]
)
show.small_table(table, caption="Practice level: every practice is one point")

left, right = st.columns([3, 2], gap="medium")
x_values = correlation.measure(practices, x, definition.key)
y_values = correlation.measure(practices, y, definition.key)
with left:
    st.subheader("Practice by practice")
    on_ratio = y == "patients_per_fte_gp"
    st.altair_chart(
        charts.scatter(
            practices,
            x=x_values,
            y=y_values,
            x_title=across.label,
            y_title=f"{up.label} ({up.unit})" if up.unit not in up.label.lower() else up.label,
            benchmark=choices.benchmark.value if on_ratio else None,
            benchmark_label=f"{choices.benchmark.label} {choices.benchmark.value:,.0f}",
            description=sentence.text,
        ),
        key="scatter",
    )
with right:
    st.subheader("On the map")
    all_x = correlation.measure(dataset.practices, x, definition.key)
    all_y = correlation.measure(dataset.practices, y, definition.key)
    counted = dataset.practices.index.isin(practices.index)
    content = maps.view(
        web,
        area,
        key="correlation",
        fill=None,
        marks=maps.bivariate_marks(all_y.where(counted), all_x.where(counted)),
        values=patients_per_fte_gp(dataset.practices, definition.key),
        value_title=f"Patients per FTE GP ({definition.label.lower()})",
        tiles=choices.tiles,
    )
    show.show_map(web, content, key="correlation-map", height=400)
    show.bivariate_legend(across.label, up.label)

st.subheader("By deprivation quintile of where patients live")
by_quintile = quintiles(tuple(practices.index), definition.key, choices.edition)
gap = by_quintile.gaps["patients_per_fte_gp"]
gap_sentence = words.gap_words(
    gap, place=area.name, definition=definition.key, date=WORKFORCE_PERIOD
)
left, right = st.columns([3, 2], gap="medium")
with left:
    st.altair_chart(
        charts.by_quintile(
            by_quintile.table,
            value="patients_per_fte_gp",
            title="Patients per FTE GP",
            benchmark=choices.benchmark.value,
            benchmark_label=f"{choices.benchmark.label} {choices.benchmark.value:,.0f}",
            description=gap_sentence.text,
        ),
        key="by-quintile",
    )
with right:
    st.markdown(f"**{gap_sentence.finding}** {gap_sentence.caution} {gap_sentence.basis}")
    st.caption(
        f"Each practice's patients and FTE are shared out over quintiles in proportion to where "
        f"its patients lived in {QUINTILE_MIX_PERIOD} (IMD {choices.edition}). Intervals: "
        f"{by_quintile.interval_method}."
    )
show.download_csv(by_quintile.table, name=f"quintiles-{area.key}-{definition.key}")

st.subheader("Areas side by side")
counted_everywhere = (
    dataset.practices[~dataset.practices["flag_low_fte"]]
    if st.session_state.get("exclude")
    else dataset.practices
)
forest = correlation.forest(
    counted_everywhere, x=x, y=y, definition=definition.key, weighted=weighted
)
st.altair_chart(
    charts.forest(
        forest,
        title="Pearson's r with 95% interval",
        description="; ".join(
            f"{name}: {profile.decimal(row['coefficient'])} "
            f"({profile.interval(row['ci_low'], row['ci_high'])})"
            for name, row in forest.iterrows()
        ),
        highlight=area.name,
    ),
    key="forest",
)
st.caption(
    "An interval that crosses zero is no evidence of an association in that place. With nine "
    "intervals side by side, one or two may exclude zero by chance alone."
)
show.download_csv(forest, name=f"correlation-areas-{x}-{y}-{definition.key}")
show.footer(
    f"{choices.basis}",
    "Deprivation: patient-weighted IMD 2025 score (OHID), or shares of patients by quintile "
    f"({QUINTILE_MIX_PERIOD}, NHS England and MHCLG).",
)
