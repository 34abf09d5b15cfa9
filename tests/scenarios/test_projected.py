"""Growth by the ONS's projections, by hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pcs_dash.official.archive import InputFile
from pcs_dash.official.loaders.lookups import load_projections
from pcs_dash.scenarios.projected import projected_growth
from tests.official.samples import PROJECTIONS


def read(folder: Path, text: str) -> pd.DataFrame:
    path = folder / "snpp-2022.csv"
    path.write_text(text)
    return load_projections(InputFile.of(path))


def test_growth_is_that_of_the_people_of_the_area(tmp_path: Path) -> None:
    """1,000 to 1,032 in two years; births are no people of the area."""
    table = read(tmp_path, PROJECTIONS)
    assert table["people"].to_list() == pytest.approx([1_000, 1_016.1, 1_032])
    growth = projected_growth(table, "Thurrock", 2022, 2035)
    assert growth == pytest.approx(100 * (1.032**0.5 - 1))
    assert projected_growth(table, "Thurrock", 2024, 2035) is None
    assert projected_growth(table, "Basildon", 2022, 2035) is None


def test_a_total_is_not_added_to_its_parts(tmp_path: Path) -> None:
    text = PROJECTIONS + "E06000034,Thurrock,Population,persons,All ages,1000,1016.1,1032\n"
    table = read(tmp_path, text)
    assert table["people"].iloc[0] == 1_000
