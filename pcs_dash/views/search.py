"""One search: practice, hub, PCN, area, town, postcode or LSOA by any part of name or code.

The browser searches in `SearchIndex.as_json` by the rules of `find` (assets/find_rank.js), also
while the server is down; the command line calls `find`. One table of cases holds the two together
(docs/decisions/0009). The text is untrusted: it is cut to 100 characters, stripped of accents,
case and punctuation, and only ever compared.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from pcs_dash.measures.numbers import count
from pcs_dash.measures.words import upper_first
from pcs_dash.official.loaded_areas import OfficialArea, loaded_areas
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
_KINDS = {"region": "Region", "place": "Sub-ICB place", "district": "District"}
_KINDS |= {"icb": "ICB", "sub_icb": "Sub-ICB location"}
# Without a position from the directory, the middle of a postcode's LSOA stands for it.
_BY_LSOA = "The directory loaded has no position; shown: the middle of its LSOA, "


@dataclass(frozen=True)
class Hit:
    """A find: what it is, where it is (degrees), and how it was found.

    `key` is the practice code, hub id, PCN or town name, area key, postcode or LSOA code. `codes`
    are the practices it stands for. `home` is the key of the area that it lies in (the first of
    `smallest_first`), "" where none is known. `note` says what an inexact find rests on, "" for an
    exact one. `score` is higher for better finds; only its order means anything.
    """

    kind: str
    key: str
    name: str
    detail: str
    latitude: float
    longitude: float
    zoom: int
    codes: tuple[str, ...] = ()
    home: str = ""
    note: str = ""
    score: float = 0.0


@dataclass(frozen=True)
class _Entry:
    """What can be found; `words` are its name, a bar, and what else it is found by."""

    hit: Hit
    name: str
    codes: tuple[str, ...]
    words: str
    weight: float


@dataclass(frozen=True)
class _Postcodes:
    """Postcodes in full from the practices (and a directory), others by sector or district.

    By postcode, sector ("ss74") and district ("ss7"), without space in lower case.
    """

    exact: dict[str, Hit]
    sectors: dict[str, Hit]
    districts: dict[str, Hit]
    directory: pd.DataFrame | None

    def find(self, query: str) -> list[Hit]:
        """At most one find: the postcode itself, its sector, or its district."""
        compact = query.replace(" ", "")
        whole = _POSTCODE.fullmatch(compact)
        if whole:
            shown = _spaced(compact)
            if self.directory is not None and compact in self.directory.index:
                return [self._from_directory(compact, shown)]
            if compact in self.exact:
                return [self.exact[compact]]
            asked = (
                f"{shown} is no practice's postcode; "
                if self.directory is None
                else f"{shown} is not in the postcode directory loaded; "
            )
            return self._part(whole[1] + whole[2][0], whole[1], asked)
        sector = _SECTOR.fullmatch(query)
        if sector:
            return self._part(sector[1] + sector[2], sector[1], "")
        return self._part("", query, "") if _DISTRICT.fullmatch(query) else []

    def _part(self, sector: str, district: str, asked: str) -> list[Hit]:
        if sector in self.sectors:
            return [_noted(self.sectors[sector], asked)]
        if district in self.districts:
            none_there = f"no practice in sector {_spaced_sector(sector)}; " if sector else ""
            return [_noted(self.districts[district], asked or none_there)]
        return []

    def _from_directory(self, compact: str, shown: str) -> Hit:
        assert self.directory is not None
        row: Any = self.directory.loc[[compact]].iloc[0]
        near = f", near {row['town']}" if row["town"] else ""
        codes = self.exact[compact].codes if compact in self.exact else ()
        at = float(row["latitude"]), float(row["longitude"])
        note = f"{_BY_LSOA}{row['lsoa']}" if row["lsoa"] else ""
        return Hit("postcode", shown, shown, f"Postcode{near}", *at, 15, codes, row["home"], note)


@dataclass(frozen=True, eq=False)
class SearchIndex:
    """Everything that can be found. Immutable; `find` is safe to call from several threads."""

    entries: tuple[_Entry, ...]
    postcodes: _Postcodes

    def __len__(self) -> int:
        return len(self.entries)

    def as_json(self) -> dict[str, Any]:
        """Everything `find` goes by but the directory; the browser adds the hubs on the table."""
        entries = [
            [KINDS.index(one.hit.kind), one.words, list(one.codes), one.weight, *_as_list(one.hit)]
            for one in self.entries
        ]
        places = {
            part: {code: _as_list(hit) for code, hit in getattr(self.postcodes, part).items()}
            for part in ("exact", "sectors", "districts")
        }
        same = {"kinds": list(KINDS), "same": dict(_SAME), "max": MAX_QUERY}
        return {**same, "entries": entries, **places}

    def find(self, text: str, limit: int = 10) -> list[Hit]:
        """The best finds, best first; none for a blank text. Every word typed must occur."""
        query = normalise(str(text)[:MAX_QUERY])
        if not query:
            return []
        compact = query.replace(" ", "")
        words = query.split()
        # The longest word typed, or all without its spaces; one or two letters must begin a word.
        held = [f" {w}" if len(w) < 3 else w for w in (max(words, key=len), compact)]
        found = []
        for entry in self.entries:
            if any(word in entry.words for word in held):
                score = _score(entry, query, compact, words)
                if score > 0:
                    found.append((-score - entry.weight, KINDS.index(entry.hit.kind), entry))
        found.sort(key=lambda item: (item[0], item[1], item[2].name))
        hits = [replace(entry.hit, score=-order) for order, _, entry in found[:limit]]
        if _LIKE_A_POSTCODE.match(compact):
            # A postcode in full is what was asked for; part of one may be part of a code.
            places = self.postcodes.find(query)
            if is_postcode(query):
                hits = [*places, *hits]
            else:
                hits = [*hits[: limit - len(places)], *places]
        return hits[:limit]


def is_postcode(text: str) -> bool:
    """Whether a text is a postcode in full, known or not."""
    return bool(_POSTCODE.fullmatch(normalise(text).replace(" ", "")))


def areas_of(dataset: Dataset, area: Area) -> tuple[tuple[Area, ...], tuple[Area, ...]]:
    """The areas that can be chosen with an area's data set, and all others that can be opened.

    An embedded area stands for a loaded one of its name, as it does where a name is typed.
    """
    embedded, loaded = all_areas(), loaded_areas()
    if not area.loaded:
        own = embedded
    else:
        icbs = set(dataset.practices["icb_code"].dropna())
        within = [other for other in loaded if set(other.icb_codes) <= icbs]
        own = tuple({other.key: other for other in (area, *within)}.values())
    known = {other.name.casefold() for other in own}
    others: dict[str, Area] = {}
    for other in (*embedded, *loaded):
        if other.name.casefold() not in known:
            others.setdefault(other.name.casefold(), other)
    return own, tuple(others.values())


def smallest_first(areas: Sequence[Area], practices: pd.DataFrame) -> list[Area]:
    """Places before districts, those before all else, and small ones before large ones."""
    order = {"place": 0, "sub_icb": 0, "district": 1}
    return sorted(areas, key=lambda a: (order.get(a.kind, 2), len(a.select(practices))))


def build_index(
    dataset: Dataset,
    *,
    areas: Sequence[Area] | None = None,
    others: Sequence[Area] = (),
    directory: pd.DataFrame | None = None,
) -> SearchIndex:
    """The index of a data set.

    `areas`: those that can be chosen with it (the embedded ones unless given); `others`: further
    ones that can be opened by name (`areas_of`). `directory`: postcodes where a directory is
    loaded, as `directory_near` makes it. Without it a postcode that is no practice's is answered by
    its sector or district, and the find says so.
    """
    areas = all_areas() if areas is None else areas
    places, practices = _Places(dataset, areas), dataset.practices
    entries = (
        *_practice_entries(practices, places),
        *_pcn_entries(practices, places),
        *_area_entries(practices, places, areas, others),
        *_town_entries(dataset, places),
        *_lsoa_entries(dataset, places),
    )
    return SearchIndex(entries, _postcodes(practices, places, directory))


def directory_near(
    table: pd.DataFrame, dataset: Dataset, areas: Sequence[Area] | None = None
) -> pd.DataFrame:
    """The postcodes of a directory that lie in the data set's LSOAs or within 5 km of its box (of
    its practices', where no boundaries are loaded).

    `table`: columns postcode, and of lsoa11cd, ended, easting, northing (EPSG:27700) what there is;
    postcodes that ended are left out. Returns index postcode without its space in lower case,
    columns latitude, longitude (degrees), town, lsoa (the name of the LSOA whose middle stands for
    a postcode without a position, "" where it has one of its own) and home, as in a `Hit`.
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
    at_practices = dataset.practices[["easting", "northing"]]
    west, south, east, north = (
        lsoas.total_bounds
        if lsoas.geometry.notna().any()
        else (*at_practices.min(), *at_practices.max())
    )
    near = easting.between(west - 5_000, east + 5_000) & northing.between(
        south - 5_000, north + 5_000
    )
    degrees = gpd.GeoSeries.from_xy(easting[near], northing[near], crs=27700).to_crs(4326)
    places = _Places(dataset, all_areas() if areas is None else areas)
    keys = [normalise(str(text)).replace(" ", "") for text in own.loc[near, "postcode"]]
    return pd.DataFrame(
        {
            "latitude": degrees.y.round(5).to_numpy(),
            "longitude": degrees.x.round(5).to_numpy(),
            "town": places.towns_of(easting[near].to_numpy(), northing[near].to_numpy()),
            "lsoa": by_lsoa["lsoa"].where(without, "").loc[near].to_numpy(),
            "home": [places.lsoa_home.get(code, "") for code in own.loc[near, "lsoa11cd"]],
        },
        index=pd.Index(keys, name="postcode"),
    )


def directory_parts(directory: pd.DataFrame) -> dict[str, dict[str, list[Any]]]:
    """The directory by outward code ("rm18"), small enough for a browser to fetch one at need.

    {outward: {inward: [latitude, longitude, town, lsoa, home]}}.
    """
    parts: dict[str, dict[str, list[Any]]] = {}
    for code, *row in directory[["latitude", "longitude", "town", "lsoa", "home"]].itertuples():
        parts.setdefault(code[:-3], {})[code[-3:]] = row
    return parts


def normalise(text: str) -> str:
    """Lower case without accents; apostrophes vanish, other punctuation parts words.

    Each step is one that a browser has too (assets/find_rank.js).
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
        if word not in entry.words:
            # "ss7 4ea" is the code "ss74ea", whichever way it is typed.
            return 20 if len(compact) >= 4 and any(compact in c for c in entry.codes) else 0
        score = _word_score(entry.words, word)
        if not score:
            return 0
        # A word of the name says more than one of the district or the town nearby.
        total += score + (5 if word in entry.name else 0)
    return total / len(words)


def _word_score(words: str, word: str) -> int:
    """More for a whole word than for the beginning of one, than for a part of three or more."""
    if f" {word} " in words:
        return 40
    if f" {word}" in words:
        return 30
    return 10 if len(word) >= 3 else 0


def _entry(
    hit: Hit, *, name: str = "", codes: Iterable[str] = (), also: str = "", weight: float = 0.0
) -> _Entry:
    """`name`: what it is found by where that is not the name shown."""
    plain = normalise(name or hit.name)
    compact = tuple(code for code in (normalise(c).replace(" ", "") for c in codes) if code)
    words = " ".join([plain, "|", normalise(also), *compact])
    return _Entry(hit, plain, compact, f" {words} ", weight)


def _text(value: Any) -> str:
    """A name as text, "" where it is missing."""
    return "" if pd.isna(value) else str(value)


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(filter(None, parts))


def _counted(practices: int) -> str:
    return count(practices, "practice")


def _as_list(hit: Hit) -> list[Any]:
    """A hit as the browser gets it, without its kind; a note only where there is one."""
    at = [None if math.isnan(x) else x for x in (hit.latitude, hit.longitude)]
    fields = [hit.key, hit.name, hit.detail, *at, hit.zoom, list(hit.codes), hit.home]
    return fields + ([hit.note] if hit.note else [])


def _where(table: pd.DataFrame) -> pd.DataFrame:
    """What an area selects by, alone: rows of a wide table take much longer."""
    columns = ["icb_code", "sub_icb_code", "district", "district_code"]
    return pd.DataFrame({name: table[name] for name in columns if name in table.columns})


class _Places:
    """Degrees of practices, the town that a point is nearest to, and the areas things lie in."""

    def __init__(self, dataset: Dataset, areas: Sequence[Area]) -> None:
        practices, lsoas = dataset.practices, dataset.lsoas
        self.practice_home = dict.fromkeys(practices.index, "")
        self.lsoa_home = dict.fromkeys(lsoas.index, "")
        where = [_where(practices), _where(lsoas)]
        for area in reversed(smallest_first(areas, where[0])):
            self.practice_home |= dict.fromkeys(area.select(where[0]).index, area.key)
            self.lsoa_home |= dict.fromkeys(area.select(where[1]).index, area.key)
        columns = ["practice_name", "easting", "northing"]
        rows = [(str(code), *row) for code, *row in practices[columns].itertuples(name=None)]
        self.names = {code: _text(name) or code for code, name, _, _ in rows}
        self._metres = {code: (easting, northing) for code, _, easting, northing in rows}
        at = gpd.GeoSeries.from_xy(practices["easting"], practices["northing"], crs=27700)
        degrees = at.to_crs(4326)
        points = zip(degrees.y.tolist(), degrees.x.tolist(), strict=True)
        self._at = dict(zip(practices.index, points, strict=True))
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

    def home(self, codes: Sequence[str]) -> str:
        """The area that most of some practices lie in."""
        return Counter(self.practice_home[code] for code in codes).most_common(1)[0][0]

    def town_of(self, codes: Sequence[str]) -> str:
        eastings, northings = zip(*(self._metres[code] for code in codes), strict=True)
        return self.town(float(np.mean(eastings)), float(np.mean(northings)))

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
        patients = 0 if pd.isna(row["patients"]) else int(row["patients"])
        known = [code, *(_text(row[name]) for name in ("postcode", "district"))]
        size = "no list size" if pd.isna(row["patients"]) else f"{patients:,} patients"
        name, detail = _text(row["practice_name"]) or code, f"{_listed(known)}; {size}"
        home = places.practice_home[code]
        hit = Hit("practice", code, name, detail, *places.of([code]), 14, (code,), home)
        town = places.town(row["easting"], row["northing"])
        also = " ".join([*known, town, _text(row["pcn"])])
        weight = patients / largest if largest > 0 else 0.0
        entries.append(_entry(hit, codes=known[:2], also=also, weight=weight))
    return entries


def _pcn_entries(practices: pd.DataFrame, places: _Places) -> list[_Entry]:
    columns = ["pcn", "pcn_code", "patients", "district"]
    narrow = practices.loc[practices["pcn"].notna(), columns]
    entries = []
    for key, own in narrow.groupby("pcn", sort=True):
        name, codes = str(key), tuple(map(str, own.index))
        districts = ", ".join(sorted(set(own["district"].dropna().astype(str))))
        kind, patients = "Primary care network", int(own["patients"].sum())
        detail = f"{kind}, {_counted(len(own))}, {patients:,} patients"
        detail += f"; {districts}" if districts else ""
        hit = Hit("pcn", name, name, detail, *places.of(codes), 12, codes, places.home(codes))
        entries.append(_entry(hit, codes=own["pcn_code"].dropna().unique(), also=kind))
    return entries


def _area_entries(
    practices: pd.DataFrame, places: _Places, areas: Sequence[Area], others: Sequence[Area]
) -> list[_Entry]:
    """Areas by their names, whatever stands behind those on screen ("(district)")."""
    entries = []
    where, patients = _where(practices), practices["patients"]
    for area in areas:
        codes = tuple(area.select(where).index)
        if not codes:
            continue
        detail = _of_area(area, len(codes), int(patients[list(codes)].sum()))
        zoom = 9 if area.kind in ("region", "icb") else 11
        hit = Hit("area", area.key, area.label, detail, *places.of(codes), zoom, codes)
        entries.append(_area_entry(hit, area, weight=0.5))
    for area in others:
        counts = (area.practices, area.patients) if isinstance(area, OfficialArea) else (0, 0)
        hit = Hit("area", area.key, area.label, _of_area(area, *counts), math.nan, math.nan, 9)
        entries.append(_area_entry(hit, area, weight=0.3))
    return entries


def _area_entry(hit: Hit, area: Area, *, weight: float) -> _Entry:
    codes = area.codes if isinstance(area, OfficialArea) else area.sub_icb_codes
    codes = codes if area.kind in ("place", "sub_icb", "icb", "district") else ()
    also = f"{_KINDS.get(area.kind, '')} {area.title}"
    return _entry(hit, name=area.name, codes=codes, also=also, weight=weight)


def _of_area(area: Area, practices: int, patients: int) -> str:
    kind = _KINDS.get(area.kind, "Area")
    return f"{kind}, {_counted(practices)}, {patients:,} patients" if practices else kind


def _town_entries(dataset: Dataset, places: _Places) -> list[_Entry]:
    towns = dataset.towns.to_crs(4326)
    columns = (towns["name"], towns["size"], towns.geometry, _homes_of_towns(dataset, places))
    entries = []
    for name, size, point, home in zip(*columns, strict=True):
        at = round(point.y, 5), round(point.x, 5)
        hit = Hit("town", name, name, "Town or village", *at, 13, home=home)
        entries.append(_entry(hit, weight=0.4 / size))
    return entries


def _homes_of_towns(dataset: Dataset, places: _Places) -> list[str]:
    """By the LSOA that a label stands in, or the nearest within 2 km (labels on a shore)."""
    homes = [""] * len(dataset.towns)
    by_lsoa = list(places.lsoa_home.values())
    if dataset.lsoas.geometry.notna().any():
        rows, found = dataset.lsoas.sindex.nearest(
            dataset.towns.geometry, return_all=False, max_distance=2_000
        )
        for row, lsoa in zip(rows, found, strict=True):
            homes[row] = by_lsoa[lsoa]
    return homes


def _lsoa_entries(dataset: Dataset, places: _Places) -> list[_Entry]:
    inside = dataset.lsoas.geometry.representative_point().to_crs(4326)
    columns = dataset.lsoas[["lsoa11nm", "district", "imd2025_quintile"]].itertuples(name=None)
    points = zip(inside.y.round(5), inside.x.round(5), strict=True)
    entries = []
    for row, at, home in zip(columns, points, places.lsoa_home.values(), strict=True):
        code, name, district, quintile = row
        detail = _listed([f"LSOA {code}", _text(district)])
        detail += "" if pd.isna(quintile) else f"; IMD 2025 quintile {quintile}"
        hit = Hit("lsoa", code, _text(name) or code, detail, *at, 14, home=home)
        entries.append(_entry(hit, codes=(code,)))
    return entries


def _postcodes(
    practices: pd.DataFrame, places: _Places, directory: pd.DataFrame | None
) -> _Postcodes:
    written = practices["postcode"].dropna()
    known = written.map(lambda text: normalise(str(text)).replace(" ", ""))
    whole = known[known.map(lambda code: bool(_POSTCODE.fullmatch(code)))]

    def hits(keys: pd.Series, what: str, zoom: int) -> dict[str, Hit]:
        return {
            str(key): _postcode_hit(str(key), tuple(codes), places, what, zoom)
            for key, codes in keys.groupby(keys).groups.items()
        }

    return _Postcodes(
        exact=hits(known, "", 15),
        sectors=hits(whole.str[:-2], "sector", 13),
        districts=hits(whole.str[:-3], "district", 12),
        directory=directory,
    )


def _postcode_hit(key: str, codes: tuple[str, ...], places: _Places, part: str, zoom: int) -> Hit:
    """The middle of the practices that have a postcode, or are in a `part` of one."""
    written = {"": _spaced, "sector": _spaced_sector}.get(part, str.upper)(key)
    names = [places.names[code] for code in codes]
    named = "; ".join(names) if len(names) <= 2 else f"{len(names)} practices"
    town = places.town_of(codes)
    what = f"Postcode {part}" if part else "Postcode of a practice"
    detail = f"{what}, near {town}; {named}" if town else f"{what}; {named}"
    note = f"shown: the middle of the {_counted(len(codes))} in postcode {part} {written}"
    return Hit(
        "postcode", written, written, detail, *places.of(codes), zoom, codes, places.home(codes),
        note if part else "",
    )  # fmt: skip


def _noted(hit: Hit, asked: str) -> Hit:
    """An inexact find that begins with what was asked for."""
    return replace(hit, note=upper_first(f"{asked}{hit.note}"))


def _spaced(compact: str) -> str:
    """A postcode as it is written: "ss74ea" -> "SS7 4EA"; other text in capitals."""
    return f"{compact[:-3]} {compact[-3:]}".upper() if len(compact) > 4 else compact.upper()


def _spaced_sector(sector: str) -> str:
    return f"{sector[:-1]} {sector[-1:]}".upper()
