from __future__ import annotations

import pandas as pd
import pytest

from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.rules import Rule, default_rules
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset


@pytest.fixture(scope="session")
def mse(dataset: Dataset) -> pd.DataFrame:
    return find_area("Mid and South Essex").select(dataset.practices)


@pytest.fixture(scope="session")
def mse_neighbours(dataset: Dataset, mse: pd.DataFrame) -> Neighbours:
    outlines = dataset.outlines
    outline = outlines.loc[outlines["name"] == "Mid and South Essex"].geometry.iloc[0]
    return neighbours(mse, outline)


@pytest.fixture(scope="session")
def rules(dataset: Dataset) -> tuple[Rule, ...]:
    return default_rules(dataset.published)
