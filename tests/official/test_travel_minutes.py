"""A table of minutes from elsewhere: what is refused, what is left out, loaded alone or not."""

from __future__ import annotations

from pathlib import Path

import pytest
import samples

from pcs_dash.official.archive import InputFile
from pcs_dash.official.loaders.travel import load_cars2021, load_jts_gp, load_minutes
from pcs_dash.official.store import Store
from pcs_dash.official.update import preview, update_store
from pcs_dash.tables.errors import InputFileError

HEAD = "origin,destination,mode,minutes\n"


def loaded(tmp_path: Path, rows: str, head: str = HEAD):
    path = tmp_path / "m.csv"
    path.write_text(head + rows, "utf-8")
    file = InputFile.of(path)
    return load_minutes(file), file.notes


def test_names_of_other_programs_and_modes_are_read(tmp_path: Path) -> None:
    rows = "E01000001,F81001,BIKE,0\nW01000002,F81001002,Public transport,1440\n"
    table, notes = loaded(tmp_path, rows, "from_id,to_id,mode,travel_time_p50\n")
    assert list(table["mode"]) == ["cycle", "transit"]
    assert list(table["minutes"]) == [0, 1440]
    assert set(table["source"]) == {"m.csv"}
    assert notes == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("E01000001,F81001,walk,-1\n", "minutes"),
        ("E01000001,F81001,walk,1441\n", "minutes"),
        ("E01000001,F81001,walk,nan\n", "minutes"),
        ("E01000001,F81001,walk,\n", "minutes"),
        ("E01000001,F8100,walk,1\n", "destination"),
        ("SS7 4EA,F81001,walk,1\n", "origin"),
        ("E01000001,F81001,horse,1\n", "no modes"),
        ("E01000001,F81001,walk,1\nE01000001,F81001,foot,2\n", "two rows"),
        ("F81001,E01000001,walk,1\n", "exchange the two columns"),
        ("E01000001,E01000002,walk,1\n", "No row leads"),
    ],
)
def test_what_is_refused(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(InputFileError, match=said):
        loaded(tmp_path, rows)


def test_ways_back_are_left_out_and_counted(tmp_path: Path) -> None:
    table, notes = loaded(tmp_path, "E01000001,F81001,walk,1\nF81001,E01000001,walk,2\n")
    assert list(table["minutes"]) == [1]
    assert notes == ["1 rows that lead the other way were left out."]


def test_loaded_alone_and_rolled_back(tmp_path: Path) -> None:
    folder, store = samples.write(tmp_path / "in", "travel_minutes"), Store(tmp_path / "data")
    assert preview(folder, store=store).note == ""
    first = update_store(store, origin=str(folder))
    assert [outcome.status for outcome in first.outcomes] == ["new"]
    assert first.manifest is not None
    assert first.manifest.sources() == ("travel_minutes",)
    (folder / "minutes.csv").write_text(HEAD + "E01000001,F81001,walk,3\n", "utf-8")
    update_store(store, sources=["travel_minutes"], origin=str(folder))
    assert list(store.read("travel_minutes")["minutes"]) == [3]
    store.rollback()
    assert len(store.read("travel_minutes")) == 3


def test_a_bad_table_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    folder, store = tmp_path / "in", Store(tmp_path / "data")
    folder.mkdir()
    (folder / "m.csv").write_text(HEAD + "E01000001,F81001,walk,-1\n", "utf-8")
    report = update_store(store, origin=str(folder))
    assert [outcome.status for outcome in report.outcomes] == ["failed"]
    assert store.current() is None


def test_destinations_that_are_no_practices_are_reported(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "in", "list_sizes", "pcn_membership", "travel_minutes")
    with (folder / "minutes.csv").open("a", encoding="utf-8") as text:
        text.write("E01000002,Z99999,walk,4,r5\n")
    store = Store(tmp_path / "data")
    update_store(store, origin=str(folder))
    reports = store.read("built_reports").set_index("join")
    found = reports.loc["minutes with practices"]
    assert (found["matched"], found["left_only"], found["left_rows"]) == (3, "Z99999", 4)


def test_the_newest_sheet_of_published_journey_times_is_read(tmp_path: Path) -> None:
    path = tmp_path / "jts0505.ods"
    path.write_bytes(samples.jts_workbook())
    file = InputFile.of(path)
    table = load_jts_gp(file).set_index("lsoa_code")
    assert table["transit"].to_dict() == {"E01000001": 8.5, "E01000002": 11}
    assert table["drive"].isna().tolist() == [False, True]
    assert file.notes == ["Of its sheets '2019' (9 rows) was read, not '2017' (9 rows)."]


def test_more_households_without_a_car_than_there_are_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    path.write_text(samples.CARS.replace("200,20,", "20,200,"), "utf-8")
    with pytest.raises(InputFileError, match="E01000002 has 200 households without a car of 20"):
        load_cars2021(InputFile.of(path))
