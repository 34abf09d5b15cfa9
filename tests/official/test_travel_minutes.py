"""A table of minutes from elsewhere: what is refused, what is left out, loaded alone or not."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
import samples

from pcs_dash.official.archive import InputFile
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.recognise import contents, recognise
from pcs_dash.official.store import Store
from pcs_dash.official.update import preview, update_store
from pcs_dash.tables.errors import InputFileError

HEAD = "origin,destination,mode,minutes\n"


def loaded(tmp_path: Path, rows: str, head: str = HEAD):
    path = tmp_path / "m.csv"
    path.write_text(head + rows, "utf-8")
    file = InputFile.of(path)
    return SOURCES["travel_minutes"].load(file), file.notes


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
        ("SS7,F81001,walk,1\n", "origin"),
        ("BT1 1AAA,F81001,walk,1\n", "origin"),
        ("E01000001,F81001,horse,1\n", "no modes"),
        ("E01000001,F81001,walk,1\nE01000001,F81001,foot,2\n", "two rows"),
        ("F81001,E01000001,walk,1\n", "exchange the two columns"),
        ("E01000001,E01000002,walk,1\n", "No row leads"),
        ("SS7 4EA,F81001,walk,1\nss74ea,F81001,walk,2\n", "SS7 4EA to F81001 .* two rows"),
        ("E01000001,F81001,walk,1\nSS74EA,F81001,walk,2\n", r"\(E01000001\) in 1 rows and postc"),
        ("E01000001,F81001,walk,1e9\n", "minutes"),
        ("E01000001,F81001,walk,inf\n", "minutes"),
    ],
)
def test_what_is_refused(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(InputFileError, match=said):
        loaded(tmp_path, rows)


def test_two_sources_of_one_mode_are_refused_and_one_a_mode_is_not(tmp_path: Path) -> None:
    head = "origin,destination,mode,minutes,source\n"
    rows = "E01000001,F81001,walk,1,r5\nE01000002,F81001,bike,2,TRACC\n"
    assert set(loaded(tmp_path, rows, head)[0]["source"]) == {"r5", "TRACC"}
    with pytest.raises(InputFileError, match=r"walk has minutes of 2 sources \(TRACC, r5\)"):
        loaded(tmp_path, rows + "E01000002,F81001,walk,2,TRACC\n", head)


@pytest.mark.parametrize("mark", [";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_other_marks_and_encodings_are_read(tmp_path: Path, mark: str, encoding: str) -> None:
    path = tmp_path / "m.csv"
    text = "origin,destination,mode,minutes,source\nE01000001,F81001,walk,1.5,Réseau\n"
    path.write_bytes(text.replace(",", mark).encode(encoding))
    table = SOURCES["travel_minutes"].load(InputFile.of(path))
    assert table[["minutes", "source"]].to_numpy().tolist() == [[1.5, "Réseau"]]


# Three postcodes of one small area, two of another, one that is unknown, one without small area.
POSTCODES = (
    "pcds,doterm,lsoa11cd,ladcd\n"
    "SS7 4EA,,E01000001,E07000069\nSS7 4EB,,E01000001,E07000069\nSS7 4EC,,E01000001,E07000069\n"
    "SS7 4ED,,E01000002,E07000069\nSS7 4EE,,E01000002,E07000069\nIM1 1AA,,,\n"
)
FROM_POSTCODES = (
    "SS7 4EA,F81001,walk,10\nss74eb,F81001,walk,30\nSS7  4EC,F81001,walk,20\n"
    # One of three, and one of two, does not get there.
    "SS7 4EA,F81002,walk,5\nSS7 4EB,F81002,walk,7\n"
    "SS7 4ED,F81001,walk,3\nSS7 4EE,F81001,walk,4\nSS7 4ED,F81002,walk,3\n"
    "ZZ1 1ZZ,F81001,walk,1\nIM1 1AA,F81001,walk,1\n"
)


def folder_of(path: Path, **files: str) -> str:
    path.mkdir()
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, "utf-8")
    return str(path)


def test_minutes_from_postcodes_are_medians_of_small_areas(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    origin = folder_of(tmp_path / "in", a=HEAD + FROM_POSTCODES, postcodes_2026_02=POSTCODES)
    told = preview(Path(origin), store=store)
    assert not told.failed and not told.note  # beside the embedded practices
    update_store(store, origin=origin)
    table = store.read("travel_minutes").set_index(["origin", "destination"])
    # F81002: the middle of 5, 7 and no way is 7; of 3 and no way there is none.
    assert table["minutes"].to_dict() == {
        ("E01000001", "F81001"): 20, ("E01000002", "F81001"): 3.5, ("E01000001", "F81002"): 7,
    }  # fmt: skip
    assert set(table["source"]) == {"a.csv, median over the postcodes of each small area"}
    (note,) = store.entry("travel_minutes").notes
    assert note == (
        "5 postcodes joined to 2 small areas (many to one), 0 of which rest on one postcode alone. "
        "Without a small area in the postcode look-up, and left out: 2 (IM1 1AA, ZZ1 1ZZ)."
    )
    # Later the stored look-up serves; a table of which it knows nothing leaves all as it was.
    for rows, status in (
        ("SS74EA,F81001,walk,9\n", "changed"),
        ("ZZ11ZZ,F81001,walk,9\n", "failed"),
    ):
        (Path(origin) / "a.csv").write_text(HEAD + rows, "utf-8")
        report = update_store(store, sources=["travel_minutes"], origin=str(Path(origin) / "a.csv"))
        assert [outcome.status for outcome in report.outcomes] == [status]
    assert "None of its 1 postcodes (ZZ1 1ZZ)" in report.outcomes[0].message
    assert list(store.read("travel_minutes")["minutes"]) == [9]


def test_without_a_look_up_postcodes_are_refused_with_what_to_load(tmp_path: Path) -> None:
    store = Store(tmp_path / "data")
    report = update_store(store, origin=folder_of(tmp_path / "in", a=HEAD + FROM_POSTCODES))
    assert [outcome.status for outcome in report.outcomes] == ["failed"]
    assert "Load the ONS Postcode Directory" in report.outcomes[0].message
    assert store.current() is None


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
    table = SOURCES["jts_gp"].load(file).set_index("lsoa_code")
    assert table["transit"].to_dict() == {"E01000001": 8.5, "E01000002": 11}
    assert table["drive"].isna().tolist() == [False, True]
    assert table["walk"].to_dict() == {"E01000001": 9.5, "E01000002": 14.5}


def test_tables_near_to_those_published_are_told(tmp_path: Path) -> None:
    districts = samples.CARS.replace("E01034081", "E06000034").replace("E0100000", "E0600000")
    with ZipFile(tmp_path / "census2021-ts045.zip", "w") as archive:
        archive.writestr("census2021-ts045-ltla.csv", districts)
        archive.writestr("census2021-ts045-lsoa.csv", samples.CARS)
    with contents(tmp_path / "census2021-ts045.zip") as found:
        assert [item.source.key for item in found.known] == ["cars2021"]
        assert found.left_out == ("census2021-ts045.zip: census2021-ts045-ltla.csv",)
        assert not found.unreadable
    long = "Lower layer Super Output Areas Code,Car or van availability (5 categories),Observation"
    for text, said in (
        (f"{long}\nE01000001,No cars or vans in household,40\n", "census2021-ts045-lsoa.csv"),
        ("LSOA_code,Region,HospPTt,HospCyct\nE01000001,London,30,20\n", r"hospitals.*JTS0505"),
        ("LSOA_code,GPPTt,GPCyct,GPCart\nE01000001,9,8,7\n", "'GPWalkt'"),
        (districts, r"of other areas \(E06000001\)"),
    ):
        path = tmp_path / "near.csv"
        path.write_text(text, "utf-8")
        with pytest.raises(InputFileError, match=said):
            recognise(InputFile.of(path))


def test_more_households_without_a_car_than_there_are_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cars.csv"
    path.write_text(samples.CARS.replace("200,20,", "20,200,"), "utf-8")
    with pytest.raises(InputFileError, match="E01000002 has 200 households without a car of 20"):
        SOURCES["cars2021"].load(InputFile.of(path))
