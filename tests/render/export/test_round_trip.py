"""Export then import is the identity, for any plan; and what the other formats hold."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pcs_dash.hubs.contiguity import Neighbours
from pcs_dash.hubs.plan import (
    EMPTY_PLAN,
    Plan,
    PlanError,
    clean_name,
    clean_note,
    name_key,
    plan_from_column,
)
from pcs_dash.hubs.reading import read_plan
from pcs_dash.hubs.summary import scorecard, summarise_hubs
from pcs_dash.render.csv_files import plan_csv
from pcs_dash.render.geo_files import plan_geojson, plan_geopackage
from pcs_dash.render.plan_workbook import plan_workbook
from pcs_dash.render.provenance import Provenance
from pcs_dash.tables.errors import InputFileError


def is_clean(text: str, clean) -> bool:
    try:
        return clean(text) == text
    except PlanError:
        return False


formula_like = st.text(alphabet="'=+-@;,\"\taé£ ", min_size=1, max_size=8)
names = (st.text(min_size=1, max_size=12) | formula_like).filter(lambda t: is_clean(t, clean_name))
notes = (st.text(max_size=30) | formula_like).filter(lambda text: is_clean(text, clean_note))


@st.composite
def plans(draw: st.DrawFn, codes: list[str]) -> Plan:
    plan = EMPTY_PLAN
    for name in draw(st.lists(names, max_size=5, unique_by=name_key)):
        plan = plan.add_hub(name, note=draw(notes))
        hub = plan.hubs[-1].id
        colour = draw(st.integers(0, 0xFFFFFF))
        plan = plan.recolour(hub, f"#{colour:06x}")
        members = draw(st.lists(st.sampled_from(codes), max_size=6))
        plan = plan.assign(members, hub)
    for hub in plan.hubs:
        plan = plan.set_locked(hub.id, draw(st.booleans()))
    return plan


@pytest.fixture(scope="session")
def codes(thurrock: pd.DataFrame) -> list[str]:
    return list(thurrock.index)


@given(data=st.data())
@settings(max_examples=100)
def test_csv(
    practices: pd.DataFrame,
    thurrock: pd.DataFrame,
    provenance: Provenance,
    codes: list[str],
    data: st.DataObject,
) -> None:
    plan = data.draw(plans(codes))
    content = plan_csv(plan, thurrock, provenance)
    # A CSV holds names and members; colours, notes and empty hubs need the other formats.
    found = read_plan("plan.csv", content, practices).plan
    pd.testing.assert_frame_equal(found.to_frame(codes), plan.to_frame(codes))


@given(data=st.data())
@settings(max_examples=30)
def test_excel(
    practices: pd.DataFrame,
    thurrock: pd.DataFrame,
    provenance: Provenance,
    codes: list[str],
    data: st.DataObject,
) -> None:
    plan = data.draw(plans(codes))
    summary = summarise_hubs(plan, thurrock)
    content = plan_workbook(plan, thurrock, provenance, summary=summary)
    assert read_plan("plan.xlsx", content, practices).plan == plan


@given(data=st.data(), shapes=st.booleans())
@settings(max_examples=60)
def test_geojson(
    practices: pd.DataFrame,
    thurrock: pd.DataFrame,
    thurrock_neighbours: Neighbours,
    provenance: Provenance,
    codes: list[str],
    data: st.DataObject,
    shapes: bool,
) -> None:
    plan = data.draw(plans(codes))
    near = thurrock_neighbours if shapes else None
    content = plan_geojson(plan, thurrock, provenance, neighbours=near)
    assert read_plan("plan.geojson", content, practices).plan == plan


@given(data=st.data())
@settings(max_examples=15)
def test_geopackage_of_any_plan(
    practices: pd.DataFrame,
    thurrock: pd.DataFrame,
    thurrock_neighbours: Neighbours,
    provenance: Provenance,
    codes: list[str],
    data: st.DataObject,
) -> None:
    plan = data.draw(plans(codes))
    content = plan_geopackage(plan, thurrock, provenance, neighbours=thurrock_neighbours)
    found = read_plan("plan.gpkg", content, practices)
    assert found.plan == plan
    assert found.sheets == ()


def test_a_hub_called_like_an_error_comes_back_with_a_note(
    practices: pd.DataFrame, thurrock: pd.DataFrame, provenance: Provenance
) -> None:
    plan = plan_from_column(thurrock, "pcn").rename("h1", "#REF!")
    summary = summarise_hubs(plan, thurrock)
    for content in (
        plan_csv(plan, thurrock, provenance),
        plan_workbook(plan, thurrock, provenance, summary=summary),
    ):
        found = read_plan("plan", content, practices)
        pd.testing.assert_frame_equal(found.plan.to_frame(), plan.to_frame())
        assert any("call an error: #REF!. If a formula failed" in note for note in found.notes)
    # In any other file it is a fault, whatever the hub.
    bare = b"practice_code,hub\nF81010,#REF!\n"
    with pytest.raises(InputFileError, match="Row 2, column 'hub': an error"):
        read_plan("plan.csv", bare, practices)


def test_a_plan_of_more_than_the_area_keeps_all_of_it(
    practices: pd.DataFrame,
    thurrock: pd.DataFrame,
    thurrock_neighbours: Neighbours,
    provenance: Provenance,
) -> None:
    plan = plan_from_column(practices, "pcn")
    summary = summarise_hubs(plan, thurrock)
    for content in (
        plan_csv(plan, thurrock, provenance),
        plan_workbook(plan, thurrock, provenance, summary=summary),
        plan_geojson(plan, thurrock, provenance),
        plan_geopackage(plan, thurrock, provenance, neighbours=thurrock_neighbours),
    ):
        found = read_plan("plan", content, practices).plan
        pd.testing.assert_frame_equal(found.to_frame(), plan.to_frame())


def test_polygons_alone_give_the_plan_back_but_for_shared_buildings(
    practices: pd.DataFrame,
    thurrock: pd.DataFrame,
    thurrock_neighbours: Neighbours,
    provenance: Provenance,
) -> None:
    plan = plan_from_column(thurrock, "pcn")
    data = json.loads(plan_geojson(plan, thurrock, provenance, neighbours=thurrock_neighbours))
    data.pop("hubs")
    data["features"] = [f for f in data["features"] if f["geometry"]["type"] != "Point"]
    found = read_plan("x.geojson", json.dumps(data).encode(), practices).plan
    # Thurrock has no shared buildings; practices are known to a few metres.
    assert found.to_series(thurrock.index).equals(plan.to_series(thurrock.index))


def test_geojson_is_as_rfc_7946_wants_it(
    thurrock: pd.DataFrame, thurrock_neighbours: Neighbours, provenance: Provenance
) -> None:
    plan = plan_from_column(thurrock, "pcn").rename("h1", "<script>")
    content = plan_geojson(plan, thurrock, provenance, neighbours=thurrock_neighbours)
    data = json.loads(content)
    assert "crs" not in data
    assert data["provenance"]["Exported"] == "2026-03-04"
    assert "20,000" in data["provenance"]["Rules judged by"]
    areas = [f for f in data["features"] if f["geometry"]["type"] == "MultiPolygon"]
    assert [area["properties"]["hub"] for area in areas] == [hub.name for hub in plan.hubs]
    for area in areas:
        for outer, *holes in area["geometry"]["coordinates"]:
            assert shapely.is_ccw(shapely.linearrings(outer))
            assert all(not shapely.is_ccw(shapely.linearrings(hole)) for hole in holes)
            assert shapely.is_valid(shapely.polygons(outer))
            assert all(-0.5 < x < 1.5 and 51 < y < 52 for x, y in outer)
            assert all(round(value, 6) == value for place in outer for value in place)
    points = [f for f in data["features"] if f["geometry"]["type"] == "Point"]
    assert len(points) == 26
    assert sum(point["properties"]["patients"] for point in points) == thurrock["patients"].sum()


def test_geopackage(
    thurrock: pd.DataFrame,
    thurrock_neighbours: Neighbours,
    provenance: Provenance,
    tmp_path: Path,
) -> None:
    plan = plan_from_column(thurrock, "pcn").set_note("h1", "=note").unassign([thurrock.index[0]])
    summary = summarise_hubs(plan, thurrock, rules=provenance.rules, neighbours=thurrock_neighbours)
    path = tmp_path / "plan.gpkg"
    content = plan_geopackage(
        plan, thurrock, provenance, neighbours=thurrock_neighbours, summary=summary
    )
    path.write_bytes(content)
    layers = {str(name) for name, _ in pyogrio.list_layers(path)}
    assert layers == {"hubs", "practices", "plan_hubs", "rules", "about", "layer_styles"}
    hubs = gpd.read_file(path, layer="hubs").set_index("hub")
    assert hubs.crs.to_epsg() == 27700
    assert hubs["patients"].to_dict() == summary["patients"].iloc[:-1].to_dict()
    assert hubs["rule_hub"].tolist() == summary["Rule: Hub"].iloc[:-1].tolist()
    assert hubs["contiguous"].tolist() == summary["contiguous"].iloc[:-1].tolist()
    assert hubs["rule_pcn_or_locality"].notna().all()
    assert hubs["note"].iloc[0] == "=note"
    points = gpd.read_file(path, layer="practices").set_index("practice_code")
    assert points.crs.to_epsg() == 27700
    assert points.geometry.x.to_dict() == thurrock["easting"].to_dict()
    assert points["hub"].isna().sum() == 1
    rules = pyogrio.read_dataframe(path, layer="rules")
    assert rules["lower"].tolist()[:2] == [20_000, 30_000]
    about = pyogrio.read_dataframe(path, layer="about").set_index("item")["value"]
    assert about["Exported"] == "2026-03-04"
    assert "Fully qualified GPs" in about["GP definition"]


def test_a_geopackage_opens_coloured_with_plain_fields(
    thurrock: pd.DataFrame,
    thurrock_neighbours: Neighbours,
    provenance: Provenance,
    tmp_path: Path,
) -> None:
    rules = (*provenance.rules, replace(provenance.rules[0], name="hub!"))
    plan = plan_from_column(thurrock, "pcn").rename("h1", 'A & <b> "c"').recolour("h1", "#0a1bff")
    plan = plan.set_locked("h2").unassign([thurrock.index[0]])
    summary = summarise_hubs(plan, thurrock, rules=rules)
    path = tmp_path / "plan.gpkg"
    path.write_bytes(
        plan_geopackage(plan, thurrock, provenance, neighbours=thurrock_neighbours, summary=summary)
    )
    with closing(sqlite3.connect(path)) as database:
        ask = database.execute
        tables = [name for (name,) in ask("SELECT table_name FROM gpkg_contents")]
        columns = {name: ask(f"PRAGMA table_info({name})").fetchall() for name in tables}
        styles = ask(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        geometry = dict(ask("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        locked = dict(ask("SELECT hub_id, locked FROM plan_hubs"))
    styled = columns.pop("layer_styles")
    names = [name for fields in columns.values() for _, name, *_ in fields]
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in names)
    assert {"rule_hub", "rule_hub_2"} <= {name for _, name, *_ in columns["hubs"]}
    kinds = {name: kind for table in columns.values() for _, name, kind, *_ in table}
    for yes_or_no in ("locked", "contiguous", "meets_20000", "single_handed", "flag_low_fte"):
        assert kinds[yes_or_no] == "BOOLEAN", yes_or_no
    assert locked == {hub.id: int(hub.id == "h2") for hub in plan.hubs}
    assert "styleQML" in {name for _, name, *_ in styled}
    # What QGIS looks a style up by.
    assert {name: column for name, column, _, _ in styles} == geometry
    assert all(default == 1 for *_, default, _ in styles)
    for layer, _, _, text in styles:
        renderer = ElementTree.fromstring(text).find("renderer-v2")
        assert renderer is not None
        assert renderer.get("attr") == "hub"
        fill = {
            symbol.get("name"): symbol.find("layer/prop[@k='color']").get("v")
            for symbol in renderer.iter("symbol")
        }
        shown = {c.get("value"): fill[c.get("symbol")] for c in renderer.iter("category")}
        assert shown['A & <b> "c"'] == "10,27,255,255"
        assert [*shown][:4] == [hub.name for hub in plan.hubs]
        assert ("" in shown) == (layer == "practices")


@pytest.fixture(scope="session")
def book(thurrock: pd.DataFrame, provenance: Provenance) -> openpyxl.Workbook:
    plan = plan_from_column(thurrock, "pcn").rename("h1", '=HYPERLINK("http://x","y")')
    summary = summarise_hubs(plan, thurrock, rules=provenance.rules, benchmark=2_258.0)
    card = scorecard(plan, thurrock, rules=provenance.rules, summary=summary)
    content = plan_workbook(plan, thurrock, provenance, summary=summary, scorecard=card)
    return openpyxl.load_workbook(io.BytesIO(content))


def column(sheet, name: str) -> list:
    place = [cell.value for cell in sheet[1]].index(name)
    return [row[place] for row in sheet.iter_rows(min_row=2)]


def test_the_workbook_has_its_sheets_and_no_formula(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == [
        "Plan",
        "Hubs",
        "Practices",
        "Score card",
        "Rules",
        "Definitions",
        "About",
    ]
    for sheet in book:
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert not [cell for cell in cells if cell.data_type == "f"]
    assert column(book["Hubs"], "Hub")[0].value.startswith("'=HYPERLINK")


def test_the_workbook_prints(book: openpyxl.Workbook) -> None:
    for sheet in book:
        assert sheet.freeze_panes == "B2"
        assert sheet.print_title_rows == "$1:$1"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert "2026-03-04" in sheet.oddFooter.center.text
        assert "31 December 2025" in sheet.oddFooter.left.text
        assert "fully qualified" in sheet.oddFooter.left.text
        # An ampersand in a name is doubled, or it would be a command.
        assert "A && <b>" in sheet.oddHeader.left.text


def test_the_workbook_holds_figures_and_their_formats(
    book: openpyxl.Workbook, thurrock: pd.DataFrame
) -> None:
    patients = column(book["Hubs"], "Patients")
    assert sum(cell.value for cell in patients) == thurrock["patients"].sum()
    assert patients[0].number_format == "#,##0"
    assert column(book["Hubs"], "GPs aged 55+")[0].number_format == "0.0%"
    assert column(book["Plan"], "Practice code")[0].value == thurrock.index[0]
    rules = [cell.value for cell in column(book["Rules"], "At least")]
    assert rules[:3] == [20_000, 30_000, 4_500]
    about = dict(book["About"].iter_rows(min_row=2, values_only=True))
    assert about["Exported"] == "2026-03-04"
    assert about["Rules judged by"].startswith("Hub (at least")
    assert "Open Government Licence" in about["Licence"]


def test_the_workbook_has_labels_throughout(book: openpyxl.Workbook) -> None:
    for sheet in book:
        headings = [cell.value for cell in sheet[1]]
        assert len(set(headings)) == len(headings), sheet.title
        for name in headings:
            assert "_" not in name, (sheet.title, name)
            assert not name[0].islower(), (sheet.title, name)
    practices = book["Practices"]
    assert column(practices, "FTE: fully qualified GPs")[0].number_format == "#,##0.00"
    assert column(practices, "List size, December 2025")[0].number_format == "#,##0"
    assert column(practices, "Patients, IMD 2025 quintile 1")
    assert column(practices, "Patients, IMD 2019 of unknown quintile")
    card = {row[0].value: row[1] for row in book["Score card"].iter_rows(min_row=2)}
    assert (card["Hubs"].value, card["Hubs"].number_format) == (4, "#,##0")
    assert card["Hub size: Gini coefficient"].number_format == "#,##0.00"


def test_columns_of_a_workbook_are_as_wide_as_what_they_show(book: openpyxl.Workbook) -> None:
    for sheet in book:
        for cells in sheet.iter_cols():
            width = sheet.column_dimensions[cells[0].column_letter].width
            assert width > min(60, max(map(len, str(cells[0].value).split()))) or width == 60
            for cell in cells[1:]:
                if isinstance(cell.value, (int, float)):
                    assert cell.number_format != "General"
                    assert width > len(f"{cell.value:,.1f}"), (sheet.title, cells[0].value)


def test_provenance_in_words(provenance: Provenance) -> None:
    lines = dict(provenance.lines())
    assert lines["Benchmark"].startswith("England: 2,258 patients per FTE GP, May 2025")
    assert lines["Practices, patients and workforce"] == "31 December 2025"
    bare = Provenance(date(2026, 1, 1), "Essex", "all")
    assert bare.rules_in_words == "none"
    assert "Benchmark" not in dict(bare.lines())
