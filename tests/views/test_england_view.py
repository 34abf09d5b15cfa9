"""England as a view: highest first, the chosen area marked, nothing where nothing is loaded."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.england_areas import ENGLAND
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.answer import Chart, Table
from pcs_dash.views.england import VIEW
from pcs_dash.views.loaded_data import England
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers
from pcs_dash.views.slides import slides_of
from pcs_dash.views.story import SavedView


@pytest.fixture
def loaded() -> England:
    """Twenty areas with 80% to 99% rated, one without a figure, and England."""
    names = [f"Area {number:02d}" for number in range(20)]
    table = pd.DataFrame(
        {
            "name": [*names, "Thurrock", "England"],
            "practices": [10] * 21 + [210],
            "patients": [1_000] * 21 + [21_000],
            "cqc": [*(80.0 + number for number in range(20)), np.nan, 91.0],
        },
        index=[*(f"E{number}" for number in range(20)), "ET", ENGLAND],
    )
    missing = pd.DataFrame({"measure": ["QOF"], "needs": ["a file"], "how": ["update qof"]})
    bare = gpd.GeoDataFrame({"code": [], "name": [], "coarse": []}, geometry=[], crs=27700)
    return England(table, {"cqc": "CQC"}, {"cqc": "December 2024"}, ("", ""), missing, bare)


def asked(dataset: Dataset, loaded: England | None, area: str = "Essex") -> Question:
    return ask(dataset, find_area(area), readers=Readers(england=lambda _: loaded))


def test_the_highest_and_the_lowest_are_drawn(dataset: Dataset, loaded: England) -> None:
    answer = VIEW.answer(asked(dataset, loaded))
    assert "from 80.0% in Area 00 to 99.0% in Area 19" in answer.message.finding
    assert "1 have no figure" in answer.message.finding
    chart, listing = answer.front
    assert isinstance(chart, Chart)
    assert isinstance(listing, Table)
    assert chart.series[0].values == (99, 98, 97, 96, 95, 94, 85, 84, 83, 82, 81, 80)
    assert chart.reference == 91
    assert [row[2] for row in listing.rows][:2] == ["1 of 20", "2 of 20"]
    assert [(figure.label, figure.value) for figure in answer.figures] == [("England", "91.0%")]


def test_of_areas_that_are_alike_none_is_named_alone(dataset: Dataset, loaded: England) -> None:
    loaded.table.loc[[f"E{number}" for number in range(10, 18)], "cqc"] = 100.0
    answer = VIEW.answer(asked(dataset, loaded))
    assert "from 80.0% in Area 00 to 100.0% in 8 areas" in answer.message.finding
    chart = answer.front[0]
    assert isinstance(chart, Chart)
    assert chart.title.endswith("6 of the 8 highest and the 6 lowest")
    # Its slide rests on no GPs, and does not say which of them count.
    (slide,) = slides_of(SavedView("england", "england"), asked(dataset, loaded), answer, "")
    assert slide.notes[0] == answer.message.finding
    assert not any("GPs" in note for note in slide.notes)


def test_the_chosen_area_is_marked(dataset: Dataset, loaded: England) -> None:
    loaded.table.loc["ET", "cqc"] = 99.5
    answer = VIEW.answer(asked(dataset, loaded, "Thurrock"))
    assert answer.figures[1].value == "99.5%"
    chart = answer.front[0]
    assert isinstance(chart, Chart)
    assert chart.categories[0] == "Thurrock"
    assert len({chart.series[0].colours[0], *chart.series[0].colours[1:]}) == 2


def test_nothing_loaded_makes_no_slide(dataset: Dataset) -> None:
    question = asked(dataset, None)
    answer = VIEW.answer(question)
    assert "No official data are loaded yet" in answer.message.finding
    assert "Data and methods" in answer.refusal
    assert not VIEW.option("england-measure").labels(question)
