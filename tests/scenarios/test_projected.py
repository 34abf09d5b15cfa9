"""Growth by the ONS's projections, by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.official.archive import InputFile
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.scenarios.projected import ageing, projected_growth
from tests.official.samples import PROJECTIONS


def read(folder: Path, text: str) -> pd.DataFrame:
    path = folder / "snpp-2022.csv"
    path.write_text(text)
    return SOURCES["population_projections"].load(InputFile.of(path))


def test_growth_is_that_of_the_people_of_the_area(tmp_path: Path) -> None:
    """1,000 to 1,032 in two years; births are no people of the area."""
    table = read(tmp_path, PROJECTIONS)
    assert table["people"].to_list() == pytest.approx([1_000, 1_016.1, 1_032])
    growth = projected_growth(table, "Thurrock", 2022, 2035)
    assert growth == pytest.approx(100 * (1.032**0.5 - 1))
    assert projected_growth(table, "Thurrock", 2024, 2035) is None
    assert projected_growth(table, "Basildon", 2022, 2035) is None


def test_people_who_get_older_consult_more(tmp_path: Path) -> None:
    """Half boys of 8, half women of 90; ten years later all are women of 90: 6.72 for 3.86."""
    head, *_ = PROJECTIONS.splitlines()
    people = {("males", "5 to 9"): "500,400,0", ("females", "90 and over"): "500,600,1000"}
    ages = ("0 to 4", "5 to 9", "15 to 19", "45 to 49", "65 to 69", "75 to 79", "90 and over")
    rows = [
        f"E06000034,Thurrock,Population,{sex},{age},{people.get((sex, age), '0,0,0')}"
        for sex in ("males", "females")
        for age in ages
    ]
    rows.append("E06000034,Thurrock,Population,persons,All ages,1000,1000,1000")
    table = read(tmp_path, "\n".join([head, *rows]) + "\n")
    areas = pd.Series({"F81110": "Thurrock", "F81001": "Castle Point"})
    found = ageing(table, areas, 2022, 2024)
    assert found["F81110"] == pytest.approx(6.72 / ((1.00 + 6.72) / 2))
    assert pd.isna(found["F81001"])
    assert ageing(table, areas, 2022, 2035).isna().all()


def test_a_total_is_not_added_to_its_parts(tmp_path: Path) -> None:
    text = PROJECTIONS + "E06000034,Thurrock,Population,persons,All ages,1000,1016.1,1032\n"
    table = read(tmp_path, text)
    assert table["people"].iloc[0] == 1_000
