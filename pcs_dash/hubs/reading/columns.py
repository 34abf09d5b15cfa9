"""Which column holds the practices and which the hubs: by heading, then by what is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pcs_dash.hubs.reading.faults import NEEDS, ColumnChoiceError, Faults
from pcs_dash.hubs.reading.sheet import LAST_HEADING_ROW, Row, Sheet, column_key, short
from pcs_dash.tables.no_value import means_no_group

# Headings that people use, by `column_key`. Those of the first line hold codes, of the second
# codes or names: what is in them decides.
CODES = frozenset(
    {
        "practice_code", "practicecode", "practice_codes", "prac_code", "gp_code",
        "gp_practice_code", "ods_code", "ods", "practice_ods_code", "practice_ods", "gp_ods_code",
        "odscode", "org_code", "organisation_code", "surgery_code", "national_code", "nacs_code",
        "practice_id", "code",
    }
)  # fmt: skip
EITHER = frozenset(
    {"practice", "practices", "gp_practice", "gp_practices", "surgery", "gp_surgery", "gp"}
)
NAMES = frozenset(
    {
        "practice_name", "practicename", "prac_name", "gp_name", "gp_practice_name", "surgery_name",
        "organisation_name", "org_name", "name_of_practice", "name",
    }
)  # fmt: skip
# Hubs under that very name come before the other groupings that practices are in.
HUBS = frozenset({"hub", "hub_name", "hubs", "hubname", "proposed_hub", "new_hub", "hub_proposed"})
GROUPS = frozenset(
    {
        "pcn", "pcn_name", "pcnname", "pcn_code", "pcncode", "pcn_id", "network", "network_name",
        "network_code", "primary_care_network", "primary_care_network_name", "locality",
        "locality_name", "neighbourhood", "neighbourhood_name", "integrated_neighbourhood_team",
        "int", "group", "group_name", "grouping", "cluster", "cluster_name", "team", "federation",
        "collaborative",
    }
)  # fmt: skip
SHAPE_NAMES = frozenset({"name", "title", "label"})
_PCN_NAMES = frozenset(
    {
        "pcn", "pcn_name", "pcnname", "network", "network_name", "primary_care_network",
        "primary_care_network_name",
    }
)  # fmt: skip
_PCN_CODES = frozenset({"pcn_code", "pcncode", "pcn_id", "network_code"})

PRACTICE_CODE = re.compile(r"[A-Z]\d{5}")
PCN_CODE = re.compile(r"U\d{5}")
_CODE_WITHIN = re.compile(r"(?<![A-Z0-9])[A-TV-Z]\d{5}(?![A-Z0-9])")


@dataclass(frozen=True)
class Layout:
    """Which columns of a sheet are what.

    `top`: the row of the heading, -1 without one; `practice`: None where shapes say which
    practices; `by_name`: the practice column holds names; `pcn_code`: the column of codes that
    goes with the hub column's names; `possible`: every column that could hold the hubs, the one
    taken first; `sure`: nothing but that one was likely; `word`: what a column is called.
    """

    top: int
    headings: tuple[str, ...]
    practice: int | None
    by_name: bool
    hub: int | None
    pcn_code: int | None = None
    possible: tuple[str, ...] = ()
    sure: bool = True
    word: str = "column"

    @property
    def columns(self) -> tuple[int, int]:
        """The columns of the practices and of the hubs, where rows say them."""
        assert self.practice is not None
        assert self.hub is not None
        return self.practice, self.hub

    def named(self, column: int) -> str:
        """A column in a sentence: "column 'Practice code'"."""
        return f"{self.word} '{short(self.headings[column])}'"


def code_in(text: str) -> str:
    """The practice code in a cell ("F81010", "f81010 ", '="F81010"', "F81010 - Aveley"), in
    capitals; "" where there is none or more than one.
    """
    upper = text.upper()
    if PRACTICE_CODE.fullmatch(upper):
        return upper
    found = set(_CODE_WITHIN.findall(upper)) if len(upper) < 300 else set()
    return found.pop() if len(found) == 1 else ""


def heading_worth(cells: Sequence[str]) -> int:
    """How much a row looks like the heading of a plan: 3 practices and hubs, 2 practices and
    something else, 1 a row with a code, 0 none of these.
    """
    keys = {column_key(cell) for cell in cells if cell}
    if keys & (CODES | EITHER | NAMES) and len(keys) > 1:
        return 3 if keys & (HUBS | GROUPS) else 2
    return int(len(keys) > 1 and any(_is_code(cell) for cell in cells))


def understand(sheet: Sheet, faults: Faults, *, column: str | None = None) -> Layout | None:
    """The layout of a sheet, None where it has neither practices nor shapes.

    `column`: the heading of the column with the hubs, if it is known. Raises what is wrong with a
    sheet that does have practices: no column for the hubs, or several and none more likely.
    """
    top, headings = _heading(sheet)
    columns = _Columns(sheet, top, headings, faults)
    found = columns.practices()
    if found is None and not (sheet.is_features and any(row.shape for row in columns.body)):
        return None
    practice, by_name = found or (None, False)
    hub, possible, sure = columns.hubs(practice, column)
    code = None if hub is None else columns.pcn_code(hub)
    word = "property" if sheet.is_features else "column"
    return Layout(top, headings, practice, by_name, hub, code, possible, sure, word)


# --- the heading ---


def _heading(sheet: Sheet) -> tuple[int, tuple[str, ...]]:
    """Place and texts of the heading; -1 and letters where there is none."""
    if sheet.headings is not None:
        return -1, _distinct(sheet.headings)
    filled = [
        (place, row)
        for place, row in enumerate(sheet.rows[: 10 * LAST_HEADING_ROW])
        if any(row.cells)
    ][:LAST_HEADING_ROW]
    worth = [(heading_worth(row.cells), -number) for number, (_, row) in enumerate(filled)]
    best = max(worth, default=(0, 0))
    if best[0] >= 2:
        place, row = filled[-best[1]]
        return place, _distinct(row.cells)
    for number, (_, row) in enumerate(filled):
        if any(_is_code(cell) for cell in row.cells):
            return _above(filled, number)
    # Nothing like a plan: the first row is what is said not to be a heading.
    return (filled[0][0], _distinct(filled[0][1].cells)) if filled else (-1, ())


def _above(filled: Sequence[tuple[int, Row]], number: int) -> tuple[int, tuple[str, ...]]:
    """The row above the first with a code, if it has a heading for each of its cells."""
    cells = filled[number][1].cells
    if number:
        place, above = filled[number - 1]
        if all(above.cell(column) for column, cell in enumerate(cells) if cell):
            return place, _distinct(above.cells)
    width = max(len(row.cells) for _, row in filled[number:])
    # Of a file without a heading the rows begin at once.
    return filled[number][0] - 1, tuple(f"column {_letter(n + 1)}" for n in range(width))


def _distinct(cells: Sequence[str]) -> tuple[str, ...]:
    """Headings as they stand; those without text, or that stand twice, with their letter."""
    keys = [column_key(cell) for cell in cells]
    return tuple(
        cell if cell and keys.count(key) == 1 else f"{cell} (column {_letter(place)})".strip()
        for place, (cell, key) in enumerate(zip(cells, keys, strict=True), start=1)
    )


def _letter(place: int) -> str:
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _is_code(text: str) -> bool:
    """Whether a cell has the code of a practice (a PCN's has the same form)."""
    return bool(code_in(text)) and not PCN_CODE.fullmatch(text.upper())


# --- the columns ---


class _Columns:
    """The columns of one sheet, by heading and content."""

    def __init__(self, sheet: Sheet, top: int, headings: tuple[str, ...], faults: Faults) -> None:
        self.headings = headings
        self.keys = [column_key(heading) for heading in headings]
        self.body = sheet.rows[top + 1 :]
        self.faults = faults
        self.is_features = sheet.is_features
        self.where = f"Layer '{short(sheet.name)}'" if sheet.name else "The file"
        if not sheet.is_features and top >= 0 and headings[:1] != ("column A",):
            self.where = f"{sheet.rows[top].at}: the heading"

    # Practices.

    def practices(self) -> tuple[int, bool] | None:
        """The column with the practices and whether it holds names; None where there is none."""
        share = [self._share_of_codes(place) for place in range(len(self.keys))]
        for wanted, least in ((CODES, 1e-9), (EITHER, 0.5), (set(self.keys), 0.5)):
            fit = [n for n, key in enumerate(self.keys) if key in wanted and share[n] >= least]
            if fit:
                return self._only_one(fit, share), False
        # A shape's name is its hub's, and its practices a count; "name" may be of anything.
        loose: set[str] = set()
        if self.is_features:
            loose = {"name", "code", *EITHER}
        elif not (HUBS | GROUPS) & {*self.keys}:
            loose = {"name", "code"}
        named = [n for n, key in enumerate(self.keys) if key in (CODES | EITHER | NAMES) - loose]
        filled = [n for n in named if any(row.cell(n) for row in self.body)]
        return next(((n, self.keys[n] not in CODES) for n in filled or named), None)

    def _only_one(self, fit: Sequence[int], share: Sequence[float]) -> int:
        best = max(fit, key=lambda place: share[place])
        for other in fit:
            if share[other] == share[best] and self._differ(best, other):
                self.faults.refuse(
                    f"{self.where} has the practice codes more than once, in "
                    f"'{short(self.headings[best])}' and '{short(self.headings[other])}', and they "
                    "differ. Remove one."
                )
        return best

    def _share_of_codes(self, column: int) -> float:
        filled = self._filled(column)
        return sum(map(_is_code, filled)) / len(filled) if filled else 0.0

    def _differ(self, one: int, other: int) -> bool:
        return any(code_in(row.cell(one)) != code_in(row.cell(other)) for row in self.body)

    def _filled(self, column: int) -> list[str]:
        return [cell for row in self.body if (cell := row.cell(column))]

    # Hubs.

    def hubs(
        self, practice: int | None, column: str | None
    ) -> tuple[int | None, tuple[str, ...], bool]:
        """The column with the hubs, all that could be it, and whether no other is as likely. None
        where shapes have no names at all.
        """
        tiers = [self._of_kind(kind, practice) for kind in (HUBS, GROUPS)]
        if practice is None:
            tiers.append(self._of_kind(SHAPE_NAMES, practice))
        named = [place for tier in tiers for place in tier]
        others = [n for n in range(len(self.keys)) if n != practice and n not in named]
        if column is not None:
            hub = self._called(column)
            return hub, self._told(hub, [*named, *filter(self._groups, others)]), True
        for tier in tiers:
            if tier:
                # Of namesakes none is more likely.
                if len({self.keys[place] for place in tier}) < len(tier):
                    self._ask(tier)
                hub = self._first(tier)
                rivals = [n for n in tier if n not in (hub, self.pcn_code(hub))]
                return hub, self._told(hub, [*rivals, *named]), not rivals
        only = len(others) == 1 and practice is not None
        fit = others if only else [place for place in others if self._groups(place)]
        if len(fit) > 1:
            self._ask(fit)
        if not fit and practice is not None:
            have = _quoted(self.headings[:8])
            self.faults.refuse(f"{self.where} has no column for the hubs (it has {have}). {NEEDS}")
        return (fit[0], self._told(fit[0], []), False) if fit else (None, (), True)

    def pcn_code(self, hub: int) -> int | None:
        """The column of codes that goes with the networks' names in `hub`, unless they contradict
        one another: the name of a network is its label only.
        """
        if self.keys[hub] not in _PCN_NAMES:
            return None
        codes = [n for n, key in enumerate(self.keys) if key in _PCN_CODES]
        return codes[0] if len(codes) == 1 and self._agree(codes[0], hub) else None

    def _of_kind(self, kind: frozenset[str], practice: int | None) -> list[int]:
        return [n for n, key in enumerate(self.keys) if key in kind and n != practice]

    def _told(self, hub: int, others: Sequence[int]) -> tuple[str, ...]:
        code = self.pcn_code(hub)
        places = [hub, *(place for place in others if place != code)]
        return tuple(dict.fromkeys(self.headings[place] for place in places))

    def _first(self, tier: Sequence[int]) -> int:
        """The leftmost; where that is a network's code, its name if there is one."""
        names = [n for n in tier if self.keys[n] in _PCN_NAMES]
        return names[0] if self.keys[tier[0]] in _PCN_CODES and names else tier[0]

    def _called(self, column: str) -> int:
        exact = [n for n, heading in enumerate(self.headings) if heading == column]
        wanted = exact or [n for n, key in enumerate(self.keys) if key == column_key(column)]
        if len(wanted) != 1:
            have = _quoted(self.headings[:12]) or "nothing"
            self.faults.refuse(
                f"{self.where} has no column '{short(column)}' (it has {have}). Name one of these."
            )
        return wanted[0]

    def _ask(self, fit: Sequence[int]) -> None:
        names = tuple(self.headings[place] for place in fit)
        raise ColumnChoiceError(
            self.faults.name,
            f"{self.where} has several columns that could be the hub ({_quoted(names[:12])}). Say "
            "which (on the command line with --column), or call it hub.",
            names,
        )

    def _groups(self, column: int) -> bool:
        """Whether what is in a column could be groups: texts that come again, and no measure."""
        filled = [cell for cell in self._filled(column) if not means_no_group(cell)]
        kinds = len(set(filled))
        if not filled or (len(filled) > 3 and kinds > 0.7 * len(filled)):
            return False
        figures = all(cell.replace(".", "", 1).replace(",", "").isdigit() for cell in filled)
        return not figures or kinds <= len(filled) / 2

    def _agree(self, code: int, name: int) -> bool:
        """Whether every code has one name, but for spellings."""
        names: dict[str, set[str]] = {}
        for row in self.body:
            if row.cell(code) and row.cell(name):
                names.setdefault(row.cell(code).upper(), set()).add(_bare(row.cell(name)))
        return all(map(_alike, names.values()))


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"'{short(name)}'" for name in names)


def _alike(names: set[str]) -> bool:
    first, *rest = sorted(names)
    return all(SequenceMatcher(None, first, other).ratio() >= 0.6 for other in rest)


def _bare(name: str) -> str:
    """A network's name without what all of them have."""
    common = {"pcn", "ltd", "limited", "primary", "care", "network", "and", "the"}
    return " ".join(w for w in column_key(name).split("_") if w not in common) or name
