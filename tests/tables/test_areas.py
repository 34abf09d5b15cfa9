from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.official.any_area import find_area
from pcs_dash.tables.areas import all_areas, places
from pcs_dash.tables.errors import UserError


def test_a_place_wins_over_a_district_of_the_same_name() -> None:
    assert find_area("thurrock").kind == "place"
    assert find_area("Thurrock (district)").kind == "district"


@pytest.mark.parametrize("area", all_areas(), ids=lambda area: area.key)
def test_every_area_is_found_by_label_and_key_in_any_case(area) -> None:
    assert find_area(area.key) == area
    assert find_area(area.label) == area
    assert find_area(area.label.upper()) == area


@pytest.mark.parametrize("text", ["NHS Essex ICB", "essex icb", "Essex (NHS Essex ICB)", "ESSEX"])
def test_essex_and_its_icb_are_one_area(text: str) -> None:
    assert find_area(text) == find_area("essex")
    assert set(find_area(text).sub_icb_codes) == {place.sub_icb_codes[0] for place in places()}


def test_the_icb_before_keeps_its_address_and_says_until_when() -> None:
    before = find_area("mid-and-south-essex")
    assert (before.name, len(before.sub_icb_codes)) == ("Mid and South Essex", 5)
    assert before.title == "Mid and South Essex (ICB until 31 March 2026)"
    assert find_area(before.title) == before


def test_ampersand_is_and() -> None:
    assert find_area("Castle Point & Rochford").name == "Castle Point and Rochford"


def test_an_unknown_area_names_those_there_are() -> None:
    with pytest.raises(UserError, match=r"no area called 'Kent'.*Mid and South Essex.*Uttlesford"):
        find_area("Kent")


@given(st.text())
def test_no_text_breaks_the_search(text: str) -> None:
    try:
        assert find_area(text) in all_areas()
    except UserError as error:
        assert text in str(error)


def test_labels_and_keys_are_unique() -> None:
    assert len({area.key for area in all_areas()}) == len(all_areas())
    assert len({area.label for area in all_areas()}) == len(all_areas())


def test_places_partition_the_practices_and_the_lsoas(dataset) -> None:
    for table in (dataset.practices, dataset.lsoas):
        codes = [code for place in places() for code in place.select(table).index]
        assert sorted(codes) == sorted(table.index)


def test_districts_partition_the_practices(practices: pd.DataFrame) -> None:
    districts = [area for area in all_areas() if area.kind == "district"]
    codes = [code for area in districts for code in area.select(practices).index]
    assert sorted(codes) == sorted(practices.index)


@pytest.mark.parametrize(
    ("name", "practices_there", "lsoas_there"),
    [
        ("Essex", 204, 1_077),
        ("Mid and South Essex", 143, 705),
        ("Thurrock", 26, 98),
        ("Castle Point", 13, 57),
        ("Redbridge", 1, 0),
    ],
)
def test_how_many_are_there(dataset, name: str, practices_there: int, lsoas_there: int) -> None:
    area = find_area(name)
    assert len(area.select(dataset.practices)) == practices_there
    assert len(area.select(dataset.lsoas)) == lsoas_there
