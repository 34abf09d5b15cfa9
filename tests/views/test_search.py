"""Search: every practice is found by what people type, and inexact finds say what they rest on."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.official.loaded_areas import OfficialArea
from pcs_dash.tables.areas import all_areas
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.paths import ROOT
from pcs_dash.views.search import (
    KINDS,
    Hit,
    SearchIndex,
    areas_of,
    build_index,
    directory_near,
    directory_parts,
    normalise,
)
from pcs_dash.views.search import _Entry as Entry
from pcs_dash.views.search import _Postcodes as Postcodes

TABLE_FILE = Path(__file__).with_name("search_cases.json")
TABLE = json.loads(TABLE_FILE.read_text("utf-8"))


@pytest.fixture(scope="module")
def index(dataset: Dataset) -> SearchIndex:
    return build_index(dataset)


def index_of(raw: dict[str, Any], directory: pd.DataFrame | None = None) -> SearchIndex:
    """The index of what `as_json` would give."""

    def hit(kind: str, fields: list[Any]) -> Hit:
        key, name, detail, latitude, longitude, zoom, codes, home, *note = fields
        at = [float("nan") if x is None else x for x in (latitude, longitude)]
        return Hit(kind, key, name, detail, *at, zoom, tuple(codes), home, *note)

    def hits(part: str) -> dict[str, Hit]:
        return {key: hit("postcode", fields) for key, fields in raw[part].items()}

    entries = [
        Entry(hit(KINDS[kind], fields), words[1:].split(" |")[0], tuple(codes), words, weight)
        for kind, words, codes, weight, *fields in raw["entries"]
    ]
    places = Postcodes(hits("exact"), hits("sectors"), hits("districts"), directory)
    return SearchIndex(entries, places)


def seen(found: list[Hit]) -> list[list[str]]:
    return [[hit.kind, hit.key, hit.note] for hit in found]


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: repr(case["text"][:20]))
def test_every_case_of_the_table(case: dict[str, Any]) -> None:
    raw = TABLE["index"]
    assert json.loads(json.dumps(index_of(raw).as_json())) == raw
    assert seen(index_of(raw).find(case["text"], TABLE["limit"])) == case["finds"]


@pytest.mark.parametrize("case", TABLE["cases_with_directory"], ids=lambda case: case["text"])
def test_every_case_with_a_directory(case: dict[str, Any]) -> None:
    rows = {
        outward + inward: row
        for outward, part in TABLE["directory"].items()
        for inward, row in part.items()
    }
    columns = ["latitude", "longitude", "town", "lsoa", "home"]
    directory = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    assert directory_parts(directory) == TABLE["directory"]
    index = index_of(TABLE["index"], directory)
    assert seen(index.find(case["text"], TABLE["limit"])) == case["finds"]


def queries(dataset: Dataset) -> list[str]:
    """What people type: codes, names and parts of them, postcodes, and text that is nothing."""
    practices, lsoas = dataset.practices, dataset.lsoas
    names = practices["practice_name"]
    asked = [*practices.index[::7], *names[::5], *practices["postcode"][::6]]
    asked += [name.lower()[:n] for name in names[::9] for n in (1, 2, 3, 5, 9)]
    asked += [name[2:8] for name in names[::8]]
    asked += [" ".join(reversed(name.split())) for name in names[::11]]
    asked += [postcode[:n] for postcode in practices["postcode"][::13] for n in (2, 4, 5, 6)]
    asked += [f"{postcode[:-2]}ZZ" for postcode in practices["postcode"][::10]]
    asked += [f"{postcode[:-3]}9ZZ" for postcode in practices["postcode"][::10]]
    asked += [*lsoas.index[::151], *lsoas["lsoa11nm"][::149], *dataset.towns["name"][::6]]
    asked += [*practices["pcn"].dropna().unique()[::4], "Mid & South", "practice", "surgery 2"]
    asked += [area.name for area in all_areas()]
    asked += ["ſaint", "ﬁtz", "İstanbul", "ΣΑΣ", "①", "𝔊𝔯𝔞𝔶𝔰", "a_b", "__proto__ practice", "\0"]
    # Any text at all, of characters that the rules treat apart.
    draw = random.Random(0)
    pieces = [
        "st",
        "ss7",
        "4",
        "a",
        " ",
        "-",
        "'",
        "&",
        "é",
        "ß",
        "_",
        "road",
        "F8",
        "0",
        "😀",
        "gr",
    ]
    asked += ["".join(draw.choices(pieces, k=draw.randint(1, 6))) for _ in range(300)]
    return [str(text) for text in asked]


def test_the_browser_s_script_finds_what_python_finds(dataset: Dataset) -> None:
    """In the embedded data, with a directory of postcodes."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: apt-get install nodejs")
    table = pd.DataFrame(
        {
            "postcode": ["SS7 9ZZ", "RM17 9ZY"],
            "lsoa11cd": ["E01021513", dataset.lsoas.index[0]],
            "easting": [576000.0, None],
            "northing": [188000.0, None],
        }
    )
    directory = directory_near(table, dataset)
    index = build_index(dataset, directory=directory)
    asked = [*queries(dataset), "ss7 9zz", "rm179zy"]
    given = {"raw": index.as_json(), "parts": directory_parts(directory), "texts": asked}
    made = subprocess.run(
        [node, ROOT / "tests" / "js" / "find_all.js"],
        input=json.dumps(given | {"limit": 8}), capture_output=True, text=True, check=True,
    )  # fmt: skip
    different = [
        (text, python, browser)
        for text, python, browser in zip(
            asked,
            ([[h.kind, h.key, h.name, h.detail, h.note, h.home, len(h.codes)]
              for h in index.find(text, 8)] for text in asked),
            json.loads(made.stdout),
            strict=True,
        )
        if python != browser
    ]  # fmt: skip
    assert different == []
    assert len(asked) > 700


def first(index: SearchIndex, text: str) -> Hit:
    return index.find(text)[0]


def test_every_practice_is_first_by_its_code_and_found_by_its_name(
    dataset: Dataset, index: SearchIndex
) -> None:
    names = dataset.practices["practice_name"]
    for code, name in names.items():
        for typed in (code, code.lower(), f" {code} "):
            assert first(index, typed).codes == (code,)
        same = set(names.index[names == name])
        top = index.find(name.upper(), len(same))
        assert same <= {hit.key for hit in top} | {c for hit in top for c in hit.codes}, name


def test_every_pcn_town_and_lsoa_is_found_by_name(dataset: Dataset, index: SearchIndex) -> None:
    for pcn in dataset.practices["pcn"].dropna().unique():
        hit = first(index, pcn.lower())
        members = dataset.practices.index[dataset.practices["pcn"] == pcn]
        assert (hit.kind, hit.name, set(hit.codes)) == ("pcn", pcn, set(members))
    for town in dataset.towns["name"]:
        assert ("town", town) in {(hit.kind, hit.name) for hit in index.find(town)}
    for code, name in dataset.lsoas["lsoa11nm"].iloc[::37].items():
        assert first(index, name).key == code
        assert first(index, code).key == code


@pytest.mark.parametrize(
    "typed", ["aveley med", "MEDICAL aveley", "  Avélèy--Medical  Ctr", "avel", "aveley, medical"]
)
def test_case_accents_punctuation_and_order_do_not_matter(index: SearchIndex, typed: str) -> None:
    assert "F81010" in {hit.key for hit in index.find(typed)}


def test_a_practice_s_postcode_is_exact(dataset: Dataset, index: SearchIndex) -> None:
    for typed in ("SS7 4EA", "ss74ea", "ss7-4ea"):
        hit = first(index, typed)
        assert (hit.kind, hit.name, hit.note) == ("postcode", "SS7 4EA", "")
        own = dataset.practices[dataset.practices["postcode"] == "SS7 4EA"]
        assert set(hit.codes) == set(own.index)
        assert hit.latitude == pytest.approx(own["latitude"].mean(), abs=0.002)
        assert {h.key for h in index.find(typed)} >= set(own.index)


def test_any_other_postcode_says_what_stands_for_it(dataset: Dataset, index: SearchIndex) -> None:
    postcodes = dataset.practices["postcode"]
    sector = first(index, "ss7 4zz")
    assert sector.name == "SS7 4"
    assert set(sector.codes) == set(postcodes.index[postcodes.str.startswith("SS7 4")])
    assert sector.note.startswith("SS7 4ZZ is no practice's postcode; shown: ")
    assert "sector SS7 4" in sector.note
    assert not postcodes.str.startswith("SS7 9").any()
    district = first(index, "SS7 9ZZ")
    assert district.name == "SS7"
    assert set(district.codes) == set(postcodes.index[postcodes.str.startswith("SS7 ")])
    assert "district SS7" in district.note
    assert [hit for hit in index.find("ZE1 0AA") if hit.kind == "postcode"] == []
    assert any(hit.kind == "postcode" and hit.name == "SS7" for hit in index.find("ss7"))


def test_a_loaded_directory_resolves_every_postcode(dataset: Dataset) -> None:
    table = pd.DataFrame({"postcode": ["SS7 9ZZ"], "easting": [576000.0], "northing": [188000.0]})
    directory = directory_near(table, dataset)
    hit = first(build_index(dataset, directory=directory), "ss79zz")
    assert (hit.name, hit.note, hit.codes) == ("SS7 9ZZ", "", ())
    assert (hit.latitude, hit.longitude) == (
        pytest.approx(51.5634, abs=0.003),
        pytest.approx(0.5378, abs=0.003),
    )


def test_without_boundaries_postcodes_around_the_practices_are_found(dataset: Dataset) -> None:
    table = pd.DataFrame(
        {"postcode": ["SS7 9ZZ", "M1 1AA"], "easting": [576e3, 384e3], "northing": [188e3, 398e3]}
    )
    bare = replace(dataset, lsoas=dataset.lsoas.assign(geometry=None))
    assert list(directory_near(table, bare).index) == ["ss79zz"]


def test_a_place_comes_before_what_only_mentions_it(index: SearchIndex) -> None:
    assert first(index, "Tilbury").kind == "town"
    assert first(index, "07G").key == "thurrock"
    assert first(index, "thurr").kind == "area"


def test_every_area_is_first_by_its_name(index: SearchIndex) -> None:
    for area in all_areas():
        same = {other.key for other in all_areas() if other.name == area.name}
        assert first(index, area.name.upper()).key in same
        assert area.key in {hit.key for hit in index.find(area.label, 3)}


def test_everything_lies_in_the_smallest_area_that_holds_it(
    dataset: Dataset, index: SearchIndex
) -> None:
    places = {area.sub_icb_codes[0]: area.key for area in all_areas() if area.kind == "place"}
    for code, row in dataset.practices.iloc[::9].iterrows():
        assert first(index, str(code)).home == places[row["sub_icb_code"]]
    for code, row in dataset.lsoas.iloc[::111].iterrows():
        assert first(index, str(code)).home == places[row["sub_icb_code"]]
    homes = {"Tilbury": "thurrock", "Billericay": "basildon-and-brentwood", "Harwich":
             "north-east-essex", "Canvey Island": "castle-point-and-rochford"}  # fmt: skip
    assert {town: first(index, town).home for town in homes} == homes
    assert first(index, "RM18 8EB").home == "thurrock"
    assert first(index, "SS7 4ZZ").home == "castle-point-and-rochford"


def test_areas_of_other_data_are_found_by_name_only(dataset: Dataset) -> None:
    far = OfficialArea(name="Kent and Medway", kind="icb", codes=("QKS",), practices=170,
                       patients=1_900_000)  # fmt: skip
    index = build_index(dataset, others=[far])
    hit = first(index, "kent & medway")
    assert (hit.key, hit.codes) == ("icb-qks", ())
    assert hit.detail == "ICB, 170 practices, 1,900,000 patients"
    assert hit.latitude != hit.latitude
    assert first(index, "qks").key == "icb-qks"
    assert areas_of(dataset, all_areas()[0]) == (all_areas(), ())


@settings(max_examples=150)
@given(st.text(max_size=40))
def test_any_text_gives_ordered_finds_that_hold_every_word(index: SearchIndex, text: str) -> None:
    hits = index.find(text, 8)
    assert len(hits) <= 8
    assert all(hit.kind in KINDS for hit in hits)
    for hit in hits:
        if hit.kind != "postcode":
            shown = normalise(f"{hit.name} {hit.detail} {hit.key}").replace(" ", "")
            assert hit.score > 0
            if hit.kind in ("town", "lsoa"):
                assert all(word in shown for word in normalise(text).split())


@pytest.mark.parametrize(
    "text", ["", "   ", "...", "zzqqxx", "' OR 1=1 --zzqqxx", "\0", "x" * 10_000]
)
def test_what_is_nowhere_finds_nothing(index: SearchIndex, text: str) -> None:
    assert index.find(text) == []


def test_results_are_the_same_every_time(index: SearchIndex) -> None:
    assert index.find("surgery", 20) == index.find("surgery", 20)
    whole = index.find("surgery", 500)
    assert index.find("surgery", 20) == whole[:20]
    assert [hit.score for hit in whole] == sorted((hit.score for hit in whole), reverse=True)
