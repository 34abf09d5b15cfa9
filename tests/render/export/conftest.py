from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.rules import default_rules
from pcs_dash.measures.workforce import england_benchmark
from pcs_dash.render.provenance import Provenance
from pcs_dash.tables.dataset import Dataset


@pytest.fixture(scope="session")
def thurrock_neighbours(dataset: Dataset, thurrock: pd.DataFrame) -> Neighbours:
    outlines = dataset.outlines.query("kind == 'place' and name == 'Thurrock'")
    return neighbours(thurrock, outlines.geometry.iloc[0])


@pytest.fixture(scope="session")
def provenance(dataset: Dataset) -> Provenance:
    return Provenance(
        exported=date(2026, 3, 4),
        area="Thurrock",
        definition="fully_qualified",
        benchmark=england_benchmark(dataset.published),
        rules=default_rules(dataset.published),
        plan_name="=A & <b>",
    )
