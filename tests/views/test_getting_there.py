"""Getting there: the view's figures against sums by hand; modelled and measured never mixed."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from pcs_dash.measures.catchments import Registered
from pcs_dash.official.any_area import find_area
from pcs_dash.render.report_workbook import to_xlsx
from pcs_dash.tables.dataset import Dataset
from pcs_dash.travel.minutes import Stored, minutes_per_km
from pcs_dash.views.answer import Answer, Beside, MapBlock, Table
from pcs_dash.views.content import build_deck
from pcs_dash.views.getting_there import NOT_MODELLED, OPTIONS, VIEW
from pcs_dash.views.map_spec import map_view
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers
from pcs_dash.views.story import SavedView, Story


@pytest.fixture(scope="module")
def registered(dataset: Dataset) -> Registered:
    """A thousand patients in each small area, 995 with its first practice and 5 with its second."""
    lsoas = dataset.lsoas.index
    codes = dataset.practices.index[:2]
    table = pd.DataFrame(
        {
            "practice_code": np.repeat(codes, len(lsoas)),
            "lsoa_code": np.tile(lsoas, 2),
            "patients": np.repeat([995, 5], len(lsoas)),
        }
    )
    return Registered(table, lsoas, period="July 2023")


@pytest.fixture(scope="module")
def stored(dataset: Dataset) -> Stored:
    """Ten minutes on foot from every small area of Thurrock but one to one practice."""
    own = find_area("Thurrock").select(dataset.lsoas).index[1:]
    table = pd.DataFrame({"origin": own, "destination": "F81110", "mode": "walk"})
    return Stored(table.assign(minutes=10.0, source="r5"), "May 2026")


def asked(
    dataset: Dataset, registered: Registered, stored: Stored | None = None, **options: str
) -> Question:
    version = ("test", str(id(registered)), str(id(stored)))
    readers = Readers(registered=lambda _: registered, minutes=lambda: stored, version=version)
    return ask(dataset, find_area("Thurrock"), options=options, readers=readers)


def table_of(answer: Answer) -> pd.DataFrame:
    return next(item for item in answer.front if isinstance(item, Table)).frame.set_index("group")


def straight_km(dataset: Dataset) -> pd.Series:
    """Kilometres from each small area of Thurrock to the nearest practice, by geometry."""
    own = find_area("Thurrock").select(dataset.lsoas)
    points = own.geometry.representative_point()
    placed = dataset.practices.dropna(subset=["easting"])
    east, north = placed["easting"].to_numpy(), placed["northing"].to_numpy()
    return pd.Series([np.hypot(east - p.x, north - p.y).min() / 1000 for p in points], own.index)


@pytest.mark.parametrize(("mode", "within"), [("walk", "10"), ("drive", "15")])
def test_the_share_within_reach_by_hand(
    dataset: Dataset, registered: Registered, mode: str, within: str
) -> None:
    answer = VIEW.answer(asked(dataset, registered, mode=mode, within=within))
    minutes = straight_km(dataset) * minutes_per_km(mode)
    share = (minutes <= int(within)).mean()
    assert answer.figures[0].value == f"{round(100 * share)}%"
    beyond = int((minutes > int(within)).sum()) * 1_000
    assert answer.figures[1].value == f"{beyond:,}"
    assert "modelled" in answer.message.finding
    assert "July 2023" in answer.message.basis
    frame = table_of(answer)
    assert frame["people"].sum() == 1_000 * len(minutes)
    assert frame[f"beyond_{within}"].sum() == beyond
    # Two lines of a slide hold some 190 letters.
    assert len(answer.message.finding) < 190 and not answer.message.caution


def test_measured_minutes_take_the_place_of_modelled_ones_whole(
    dataset: Dataset, registered: Registered, stored: Stored
) -> None:
    answer = VIEW.answer(asked(dataset, registered, stored))
    assert "measured" in answer.message.finding
    assert "modelled" not in answer.message.text
    assert answer.figures[0].value == "100%"
    # The small area that the table lacks is counted, not modelled.
    assert "1,000 without minutes left out" in answer.message.basis
    (spec,) = [item.spec for item in answer.front if isinstance(item, MapBlock)]
    own = find_area("Thurrock").select(dataset.lsoas).index
    assert spec.ground is not None
    assert spec.ground.labels.reindex(own).isna().sum() == 1
    again = VIEW.answer(asked(dataset, registered, stored, minutes="modelled"))
    assert "measured" not in again.message.text


def test_minutes_to_the_own_practice_hide_few_people(
    dataset: Dataset, registered: Registered
) -> None:
    lsoas = find_area("Thurrock").select(dataset.lsoas).index
    far = find_area("North East Essex").select(dataset.practices).index[0]
    table = pd.DataFrame({"practice_code": "F81110", "lsoa_code": lsoas, "patients": 995})
    three = pd.DataFrame({"practice_code": far, "lsoa_code": lsoas[:1], "patients": 3})
    both = replace(registered, table=pd.concat([table, three], ignore_index=True))
    answer = VIEW.answer(asked(dataset, both, to="own", mode="drive", within="30"))
    assert "their own practice" in answer.message.finding
    assert answer.figures[1].value == "fewer than 5"
    frame = table_of(answer)
    assert frame["people"].sum() == 995 * len(lsoas) + 3
    assert frame["beyond_30"].isna().sum() == frame["share_beyond_30"].isna().sum() == 1
    assert (frame["beyond_30"].dropna() == 0).all()


def test_public_transport_is_offered_only_where_it_is_loaded(
    dataset: Dataset, registered: Registered, stored: Stored
) -> None:
    mode = OPTIONS[0]
    assert list(mode.labels(asked(dataset, registered))) == ["walk", "cycle", "drive"]
    bus = Stored(stored.table.assign(mode="transit"), "May 2026")
    question = asked(dataset, registered, bus, mode="transit")
    assert list(mode.labels(question)) == ["walk", "cycle", "drive", "transit"]
    assert "by public transport (measured)" in VIEW.answer(question).message.finding


def blocks(question: Question) -> dict[str, list[Any]]:
    """Blocks by section, those side by side one after another."""
    found = {}
    for section in VIEW.answer(question).sections:
        parts = section.blocks(question)
        found[section.key] = [
            each
            for part in parts
            for each in (sum(part.columns, ()) if isinstance(part, Beside) else (part,))
        ]
    return found


def test_every_section_says_which_minutes(dataset: Dataset, registered: Registered) -> None:
    found = blocks(asked(dataset, registered, around="F81110"))
    assert "places" not in found  # Thurrock is one of each
    for key in ("furthest", "nearest"):
        assert all("modelled" in item.caption for item in found[key] if isinstance(item, Table))
    assert any(NOT_MODELLED in str(getattr(item, "said", "")) for item in found["rests_on"])
    file = found["furthest"][0].file
    assert len(file) == len(find_area("Thurrock").select(dataset.lsoas))
    assert file["minutes"].is_monotonic_decreasing


def test_an_area_without_small_areas_says_so(dataset: Dataset, registered: Registered) -> None:
    # What is kept goes by the version: the test of the slide reads straight, which has none.
    readers = Readers(registered=lambda _: registered, minutes=lambda: None, version=("none",))
    question = ask(dataset, find_area("redbridge-district"), readers=readers)
    assert "Nobody is known to live" in VIEW.answer(question).message.finding


def test_its_slide_says_modelled_and_of_whom(dataset: Dataset) -> None:
    view = SavedView(page="getting_there", options={"mode": "cycle", "around": "F81110"})
    deck = build_deck(dataset, Story("One", (view,)), area=find_area("Thurrock"))
    slide = deck.slides[0]
    assert "by bicycle (modelled)" in slide.message
    assert "modelled (straight line" in slide.footer
    (drawn,) = [block for block in slide.blocks if isinstance(block, MapBlock)]
    assert drawn.spec.highlight == "F81110" and drawn.spec.steps is not None
    assert (drawn.spec.marks.labels == "own").pipe(lambda own: own[own]).index.tolist() == [
        "F81110"
    ]
    assert "gravity model" in slide.footer
    sheet = load_workbook(io.BytesIO(to_xlsx(deck)))["Getting there"]
    rows = {(row[2], row[3]): row for row in sheet.iter_rows(min_row=4, values_only=True)}
    whole = rows["Area", "Thurrock"]
    assert all("by bicycle, modelled (straight line" in row[1] for row in rows.values())
    assert sum(row[4] for key, row in rows.items() if key[0] == "Quintile") == pytest.approx(
        whole[4]
    )
    by_hand = (straight_km(dataset) * minutes_per_km("cycle") > 15).mean()
    assert whole[9] == pytest.approx(by_hand, abs=0.001)
    reach = next(value for label, value in slide.figures if "within 20" in label)
    found = rows["Within reach of Tilbury Health Centre", "20 minutes"]
    assert f"{found[4]:,.0f}" == reach and found[6] is None


def test_published_minutes_go_to_the_nearest_and_say_so(
    dataset: Dataset, registered: Registered, stored: Stored
) -> None:
    own = find_area("Thurrock").select(dataset.lsoas).index
    nearest = pd.DataFrame({"lsoa_code": own, "transit": 21.0, "walk": 12.0})
    loaded = replace(stored, nearest=nearest, nearest_period="December 2019")
    question = asked(dataset, registered, loaded, mode="transit", within="20")
    answer = VIEW.answer(question)
    assert "by public transport (published)" in answer.message.finding
    assert answer.figures[0].value == "0%"
    assert "Department for Transport, JTS0505, December 2019" in answer.sources
    kinds = VIEW.option("minutes")
    assert list(kinds.labels(question)) == ["published"]
    walk = asked(dataset, registered, loaded, mode="walk")
    assert list(kinds.labels(walk)) == ["measured", "modelled", "published"]
    # To the own practice nothing is published.
    away = asked(dataset, registered, loaded, mode="transit", to="own")
    assert list(OPTIONS[0].labels(away)) == ["walk", "cycle", "drive"]
    assert "nearest surgery alone" in blocks(question)["furthest"][1].said


def test_households_without_a_car_by_hand(dataset: Dataset, registered: Registered) -> None:
    lsoas = find_area("Thurrock").select(dataset.lsoas).index
    minutes = straight_km(dataset) * minutes_per_km("walk")
    cars = pd.DataFrame({"lsoa_code": lsoas, "households": 100, "without_car": 10})
    cars.loc[0, ["households", "without_car"]] = 50, 50
    lookup = pd.DataFrame({"lsoa11cd": lsoas, "lsoa21cd": lsoas})
    nothing = pd.DataFrame(columns=["origin", "destination", "mode", "minutes", "source"])
    loaded = Stored(nothing, "", cars=cars, lookup=lookup)
    table, note = blocks(asked(dataset, registered, loaded, within="10"))["cars"]
    frame = table.frame.set_index("group")
    far = minutes > 10
    assert frame.at["All households", "people"] == 100 * len(lsoas) - 50
    assert frame.at["Without a car", "people"] == 10 * (len(lsoas) - 1) + 50
    expected = 10 * int(far.iloc[1:].sum()) + 50 * int(far.iloc[0])
    assert frame.at["Without a car", "beyond_10"] == expected
    assert "TS045" in note.said
    assert "cars" not in blocks(asked(dataset, registered))


def test_a_practice_that_is_asked_about_has_steps_of_five_minutes_around_it(
    dataset: Dataset, registered: Registered, tmp_path: Path
) -> None:
    question = asked(dataset, registered, around="F81110", mode="walk")
    practice = dataset.practices.loc["F81110"]
    points = dataset.lsoas.geometry.representative_point()
    km = np.hypot(points.x - practice["easting"], points.y - practice["northing"]) / 1_000
    minutes = km * minutes_per_km("walk")
    answer = VIEW.answer(question)
    table, (_, file) = answer.front[1], blocks(question)["reach"]
    expected = [int((minutes <= limit).sum()) for limit in (5, 10, 15, 20, 25, 30)]
    assert [row[1] for row in table.rows] == [str(n) for n in expected]
    assert [row[2] for row in table.rows] == [f"{1_000 * n:,}" for n in expected]
    said = f"{1_000 * expected[3]:,} patients live within 20 minutes of Tilbury Health Centre"
    assert said in answer.message.finding and "on foot (modelled)" in answer.message.finding
    (spec,) = [item.spec for item in answer.front if isinstance(item, MapBlock)]
    own = find_area("Thurrock").select(dataset.lsoas).index
    labels = spec.ground.labels.reindex(own)
    assert int((labels == "15 to 20").sum()) == int(minutes[own].between(15, 20, "right").sum())
    assert labels.notna().sum() == int((minutes[own] <= 30).sum())
    assert spec.steps is not None
    drawn = map_view(dataset, spec, "x")[0]
    ground, smooth = drawn["fill"], drawn["steps"]
    assert ground["opacity"] == 0
    assert smooth["features"][0]["properties"]["colour"] == "#ffffd4"
    path = tmp_path / file.name
    path.write_bytes(file.made())
    steps = gpd.read_file(path, layer="steps").set_index("within")
    assert steps["patients_within"].to_dict() == {
        5 * n: 1_000 * expected[n - 1] for n in range(1, 7)
    }
    assert set(steps["minutes_are"]) == {"modelled"}


def test_a_hub_is_asked_about_by_its_main_site(dataset: Dataset, registered: Registered) -> None:
    lsoas = find_area("Thurrock").select(dataset.lsoas).index
    codes = find_area("Thurrock").select(dataset.practices).index
    table = pd.DataFrame({"practice_code": np.resize(codes, len(lsoas)), "lsoa_code": lsoas})
    own = replace(registered, table=table.assign(patients=1_000))
    question = asked(dataset, own, mode="walk")
    plan = question.shown_plan
    hub = plan.hubs[0].name
    site = question.hubs(plan).at[hub, "main_site"]
    option = VIEW.option("around-hub")
    assert hub in option.labels(question)
    answer = VIEW.answer(question.with_options({"around-hub": hub}))
    (spec,) = [item.spec for item in answer.front if isinstance(item, MapBlock)]
    assert spec.highlight == site
    assert f"minutes to the main site of {hub}" in spec.ground.title
    assert answer.sections[0].key == "reach"
