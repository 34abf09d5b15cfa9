"""What each figure is, from when, under what licence, what is missing, and how it is defined."""

import pandas as pd
import streamlit as st

from pcs_dash.measures.completeness import flagged_practices, join_table, missing_figures
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables import schemas
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR, ROOT
from pcs_dash.tables.sources import SOURCES, checksum
from pcs_dash.ui import address, help_panel, official_data, page, page_parts
from pcs_dash.ui.text import plain

dataset, web, choices = page.begin()
practices = choices.area.select(dataset.practices)
store, manifest, rows = official_data.rows_now()

st.title("Data and methods")
help_panel.about("data_and_methods")
page_parts.headline(official_data.message(rows))
st.caption(
    "What each figure is, from when, under what licence; what is missing; how every measure is "
    "defined. Nothing on this page is fetched from the internet."
)

official_data.section(store, manifest, rows)

st.header("Embedded figures", anchor="sources")
st.dataframe(
    pd.DataFrame(
        [
            {
                "Table": source.title,
                "Period": source.period,
                "Publisher": source.publisher,
                "Licence": source.licence,
                "Landing page": source.address or None,
                "Note": source.note,
                "File": source.file,
            }
            for source in SOURCES
        ]
    ),
    hide_index=True,
    height="content",
    placeholder="",
    alt="Sources of the embedded figures",
)

st.header(f"What is missing: {plain(choices.area.title)}", anchor="missing")
st.caption(
    "Missing stays missing: a practice without a figure leaves the sums that need it, and is "
    "counted and listed here. A reported 0 is a figure, not a gap."
)
missing = missing_figures(practices)
if missing.empty:
    st.success("No figure is missing for the practices of this area.")
else:
    st.dataframe(missing, hide_index=True, height="content", alt="Missing figures by column")
page_parts.download_csv(missing, name=f"missing-{choices.area.key}")
st.subheader("Implausible figures, as published")
flagged = flagged_practices(practices)
if flagged.empty:
    st.success("No figure of this area is flagged.")
else:
    st.dataframe(flagged, hide_index=True, height="content", alt="Flagged practices")
st.caption(
    "Flagged, shown and counted, never dropped in silence. The switch in the sidebar leaves the "
    "practices with implausible FTE out of every figure and says so."
)

st.header("In detail", anchor="details")
with st.expander("Joins: what found no partner"):
    st.caption(
        "Every join states how many rows of one side may meet one of the other (1:1, m:1), and "
        "refuses data that break it. What found no partner is listed."
    )
    st.dataframe(
        join_table(dataset.reports), hide_index=True, height="content", alt="Reports of the joins"
    )

tables = {
    "Practices": schemas.practices,
    "Workforce": schemas.workforce,
    "Context": schemas.context,
    "Patients by IMD 2025 quintile": schemas.quintile_mix_2025,
    "Patients by IMD 2019 quintile": schemas.quintile_mix_2019,
    "LSOA areas": schemas.lsoa11_areas,
    "IMD 2025": schemas.imd2025,
    "IMD 2019": schemas.imd2019,
    "LSOA splits": schemas.lsoa_splits,
    "Published figures": schemas.published_figures,
    "Where patients go when a practice closes": schemas.closure_dispersal,
    "Assumptions of planning": schemas.planning_parameters,
    "Homes": schemas.homes,
}
with st.expander("Columns: meaning, unit and rules"):
    name = st.selectbox("Dictionary of", list(tables), key=address.choice("dictionary", tables))
    st.dataframe(
        schemas.dictionary(tables[name]), hide_index=True, height=380, alt=f"Columns of {name}"
    )

with st.expander("Published figures and rules"):
    st.dataframe(
        dataset.published, hide_index=True, height=380, alt="Published benchmarks and rules"
    )
    page_parts.download_csv(dataset.published, name="published-figures")

with st.expander("Checksums (SHA-256) of the embedded files"):
    page_parts.small_table(
        pd.DataFrame(
            [
                {"File": source.file, "SHA-256": checksum(folder / source.file)}
                for source in SOURCES
                for folder in (DATA_DIR, GEO_DIR)
                if (folder / source.file).is_file()
            ]
        ),
        caption="The same figures stand in data/README.md and geo/README.md",
    )

st.header("Definitions", anchor="definitions")
for definition in GP_DEFINITIONS.values():
    st.markdown(
        f"- **{definition.label}**: {definition.meaning} (column `{definition.source_column}`)."
    )
for part in (ROOT / "docs" / "methods.md").read_text("utf-8").split("\n## ")[1:]:
    heading, text = part.split("\n", 1)
    with st.expander(heading):
        # A part's own title stands last in the section before it.
        st.markdown(text.split("\n# ")[0])
page_parts.footer()
