"""Files that people really bring, each with what is right for it. Area: Thurrock."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pcs_dash.__main__ import main
from pcs_dash.hubs.reading import (
    ColumnChoiceError,
    PlanReading,
    UnknownPracticeError,
    read_plan,
    read_plan_file,
)
from pcs_dash.official.any_area import find_area
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.tables.errors import InputFileError
from pcs_dash.ui import search_box

FILES = Path(__file__).parent / "plan_files"
FOUR_HUBS = {"East": 6, "Grays": 7, "Tilbury": 8, "West": 5}
PCNS = {"ASOP PCN": 5, "GRAYS PCN": 7, "STANFORD-LE-HOPE PCN": 6, "TILBURY AND CHADWELL PCN": 8}
HALVES = {"West": 7, "East": 19}


@pytest.fixture
def read(practices: pd.DataFrame):
    def read_file(name: str, **options: Any) -> PlanReading:
        (path,) = FILES.glob(f"{name}_*")
        return read_plan_file(path, practices, area=find_area("Thurrock"), **options)

    return read_file


def sizes(found: PlanReading) -> dict[str, int]:
    return {hub.name: len(found.plan.members(hub.id)) for hub in found.plan.hubs}


def test_every_file_is_tried_here() -> None:
    here = Path(__file__).read_text("utf-8")
    for path in FILES.iterdir():
        assert f'"{path.name.partition("_")[0]}"' in here, path.name


@pytest.mark.parametrize(
    ("name", "expected", "kind"),
    [
        ("a02", FOUR_HUBS, "CSV"),  # semicolons, byte order mark, CRLF
        ("a05", FOUR_HUBS, "CSV"),  # zero-width characters in the heading
        ("a06", FOUR_HUBS, "CSV"),  # and before every code
        ("a08", FOUR_HUBS, "CSV"),  # ODS code, PCN
        ("a12", {"H1": 26}, "CSV"),  # names instead of codes
        ("a16", FOUR_HUBS, "CSV"),  # titles above the heading
        ("a18", FOUR_HUBS, "CSV"),  # pipes
        ("a20", {"1": 5, "2": 21}, "CSV"),  # hubs 1.0 and 2.0
        ("a30", FOUR_HUBS, "CSV"),  # Code, Locality
        ("b02", PCNS, "Excel workbook"),  # a title above Practice code, Practice name, PCN
        ("b04", FOUR_HUBS, "Excel workbook"),  # hub cells merged over their practices
        ("g51", HALVES, "shapefile in a zip"),
    ],
)
def test_what_people_have_is_read_without_a_remark(
    read, name: str, expected: dict[str, int], kind: str
) -> None:
    found = read(name)
    assert sizes(found) == expected
    assert found.notes == ()
    assert found.sure
    assert (found.practices, found.in_area, found.of_area) == (26, 26, 26)
    assert (found.unknown, found.left_out, found.nobody) == ((), 0, "")
    assert found.kind == kind


@pytest.mark.parametrize(
    ("name", "expected", "note"),
    [
        ("a27", FOUR_HUBS, "Rows that say the same once more, left out: 1."),
        ("a29", FOUR_HUBS, "Codes that stood within more text were taken out of it: 26."),
        ("a42", {"H1": 26}, "Codes that stood within more text were taken out of it: 26."),
        ("b08", FOUR_HUBS, "Sheet or layer 'New' was read. Others could be: 'Old' (hidden)."),
        ("d10", {"Hub A": 26}, "Formulas, read with the values stored when the file was saved: 26"),
        ("g05", HALVES, "no polygons, passed over: 1 (1 without a shape), the first feature 3."),
        ("g24", {"Hub 1": 7, "Hub 2": 19}, "no property with a name: they were called Hub 1"),
        ("g50", HALVES, "Sheet or layer 'hubs' was read. Others could be: 'old'."),
    ],
)
def test_what_is_read_with_a_remark(read, name: str, expected: dict[str, int], note: str) -> None:
    found = read(name)
    assert sizes(found) == expected
    assert any(note in told for told in found.notes), found.notes
    assert len(found.notes) == 1
    assert found.in_area == 26


@pytest.mark.parametrize(
    ("name", "expected", "left"),
    [
        ("c01", {"East": 1, "West": 1}, 24),  # lower case, a space behind
        ("d18", {"East": 1, "West": 1}, 24),  # OpenDocument
        ("g23", {"West": 7}, 19),  # longitudes + 360
        ("g37", {"West": 7}, 19),  # KML
    ],
)
def test_what_names_some_practices_only_says_how_many_it_leaves(
    read, name: str, expected: dict[str, int], left: int
) -> None:
    found = read(name)
    assert sizes(found) == expected
    assert found.in_area == 26 - left
    assert f"left unassigned: {left} of 26." in " ".join(found.notes)


def test_a_lower_case_code_is_the_practice(read, practices: pd.DataFrame) -> None:
    found = read("c01")
    (west,) = (hub for hub in found.plan.hubs if hub.name == "West")
    assert practices.loc[list(found.plan.members(west.id)), "patients"].sum() == 12_306


def test_longitudes_beyond_the_date_line_come_back(read) -> None:
    assert any("360 degrees off" in note for note in read("g23").notes)


@pytest.mark.parametrize("name", ["g07", "g32"])
def test_collections_and_one_feature_a_line_are_read_whole(read, name: str) -> None:
    found = read(name)
    assert sizes(found) == HALVES
    assert found.notes == ()


def test_words_for_none_leave_practices_in_no_hub_and_are_counted(read) -> None:
    found = read("d07")
    assert found.plan.hubs == ()
    assert found.without_hub == 26
    (note,) = found.notes
    assert note == (
        "Practices without a hub in the file, left unassigned: 26 (among them 'Unassigned', "
        "'unallocated', 'None', 'n/a', 'NULL', 'No hub', 'not assigned', 'TBC', '?')."
    )
    assert found.nobody == "It puts no practice of Thurrock in a hub."


def test_where_code_and_name_of_networks_contradict_the_user_picks(read) -> None:
    # Every row has the network code U00000: by code there is one group, by name four.
    found = read("a10")
    assert not found.sure
    assert found.columns == ("PCN_NAME", "PCN_CODE")
    assert sizes(found) == PCNS
    assert found.notes == ("Hubs were taken from 'PCN_NAME'. It could be 'PCN_CODE' instead.",)
    other = read("a10", column="PCN_CODE")
    assert sizes(other) == {"U00000": 26}
    assert other.column == "PCN_CODE"
    assert set(other.columns) == {"PCN_NAME", "PCN_CODE"}


def test_an_unknown_practice_is_refused_with_row_and_code(read) -> None:
    with pytest.raises(UnknownPracticeError) as caught:
        read("c03")
    assert caught.value.problems == (
        "Row 3, column 'practice_code': the data have no practice 'F8108 2' (perhaps The "
        "Rigg-Milner Medical Centre (F81082)). Correct or remove it.",
        "Row 4, column 'practice_code': the data have no practice 'F81999'. Correct or remove it.",
    )
    found = read("c03", unknown="leave out")
    assert sizes(found) == {"East": 1, "West": 1}
    assert found.not_in_data == (
        "Practices not in the data, left out: 2 (F8108 2: perhaps The Rigg-Milner Medical Centre "
        "(F81082); F81999)."
    )


def test_unassigned_is_no_hub_and_a_ghost_is_named(read) -> None:
    with pytest.raises(UnknownPracticeError, match=r"Row 2.*'G99999'"):
        read("c02")
    found = read("c02", unknown="leave out")
    assert found.plan.hubs == ()
    assert found.without_hub == 2
    assert [row.given for row in found.unknown] == ["G99999"]


def test_a_practice_of_another_place_is_said(read) -> None:
    found = read("c04")
    assert found.elsewhere == {"F81003": "Southend"}
    assert found.notes == (
        "Practices of the file outside Thurrock, kept in the plan: 1 (F81003 in Southend).",
        "Practices of Thurrock that are not in the file, left unassigned: 25 of 26.",
        "Hubs without a practice in Thurrock: Sea.",
    )


def test_dates_are_remarked_and_errors_refused_by_row_and_column(
    read, practices: pd.DataFrame
) -> None:
    with pytest.raises(InputFileError) as caught:
        read("a33")
    errors = [problem for problem in caught.value.problems if "#REF!" in problem]
    assert len(errors) == len(caught.value.problems) == 6
    assert errors[0].startswith("Row 4, column 'hub': an error (#REF!) instead of a value.")
    (path,) = FILES.glob("a33_*")
    mended = path.read_text("utf-8").replace("#REF!", "East")
    found = read_plan("a33.csv", mended.encode(), practices)
    (note,) = (note for note in found.notes if "look like dates" in note)
    assert "01/02/2026, 1E+05, 2-Jan" in note


@pytest.mark.parametrize(
    ("name", "says"),
    [("d20", "This is a Word document. Copy its table into Excel and save it as .xlsx or CSV.")],
)
def test_what_can_t_be_read_says_what_it_is(read, name: str, says: str) -> None:
    with pytest.raises(InputFileError, match=says):
        read(name)


def test_a_template_for_slides_is_told_where_it_goes(practices: pd.DataFrame) -> None:
    template = FILES.parents[1] / "render" / "template.potx"
    with pytest.raises(InputFileError, match="goes to Present and pack"):
        read_plan_file(template, practices)


# --- where lists of all England are loaded ---

ODS_ROW = '"{code}","{name}","Y61","QH8","1 ROAD","","","","","RM16 4JD","19740401","{closed}","{status}","B","07G","20130401","{closed}","","","","","0","","07G","","4",""\n'  # noqa: E501
LISTS = """PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS
GP_PRAC_PAT_LIST,2025-12-01,GP,91Q,E38000237,G82001,CT1 1AA,ALL,ALL,9000
GP_PRAC_PAT_LIST,2025-12-01,GP,91Q,E38000237,G82002,CT1 1AB,ALL,ALL,8000
GP_PRAC_PAT_LIST,2025-12-01,GP,91Q,E38000237,G82006,CT1 1AC,ALL,ALL,7000
GP_PRAC_PAT_LIST,2025-12-01,GP,07G,E38000185,F81219,RM15 5LR,ALL,ALL,6000
"""  # noqa: E501
MAPPING = """GP_CODE,GP_NAME,SUPPLIER,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME,ICB_CODE,ICB_NAME,REGION_CODE,REGION_NAME
G82001,HIGH STREET,TPP,U00001,A PCN,91Q,NHS Kent and Medway ICB - 91Q,QKS,NHS Kent and Medway Integrated Care Board,Y59,South East
G82002,LOW STREET,TPP,U00001,A PCN,91Q,NHS Kent and Medway ICB - 91Q,QKS,NHS Kent and Medway Integrated Care Board,Y59,South East
G82006,MILL LANE,TPP,U00001,A PCN,91Q,NHS Kent and Medway ICB - 91Q,QKS,NHS Kent and Medway Integrated Care Board,Y59,South East
F81219,DELL,TPP,U00002,B PCN,07G,NHS MSE ICB - 07G,QH8,NHS Mid and South Essex Integrated Care Board,Y61,East of England
"""  # noqa: E501


@pytest.fixture
def england_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closed practices, one with a successor, and practices of Kent."""
    folder = tmp_path / "files"
    folder.mkdir()
    ods = ODS_ROW.format(
        code="F81084", name="CHADWELL MEDICAL CENTRE", closed="20191130", status="C"
    ) + ODS_ROW.format(code="F81712", name="DR SUNTHA", closed="20230331", status="C")
    (folder / "epraccur.csv").write_text(ods, "utf-8")
    (folder / "succ.csv").write_text('"F81712","F81219","R","20230331",""\n', "utf-8")
    (folder / "gp-reg-pat-prac-all-2025-12.csv").write_text(LISTS, "utf-8")
    (folder / "practice-pcn-icb-mapping-2025-08.csv").write_text(MAPPING, "utf-8")
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    report = update_store(Store(), origin=str(folder))
    assert not report.failed, report.failed


@pytest.mark.usefixtures("england_lists")
def test_closed_practices_are_told_so(read) -> None:
    with pytest.raises(UnknownPracticeError) as caught:
        read("a23")
    assert caught.value.problems == (
        "Row 28, column 'practice_code': F81084 is not in the data: closed on 30 November 2019. "
        "Correct or remove it.",
        "Row 29, column 'practice_code': F81712 is not in the data: closed on 31 March 2023, "
        "successor F81219 (DELL). Correct or remove it.",
    )
    found = read("a23", unknown="leave out")
    assert sizes(found) == FOUR_HUBS
    assert (found.closed, len(found.unknown), len(found.elsewhere)) == (2, 2, 0)
    assert not any("outside" in note for note in found.notes)


@pytest.mark.usefixtures("england_lists")
def test_a_search_for_them_says_so_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = {
        "F81084": "CHADWELL MEDICAL CENTRE (F81084) closed on 30 November 2019.",
        "F81712": "DR SUNTHA (F81712) closed on 31 March 2023. Its successor is F81219 (DELL).",
        "G82002": "LOW STREET (G82002) is in Kent and Medway.",
    }
    monkeypatch.setattr(search_box, "STATIC_DIR", tmp_path / "static")
    search_box._publish_codes("codes.json")
    in_the_page = json.loads((tmp_path / "static" / "codes.json").read_text("utf-8"))
    for code, sentence in told.items():
        assert in_the_page[code] == sentence
        assert main(["search", code.lower()]) == 0
        assert capsys.readouterr().err == sentence + "\n"
    assert "G99999" not in in_the_page


@pytest.mark.usefixtures("england_lists")
def test_practices_elsewhere_are_told_so(read) -> None:
    with pytest.raises(UnknownPracticeError, match="G82001 is not in the data: in Kent and Medway"):
        read("a24")
    found = read("a24", unknown="leave out")
    assert {row.status for row in found.unknown} == {"elsewhere"}
    assert found.nobody == (
        "None of its practices is in the data: G82001: in Kent and Medway; G82002: in Kent and "
        "Medway; G82006: in Kent and Medway."
    )


# --- more of each kind ---


def test_two_columns_as_likely_are_told_and_either_can_be_read(practices: pd.DataFrame) -> None:
    text = b"Code,PCN,Locality\nF81010,A,North\nF81082,B,North\nF81088,B,South\n"
    found = read_plan("p.csv", text, practices)
    assert not found.sure
    assert found.columns == ("PCN", "Locality")
    assert found.notes == ("Hubs were taken from 'PCN'. It could be 'Locality' instead.",)
    assert sizes(found) == {"A": 1, "B": 2}
    assert sizes(read_plan("p.csv", text, practices, column="locality")) == {"North": 2, "South": 1}
    with pytest.raises(InputFileError, match=r"no column 'Team'.*'Code', 'PCN', 'Locality'"):
        read_plan("p.csv", text, practices, column="Team")


def test_a_hub_column_comes_before_today_s_network(practices: pd.DataFrame) -> None:
    text = b"practice_code,PCN,hub\nF81010,A,North\nF81082,B,North\n"
    found = read_plan("p.csv", text, practices)
    assert found.sure
    assert sizes(found) == {"North": 2}
    assert found.columns == ("hub", "PCN")


def test_headings_that_say_nothing_are_asked_for(practices: pd.DataFrame) -> None:
    rows = "F81010,A,N\nF81082,B,N\nF81088,B,S\nF81110,A,S\n"
    with pytest.raises(ColumnChoiceError) as caught:
        read_plan("p.csv", f"Who,One,Two\n{rows}".encode(), practices)
    assert caught.value.columns == ("One", "Two")
    found = read_plan("p.csv", f"Who,One,Two\n{rows}".encode(), practices, column="Two")
    assert sizes(found) == {"N": 2, "S": 2}
    assert found.practice_column == "Who"
    # One column only that could be it, and none of the headings known.
    found = read_plan("p.csv", b"Who,Mine\nF81010,A\nF81082,B\n", practices)
    assert sizes(found) == {"A": 1, "B": 1}
    assert found.notes == ("Hubs were taken from 'Mine'.",)


def test_a_file_without_a_heading_is_read_by_what_is_in_it(practices: pd.DataFrame) -> None:
    found = read_plan("p.csv", b"F81010,A\nF81082,B\n", practices)
    assert sizes(found) == {"A": 1, "B": 1}
    assert (found.practice_column, found.column) == ("column A", "column B")


def test_the_published_mapping_is_read_by_code(practices: pd.DataFrame, official: Path) -> None:
    """NHS England's mapping of all England: six thousand practices of it are not in Essex."""
    (path,) = (official / "organisations").glob("practice-pcn-icb-mapping-*.csv.gz")
    found = read_plan(path.name, path.read_bytes(), practices, unknown="leave out")
    assert found.kind == "CSV in a zip"
    assert (found.practice_column, found.column, found.sure) == ("GP_CODE", "PCN_NAME", True)
    assert found.practices + found.without_hub == 204 - len(
        set(practices.index) - set(_codes(path))
    )
    by_code = practices.dropna(subset=["pcn_code"])["pcn"]
    same = found.plan.to_series().reindex(by_code.index).dropna()
    assert (same == by_code[same.index]).mean() > 0.95


def _codes(path: Path) -> list[str]:
    return [line.split(",")[0] for line in gzip.decompress(path.read_bytes()).decode().split("\n")]


def test_networks_of_one_name_stay_two_and_spellings_one(practices: pd.DataFrame) -> None:
    text = (
        "GP_CODE,PCN_CODE,PCN_NAME\nF81010,U41025,GRAND UNION PCN\nF81082,U09187,GRAND UNION PCN\n"
        "F81088,U09187,Grand Union Pcn\nF81110,U,UNALLOCATED\n"
    )
    found = read_plan("p.csv", text.encode(), practices)
    assert sizes(found) == {"GRAND UNION PCN (U09187)": 2, "GRAND UNION PCN (U41025)": 1}
    assert found.without_hub == 1
    assert any("kept apart by their codes" in note for note in found.notes)


def test_codes_of_networks_are_groups_called_as_in_the_data(practices: pd.DataFrame) -> None:
    found = read_plan("p.csv", b"ods,pcn_code\nF81010,U28765\nF81082,u06243\n", practices)
    assert sizes(found) == {"ASOP PCN": 1, "TILBURY AND CHADWELL PCN": 1}
    assert found.notes == ("Hubs are codes of PCNs: they are called as the data call the PCN.",)


def test_names_that_fit_none_or_two_are_doubts(practices: pd.DataFrame) -> None:
    text = b"practice_name,hub\nAveley Medical Centre,A\nDell Med. Centre,B\nNo Such Place,B\n"
    thurrock = find_area("Thurrock")
    with pytest.raises(UnknownPracticeError) as caught:
        read_plan("p.csv", text, practices, area=thurrock)
    assert caught.value.problems == (
        "Row 3, column 'practice_name': the data have no practice 'Dell Med. Centre' (perhaps Dell "
        "Medical Centre (F81219)). Correct or remove it.",
        "Row 4, column 'practice_name': the data have no practice 'No Such Place'. Correct or "
        "remove it.",
    )
    found = read_plan(
        "p.csv", text, practices, area=thurrock, unknown="leave out", nearest_names=True
    )
    assert sizes(found) == {"A": 1, "B": 1}
    assert found.notes[0] == (
        "Names taken for the nearest of the area: 'Dell Med. Centre' as Dell Medical Centre "
        "(F81219)."
    )
    twins = practices.copy()
    twins["practice_name"] = ["Twin" if code == "F81010" else name for code, name in zip(
        twins.index, twins["practice_name"], strict=True)]  # fmt: skip
    twins.loc["F81082", "practice_name"] = "Twin"
    with pytest.raises(UnknownPracticeError, match=r"perhaps Twin \(F81010\) or Twin \(F81082\)"):
        read_plan("p.csv", b"practice_name,hub\nTwin,A\n", twins, area=thurrock)


def test_a_hub_at_the_first_of_its_practices_only_is_remarked(practices: pd.DataFrame) -> None:
    # What becomes of merged cells in a CSV.
    text = b"practice_code,hub\nF81010,A\nF81082,\nF81088,\nF81110,B\nF81113,\nF81134,\n"
    found = read_plan("p.csv", text, practices)
    assert any("fill the column down" in note for note in found.notes)


def test_degrees_called_national_grid_and_the_reverse(practices: pd.DataFrame) -> None:
    path = FILES / "g05_null_geom.geojson"
    said = '{"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "%s"}},'
    text = path.read_text("utf-8").replace(
        '{"type": "FeatureCollection",', said % "urn:ogc:def:crs:EPSG::27700", 1
    )
    found = read_plan("p.geojson", text.encode(), practices, area=find_area("Thurrock"))
    assert sizes(found) == HALVES
    assert any("they are degrees, and were taken so" in note for note in found.notes)


def test_polygons_that_catch_nobody_say_where_they_lie(practices: pd.DataFrame) -> None:
    path = FILES / "g23_360shift.geojson"
    text = path.read_text("utf-8").replace("360.", "1.")
    with pytest.raises(InputFileError, match=r"cover no practice.*easting 6\d\d,\d{3}, northing"):
        read_plan("p.geojson", text.encode(), practices)


def test_a_property_of_another_name_is_taken_and_said(practices: pd.DataFrame) -> None:
    path = FILES / "g32_ndjson.geojson"
    text = path.read_text("utf-8").replace('"hub"', '"Zone"')
    found = read_plan("p.geojson", text.encode(), practices)
    assert sizes(found) == HALVES
    assert found.column == "Zone"
    assert found.notes[0] == "Hubs were taken from 'Zone'."
    two = text.replace('"Zone": "West"', '"Zone": "West", "Other": "x"')
    with pytest.raises(ColumnChoiceError) as caught:
        read_plan("p.geojson", two.encode(), practices)
    assert caught.value.columns == ("Zone", "Other")
