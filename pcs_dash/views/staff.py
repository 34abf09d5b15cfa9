"""Who works here: staff by role now, and month by month with the limits of usual variation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import pandas as pd

from pcs_dash.measures import process_limits
from pcs_dash.measures import workforce_trends as trends
from pcs_dash.measures.list_trends import LEVELS, PCN, WHOLE
from pcs_dash.measures.numbers import count, number
from pcs_dash.measures.process_limits import FEWEST, Process
from pcs_dash.measures.register import REGISTER, Measure
from pcs_dash.measures.words import Words, lower_first
from pcs_dash.views.answer import (
    Answer,
    Blocks,
    Column,
    Figure,
    Option,
    Section,
    Table,
    Text,
    View,
    measured,
)
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.list_sizes import heirs, lower, moves_table, units_of
from pcs_dash.views.phrases import short_list
from pcs_dash.views.process_chart import LIMITS, NOT_WHY, process_chart, verdict
from pcs_dash.views.question import Question
from pcs_dash.views.readers import staff_of_networks

_SOURCE = "NHS England, General Practice Workforce"
_HOW = (
    "Each month's practice-level file (General Practice Workforce, NHS England) brings one more "
    "point in time. Choose it under Data and methods, any number of months at once."
)
_RULES = (
    f"{LIMITS}; limits begin anew in February 2023, when missing figures came to be marked. "
    f"{NOT_WHY}"
)
_CARRIED = (
    "Units are those of now; a practice that has closed since counts with the one that took over, "
    "where the ODS names it."
)
_CAME = (
    "Fully qualified GPs by headcount: what each practice's number rose and fell by from one "
    "loaded month to the next, summed. At least so many joined and left: who was replaced in "
    "between shows in neither, and who works at two practices counts twice. Merged practices count "
    "as one."
)
_MOST_ROLES = 8
_LEVELS = (WHOLE, *(level for level in LEVELS if level != WHOLE))


@dataclass(frozen=True, eq=False)
class _Staff:
    """The area's staff by month, and what is asked of it."""

    question: Question
    history: pd.DataFrame
    measures: Mapping[str, Measure]

    @cached_property
    def months(self) -> list[pd.Timestamp]:
        return sorted(pd.to_datetime(self.history["period"].unique()))

    @cached_property
    def level(self) -> str:
        return self.question.option("staff-by", _LEVELS)

    @cached_property
    def measure(self) -> Measure:
        return self.measures[self.question.option("staff", self.measures)]

    def units(self, level: str) -> dict[str, str]:
        """Practice code to its unit, closed ones too."""
        return kept(self, ("units", level), lambda: self._units(level))

    def _units(self, level: str) -> dict[str, str]:
        heir, found = heirs(self.question), units_of(self.question, level, self.history)
        return {code: found.get(heir.get(code, code), unit) for code, unit in found.items()}

    def by_month(self, level: str, key: str) -> pd.DataFrame:
        """A measure by unit and month (`workforce_trends.by_month`)."""
        definition = self.question.definition.key
        return trends.by_month(self.history, self.units(level), key, definition)

    @cached_property
    def choices(self) -> list[str]:
        """The units that one can be chosen of; none of the area as a whole."""
        return [] if self.level == WHOLE else sorted(set(self.units(self.level).values()))

    @cached_property
    def unit(self) -> str:
        return self.question.option("staff-of", self.choices) or self.question.name


def _staff(question: Question) -> _Staff | None:
    found = question.readers.staff(question.dataset)
    own = None if found is None else question.area.select(found)
    if own is None or own.empty:
        return None
    return _Staff(question, own.reset_index(drop=True), trends.menu(own))


def _measures(question: Question) -> Mapping[str, str]:
    staff = _staff(question)
    return {} if staff is None else {key: each.long for key, each in staff.measures.items()}


def _units(question: Question) -> Sequence[str]:
    staff = _staff(question)
    return () if staff is None else staff.choices


# --- the answer ---


def answer(question: Question) -> Answer:
    """One measure of one unit month by month, and staff by role of every unit now."""
    staff = _staff(question)
    if staff is None:
        said = f"No staff figures are loaded for {question.name}."
        return Answer(Words(said), below=(Text(_HOW, "info"),), refusal=f"{said} {_HOW}")
    networks = Section("networks", "Staff employed by the networks", _networks)
    if len(staff.months) < 2:
        return _only_now(staff, networks)  # the roles stand in front
    months = staff.by_month(staff.level, staff.measure.key)
    shown = PCN if staff.level == WHOLE else staff.level
    own = trends.with_gaps(months[months["unit"] == staff.unit].drop(columns="unit"))
    found = process_limits.process(own["value"], own["stretch"])
    sections = (
        Section("months", "Every month", lambda _: [_every_month(staff, own, found)]),
        Section("moves", "GPs who joined and left, at least", partial(_moves, staff)),
        Section("roles", "Staff by role now", lambda _: [_roles_table(staff, staff.level)]),
        networks,
    )
    return Answer(
        _said(staff, own, found),
        figures=_figures(staff, own, found),
        front=(process_chart(found, staff.measure, staff.unit), _ends(staff, shown)),
        below=(Text(_RULES, "note"),),
        sections=sections,
        share=0.58,
        stacked=True,
        sources=f"{_SOURCE}, {_span(staff)}",
        foot=(_CARRIED,),
    )


def _span(staff: _Staff) -> str:
    return f"{staff.months[0]:%B %Y} to {staff.months[-1]:%B %Y}"


def _only_now(staff: _Staff, networks: Section) -> Answer:
    """Roles of one month, and how to get more."""
    question, month = staff.question, f"{staff.months[0]:%B %Y}"
    total = {key: staff.by_month(WHOLE, key) for key in trends.ROLES}
    known = {key: table.iloc[0] for key, table in total.items() if table["value"].notna().any()}
    told = [
        f"{lower_first(REGISTER[key].label)} {REGISTER[key].text(row['value'])}"
        for key, row in known.items()
        if key.startswith("fte_")
    ]
    return Answer(
        Words(
            f"FTE in {question.name} in {month}: {', '.join(told)}.",
            f"Only {month} is loaded: change shows with two months or more.",
            f"What is usual shows with {FEWEST}. Sums over the practices that report each. "
            f"{_SOURCE}.",
        ),
        figures=tuple(
            Figure(REGISTER[key].label, REGISTER[key].text(row["value"]),
                   f"FTE, {row['n']:,} of {row['of']:,} practices")
            for key, row in list(known.items())[:4]
        ),
        front=(_roles_table(staff, staff.level if staff.level != WHOLE else PCN),),
        below=(Text(_HOW, "info"),),
        sections=(networks,),
        sources=f"{_SOURCE}, {month}",
    )  # fmt: skip


def _said(staff: _Staff, own: pd.DataFrame, found: Process) -> Words:
    """What became of the measure, and whether that is more than the usual variation."""
    measure, known = staff.measure, own["value"].dropna()
    if known.empty:
        return Words(f"No month has a figure for {measure.noun} of {staff.unit}.")
    first, last = known.iloc[0], known.iloc[-1]
    finding = (
        f"{measure.long} of {staff.unit}: {measure.text(first)} in {known.index[0]:%B %Y}, "
        f"{measure.text(last)} in {known.index[-1]:%B %Y}."
    )
    gaps = int(own["n"].isna().sum())
    lost = f" {count(gaps, 'month')} between not loaded." if gaps else ""
    latest = own.dropna(subset=["n"]).iloc[-1]
    basis = (
        f"{int(latest['n']):,} of {count(int(latest['of']), 'practice')} report it in "
        f"{known.index[-1]:%B %Y}.{lost} {staff.question.definition.label}. {_SOURCE}."
    )
    return Words(
        f"{finding} {verdict(found)}", "A month that stands out says nothing of why.", basis
    )


def _figures(staff: _Staff, own: pd.DataFrame, found: Process) -> tuple[Figure, ...]:
    known = own["value"].dropna()
    measure = staff.measure
    out = len(found.signals) if found.limited else float("nan")
    ends = [] if known.empty else [known.iloc[-1], known.iloc[0]]
    figures = [
        Figure(f"{measure.short}, {known.index[place]:%b %Y}", measure.text(value))
        for place, value in zip((-1, 0), ends, strict=False)
    ]
    return (
        *figures,
        Figure("Months", f"{len(staff.months):,}", _span(staff)),
        Figure("Months that stand out", number(out)),
    )  # fmt: skip


# --- the tables ---


def _ends(staff: _Staff, level: str) -> Table:
    measure = staff.measure
    months = staff.by_month(level, measure.key)
    wide = {}
    for when, name in ((staff.months[0], "first"), (staff.months[-1], "last")):
        part = months[months["period"] == when].set_index("unit")
        wide[name] = part["value"]
        wide[f"{name}_n"] = part["n"]
    frame = pd.DataFrame(wide).rename_axis("unit").reset_index()
    frame["change"] = frame["last"] - frame["first"]
    first, last = (f"{month:%b %Y}" for month in (staff.months[0], staff.months[-1]))
    signed = "signed_tenth" if measure.decimals else "signed"
    return Table(
        f"{measure.long} by {lower(level)}, {_span(staff)}",
        frame.sort_values("change", ascending=False, na_position="last"),
        (
            Column("unit", level.split(" of ")[0], wide=2.2),
            Column("first", first, measure.form),
            Column("last", last, measure.form),
            Column("change", "Change", signed),
            Column("first_n", f"Practices reporting, {first}", "count", only="page"),
            Column("last_n", f"Practices reporting, {last}", "count", only="page"),
        ),
        note="A change of who reports moves a sum too: compare the practices reporting.",
        name=f"staff-{staff.question.area.key}-{measure.key}",
    )


def _every_month(staff: _Staff, own: pd.DataFrame, found: Process) -> Table:
    """The months of the unit, gaps among them."""
    measure = staff.measure
    frame = own.drop(columns=["value", "stretch"]).join(found.points)
    notes = frame["signal"].mask(own["n"].isna(), "not loaded")
    changed = own["stretch"].ne(own["stretch"].shift(fill_value=own["stretch"].iloc[0]))
    notes = notes.mask(changed, "figures marked as missing from here")
    frame = frame.assign(note=notes, month=[f"{month:%b %Y}" for month in frame.index])
    return Table(
        f"{measure.long} of {staff.unit} by month",
        frame.iloc[::-1].reset_index(),
        (
            Column("month", "Month"),
            Column("value", measure.label, measure.form),
            Column("low", "Lower limit", measure.form, only="page"),
            Column("high", "Upper limit", measure.form, only="page"),
            Column("n", "Practices reporting", "count"),
            Column("of", "Practices", "count"),
            Column("note", "Note", wide=1.6),
        ),
        name=f"staff-months-{staff.question.area.key}-{measure.key}",
    )


def _moves(staff: _Staff, question: Question) -> Blocks:
    table = trends.movements(staff.history, staff.units(staff.level), heirs(question))
    caption, name = f"GPs who joined and left, {_span(staff)}", f"staff-moves-{question.area.key}"
    return [moves_table(caption, table, staff.level, ("Joined", "Left"), note=_CAME, name=name)]


def _roles_table(staff: _Staff, level: str) -> Table:
    newest = staff.months[-1]
    now = _Staff(staff.question, staff.history[staff.history["period"] == newest], staff.measures)
    keys = [key for key in staff.measures if key in trends.ROLES]
    parts = {key: now.by_month(level, key).set_index("unit") for key in keys}
    frame = pd.DataFrame({key: part["value"] for key, part in parts.items()})
    frame["of"] = next(iter(parts.values()))["of"]
    frame["without"] = pd.DataFrame(
        {key: part["of"] - part["n"] for key, part in parts.items()}
    ).max(axis=1)
    nowhere = int(now.by_month(WHOLE, keys[0])["of"].sum() - frame["of"].sum())
    left = f"{count(nowhere, 'practice')} in none of these, so in no row. " if nowhere else ""
    return Table(
        f"Staff by role and {lower(level)}, FTE, {newest:%B %Y}",
        frame.rename_axis("unit").reset_index(),
        (
            Column("unit", level.split(" of ")[0], wide=2.2),
            Column("of", REGISTER["practices"].label, "count"),
            *(measured(key, 0.9) for key in keys),
            Column("without", "Practices without a figure", "count"),
        ),
        note="Sums over the practices that report; third-year trainees are among the trainees. "
        f"{left}{_CARRIED}",
        name=f"staff-roles-{staff.question.area.key}",
    )  # fmt: skip


def _networks(question: Question) -> Blocks:
    """Staff employed by PCNs, which no practice's figures hold."""
    found = staff_of_networks(question.readers, question.dataset)
    own = question.area.select(question.dataset.practices)
    codes = own.dropna(subset=["pcn_code"]).drop_duplicates("pcn_code").set_index("pcn_code")["pcn"]
    table = None if found is None else found[found["pcn_code"].astype("str").isin(codes.index)]
    if table is None or table.empty:
        return [
            Text(
                "Staff whom networks employ (pharmacists, link workers, care coordinators ...) "
                "are in no practice's figures. The PCN Workforce (NHS England, individual level) "
                "brings them: Data and methods takes it.",
                "info",
            )
        ]
    month = f"{table['period'].max():%B %Y}"
    roles = table.groupby("staff_role", observed=True)["fte"].sum(min_count=1).dropna()
    shown = [str(name) for name in roles.sort_values(ascending=False).index[:_MOST_ROLES]]
    wide = table.assign(
        unit=table["pcn_code"].astype("str").map(codes),
        role=table["staff_role"].astype("str").where(table["staff_role"].isin(shown), "Others"),
    ).pivot_table(index="unit", columns="role", values="fte", aggfunc="sum")
    order = [*shown, *(["Others"] if "Others" in wide.columns else [])]
    wide = wide.reindex(columns=order)
    wide.insert(0, "all", wide.sum(axis=1, min_count=1))
    without = sorted(set(codes) - set(wide.index))
    total = f"{question.name}, {month}: {number(wide['all'].sum(), 1)} FTE employed by "
    return [
        Text(f"{total}{count(len(wide), 'network')}; practices' own staff are not among them."),
        Table(
            f"Staff employed by networks, FTE, {month}",
            wide.sort_values("all", ascending=False).reset_index(),
            (
                Column("unit", PCN, wide=2.2),
                Column("all", "All", "tenth"),
                *(Column(name, name, "tenth") for name in order),
            ),
            note=f"{_SOURCE.replace('General Practice', 'Primary Care Network')}. An empty cell: "
            "nobody is counted in that role. A person on leave or contracted by the hour may have "
            f"no FTE. Networks of now without any: {short_list(without, 6) or 'none'}.",
            missing="",
            name=f"network-staff-{question.area.key}",
        ),
    ]


VIEW = View(
    "staff",
    "staff",
    "Who works here",
    "GPs by role, nurses and others, now and month by month: what is more than usual variation.",
    answer,
    options=(
        Option("staff", "Measure", choices=_measures),
        Option("staff-by", "By", choices=lambda question: _LEVELS if _staff(question) else ()),
        Option("staff-of", "Of", choices=_units),
    ),
    with_plan=True,
)  # fmt: skip
