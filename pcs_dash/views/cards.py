"""The card of anything the search box finds: its figures, what is near, and where it belongs.

Tables in, plain text out; names in it are untrusted and shown as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pcs_dash.measures import numbers, profile
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.register import PER_GP
from pcs_dash.measures.workforce import Benchmark, GPDefinition, patients_per_fte_gp
from pcs_dash.tables.areas import Area
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.search import Hit, smallest_first

NEAREST = 5
_GROUPS = ("hub", "pcn", "area")


@dataclass(frozen=True)
class Basis:
    """What the figures of a card go by.

    `counted` are the data set's practices that count, whatever the area chosen; `areas` those
    that can be chosen; `residents` patients per FTE GP by LSOA code where registrations are
    loaded, with `residents_basis` saying of when.
    """

    dataset: Dataset
    counted: pd.DataFrame
    area: Area
    areas: Sequence[Area]
    definition: GPDefinition
    benchmark: Benchmark
    edition: str
    residents: pd.Series | None = None
    residents_basis: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text: the first cell of each row names it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Outside:
    """Says that a find lies outside the area chosen, and which area holds it, if one does."""

    text: str
    area: str = ""
    name: str = ""


@dataclass(frozen=True)
class Card:
    """What is shown of a find: sentences, tables, and whether it is outside the area chosen."""

    lines: tuple[str, ...]
    tables: tuple[Table, ...]
    outside: Outside | None = None


def card(hit: Hit, basis: Basis) -> Card:
    """The card of a find. Codes and names that the data do not hold are passed over."""
    outside = _outside(hit, basis)
    if hit.kind == "practice" and hit.key in basis.dataset.practices.index:
        return _practice(hit.key, basis, outside)
    if hit.kind in _GROUPS:
        return _group(hit, basis, outside)
    if hit.kind == "lsoa" and hit.key in basis.dataset.lsoas.index:
        return _lsoa(hit, basis, outside)
    lines = tuple(line for line in (hit.detail, hit.note) if line)
    return Card(lines, _nearest(hit.latitude, hit.longitude, basis), outside)


def smallest_area(hit: Hit, basis: Basis) -> Area | None:
    """The smallest area that can be chosen and holds the whole find; places before districts."""
    holding = [area for area in basis.areas if _held(hit, area, basis) == "whole"]
    return next(iter(smallest_first(holding, basis.dataset.practices)), None)


def _held(hit: Hit, area: Area, basis: Basis) -> str:
    """Whether an area holds a find: "whole", "part" or "none"."""
    if hit.kind in ("practice", *_GROUPS):
        known = set(hit.codes) & set(basis.dataset.practices.index)
        inside = known & set(area.select(basis.dataset.practices).index)
        if not known or not inside:
            return "none"
        return "whole" if inside == known else "part"
    code = hit.key if hit.kind == "lsoa" else _lsoa_at(hit.latitude, hit.longitude, basis.dataset)
    return "whole" if code in area.select(basis.dataset.lsoas).index else "none"


def _outside(hit: Hit, basis: Basis) -> Outside | None:
    held = _held(hit, basis.area, basis)
    if held == "whole":
        return None
    how = "Partly outside" if held == "part" else "Outside"
    text = f"{how} {basis.area.name}, the area chosen"
    if hit.kind == "area":
        target = next((area for area in basis.areas if area.key == hit.key), None)
    else:
        target = smallest_area(hit, basis)
    if target is None:
        return Outside(f"{text}, and in no single area that can be chosen here.")
    return Outside(f"{text}: its figures are not in this page's.", target.key, target.label)


def _practice(code: str, basis: Basis, outside: Outside | None) -> Card:
    practice: pd.Series = basis.dataset.practices.loc[code]  # type: ignore[assignment]
    own = basis.dataset.practices.loc[[code]]
    places = [part for part in (practice["postcode"], practice["district"]) if pd.notna(part)]
    lines = [", ".join([code, *map(str, places)])]
    if pd.notna(practice["pcn"]):
        lines.append(str(practice["pcn"]))
    if code not in basis.counted.index:
        lines.append("Left out of the area's figures, as the sidebar says.")
    lines += profile.flags(practice)
    return Card(tuple(lines), (_beside("This practice", own, code, basis),), outside)


def _group(hit: Hit, basis: Basis, outside: Outside | None) -> Card:
    own = basis.counted.loc[[code for code in hit.codes if code in basis.counted.index]]
    if own.empty:
        return Card((hit.detail, "None of its practices counts here."), (), outside)
    counts = f"{len(own):,} practice{'' if len(own) == 1 else 's'}"
    missing = int(own[basis.definition.column].isna().sum())
    lines = [f"{counts}, {int(own['patients'].sum()):,} patients."]
    left_out = len(set(hit.codes) & set(basis.dataset.practices.index)) - len(own)
    if left_out:
        lines.append(f"{left_out} of its practices left out, as the sidebar says.")
    if missing:
        lines.append(f"Practices without a GP figure: {missing}, left out of the ratio.")
    names = [f"{name} ({code})" for code, name in own["practice_name"].items()]
    if hit.kind != "area" and len(names) <= 15:
        lines.append(f"{'; '.join(names)}.")
    heading = {"hub": "This hub", "pcn": "This PCN"}.get(hit.kind, "This area")
    return Card(tuple(lines), (_beside(heading, own, hit.name, basis),), outside)


def _beside(heading: str, own: pd.DataFrame, name: str, basis: Basis) -> Table:
    """Every measure of some practices beside those of the area chosen."""
    area = basis.area.select(basis.counted)
    groups = {heading: own} | ({basis.area.name: area} if len(area) else {})
    table = profile.measure_table(
        groups, definition=basis.definition, benchmark=basis.benchmark, edition=basis.edition
    )
    benchmark = (
        f"{basis.benchmark.label}: {numbers.number(basis.benchmark.value)} patients per FTE GP"
    )
    return _table(table, f"{name} beside {basis.area.name}. Benchmark, {benchmark}")


def _lsoa(hit: Hit, basis: Basis, outside: Outside | None) -> Card:
    lsoa = basis.dataset.lsoas.loc[hit.key]
    rows = []
    for edition, count in LSOAS_IN_ENGLAND.items():
        rank, quintile = lsoa[f"imd{edition}_rank"], lsoa[f"imd{edition}_quintile"]
        shown = numbers.number(rank) if pd.isna(rank) else f"{numbers.number(rank)} of {count:,}"
        label = numbers.NO_FIGURE if pd.isna(quintile) else QUINTILE_LABELS[int(quintile)]
        rows += [(f"IMD {edition} rank (1 is most deprived)", shown)]
        rows += [(f"IMD {edition} quintile", label)]
    if basis.residents is not None:
        value = basis.residents.get(hit.key, np.nan)
        rows.append((f"{PER_GP.label} of its residents", numbers.number(value)))
    lines = [hit.detail.split(";")[0]]
    if bool(lsoa["imd2025_split"]):
        lines.append(f"Split in 2021: {lsoa['imd2025_parts']}; its 2025 rank is their mean.")
    if basis.residents is not None and basis.residents_basis:
        lines.append(f"Residents: {basis.residents_basis}.")
    figures = Table(hit.name, ("Measure", "This LSOA"), tuple(rows))
    near = _nearest(hit.latitude, hit.longitude, basis, number=3)
    return Card(tuple(lines), (figures, *near), outside)


def _nearest(
    latitude: float, longitude: float, basis: Basis, *, number: int = NEAREST
) -> tuple[Table, ...]:
    """The practices nearest to a point in a straight line, at most 50 km away."""
    easting, northing = _metres(latitude, longitude)
    practices = basis.counted
    metres = np.hypot(practices["easting"] - easting, practices["northing"] - northing)
    away = pd.Series(metres, index=practices.index) / 1_000
    near = away[away <= 50].sort_values(kind="stable").head(number)
    if near.empty:
        return ()
    own = practices.loc[near.index]
    ratios = patients_per_fte_gp(own, basis.definition.key)
    rows = tuple(
        (
            f"{name} ({code})",
            f"{numbers.number(km, 1)} km",
            numbers.number(patients),
            numbers.number(ratio),
        )
        for code, name, km, patients, ratio in zip(
            own.index, own["practice_name"], near, own["patients"], ratios, strict=True
        )
    )
    columns = ("Practice", "Away", "Patients", PER_GP.label)
    return (Table("Nearest practices, in a straight line", columns, rows),)


def _table(table: pd.DataFrame, caption: str) -> Table:
    rows = tuple(tuple(map(str, row)) for row in table.itertuples(index=False))
    return Table(caption, tuple(map(str, table.columns)), rows)


def _metres(latitude: float, longitude: float) -> tuple[float, float]:
    at = gpd.GeoSeries.from_xy([longitude], [latitude], crs=4326).to_crs(27700)
    return float(at.x.iloc[0]), float(at.y.iloc[0])


def _lsoa_at(latitude: float, longitude: float, dataset: Dataset) -> str:
    """The LSOA that holds a point, "" where none does."""
    at = gpd.GeoSeries.from_xy([longitude], [latitude], crs=4326).to_crs(27700).iloc[0]
    found = dataset.lsoas.sindex.query(at, predicate="within")
    return str(dataset.lsoas.index[found[0]]) if len(found) else ""
