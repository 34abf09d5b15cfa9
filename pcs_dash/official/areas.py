"""Areas of England by name or code: England, regions, ICBs, sub-ICB locations, districts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from pcs_dash.errors import UserError

if TYPE_CHECKING:
    from pcs_dash.official.store import Store

KINDS = ("england", "region", "icb", "sub_icb", "district")
_AREAS = "built_areas"
_NO_ICB = "none"


@dataclass(frozen=True)
class OfficialArea:
    """An area: the codes that make it up, and the ICBs (partitions) to read for it."""

    name: str
    kind: str
    codes: tuple[str, ...]
    icb_codes: tuple[str, ...]
    sub_icb_codes: tuple[str, ...] = ()
    practices: int = 0
    patients: int = 0

    @property
    def key(self) -> str:
        """What stands in an address, e.g. `icb-qh8`, `district-e07000069`, `england`."""
        if self.kind == "england":
            return "england"
        return f"{self.kind.replace('_', '-')}-{'+'.join(self.codes)}".lower()

    def select(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of the area, by icb_code, sub_icb_code or district_code."""
        column = {"icb": "icb_code", "sub_icb": "sub_icb_code", "district": "district_code"}
        if self.kind in ("england", "region"):
            return table[table["icb_code"].isin(self.icb_codes)]
        if column[self.kind] not in table.columns:
            raise UserError(
                f"Practices can't be chosen by {self.kind}: load 'allocations' (districts) or "
                "'pcn_membership' (ICBs) first."
            )
        return table[table[column[self.kind]].isin(self.codes)]


def area_table(practices: pd.DataFrame, lsoas: pd.DataFrame) -> pd.DataFrame:
    """Every area of the built practices: kind, code, name, icb_codes, sub_icb_codes, practices,
    patients; codes joined by spaces.
    """
    # Registrations of practices that have closed since are under no ICB.
    rows = [_row("england", "E92000001", "England", practices, {_NO_ICB})]
    for kind, code, name in (
        ("region", "region_code", "region"),
        ("icb", "icb_code", "icb"),
        ("sub_icb", "sub_icb_code", "sub_icb"),
        ("district", "district_code", "district"),
    ):
        if code not in practices.columns:
            continue
        there = _icbs_by(lsoas, code)
        for value, group in practices.dropna(subset=[code]).groupby(code):
            if value == _NO_ICB:
                continue
            label = group[name].dropna() if name in group.columns else pd.Series(dtype="str")
            title = str(label.iloc[0]) if len(label) else str(value)
            rows.append(_row(kind, str(value), title, group, there.get(str(value), set())))
    return pd.DataFrame(rows)


def _icbs_by(lsoas: pd.DataFrame, code: str) -> dict[str, set[str]]:
    """The ICBs of the LSOAs of each area: those of a district can lie in another partition than
    its practices.
    """
    if code not in lsoas.columns or "icb_code" not in lsoas.columns:
        return {}
    pairs = lsoas[[code, "icb_code"]].dropna().drop_duplicates()
    found: dict[str, set[str]] = {}
    for value, icb in zip(pairs[code].astype(str), pairs["icb_code"].astype(str), strict=True):
        found.setdefault(value, set()).add(icb)
    return found


def _row(
    kind: str, code: str, name: str, practices: pd.DataFrame, more_icbs: set[str]
) -> dict[str, object]:
    icbs = set(practices["icb_code"].dropna().astype(str)) | more_icbs
    return {
        "kind": kind,
        "code": code,
        "name": name,
        "icb_codes": " ".join(sorted(icbs)),
        "sub_icb_codes": " ".join(sorted(set(practices["sub_icb_code"].dropna().astype(str)))),
        "practices": len(practices),
        "patients": int(practices["patients"].sum()),
    }


def official_areas(store: Store) -> list[OfficialArea]:
    """Every area of the loaded data, England first, then regions, ICBs, sub-ICBs, districts."""
    return _areas(store.read(_AREAS))


def _areas(table: pd.DataFrame) -> list[OfficialArea]:
    return [
        OfficialArea(
            name=row["name"],
            kind=row["kind"],
            codes=(row["code"],),
            icb_codes=tuple(row["icb_codes"].split()),
            sub_icb_codes=tuple(row["sub_icb_codes"].split()),
            practices=int(row["practices"]),
            patients=int(row["patients"]),
        )
        for row in table.to_dict("records")
    ]


def plain_name(name: str) -> str:
    """'NHS Mid and South Essex Integrated Care Board' -> 'mid and south essex'."""
    text = re.sub(r"[^a-z0-9 ]+", " ", name.lower().replace("&", " and "))
    text = re.sub(r"\b(nhs|integrated care board|icb|commissioning region)\b", " ", text)
    return " ".join(text.split())


def find_official_area(text: str, source: Store | pd.DataFrame) -> OfficialArea:
    """The area of that code, key or name; several districts may be given with '+' or ';'.

    'QH8', 'icb-qh8', 'Mid and South Essex', 'NHS Mid and South Essex ICB', '07G', 'Thurrock',
    'Thurrock + Basildon'. An ICB wins over a sub-ICB, and that over a district, of the same
    name. UserError with near names when there is none.
    """
    table = source if isinstance(source, pd.DataFrame) else source.read(_AREAS)
    areas = _areas(table)
    parts = [part.strip() for part in re.split(r"[;+]", text) if part.strip()]
    if len(parts) > 1:
        return several([_one(part, areas, prefer="district") for part in parts])
    return _one(text, areas)


def several(areas: Sequence[OfficialArea]) -> OfficialArea:
    """Areas of one kind taken together; UserError when the kinds differ."""
    kinds = {area.kind for area in areas}
    if len(kinds) != 1:
        raise UserError("Choose areas of one kind: several districts, or several ICBs.")
    merged: dict[str, tuple[str, ...]] = {}
    for field in ("codes", "icb_codes", "sub_icb_codes"):
        values = {value for area in areas for value in getattr(area, field)}
        merged[field] = tuple(sorted(values))
    return OfficialArea(
        name=", ".join(area.name for area in areas),
        kind=kinds.pop(),
        practices=sum(area.practices for area in areas),
        patients=sum(area.patients for area in areas),
        **merged,
    )


def _one(text: str, areas: list[OfficialArea], *, prefer: str | None = None) -> OfficialArea:
    wanted = text.strip().lower()
    if not wanted:
        raise UserError("Name an area: England, an ICB, a sub-ICB location or a district.")
    by_code = [a for a in areas if wanted in (a.codes[0].lower(), a.key)]
    if by_code:
        return by_code[0]
    plain = plain_name(text)
    order = {kind: number for number, kind in enumerate(KINDS)}
    if prefer:
        order[prefer] = -1
    exact = [a for a in areas if plain and plain_name(a.name) == plain]
    if exact:
        return min(exact, key=lambda a: order[a.kind])
    near = [a for a in areas if plain and plain in plain_name(a.name)]
    if len(near) == 1:
        return near[0]
    names = ", ".join(f"{a.name} ({a.codes[0]})" for a in near[:12])
    icbs = ", ".join(a.name for a in areas if a.kind == "icb")
    raise UserError(
        f"There is no area called '{text}' in the data loaded. "
        + (f"Did you mean one of: {names}?" if near else f"ICBs loaded: {icbs or 'none'}.")
    )
