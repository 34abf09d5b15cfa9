"""Where do deprived people live, and with which practices are they registered?"""

import pandas as pd
import streamlit as st

from pcs_dash.measures import deprivation, profile
from pcs_dash.measures.small_numbers import small_number, small_text
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.render import charts
from pcs_dash.ui import helping, page, show
from pcs_dash.ui.address import tell_unknown
from pcs_dash.ui.choices import Choices
from pcs_dash.ui.text import plain
from pcs_dash.views import maps

dataset, web, choices = page.begin()
area, edition = choices.area, choices.edition
lsoas = area.select(dataset.lsoas)

st.title(f"Deprivation: {area.label}")
helping.about("deprivation")

counts = deprivation.lsoas_by_quintile(lsoas, edition)
unknown = deprivation.patients_of_unknown_quintile(choices.practices, edition)
if len(lsoas):
    show.headline(profile.deprivation_sentence(area.name, lsoas, choices.practices, edition))
else:
    st.info(
        f"{area.name} has practices but no LSOA in these data, so there is no deprivation map "
        "here. They are shown where they stand."
    )
st.caption(
    f"IMD {edition} on 2011 LSOAs; quintile 1 is the most deprived fifth of England. Patients: "
    f"registered, {dataset.mix_words}, by the LSOA they live in (with practices of "
    f"{area.name}; {small_text(unknown)} outside England or unknown are in no quintile). "
    "Registered patients stand for residents by LSOA."
)


@st.fragment
def explore(choices: Choices) -> None:
    """The map with a practice to look up, and the bars."""
    labels = {code: f"{name} ({code})" for code, name in choices.practices["practice_name"].items()}

    def choose(code: str) -> None:
        st.session_state["practice"] = code if code in labels else None

    left, right = st.columns([3, 2], gap="medium")
    with right:
        tell_unknown("practice", labels)
        chosen = st.selectbox(
            "Find a practice",
            list(labels),
            index=None,
            format_func=labels.__getitem__,
            key="practice",
            bind="query-params",
            placeholder="Type a name or code, or click one on the map",
        )
        practices = choices.practices.loc[[chosen]] if chosen else choices.practices
        whose = labels[chosen] if chosen else f"practices of {area.name}"
        st.markdown(f"**Patients of {plain(whose)} by quintile**")
        own = deprivation.shown_patients_by_quintile(practices, edition)
        st.altair_chart(
            charts.quintile_bars(
                own,
                title=f"Registered patients, {dataset.mix_words}",
                description=_in_words("Registered patients", own),
            ),
            key="patients-by-quintile",
        )
        if own.isna().any():
            st.caption(
                f"{charts.NOT_SHOWN.capitalize()}: fewer than {small_number()} patients, or the "
                "next fewest, from which they could be worked out."
            )
        if chosen:
            st.caption(
                f"Patient-weighted IMD 2025 score: "
                f"{profile.number(practices['imd_score'].iloc[0], 1)}."
            )
        if len(lsoas):
            st.markdown(f"**LSOAs of {area.name} by quintile**")
            st.altair_chart(
                charts.quintile_bars(
                    counts, title="LSOAs (2011)", description=_in_words("LSOAs", counts)
                ),
                key="lsoas-by-quintile",
            )
    with left:
        content = maps.view(
            web,
            area,
            key="deprivation",
            fill=maps.quintile_fill(dataset.lsoas, edition, opacity=0.85),
            marks=maps.plain_marks(dataset.practices),
            values=patients_per_fte_gp(dataset.practices, choices.definition.key),
            value_title=f"Patients per FTE GP ({choices.definition.label.lower()})",
            selected=chosen,
            tiles=choices.tiles,
        )
        show.show_map(web, content, key="deprivation-map", on_pick=choose, height=560)
        if show.without_boundaries(lsoas):
            return
        show.show_legend(
            maps.quintile_legend(edition, maps.QUINTILE_PURPLES, counts if len(lsoas) else None),
            note="White circles are practices, sized by registered patients. "
            "The numbers count LSOAs.",
        )


def _in_words(what: str, counts: pd.Series) -> str:
    """The text alternative of a bar chart of quintiles."""
    parts = ", ".join(
        f"quintile {deprivation.QUINTILE_LABELS[q]} "
        + (charts.NOT_SHOWN if pd.isna(n) else f"{int(n):,}")
        for q, n in counts.items()
    )
    return f"{what} by deprivation quintile: {parts}."


explore(choices)

st.header("Districts")
table = deprivation.district_table(choices.practices, lsoas, edition)
in_per_cent = ["share_lsoas_quintile_1", "share_patients_quintile_1"]
st.dataframe(
    table.assign(**{name: 100 * table[name] for name in in_per_cent})
    .reset_index()
    .rename(
        columns={
            "district": "District",
            "lsoas": "LSOAs",
            "lsoas_quintile_1": "In quintile 1",
            "share_lsoas_quintile_1": "Share in quintile 1",
            "practices": "Practices",
            "patients": "Patients",
            "imd_score": "IMD 2025 score of patients",
            "share_patients_quintile_1": "Patients in quintile 1",
        }
    ),
    hide_index=True,
    placeholder="no figure",
    column_config={
        "Share in quintile 1": st.column_config.NumberColumn(format="%.1f%%"),
        "Patients in quintile 1": st.column_config.NumberColumn(format="%.1f%%"),
        "Patients": st.column_config.NumberColumn(format="localized"),
        "IMD 2025 score of patients": st.column_config.NumberColumn(format="%.1f"),
    },
    alt=f"Districts of {area.name}: LSOAs, practices, patients and deprivation",
)
show.download_csv(table, name=f"deprivation-{area.key}-imd{edition}")
show.footer(
    f"IMD {edition} (MHCLG); patients by LSOA, {dataset.mix_words} (NHS England); "
    "patient-weighted score (OHID)."
)
