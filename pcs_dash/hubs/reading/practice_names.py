"""Which practice a cell means: by its code, or by its name within the area."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from pcs_dash.hubs.reading.columns import PRACTICE_CODE, code_in
from pcs_dash.hubs.reading.sheet import column_key
from pcs_dash.tables.areas import Area

# How alike two names must be to be offered as the same (difflib's ratio).
_ALIKE = 0.75
_COMMON = {
    "the", "and", "of", "dr", "drs", "doctor", "doctors", "partner", "partners", "practice",
    "prac", "surgery", "surg", "medical", "med", "centre", "center", "ctr", "mc", "hc", "group",
    "grp", "health",
}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """What a cell means. `code`: of the data, "" if none; `given`: the code or name as the file
    has it; `within`: the code was found within more text; `perhaps`: codes of names like it.
    """

    code: str
    given: str
    within: bool = False
    perhaps: tuple[str, ...] = ()


class Practices:
    """The practices there are: all of the data, and those of the area."""

    def __init__(self, practices: pd.DataFrame, area: Area | None) -> None:
        self.table = practices
        self.area = area
        here = practices if area is None else area.select(practices)
        self.inside = frozenset(map(str, here.index))
        self._codes = {str(code).upper(): str(code) for code in practices.index}

    def by_code(self, text: str) -> Match:
        """The practice of a cell with a code."""
        whole = text.strip().upper()
        if whole in self._codes:
            return Match(self._codes[whole], whole)
        found = code_in(text)
        given = found or whole
        return Match(self._codes.get(found, ""), given, within=bool(found) and found != whole)

    def by_name(self, text: str) -> Match:
        """The practice of a cell with a name; those of the area come first. One that fits
        several, or is only like one, has no code but says which it may be.
        """
        code = code_in(text)
        if code in self._codes:
            return Match(self._codes[code], text, within=True)
        found = self._by_name.get(column_key(_spelt(text)), [])
        here = [code for code in found if code in self.inside]
        fit = here or found
        if len(fit) == 1:
            return Match(fit[0], text)
        return Match("", text, perhaps=tuple(fit) or self._alike(text))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        if "practice_name" in self.table.columns:
            for code, name in self.table["practice_name"].dropna().items():
                names.setdefault(column_key(_spelt(name)), []).append(str(code))
        return names

    def _alike(self, text: str) -> tuple[str, ...]:
        """The code of the practice of the area whose name is most like a text."""
        wanted = _telling(text)
        names = {
            _telling(key): codes
            for key, codes in self._by_name.items()
            if any(code in self.inside for code in codes)
        }
        near = difflib.get_close_matches(wanted[:80], names, n=1, cutoff=_ALIKE)
        return tuple(code for name in near for code in names[name] if code in self.inside)

    def near_codes(self, code: str) -> tuple[str, ...]:
        """Codes like one that is mistyped; none for one that is a code, only not of these data."""
        if PRACTICE_CODE.fullmatch(code):
            return ()
        bare = "".join(code.split())
        if bare in self._codes:
            return (self._codes[bare],)
        return tuple(difflib.get_close_matches(code[:20], self._codes, n=3, cutoff=0.8))

    def name(self, code: str) -> str:
        """A practice as sentences call it: "Aveley Medical Centre (F81010)"."""
        name = self._value("practice_name", code)
        return f"{name} ({code})" if name else code

    def place(self, code: str) -> str:
        """Where a practice of the data is: its place, district or ICB."""
        values = (self._value(column, code) for column in ("place", "district", "icb"))
        return next(filter(None, values), "another area")

    def networks(self) -> Mapping[str, str]:
        """Name of each PCN of the data by its code."""
        if not {"pcn_code", "pcn"} <= set(self.table.columns):
            return {}
        known = self.table[["pcn_code", "pcn"]].dropna().drop_duplicates("pcn_code")
        return dict(zip(known["pcn_code"], known["pcn"], strict=True))

    def _value(self, column: str, code: str) -> str:
        if column not in self.table.columns or code not in self.table.index:
            return ""
        value: Any = self.table.at[code, column]
        return "" if pd.isna(value) else str(value)

    def area_words(self) -> str:
        """The area in a sentence."""
        return "the data" if self.area is None else self.area.label


def _spelt(name: object) -> str:
    return str(name).replace("&", " and ")


def _telling(name: str) -> str:
    """A name without the words that half of all practices have."""
    words = column_key(_spelt(name)).split("_")
    return " ".join(word for word in words if word not in _COMMON) or " ".join(words)
