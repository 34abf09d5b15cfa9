"""Are like figures near each other, where, and is there a GP within reach?"""

from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.measures import profile, spatial, words
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.workforce import area_patients_per_fte_gp, patients_per_fte_gp
from pcs_dash.ui import data, evidence, helping, page, show
from pcs_dash.ui.address import neighbour_labels, pattern_labels, statistic_labels, tell_unknown
from pcs_dash.ui.choices import Choices
from pcs_dash.views import maps, patterns

dataset, web, choices = page.begin()
area, definition, edition = choices.area, choices.definition, choices.edition

st.title(f"Spatial pattern: {area.label}")
helping.about("spatial_pattern")
evidence.stop_if_empty(choices)

ACCESS_COLOURS = ("#edf8e9", "#bae4b3", "#74c476", "#31a354", "#006d2c")
ACCESS_CUTS = (2.0, 3.0, 4.0, 5.0)
ACCESS_LABELS = ("under 2", "2 to 3", "3 to 4", "4 to 5", "5 or more")


def menu(label: str, key: str, labels: Any, help_text: str) -> str:
    """A choice that is part of the address."""
    tell_unknown(key, labels)
    return st.selectbox(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        bind="query-params",
        help=help_text,
    )


@st.fragment
def pattern(choices: Choices) -> None:
    """The figures on the map at once; the clusters when the permutations are done."""
    pick = st.columns(3)
    with pick[0]:
        what = menu("Pattern of", "pattern", pattern_labels(), "What is compared with neighbours.")
    by_practice = what not in ("deprivation", "residents")
    registrations = data.registrations()
    with pick[1]:
        statistics = statistic_labels()
        if what == "both":
            statistics = {"moran": "Bivariate local Moran's I"}
        statistic = (
            menu("Statistic", "statistic", statistics, "How clusters are found.")
            if what != "both"
            else "bivariate"
        )
        if what == "both":
            st.caption(
                "Statistic: bivariate local Moran's I, a practice's own patients per FTE GP "
                "against the deprivation of its neighbours' patients."
            )
    with pick[2]:
        near = neighbour_labels()
        if by_practice:
            near = {key: label for key, label in near.items() if key != "queen"}
        else:
            near = {"queen": near["queen"], "6-nearest": near["6-nearest"]}
        chosen_near = menu(
            "Neighbours",
            "near" if by_practice else "near-lsoa",
            near,
            "Who counts as a neighbour. The answer can depend on it: try another.",
        )
    residents = None
    if what == "residents" and registrations is not None:
        residents = patterns.ratios_of_residents(
            dataset.practices, registrations, choices.definition.column, choices.excluded.index
        )
    question = patterns.ask(
        dataset,
        choices.practices,
        choices.area.select(dataset.lsoas),
        definition=choices.definition.key,
        edition=edition,
        what=what,
        statistic=statistic,
        near=chosen_near,
        residents=residents,
        registered_in="" if registrations is None else data.registered_in(registrations),
    )
    by_practice, table, named = (
        question.by_practice, question.table, question.named,
    )  # fmt: skip
    if table.empty:
        st.info(f"{choices.area.name} has no LSOA here, so there is no pattern to look for.")
        return
    key = (what, statistic, chosen_near, choices.area.key, evidence.codes(choices))
    key += (edition,) if what == "deprivation" else (choices.definition.key,)
    if what == "residents":
        key += data.registrations_version()

    # The answer stands on top, but the map does not wait for it.
    head = st.container()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**The figures**")
        figures_map(choices, by_practice, question.measured if what == "residents" else None)
    with right:
        st.markdown("**Clusters**")
        found_place = st.container()
    with head:
        whole = evidence.computed(
            ("global", *key),
            question.whole,
            label=f"Shuffling {named} over the map {spatial.PERMUTATIONS:,} times",
        )
        said = words.moran_words(whole, what=named, place=choices.area.name, date=question.basis)
        evidence.say(said, headline=True)
    with found_place:
        found = evidence.computed(
            ("local", *key),
            question.clusters,
            label="Looking for clusters",
        )
        clusters_map(choices, found, by_practice)
    clustered = words.clusters_words(
        found,
        what=f"{named} by the deprivation around" if what == "both" else named,
        place=choices.area.name,
    )
    evidence.say(clustered)
    if what == "both":
        st.caption(
            "Read: 'high surrounded by high' has many patients per FTE GP, and its neighbours' "
            "patients are deprived. Deprivation is itself clustered, so many practices stand out "
            "for their surroundings alone; that is no evidence that the two go together."
        )
    if what == "residents":
        st.caption(
            "A practice's GPs are shared out over LSOAs by where its patients live, so neighbours "
            "who share practices are alike by construction: a pattern is to be expected. Patients "
            f"of practices outside {evidence.whole(choices)} or left out do not count; an LSOA "
            f"with fewer than {small_number()} patients has no figure."
        )
    elif registrations is None:
        st.caption(data.NO_REGISTRATIONS)
    if found.note:
        st.caption(found.note)
    evidence.paper(f"{said.text}\n\n{clustered.text}", key="pattern")
    cluster_table(choices, found, by_practice, percentile=what == "deprivation")


def figures_map(choices: Choices, by_practice: bool, residents: pd.Series | None) -> None:
    """The figures themselves, before anything is computed of them."""
    ratios = patients_per_fte_gp(dataset.practices, choices.definition.key)
    counted = ratios.where(ratios.index.isin(choices.practices.index))
    fill = None if by_practice else maps.quintile_fill(dataset.lsoas, edition, opacity=0.85)
    if residents is not None:
        classes = maps.benchmark_classes(residents, choices.benchmark.value)
        named = classes.map(dict(enumerate(maps.BENCHMARK_LABELS)))
        fill = maps.category_fill(
            named.reindex(dataset.lsoas.index),
            dict(zip(maps.BENCHMARK_LABELS, maps.BENCHMARK_COLOURS, strict=True)),
            title="Residents' patients per FTE GP",
            edition=edition,
        )
    content = maps.view(
        web,
        choices.area,
        key="spatial",
        fill=fill,
        marks=maps.benchmark_marks(counted, choices.benchmark.value)
        if by_practice
        else maps.hollow_marks(dataset.practices),
        values=ratios,
        value_title=f"Patients per FTE GP ({choices.definition.label.lower()})",
        tiles=choices.tiles,
    )
    show.show_map(
        web,
        content,
        key="spatial-figures",
        height=400,
        practices=choices.practices["practice_name"],
        find="Find a practice among the figures",
    )
    if by_practice or residents is not None:
        unit = "Practices" if by_practice else "LSOAs"
        show.show_legend(
            maps.Legend(
                f"{unit}: patients per FTE GP against {choices.benchmark.label}",
                maps.BENCHMARK_COLOURS,
                maps.BENCHMARK_LABELS,
            )
        )
    else:
        show.show_legend(maps.quintile_legend(edition, maps.QUINTILE_PURPLES))


def clusters_map(choices: Choices, found: spatial.LocalPattern, by_practice: bool) -> None:
    """Clusters in words, colours and letters; a dashed ring where only chance may speak."""
    if found.reason:
        st.info(f"No clusters can be looked for here. {found.reason}")
        return
    layer = patterns.layer(found)
    ring = maps.letters(
        pd.Series(dataset.practices.index.isin(patterns.only_before(found)), dtype=int)
    )
    content = maps.view(
        web,
        choices.area,
        key="clusters",
        fill=None if by_practice else layer.fill(dataset.lsoas.index, edition),
        marks=layer.marks(dataset.practices.index)
        if by_practice
        else maps.hollow_marks(dataset.practices),
        ring=ring if by_practice else "",
        values=patients_per_fte_gp(dataset.practices, choices.definition.key),
        value_title=f"Patients per FTE GP ({choices.definition.label.lower()})",
        notes={code: patterns.note(row.to_dict()) for code, row in found.table.iterrows()}
        if by_practice
        else {},
        tiles=choices.tiles,
    )
    show.show_map(
        web,
        content,
        key="spatial-clusters",
        height=400,
        practices=choices.practices["practice_name"],
        find="Find a practice among the clusters",
    )
    show.show_legend(
        layer.legend(found.table.index), note=patterns.control_note(found, by_practice)
    )


def cluster_table(
    choices: Choices, found: spatial.LocalPattern, by_practice: bool, *, percentile: bool
) -> None:
    """Every unit with its statistic, the surest first."""
    names = (
        choices.practices["practice_name"] if by_practice else dataset.lsoas["lsoa11nm"]
    ).reindex(found.table.index)
    table = found.table.assign(name=names).sort_values("p_value", na_position="last")
    table = table.rename_axis("code")[
        ["name", "value", "statistic", "p_value", "unadjusted", "significant", "label"]
    ]
    st.dataframe(
        table.reset_index(),
        hide_index=True,
        placeholder="no figure",
        height=260,
        column_config={
            "code": "Code",
            "name": "Practice" if by_practice else "LSOA",
            "value": st.column_config.NumberColumn(
                "Deprivation percentile" if percentile else "Patients per FTE GP",
                format="%,.0f",
            ),
            "statistic": st.column_config.NumberColumn(found.statistic_name, format="%.2f"),
            "p_value": st.column_config.NumberColumn("p (two-sided)", format="%.4f"),
            "unadjusted": "p below 0.05",
            "significant": "After control",
            "label": "Cluster",
        },
        alt=f"Local statistics of {choices.area.name}, one row each, smallest p first",
    )
    show.download_csv(table, name=f"clusters-{choices.area.key}")


pattern(choices)


@st.fragment
def access(choices: Choices) -> None:
    """Two-step floating catchment: what is near, whoever is registered there."""
    st.subheader("Is there a GP within reach? A separate question")
    st.markdown(
        "**Under-doctoring is not the same as distance.** A practice next door may have too few "
        "GPs for its list; a village far from any surgery may be registered with a well-staffed "
        "one. This measure looks only at what is near."
    )
    reach = st.slider(
        "Reach in km, straight line", 1, 15, 5, key="reach", bind="query-params", width=360
    )
    own = choices.area.select(dataset.lsoas)
    if own.empty:
        st.info(f"{choices.area.name} has no LSOA here, so access can't be mapped.")
        return
    placed = dataset.lsoas[dataset.lsoas.geometry.notna()]
    own, unplaced = own[own.index.isin(placed.index)], len(own)
    if own.empty:
        st.info(
            "Access can't be told, as no boundaries of small areas (LSOAs) are loaded here. "
            "`python -m pcs_dash update boundaries_lsoa11 --from FOLDER` brings them."
        )
        return
    if choices.practices[choices.definition.column].isna().all():
        st.info("Access can't be told, as no practice here has a GP figure.")
        return
    unplaced -= len(own)
    everywhere = dataset.practices
    if choices.excludes_flagged or st.session_state.get("exclude"):
        everywhere = everywhere[~everywhere["flag_low_fte"]]
    found = evidence.computed(
        ("access", *dataset.key, choices.definition.key, reach, tuple(everywhere.index)),
        lambda: spatial.floating_catchment_access(
            everywhere,
            placed,
            spatial.even_demand(placed, everywhere["patients"].sum()),
            definition=choices.definition.key,
            max_km=float(reach),
        ),
        label="Adding up what is within reach",
    )
    here = found.loc[own.index]
    said = access_words(choices, here, found, reach)
    evidence.say(said)
    left, right = st.columns([3, 2], gap="medium")
    classes = pd.Series(
        [
            ACCESS_LABELS[sum(value >= cut for cut in ACCESS_CUTS)]
            for value in found["fte_per_10000"]
        ],
        index=found.index,
    )
    with left:
        content = maps.view(
            web,
            choices.area,
            key="access",
            fill=maps.category_fill(
                classes,
                dict(zip(ACCESS_LABELS, ACCESS_COLOURS, strict=True)),
                title=f"FTE GPs per 10,000 people within {reach} km",
                edition=edition,
            ),
            marks=maps.hollow_marks(dataset.practices),
            values=patients_per_fte_gp(dataset.practices, choices.definition.key),
            value_title=f"Patients per FTE GP ({choices.definition.label.lower()})",
            tiles=choices.tiles,
        )
        show.show_map(
            web,
            content,
            key="access-map",
            height=420,
            practices=choices.practices["practice_name"],
            find="Find a practice on the map of GPs in reach",
        )
        counts = classes.loc[own.index].value_counts()
        show.show_legend(
            maps.Legend(
                f"LSOAs: FTE GPs per 10,000 people within {reach} km",
                ACCESS_COLOURS,
                ACCESS_LABELS,
                [int(counts.get(label, 0)) for label in ACCESS_LABELS],
            )
        )
    with right:
        by_quintile = access_by_quintile(own, here)
        show.small_table(by_quintile, caption=f"By deprivation quintile (IMD {edition})")
        by_district = access_by_district(choices, own, here)
        show.small_table(
            by_district, caption="What is near beside what the registered have: not the same"
        )
    evidence.paper(said.text, key="access")
    show.download_csv(
        here.assign(name=own["lsoa11nm"], district=own["district"]),
        name=f"access-{choices.area.key}-{choices.definition.key}-{reach}km",
    )
    st.caption(
        "Two-step floating catchment (Luo and Wang 2003), straight-line distance from the middle "
        f"of an LSOA. People: all patients of {evidence.whole(choices)} spread evenly over the "
        "LSOAs, which hold alike numbers, for want of residents by LSOA. Practices beyond the "
        f"border of {evidence.whole(choices)} do not count, so figures near it are too low."
        + (f" {words.count(unplaced, 'LSOA')} without a boundary left out." if unplaced else "")
    )


def access_words(
    choices: Choices, here: pd.DataFrame, everywhere: pd.DataFrame, reach: int
) -> words.Words:
    """What is within reach, with no interval: it is a count of what there is."""
    none = int((here["practices_in_reach"] == 0).sum())
    middle = words.number(everywhere["fte_per_10000"].median(), 1)
    against = (
        f", against {middle} in {evidence.whole(choices)}" if len(here) < len(everywhere) else ""
    )
    finding = (
        f"In {choices.area.name} the middle LSOA has "
        f"{words.number(here['fte_per_10000'].median(), 1)} FTE GPs per 10,000 people within "
        f"{reach} km{against}; "
        f"{none:,} of {words.count(len(here), 'LSOA')} "
        f"{'has' if none == 1 else 'have'} no practice within reach."
    )
    caution = "It counts what there is, so it has no interval; it says nothing of who may register."
    return words.Words(
        finding, caution, words.definition_text(choices.definition.key, dataset.workforce_period)
    )


def access_by_quintile(own: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Median access of the LSOAs in each quintile."""
    groups = here.groupby(own[f"imd{edition}_quintile"])
    medians, sizes = groups.median(), groups.size()
    return pd.DataFrame(
        [
            {
                "Quintile": label,
                "LSOAs": f"{int(sizes.get(q, 0)):,}",
                "FTE per 10,000": profile.number(medians["fte_per_10000"].get(q, float("nan")), 1),
                "Nearest, km": profile.number(medians["nearest_km"].get(q, float("nan")), 1),
            }
            for q, label in QUINTILE_LABELS.items()
        ]
    )


def access_by_district(choices: Choices, own: pd.DataFrame, here: pd.DataFrame) -> pd.DataFrame:
    """Access of residents beside patients per FTE GP of the practices there."""
    medians = here.groupby(own["district"])["fte_per_10000"].median()
    rows = []
    for district, value in medians.sort_values().items():
        practices = choices.practices[choices.practices["district"] == district]
        rows.append(
            {
                "District": district,
                "FTE GPs per 10,000 near": profile.number(value, 1),
                "Patients per FTE GP": profile.number(
                    area_patients_per_fte_gp(practices, choices.definition.key)
                ),
            }
        )
    return pd.DataFrame(rows)


access(choices)
show.footer(
    choices.basis,
    f"IMD {edition} (MHCLG). Moran's I, local Moran, G* and two-step floating catchment by PySAL; "
    f"{spatial.PERMUTATIONS:,} permutations, always the same ones (seed 0); false discovery rate "
    "5% (Benjamini and Hochberg).",
)
