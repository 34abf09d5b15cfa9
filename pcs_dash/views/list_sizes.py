"""List sizes over time: who grew, who shrank, which practices closed, merged or opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd

from pcs_dash.measures import list_trends, process_limits, workforce_trends
from pcs_dash.measures.list_trends import HUB, LEVELS, PCN, PER_CENT, PRACTICE, WHOLE
from pcs_dash.measures.numbers import count, number, signed
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.words import Words
from pcs_dash.views.answer import (
    CHART_COLOURS,
    Answer,
    Beside,
    Block,
    Blocks,
    Bullets,
    Chart,
    Column,
    Figure,
    Option,
    Section,
    Series,
    Table,
    Text,
    View,
    measured,
)
from pcs_dash.views.by_place import PLACE_COLOURS, PLACE_SHAPES
from pcs_dash.views.process_chart import LIMITS, NOT_WHY, fraction_of_year, process_chart, verdict
from pcs_dash.views.question import Question

MOST_LINES = 7
MOST_BARS = 24
MOST_TOLD = 12
_GREW, _SHRANK = CHART_COLOURS[:2]
_SOURCE = "NHS England, Patients Registered at a GP Practice"
_HOW = (
    "Each month's file (Patients Registered at a GP Practice, NHS England, totals by practice) "
    "brings one more point in time. Choose it under Data and methods, any number of months at "
    "once. All that are loaded are kept side by side."
)


_CAME = (
    "What each practice's list rose and fell by from one loaded month to the next, summed. At "
    "least so many came and went: who came where another went in between shows in neither. A "
    "practice taken over counts with its successor, where the ODS names it; one that closed "
    "without leaves the sums, as its patients' next practice is not published."
)
_NO_GROUP = "None of the practices here is in such a group. Choose another level."


# --- what there is ---


def _history(question: Question) -> pd.DataFrame | None:
    loaded = question.readers.history(question.dataset)
    return None if loaded is None else question.area.select(loaded)


def _months(question: Question) -> dict[str, pd.Timestamp]:
    """The months that are loaded by their names, the earliest first."""
    history = _history(question)
    periods = [] if history is None else sorted(pd.to_datetime(history["period"].unique()))
    return {f"{month:%B %Y}": month for month in periods}


def _chosen(question: Question) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last month that are asked for; all there are, where they make no sense."""
    months = _months(question)
    names = list(months)
    first = months[question.option("trend-from", names[:-1])]
    last = months[question.option("trend-to", names, names[-1])]
    return (first, last) if first < last else (months[names[0]], months[names[-1]])


def _last_months(question: Question) -> Sequence[str]:
    """Those after the first month, the latest first: it is the one wanted by default."""
    months = _months(question)
    if len(months) < 2:
        return ()
    first = months[question.option("trend-from", list(months)[:-1])]
    return [name for name, month in months.items() if month > first][::-1]


def _of_a_trend(names: Sequence[str]) -> Callable[[Question], Sequence[str]]:
    """What a trend can be asked; nothing where there is none."""
    return lambda question: names if len(_months(question)) > 1 else ()


@dataclass(frozen=True, eq=False)
class _Lists:
    """The lists `between` the two months asked for, of all months; `level`, by which they are added
    up, and `measure`, what their change is in.
    """

    question: Question
    between: pd.DataFrame
    first: pd.Timestamp
    last: pd.Timestamp
    level: str
    measure: str

    @property
    def span(self) -> str:
        return f"{self.first:%B %Y} to {self.last:%B %Y}"

    @cached_property
    def changes(self) -> list_trends.PracticeChanges:
        """What became of practices from the first to the last."""
        when = pd.to_datetime(self.between["period"])
        ends = (self.between[when == month] for month in (self.first, self.last))
        return list_trends.compare_lists(*ends, successors=self.question.readers.successors())

    @cached_property
    def units(self) -> dict[str, str]:
        """Practice code to its unit, of the practices in these lists."""
        found = units_of(self.question, self.level, self.between)
        here = set(self.between["practice_code"])
        return {code: unit for code, unit in found.items() if code in here}

    @cached_property
    def trend(self) -> pd.DataFrame:
        return list_trends.trend(self.between, self.units)

    @property
    def colours(self) -> Mapping[str, str]:
        """The units' own colours, where they are hubs."""
        return self.question.hub_colours if self.level == HUB else {}

    def colours_of(self, units: pd.Index) -> tuple[str, ...]:
        """The same in this order, for a table."""
        return self.question.colours_of(units) if self.level == HUB else ()


def _lists(question: Question) -> _Lists:
    history = _history(question)
    assert history is not None, "sections stand only where there is a history"
    first, last = _chosen(question)
    between = list_trends.between(history, first, last)
    level = question.option("trend-by", LEVELS)
    measure = question.option("trend-in", list_trends.CHANGE_IN)
    return _Lists(question, between, first, last, level, measure)


def heirs(question: Question) -> dict[str, str]:
    """Closed practice -> the one of now that took over, where the ODS's list names it."""
    return list_trends.ods_successors(
        question.readers.successors(), set(map(str, question.dataset.practices.index))
    )


def units_of(question: Question, level: str, lists: pd.DataFrame) -> dict[str, str]:
    """Practice code to its unit of that level (`list_trends.groups_of`)."""
    return list_trends.groups_of(
        level,
        lists,
        question.area.select(question.dataset.practices),
        names=question.readers.names(question.dataset),
        plan=question.shown_plan.to_series(),
        area_name=question.name,
        successors=heirs(question),
    )


# --- the answer ---


def answer(question: Question) -> Answer:
    """Who grew and who shrank between two months."""
    months = _months(question)
    if len(months) < 2:
        return _only_now(question, next(iter(months), ""))
    lists = _lists(question)
    whole = replace(lists, level=WHOLE).trend.iloc[0]
    used = sorted(pd.to_datetime(lists.between["period"].unique()))
    sections = (
        Section("lines", "Over time", partial(_over_time, lists), options=("trend-lines",)),
        Section(
            "usual",
            "More than the usual variation?",
            partial(_usual, lists),
            options=("trend-unit", "trend-follow"),
        ),
        Section("moves", "Patients who came and went, at least", partial(_moves, lists)),
        Section("months", "Every month", partial(_every_month, lists)),
        Section(
            "changes",
            f"Closed, merged, new and moved practices, {lists.span}",
            partial(_changes, lists),
        ),
        Section("plan", "What this means for your plan of hubs", partial(_plan_after, lists)),
    )
    return Answer(
        Words(
            list_trends.sentence(
                question.name, whole, lists.changes.counts, lists.first, lists.last
            ),
            "",
            "Registered patients on the first of the month (NHS England): "
            f"{', '.join(f'{month:%B %Y}' for month in used)}. A list is not a population: lists "
            "are cleaned at times, and people are registered who have moved away.",
        ),
        figures=_figures(whole, lists),
        front=_front(lists) if lists.units else (Text(_NO_GROUP, "info"),),
        below=_left_out(lists),
        sections=sections if lists.units else sections[4:],
        share=0.5,
        about_gps=False,
        sources=f"{_SOURCE}, {lists.span}",
        foot=("Patients Registered at a GP Practice (NHS England), the months named. PCN, district "
              "and hub are those of now.",),
    )  # fmt: skip


def _only_now(question: Question, month: str) -> Answer:
    """What can be shown without two months: today's lists, and how to get a trend."""
    said = "A trend needs the lists of at least two months; "
    said += f"only {month} is loaded." if month else "none is loaded."
    own = question.area.select(question.dataset.practices)
    sizes = own.groupby(own["pcn"].fillna("in no PCN")).agg(
        practices=("patients", "size"), patients=("patients", lambda each: each.sum(min_count=1))
    )
    sizes = sizes.sort_values("patients", ascending=False).rename_axis("pcn")
    table = Table(
        f"Patients by PCN of {question.name}, {question.period}",
        sizes.reset_index(),
        (Column("pcn", "PCN", wide=2.0), measured("practices"), measured("patients")),
        note="Registered patients as in the General Practice Workforce, one point in time. For "
        "2014 beside now see Deprivation and GPs, Then and now.",
        name=f"list-sizes-{question.area.key}",
    )
    return Answer(
        Words(said), front=(table,), below=(Text(_HOW, "info"),), about_gps=False,
        refusal=f"{said} {_HOW}",
    )  # fmt: skip


def _figures(whole: pd.Series, lists: _Lists) -> tuple[Figure, ...]:
    counts = lists.changes.counts
    years = (lists.last - lists.first).days / list_trends.DAYS_A_YEAR
    return (
        Figure(f"Patients, {lists.last:%b %Y}", number(whole["last"])),
        Figure("Change", signed(whole["change"], 0), f"{signed(whole['change_per_cent'])}%"),
        Figure(
            "Pace a year",
            signed(whole["per_year"], 0),
            f"pace over {number(years, 1)} years",
            slide=False,
        ),
        Figure(
            "Practices",
            f"{int(whole['practices_last']):,}",
            f"{int(whole['practices_first']):,} in {lists.first:%b %Y}",
        ),
        Figure(
            f"Practices since {lists.first:%B %Y}",
            f"{counts['closed']} closed, {counts['merged']} merged, {counts['new']} new",
        ),
    )


def _left_out(lists: _Lists) -> tuple[Block, ...]:
    """Who is not among the units shown, and who could be told of no district."""
    question, units, notes = lists.question, lists.units, []
    gone = lists.between.loc[~lists.between["practice_code"].isin(list(units)), "practice_code"]
    if units and gone.nunique():
        notes.append(
            f"{count(gone.nunique(), 'practice')} of these lists in no "
            f"{'PCN' if lists.level == PCN else 'such group'} now: left out here, counted above."
        )
    loaded = question.readers.history(question.dataset)
    district = question.area.kind == "district"
    if district and loaded is not None and (unplaced := list_trends.unplaced(loaded)):
        notes.append(
            f"{count(unplaced, 'practice')} that closed since, of the sub-ICB locations around, "
            "may have stood here: the district is not known, so no month counts them. A file of "
            "postcodes brings it (Data and methods)."
        )
    return tuple(Text(note, "note") for note in notes)


# --- who grew most ---


def lower(level: str) -> str:
    """A level inside a sentence."""
    return level if level == PCN else level.lower()


def _column(measure: str) -> tuple[str, str]:
    """The column of a trend that holds a change, and what it is called."""
    if measure == PER_CENT:
        return "change_per_cent", REGISTER["change_per_cent"].short
    return "change", "Change in patients"


def _front(lists: _Lists) -> tuple[Block, ...]:
    """Bars of the change, beside the lists at both ends."""
    table, level, measure = lists.trend, lists.level, lists.measure
    ranked = list_trends.fair(table, measure)
    column, title = _column(measure)
    shown, cut = ranked, ""
    if len(ranked) > MOST_BARS:
        half = MOST_BARS // 2
        shown = pd.concat([ranked.head(half), ranked.tail(half)])
        cut = f", the {half} that grew most and the {half} that shrank most"
    values = shown[column].astype("float64")
    decimals = 1 if measure == PER_CENT else 0
    bars = Chart(
        "bars",
        f"Change in registered patients by {lower(level)}{cut}",
        (
            Series.of(
                "Change",
                values,
                colours=tuple(_GREW if value >= 0 else _SHRANK for value in values),
            ),
        ),
        f"Bars of the change in registered patients, {lists.span}: "
        + "; ".join(f"{unit} {signed(value, decimals)}" for unit, value in values.items()),
        categories=tuple(map(str, values.index)),
        value_title=title,
        number_format='#,##0.0"%"' if decimals else "#,##0",
    )
    small = int(table["change"].notna().sum()) - len(ranked)
    left = f"{count(small, 'list')} below {list_trends.SMALL_LIST:,} patients left out: a few "
    left += "families move their percentage. The table of every month has them."
    ends = Table(
        f"List sizes by {lower(level)}, {lists.span}",
        shown[["first", "last", "change", "change_per_cent"]].rename_axis("unit").reset_index(),
        (
            Column("unit", level.split(" of ")[0], wide=2.4),
            Column("first", f"{lists.first:%b %Y}", "count", 0.9),
            Column("last", f"{lists.last:%b %Y}", "count", 0.9),
            Column("change", "Change", "signed", 0.9),
            measured("change_per_cent", 0.9, name="short"),
        ),
        note="Units are those of now, carried back. A list is not a population."
        + (f" {left}" if small else ""),
        colours=lists.colours_of(shown.index),
    )
    return (bars, ends) if len(shown) else (ends,)


# --- over time ---


def _line_labels(question: Question) -> Sequence[str]:
    return sorted(set(_lists(question).units.values())) if len(_months(question)) > 1 else ()


def _over_time(lists: _Lists, question: Question) -> Blocks:
    """Lines of the units chosen; at first of the two that grew and the two that shrank most."""
    table, measure = lists.trend, lists.measure
    fair = list_trends.fair(table, measure)
    ends = list(dict.fromkeys([*fair.index[:2], *fair.index[-2:]])) or list(table.index)
    asked = question.several("trend-lines", map(str, table.index)) or ends
    shown = table.loc[asked[:MOST_LINES]]
    alone = len(table) == 1
    values = _values(shown, list_trends.PATIENTS if alone else measure, alone=alone)
    if values.isna().all(axis=None):
        return [Text("None of these has a list at both ends.", "note")]
    title = REGISTER["patients"].long
    if not alone:
        title = f"{_column(measure)[1]} since {lists.first:%B %Y}"
    told = [
        f"{name}: {number(row['first'])} to {number(row['last'])} patients "
        f"({signed(row['change_per_cent'])}%)"
        for name, row in shown.dropna(subset=["change"]).iterrows()
    ]
    blocks: list[Block | Beside] = [
        Chart(
            "scatter",
            title,
            _lines(values, lists.colours),
            f"List sizes by {lower(lists.level)}, {lists.span}. {'; '.join(told)}.",
            value_title=title,
            number_format="#,##0.0" if measure == PER_CENT and not alone else "#,##0",
            x_dates=True,
        )
    ]
    if len(asked) > MOST_LINES:
        blocks.append(Text(f"Drawn: the first {MOST_LINES} of {len(asked)}.", "note"))
    return blocks


def _dates(table: pd.DataFrame) -> list[str]:
    """The columns of a trend that are months."""
    return [name for name in table.columns if name[:2] == "20" and name.count("-") == 2]


def _values(table: pd.DataFrame, measure: str, *, alone: bool) -> pd.DataFrame:
    """Each unit's value by month: change since the first month, or patients for one unit."""
    values = table[_dates(table)].astype("float64")
    if alone:
        return values
    start = values.iloc[:, 0]
    change = values.sub(start, axis=0)
    return 100 * change.div(start.where(start > 0), axis=0) if measure == PER_CENT else change


def _lines(values: pd.DataFrame, own: Mapping[str, str]) -> tuple[Series, ...]:
    """A line and its points for each unit, in its `own` colour if it has one; months without a list
    are passed over.
    """
    found = []
    signs = zip(PLACE_COLOURS, PLACE_SHAPES, strict=True)
    for (unit, row), (colour, shape) in zip(values.iterrows(), signs, strict=False):
        known = row.dropna()
        line = Series.of(
            str(unit),
            known,
            x=[fraction_of_year(pd.Timestamp(str(month))) for month in known.index],
            colour=own.get(str(unit), colour),
            line=True,
        )
        points = replace(line, line=False, shape=shape, labels=(line.name,) * len(known))
        found += [line, points]
    return tuple(found)


# --- more than usual? ---

_CHANGES, _LISTS = _FOLLOWED = ("Change from the month before", REGISTER["patients"].term)
_MONTHLY = replace(
    REGISTER["patients"], label="Change", long="Change in patients from the month before",
    signed=True,
)  # fmt: skip


def _units_and_whole(question: Question) -> Sequence[str]:
    """What can be followed: the area as a whole first, then the units of the level."""
    return [question.name, *_line_labels(question)] if len(_months(question)) > 1 else ()


def _usual(lists: _Lists, question: Question) -> Blocks:
    """One unit month by month, with the limits of usual variation (XmR): the change from the month
    before, as a list that grows steadily is outside its own limits all along; or the list.
    """
    unit = question.option("trend-unit", _units_and_whole(question))
    of = replace(lists, level=WHOLE).units if unit == question.name else lists.units
    own = list_trends.months_of(lists.between, of, unit, heirs(question))
    lists_shown = question.option("trend-follow", _FOLLOWED) == _LISTS
    column, stretch = ("patients", "stretch") if lists_shown else ("change", "change_stretch")
    found = process_limits.process(own[column], own[stretch])
    gaps = int(own["patients"].isna().sum())
    names = question.readers.names(question.dataset)
    told = [
        f"Taken over by {month:%B %Y}: {', '.join(f'{names.get(c, c)} ({c})' for c in codes)}. "
        "Limits begin anew."
        for month, codes in own["taken_over"].items()
        if codes
    ]
    if gaps:
        told.append(f"{count(gaps, 'month')} between not loaded.")
    return [
        Text(f"{unit}: {verdict(found)} {' '.join(told)}".strip()),
        process_chart(found, REGISTER["patients"] if lists_shown else _MONTHLY, unit),
        Text(
            f"{LIMITS}; the change after a gap is not known. A list that grows or shrinks "
            "steadily stands out all along, its changes do not. Limits begin anew where the ODS "
            f"says that a practice was taken over. {NOT_WHY}",
            "note",
        ),
    ]


# --- every month ---


def _every_month(lists: _Lists, question: Question) -> Blocks:
    level, table = lists.level, lists.trend
    if level == PRACTICE:
        table = table.drop(columns=["practices_first", "practices_last"])
    small = (table["first"] < list_trends.SMALL_LIST) | (table["last"] < list_trends.SMALL_LIST)
    shown = table.drop(columns=["first", "last"]).assign(
        note=[f"below {list_trends.SMALL_LIST:,} patients" if few is True else "" for few in small]
    )
    shown = shown.sort_values("change", ascending=False, na_position="last").rename_axis("unit")
    carried = (
        "Units are those of now, carried back: a practice that has closed since is in that of the "
        "one that took over, where the ODS names it, else in none; a "
        "change of practices between the dates shows in the two counts."
    )
    return [
        Table(
            f"List sizes by {lower(level)} and month, largest gain first",
            shown.reset_index(),
            (
                Column("unit", level.split(" of ")[0], wide=2.4),
                *(Column(day, f"{pd.Timestamp(day):%b %Y}", "count") for day in _dates(shown)),
                Column("change", "Change", "signed"),
                measured("change_per_cent", name="short"),
                Column("per_year", "Pace a year", "signed"),
                *(
                    Column(f"practices_{end}", f"Practices {when}", "count")
                    for end, when in (("first", "then"), ("last", "now"))
                    if f"practices_{end}" in shown
                ),
                Column("note", "Note"),
            ),
            note=carried if level in (PCN, HUB) else "",
            colours=lists.colours_of(shown.index),
            name=f"lists-{question.area.key}-{level.lower().replace(' ', '-')}-{lists.last:%Y-%m}",
            file=shown,
        )
    ]


# --- comings and goings ---


def _moves(lists: _Lists, question: Question) -> Blocks:
    table = workforce_trends.movements(lists.between, lists.units, heirs(question), "patients")
    caption, name = f"Patients who came and went, {lists.span}", f"lists-moves-{question.area.key}"
    return [moves_table(caption, table, lists.level, ("Came", "Went"), note=_CAME, name=name)]


def moves_table(
    caption: str, table: pd.DataFrame, level: str, words: tuple[str, str], *, note: str, name: str
) -> Table:
    """Who came and went by unit (`workforce_trends.movements`), the most who went first."""
    return Table(
        caption,
        table.sort_values("left", ascending=False).reset_index(),
        (
            Column("unit", level.split(" of ")[0], wide=2.2),
            Column("joined", f"{words[0]}, at least", "count"),
            Column("left", f"{words[1]}, at least", "count"),
            Column("compared", "Pairs of months compared", "count"),
            Column("skipped", "Pairs without a figure", "count"),
        ),
        note=note,
        name=name,
    )


def _changes(lists: _Lists, question: Question) -> Blocks:
    """Practices closed, merged, new and moved, and where patients seem to have gone."""
    changes = lists.changes
    table = changes.table[changes.table["change"] != "continuing"]
    if table.empty:
        return [Text("None: the same practices stand in both lists, at the same postcodes.")]
    names = question.readers.names(question.dataset)
    told = [_told(str(code), row, names) for code, row in table.iterrows()]
    blocks: list[Block | Beside] = [
        Bullets((*told[:MOST_TOLD], *_grown_nearby(question, changes, names)))
    ]
    if len(told) > MOST_TOLD:
        blocks.append(Text(f"{len(told) - MOST_TOLD} more in the file.", "note"))
    if changes.counts["closed"] + changes.counts["merged"]:
        blocks.append(Text(_caveat(question), "note"))
    named = table.assign(name=pd.Series(dict(names), dtype="str").reindex(table.index))
    blocks.append(
        Table(
            "Practices that changed",
            named.reset_index(),
            (
                Column("practice_code", "Code"),
                Column("name", "Practice", wide=2.0),
                Column("change", "Change"),
                Column("patients_before", f"{lists.first:%b %Y}", "count"),
                Column("patients_after", f"{lists.last:%b %Y}", "count"),
                Column("successor", "Successor"),
                Column("basis", "Known from", wide=1.6),
            ),
            missing="none",
            name=f"practice-changes-{question.area.key}-{lists.first:%Y-%m}-{lists.last:%Y-%m}",
            file=named,
        )
    )
    return blocks


def _told(code: str, row: pd.Series, names: Mapping[str, str]) -> str:
    who = f"{names.get(code, code)} ({code})"
    match row["change"]:
        case "new":
            return f"{who}: new, {row['patients_after']:,} patients."
        case "moved":
            return (
                f"{who}: listed at another postcode, {row['patients_before']:,} then "
                f"{row['patients_after']:,} patients."
            )
    closed = f"{who}: closed with {row['patients_before']:,} patients"
    if row["change"] == "merged":
        to = f"{names.get(row['successor'], row['successor'])} ({row['successor']})"
        return f"{closed}; taken over by {to}, {row['basis']}."
    return f"{closed}; no successor is known."


def _grown_nearby(
    question: Question, changes: list_trends.PracticeChanges, names: Mapping[str, str]
) -> list[str]:
    """Who grew near a practice that closed without a successor."""
    near = list_trends.growth_nearby(changes, question.readers.positions(question.dataset))
    found = []
    for code, group in near.groupby("closed"):
        gains = ", ".join(
            f"{names.get(row['neighbour'], row['neighbour'])} "
            f"(+{row['gained']:,}, {number(row['km'], 1)} km)"
            for row in group.to_dict("records")
        )
        lost = int(group["patients_lost"].iloc[0])
        who = names.get(str(code), str(code))
        found.append(f"Near {who} ({code}, {lost:,} patients) grew: {gains}.")
    return found


def _caveat(question: Question) -> str:
    """How far to trust where patients went."""
    loaded = question.readers.successors() is not None
    missing = "" if loaded else " (that list is not loaded: see Data and methods)"
    return (
        f"The successor is the one the ODS names{missing}, else a practice at the same postcode "
        "that grew by at least half of the closed list, marked as inferred. For the rest, "
        f"practices within {number(list_trends.NEAR_KM)} km that grew most: a hint, not a finding. "
        "Lists grow for many reasons, and who went where is not published."
    )


def _plan_after(lists: _Lists, question: Question) -> Blocks:
    changes = lists.changes
    known = set(changes.table.index)
    hubs = question.shown_plan.to_series()
    assignment = {str(code): str(hub) for code, hub in hubs.items() if code in known}
    told = list_trends.migrate_assignment(assignment, changes).sentences
    nothing = f"Nothing: every practice of {question.shown_plan_name} stands in both lists."
    return [
        Bullets(told[:20]) if told else Text(nothing),
        Text(
            "The plan itself is not changed here. A saved plan or a link that is opened on the "
            "page Hubs with newer data is carried over in the same way, with a report.",
            "note",
        ),
    ]


VIEW = View(
    "lists",
    "trends",
    "List sizes over time",
    "How registered lists grew or shrank between the months loaded, and which practices opened, "
    "closed or merged.",
    answer,
    options=(
        Option("trend-from", "From", choices=lambda question: list(_months(question))[:-1]),
        Option("trend-to", "To", choices=_last_months),
        Option("trend-by", "By", choices=_of_a_trend(LEVELS)),
        Option("trend-in", "Change in", choices=_of_a_trend(list_trends.CHANGE_IN)),
        Option(
            "trend-lines",
            f"Lines (up to {MOST_LINES})",
            "several",
            choices=_line_labels,
            placeholder="The two that grew and the two that shrank most",
            inside=True,
        ),
        Option("trend-unit", "Of", choices=_units_and_whole, inside=True),
        Option("trend-follow", "Follow", choices=_of_a_trend(_FOLLOWED), inside=True),
    ),
    needs_gps=False,
    with_plan=True,
)
