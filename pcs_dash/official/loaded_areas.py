"""Areas of England by name or code: England, regions, ICBs, sub-ICB locations, districts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from pcs_dash.official.store import Store
from pcs_dash.tables.areas import Area, Frame, plain_name, short_name
from pcs_dash.tables.errors import UserError

KINDS = ("england", "region", "icb", "sub_icb", "district")
AREAS = "built_areas"
# What stands for England where the data are built for one ICB or region only.
PART_OF_ENGLAND = "All that is loaded"
# Where practices and LSOAs of no known ICB stand.
NO_ICB = "none"


_KIND_WORDS = {"icb": "ICB", "sub_icb": "sub-ICB", "district": "district", "region": "region"}


@dataclass(frozen=True)
class OfficialArea(Area):
    """An area of the official data loaded: the codes that make it up, and the ICBs (partitions)
    to read for it.

    `key` follows from kind and codes: `icb-qh8`, `district-e07000069`, `england`.
    """

    key: str = ""
    codes: tuple[str, ...] = ()
    icb_codes: tuple[str, ...] = ()
    practices: int = 0
    patients: int = 0

    def __post_init__(self) -> None:
        made = f"{self.kind.replace('_', '-')}-{'+'.join(self.codes)}".lower()
        object.__setattr__(self, "key", "england" if self.kind == "england" else made)

    @property
    def loaded(self) -> bool:
        """True: of loaded data, where `tables.areas.Area` says False."""
        return True

    @property
    def label(self) -> str:
        """The name with its kind; "loaded" sets it apart from the embedded areas."""
        if self.kind == "england":
            return f"{self.name} (loaded)" if self.name == "England" else self.name
        return f"{self.title.removesuffix(')')}, loaded)"

    @property
    def title(self) -> str:
        """The name with its kind, for headings: whose data it is stands beside the figures."""
        if self.kind == "england":
            return self.name
        several_of_them = "s" if len(self.codes) > 1 else ""
        return f"{self.name} ({_KIND_WORDS[self.kind]}{several_of_them})"

    def select(self, table: Frame) -> Frame:
        """The rows of the area, by icb_code, sub_icb_code or district_code."""
        if self.kind in ("england", "region"):
            return table[table["icb_code"].isin(self.icb_codes)]
        column = f"{self.kind}_code"
        if column not in table.columns:
            raise UserError(
                f"Practices can't be chosen by {self.kind}: load 'allocations' (districts) or "
                "'pcn_membership' (ICBs) first."
            )
        return table[table[column].isin(self.codes)]


def area_table(
    practices: pd.DataFrame, lsoas: pd.DataFrame, *, whole: str = "England"
) -> pd.DataFrame:
    """Every area of the built practices: kind, code, name, icb_codes, sub_icb_codes, practices,
    patients; codes joined by spaces. `whole`: what all of them together are called.
    """
    # Registrations of practices that have closed since are under no ICB.
    rows = [_row("england", "E92000001", whole, practices, {NO_ICB})]
    for kind in KINDS[1:]:
        code = f"{kind}_code"
        if code not in practices.columns:
            continue
        there = _icbs_by(lsoas, code)
        for value, group in practices.dropna(subset=[code]).groupby(code):
            if value == NO_ICB:
                continue
            label = group[kind].dropna() if kind in group.columns else pd.Series(dtype="str")
            title = str(label.iloc[0]) if len(label) else str(value)
            rows.append(_row(kind, str(value), title, group, there.get(str(value), set())))
    return pd.DataFrame(rows)


def _icbs_by(lsoas: pd.DataFrame, code: str) -> dict[str, set[str]]:
    """The ICBs of the LSOAs of each area: those of a district can lie in another partition than
    its practices.
    """
    if code not in lsoas.columns or "icb_code" not in lsoas.columns:
        return {}
    icbs = lsoas["icb_code"].dropna().astype(str)
    return {str(area): set(own) for area, own in icbs.groupby(lsoas[code])}


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
    return _areas(store.read(AREAS))


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


def loaded_areas() -> tuple[OfficialArea, ...]:
    """ICBs, sub-ICB locations and districts of the data loaded, under short names; none where
    nothing is loaded or it can't be read.
    """
    return tuple(area for area in _every_loaded_area() if area.kind not in ("england", "region"))


def _every_loaded_area() -> tuple[OfficialArea, ...]:
    store = Store()
    try:
        manifest = store.current()
        entry = manifest.latest(AREAS) if manifest else None
        return _read_areas(str(store.root), entry.path) if entry else ()
    except UserError:
        return ()


@lru_cache(maxsize=4)
def _read_areas(root: str, path: str) -> tuple[OfficialArea, ...]:  # noqa: ARG001
    # Root and path are what the answer is kept under: a new version has another path.
    return tuple(
        replace(area, name=short_name(area.name, area.kind)) for area in official_areas(Store())
    )


def find_large_area(text: str) -> OfficialArea | None:
    """England or a region of the data loaded, by name or key; None when it is neither.

    UserError where England is asked for and the data are built for a part of it.
    """
    wanted = plain_name(text)
    large = [area for area in _every_loaded_area() if area.kind in ("england", "region")]
    for area in large:
        if wanted == plain_name(area.name) or text.strip().lower() == area.key:
            if area.kind == "england" and wanted == "england" and area.name == PART_OF_ENGLAND:
                break
            return area
    if large and wanted == "england":
        raise UserError(
            "The official data are built for a part of England only. Run `python -m pcs_dash "
            f"update --area England`, or ask for '{PART_OF_ENGLAND}'."
        )
    return None


def find_loaded_area(text: str) -> OfficialArea | None:
    """The loaded area of that key, label or name; sets of one kind by keys or names with `+`.

    `icb-qks`, `Kent and Medway`, `Kent and Medway (ICB, loaded)`, `district-e07000107+e07000109`,
    `Castle Point + Basildon` (districts before sub-ICB locations before ICBs).
    None when there is none.
    """
    wanted = " ".join(text.lower().split())
    known = loaded_areas()
    for area in known:
        if wanted in (area.key, area.label.lower()):
            return area
    for area in known:
        if wanted and plain_name(wanted) == plain_name(area.name):
            return area
    return _set_of_areas(wanted, known)


def near_names(text: str, most: int = 8) -> list[str]:
    """Labels of loaded areas whose name holds the text; none for a blank one."""
    wanted = plain_name(text)
    if not wanted:
        return []
    return [area.label for area in loaded_areas() if wanted in plain_name(area.name)][:most]


def _set_of_areas(wanted: str, known: Sequence[OfficialArea]) -> OfficialArea | None:
    """Several areas of one kind: by key, by label as `several` names them, or by their names."""
    by_key = {area.key: area for area in known}
    kind, _, codes = wanted.rpartition("-")
    keys = [f"{kind}-{code}" for code in codes.split("+")]
    if len(keys) > 1 and all(key in by_key for key in keys):
        return several([by_key[key] for key in keys])
    labelled = re.fullmatch(r"(.+) \((icb|sub-icb|district)s, loaded\)", wanted)
    if labelled:
        names = labelled[1].split(" + ")
        kinds = [word.lower() for word in _KIND_WORDS.values()]
        kind = list(_KIND_WORDS)[kinds.index(labelled[2])]
        by_name = {area.name.lower(): area for area in known if area.kind == kind}
        if all(name in by_name for name in names):
            return several([by_name[name] for name in names])
    parts = [plain_name(part) for part in re.split(r"[+;]", wanted) if part.strip()]
    for kind in ("district", "sub_icb", "icb") if len(parts) > 1 else ():
        of_kind = [area for area in known if area.kind == kind]
        here = {plain_name(area.name): area for area in of_kind}
        here |= {area.codes[0].lower(): area for area in of_kind}
        if all(part in here for part in parts):
            return several([here[part] for part in dict.fromkeys(parts)])
    return None


def find_official_area(text: str, source: Store | pd.DataFrame) -> OfficialArea:
    """The area of that code, key or name; several districts may be given with '+' or ';'.

    'QH8', 'icb-qh8', 'Mid and South Essex', 'NHS Mid and South Essex ICB', '07G', 'Thurrock',
    'Thurrock + Basildon'. An ICB wins over a sub-ICB, and that over a district, of the same
    name. UserError with near names when there is none.
    """
    table = source if isinstance(source, pd.DataFrame) else source.read(AREAS)
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
    # Sorted, so that a set has one name and one address, in whatever order it was chosen.
    return OfficialArea(
        name=" + ".join(sorted(area.name for area in areas)),
        kind=kinds.pop(),
        codes=_all_of(area.codes for area in areas),
        icb_codes=_all_of(area.icb_codes for area in areas),
        sub_icb_codes=_all_of(area.sub_icb_codes for area in areas),
        practices=sum(area.practices for area in areas),
        patients=sum(area.patients for area in areas),
    )


def _all_of(codes: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({code for some in codes for code in some}))


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
