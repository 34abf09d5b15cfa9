"""England by ICB, sub-ICB location or district: choose a measure, see all, open any of them."""

from typing import Literal

import pandas as pd
import streamlit as st

from pcs_dash.measures.england_areas import (
    ENGLAND,
    LEVEL_LABELS,
    fifths,
    in_order,
    period_of,
    sentence,
    shown_measures,
)
from pcs_dash.ui import england, helping, page, show
from pcs_dash.ui.address import tell_unknown
from pcs_dash.views import maps

page.begin(needs_gps=False)
st.title("England: every ICB and district")
helping.about("england")

tell_unknown("england-areas", LEVEL_LABELS)
pick = st.columns([1, 2])
with pick[0]:
    level = st.selectbox(
        "Areas",
        list(LEVEL_LABELS),
        format_func=LEVEL_LABELS.__getitem__,
        key="england-areas",
        bind="query-params",
    )
on_map = england.load(level)
if on_map is None:
    show.headline("No official data are loaded yet, so there is only Essex to show.")
    st.markdown(
        "The figures of every practice of England come from files that NHS England publishes. "
        "Load them once with `python -m pcs_dash update`, or with `python -m pcs_dash update "
        "--from FOLDER` where you downloaded them by hand, or upload them under **Data and "
        "methods**. Then any ICB, sub-ICB location or district can be chosen as the area, too."
    )
    st.stop()

loaded, files, drawn = on_map.figures, on_map.files, list(on_map.drawn)
measures = shown_measures(loaded.table, loaded.measures)
labels = {key: measure.label for key, measure in measures.items()}
with pick[1]:
    tell_unknown("england-measure", labels)
    key = st.selectbox(
        "Measure",
        list(measures),
        format_func=labels.__getitem__,
        key="england-measure",
        bind="query-params",
    )

# Highest first, as the table opens; names tell apart what is equal.
table, whole = in_order(loaded.table.drop(index=ENGLAND), key), loaded.table.loc[ENGLAND]
values, shown = table[key], measures[key]
figure, how, period = shown.text, shown.how, shown.period(loaded.periods, loaded.months)


def span(low: float, high: float) -> str:
    """The range of a class, as one figure where it is one."""
    return figure(low) if figure(low) == figure(high) else f"{figure(low)} to {figure(high)}"


show.headline(sentence(table, whole, shown))
st.caption(
    f"{labels[key]}: {how}. Period: {period}. An area whose practices with the figure hold less "
    "than 80% of its patients has no figure. This page is about England, whatever the menu says."
)


@st.fragment
def explore() -> None:
    """Map, card and table in step: picking an area in one picks it in all."""
    codes = list(table.index)
    # Another measure puts the rows in another order: what was selected is no row of it.
    table_key = f"england-table-{level}-{key}"

    def choose(code: str | None) -> None:
        st.session_state["england-area"] = code if code in codes else None

    def choose_from_table() -> None:
        rows = st.session_state[table_key]["selection"]["rows"]
        choose(codes[rows[-1]] if rows else None)

    left, right = st.columns([3, 2], gap="medium")
    with right:
        chosen = st.selectbox(
            f"Find one of the {LEVEL_LABELS[level]}",
            list(table.sort_values("name").index),
            index=None,
            format_func=lambda code: f"{table.loc[code, 'name']} ({code})",
            key="england-area",
            placeholder="Type a name or code, or click one on the map or in the table",
        )
        card(chosen)
    with left:
        classes, ranges = fifths(values)
        if files is None:
            st.info(
                "No boundaries are loaded that cover England, so there is no map. `python -m "
                "pcs_dash update boundaries_lsoa11 --from FOLDER` brings them."
            )
        else:
            # In the order in which the map numbers the areas it has.
            by_code = table.loc[drawn]
            texts = [
                [f"{labels[key]}: {figure(row[key])}", f"{row['patients']:,} patients"]
                for _, row in by_code.iterrows()
            ]
            fill = maps.area_fill(classes.reindex(by_code.index), texts)
            content = maps.england_view(files, level, fill=fill, selected=chosen)
            show.show_map(files, content, key=f"england-map-{level}", on_pick=choose)
            tell_covered()
            show.show_legend(
                maps.Legend(
                    f"{LEVEL_LABELS[level]}: {labels[key]}, fifths by rank",
                    [maps.CLASS_PURPLES[number] for number in ranges],
                    [span(low, high) for low, high in ranges.values()],
                ),
                note="No colour: no figure.",
            )
    st.header(f"All {LEVEL_LABELS[level]}")
    selection = st.dataframe(
        shown_table(),
        hide_index=True,
        key=table_key,
        on_select=choose_from_table,
        selection_mode="multi-row",
        placeholder="no figure",
        height=400,
        column_config=column_config(),
        alt=f"{LEVEL_LABELS[level]} of England with their measures, one row each",
    )
    picked = [codes[row] for row in selection["selection"]["rows"]]
    if len(picked) > 1:
        names = ", ".join(str(table.loc[code, "name"]) for code in picked)
        open_button(picked, f"Open these {len(picked)} together", f"As one area: {names}")
    show.download_csv(loaded.table, name=f"england-{level}")


def tell_covered() -> None:
    """How many of the areas have a boundary, where not all have."""
    if len(drawn) < len(table):
        st.info(
            f"{len(drawn):,} of {len(table):,} {LEVEL_LABELS[level]} "
            f"{'has' if len(drawn) == 1 else 'have'} "
            "boundaries here, so the map shows no more. `python -m pcs_dash update "
            "boundaries_lsoa11 --from FOLDER` brings the rest, where the file holds all of "
            "England. The table has every one."
        )


def card(code: str | None) -> None:
    """Every measure of the area that is picked, beside England's, and the way to its pages."""
    if code is None:
        st.info("Pick an area to see all its measures beside England's, and to open it.")
        return
    area = table.loc[code]
    rows = [("Practices", f"{area['practices']:,}", f"{whole['practices']:,}")]
    listed = f"Registered patients, {period_of('list_sizes', loaded.periods)}"
    rows += [(listed, f"{area['patients']:,}", f"{whole['patients']:,}")]
    for name, measure in measures.items():
        texts = [
            measure.text(value).removesuffix(f" {measure.unit}")
            for value in (area[name], whole[name])
        ]
        rows.append((measure.label, *texts))
    open_button([code], f"Open {area['name']}", "Make it the area of every page", primary=True)
    show.small_table(
        pd.DataFrame(rows, columns=["Measure", str(area["name"]), str(whole["name"])]),
        caption=f"{area['name']} beside {whole['name']}",
    )


def open_button(codes: list[str], label: str, about: str, *, primary: bool = False) -> None:
    """A button that makes these areas the area of every page, and goes to the first page."""
    asked = f"{level.replace('_', '-')}-{'+'.join(sorted(codes))}".lower()

    def choose_area() -> None:
        st.session_state["area"] = asked

    kind: Literal["primary", "secondary"] = "primary" if primary else "secondary"
    if st.button(label, help=about, type=kind, key=f"open-{asked}", on_click=choose_area):
        st.switch_page("pages/under_doctoring.py")


def shown_table() -> pd.DataFrame:
    """The table as shown: the measure that is chosen first and its highest figure on top; counts
    of practices left out.
    """
    order = [key, *(name for name in measures if name != key)]
    result = table[["name", order[0], "practices", "patients", *order[1:]]].round(
        {name: measures[name].digits for name in order}
    )
    titles = {"name": "Area", "practices": "Practices", "patients": "Patients"} | labels
    return result.rename(columns=titles)


def column_config() -> dict[str, object]:
    """Headings with units, decimals of each measure."""
    config: dict[str, object] = {
        "Area": st.column_config.TextColumn(pinned=True),
        "Patients": st.column_config.NumberColumn(
            format="localized", help=f"List sizes, {period_of('list_sizes', loaded.periods)}"
        ),
    }
    for name, measure in measures.items():
        sign = "+" if measure.signed else ""
        unit = "%%" if measure.unit == "%" else ""
        config[labels[name]] = st.column_config.NumberColumn(
            format=f"%{sign},.{measure.digits}f{unit}",
            help=f"{measure.how}; {measure.period(loaded.periods, loaded.months)}",
        )
    return config


explore()
with st.expander("Measures that need another file"):
    if loaded.missing.empty:
        st.markdown("None: every measure has its file.")
    else:
        show.small_table(
            loaded.missing[["measure", "needs", "how"]].rename(
                columns={"measure": "Measure", "needs": "File", "how": "Brings it"}
            ),
            caption="What is missing and what would bring it",
        )
show.footer(f"{labels[key]}: {how}; {period}. Sources and licences: Data and methods.")
