"""Files as people bring them, after situations that users of such tools report: the right answer,
or a clear no.
"""

from __future__ import annotations

import gzip
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import samples

from benchmarks.loaded import england_lsoas
from pcs_dash.__main__ import main
from pcs_dash.measures.list_trends import compare_lists
from pcs_dash.official.area_dataset import dataset_of
from pcs_dash.official.built_tables import england_practices
from pcs_dash.official.loaded_areas import find_official_area
from pcs_dash.official.store import Store
from pcs_dash.official.update import Report, update_store
from pcs_dash.tables.errors import InputFileError
from tests.loading import load_file

CASES = Path(__file__).parent / "cases"
LISTS = "gp-reg-pat-prac-all-2025-12.csv"
MAPPING = "practice-pcn-icb-mapping-2025-08.csv"
# The 60 lists that the cases spoil, each in its own way.
SOUND = CASES / "pcn_name_spellings" / LISTS


def loaded(folder: Path, tmp_path: Path) -> tuple[Store, Report]:
    store = Store(tmp_path / "store")
    return store, update_store(store, origin=str(folder))


def sound_lists() -> pd.DataFrame:
    return pd.read_csv(SOUND).set_index("CODE").sort_index()


def test_dates_with_the_month_first_are_of_the_month_they_mean(tmp_path: Path) -> None:
    store, report = loaded(CASES / "us_dates", tmp_path)
    assert store.entry("list_sizes").period == "2025-12-01"
    assert "'EXTRACT_DATE' 12/1/2025 is read as 1 December 2025" in report.outcomes[0].message


@pytest.mark.parametrize(
    ("day", "period"),
    [("01/05/2025", "2025-05-01"), ("5/1/2025", "2025-05-01"), ("01/01/2025", "2025-01-01")],
)
def test_lists_are_of_the_first_of_a_month(day: str, period: str, tmp_path: Path) -> None:
    path = tmp_path / "lists.csv"
    path.write_text(SOUND.read_text("utf-8").replace("2025-12-01", day), encoding="utf-8")
    assert load_file(path)[0].period == pd.Timestamp(period)


def test_dates_that_speak_against_the_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / LISTS
    path.write_text(SOUND.read_text("utf-8").replace("2025-12-01", "2025-01-12"), encoding="utf-8")
    with pytest.raises(InputFileError, match="dates say 12 January 2025, its name says December"):
        load_file(path)


def test_a_postcode_is_the_same_with_and_without_its_space() -> None:
    spaced, bare = (
        load_file(path)[0].table for path in (SOUND, CASES / "postcodes_without_space" / LISTS)
    )
    assert bare["postcode"].tolist() == spaced["postcode"].tolist()
    assert compare_lists(spaced, bare).counts["moved"] == 0


def test_figures_that_excel_rounded_are_taken_with_a_remark(tmp_path: Path) -> None:
    store, report = loaded(CASES / "rounded_by_excel", tmp_path)
    assert set(store.read("list_sizes")["patients"]) == {12_000}
    rows = len(store.read("list_sizes"))
    assert f"{rows} figures of 'NUMBER_OF_PATIENTS' were rounded by Excel (1.2E+04)" in (
        report.outcomes[0].message
    )
    assert "rounded by Excel" in store.entry("list_sizes").notes[0]


def test_helper_files_of_the_system_and_of_office_are_no_failures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "files"
    shutil.copytree(CASES / "folder_with_helper_files", folder)
    shutil.copy(SOUND, folder)
    shutil.copy(CASES / "pcn_name_spellings" / MAPPING, folder)
    for name in ("desktop.ini", "._lists.csv", ".~lock.lists.csv#", "ehthumbs.db", "lists.lnk"):
        (folder / name).write_bytes(b"\0\1\2")
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    assert main(["update", "--from", str(folder)]) == 0
    said = capsys.readouterr()
    assert "Thumbs.db" in said.err + said.out
    assert len(Store().read("list_sizes")) == len(sound_lists())


def test_helper_files_inside_an_archive_are_none_either(tmp_path: Path) -> None:
    names = ("__MACOSX/._lists.csv", "Thumbs.db", "~$lists.xlsx")
    path = tmp_path / "lists.zip"
    path.write_bytes(samples.zipped({LISTS: SOUND.read_bytes(), **dict.fromkeys(names, b"\0\1")}))
    _, report = loaded(path, tmp_path)
    assert [o.status for o in report.outcomes] == ["new"]


@pytest.mark.parametrize("second", ["copy", "gzip", "another", "copy again"])
def test_the_same_file_twice_is_said(second: str, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    content = SOUND.read_bytes()
    (folder / LISTS).write_bytes(content)
    if second == "gzip":
        (folder / f"{LISTS}.gz").write_bytes(gzip.compress(content))
    elif second == "another":
        (folder / f"z-{LISTS}").write_bytes(content.replace(b"23903", b"23904"))
    else:
        (folder / LISTS.replace(".csv", " (1).csv")).write_bytes(content)
    store, report = loaded(folder, tmp_path)
    if second == "copy again":
        report = update_store(store, origin=str(folder))
        assert [o.status for o in report.outcomes] == ["unchanged", "unchanged"]
        return
    first, other = report.outcomes
    assert first.status == "new"
    if second == "another":
        assert other.status == "failed"
        assert "keep one of the two" in other.message
    else:
        assert other.status == "unchanged"
        assert other.message == f"It holds the same as {first.file_name}."
    assert len(store.require().of("list_sizes")) == 1


def test_a_network_is_its_code_however_it_is_spelt(tmp_path: Path) -> None:
    store, _ = loaded(CASES / "pcn_name_spellings", tmp_path)
    mapping = pd.read_csv(CASES / "pcn_name_spellings" / MAPPING)
    practices = england_practices(store=store)
    spellings = mapping.groupby("PCN_CODE")["PCN_NAME"].nunique()
    assert (spellings > 1).any()
    assert practices.groupby("pcn_code")["pcn"].nunique().max() == 1
    assert practices["pcn_code"].nunique() == mapping.loc[
        mapping["GP_CODE"].isin(practices.index), "PCN_CODE"
    ].nunique()  # fmt: skip
    expected = mapping.drop_duplicates("GP_CODE").set_index("GP_CODE")["PCN_CODE"]
    assert practices["pcn_code"].to_dict() == expected.reindex(practices.index).to_dict()


def test_two_spellings_in_the_rows_of_one_practice_are_one_network(tmp_path: Path) -> None:
    lines = (CASES / "pcn_name_spellings" / MAPPING).read_text("utf-8").splitlines()
    again = lines[1].replace("Aegros Health Pcn", "AEGROS HEALTH PCN").replace("TPP", "EMIS")
    path = tmp_path / MAPPING
    path.write_text("\n".join([*lines, again, ""]), encoding="utf-8")
    table = load_file(path)[0].table.set_index("practice_code")
    assert table.loc["F81100", ["pcn_code", "supplier"]].tolist() == ["U12553", "EMIS, TPP"]


def test_two_networks_of_one_name_stay_two(tmp_path: Path) -> None:
    """As the GRAND UNION PCNs of the published mapping (U09187, U41025)."""
    folder = tmp_path / "files"
    shutil.copytree(CASES / "pcn_name_spellings", folder)
    text = (folder / MAPPING).read_text("utf-8")
    (folder / MAPPING).write_text(text.replace("BENFLEET PCN", "GRAYS PCN"), encoding="utf-8")
    store, _ = loaded(folder, tmp_path)
    practices = dataset_of(find_official_area("QH8", store), store).practices
    codes = practices.dropna(subset=["pcn_code"]).groupby("pcn")["pcn_code"].nunique()
    assert (codes == 1).all()
    assert {"GRAYS PCN (U27924)", "GRAYS PCN (U68127)"} <= set(codes.index)


def layer(tmp_path: Path, *, crs: int | None = None) -> gpd.GeoDataFrame:
    squares = gpd.read_file(samples.geopackage_path(tmp_path))
    return squares.to_crs(27700) if crs is None else squares.set_crs(crs, allow_override=True)


def test_degrees_under_the_name_of_the_national_grid_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lsoa11.gpkg"
    layer(tmp_path, crs=27700).to_file(path, engine="pyogrio")
    with pytest.raises(InputFileError, match=r"are degrees \(0\.\d+ to .*British National"):
        load_file(path)


def test_of_two_layers_the_full_one_is_read_and_both_are_named(tmp_path: Path) -> None:
    whole = layer(tmp_path)
    path = tmp_path / "lsoa11.gpkg"
    whole.iloc[:1].to_file(path, layer="A selection", engine="pyogrio")
    whole.to_file(path, layer="LSOA_2011_BSC", engine="pyogrio")
    with closing(sqlite3.connect(path)) as database:
        first = database.execute("SELECT table_name FROM gpkg_contents").fetchone()[0]
    assert first == "A selection"
    item = load_file(path)[0]
    assert len(item.table) == len(whole)
    assert item.notes == (
        "Of its layers 'LSOA_2011_BSC' (3 areas) was read, not 'A selection' (1 areas).",
    )


def workbook(path: Path, sheets: dict[str, list[list[object]]], hidden: str = "") -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        if title == hidden:
            sheet.sheet_state = "hidden"
    book.save(path)


def test_of_two_sheets_the_full_one_is_read_and_a_hidden_one_is_not(tmp_path: Path) -> None:
    rows = samples.sheet_rows(SOUND.read_text("utf-8"))
    path = tmp_path / "lists.xlsx"
    workbook(path, {"selection": rows[:5], "all": rows})
    item = load_file(path)[0]
    assert len(item.table) == len(rows) - 1
    assert item.notes == (
        f"Of its sheets 'all' ({len(rows)} rows) was read, not 'selection' (5 rows).",
    )
    workbook(path, {"old": [*rows, rows[-1]], "now": rows[:5]}, hidden="old")
    item = load_file(path)[0]
    assert (len(item.table), item.notes) == (4, ())


# --- one impossible value among thousands -------------------------------------------------------


def many_lists(rows: int, **changes: str) -> str:
    lines = [
        f"GP_PRAC_PAT_LIST,2025-12-01,GP,99F,E1,F{n:05d},SS7 1LT,ALL,ALL,{100 + n}"
        for n in range(rows)
    ]
    text = "\n".join([SOUND.read_text("utf-8").splitlines()[0], *lines, ""])
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ALL,1100\n": "ALL,-3\n"}, "Row 1,002, column 'NUMBER_OF_PATIENTS': .*breaks the rule"),
        ({"ALL,1100\n": "ALL,#REF!\n"}, "'#REF!' is not a whole number"),
        ({"ALL,1100\n": "ALL,\n"}, "'' stands where a value is needed"),
    ],
)
def test_one_impossible_row_is_left_out_counted_and_told(
    change: dict[str, str], words: str, tmp_path: Path
) -> None:
    path = tmp_path / LISTS
    path.write_text(many_lists(2_000, **change), encoding="utf-8")
    item = load_file(path)[0]
    assert len(item.table) == 1_999
    assert "F01000" not in set(item.table["practice_code"])
    assert item.table["patients"].dtype == "int64"
    (note,) = item.notes
    assert note.startswith("1 of 2,000 rows can't be right, the row is left out, the rest is kept")
    assert pd.Series(note).str.contains(words).all()


def test_many_impossible_rows_are_another_layout(tmp_path: Path) -> None:
    path = tmp_path / LISTS
    path.write_text(many_lists(2_000, **{"ALL,110": "ALL,-110"}), encoding="utf-8")
    with pytest.raises(InputFileError, match=r"Row 12, column.*breaks the rule"):
        load_file(path)


@pytest.fixture(scope="module")
def pcn_staff() -> Path:
    from pcs_dash.tables.paths import ROOT

    folder = ROOT.parent / "shared" / "data" / "pcn_workforce"
    if not folder.is_dir():
        pytest.skip(f"No files of the PCN workforce in {folder}.")
    return folder


def test_staff_of_networks_load_with_one_impossible_row(pcn_staff: Path) -> None:
    """September 2022 as published: 17,239 rows, row 15,683 with an FTE of -0.0267."""
    (item,) = load_file(pcn_staff / "pcn_individual_2022-09.csv.gz")
    assert (item.source.key, item.period) == ("pcn_workforce", pd.Timestamp("2022-09-30"))
    assert item.table["people"].sum() == 17_239
    assert item.table["pcn_code"].nunique() == 1_105
    (note,) = item.notes
    assert note.startswith("1 of 17,239 rows can't be right, the value is left out")
    assert "Row 15,683, column 'FTE'" in note
    by_role = item.table.groupby("staff_role", observed=True)["fte"].sum().round()
    expected = {
        "Pharmacists": 3_422, "Social Prescribing Link Workers": 2_047, "Care Coordinators": 1_895,
        "Pharmacy Technicians": 1_048, "Physiotherapists": 972,
    }  # fmt: skip
    assert by_role[list(expected)].to_dict() == expected


def test_the_first_month_of_the_networks_loads_too(pcn_staff: Path) -> None:
    (item,) = load_file(pcn_staff / "pcn_individual_2020-03.csv.gz")
    assert (item.source.key, item.period) == ("pcn_workforce", pd.Timestamp("2020-03-31"))


def test_where_patients_live_is_told_of_each_practice(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "files")
    store, report = loaded(folder, tmp_path)
    assert not report.failed
    lsoas, practices = england_lsoas(store=store), england_practices(store=store)
    patients = store.read("registrations_lsoa")
    for code, own in patients.groupby("practice_code", observed=True):
        at = own.set_index("lsoa_code")["patients"]
        at = at[at.index.isin(lsoas.index)]
        if code not in practices.index or at.empty:
            continue
        km = lsoas["gp_road_km"].reindex(at.index)
        mean = (km * at)[km.notna()].sum() / at[km.notna()].sum()
        assert practices.loc[code, "patients_gp_road_km"] == pytest.approx(mean)
        rural = lsoas["rural"].reindex(at.index).astype(float)
        share = 100 * (rural * at).sum() / at.sum()
        assert practices.loc[code, "patients_rural_per_cent"] == pytest.approx(share)
