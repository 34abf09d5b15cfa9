"""England's areas on a map and in a table: pick one to see it whole, or several to open them."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.measures.england_areas import period, period_of
from pcs_dash.ui import address, boxes, england_data, page_parts
from pcs_dash.ui.browser import is_phone
from pcs_dash.ui.text import plain
from pcs_dash.views import maps
from pcs_dash.views.england import Shown, shown
from pcs_dash.views.question import Question

_CHOSEN = "england-area"


def explore(question: Question) -> None:
    """Map, card and table in step: picking an area in one picks it in all."""
    found = shown(question)
    if found is not None:
        address.fragment(_explore)(found)


def _explore(found: Shown) -> None:
    codes = [str(code) for code in found.table.index]
    left, right = st.columns([3, 2], gap="medium")
    with right:
        labels = {
            str(code): f"{name} ({code})"
            for code, name in found.table["name"].sort_values().items()
        }
        chosen = boxes.one(
            f"Find one of the {plain(found.title)}",
            labels,
            address.choice(_CHOSEN, labels, empty=True),
            index=None,
            placeholder="Type a name or code, or click one on the map or in the table",
        )
        _card(found, chosen)
    with left:
        _map(found, codes, chosen)
    st.header(f"All {plain(found.title)}")
    _table(found, codes)


def _choose(code: str | None, codes: list[str]) -> None:
    st.session_state[_CHOSEN] = code if code in codes else None


# --- the map ---


def _map(found: Shown, codes: list[str], chosen: str | None) -> None:
    on_map = england_data.load(found.level)
    if on_map is None or on_map.files is None:
        st.info(
            "No boundaries are loaded that cover England, so there is no map. Data and methods "
            "says which file brings them."
        )
        return
    measure = found.measure
    classes, words = found.classes
    # In the order in which the map numbers the areas it has.
    drawn = found.table.loc[list(on_map.drawn)]
    texts = [
        [f"{measure.label}: {measure.with_unit(row[measure.key])}", f"{row['patients']:,} patients"]
        for _, row in drawn.iterrows()
    ]
    fill = maps.area_fill(classes.reindex(drawn.index), texts)
    content = maps.england_view(on_map.files, found.level, fill=fill, selected=chosen)
    page_parts.show_map(
        on_map.files, content, key=f"england-map-{found.level}",
        on_pick=lambda code: _choose(code, codes),
    )  # fmt: skip
    if len(drawn) < len(codes):
        st.info(
            f"{len(drawn):,} of {len(codes):,} {plain(found.title)} "
            f"{'has' if len(drawn) == 1 else 'have'} boundaries here, so the map shows no more. "
            "The table has every one; Data and methods says which file brings the other boundaries."
        )
    legend = maps.Legend(
        f"{found.title}: {measure.label}, fifths by rank",
        [maps.CLASS_BLUES[place] for place in words],
        list(words.values()),
    )
    page_parts.show_legend(legend, note="No colour: no figure.")


# --- one area ---


def _card(found: Shown, code: str | None) -> None:
    """Every measure of the area that is picked, beside England's, and the way to its pages."""
    if code is None:
        st.info("Pick an area to see all its measures beside England's, and to open it.")
        return
    area: dict[Any, Any] = found.table.loc[code].to_dict()
    whole: dict[Any, Any] = found.whole.to_dict()
    listed = f"Registered patients, {period_of('list_sizes', found.loaded.periods)}"
    rows = [
        ("Practices", f"{area['practices']:,}", f"{whole['practices']:,}"),
        (listed, f"{area['patients']:,}", f"{whole['patients']:,}"),
    ]
    for key, measure in found.measures.items():
        own, overall = (measure.text(float(each[key])) for each in (area, whole))
        rows.append((measure.label, own, overall))
    _open_button(
        found, [code], f"Open {area['name']}", "Make it the area of every page", type="primary"
    )
    page_parts.small_table(
        pd.DataFrame(rows, columns=["Measure", str(area["name"]), str(whole["name"])]),
        caption=f"{area['name']} beside {whole['name']}",
    )


def _open_button(found: Shown, codes: list[str], label: str, about: str, **more: Any) -> None:
    """A button that makes these areas the area of every page, and goes to the first page."""
    asked = f"{found.level.replace('_', '-')}-{'+'.join(sorted(codes))}".lower()

    def choose_area() -> None:
        st.session_state["area"] = asked

    if st.button(
        plain(label), help=plain(about), key=f"open-{asked}", on_click=choose_area, **more
    ):
        # What the address says stays in it, so that Back leads to this very view.
        st.switch_page("pages/overview.py", query_params=address.said())


# --- all of them ---


def _table(found: Shown, codes: list[str]) -> None:
    """Every area; several that are ticked can be opened together."""
    # Another measure puts the rows in another order: what was selected is no row of it.
    key = f"england-table-{found.level}-{found.measure.key}"

    def choose_from_table() -> None:
        rows = st.session_state[key]["selection"]["rows"]
        _choose(codes[rows[-1]] if rows else None, codes)

    selection: Any = st.dataframe(
        _shown_table(found),
        hide_index=True,
        key=key,
        on_select=choose_from_table,
        selection_mode="multi-row",
        placeholder="no figure",
        height=400,
        row_height=66 if is_phone() else None,
        column_config=_columns(found),
        alt=f"{found.title} of England with their measures, one row each",
    )
    picked = [codes[row] for row in selection["selection"]["rows"]]
    if len(picked) > 1:
        names = ", ".join(str(found.table.loc[code, "name"]) for code in picked)
        _open_button(found, picked, f"Open these {len(picked)} together", f"As one area: {names}")
    page_parts.download_csv(found.loaded.table, name=f"england-{found.level}")


def _shown_table(found: Shown) -> pd.DataFrame:
    """The measure that is chosen first and its highest figure on top."""
    first, measures = found.measure.key, found.measures
    order = [first, *(name for name in measures if name != first)]
    result = found.table[["name", first, "practices", "patients", *order[1:]]].round(
        {name: measures[name].decimals for name in order}
    )
    labels = {key: measure.label for key, measure in measures.items()}
    titles = {"name": "Area", "practices": "Practices", "patients": "Patients"}
    return result.rename(columns=titles | labels)


def _columns(found: Shown) -> dict[str, Any]:
    """Headings with units, decimals of each measure."""
    loaded = found.loaded
    config: dict[str, Any] = {
        # A heading must not push the figures out of a phone's sight.
        "Area": st.column_config.TextColumn(pinned=True, width=150 if is_phone() else None),
        "Patients": st.column_config.NumberColumn(
            format="localized", help=f"List sizes, {period_of('list_sizes', loaded.periods)}"
        ),
    }
    for measure in found.measures.values():
        sign = "+" if measure.signed else ""
        unit = "%%" if measure.unit == "%" else ""
        config[measure.label] = st.column_config.NumberColumn(
            width=130 if is_phone() else None,
            format=f"%{sign},.{measure.decimals}f{unit}",
            help=f"{measure.definition}; {period(measure, loaded.periods, loaded.months)}",
        )
    return config
