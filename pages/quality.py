"""Quality beside capacity: ratings, achievement, appointments, services near by, and GPs."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from pcs_dash.measures import profile, words
from pcs_dash.measures.workforce import (
    area_patients_per_fte_gp,
    patients_per_fte_gp,
    summarise,
)
from pcs_dash.render import charts
from pcs_dash.ui import evidence, helping, official, page, show
from pcs_dash.ui.choices import Choices
from pcs_dash.views import maps, quality
from pcs_dash.views.quality import Measure

dataset, web, choices = page.begin()
area, definition, benchmark = choices.area, choices.definition, choices.benchmark
MEASURE, CAPACITY = "The measure", "Patients per FTE GP"
GROUPS = ("PCN", "Hub of my plan", "District", "Place")

st.title(f"Quality beside capacity: {area.label}")
helping.about("quality")
evidence.stop_if_empty(choices)
loaded = official.practices(dataset)
everything = quality.quality_table(dataset.practices, loaded.table if loaded else None)
table = everything.loc[choices.practices.index]
measures = quality.available(everything)
dates = loaded.periods if loaded else {}
missing = quality.missing_measures(everything, dates)
ratios = patients_per_fte_gp(choices.practices, definition.key)


def period(measure: Measure) -> str:
    """The period of a measure, in words."""
    return quality.period_of(measure, dates)


@st.fragment
def explore(choices: Choices) -> None:
    """Choose a measure; message, map and chart follow."""
    first, second = st.columns(2, gap="medium")
    with first:
        key = st.selectbox(
            "Measure",
            list(measures),
            format_func=lambda name: f"{measures[name].label} ({period(measures[name])})",
            key="quality",
            bind="query-params",
        )
    with second:
        colour = st.selectbox(
            "Colour on the map",
            [MEASURE, CAPACITY] if dataset.has_gps else [MEASURE],
            key="quality-colour",
            bind="query-params",
        )
    measure = measures[key]
    if table[key].isna().all():
        st.info(f"No practice of {area.name} has a figure for this measure.")
        return
    tell(measure)
    left, right = st.columns([1, 1], gap="medium")
    with left:
        draw(measure, colour, choices)
    with right:
        beside(measure)


def tell(measure: Measure) -> None:
    """The message, the figures with their periods, what is missing or flagged."""
    capacity = area_patients_per_fte_gp(choices.practices, definition.key)
    gaps = int(table[measure.key].isna().sum())
    flagged = int(quality.flags(table, measure).sum())
    show.headline(quality.sentence(table, measure, area.name, period(measure)))
    figures = []
    if measure.kind == "number":
        value, n, _, _ = quality.of_area(table, measure)
        figures.append(
            show.Figure("The area's figure", quality.value_text(value, measure), period(measure))
        )
        figures.append(show.Figure("Rests on", f"{n:,} practices", f"of {len(table):,}"))
    else:
        figures.append(
            show.Figure("With a figure", f"{len(table) - gaps:,} of {len(table):,}", "practices")
        )
    figures.append(show.Figure("Without a figure", f"{gaps:,}", "practices"))
    if measure.flag:
        figures.append(show.Figure("Implausible", f"{flagged:,}", "left out of the sum"))
    if dataset.has_gps:
        figures.append(
            show.Figure("Patients per FTE GP", profile.number(capacity), dataset.workforce_period)
        )
    show.figures(*figures)
    old = " Both figures keep their own date: read them side by side, not as one moment."
    st.caption(
        f"{measure.label}: {measure.unit}, {period(measure)}; for an area or group: "
        f"{measure.grouped}. {measure.beware}{old}"
    )


def draw(measure: Measure, colour: str, choices: Choices) -> None:
    """The map, coloured by the measure or by capacity; the tooltip has both."""
    own_ratios = patients_per_fte_gp(dataset.practices, definition.key)
    marks, legend, note = (
        capacity_marks(own_ratios) if colour == CAPACITY else measure_marks(measure)
    )
    flagged = quality.flags(everything, measure)
    content = maps.view(
        web,
        area,
        key="quality",
        fill=maps.quintile_fill(
            dataset.lsoas, choices.edition, palette=maps.QUINTILE_GREYS, opacity=0.5
        ),
        marks=marks,
        ring=maps.letters(flagged.astype(int)),
        values=own_ratios,
        value_title=f"Patients per FTE GP ({definition.label.lower()})",
        notes=notes(measure),
        tiles=choices.tiles,
    )
    names = choices.practices["practice_name"]
    show.show_map(web, content, key="quality-map", height=420, practices=names)
    ringed = " Dashed ring: implausible count." if measure.flag else ""
    show.show_legend(legend, note=f"{note}{ringed} Size: registered patients. Ground: IMD, grey.")


def notes(measure: Measure) -> dict[str, str]:
    """What the tooltip adds for each practice of the area."""
    result = {}
    when = period(measure)
    for code, value in table[measure.key].items():
        if pd.isna(value):
            text = profile.NO_FIGURE
        elif measure.kind == "number":
            places = measure.decimals
            text = f"{value:,.{places}f}" + ("%" if measure.unit.startswith("%") else "")
        else:
            text = str(value)
            if measure.key == "cqc_rating" and pd.notna(table["cqc_year"].get(code)):
                text += f", rated {table.loc[code, 'cqc_year']:.0f}"
        result[str(code)] = f"{measure.label} ({when}): {text}"
    return result


def measure_marks(measure: Measure) -> tuple[dict[str, object], maps.Legend, str]:
    """Colours and legend of a measure: classes of a number, or words."""
    layer = quality.layer(everything, table.index, measure, period(measure))
    note = "Hollow: no figure."
    if measure.kind == "number":
        note = f"Fifths of this area's practices; {measure.unit}. {note}"
    return layer.marks(everything.index), layer.legend(table.index), note


def capacity_marks(own_ratios: pd.Series) -> tuple[dict[str, object], maps.Legend, str]:
    """Colours and legend of patients per FTE GP."""
    counted = own_ratios.where(own_ratios.index.isin(choices.practices.index))
    classes = maps.benchmark_classes(counted, benchmark.value)
    legend = maps.Legend(
        f"Patients per FTE GP against {benchmark.label}, {dataset.workforce_period}",
        maps.BENCHMARK_COLOURS,
        maps.BENCHMARK_LABELS,
        [int((classes == i).sum()) for i in range(len(maps.BENCHMARK_LABELS))],
    )
    return maps.benchmark_marks(counted, benchmark.value), legend, "Hollow: no ratio."


def beside(measure: Measure) -> None:
    """The measure against patients per FTE GP: dots, and what may be said."""
    data = pd.DataFrame(
        {
            "code": table.index,
            "name": choices.practices["practice_name"].to_numpy(),
            "patients": choices.practices["patients"].to_numpy(),
            "x": table[measure.key].to_numpy(),
            "y": ratios.to_numpy(dtype=float),
            "flagged": quality.flags(table, measure).to_numpy(),
        }
    )
    n = int(data[["x", "y"]].notna().all(axis=1).sum())
    if not n:
        st.info(
            f"No practice of {area.name} has both a figure for {measure.label} and patients per "
            "FTE GP, so the two can't be set side by side."
        )
        if measure.kind != "number":
            by_category(measure)
        return
    known = None
    if measure.kind != "number":
        known = [name for name in measure.categories or {} if (data["x"] == name).any()]
    said, text = (
        None,
        f"{measure.label} ({period(measure)}) and patients per FTE GP, {n} practices.",
    )
    if measure.kind == "number":
        result = quality.with_capacity(table, measure, ratios)
        said = quality.capacity_words(
            result,
            measure,
            place=area.name,
            period=period(measure),
            definition=definition.key,
            date=dataset.workforce_period,
            left_out=int(quality.flags(table, measure).sum()),
        )
        text = said.text if said else text
    drawn = charts.beside_capacity(
        data,
        x_title=[measure.label, period(measure)],
        y_title=f"Patients per FTE GP, {dataset.workforce_period}",
        benchmark=benchmark.value,
        benchmark_label=benchmark.label,
        categories=known,
        description=text,
        height=400,
    )
    evidence.chart(drawn, text, key="quality")
    hidden = len(data) - n
    st.caption(
        f"One dot a practice, sized by its list; {n:,} have both figures"
        + (f", {hidden:,} don't and are not drawn" if hidden else "")
        + (". Orange crosses: implausible counts." if measure.flag else ".")
    )
    if measure.kind == "number":
        if said is None:
            st.markdown(
                "Too few practices have both figures for a sentence on how the two go together."
            )
        else:
            evidence.say(said)
        return
    by_category(measure)


def by_category(measure: Measure) -> None:
    """Practices, patients and, where GPs are loaded, patients per FTE GP of each category."""
    counts = quality.by_category(table, measure, choices.practices, definition.column)
    shown = {
        measure.label: list(counts.index),
        "Practices": [f"{n:,}" for n in counts["practices"]],
        "Patients": [profile.number(n) for n in counts["patients"]],
    }
    if dataset.has_gps:
        shown["Patients per FTE GP"] = [profile.number(n) for n in counts["patients_per_fte_gp"]]
    show.small_table(
        pd.DataFrame(shown),
        caption="Sums over sums; no test is made, and groups of few practices say little",
    )


def column_config(with_n: bool) -> dict[str, object]:
    """Headings with the period of each figure."""
    config: dict[str, object] = {
        "practices": "Practices",
        "patients": st.column_config.NumberColumn("Patients", format="localized"),
        "patients_per_fte_gp": st.column_config.NumberColumn(
            f"Patients per FTE GP, {dataset.workforce_period}", format="%,.0f"
        ),
    }
    for key, measure in measures.items():
        heading = f"{measure.label}, {period(measure)}"
        if measure.kind != "number":
            config[key] = st.column_config.TextColumn(heading)
            continue
        places = max(measure.decimals, 1) if with_n else measure.decimals
        unit = "%%" if measure.unit.startswith("%") else ""
        config[key] = st.column_config.NumberColumn(heading, format=f"%.{places}f{unit}")
        if measure.flag:
            config[f"{key}_flagged"] = f"Implausible: {measure.label.lower()}"
    return config


def practice_rows() -> None:
    """Every measure of every practice."""
    shown = pd.DataFrame(
        {
            "practice": choices.practices["practice_name"],
            "pcn": choices.practices["pcn"],
            "patients": choices.practices["patients"],
            "patients_per_fte_gp": ratios,
        }
    ).join(table[list(measures)])
    if not dataset.has_gps:
        shown = shown.drop(columns="patients_per_fte_gp")
    if "cqc_year" in table.columns:
        shown.insert(shown.columns.get_loc("cqc_rating") + 1, "cqc_year", table["cqc_year"])
    flagged = pd.Series("", index=table.index)
    for measure in measures.values():
        if measure.key != "same_day_per_cent":
            mark = quality.flags(table, measure)
            flagged = flagged.mask(mark, flagged + f"{measure.label}, {period(measure)}. ")
    shown["implausible"] = flagged
    st.dataframe(
        shown.reset_index(names="code"),
        hide_index=True,
        height=380,
        placeholder="no figure",
        column_config=column_config(with_n=False)
        | {
            "code": "Code",
            "practice": st.column_config.TextColumn("Practice", pinned=True),
            "pcn": "PCN",
            "cqc_year": st.column_config.NumberColumn("Rated in", format="%d"),
            "implausible": "Implausible",
        },
        alt=f"Practices of {area.name} with every quality measure and patients per FTE GP",
    )
    show.download_csv(
        shown.rename(columns=dated()).rename_axis("practice_code"), name=f"quality-{area.key}"
    )


def dated() -> Mapping[str, str]:
    """Names of the columns of a file, with the period of each."""
    return {key: f"{key} ({period(measure)})" for key, measure in measures.items()} | {
        "patients_per_fte_gp": f"patients_per_fte_gp ({definition.key}, {dataset.workforce_period})"
    }


def group_rows() -> None:
    """Every measure by PCN, hub, district or place."""
    kind = st.selectbox("By", GROUPS, key="quality-by", bind="query-params", width=280)
    if kind == "Hub of my plan":
        from pcs_dash.ui.hubs import work

        groups = work.begin(dataset, choices).plan.to_series(table.index)
    else:
        groups = choices.practices[{"PCN": "pcn", "District": "district", "Place": "place"}[kind]]
    if groups.isna().all():
        st.info("None of the practices here is in such a group.")
        return
    grouped = quality.by_group(table, groups)
    if dataset.has_gps:
        capacity = summarise(choices.practices, groups, definition=definition.key)
        ratio = capacity["patients_per_fte_gp"].reindex(grouped.index)
        grouped.insert(2, "patients_per_fte_gp", ratio)
    counts = [f"{key}_n" for key in measures if f"{key}_n" in grouped.columns]
    left_out = words.count(int(groups.isna().sum()), "practice")
    st.dataframe(
        grouped.drop(columns=counts).reset_index(),
        hide_index=True,
        height=min(420, 38 + 35 * len(grouped)),
        placeholder="no figure",
        column_config=column_config(with_n=True)
        | {"group": st.column_config.TextColumn(kind, pinned=True)},
        alt=f"Quality measures by {kind} of {area.name}",
    )
    st.caption(
        "Ratings, contracts and dispensing: practices counted. Appointments and same-day share: "
        "sums over sums, implausible counts left out and counted. All other numbers: mean weighted "
        "by patients over the practices that have the figure; how many those are is in the file. "
        f"{left_out} in no group."
    )
    show.download_csv(grouped.rename(columns=dated()), name=f"quality-{area.key}-{kind.lower()}")


def not_loaded() -> None:
    """Which file would bring what."""
    st.header("What is not loaded, and what would bring it")
    if missing.empty:
        st.markdown("Every measure of this page is loaded.")
    else:
        evidence.reading_table(
            missing.rename(
                columns={
                    "measure": "Measure",
                    "publication": "Publication that brings it",
                    "command": "Command",
                }
            ),
            caption="FOLDER holds files downloaded by hand; the page Data and methods and "
            "docs/data.md say from where",
        )
    if loaded is not None:
        lost = loaded.report.left_only
        st.caption(
            "Official figures are joined to practices by code, one to one: "
            f"{loaded.report.matched:,} of {loaded.report.left_rows:,} practices matched"
            + (f"; not matched: {', '.join(lost[:20])}." if lost else ".")
        )


if not measures:
    st.info("No quality measure is loaded for these practices.")
else:
    if loaded is None:
        st.info(
            "No official data are loaded, so ratings, QOF achievement, contracts and dentists are "
            "missing. Shown is what is embedded: recorded prevalence and appointments. The table "
            "at the end says which publication brings what; `python -m pcs_dash update --from "
            "FOLDER` reads files downloaded by hand."
        )
    explore(choices)
    st.header("Every practice")
    practice_rows()
    st.header("Groups of practices")
    st.fragment(group_rows)()
not_loaded()
show.footer(
    f"Capacity: {choices.basis}",
    "Quality: " + "; ".join(f"{m.label}, {period(m)}" for m in measures.values()
                            if m.sources) + "."
    if any(m.sources for m in measures.values())
    else "Prevalence and appointments: embedded figures, see Data and methods.",
)  # fmt: skip
