"""Search: every practice is found by what people type, and inexact finds say what they rest on."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.tables.dataset import Dataset, build_dataset
from pcs_dash.views.search import KINDS, Hit, SearchIndex, build_index, directory_near, normalise

HUB = "Grays & <b>Tilbury</b>"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return build_dataset()


@pytest.fixture(scope="module")
def index(dataset: Dataset) -> SearchIndex:
    plan = Plan().add_hub(HUB).assign(["F81010", "F81110"], "h1").add_hub("Empty")
    return build_index(dataset, plan=plan)


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


def test_a_hub_is_found_and_an_empty_one_is_not(index: SearchIndex) -> None:
    hit = first(index, "grays tilbury")
    assert (hit.kind, hit.key, hit.name, hit.codes) == ("hub", "h1", HUB, ("F81010", "F81110"))
    assert "Empty" not in {hit.name for hit in index.find("empty")}


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


def test_a_place_comes_before_what_only_mentions_it(index: SearchIndex) -> None:
    assert first(index, "Tilbury").kind == "town"
    assert first(index, "07G").key == "thurrock"
    assert first(index, "thurr").kind == "area"


@settings(max_examples=150, deadline=None)
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
