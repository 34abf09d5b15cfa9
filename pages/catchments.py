"""Who lives where: catchments of practices, PCNs and hubs, and who else people there use."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pcs_dash.measures import profile
from pcs_dash.measures.gravity import MODEL_ERROR
from pcs_dash.measures.small_numbers import small_number
from pcs_dash.measures.workforce import patients_per_fte_gp
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import helping, official, page, show
from pcs_dash.ui.address import practice_labels
from pcs_dash.ui.text import plain
from pcs_dash.views import catchments, maps
from pcs_dash.views.catchments import (
    HUB,
    KINDS,
    MAIN_GROUP,
    MAIN_PRACTICE,
    MAPS,
    PCN,
    PRACTICE,
    RATIO,
    SHARE,
)

dataset, web, choices = page.begin()
area, edition = choices.area, choices.edition
registered = official.registered(dataset)
everyone = area.select(dataset.practices)

SUFFIX = registered.suffix

st.title(f"Who lives where: {area.label}{SUFFIX}")
helping.about("catchments")
if everyone.empty:
    st.info("There is no practice in this area. Choose another.")
    st.stop()
if registered.modelled:
    st.warning(
        "**Modelled, not registrations.** Patients by practice and small area (LSOA) are not "
        "loaded, so a gravity model stands in: it shares patients out by distance until every "
        f"practice has its list. {registered.note} {MODEL_ERROR} Not for decisions on single small "
        "areas. `python -m pcs_dash update list_sizes registrations_lsoa` brings the real ones "
        "(Patients Registered at a GP Practice, NHS England)"
        + (
            "; `python -m pcs_dash update lsoa_population lsoa11_lsoa21` brings residents by "
            "small area for the model."
            if "not loaded" in registered.note
            else "."
        )
    )


# What the data on this page are: another version of the store may have other boundaries.
DATA = dataset.key


@st.cache_resource(show_spinner=False, max_entries=4)
def borders(key: tuple[str, ...]) -> list[tuple[str, str]]:  # noqa: ARG001
    """Which LSOAs border which."""
    return catchments.neighbours_of(dataset.lsoas)


@st.cache_resource(show_spinner=False, max_entries=32)
def overlap(key: tuple[object, ...], _groups: Mapping[str, str]) -> object:  # noqa: ARG001
    """Who shares whose neighbourhoods, for practices, PCNs or a plan."""
    return catchments.overlap_of(registered, _groups)


def groups_of(kind: str) -> dict[str, str]:
    """Practice code to the name of its unit, over all practices of the data."""
    plan = pd.Series(dtype="str")
    if kind == HUB:
        # The builder brings the database with it: only where its plan is asked for.
        from pcs_dash.ui.hubs import work

        plan = work.begin(dataset, choices).plan.to_series()
    return catchments.groups_of(kind, dataset.practices, plan)


def shares(kind: str, groups: Mapping[str, str]) -> object:
    """`overlap`, kept under what it depends on."""
    key = (official.version(), registered.modelled, kind, hash(frozenset(groups.items())))
    return overlap((*key, *DATA), groups)


@st.fragment
def explore() -> None:
    """Choose whose patients and what the map shows; map, figures and tables follow."""
    first, second, third = st.columns([1.1, 1.5, 1.7], gap="medium")
    with first:
        kind = st.selectbox("Whose patients", KINDS, key="whose", bind="query-params")
    groups = groups_of(kind)
    units = catchments.units_in(kind, groups, everyone)
    if not units:
        empty(kind)
        return
    with second:
        unit = choose_unit(kind, units)
    with third:
        what = st.selectbox("What the map shows", MAPS, key="catchment-map", bind="query-params")
    codes = [code for code, name in groups.items() if name == unit]
    name = units[unit]
    have = set(registered.table["practice_code"])
    if not have & set(codes):
        st.info(
            f"{plain(name)} is not in the {registered.label}: it is newer, or had no list then."
        )
        return
    points = points_here(DATA)
    figures = catchments.portrait(registered, codes, dataset.practices, points)
    found = shares(kind, groups)
    away = catchments.elsewhere(found, unit)[1]
    rows = catchments.catchment_rows(registered, codes, dataset.lsoas)
    tell(kind, name, figures, away, len(set(codes) - have), rows)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        box = catchments.extent(dataset.lsoas, rows) if kind == PRACTICE else None
        draw(what, kind, unit, name, codes, groups, focus=(unit, box) if box else None)
        if what in (MAIN_PRACTICE, MAIN_GROUP):
            main_table(what, kind, groups)
    with right:
        where(name, codes, rows)
    if kind != PRACTICE:
        between(kind, units, found)


def choose_unit(kind: str, units: Mapping[str, str]) -> str:
    """The unit that is looked at."""
    if kind == PRACTICE:
        chosen = st.selectbox(
            "Practice",
            list(units),
            index=None,
            format_func=lambda code: units[code],
            key="practice",
            bind="query-params",
            placeholder="Type a name or code, or click one on the map",
        )
        if chosen is None:
            biggest = str(everyone["patients"].idxmax())
            st.caption(f"Shown: the largest, {plain(units[biggest])}.")
            return biggest
        return str(chosen)
    label = "PCN" if kind == PCN else "Hub"
    key = "catchment-pcn" if kind == PCN else "catchment-hub"
    return str(st.selectbox(f"{label} (largest first)", list(units), key=key, bind="query-params"))


def empty(kind: str) -> None:
    """What to do where there is nothing to choose."""
    if kind == PCN:
        st.info("No practice of this area is in a PCN. Look at a practice instead.")
    else:
        st.info("Your plan has no practice of this area in a hub. Make hubs on the page Hubs.")
        st.page_link("pages/hubs.py", label="Hubs", icon=":material/hub:")


@st.cache_resource(show_spinner=False, max_entries=4)
def points_here(key: tuple[str, ...]) -> pd.DataFrame:  # noqa: ARG001
    """A point in each LSOA."""
    return catchments.points_of(dataset.lsoas)


def tell(
    kind: str,
    name: str,
    figures: catchments.Portrait,
    away: float,
    missing: int,
    rows: pd.DataFrame,
) -> None:
    """The message and the five figures."""
    show.headline(
        catchments.sentence(kind, plain(name), figures, away, modelled=registered.modelled)
    )
    show.figures(
        show.Figure("Patients", profile.number(figures.patients), registered.tag),
        show.Figure("Core catchment", f"{figures.core:,} LSOAs", f"of {figures.lsoas:,}, hold 80%"),
        show.Figure("Half live within", catchments.km_text(figures.median_km), "straight line"),
        show.Figure("Nine in ten within", catchments.km_text(figures.p90_km), "of their practice"),
        show.Figure(
            "Mostly others' areas", profile.per_cent(away), f"most use {catchments.another(kind)}"
        ),
    )
    now = "the newest lists" if area.loaded else "the workforce data"
    parts = [f"Rests on {registered.label}; practices as of {now}."]
    if missing:
        parts.append(
            f"{missing} of its practices {'is' if missing == 1 else 'are'} not in the "
            "registrations and left out."
        )
    parts += catchments.beyond(registered, figures, rows)
    st.caption(" ".join(parts))


def draw(
    what: str,
    kind: str,
    unit: str,
    name: str,
    codes: list[str],
    groups: Mapping[str, str],
    *,
    focus: tuple[str, tuple[tuple[float, float], tuple[float, float]]] | None,
) -> None:
    """The map and its legend; without boundaries only the practices, and which file has them."""
    layer, legend, note = ground(what, kind, name, codes, groups)
    ratios = patients_per_fte_gp(dataset.practices, choices.definition.key)
    content = maps.view(
        web,
        area,
        key="catchments",
        fill=layer.fill(dataset.lsoas.index, edition),
        marks=catchments.own_marks(dataset.practices, codes).marks(dataset.practices.index),
        values=ratios,
        value_title=f"Patients per FTE GP ({choices.definition.label.lower()})",
        selected=unit if kind == PRACTICE else None,
        tiles=choices.tiles,
        focus=focus,
    )
    # Where a practice is looked at, its own list is above; a click then changes what is shown.
    show.show_map(
        web,
        content,
        key="catchment-map-view",
        height=520,
        on_pick=pick,
        practices=None if kind == PRACTICE else everyone["practice_name"],
    )
    if show.without_boundaries(dataset.lsoas):
        st.caption(f"Magenta: practices of {plain(name)}.")
    else:
        show.show_legend(legend, note=f"Magenta: practices of {name}. {note}")


def pick(code: str) -> None:
    """A practice clicked on the map is the one looked at."""
    if code in everyone.index:
        st.session_state["whose"] = PRACTICE
        st.session_state["practice"] = code
        # The box for a practice may not be on the page yet, and then nothing writes its address.
        st.query_params["practice"] = practice_labels()[code]


def ground(
    what: str, kind: str, name: str, codes: list[str], groups: Mapping[str, str]
) -> tuple[maps.Layer, maps.Legend, str]:
    """How the small areas are coloured, the legend of those of the area, how to read it."""
    here = area.select(dataset.lsoas).index
    if what == SHARE:
        layer = catchments.share_layer(registered, codes, name)
        return layer, layer.legend(here), "Bare: none. The numbers count small areas."
    if what == RATIO:
        return ratio_ground(here)
    named = None if what == MAIN_PRACTICE else groups if kind != PRACTICE else groups_of(PCN)
    noun = "practice" if named is None else "hub" if kind == HUB else "PCN"
    layer = catchments.main_layer(registered, named, dataset.practices, borders(DATA), noun)
    return layer, *main_legend(layer, here)


def main_legend(layer: maps.Layer, here: pd.Index) -> tuple[maps.Legend, str]:
    """The legend of main users: only the names whose colour stands for them alone."""
    counts = {word: n for word, n in zip(layer.colours, layer.counts(here), strict=True) if n}
    counts = dict(sorted(counts.items(), key=lambda item: -item[1]))
    # A colour that stands for several names says none of them.
    once = len({layer.colours[word] for word in counts}) == len(counts)
    shown = [word for word in counts if once or word == catchments.ELSEWHERE]
    legend = maps.Legend(
        f"{layer.title}: {len(counts):,} in all",
        [layer.colours[word] for word in shown],
        shown,
        [counts[word] for word in shown],
    )
    note = (
        "The numbers count small areas."
        if once
        else "Hover over a small area for the name, or take the table below: colours repeat, but "
        "not side by side."
    )
    return legend, note


def main_table(what: str, kind: str, groups: Mapping[str, str]) -> None:
    """The main practice, PCN or hub of each small area of the area, as a file."""
    by_practice = what == MAIN_PRACTICE
    named = groups if kind != PRACTICE else groups_of(PCN)
    users = catchments.main_users(registered, None if by_practice else named)
    own = area.select(dataset.lsoas)
    table = users.reindex(own.index).dropna(subset=["dominant"])
    table.insert(0, "lsoa", own["lsoa11nm"])
    table["modelled"] = registered.modelled
    if by_practice:
        table.insert(2, "practice_name", table["dominant"].map(dataset.practices["practice_name"]))
    unit = "practice" if by_practice else ("hub" if kind == HUB else "pcn")
    show.download_csv(
        table,
        name=f"main-{unit}-{area.key}-{registered.file_tag}",
        label=f"Download the main {'PCN' if unit == 'pcn' else unit} of each small area",
    )


def ratio_ground(here: pd.Index) -> tuple[maps.Layer, maps.Legend, str]:
    """Patients per FTE GP of whoever lives there, against the benchmark."""
    fte = dataset.practices[choices.definition.column].astype("float64")
    table = catchments.ratios_by_lsoa(registered, fte.mask(fte.index.isin(choices.excluded.index)))
    layer = catchments.ratio_layer(
        registered, table["patients_per_fte_gp"], choices.benchmark.value, choices.benchmark.label
    )
    partly = int((table["coverage"].reindex(here) < 0.9).sum())
    note = (
        f"{choices.definition.label}: each practice's FTE is shared out over where its patients "
        "live."
    )
    if partly:
        note += (
            f" In {partly} small areas more than a tenth of the patients are with practices whose "
            "GPs are not in these data; they are left out of both sums."
        )
    return layer, layer.legend(here), note


def where(name: str, codes: list[str], rows: pd.DataFrame) -> None:
    """The small areas with most patients, and the files."""
    listed = rows[~rows["hidden"]]
    # Beyond the map there are only codes.
    listed = listed.assign(lsoa=listed["lsoa"].fillna(listed.index.to_series()))
    st.markdown(f"**Where patients of {plain(name)} live{SUFFIX}**")
    st.dataframe(
        listed.reset_index()[
            ["lsoa", "patients", "share_per_cent", "share_of_list_per_cent", "in_core"]
        ],
        hide_index=True,
        height=330,
        placeholder="",
        column_config={
            "lsoa": "Small area",
            "patients": st.column_config.NumberColumn("Patients", format="localized"),
            "share_per_cent": st.column_config.NumberColumn("Its share there", format="%.0f%%"),
            "share_of_list_per_cent": st.column_config.NumberColumn("Of its list", format="%.1f%%"),
            "in_core": st.column_config.CheckboxColumn("Core"),
        },
        alt=f"Small areas by patients of {name}{SUFFIX}, most first",
    )
    hidden = int(rows["hidden"].sum())
    limit = small_number()
    if hidden:
        st.caption(
            f"{hidden:,} small areas with fewer than {limit} patients (or the next fewest, where "
            "one could be had by subtraction) are not shown singly, here or in the files. "
            "PCS_DASH_SMALL_NUMBER sets the limit."
        )
    downloads(name, codes, rows)


def downloads(name: str, codes: list[str], rows: pd.DataFrame) -> None:
    """CSV and GeoPackage, small cells hidden, "modelled" in the name where it is."""
    slug = "".join(c if c.isalnum() else "-" for c in name.lower()).strip("-")[:50]
    file = f"catchment-{slug}-{registered.file_tag}"
    about = [
        ("Catchment of", name),
        ("Rests on", registered.label),
        ("Note", f"{registered.note} {MODEL_ERROR}" if registered.modelled else ""),
        ("Small counts", f"below {small_number()} are hidden, with what is computed from them"),
        ("LSOAs", "of 2011; shares are of all patients registered in England living there"),
    ]
    with st.container(horizontal=True):
        show.download_csv(rows, name=file)
        st.download_button(
            "Download as GeoPackage",
            lambda: catchments.geopackage(rows, dataset.lsoas, dataset.practices.loc[codes], about),
            file_name=f"{file}.gpkg",
            mime="application/geopackage+sqlite3",
            key="download-catchment-gpkg",
            icon=":material/map:",
            on_click="ignore",
        )


def between(kind: str, units: Mapping[str, str], found: object) -> None:
    """The matrix: patients of each group by the group that most people use where they live."""
    noun = "PCN" if kind == PCN else "hub"
    st.header(f"Overlap between {noun}s{SUFFIX}")
    table = catchments.matrix_rows(found, list(units))
    if table.empty:
        return
    st.markdown(
        f"Rows: the {noun} where patients are registered. Columns: the {noun} that most patients "
        "of their small area use. Along the diagonal they are at home."
    )
    st.dataframe(
        table.reset_index(),
        hide_index=True,
        placeholder="hidden",
        height=min(420, 38 + 35 * len(table)),
        column_config={
            "group": st.column_config.TextColumn(noun[0].upper() + noun[1:], pinned=True),
            "patients": st.column_config.NumberColumn("Patients", format="localized"),
            "elsewhere_per_cent": st.column_config.NumberColumn(
                "In others' areas", format="%.0f%%"
            ),
            "others": st.column_config.NumberColumn(f"{noun}s elsewhere", format="localized"),
        }
        | {name: st.column_config.NumberColumn(name, format="localized") for name in table.index},
        alt=f"Patients of each {noun} by the {noun} most people use where they live{SUFFIX}",
    )
    st.caption(
        f"{registered.label[0].upper()}{registered.label[1:]}. Only small areas on these maps; "
        f"practices in no {noun} leave the contest. Hidden: cells "
        f"below {small_number()}, and the next smallest where one alone could be had by "
        "subtraction."
    )
    show.download_csv(table, name=f"overlap-{area.key}-{noun.lower()}-{registered.file_tag}")


explore()

st.header("Is the deprivation of patients right? A check")
try:
    if area.loaded:
        raise UserError(
            "No published score is loaded for these practices: theirs is computed from the "
            "registrations, and would check itself."
        )
    check = catchments.check_scores(registered, dataset.practices, dataset.lsoas)
except UserError as error:
    st.info(str(error))
else:
    st.markdown(
        f"**{check.agreement.sentence}** Their order agrees at {check.rank_correlation:.3f} "
        "(Spearman)."
    )
    st.caption(
        f"Recomputed: {registered.label} and the IMD 2019 score of each small area. Published: the "
        "patient-weighted IMD 2025 score (OHID). Other edition, other year: equality is not to be "
        f"expected, the same order is. {check.unmatched:.1%} of patients live where no score is "
        "loaded and are left out."
    )
    with st.expander("Practices where the two differ most"):
        most = check.table.assign(name=dataset.practices["practice_name"]).sort_values(
            "difference", key=lambda column: column.abs(), ascending=False
        )
        st.dataframe(
            most.head(20).reset_index()[
                ["practice_code", "name", "recomputed", "published", "difference"]
            ],
            hide_index=True,
            column_config={
                "practice_code": "Code",
                "name": "Practice",
                "recomputed": st.column_config.NumberColumn("Recomputed, IMD 2019", format="%.1f"),
                "published": st.column_config.NumberColumn("Published, IMD 2025", format="%.1f"),
                "difference": st.column_config.NumberColumn("Difference", format="%+.1f"),
            },
            alt="Recomputed and published patient-weighted scores, largest differences first",
        )
        show.download_csv(most, name="imd-check")
show.footer(
    f"Where patients live: {registered.label}. LSOAs of 2011 (ONS). {choices.basis}",
    "Distances are straight lines from a point inside the LSOA to the surgery's postcode.",
)
