"""Where are we under-doctored? The area's figure, the map of practices, the card, the table."""

import pandas as pd
import streamlit as st

from pcs_dash.measures import profile, words
from pcs_dash.measures.deprivation import quintile_shares
from pcs_dash.measures.workforce import patients_per_fte_gp, summarise
from pcs_dash.ui import helping, page, show
from pcs_dash.ui.address import tell_unknown
from pcs_dash.ui.choices import Choices
from pcs_dash.ui.text import plain
from pcs_dash.views import maps

dataset, web, choices = page.begin()
area, definition, benchmark = choices.area, choices.definition, choices.benchmark

st.title(f"Under-doctoring: {area.label}")
helping.about("under_doctoring")
if choices.practices.empty:
    st.info("No practice is left in this area. Switch the exclusion off, or choose another area.")
    st.stop()

total = summarise(choices.practices, definition=definition.key, benchmark=benchmark.value).iloc[0]
ratios = patients_per_fte_gp(choices.practices, definition.key)
headline = words.benchmark_words(
    total["patients_per_fte_gp"],
    benchmark.value,
    place=area.name,
    benchmark_label=benchmark.label,
    definition=definition.key,
    date=dataset.workforce_period,
    benchmark_date=benchmark.period,
)
show.headline(f"{headline.finding} {profile.gap_sentence(total['fte_gap'])}")

relative = total["patients_per_fte_gp"] / benchmark.value - 1
show.figures(
    show.Figure(
        "Patients per FTE GP",
        profile.number(total["patients_per_fte_gp"]),
        f"{relative:+.0%} against {benchmark.label}" if pd.notna(relative) else "",
        more_is_worse=True,
        term="Patients per FTE GP",
    ),
    show.Figure(
        "FTE GPs to add",
        profile.signed(total["fte_gap"]),
        f"to reach {benchmark.value:,.0f}",
        term="FTE gap",
    ),
    show.Figure(
        "Registered patients",
        profile.number(total["patients"]),
        f"with {profile.number(total['fte_gp'], 1)} FTE GPs" if dataset.has_gps else "",
        term="List size",
    ),
    show.Figure(
        "Above the benchmark",
        f"{int((ratios > benchmark.value).sum()):,} of {int(ratios.notna().sum()):,}"
        if ratios.notna().any()
        else profile.NO_FIGURE,
        f"{int(total['single_handed'])} single-handed" if dataset.has_gps else "",
        term="Single-handed practice",
    ),
    show.Figure(
        "GPs aged 60 and over",
        profile.per_cent(total["share_gps_60_plus"]),
        "of all GPs by headcount",
    ),
)
missing = int(total["practices_without_fte"])
st.caption(
    f"{choices.basis} Benchmark: {benchmark.label}, {benchmark.value:,.0f}"
    f"{f' ({benchmark.period})' if benchmark.period else ''}. "
    f"Practices without a GP figure: {missing}"
    f"{', left out of patients and FTE alike' if missing else ''}."
)


@st.fragment
def explore(choices: Choices) -> None:
    """Map, card and table in step: choosing a practice in one chooses it in all."""
    practices = choices.practices
    codes = list(practices.index)
    full_precision = practice_table(choices)
    table = compact(full_precision)

    def choose(code: str | None) -> None:
        st.session_state["practice"] = code if code in codes else None

    def choose_from_table() -> None:
        rows = st.session_state["practice-table"]["selection"]["rows"]
        choose(codes[rows[0]] if rows else None)

    left, right = st.columns([3, 2], gap="medium")
    with right:
        labels = {code: f"{name} ({code})" for code, name in practices["practice_name"].items()}
        tell_unknown("practice", labels)
        chosen = st.selectbox(
            "Find a practice",
            codes,
            index=None,
            format_func=labels.__getitem__,
            key="practice",
            bind="query-params",
            placeholder="Type a name or code, or click one on the map or in the table",
        )
        show_card(choices, chosen)
    with left:
        all_ratios = patients_per_fte_gp(dataset.practices, choices.definition.key)
        content = maps.view(
            web,
            choices.area,
            key="home",
            fill=maps.quintile_fill(
                dataset.lsoas, choices.edition, palette=maps.QUINTILE_GREYS, opacity=0.75
            ),
            marks=maps.benchmark_marks(
                all_ratios.mask(all_ratios.index.isin(choices.excluded.index)),
                choices.benchmark.value,
            ),
            ring=maps.letters(dataset.practices["flag_low_fte"].astype(int)),
            values=all_ratios,
            value_title=f"Patients per FTE GP ({choices.definition.label.lower()})",
            notes={
                code: " ".join(profile.flags(row))
                for code, row in choices.area.select(dataset.practices).iterrows()
                if row["flag_low_fte"]
            },
            selected=chosen,
            tiles=choices.tiles,
        )
        show.show_map(web, content, key="home-map", on_pick=choose)
        classes = maps.benchmark_classes(ratios, choices.benchmark.value)
        show.show_legend(
            maps.Legend(
                f"Practices: patients per FTE GP against {choices.benchmark.label}",
                maps.BENCHMARK_COLOURS,
                maps.BENCHMARK_LABELS,
                [int((classes == i).sum()) for i in range(len(maps.BENCHMARK_LABELS))],
            ),
            note="Size: registered patients. Dashed ring: implausible FTE. Hollow: no ratio.",
        )
        show.show_legend(maps.quintile_legend(choices.edition, maps.QUINTILE_GREYS))

    st.header("All practices")
    st.dataframe(
        table,
        hide_index=True,
        key="practice-table",
        on_select=choose_from_table,
        selection_mode="single-row",
        column_config=TABLE_COLUMNS,
        placeholder="no figure",
        height=360,
        alt=f"Practices of {choices.area.name} with their measures, one row each",
    )
    show.download_csv(full_precision.set_index("Code"), name=f"under-doctoring-{choices.area.key}")


def show_card(choices: Choices, code: str | None) -> None:
    """Every measure of the chosen practice, or what to do to see one."""
    if code is None:
        st.info("Choose a practice to see all its measures beside the area's and the benchmark.")
        return
    practice = choices.practices.loc[code]
    pcn = practice["pcn"] if pd.notna(practice["pcn"]) else "in no PCN"
    st.markdown(
        f"**{plain(practice['practice_name'])}** ({code}), {practice['postcode']}, "
        f"{practice['district']}  \n{plain(pcn)}"
    )
    for sentence in profile.flags(practice):
        st.markdown(f":material/flag: {sentence}")
    card = profile.practice_card(
        choices.practices,
        code,
        definition=choices.definition,
        benchmark=choices.benchmark,
        edition=choices.edition,
        area_name=choices.area.name,
    )
    show.small_table(card, caption=f"{code} beside {choices.area.name} and the benchmark")


TABLE_COLUMNS = {
    "Patients": st.column_config.NumberColumn(format="localized"),
    "FTE GPs": st.column_config.NumberColumn(format="%.1f"),
    "Patients per FTE GP": st.column_config.NumberColumn(format="%,.0f"),
    "Against benchmark": st.column_config.NumberColumn(format="%+.0f%%"),
    "FTE GPs to add": st.column_config.NumberColumn(format="%+.1f"),
    "GPs per 10,000": st.column_config.NumberColumn(format="%.1f"),
    "Aged 60+": st.column_config.NumberColumn(format="%.0f%%"),
    "IMD score": st.column_config.NumberColumn(format="%.1f"),
    "In quintile 1": st.column_config.NumberColumn(format="%.0f%%"),
}


def practice_table(choices: Choices) -> pd.DataFrame:
    """One row a practice, with the measures of the map and the card."""
    practices = choices.practices
    measures = summarise(
        practices,
        practices.index.to_series(),
        definition=choices.definition.key,
        benchmark=choices.benchmark.value,
    )
    return pd.DataFrame(
        {
            "Code": practices.index,
            "Practice": practices["practice_name"],
            "PCN": practices["pcn"],
            "District": practices["district"],
            "Patients": practices["patients"],
            "FTE GPs": measures["fte_gp"],
            "Patients per FTE GP": measures["patients_per_fte_gp"],
            "Against benchmark": 100
            * (measures["patients_per_fte_gp"] / choices.benchmark.value - 1),
            "FTE GPs to add": measures["fte_gap"],
            "GPs per 10,000": measures["gps_per_10000"],
            "Aged 60+": 100 * measures["share_gps_60_plus"],
            "IMD score": practices["imd_score"],
            "In quintile 1": 100 * quintile_shares(practices, choices.edition)[1],
            "Flags": [" ".join(profile.flags(row)) for _, row in practices.iterrows()],
        }
    )


def compact(table: pd.DataFrame) -> pd.DataFrame:
    """The table as sent to the browser: repeated words once, figures to seven digits."""
    repeated = dict.fromkeys(["PCN", "District", "Flags"], "category")
    rounded = ["Against benchmark", "GPs per 10,000", "Aged 60+", "IMD score", "In quintile 1"]
    return table.astype(repeated | dict.fromkeys(rounded, "float32"))


explore(choices)
show.footer(
    f"General Practice Workforce, {dataset.workforce_period} (NHS England). "
    f"Benchmark: {benchmark.source}. IMD {choices.edition} (MHCLG)."
)
