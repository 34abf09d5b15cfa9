"""What the loaded lists know of a practice code that the data lack: closed, or elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import pandas as pd

from pcs_dash.official.build import PRACTICES
from pcs_dash.official.loaded_areas import short_name
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import with_words
from pcs_dash.tables.errors import UserError

_ODS, _SUCCESSORS = "ods_practices", "ods_successors"


@dataclass(frozen=True)
class Whereabouts:
    """A practice that is not in the data at hand.

    `name`: as listed, "" if not; `status`: "closed", "elsewhere" (it has a list of patients, in
    `area`) or "no list" (open in the ODS, without registered patients); `closed`: the day, ISO, ""
    if not known; `successors`: code and name ("" if not known) of those that took over.
    """

    code: str
    name: str
    status: Literal["closed", "elsewhere", "no list"]
    area: str = ""
    closed: str = ""
    successors: tuple[tuple[str, str], ...] = ()

    @property
    def words(self) -> str:
        """To follow the code: "closed on 31 March 2023, successor F81010 (Aveley)"."""
        if self.status == "elsewhere":
            return f"in {self.area}"
        if self.status == "no list":
            place = f" in {self.area}" if self.area else ""
            return f"open{place}, but without a list of patients"
        word = "successor" if len(self.successors) == 1 else "successors"
        return f"closed{_on(self.closed)}" + (f", {word} {self._heirs}" if self._heirs else "")

    @property
    def sentence(self) -> str:
        """Whole, for a search that found nothing else."""
        if self.status == "closed":
            then = f" Its successor is {self._heirs}." if self._heirs else ""
            return f"{self._called} closed{_on(self.closed)}.{then}"
        return f"{self._called} is {self.words}."

    @property
    def _heirs(self) -> str:
        return " and ".join(f"{code} ({name})" if name else code for code, name in self.successors)

    @property
    def _called(self) -> str:
        return f"{self.name} ({self.code})" if self.name else self.code


def whereabouts(codes: Collection[str], store: Store | None = None) -> dict[str, Whereabouts]:
    """What is known of these codes, by code (in capitals); those no loaded list has are left out.

    Empty where no official data are loaded or they can't be read.
    """
    known = _all(store or Store()) if codes else {}
    return {code: known[code] for code in map(str.upper, codes) if code in known}


def sentences(store: Store | None = None) -> dict[str, str]:
    """What the loaded lists know of every practice code, for a search; empty where none is."""
    return {code: known.sentence for code, known in _all(store or Store()).items()}


def _all(store: Store) -> Mapping[str, Whereabouts]:
    manifest = store.current()
    if manifest is None:
        return {}
    try:
        return _known(store.root, manifest.identity)
    except (UserError, OSError):
        return {}


@lru_cache(maxsize=1)
def _known(root: object, identity: str) -> Mapping[str, Whereabouts]:  # noqa: ARG001
    """Every practice that is listed, read once for a version of the data."""
    store = Store(root.parent)  # type: ignore[attr-defined]
    manifest = store.require()
    found: dict[str, Whereabouts] = {}
    ods = None if manifest.latest(_ODS) is None else store.read(_ODS)
    listed = None if manifest.latest(PRACTICES) is None else store.read(PRACTICES)
    names = _names(ods) | _names(listed)
    heirs = _heirs(store) if manifest.latest(_SUCCESSORS) is not None else {}
    if ods is not None:
        found |= _of_ods(ods, _icb_names(listed), names, heirs)
    for code, heir in heirs.items():
        if code not in found:
            found[code] = Whereabouts(
                code, names.get(code, ""), "closed", successors=_named(heir, names)
            )
    if listed is not None:
        found |= _with_list(listed, names)
    return found


def _of_ods(
    ods: pd.DataFrame,
    icbs: Mapping[str, str],
    names: Mapping[str, str],
    heirs: Mapping[str, tuple[str, ...]],
) -> dict[str, Whereabouts]:
    found = {}
    columns = ["practice_code", "status", "closed", "icb_code"]
    for code, status, closed, icb in ods[columns].itertuples(index=False, name=None):
        name = names.get(code, "")
        if status == "closed" or pd.notna(closed):
            day = "" if pd.isna(closed) else f"{pd.Timestamp(closed):%Y-%m-%d}"
            successors = _named(heirs.get(code, ()), names)
            found[code] = Whereabouts(code, name, "closed", closed=day, successors=successors)
        else:
            found[code] = Whereabouts(code, name, "no list", area=icbs.get(str(icb), ""))
    return found


def _with_list(listed: pd.DataFrame, names: Mapping[str, str]) -> dict[str, Whereabouts]:
    icbs = _icb_names(listed)
    places = with_words(listed, ["icb_code"])[["practice_code", "icb_code"]].astype(str)
    unknown = "an ICB that is not known"
    return {
        code: Whereabouts(code, names.get(code, ""), "elsewhere", area=icbs.get(icb, unknown))
        for code, icb in places.itertuples(index=False, name=None)
    }


def _icb_names(listed: pd.DataFrame | None) -> dict[str, str]:
    # The first name of a code counts.
    pairs = reversed(_pairs(listed, "icb_code", "icb"))
    return {code: short_name(name, "icb") for code, name in pairs}


def _names(table: pd.DataFrame | None) -> dict[str, str]:
    return dict(_pairs(table, "practice_code", "practice_name"))


def _pairs(table: pd.DataFrame | None, *columns: str) -> list[tuple[str, str]]:
    """Two columns row by row, where both are known; nothing of a table that lacks one."""
    if table is None or not set(columns) <= set(table.columns):
        return []
    return list(table[[*columns]].dropna().astype(str).itertuples(index=False, name=None))


def _heirs(store: Store) -> dict[str, tuple[str, ...]]:
    """Code -> the codes at the end of its chains of successors."""
    step: dict[str, list[str]] = {}
    for code, heir in _pairs(store.read(_SUCCESSORS), "practice_code", "successor_code"):
        step.setdefault(code, []).append(heir)
    return {code: _ends(code, step) for code in step}


def _ends(code: str, step: Mapping[str, list[str]]) -> tuple[str, ...]:
    ends: dict[str, None] = {}
    seen, waiting = {code}, list(step[code])
    while waiting:
        at = waiting.pop(0)
        if at in seen:
            continue
        seen.add(at)
        if at in step:
            waiting += step[at]
        else:
            ends[at] = None
    return tuple(ends)


def _named(codes: Collection[str], names: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((code, names.get(code, "")) for code in codes)


def _on(day: str) -> str:
    if not day:
        return ""
    date = pd.Timestamp(day)
    return f" on {date.day} {date:%B %Y}"
