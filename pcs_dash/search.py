"""One search box: practice, hub, PCN, area, town, postcode or LSOA by any part of name or code.

The text is untrusted: it is cut to 100 characters, stripped of accents, case and punctuation, and
only ever compared. Build an index once and ask it at every key.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pcs_dash.areas import all_areas
from pcs_dash.build import Dataset
from pcs_dash.hubs.plan import Plan

MAX_QUERY = 100
# Kinds in the order in which equally good finds are shown.
KINDS = ("practice", "hub", "pcn", "area", "town", "postcode", "lsoa")

_POSTCODE = re.compile(r"([a-z]{1,2}\d[a-z\d]?) ?(\d[a-z]{2})")
_SECTOR = re.compile(r"([a-z]{1,2}\d[a-z\d]?) (\d)[a-z]?")
_DISTRICT = re.compile(r"[a-z]{1,2}\d[a-z\d]?")
_LIKE_A_POSTCODE = re.compile(r"[a-z]{1,2}\d")
# "Saint Mary's" is "St Marys" in one place and "St. Mary's" in the next.
_SAME = {"saint": "st", "doctor": "dr", "doctors": "drs", "road": "rd", "centre": "ctr"}
_SAME |= {"center": "ctr", "and": ""}


@dataclass(frozen=True)
class Hit:
    """A find: what it is, where it is (degrees), and how it was found.

    `key` is the practice code, hub id, PCN or town name, area key, postcode or LSOA code. `codes`
    are the practices it stands for. `note` says what an inexact find rests on, "" for an exact one.
    `score` is higher for better finds; only its order means anything.
    """

    kind: str
    key: str
    name: str
    detail: str
    latitude: float
    longitude: float
    zoom: int
    codes: tuple[str, ...] = ()
    note: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class _Entry:
    hit: Hit
    name: str
    codes: tuple[str, ...]
    words: str
    weight: float


class SearchIndex:
    """Everything that can be found. Immutable; `find` is safe to call from several threads."""

    def __init__(self, entries: Sequence[_Entry], postcodes: _Postcodes) -> None:
        self._entries = tuple(entries)
        self._postcodes = postcodes
        # One long text is searched far quicker than a thousand short ones; line n is entry n.
        lines = [entry.words for entry in self._entries]
        self._text = "\n".join(lines)
        self._starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, text: str, limit: int = 10) -> list[Hit]:
        """The best finds, best first; none for a blank text. Every word typed must occur."""
        query = normalise(str(text)[:MAX_QUERY])
        if not query:
            return []
        compact = query.replace(" ", "")
        words = query.split()
        found = []
        for entry in self._candidates(words, compact):
            score = _score(entry, query, compact, words)
            if score > 0:
                found.append((-score - entry.weight, KINDS.index(entry.hit.kind), entry))
        found.sort(key=lambda item: (item[0], item[1], item[2].name))
        hits = [_scored(entry.hit, -order) for order, _, entry in found[:limit]]
        if _LIKE_A_POSTCODE.match(compact):
            # A postcode in full is what was asked for; part of one may be part of a code.
            places = self._postcodes.find(query)
            if _POSTCODE.fullmatch(compact):
                hits = [*places, *hits]
            else:
                hits = [*hits[: limit - len(places)], *places]
        return hits[:limit]

    def _candidates(self, words: Sequence[str], compact: str) -> list[_Entry]:
        """The entries that hold the longest word typed, or all of it without its spaces."""
        asked = {max(words, key=len)} | ({compact} if len(words) > 1 else set())
        lines: set[int] = set()
        for word in asked:
            # One or two letters are in almost everything: they must begin a word.
            wanted = f" {word}" if len(word) < 3 else word
            at = self._text.find(wanted)
            while at >= 0:
                line = bisect_right(self._starts, at) - 1
                lines.add(line)
                at = self._text.find(wanted, self._starts[line + 1])
        return [self._entries[line] for line in sorted(lines)]


def build_index(
    dataset: Dataset, *, plan: Plan | None = None, directory: pd.DataFrame | None = None
) -> SearchIndex:
    """The index of a data set and, where given, of a plan's hubs.

    `directory`: positions of postcodes where a directory is loaded, index postcode, columns
    easting and northing (EPSG:27700). Without it a postcode that is no practice's is answered by
    its sector or district, and the find says so.
    """
    places = _Places(dataset)
    practices = dataset.practices
    entries = [*_practice_entries(practices, places), *_pcn_entries(practices, places)]
    if plan is not None:
        entries += _hub_entries(plan, practices, places)
    entries += _area_entries(dataset, places)
    entries += _town_entries(dataset)
    entries += _lsoa_entries(dataset)
    return SearchIndex(entries, _Postcodes(practices, places, directory))


def normalise(text: str) -> str:
    """Lower case without accents; apostrophes vanish, other punctuation parts words."""
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()
    plain = re.sub(r"['’‘`´]", "", plain).replace("&", " and ")
    words = re.findall(r"[^\W_]+", plain)
    return " ".join(word for word in (_SAME.get(word, word) for word in words) if word)


def _score(entry: _Entry, query: str, compact: str, words: Sequence[str]) -> float:
    """How well an entry matches: whole code or name, then beginnings, then parts; 0 for none."""
    for code in entry.codes:
        if code == compact:
            return 100
        # "f8" begins two hundred codes, so a code's beginning counts from three characters on.
        if len(compact) >= 3 and code.startswith(compact):
            return 70
    if entry.name == query:
        return 90
    if entry.name.startswith(query):
        return 60
    total = 0.0
    for word in words:
        at = entry.words.find(word)
        if at < 0:
            # "ss7 4ea" is the code "ss74ea", whichever way it is typed.
            return 20 if len(compact) >= 4 and any(compact in c for c in entry.codes) else 0
        if f" {word} " in entry.words:
            total += 40
        elif f" {word}" in entry.words:
            total += 30
        elif len(word) < 3:
            return 0
        else:
            total += 10
        # A word of the name says more than one of the district or the town nearby.
        total += 5 if word in entry.name else 0
    return total / len(words)


def _scored(hit: Hit, score: float) -> Hit:
    return Hit(**{**hit.__dict__, "score": score})


def _entry(hit: Hit, *, codes: Iterable[str] = (), also: str = "", weight: float = 0.0) -> _Entry:
    name = normalise(hit.name)
    compact = tuple(code for code in (normalise(c).replace(" ", "") for c in codes) if code)
    words = " ".join([name, normalise(also), *compact])
    return _Entry(hit, name, compact, f" {words} ", weight)


class _Places:
    """Degrees of practices, and the town that a point is nearest to."""

    def __init__(self, dataset: Dataset) -> None:
        practices = dataset.practices
        at = gpd.GeoSeries.from_xy(practices["easting"], practices["northing"], crs=27700)
        degrees = at.to_crs(4326)
        self._at = dict(
            zip(
                practices.index,
                zip(degrees.y.tolist(), degrees.x.tolist(), strict=True),
                strict=True,
            )
        )
        self._towns = dataset.towns["name"].to_list()
        self._town_xy = np.column_stack([dataset.towns.geometry.x, dataset.towns.geometry.y])

    def of(self, codes: Sequence[str]) -> tuple[float, float]:
        """The middle of some practices; NaN where none has a position."""
        latitudes, longitudes = zip(*(self._at[code] for code in codes), strict=True)
        return round(float(np.mean(latitudes)), 5), round(float(np.mean(longitudes)), 5)

    def town(self, easting: float, northing: float) -> str:
        if not len(self._towns) or not (math.isfinite(easting) and math.isfinite(northing)):
            return ""
        apart = np.hypot(*(self._town_xy - (easting, northing)).T)
        return str(self._towns[int(apart.argmin())])


def _practice_entries(practices: pd.DataFrame, places: _Places) -> list[_Entry]:
    entries = []
    largest = float(practices["patients"].max()) if len(practices) else 1.0
    columns = ["practice_name", "postcode", "district", "pcn", "patients", "easting", "northing"]
    for code, row in zip(practices.index, practices[columns].to_dict("records"), strict=True):
        latitude, longitude = places.of([code])
        patients = int(row["patients"])
        hit = Hit(
            "practice",
            code,
            row["practice_name"],
            f"{code}, {row['postcode']}, {row['district']}; {patients:,} patients",
            latitude,
            longitude,
            14,
            (code,),
        )
        pcn = "" if pd.isna(row["pcn"]) else row["pcn"]
        town = places.town(row["easting"], row["northing"])
        entries.append(
            _entry(
                hit,
                codes=(code, row["postcode"]),
                also=f"{code} {row['postcode']} {row['district']} {town} {pcn}",
                weight=patients / largest,
            )
        )
    return entries


def _group_entry(
    kind: str, key: str, name: str, members: pd.DataFrame, places: _Places, what: str
) -> _Entry:
    latitude, longitude = places.of(list(members.index))
    patients = int(members["patients"].sum())
    districts = ", ".join(sorted(set(members["district"])))
    count = f"{len(members)} practice{'' if len(members) == 1 else 's'}"
    detail = f"{what}, {count}, {patients:,} patients{f'; {districts}' if districts else ''}"
    hit = Hit(kind, key, name, detail, latitude, longitude, 12, tuple(map(str, members.index)))
    return _entry(hit, also=what)


def _pcn_entries(practices: pd.DataFrame, places: _Places) -> list[_Entry]:
    groups = practices[practices["pcn"].notna()].groupby("pcn", sort=True)
    return [
        _group_entry("pcn", str(name), str(name), own, places, "Primary care network")
        for name, own in groups
    ]


def _hub_entries(plan: Plan, practices: pd.DataFrame, places: _Places) -> list[_Entry]:
    """Hubs without a practice here can't be flown to, so they are no finds."""
    entries = []
    for hub in plan.hubs:
        own = practices.loc[[code for code in plan.members(hub.id) if code in practices.index]]
        if len(own):
            entries.append(_group_entry("hub", hub.id, hub.name, own, places, "Hub"))
    return entries


def _area_entries(dataset: Dataset, places: _Places) -> list[_Entry]:
    kinds = {"region": "Region", "place": "Sub-ICB place", "district": "District"}
    entries = []
    for area in all_areas():
        own = area.select(dataset.practices)
        if own.empty:
            continue
        latitude, longitude = places.of(list(own.index))
        detail = (
            f"{kinds[area.kind]}, {len(own)} practices, {int(own['patients'].sum()):,} patients"
        )
        zoom = {"region": 9, "place": 11, "district": 11}[area.kind]
        codes = area.sub_icb_codes if area.kind == "place" else ()
        hit = Hit("area", area.key, area.label, detail, latitude, longitude, zoom, tuple(own.index))
        entries.append(_entry(hit, codes=codes, also=kinds[area.kind], weight=0.5))
    return entries


def _town_entries(dataset: Dataset) -> list[_Entry]:
    towns = dataset.towns.to_crs(4326)
    return [
        _entry(
            Hit("town", name, name, "Town or village", round(at.y, 5), round(at.x, 5), 13),
            weight=0.4 / size,
        )
        for name, size, at in zip(towns["name"], towns["size"], towns.geometry, strict=True)
    ]


def _lsoa_entries(dataset: Dataset) -> list[_Entry]:
    inside = dataset.lsoas.geometry.representative_point().to_crs(4326)
    rows = zip(
        dataset.lsoas.index,
        dataset.lsoas["lsoa11nm"],
        dataset.lsoas["district"],
        dataset.lsoas["imd2025_quintile"],
        inside.y.round(5),
        inside.x.round(5),
        strict=True,
    )
    return [
        _entry(
            Hit(
                "lsoa",
                code,
                name,
                f"LSOA {code}, {district}"
                + ("" if pd.isna(quintile) else f"; IMD 2025 quintile {quintile}"),
                latitude,
                longitude,
                14,
            ),
            codes=(code,),
        )
        for code, name, district, quintile, latitude, longitude in rows
    ]


class _Postcodes:
    """Postcodes in full from the practices (and a directory), others by sector or district."""

    def __init__(
        self, practices: pd.DataFrame, places: _Places, directory: pd.DataFrame | None
    ) -> None:
        self._places = places
        columns = ["practice_name", "easting", "northing"]
        self._practices = {
            str(code): row
            for code, row in zip(
                practices.index, practices[columns].itertuples(index=False), strict=True
            )
        }
        known = practices["postcode"].map(lambda text: normalise(str(text)).replace(" ", ""))
        self._exact = {code: tuple(own.index) for code, own in known.groupby(known)}
        self._sectors: dict[str, list[str]] = {}
        self._districts: dict[str, list[str]] = {}
        for code, postcode in known.items():
            if _POSTCODE.fullmatch(postcode):
                self._sectors.setdefault(postcode[:-2], []).append(str(code))
                self._districts.setdefault(postcode[:-3], []).append(str(code))
        self._directory = None
        if directory is not None:
            keys = directory.index.map(lambda text: normalise(str(text)).replace(" ", ""))
            self._directory = directory[["easting", "northing"]].set_axis(keys)

    def find(self, query: str) -> list[Hit]:
        """At most one find: the postcode itself, its sector, or its district."""
        compact = query.replace(" ", "")
        whole = _POSTCODE.fullmatch(compact)
        if whole:
            shown = f"{whole[1]} {whole[2]}".upper()
            if self._directory is not None and compact in self._directory.index:
                return [self._from_directory(compact, shown)]
            if compact in self._exact:
                codes = self._exact[compact]
                return [self._hit(shown, codes, "Postcode of a practice", "", 15)]
            asked = f"{shown} is no practice's postcode; "
            return self._part(whole[1] + whole[2][0], whole[1], asked)
        sector = _SECTOR.fullmatch(query)
        if sector:
            return self._part(sector[1] + sector[2], sector[1], "")
        if _DISTRICT.fullmatch(query):
            return self._part("", query, "")
        return []

    def _part(self, sector: str, district: str, asked: str) -> list[Hit]:
        if sector in self._sectors:
            codes, part, what = self._sectors[sector], f"{sector[:-1]} {sector[-1]}", "sector"
        elif district in self._districts:
            codes, part, what = self._districts[district], district, "district"
            asked = asked or (
                f"no practice in sector {sector[:-1]} {sector[-1]}; " if sector else ""
            )
        else:
            return []
        count = f"{len(codes)} practice{'' if len(codes) == 1 else 's'}"
        part = part.upper()
        note = f"{asked}shown: the middle of the {count} in postcode {what} {part}"
        note = note[0].upper() + note[1:]
        return [self._hit(part, codes, f"Postcode {what}", note, 13 if what == "sector" else 12)]

    def _hit(self, name: str, codes: Sequence[str], what: str, note: str, zoom: int) -> Hit:
        names, eastings, northings = zip(*(self._practices[code] for code in codes), strict=True)
        town = self._places.town(float(np.mean(eastings)), float(np.mean(northings)))
        named = "; ".join(names) if len(names) <= 2 else f"{len(names)} practices"
        detail = f"{what}, near {town}; {named}" if town else f"{what}; {named}"
        latitude, longitude = self._places.of(list(codes))
        return Hit(
            "postcode", name, name, detail, latitude, longitude, zoom, tuple(codes), note, 200.0
        )

    def _from_directory(self, compact: str, shown: str) -> Hit:
        assert self._directory is not None
        row: Any = self._directory.loc[[compact]].iloc[0]
        at = gpd.GeoSeries.from_xy([row["easting"]], [row["northing"]], crs=27700).to_crs(4326)[0]
        town = self._places.town(float(row["easting"]), float(row["northing"]))
        return Hit(
            "postcode",
            shown,
            shown,
            f"Postcode{f', near {town}' if town else ''}",
            round(at.y, 5),
            round(at.x, 5),
            15,
            tuple(self._exact.get(compact, ())),
            "",
            200.0,
        )
