"""Who lives where as a view: units by options, figures by plain sums, what makes no slide."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.catchments import HUB, PRACTICE, Registered
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.answer import File, MapBlock, Table
from pcs_dash.views.catchment_maps import MAPS, RATIO
from pcs_dash.views.catchments import VIEW
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers


@pytest.fixture(scope="module")
def readers(dataset: Dataset) -> Readers:
    """Every practice of Thurrock has 500 patients in each of four LSOAs, and 3 in a fifth."""
    own = find_area("Thurrock").select(dataset.practices).index
    places = find_area("Thurrock").select(dataset.lsoas).index[:40]
    rows = []
    for number, code in enumerate(own):
        mine = [places[(number + step) % 40] for step in range(5)]
        rows += [(code, place, 500) for place in mine[:4]] + [(code, mine[4], 3)]
    table = pd.DataFrame(rows, columns=["practice_code", "lsoa_code", "patients"])
    table = table.astype({"practice_code": "category", "lsoa_code": "category"})
    found = Registered(table, dataset.lsoas.index, period="July 2031")
    return Readers(registered=lambda _: found)


def asked(dataset: Dataset, readers: Readers, area: str = "Thurrock", **given) -> Question:
    options = {name.replace("_", "-"): value for name, value in given.items() if name != "plan"}
    return ask(dataset, find_area(area), options=options, readers=readers, plan=given.get("plan"))


def test_the_figures_of_a_practice_by_hand(dataset: Dataset, readers: Readers) -> None:
    answer = VIEW.answer(asked(dataset, readers, whose=PRACTICE, practice="F81010"))
    figures = {figure.label: (figure.value, figure.note) for figure in answer.figures}
    assert figures["Patients"] == ("2,003", "July 2031")
    # 80% of 2,003 are more than three times 500.
    assert figures["Core catchment"] == ("4 LSOAs", "of 5, hold 80%")
    points = dataset.lsoas.geometry.representative_point()
    table = readers.registered(dataset).table
    mine = table[table["practice_code"] == "F81010"].set_index("lsoa_code")["patients"]
    surgery = dataset.practices.loc["F81010", ["easting", "northing"]].astype(float)
    km = sorted(
        np.hypot(points[place].x - surgery["easting"], points[place].y - surgery["northing"]) / 1000
        for place in mine.index[mine == 500]
    )
    median = float(figures["Half live within"][0].removesuffix(" km"))
    assert km[1] - 0.06 <= median <= km[2] + 0.06
    shown = next(block for block in answer.front if isinstance(block, Table))
    assert set(shown.frame["patients"]) <= {500.0}
    assert not answer.about_gps


def test_the_largest_is_shown_where_none_is_asked_for(dataset: Dataset, readers: Readers) -> None:
    answer = VIEW.answer(asked(dataset, readers, whose=PRACTICE))
    own = find_area("Thurrock").select(dataset.practices)
    assert f"({own['patients'].idxmax()})" in answer.heading
    assert answer.message.basis.startswith("Shown: the largest")


def test_hubs_are_those_of_the_plan(dataset: Dataset, readers: Readers) -> None:
    plan = Plan().add_hub("West <b>")
    plan = plan.assign(["F81010", "F81134"], plan.hubs[0].id)
    question = asked(dataset, readers, whose=HUB, plan=plan)
    answer = VIEW.answer(question)
    assert answer.figures[0].value == "4,006"
    assert VIEW.option("catchment-hub").labels(question) == {"West <b>": "West <b>"}
    overlap = next(part for part in answer.sections if part.key == "overlap")
    table = next(block for block in overlap.blocks(question) if isinstance(block, Table))
    assert table.frame["group"].tolist() == ["West <b>"]


def test_the_option_for_the_unit_follows_whose_patients(dataset: Dataset, readers: Readers) -> None:
    for whose, option in (("PCN", "catchment-pcn"), (PRACTICE, "practice"), (HUB, "catchment-hub")):
        question = asked(dataset, readers, whose=whose)
        there = [each.key for each in VIEW.options if each.when and each.when(question)]
        assert there == [option]


@pytest.mark.parametrize("what", MAPS)
@pytest.mark.parametrize("whose", ["PCN", PRACTICE])
def test_every_map_and_section(dataset: Dataset, readers: Readers, what: str, whose: str) -> None:
    question = asked(dataset, readers, whose=whose, catchment_map=what)
    answer = VIEW.answer(question)
    assert answer.about_gps == (what == RATIO)
    block = answer.front[0]
    assert isinstance(block, MapBlock)
    assert (block.spec.focus is not None) == (whose == PRACTICE)
    assert block.spec.legends(dataset)
    for section in answer.sections:
        assert section.blocks(question)
    package = next(block for block in answer.front if isinstance(block, File))
    assert package.made().startswith(b"SQLite format 3")


def test_a_unit_without_registrations_makes_no_slide(dataset: Dataset, readers: Readers) -> None:
    answer = VIEW.answer(asked(dataset, readers, "Southend-on-Sea"))
    assert "is not in the patients by LSOA of July 2031" in answer.refusal
    assert answer.front == ()
    empty = VIEW.answer(asked(dataset, readers, whose=HUB, plan=Plan()))
    assert "Make hubs on the page Hubs" in empty.refusal
