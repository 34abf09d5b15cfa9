"""The embedded figures on the page Data and methods: sources, gaps, definitions, joins, columns."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from pcs_dash.measures.completeness import flagged_practices, join_table, missing_figures
from pcs_dash.measures.workforce import GP_DEFINITIONS
from pcs_dash.tables import schemas
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import DATA_DIR, GEO_DIR, ROOT
from pcs_dash.tables.sources import SOURCES, checksum
from pcs_dash.ui import address, boxes, page_parts
from pcs_dash.ui.text import plain


@address.fragment
def figures(dataset: Dataset, area: Area) -> None:
    """One part at a time: the others are not made."""
    st.header("Figures and definitions", anchor="figures")
    labels = {key: label for key, (label, _) in _PARTS.items()}
    key = boxes.part("Show", labels, address.choice("data-part", labels))
    _PARTS[key][1](dataset, area)


def _sources(_: Dataset, __: Area) -> None:
    rows = pd.DataFrame(
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
    )
    boxes.table(rows, "Sources of the embedded figures", height=380)


def _missing(dataset: Dataset, area: Area) -> None:
    practices = area.select(dataset.practices)
    st.subheader(f"What is missing: {plain(area.title)}")
    st.caption(
        "Missing stays missing: a practice without a figure leaves the sums that need it, and is "
        "counted and listed here. A reported 0 is a figure, not a gap."
    )
    gaps = missing_figures(practices)
    if gaps.empty:
        st.success("No figure is missing for the practices of this area.")
    else:
        st.dataframe(gaps, hide_index=True, height="content", alt="Missing figures by column")
    page_parts.download_csv(gaps, name=f"missing-{area.key}")
    st.subheader("Implausible figures, as published")
    flagged = flagged_practices(practices)
    if flagged.empty:
        st.success("No figure of this area is flagged.")
    else:
        st.dataframe(flagged, hide_index=True, height="content", alt="Flagged practices")
    st.caption(
        "Flagged, shown and counted, never dropped in silence. A switch under Settings leaves the "
        "practices with implausible FTE out of every figure and says so."
    )


def _definitions(_: Dataset, __: Area) -> None:
    """How a measure is defined, found by a word."""
    for definition in GP_DEFINITIONS.values():
        st.markdown(
            f"- **{definition.label}**: {definition.meaning} (column `{definition.source_column}`)."
        )
    methods = _methods()
    heading = st.selectbox(
        "How a figure is worked out",
        list(methods),
        index=None,
        key=address.choice("method", methods, empty=True),
        placeholder="Type a word: inequality, catchment, minutes ...",
    )
    if heading:
        st.markdown(methods[heading])


def _methods() -> dict[str, str]:
    """The parts of docs/methods.md, each under its chapter's name and its own."""
    found = {}
    text = (ROOT / "docs" / "methods.md").read_text("utf-8")
    for chapter in f"\n{text}".split("\n# ")[1:]:
        title, _, rest = chapter.partition("\n")
        for part in f"\n## In short\n{rest}".split("\n## ")[1:]:
            heading, _, said = part.partition("\n")
            if said.strip():
                found[f"{title.split(' (')[0]}: {heading}"] = said
    return found


def _details(dataset: Dataset, _: Area) -> None:
    with st.expander("Joins: what found no partner"):
        st.caption(
            "Every join states how many rows of one side may meet one of the other (1:1, m:1), and "
            "refuses data that break it. What found no partner is listed."
        )
        joins = join_table(dataset.reports)
        st.dataframe(joins, hide_index=True, height="content", alt="Reports of the joins")

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
        "Staff of networks": schemas.pcn_staff,
        "Relative need": schemas.relative_need,
        "Codes of PCNs": schemas.pcn_codes,
        "Ages of GPs, 2014": schemas.gp_age_profile_2014,
        "Speeds on roads": schemas.road_speeds,
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
                {"File": source.file, "SHA-256": checksum(folder / source.file)}
                for source in SOURCES
                for folder in (DATA_DIR, GEO_DIR)
                if (folder / source.file).is_file()
            ),
            caption="The same figures stand in data/README.md and geo/README.md",
        )


_PARTS = {
    "sources": ("Embedded figures", _sources),
    "missing": ("What is missing", _missing),
    "definitions": ("Definitions", _definitions),
    "details": ("In detail", _details),
}
