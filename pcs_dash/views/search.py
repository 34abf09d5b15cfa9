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
from scipy.spatial import cKDTree

from pcs_dash.hubs.plan import Plan
from pcs_dash.tables.areas import Area, all_areas
from pcs_dash.tables.dataset import Dataset

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
# Without a position from the directory, the middle of a postcode's LSOA stands for it.
_BY_LSOA = "the directory loaded has no position; shown: the middle of its LSOA, "


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

    def as_json(self) -> dict[str, Any]:
        """Everything `find` goes by, without hubs and directory: the browser searches in it.

        `assets/find.js` has the same rules; tests/browser/test_find.py holds the two together.
        """
        return {
            "kinds": list(KINDS),
            "same": dict(_SAME),
            "max": MAX_QUERY,
            "entries": [
                [
                    KINDS.index(entry.hit.kind),
                    *_as_list(entry.hit),
                    entry.words,
                    list(entry.codes),
                    entry.weight,
                ]
                for entry in self._entries
                if entry.hit.kind != "hub"
            ],
            **self._postcodes.as_json(),
        }

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
    dataset: Dataset,
    *,
    plan: Plan | None = None,
    directory: pd.DataFrame | None = None,
    areas: Sequence[Area] | None = None,
) -> SearchIndex:
    """The index of a data set and, where given, of a plan's hubs.

    `areas`: those that can be chosen with this data set; the embedded ones unless given.

    `directory`: postcodes where a directory is loaded, as `directory_near` makes it. Without it a
    postcode that is no practice's is answered by its sector or district, and the find says so.
    """
    places = _Places(dataset)
    practices = dataset.practices
    entries = [*_practice_entries(practices, places), *_pcn_entries(practices, places)]
    if plan is not None:
        entries += _hub_entries(plan, practices, places)
    entries += _area_entries(dataset, places, all_areas() if areas is None else areas)
    entries += _town_entries(dataset)
    entries += _lsoa_entries(dataset)
    return SearchIndex(entries, _Postcodes(practices, places, directory))


def directory_near(table: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """The postcodes of a directory that lie in the data set's LSOAs or within 5 km of its box.

    `table`: columns postcode, and of lsoa11cd, ended, easting, northing (EPSG:27700) what there is;
    postcodes that ended are left out. Returns index postcode without its space in lower case,
    columns latitude, longitude (degrees), town, and lsoa: the name of the LSOA whose middle stands
    for a postcode without a position, "" where it has one of its own.
    """
    asked = ["postcode", "lsoa11cd", "easting", "northing", "ended"]
    own = table.reindex(columns=asked)
    own = own[own["ended"].isna() & own["postcode"].notna()]
    lsoas = dataset.lsoas
    middle = lsoas.geometry.representative_point()
    at = pd.DataFrame({"easting": middle.x, "northing": middle.y, "lsoa": lsoas["lsoa11nm"]})
    by_lsoa = at.reindex(own["lsoa11cd"].astype("object")).set_axis(own.index)
    without = own["easting"].isna() | own["northing"].isna()
    easting = own["easting"].where(~without, by_lsoa["easting"]).astype(float)
    northing = own["northing"].where(~without, by_lsoa["northing"]).astype(float)
    west, south, east, north = lsoas.total_bounds if len(lsoas) else (0.0, 0.0, 0.0, 0.0)
    near = easting.between(west - 5_000, east + 5_000) & northing.between(
        south - 5_000, north + 5_000
    )
    degrees = gpd.GeoSeries.from_xy(easting[near], northing[near], crs=27700).to_crs(4326)
    places = _Places(dataset)
    keys = [normalise(str(text)).replace(" ", "") for text in own.loc[near, "postcode"]]
    return pd.DataFrame(
        {
            "latitude": degrees.y.round(5).to_numpy(),
            "longitude": degrees.x.round(5).to_numpy(),
            "town": places.towns_of(easting[near].to_numpy(), northing[near].to_numpy()),
            "lsoa": by_lsoa["lsoa"].where(without, "").loc[near].to_numpy(),
        },
        index=pd.Index(keys, name="postcode"),
    )


def directory_parts(directory: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """The directory by outward code ("rm18"), small enough for a browser to fetch one at need.

    {outward: {inward: [latitude, longitude, town, lsoa]}}.
    """
    parts: dict[str, dict[str, list[Any]]] = {}
    for code, *row in directory[["latitude", "longitude", "town", "lsoa"]].itertuples():
        parts.setdefault(code[:-3], {})[code[-3:]] = row
    return parts


def normalise(text: str) -> str:
    """Lower case without accents; apostrophes vanish, other punctuation parts words.

    Each step is one that a browser has too (assets/find.js).
    """
    marked = text
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        marked = "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
    plain = marked.lower().replace("ß", "ss")
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


def _text(value: Any) -> str:
    """A name as text, "" where it is missing."""
    return "" if pd.isna(value) else str(value)


def _as_list(hit: Hit) -> list[Any]:
    """A hit as the browser gets it: key, name, detail, latitude, longitude, zoom, codes."""
    at = [None if math.isnan(x) else x for x in (hit.latitude, hit.longitude)]
    return [hit.key, hit.name, hit.detail, *at, hit.zoom, list(hit.codes)]


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
        known = [self._at[code] for code in codes if math.isfinite(self._at[code][0])]
        if not known:
            return math.nan, math.nan
        latitudes, longitudes = zip(*known, strict=True)
        # A thousand calls a data set: an array for each would take longer than its mean.
        number = len(known)
        return round(math.fsum(latitudes) / number, 5), round(math.fsum(longitudes) / number, 5)

    def town(self, easting: float, northing: float) -> str:
        if not len(self._towns) or not (math.isfinite(easting) and math.isfinite(northing)):
            return ""
        apart = np.hypot(*(self._town_xy - (easting, northing)).T)
        return str(self._towns[int(apart.argmin())])

    def towns_of(self, easting: np.ndarray, northing: np.ndarray) -> list[str]:
        """The nearest town of each of many points; "" where there are no towns."""
        if not self._towns or not len(easting):
            return [""] * len(easting)
        _, nearest = cKDTree(self._town_xy).query(np.column_stack([easting, northing]))
        return [str(self._towns[i]) for i in nearest]


def _practice_entries(practices: pd.DataFrame, places: _Places) -> list[_Entry]:
    entries = []
    largest = float(practices["patients"].max()) if len(practices) else 1.0
    columns = ["practice_name", "postcode", "district", "pcn", "patients", "easting", "northing"]
    for code, row in zip(practices.index, practices[columns].to_dict("records"), strict=True):
        latitude, longitude = places.of([code])
        patients = 0 if pd.isna(row["patients"]) else int(row["patients"])
        known = [code, *(_text(row[name]) for name in ("postcode", "district"))]
        count = "no list size" if pd.isna(row["patients"]) else f"{patients:,} patients"
        hit = Hit(
            "practice",
            code,
            _text(row["practice_name"]) or code,
            f"{', '.join(part for part in known if part)}; {count}",
            latitude,
            longitude,
            14,
            (code,),
        )
        town = places.town(row["easting"], row["northing"])
        entries.append(
            _entry(
                hit,
                codes=(code, _text(row["postcode"])),
                also=" ".join([*known, town, _text(row["pcn"])]),
                weight=patients / largest if largest > 0 else 0.0,
            )
        )
    return entries


def _group_entry(
    kind: str, key: str, name: str, members: pd.DataFrame, places: _Places, what: str
) -> _Entry:
    latitude, longitude = places.of(list(members.index))
    patients = int(members["patients"].sum())
    districts = ", ".join(sorted(set(members["district"].dropna().astype(str))))
    count = f"{len(members)} practice{'' if len(members) == 1 else 's'}"
    detail = f"{what}, {count}, {patients:,} patients{f'; {districts}' if districts else ''}"
    hit = Hit(kind, key, name, detail, latitude, longitude, 12, tuple(map(str, members.index)))
    return _entry(hit, also=what)


def _pcn_entries(practices: pd.DataFrame, places: _Places) -> list[_Entry]:
    narrow = practices.loc[practices["pcn"].notna(), ["pcn", "patients", "district"]]
    groups = narrow.groupby("pcn", sort=True)
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


def _area_entries(dataset: Dataset, places: _Places, areas: Sequence[Area]) -> list[_Entry]:
    kinds = {"region": "Region", "place": "Sub-ICB place", "district": "District"}
    kinds |= {"icb": "ICB", "sub_icb": "Sub-ICB location"}
    entries = []
    for area in areas:
        own = area.select(dataset.practices)
        if own.empty:
            continue
        latitude, longitude = places.of(list(own.index))
        detail = (
            f"{kinds.get(area.kind, 'Area')}, {len(own)} practices, "
            f"{int(own['patients'].sum()):,} patients"
        )
        zoom = 9 if area.kind in ("region", "icb") else 11
        codes = area.sub_icb_codes if area.kind in ("place", "sub_icb") else ()
        hit = Hit("area", area.key, area.label, detail, latitude, longitude, zoom, tuple(own.index))
        entries.append(_entry(hit, codes=codes, also=kinds.get(area.kind, ""), weight=0.5))
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
                _text(name) or code,
                ", ".join(part for part in (f"LSOA {code}", _text(district)) if part)
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
            str(code): (_text(name) or str(code), easting, northing)
            for code, name, easting, northing in practices[columns].itertuples(name=None)
        }
        written = practices["postcode"].dropna()
        known = written.map(lambda text: normalise(str(text)).replace(" ", ""))
        self._exact = {code: tuple(own.index) for code, own in known.groupby(known)}
        self._shown = {code: _spaced(code) for code in self._exact}
        self._sectors: dict[str, list[str]] = {}
        self._districts: dict[str, list[str]] = {}
        for code, postcode in known.items():
            if _POSTCODE.fullmatch(postcode):
                self._sectors.setdefault(postcode[:-2], []).append(str(code))
                self._districts.setdefault(postcode[:-3], []).append(str(code))
        self._directory = directory

    def as_json(self) -> dict[str, Any]:
        """Practices' postcodes, sectors and districts as the browser gets them."""
        exact = {
            code: _as_list(self._hit(self._shown[code], codes, "Postcode of a practice", "", 15))
            for code, codes in self._exact.items()
        }
        sectors = {sector: _as_list(self._sector(sector, "")) for sector in sorted(self._sectors)}
        districts = {
            district: _as_list(self._district(district, "")) for district in sorted(self._districts)
        }
        return {"exact": exact, "sectors": sectors, "districts": districts}

    def find(self, query: str) -> list[Hit]:
        """At most one find: the postcode itself, its sector, or its district."""
        compact = query.replace(" ", "")
        whole = _POSTCODE.fullmatch(compact)
        if whole:
            shown = _spaced(compact)
            if self._directory is not None and compact in self._directory.index:
                return [self._from_directory(compact, shown)]
            if compact in self._exact:
                codes = self._exact[compact]
                return [self._hit(shown, codes, "Postcode of a practice", "", 15)]
            asked = (
                f"{shown} is no practice's postcode; "
                if self._directory is None
                else f"{shown} is not in the postcode directory loaded; "
            )
            return self._part(whole[1] + whole[2][0], whole[1], asked)
        sector = _SECTOR.fullmatch(query)
        if sector:
            return self._part(sector[1] + sector[2], sector[1], "")
        if _DISTRICT.fullmatch(query):
            return self._part("", query, "")
        return []

    def _part(self, sector: str, district: str, asked: str) -> list[Hit]:
        if sector in self._sectors:
            return [self._sector(sector, asked)]
        if district in self._districts:
            none_there = f"no practice in sector {_spaced_sector(sector)}; " if sector else ""
            return [self._district(district, asked or none_there)]
        return []

    def _sector(self, sector: str, asked: str) -> Hit:
        return self._middle(self._sectors[sector], _spaced_sector(sector), "sector", asked, 13)

    def _district(self, district: str, asked: str) -> Hit:
        return self._middle(self._districts[district], district.upper(), "district", asked, 12)

    def _middle(self, codes: Sequence[str], part: str, what: str, asked: str, zoom: int) -> Hit:
        count = f"{len(codes)} practice{'' if len(codes) == 1 else 's'}"
        note = f"{asked}shown: the middle of the {count} in postcode {what} {part}"
        return self._hit(part, codes, f"Postcode {what}", note[0].upper() + note[1:], zoom)

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
        near = f", near {row['town']}" if row["town"] else ""
        note = f"{_BY_LSOA}{row['lsoa']}" if row["lsoa"] else ""
        return Hit(
            "postcode",
            shown,
            shown,
            f"Postcode{near}",
            float(row["latitude"]),
            float(row["longitude"]),
            15,
            tuple(self._exact.get(compact, ())),
            note[:1].upper() + note[1:],
            200.0,
        )


def _spaced(compact: str) -> str:
    """A postcode as it is written: "ss74ea" -> "SS7 4EA"; other text in capitals."""
    return f"{compact[:-3]} {compact[-3:]}".upper() if len(compact) > 4 else compact.upper()


def _spaced_sector(sector: str) -> str:
    return f"{sector[:-1]} {sector[-1:]}".upper()
