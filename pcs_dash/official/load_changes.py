"""What a load changed: practices that came, went or were renamed, and whose figures moved most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pandas as pd

from pcs_dash.measures.numbers import count, number, signed
from pcs_dash.measures.register import REGISTER, Measure
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, gp_definition
from pcs_dash.tables.labels import name_key

# Stands where a list of outcomes has the name of a source.
CHANGES = "changes"
LARGEST = 5
_MOST_NAMED = 10
# A smaller difference is one of binary fractions, not of a return.
_SAME = 1e-6


@dataclass(frozen=True)
class Compared:
    """A figure to compare: its column of the practices, its measure, the source of its period."""

    column: str
    measure: Measure
    source: str
    label: str

    @property
    def rated(self) -> bool:
        """Whether it is a category, of which the measure has the order (best first)."""
        return self.measure.kind != "number"


_GPS = gp_definition(DEFAULT_DEFINITION)
COMPARED = (
    Compared("list_size", REGISTER["patients"], "list_sizes", REGISTER["patients"].term),
    Compared(
        f"gp_fte_{_GPS.key}", REGISTER["practice_fte_gp"], "workforce",
        f"{REGISTER['fte_gp'].label} ({_GPS.label.lower().removesuffix(' gps')})",
    ),
    Compared("nurse_fte", REGISTER["nurse_fte"], "workforce", REGISTER["nurse_fte"].long),
    Compared(
        "direct_care_fte", REGISTER["direct_care_fte"], "workforce",
        REGISTER["direct_care_fte"].long,
    ),
    Compared("cqc_rating", REGISTER["cqc_rating"], "cqc", REGISTER["cqc_rating"].label),
)  # fmt: skip


@dataclass(frozen=True)
class Practice:
    """A practice that came, went, or goes by another name than before."""

    practice_code: str
    practice_name: str
    name_before: str = ""
    patients: float | None = None


@dataclass(frozen=True)
class Moved:
    """A practice's figure before and now; `difference` is None for a rating."""

    practice_code: str
    practice_name: str
    before: float | str
    now: float | str
    difference: float | None = None


@dataclass(frozen=True)
class FigureChanges:
    """How a figure moved over the practices that have it both times.

    `gained`, `lost`: practices of both times with a figure only now, only before. `total_before`,
    `total_now`: sums over the practices compared, None for a rating. `largest` first.
    """

    key: str
    label: str
    unit: str
    period_before: str
    period_now: str
    compared: int
    changed: int
    gained: int
    lost: int
    total_before: float | None
    total_now: float | None
    largest: tuple[Moved, ...]


@dataclass(frozen=True)
class LoadChanges:
    """What differs between the practices of two versions, each list by practice code."""

    came: tuple[Practice, ...]
    went: tuple[Practice, ...]
    renamed: tuple[Practice, ...]
    figures: tuple[FigureChanges, ...]

    def details(self) -> dict[str, object]:
        """All of it, for JSON."""
        return asdict(self)

    @property
    def any(self) -> bool:
        """Whether anything differs at all."""
        moved = any(each.changed or each.gained or each.lost for each in self.figures)
        return bool(self.came or self.went or self.renamed or moved)

    def sentences(self) -> list[str]:
        """A line on each, fit for a mail; of many practices the first are named."""
        if not self.any:
            return ["No practice, list, FTE or rating differs from the last load."]
        said = [
            f"{title}: {_listed([_told(one) for one in found])}"
            for title, found in (
                ("Practices that came", self.came),
                ("Practices that went", self.went),
                ("Practices renamed", self.renamed),
            )
        ]
        return [*said, *(line for each in self.figures for line in _figure_lines(each))]


def changes_between(
    before: pd.DataFrame,
    now: pd.DataFrame,
    periods_before: Mapping[str, str] | None = None,
    periods_now: Mapping[str, str] | None = None,
) -> LoadChanges:
    """What differs between two tables of practices, one row a practice_code each.

    A name that differs in case or spaces alone is the same. Figures are compared over practices
    that have them both times; a figure that either table lacks is left out. `periods_...`: the
    newest period (ISO date) of each source at the time.
    """
    old, new = (table.set_index("practice_code").sort_index() for table in (before, now))
    periods = (periods_before or {}, periods_now or {})
    both = old.index.intersection(new.index)
    names = pd.DataFrame({"before": _names(old)[both], "now": _names(new)[both]})
    called = names["now"].where(names["now"] != "", names["before"])
    renamed = names[(names != "").all(axis=1) & (names["before"].map(name_key)
                    != names["now"].map(name_key))]  # fmt: skip
    return LoadChanges(
        came=_practices(new.loc[new.index.difference(old.index)]),
        went=_practices(old.loc[old.index.difference(new.index)]),
        renamed=tuple(
            Practice(str(code), row["now"], name_before=row["before"])
            for code, row in renamed.iterrows()
        ),
        figures=tuple(
            _figure(each, old.loc[both], new.loc[both], called, periods)
            for each in COMPARED
            if each.column in old.columns and each.column in new.columns
        ),
    )


def _names(table: pd.DataFrame) -> pd.Series:
    """Names on one line; empty where there is none."""
    if "practice_name" not in table.columns:
        return pd.Series("", index=table.index)
    names = table["practice_name"].astype("object")
    return names.map(lambda name: "" if pd.isna(name) else " ".join(str(name).split()))


def _practices(table: pd.DataFrame) -> tuple[Practice, ...]:
    names, lists = _names(table), table.get("list_size", pd.Series(index=table.index, dtype=float))
    return tuple(
        Practice(str(code), names[str(code)], patients=None if pd.isna(size) else float(size))
        for code, size in lists.items()
    )


def _figure(
    each: Compared,
    old: pd.DataFrame,
    new: pd.DataFrame,
    names: pd.Series,
    periods: tuple[Mapping[str, str], Mapping[str, str]],
) -> FigureChanges:
    pair = pd.DataFrame({"before": old[each.column], "now": new[each.column]})
    known = pair.dropna()
    # Ratings count from the best: a step to a worse one is a fall.
    places = {name: -place for place, name in enumerate(each.measure.categories)}
    steps = (known.map(places.get) if each.rated else known).astype("float64")
    by = steps["now"] - steps["before"]
    differs = known["before"] != known["now"] if each.rated else by.abs() > _SAME
    order = by[differs].sort_values(kind="stable")
    order = order.reindex(order.abs().sort_values(ascending=False, kind="stable").index)
    largest = tuple(
        Moved(
            str(code), names[str(code)], before, now, None if each.rated else float(by[str(code)])
        )
        for code, before, now in known.loc[order.index[:LARGEST]].itertuples(name=None)
    )  # fmt: skip
    return FigureChanges(
        key=each.column,
        label=each.label,
        unit="" if each.rated else each.measure.unit,
        period_before=periods[0].get(each.source, ""),
        period_now=periods[1].get(each.source, ""),
        compared=len(known),
        changed=int(differs.sum()),
        gained=int((pair["before"].isna() & pair["now"].notna()).sum()),
        lost=int((pair["before"].notna() & pair["now"].isna()).sum()),
        total_before=None if each.rated else float(steps["before"].sum()),
        total_now=None if each.rated else float(steps["now"].sum()),
        largest=largest,
    )


# --- in words ---


def _told(one: Practice) -> str:
    called = f"{one.practice_code} {one.practice_name}".strip()
    if one.name_before:
        return f"{called} (was {one.name_before})"
    return called if one.patients is None else f"{called} ({number(one.patients)} patients)"


def _listed(told: list[str]) -> str:
    if not told:
        return "none."
    more = f"; and {len(told) - _MOST_NAMED:,} more" if len(told) > _MOST_NAMED else ""
    return f"{len(told):,}. {'; '.join(told[:_MOST_NAMED])}{more}."


def _figure_lines(each: FigureChanges) -> list[str]:
    when = f", {each.period_now}" if each.period_now else ""
    if each.period_before and each.period_before != each.period_now:
        when += f" (before: {each.period_before})"
    decimals = next(one.measure.decimals for one in COMPARED if one.column == each.key)
    said = f"{each.label}{when}: changed for {each.changed:,} of {count(each.compared, 'practice')}"
    if each.total_before is not None and each.total_now is not None and each.changed:
        said += (
            f", together {signed(each.total_now - each.total_before, decimals)} "
            f"({number(each.total_before, decimals)} to {number(each.total_now, decimals)})"
        )
    gaps = [
        f"{count(n, 'practice')} {words}"
        for n, words in ((each.gained, "with a first figure"), (each.lost, "without one now"))
        if n
    ]
    lines = [". ".join([said, *([" and ".join(gaps)] if gaps else [])]) + "."]
    for one in each.largest:
        by = "" if one.difference is None else f"{signed(one.difference, decimals)}, "
        before, now = (
            value if isinstance(value, str) else number(value, decimals)
            for value in (one.before, one.now)
        )
        lines.append(f"  {one.practice_code} {one.practice_name}: {by}{before} to {now}")
    return lines
