"""The tables that an area is in: the embedded ones, or those of the official data loaded."""

from __future__ import annotations

import pandas as pd

from pcs_dash.areas import Area
from pcs_dash.build import Dataset, build_dataset, build_practices
from pcs_dash.official.areas import OfficialArea
from pcs_dash.sources import WORKFORCE_PERIOD


def dataset_for(area: Area) -> Dataset:
    """The data set that holds an area; UserError where the loaded data can't be read."""
    if isinstance(area, OfficialArea):
        from pcs_dash.official.dataset import dataset_of

        return dataset_of(area)
    return build_dataset()


def practices_for(area: Area) -> tuple[pd.DataFrame, str]:
    """The practices of that data set (of all Essex, or of whole ICBs), and the period of their
    GP figures; quicker than `dataset_for` for an embedded area.
    """
    if isinstance(area, OfficialArea):
        from pcs_dash.official.dataset import practices_of

        return practices_of(area)
    return build_practices()[0], WORKFORCE_PERIOD
