"""A hub keeps its colour in every map, chart, table, slide and file."""

from __future__ import annotations

import html
import io
import json
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pyogrio
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from pptx import Presentation

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.catchments import HUB
from pcs_dash.official.any_area import find_area
from pcs_dash.render import pdf
from pcs_dash.render.geo_files import plan_geojson, plan_geopackage
from pcs_dash.render.html_file import to_html
from pcs_dash.render.plan_workbook import plan_workbook
from pcs_dash.render.powerpoint import to_pptx
from pcs_dash.render.provenance import Provenance
from pcs_dash.render.report_workbook import to_xlsx
from pcs_dash.render.screen import _picture
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views.answer import Chart, MapBlock, Table
from pcs_dash.views.catchment_maps import MAIN_GROUP
from pcs_dash.views.content import build_deck
from pcs_dash.views.deck import Deck
from pcs_dash.views.list_sizes import _lines
from pcs_dash.views.map_spec import map_view
from pcs_dash.views.question import Question, ask
from pcs_dash.views.registry import VIEWS
from pcs_dash.views.story import SavedView, Story

NAMES = ("Zeta", "Elsewhere", "Gone", "Before", "Alpha", "=B & <b>")


@pytest.fixture(scope="module")
def plan(practices: pd.DataFrame, thurrock: pd.DataFrame) -> Plan:
    """Hubs whose names are in another order than they were made: one is of another place, one was
    deleted, one renamed, one painted another colour, and one made after all that.
    """
    made = Plan()
    for name in NAMES:
        made = made.add_hub(name)
    ids = {hub.name: hub.id for hub in made.hubs}
    own = iter(thurrock.index)
    for name in NAMES:
        codes = [next(own) for _ in range(4)]
        if name == "Elsewhere":
            codes = list(practices.index[practices["place"] == "Southend"][:3])
        made = made.assign(codes, ids[name])
    made = made.delete_hub(ids["Gone"]).rename(ids["Before"], "After")
    made = made.recolour(ids["Alpha"], "#0a1bff").add_hub("Late")
    return made.assign([next(own)], made.hubs[-1].id)


@pytest.fixture(scope="module")
def colours(plan: Plan) -> dict[str, str]:
    """What every output has to show: those of the hubs with practices in Thurrock, by name."""
    found = {hub.name: hub.colour for hub in plan.hubs if hub.name != "Elsewhere"}
    assert len(set(found.values())) == len(found) == 5
    return found


@pytest.fixture(scope="module")
def question(dataset: Dataset, plan: Plan) -> Question:
    return ask(dataset, find_area("Thurrock"), plan=plan, plan_name="Mine")


@pytest.fixture(scope="module")
def deck(dataset: Dataset, plan: Plan) -> Deck:
    view = SavedView(page="hubs", topic="hubs", plan=plan, plan_name="Mine")
    story = Story("One", (view,))
    return build_deck(dataset, story, area=find_area("Thurrock"), plan=plan, plan_name="Mine")


def of_rows(table: Table) -> dict[str, str]:
    """The colours that rows have, by what heads them."""
    heads = table.frame[table.on_page[0].key]
    return {str(head): own for head, own in zip(heads, table.colours, strict=True) if own}


def test_on_maps_and_in_charts(question: Question, colours: dict[str, str]) -> None:
    (block, _) = VIEWS["options"].answer(question).front
    assert isinstance(block, MapBlock)
    content, (legend,), _ = map_view(question.dataset, block.spec, "test")
    palette, letters = content["marks"]["palette"], content["marks"]["letters"]
    hub_of = question.shown_plan.to_series(question.dataset.practices.index)
    for (code, hub), letter in zip(hub_of.items(), letters, strict=True):
        if code in question.practices.index and hub in colours:
            assert palette[letter] == colours[hub]
    named = (re.sub(r"^\d+\. ", "", label) for label in legend.labels)
    shown = dict(zip(named, legend.colours, strict=True))
    assert {name: shown[name] for name in colours} == colours
    bars = VIEWS["hubs"].answer(question).screen
    assert isinstance(bars, Chart)
    assert dict(zip(bars.categories, bars.series[0].colours, strict=True)) == colours
    # The few that are drawn as lines, in whatever order they were chosen.
    chosen = pd.DataFrame({"2025-01-01": 1.0, "2025-02-01": 2.0}, index=["Late", "After"])
    lines = _lines(chosen, question.hub_colours)
    assert {line.name: line.colour for line in lines} == {n: colours[n] for n in chosen.index}
    land = (
        VIEWS["catchment"]
        .answer(question.with_options({"whose": HUB, "catchment-map": MAIN_GROUP}))
        .front[0]
    )
    assert isinstance(land, MapBlock)
    assert land.spec.ground is not None
    assert {name: land.spec.ground.colours[name] for name in colours} == colours


def test_in_tables_of_views_whatever_their_order(
    question: Question, colours: dict[str, str]
) -> None:
    (table,) = VIEWS["hubs"].answer(question).front
    assert isinstance(table, Table)
    assert of_rows(table) == colours
    sections = {part.key: part for part in VIEWS["plan_ahead"].answer(question).sections}
    (ahead,) = sections["groups"].blocks(question)
    assert isinstance(ahead, Table)
    assert of_rows(ahead) == colours
    said = _picture(None, table, 0, None)  # type: ignore[arg-type]
    assert said["colours"] == list(table.colours)


def test_on_slides_and_paper(deck: Deck, colours: dict[str, str]) -> None:
    slides = Presentation(io.BytesIO(to_pptx(deck))).slides
    rows = [row for slide in slides for shape in slide.shapes if shape.has_table
            for row in shape.table.rows]  # fmt: skip
    lines = {row.cells[0].text: row.cells[0]._tc.xpath("./a:tcPr/a:lnL//a:srgbClr/@val")
             for row in rows}  # fmt: skip
    for name, colour in colours.items():
        assert lines[name] == [colour.removeprefix("#").upper()]
    assert lines["In no group"] == []
    text = to_html(deck).decode()
    heads = re.findall(r'<th scope="row"><span [^>]*background:(#\w{6})[^>]*></span>([^<]*)', text)
    assert {html.unescape(name): colour for colour, name in heads} == colours
    (table,) = deck.slides[0].blocks
    assert isinstance(table, Table)
    page = pdf._pages(deck, deck.slides[0], 0)[0]
    drawn = [each for each in page.findobj(Rectangle) if to_hex(each.get_facecolor()) in
             colours.values()]  # fmt: skip
    drawn.sort(key=lambda each: -each.get_y())
    assert [to_hex(each.get_facecolor()) for each in drawn] == [own for own in table.colours if own]


def marked(book: Any, sheet: str, column: str, head: int) -> dict[str, str]:
    """The lines before the names in a column of a sheet."""
    heads, *rows = book[sheet].iter_rows(min_row=head)
    place = [cell.value for cell in heads].index(column)
    return {
        str(row[place].value).removeprefix("'"): f"#{side.color.rgb[2:].lower()}"
        for row in rows
        if (side := row[place].border.left).style
    }


def test_in_workbooks(
    question: Question, deck: Deck, plan: Plan, colours: dict[str, str], provenance: Provenance
) -> None:
    summary = question.hubs(plan)
    book = openpyxl.load_workbook(
        io.BytesIO(plan_workbook(plan, question.practices, provenance, summary=summary))
    )
    assert marked(book, "Plan", "Hub", 1) == {hub.name: hub.colour for hub in plan.hubs}
    assert marked(book, "Practices", "Hub", 1) == colours
    report = openpyxl.load_workbook(io.BytesIO(to_xlsx(deck)))
    assert marked(report, "Plan", "Hub", 3) == colours
    every = marked(report, "Hubs", "Hub", 3)
    assert {name: every[name] for name in colours} == colours


def test_in_map_files(
    question: Question, plan: Plan, colours: dict[str, str], provenance: Provenance, tmp_path: Path
) -> None:
    near = neighbours(question.practices, question.outline)
    given = (plan, question.practices, provenance)
    features = json.loads(plan_geojson(*given, neighbours=near))["features"]
    for kind in ("Point", "MultiPolygon"):
        own = [
            each["properties"] for each in features if (each["geometry"] or {}).get("type") == kind
        ]
        assert {each["hub"]: each["colour"] for each in own if each["hub"]} == colours
    path = tmp_path / "plan.gpkg"
    path.write_bytes(plan_geopackage(*given, neighbours=near))
    hubs = pyogrio.read_dataframe(path, layer="hubs", read_geometry=False)
    assert dict(zip(hubs["hub"], hubs["colour"], strict=True)) == colours
    with closing(sqlite3.connect(path)) as database:
        styles = database.execute("SELECT styleQML FROM layer_styles").fetchall()
    for (text,) in styles:
        root = ElementTree.fromstring(text)
        fill = {one.get("name"): one.find("layer/prop[@k='color']").get("v")
                for one in root.iter("symbol")}  # fmt: skip
        shown = {one.get("value"): fill[one.get("symbol")] for one in root.iter("category")}
        for name, colour in colours.items():
            assert shown[name] == ",".join(map(str, bytes.fromhex(colour[1:]))) + ",255"


@pytest.fixture(scope="module")
def provenance(dataset: Dataset) -> Provenance:
    question = ask(dataset, find_area("Thurrock"))
    return Provenance(date(2026, 3, 4), "Thurrock", "fully_qualified", question.benchmark)
