from __future__ import annotations

import pytest

from pcs_dash.measures.catchments import modelled
from pcs_dash.scenarios.today import Today, today_of
from pcs_dash.tables.dataset import Dataset


@pytest.fixture(scope="session")
def today(dataset: Dataset) -> Today:
    return today_of(dataset, lambda data: modelled(data.practices, data.lsoas))
