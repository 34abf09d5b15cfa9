"""List sizes over time: who grew, who shrank, which practices closed, merged or opened."""

import pandas as pd
import streamlit as st

from pcs_dash.measures import list_trends, words
from pcs_dash.measures.list_trends import (
    CHANGE_IN,
    HUB,
    LEVELS,
    NEAR_KM,
    PATIENTS,
    PCN,
    PER_CENT,
    PRACTICE,
    SMALL_LIST,
    WHOLE,
    PracticeChanges,
    between,
    compare_lists,
    growth_nearby,
    migrate_assignment,
    trend,
)
from pcs_dash.render import charts
from pcs_dash.ui import evidence, helping, official, page, show
from pcs_dash.ui.text import plain

dataset, web, choices = page.begin(needs_gps=False)
area = choices.area
everyone = area.select(dataset.practices)
MOST_LINES = 7
MOST_BARS = 24

st.title(f"List sizes over time: {area.label}")
helping.about("trends")
if everyone.empty:
    st.info("There is no practice in this area. Choose another.")
    st.stop()
loaded = official.history(dataset)
history = area.select(loaded) if loaded is not None else None
months = sorted(pd.to_datetime(history["period"].unique())) if history is not None else []


def groups_of(level: str, lists: pd.DataFrame) -> dict[str, str]:
    """Practice code to the words of its unit; closed practices have no PCN or hub of now."""
    plan = pd.Series(dtype="str")
    if level == HUB:
        from pcs_dash.ui.hubs import work

        plan = work.begin(dataset, choices).plan.to_series()
    return list_trends.groups_of(
        level, lists, everyone, names=official.names(dataset), plan=plan, area_name=area.name
    )


def only_now(lists: pd.DataFrame | None) -> None:
    """What can be shown without two months: today's lists, and how to get a trend."""
    when = f"only {months[0]:%B %Y} is" if months else "none is"
    show.headline(f"A trend needs the lists of at least two months; {when} loaded.")
    st.info(
        "Each month's file (Patients Registered at a GP Practice, NHS England, totals by practice) "
        "brings one more point in time. `python -m pcs_dash update list_sizes` fetches the newest; "
        "`python -m pcs_dash update --from FOLDER` reads files of other months that were "
        "downloaded by hand, any number at once. All that are loaded are kept side by side."
    )
    st.header(f"Patients by PCN now: {dataset.workforce_period}")
    sizes = everyone.groupby(everyone["pcn"].fillna("in no PCN")).agg(
        practices=("patients", "size"), patients=("patients", "sum")
    )
    sizes = sizes.sort_values("patients", ascending=False).rename_axis("pcn")
    st.dataframe(
        sizes.reset_index(),
        hide_index=True,
        column_config={
            "pcn": "PCN",
            "practices": "Practices",
            "patients": st.column_config.NumberColumn("Patients", format="localized"),
        },
        alt=f"Patients by PCN of {area.name}, one month",
    )
    show.download_csv(sizes, name=f"list-sizes-{area.key}")
    st.caption(
        "Registered patients as in the General Practice Workforce, one point in time. For 2014 "
        "beside now see the page Then and now."
    )
    del lists


def describe(first: pd.Timestamp, last: pd.Timestamp, changes: PracticeChanges) -> None:
    """The message and the five figures."""
    whole = trend(chosen, groups_of(WHOLE, chosen)).iloc[0]
    count = changes.counts
    show.headline(list_trends.sentence(area.name, whole, count, first, last))
    years = (last - first).days / 365.25
    show.figures(
        show.Figure(f"Patients, {last:%b %Y}", f"{whole['last']:,.0f}"),
        show.Figure("Change", f"{whole['change']:+,.0f}", f"{whole['change_per_cent']:+.1f}%"),
        show.Figure("Pace a year", f"{whole['per_year']:+,.0f}", f"pace over {years:.1f} years"),
        show.Figure(
            "Practices",
            f"{int(whole['practices_last']):,}",
            f"{int(whole['practices_first']):,} in {first:%b %Y}",
        ),
        show.Figure("Closed, merged, new", f"{count['closed']}, {count['merged']}, {count['new']}"),
    )
    used = sorted(pd.to_datetime(chosen["period"].unique()))
    st.caption(
        "Registered patients on the first of the month (NHS England): "
        f"{', '.join(f'{month:%B %Y}' for month in used)}. A list is not a population: lists are "
        "cleaned at times, and people are registered who have moved away."
    )
    unplaced = list_trends.unplaced(loaded) if area.kind == "district" and loaded is not None else 0
    if unplaced:
        st.caption(
            f"{words.count(unplaced, 'practice')} that closed since, of the sub-ICB locations "
            "around, may have stood here: the district is not known, so no month counts them. "
            "`python -m pcs_dash update postcodes --from FOLDER` brings it."
        )


@st.fragment
def explore() -> None:
    """Level, lines, bars and table."""
    first, second = st.columns(2, gap="medium")
    with first:
        level = st.selectbox("By", LEVELS, key="trend-by", bind="query-params")
    with second:
        measure = st.selectbox("Change in", CHANGE_IN, key="trend-in", bind="query-params")
    groups = groups_of(level, chosen)
    here = {code: unit for code, unit in groups.items() if code in set(chosen["practice_code"])}
    if not here:
        st.info("None of the practices here is in such a group. Choose another level.")
        return
    table = trend(chosen, here)
    if level == PRACTICE:
        table = table.drop(columns=["practices_first", "practices_last"])
    lines(level, table, measure)
    rows(level, table)
    left_out = chosen.loc[~chosen["practice_code"].isin(list(here)), "practice_code"].nunique()
    if left_out:
        st.caption(
            f"{words.count(left_out, 'practice')} of these lists in no "
            f"{'PCN' if level == 'PCN' else 'such group'} now: left out here, counted above."
        )


def lines(level: str, table: pd.DataFrame, measure: str) -> None:
    """The lines of chosen units beside the bars of all."""
    column = "change_per_cent" if measure == PER_CENT else "change"
    number = "+.1f" if measure == PER_CENT else "+,.0f"
    unit = "Change in %" if measure == PER_CENT else "Change in patients"
    ranked = table.dropna(subset=["change"]).sort_values(column, ascending=False)
    fair = list_trends.fair(table, measure)
    several = len(table) > 1
    left, right = st.columns(2, gap="medium") if several else (st.container(), None)
    with left:
        default = list(dict.fromkeys([*fair.index[:2], *fair.index[-2:]])) if several else []
        names = list(table.index)
        picked = (
            st.multiselect(
                f"Lines (up to {MOST_LINES}; at first the two that grew and shrank most)",
                names,
                default=default,
                max_selections=MOST_LINES,
                key=f"trend-lines-{level}-{area.key}",
                placeholder="Type a name",
            )
            if several
            else names
        )
        drawn = over_time(table.loc[picked], measure if several else PATIENTS)
        if not drawn.empty:
            title = f"{unit} since {first_month:%B %Y}" if several else "Registered patients"
            text = in_words(table.loc[picked], level)
            evidence.chart(
                charts.lists_over_time(
                    drawn,
                    title=title,
                    description=text,
                    number=number if several else ",.0f",
                ),
                text,
                key="lists",
            )
    if right is None:
        return
    with right:
        bars = fair[column].astype("float64")
        if len(bars) > MOST_BARS:
            bars = pd.concat([bars.head(MOST_BARS // 2), bars.tail(MOST_BARS // 2)])
            st.markdown(
                f"**The {MOST_BARS // 2} that grew most and the {MOST_BARS // 2} that shrank most**"
            )
        else:
            st.markdown("**Every one**")
        text = f"{unit}: " + "; ".join(f"{name} {value:{number}}" for name, value in bars.items())
        st.altair_chart(
            charts.change_bars(bars, title=unit, description=text, number=number),
            key="change-bars",
        )
        if len(fair) < len(ranked):
            st.caption(
                f"{words.count(len(ranked) - len(fair), 'list')} below {SMALL_LIST:,} patients "
                "left out of the bars: a few families move their percentage. The table has them."
            )


def over_time(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Long: unit, period, value; change since the first month, or patients for one unit."""
    dates = [name for name in table.columns if name[:2] == "20" and name.count("-") == 2]
    values = table[dates].astype("float64")
    if len(table) > 1 or measure != PATIENTS:
        start = values[dates[0]]
        change = values.sub(start, axis=0)
        values = 100 * change.div(start, axis=0) if measure == PER_CENT else change
    long = values.rename_axis("unit").reset_index().melt(id_vars="unit", var_name="period")
    return long.assign(period=pd.to_datetime(long["period"]))


def in_words(table: pd.DataFrame, level: str) -> str:
    """The chart as a sentence for each line."""
    parts = [
        f"{name}: {row['first']:,.0f} to {row['last']:,.0f} patients "
        f"({row['change_per_cent']:+.1f}%)"
        for name, row in table.dropna(subset=["change"]).iterrows()
    ]
    return (
        f"List sizes by {level.lower() if level != 'PCN' else level}, {first_month:%B %Y} to "
        f"{last_month:%B %Y}. {'; '.join(parts)}."
    )


def rows(level: str, table: pd.DataFrame) -> None:
    """Every unit with every month and the change."""
    dates = [name for name in table.columns if name[:2] == "20" and name.count("-") == 2]
    small = table["first"].lt(SMALL_LIST) | table["last"].lt(SMALL_LIST)
    shown = table.drop(columns=["first", "last"]).assign(
        note=small.map({True: f"below {SMALL_LIST:,} patients", False: ""}).fillna("")
    )
    shown = shown.sort_values("change", ascending=False, na_position="last")
    st.dataframe(
        shown.reset_index(names="unit"),
        hide_index=True,
        placeholder="no list",
        height=min(420, 38 + 35 * len(shown)),
        column_config={
            "unit": st.column_config.TextColumn(level.split(" of ")[0], pinned=True),
            "change": st.column_config.NumberColumn("Change", format="%+,.0f"),
            "change_per_cent": st.column_config.NumberColumn("Change in %", format="%+.1f%%"),
            "per_year": st.column_config.NumberColumn("Pace a year", format="%+,.0f"),
            "practices_first": "Practices then",
            "practices_last": "Practices now",
            "note": "Note",
        }
        | {
            name: st.column_config.NumberColumn(f"{pd.Timestamp(name):%b %Y}", format="localized")
            for name in dates
        },
        alt=f"List sizes by {level} and month, largest gain first",
    )
    show.download_csv(
        shown.rename_axis("unit"),
        name=f"lists-{area.key}-{level.lower().replace(' ', '-')}-{last_month:%Y-%m}",
    )
    if level in (PCN, HUB):
        st.caption(
            "Units are those of now, carried back: a practice that has closed since is in none, "
            "and a change of practices between the dates shows in the two counts."
        )


def comings_and_goings(changes: PracticeChanges) -> None:
    """Practices closed, merged, new and moved, and where patients seem to have gone."""
    st.header(f"Closed, merged, new and moved practices, {first_month:%B %Y} to {last_month:%B %Y}")
    table = changes.table[changes.table["change"] != "continuing"]
    if table.empty:
        st.markdown("**None: the same practices stand in both lists, at the same postcodes.**")
        return
    names = official.names(dataset)
    sentences = [sentence(code, row, names) for code, row in table.iterrows()]
    for text in sentences[:12]:
        st.markdown(f"- {text}")
    if len(sentences) > 12:
        st.caption(f"{len(sentences) - 12} more in the file.")
    near = growth_nearby(changes, official.positions(dataset))
    for code, group in near.groupby("closed"):
        gains = ", ".join(
            f"{plain(names.get(row.neighbour, row.neighbour))} (+{row.gained:,}, {row.km:.1f} km)"
            for row in group.itertuples()
        )
        lost = int(group["patients_lost"].iloc[0])
        st.markdown(
            f"- Near {plain(names.get(code, code))} ({code}, {lost:,} patients) grew: {gains}."
        )
    if changes.counts["closed"] + changes.counts["merged"]:
        caveat()
    show.download_csv(
        table.assign(name=pd.Series(names).reindex(table.index)),
        name=f"practice-changes-{area.key}-{first_month:%Y-%m}-{last_month:%Y-%m}",
    )


def caveat() -> None:
    """How far to trust where patients went."""
    st.caption(
        "The successor is the one the ODS names"
        + ("" if official.successors() is not None else " (that list is not loaded: `python -m "
           "pcs_dash update ods_successors --from FOLDER`)")
        + ", else a practice at the same postcode that grew by at least half of the closed list, "
        "marked as inferred. For the rest, practices within "
        f"{NEAR_KM:.0f} km that grew most: a hint, not a finding. Lists grow for many reasons, and "
        "who went where is not published."
    )  # fmt: skip


def sentence(code: str, row: pd.Series, names: dict[str, str]) -> str:
    """What happened to a practice, as Markdown."""
    who = f"**{plain(names.get(code, code))}** ({code})"
    if row["change"] == "new":
        return f"{who}: new, {row['patients_after']:,} patients."
    if row["change"] == "moved":
        return (
            f"{who}: listed at another postcode, {row['patients_before']:,} then "
            f"{row['patients_after']:,} patients."
        )
    if row["change"] == "merged":
        to = f"{plain(names.get(row['successor'], row['successor']))} ({row['successor']})"
        return (
            f"{who}: closed with {row['patients_before']:,} patients; taken over by {to}, "
            f"{row['basis']}."
        )
    return f"{who}: closed with {row['patients_before']:,} patients; no successor is known."


def plan_after(changes: PracticeChanges) -> None:
    """What the changes mean for the plan on the page Hubs."""
    opened = st.expander(
        "What this means for your plan of hubs", key="plan-after", on_change="rerun"
    )
    if not opened.open:
        return
    from pcs_dash.ui.hubs import work

    plan = work.begin(dataset, choices).plan
    known = set(changes.table.index)
    assignment = {code: hub for code, hub in plan.to_series().items() if code in known}
    migrated = migrate_assignment(assignment, changes)
    with opened:
        if not migrated.sentences:
            st.markdown("Nothing: every practice of your plan stands in both lists.")
        for text in migrated.sentences[:20]:
            st.markdown(f"- {plain(text)}")
        st.caption(
            "The plan itself is not changed here. A saved plan or a link that is opened on the "
            "page Hubs with newer data is carried over in the same way, with a report."
        )
        st.page_link("pages/hubs.py", label="Go to Hubs", icon=":material/hub:")


if history is None or len(months) < 2:
    only_now(history)
    show.footer(f"General Practice Workforce, {dataset.workforce_period} (NHS England).")
    st.stop()

start, end = st.columns(2, gap="medium")
labels = {f"{month:%B %Y}": month for month in months}
with start:
    first_name = st.selectbox("From", list(labels)[:-1], key="trend-from", bind="query-params")
first_month = labels[first_name]
# The latest month first: it is the one wanted by default.
later = [name for name, month in labels.items() if month > first_month][::-1]
with end:
    last_month = labels[st.selectbox("To", later, key="trend-to", bind="query-params")]
chosen = between(history, first_month, last_month)
two = [chosen[pd.to_datetime(chosen["period"]) == month] for month in (first_month, last_month)]
changed = compare_lists(*two, successors=official.successors())
describe(first_month, last_month, changed)
explore()
comings_and_goings(changed)
plan_after(changed)
show.footer(
    "Patients Registered at a GP Practice (NHS England), the months named. "
    "PCN, district and hub are those of now.",
)
