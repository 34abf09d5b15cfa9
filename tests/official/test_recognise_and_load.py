"""Every publication's layout: recognised whatever its name, quirks handled, faults told."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import random
import time
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pcs_dash.official import sheets
from pcs_dash.official.archive import InputFile
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.file_dates import month_in_name, parse_date
from pcs_dash.official.loaders.registrations import lsoa_vintage
from pcs_dash.official.recognise import recognise
from pcs_dash.tables.errors import InputFileError, UserError
from tests.loading import load_file


def load(tmp_path: Path, content: bytes | str, name: str = "download 2025-08") -> pd.DataFrame:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return load_file(path)[0].table


@pytest.mark.parametrize("source", samples.FILES)
@pytest.mark.parametrize("wrapping", ["plain", "gzip", "zip", "gzip in zip"])
def test_recognised_by_columns_whatever_the_name(
    source: str, wrapping: str, tmp_path: Path
) -> None:
    _, content = samples.FILES[source]
    if "gzip" in wrapping:
        content = samples.gzipped(content)
    if "zip" in wrapping.split(" ")[-1] and wrapping != "gzip":
        content = samples.zipped({"December 2025/inner.bin": content})
    path = tmp_path / "download of 31 May 2024.tmp"
    path.write_bytes(content)
    loaded = load_file(path)
    assert [item.source.key for item in loaded] == [source]
    assert len(loaded[0].table) > 0
    plain = tmp_path / samples.FILES[source][0]
    plain.write_bytes(samples.FILES[source][1])
    expected = load_file(plain)[0].table
    same = [c for c in expected.columns if c != "period"]
    pd.testing.assert_frame_equal(pd.DataFrame(loaded[0].table[same]), pd.DataFrame(expected[same]))


def test_every_source_has_a_sample_so_that_every_loader_is_fuzzed() -> None:
    assert set(samples.FILES) == set(SOURCES)
    headless = {k for k, source in SOURCES.items() if source.columns and source.columns.headless}
    assert set(WITHOUT_HEADINGS) == headless


# --- quirks ---------------------------------------------------------------------------------


def test_practices_without_headings(tmp_path: Path) -> None:
    table = load(tmp_path, samples.EPRACCUR).set_index("practice_code")
    assert table.loc["F81003", "practice_name"] == "CARNAVON, ROAD"
    assert table["status"].to_dict() == {
        "F81001": "active", "F81003": "closed", "AAA001": "dormant",
    }  # fmt: skip
    assert table.loc["F81003", "closed"] == pd.Timestamp("2023-12-31")
    assert pd.isna(table.loc["F81001", "closed"])
    assert table["is_gp_practice"].tolist() == [True, True, False]


def test_several_rows_a_practice_become_one(tmp_path: Path) -> None:
    table = load(tmp_path, samples.MAPPING).set_index("practice_code")
    assert table.index.is_unique
    assert table.loc["F81001", "supplier"] == "EMIS, TPP"
    assert pd.isna(table.loc["F81003", "pcn"])
    assert pd.isna(table.loc["F81003", "pcn_code"])


def test_a_practice_in_two_networks_is_refused(tmp_path: Path) -> None:
    twice = samples.MAPPING.replace(
        "F81001,DR KHAN,EMIS,U27924,BENFLEET PCN", "F81001,DR KHAN,EMIS,U00001,OTHER PCN"
    )
    with pytest.raises(InputFileError, match=r"more than one network.*F81001"):
        load(tmp_path, twice)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("01/05/2025", "2025-05-01"),
        ("2025-10-01", "2025-10-01"),
        ("01Jul2023", "2023-07-01"),
        ("20230930", "2023-09-30"),
        ("Apr-25", "2025-04-01"),
        ("200609", "2006-09-01"),
    ],
)
def test_the_dates_of_the_publications(text: str, day: str) -> None:
    assert parse_date(text) == pd.Timestamp(day)


@pytest.mark.parametrize("text", ["32/01/2025", "2025-13-01", "yesterday", "2025071", "1/2/3", ""])
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("name", "month"),
    [
        ("General Practice – December 2025 Practice Level - Detailed.csv", "2025-12-31"),
        ("General Practice Mar 2018 Practice Level.csv", "2018-03-31"),
        ("practice-pcn-icb-mapping-2025-08.csv", "2025-08-31"),
        ("GPWPracticeCSV.122024.zip", "2024-12-31"),
        ("gp-reg-pat-prac-lsoa-male-female-Jan-2024.zip", "2024-01-31"),
    ],
)
def test_the_month_in_a_file_name(name: str, month: str) -> None:
    assert month_in_name(name) == pd.Timestamp(month)


@pytest.mark.parametrize("name", ["practice level.csv", "QOF_2022-23.csv", "report 1234567.csv"])
def test_no_month_in_a_file_name(name: str) -> None:
    assert month_in_name(name) is None


def test_both_date_formats_of_the_lists_agree(tmp_path: Path) -> None:
    old, new = load(tmp_path, samples.LISTS_OLD), load(tmp_path, samples.LISTS_NEW)
    assert old["period"].unique().tolist() == [pd.Timestamp("2025-05-01")]
    assert new["period"].unique().tolist() == [pd.Timestamp("2025-10-01")]


def test_lists_with_ages_give_their_totals(tmp_path: Path) -> None:
    extra = "GP_PRAC_PAT_LIST,2025-10-01,GP,99F,E38000000,F81001,SS7 4EA,MALE,0_4,300\n"
    whole = "GP_PRAC_PAT_LIST,2025-10-01,Comm Region,Y61,E4,Y61,,ALL,ALL,300\n"
    table = load(tmp_path, samples.LISTS_NEW + extra + whole)
    pd.testing.assert_frame_equal(table, load(tmp_path, samples.LISTS_NEW))


def test_lists_of_two_months_in_one_file_are_refused(tmp_path: Path) -> None:
    both = samples.LISTS_OLD + samples.LISTS_NEW.split("\n", 1)[1]
    with pytest.raises(InputFileError, match="mixes dates"):
        load(tmp_path, both)


def test_registrations_of_men_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="file of all patients"):
        load(tmp_path, samples.BY_LSOA.replace(",ALL,", ",MALE,"))


def test_the_vintage_of_lsoas_is_told_by_the_marker_or_by_new_codes(tmp_path: Path) -> None:
    table = load(tmp_path, samples.BY_LSOA)
    assert lsoa_vintage(table["lsoa_code"]) == 2011
    assert lsoa_vintage(pd.Series(["E01000001", "NO2021"])) == 2021
    assert lsoa_vintage(pd.Series(["E01000001", "E01034002"])) == 2021
    assert lsoa_vintage(pd.Series(["E01000001", "E01033768"])) == 2011


def test_latin_1_and_a_byte_order_mark(tmp_path: Path) -> None:
    lookup = load(tmp_path, samples.LOOKUP_2021.encode("latin-1"))
    assert len(lookup) == 5
    assert load(tmp_path, samples.RURAL)["rural"].tolist() == [False, True, True]


def test_excel_with_a_notes_sheet(tmp_path: Path) -> None:
    table = load(tmp_path, samples.imd_workbook())
    assert table["imd_rank"].tolist() == [29199, 100, 14915]
    assert table["imd_quintile"].tolist() == [5, 1, 3]


def test_a_decile_that_does_not_belong_to_its_rank(tmp_path: Path) -> None:
    text = (
        "LSOA code (2011),LSOA name (2011),Local Authority District code (2019),"
        "Local Authority District name (2019),Index of Multiple Deprivation (IMD) Score,"
        "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
        "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs)\n"
        "E01000001,A,E09000001,City,6.2,29199,{}\n"
    )
    assert load(tmp_path, text.format(9))["imd_score"].tolist() == [6.2]
    with pytest.raises(InputFileError, match="rank 29,199 and decile 2"):
        load(tmp_path, text.format(2))


# --- workforce: the conventions of each year --------------------------------------------------


def test_na_is_no_data_and_zero_is_zero_since_february_2023(tmp_path: Path) -> None:
    name = samples.FILES["workforce"][0]
    table = load(tmp_path, samples.WORKFORCE, name).set_index("practice_code")
    assert table["period"].unique().tolist() == [pd.Timestamp("2025-12-31")]
    assert np.isnan(table.loc["F81003", "TOTAL_GP_EXTG_FTE"])
    assert table.loc["F81003", "TOTAL_ADMIN_FTE"] == 0.4
    assert table.loc["F81100", "TOTAL_GP_EXTG_FTE"] == 0
    assert table.loc["F81001", "TOTAL_GP_FTE"] == pytest.approx(12.0933333334)


def test_nobody_at_all_was_no_data_before_february_2023(tmp_path: Path) -> None:
    name = "General Practice – September 2022 Practice Level.csv"
    table = load(tmp_path, samples.WORKFORCE_2022, name).set_index("practice_code")
    assert table.loc["F81003", "TOTAL_GP_FTE":].isna().all()
    assert np.isnan(table.loc["F81100", "TOTAL_GP_EXTG_FTE"])
    assert table.loc["F81100", "TOTAL_NURSES_FTE"] == 1
    assert table.loc["F81001", "TOTAL_GP_EXTG_FTE"] == 7.4


def test_the_same_zeros_are_zeros_in_a_later_file(tmp_path: Path) -> None:
    name = "General Practice – March 2023 Practice Level.csv"
    table = load(tmp_path, samples.WORKFORCE_2022, name).set_index("practice_code")
    assert table.loc["F81003", "TOTAL_GP_FTE"] == 0


def test_fully_qualified_is_computed_from_the_registrars_columns(tmp_path: Path) -> None:
    name = "General Practice September 2017 Practice Level.csv"
    table = load(tmp_path, samples.WORKFORCE_2017, name).set_index("practice_code")
    # All 9 less registrars 1.5 less foundation doctors 1; then less locums 0.5.
    assert table.loc["F81001", "TOTAL_GP_EXTG_FTE"] == pytest.approx(6.5)
    assert table.loc["F81001", "TOTAL_GP_EXTGL_FTE"] == pytest.approx(6.0)
    assert table.loc["F81001", "TOTAL_GP_EXTG_HC"] == 7
    assert np.isnan(table.loc["F81003", "TOTAL_GP_EXTG_FTE"])


def test_a_workforce_file_that_names_no_month_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="Put the month in its name"):
        load(tmp_path, samples.WORKFORCE, "practice level.csv")


def test_swapped_fte_columns_are_noticed(tmp_path: Path) -> None:
    swapped = samples.WORKFORCE.replace(
        "TOTAL_GP_FTE,TOTAL_GP_EXTG_FTE", "TOTAL_GP_EXTG_FTE,TOTAL_GP_FTE"
    )
    with pytest.raises(InputFileError, match=r"F81001: TOTAL_GP_EXTG_FTE 12\.0933 is more than"):
        load(tmp_path, swapped, samples.FILES["workforce"][0])


def test_no_single_person_leaves_the_individual_file(tmp_path: Path) -> None:
    name = samples.FILES["workforce_individual"][0]
    table = load(tmp_path, samples.INDIVIDUALS, name)
    assert "unique_identifier" not in {c.lower() for c in table.columns}
    salaried = table[table["staff_role"] == "Salaried GPs"]
    assert salaried["people"].tolist() == [2]
    assert salaried["fte"].tolist() == [1.25]
    assert np.isnan(table.loc[table["staff_role"] == "Partners", "fte"].iloc[0])


# --- quality ----------------------------------------------------------------------------------


def test_the_latest_overall_rating_of_a_practice(tmp_path: Path) -> None:
    table = load(tmp_path, samples.CQC).set_index("practice_code")
    assert table["cqc_rating"].to_dict() == {"F81001": "Good", "F81003": "Requires improvement"}
    assert table["cqc_year"].to_dict() == {"F81001": 2017, "F81003": 2019}


def test_appointments_of_two_systems_are_added_and_the_same_day_share_is_of_known_waits(
    tmp_path: Path,
) -> None:
    table = load(tmp_path, samples.APPOINTMENTS).set_index("practice_code")
    assert table.loc["F81001", "appointments"] == 4000
    assert table.loc["F81001", "same_day_per_cent"] == pytest.approx(100 * 2000 / 3997)
    assert table.loc["F81003", "appointments"] == 50
    assert table.loc["F81003", "same_day_per_cent"] == 100


def test_a_practice_without_patients_has_no_payment_per_patient(tmp_path: Path) -> None:
    table = load(tmp_path, samples.PAYMENTS).set_index("practice_code")
    assert np.isnan(table.loc["F81003", "payment_per_patient"])
    assert pd.isna(table.loc["F81003", "contract_type"])
    assert pd.isna(table.loc["F81003", "dispensing"])


def test_prevalence_is_of_the_patients_of_the_ages_of_its_register(tmp_path: Path) -> None:
    path = tmp_path / "PREVALENCE_2324.csv"
    path.write_text(samples.QOF_PREVALENCE, encoding="utf-8")
    loaded = load_file(path)[0]
    assert loaded.period == pd.Timestamp("2024-03-31")
    table = loaded.table.set_index("practice_code")
    assert table["qof_prev_af"].to_dict() == {"F81001": 2, "F81003": 1}
    assert table.loc["F81001", "qof_prev_dep"] == 0
    assert table.loc[["F81001", "F81003"], "qof_prev_ost"].isna().all()
    assert list(loaded.notes) == ["Not of patients of all ages: DEP 18OV, DM 17OV, OST 50OV."]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "F81001,AF,270,TOTAL,13500",
            "F81001,AF,270,TOTAL,13",
            "AF has 270 patients of 13",
        ),
        ("F81003,AF,59,TOTAL", "F81003,AF,59,18OV", "AF is counted on lists of different"),
        ("F81003,AF", "F81001,AF", "F81001 / AF stands in more than one row"),
    ],
)
def test_prevalence_that_can_not_be_is_refused(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputFileError, match=words):
        load(tmp_path, samples.QOF_PREVALENCE.replace(old, new))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("PREVALENCE_2021_v2.csv", "2021-03-31"),
        ("PREVALENCE_2425.csv", "2025-03-31"),
        ("prevalence 2022-23.csv", "2023-03-31"),
        ("prevalence 2021-22.csv", "2022-03-31"),
    ],
)
def test_the_year_of_a_qof_file(name: str, day: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(samples.QOF_PREVALENCE, encoding="utf-8")
    assert load_file(path)[0].period == pd.Timestamp(day)


def test_survey_shares_become_per_cent(tmp_path: Path) -> None:
    table = load(tmp_path, samples.SURVEY, "GPPS_2025.csv").set_index("practice_code")
    assert table.loc["F81001", "survey_overall_good"] == pytest.approx(74.21)
    assert np.isnan(table.loc["F81003", "survey_overall_good"])


def test_former_members_of_a_network_are_left_out(tmp_path: Path) -> None:
    assert load(tmp_path, samples.PARTNERS)["practice_code"].tolist() == ["F81001"]


def test_dentists_of_a_county_have_no_lsoa(tmp_path: Path) -> None:
    table = load(tmp_path, samples.DENTISTS)
    assert table["lsoa_code"].isna().tolist() == [False, True, False]
    assert table["accepting_adults"].tolist() == [True, False, True]


def test_boundaries_arrive_in_the_national_grid(tmp_path: Path) -> None:
    frame = load(tmp_path, samples.boundaries())
    assert frame.crs.to_epsg() == 27700
    assert frame.geometry.area.between(500_000, 1_000_000).all()


def test_swapped_coordinates_are_noticed(tmp_path: Path) -> None:
    layer = json.loads(samples.boundaries())
    for feature in layer["features"]:
        ring = feature["geometry"]["coordinates"][0]
        feature["geometry"]["coordinates"] = [[[y, x] for x, y in ring]]
    with pytest.raises(InputFileError, match="outside Great Britain"):
        load(tmp_path, json.dumps(layer))


# --- changed layouts and bad values -----------------------------------------------------------


def test_a_changed_layout_names_file_expectation_and_finding(tmp_path: Path) -> None:
    changed = samples.LISTS_NEW.replace("NUMBER_OF_PATIENTS", "PATIENT_COUNT")
    with pytest.raises(InputFileError) as fault:
        load(tmp_path, changed, "lists of May.csv")
    message = str(fault.value)
    assert message.startswith("lists of May.csv: ")
    assert "missing 'NUMBER_OF_PATIENTS' (registered patients)" in message
    assert "PATIENT_COUNT" in message


def test_an_unknown_table_shows_its_first_row(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"fit no publication.*fruit, price"):
        load(tmp_path, "fruit,price\napple,1\n")


def test_a_bad_value_is_told_with_row_and_column(tmp_path: Path) -> None:
    bad = samples.LISTS_NEW.replace(",5900\n", ",many\n")
    with pytest.raises(InputFileError, match=r"Row 3, column 'NUMBER_OF_PATIENTS': 'many' is not"):
        load(tmp_path, bad)


@pytest.mark.parametrize("value", ["", "-5", "1.5", "1e400", "nan", "inf", "=1+1", "١٢"])
def test_counts_that_are_no_counts(value: str, tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="NUMBER_OF_PATIENTS"):
        load(tmp_path, samples.LISTS_NEW.replace(",5900\n", f",{value}\n"))


def test_thousands_separators_are_read(tmp_path: Path) -> None:
    table = load(tmp_path, samples.LISTS_NEW.replace(",5900\n", ',"5,900"\n'))
    pd.testing.assert_frame_equal(table, load(tmp_path, samples.LISTS_NEW))


def test_a_short_row_is_told_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="Row 3 has 9 columns where 10 were expected"):
        load(tmp_path, samples.LISTS_NEW.replace("ALL,ALL,5900", "ALL,5900"))


def test_a_duplicate_practice_is_refused(tmp_path: Path) -> None:
    last = samples.QOF.rsplit("\r\n", 2)[1]
    with pytest.raises(InputFileError, match="F81003 stands in more than one row"):
        load(tmp_path, samples.QOF + last + "\r\n")


def test_two_columns_of_one_meaning_are_refused(tmp_path: Path) -> None:
    lines = samples.QOF.replace("List size", "List size,list_size", 1)
    lines = lines.replace(",13500,", ",13500,1,").replace(",5900,", ",5900,1,")
    with pytest.raises(InputFileError, match="mean the same"):
        load(tmp_path, lines)


def test_many_faults_are_counted_not_listed(tmp_path: Path) -> None:
    rows = "".join(
        f"GP_PRAC_PAT_LIST,2025-10-01,GP,99F,E3,F8{n:04d},SS7 4EA,ALL,ALL,x\n" for n in range(500)
    )
    with pytest.raises(InputFileError, match="And 490 more faults") as fault:
        load(tmp_path, samples.LISTS_NEW + rows)
    assert len(str(fault.value)) < 3_000


NAMED = [key for key, source in SOURCES.items() if source.period_from == "name"]


@pytest.mark.parametrize("source", NAMED)
def test_a_period_that_only_the_name_can_say_is_asked_for(source: str, tmp_path: Path) -> None:
    path = tmp_path / "download.dat"
    path.write_bytes(samples.FILES[source][1])
    with pytest.raises(InputFileError, match=r"put the year( and month)? in the file's name, e\.g"):
        load_file(path)


def test_a_nightly_list_is_of_the_day_its_file_was_written(tmp_path: Path) -> None:
    path = tmp_path / "epraccur.csv"
    path.write_text(samples.EPRACCUR, encoding="utf-8")
    os.utime(path, (0, pd.Timestamp("2024-05-06 07:00").timestamp()))
    assert load_file(path)[0].period == pd.Timestamp("2024-05-06")


# --- bounds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['"properties":{', '"properties"', '"properties" : ', '{"', '"a" ' * 3]
)
def test_a_geojson_of_nothing_but_beginnings_takes_no_time(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    path.write_text("{" + text * (1_000_000 // len(text)), encoding="utf-8")
    begun = time.process_time()
    with pytest.raises(InputFileError):
        load_file(path)
    assert time.process_time() - begun < 1


def test_a_file_many_times_the_published_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert all(s.largest_bytes <= 250 * 1024**2 for s in SOURCES.values() if s.key != "postcodes")
    small = dataclasses.replace(SOURCES["qof"], largest_bytes=300)
    monkeypatch.setitem(SOURCES, "qof", small)
    with pytest.raises(InputFileError, match="several times the published file"):
        load(tmp_path, samples.QOF, "QOF_2022-23.csv")


def test_a_sheet_of_more_cells_than_any_publication_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_CELLS", 20)
    with pytest.raises(InputFileError, match="too large a table"):
        load(tmp_path, samples.imd_workbook())


# --- fuzz -------------------------------------------------------------------------------------

QUICK = settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def outcome(path: Path, content: bytes) -> pd.DataFrame | None:
    """The table, or None for a clear error; anything else fails the test."""
    path.write_bytes(content)
    try:
        return load_file(path)[0].table
    except UserError as fault:
        text = str(fault)
        assert text
        assert len(text) < 6_000
        assert "Traceback" not in text
        return None


@pytest.mark.parametrize("source", samples.FILES)
@QUICK
@given(data=st.data())
def test_damaged_bytes_give_a_table_or_a_clear_error(
    source: str, data: st.DataObject, tmp_path: Path
) -> None:
    name, content = samples.FILES[source]
    damage = data.draw(st.sampled_from(["cut", "flip", "insert", "repeat", "nul", "huge", "quote"]))
    at = data.draw(st.integers(0, len(content)))
    if damage == "cut":
        content = content[:at]
    elif damage == "flip":
        byte = data.draw(st.integers(0, 255))
        content = content[:at] + bytes([byte]) + content[at + 1 :]
    elif damage == "insert":
        content = content[:at] + data.draw(st.binary(min_size=1, max_size=20)) + content[at:]
    elif damage == "repeat":
        content = content + content[at:]
    elif damage == "nul":
        content = content[:at] + b"\0" * 5 + content[at:]
    elif damage == "huge":
        content = content[:at] + b"x" * 200_000 + content[at:]
    else:
        content = content[:at] + b'"' + content[at:]
    outcome(tmp_path / name, content)


CSV_WITH_HEADINGS = [
    key
    for key, (_, content) in samples.FILES.items()
    if SOURCES[key].columns is not None
    and not SOURCES[key].columns.headless
    and not content.startswith((b"PK", b"{"))
]


def cells_of(content: bytes) -> list[list[str]]:
    import csv

    encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def csv_of(rows: list[list[str]]) -> bytes:
    import csv

    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()


@pytest.mark.parametrize("source", CSV_WITH_HEADINGS)
@settings(QUICK, max_examples=4)
@given(seed=st.integers(0, 10**6))
def test_shuffled_columns_give_the_same_table(source: str, seed: int, tmp_path: Path) -> None:
    name, content = samples.FILES[source]
    rows = [row for row in cells_of(content) if len(row) > 2]
    order = list(range(len(rows[0])))
    random.Random(seed).shuffle(order)
    shuffled = csv_of([[row[i] for i in order] for row in rows])
    expected = outcome(tmp_path / name, content)
    found = outcome(tmp_path / name, shuffled)
    assert expected is not None
    assert found is not None
    pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("source", CSV_WITH_HEADINGS)
def test_a_missing_required_column_is_always_an_error(source: str, tmp_path: Path) -> None:
    name, content = samples.FILES[source]
    rows = [row for row in cells_of(content) if len(row) > 2]
    layout = SOURCES[source].columns
    assert layout is not None
    from pcs_dash.official.layout import normalise_heading

    headings = [normalise_heading(cell) for cell in rows[0]]
    positions = layout.positions(headings)
    for column in layout.columns:
        if not column.required:
            continue
        at = positions[column.name][0]
        path = tmp_path / name
        path.write_bytes(csv_of([[c for i, c in enumerate(row) if i != at] for row in rows]))
        with pytest.raises(InputFileError):
            SOURCES[source].load(InputFile.of(path))


@pytest.mark.parametrize("source", CSV_WITH_HEADINGS)
@settings(QUICK, max_examples=6)
@given(data=st.data())
def test_wrong_values_give_a_table_or_a_clear_error(
    source: str, data: st.DataObject, tmp_path: Path
) -> None:
    name, content = samples.FILES[source]
    rows = [row for row in cells_of(content) if len(row) > 2]
    row = data.draw(st.integers(1, len(rows) - 1))
    at = data.draw(st.integers(0, len(rows[0]) - 1))
    odd = ["", "=cmd|' /C calc'!A0", "-1", "1e308", "NaN", "é" * 3, "x" * 40_000, "🙂", "\n", "٣"]
    value = data.draw(st.one_of(st.sampled_from(odd), st.text(max_size=12)))
    rows[row][at] = value.replace("\0", "")
    outcome(tmp_path / name, csv_of(rows))


WITHOUT_HEADINGS = [
    key
    for key in samples.FILES
    if (columns := SOURCES[key].columns) is not None and columns.headless
]


@pytest.mark.parametrize("source", WITHOUT_HEADINGS)
@settings(QUICK, max_examples=15)
@given(data=st.data())
def test_wrong_values_in_lists_without_headings(
    source: str, data: st.DataObject, tmp_path: Path
) -> None:
    name, content = samples.FILES[source]
    rows = cells_of(content)
    # So that nine in ten rows are still right, and the file is still recognised.
    rows = rows + [[f"{code[:-2]}{n:02d}", *rest] for n, (code, *rest) in enumerate(rows * 12, 10)]
    at = data.draw(st.integers(0, len(rows[0]) - 1))
    change = data.draw(st.sampled_from(["value", "shorter", "longer", "repeat"]))
    if change == "value":
        odd = ["", "=1+1", "99999999", "x" * 40_000, "20259999", "Q", "\n", "\ufeff", "٣"]
        rows[1][at] = data.draw(st.one_of(st.sampled_from(odd), st.text(max_size=9)))
        rows[1][at] = rows[1][at].replace("\0", "")
    elif change == "shorter":
        del rows[1][at]
    elif change == "longer":
        rows[1].insert(at, "more")
    else:
        rows.insert(at, list(rows[1]))
    table = outcome(tmp_path / name, csv_of(rows))
    if change in ("shorter", "longer"):
        assert table is None
    if table is not None:
        assert table.iloc[:, 0].is_unique or source == "ods_successors"


@settings(QUICK, max_examples=40)
@given(data=st.data())
def test_wrong_values_in_the_list_of_dentists(data: st.DataObject, tmp_path: Path) -> None:
    layer = json.loads(samples.DENTISTS)
    feature = layer["features"][1]
    odd = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
        st.lists(st.integers(), max_size=3), st.just({"a": 1}), st.just("x" * 40_000),
    )  # fmt: skip
    where = data.draw(st.sampled_from(["properties", "geometry", "feature", "coordinates"]))
    if where == "feature":
        layer["features"][1] = data.draw(odd)
    elif where == "coordinates":
        feature["geometry"]["coordinates"] = data.draw(odd)
    else:
        key = data.draw(st.sampled_from(sorted(feature[where])))
        feature[where][key] = data.draw(odd)
    table = outcome(tmp_path / "dentists_2026-02.geojson", json.dumps(layer).encode())
    if table is not None:
        assert len(table) == 3
        assert table[["longitude", "latitude"]].notna().all(axis=None)


FORMULA = '=HYPERLINK("http://a.invalid")'


@pytest.mark.parametrize("cell", ["=1+1", FORMULA, "#REF!", -1, 2.5, "x"])
def test_a_cell_that_is_no_figure_in_a_spreadsheet_is_told(cell: object, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(io.BytesIO(samples.imd_workbook()))
    book["IMD"]["E3"] = cell
    path = tmp_path / "File_1.xlsx"
    book.save(path)
    with pytest.raises(InputFileError, match=r"Row 3, column 'imd_rank'"):
        load_file(path)


@QUICK
@given(content=st.binary(max_size=400))
def test_random_bytes_are_refused(content: bytes, tmp_path: Path) -> None:
    assert outcome(tmp_path / "random", content) is None


def test_recognise_takes_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(samples.QOF, encoding="utf-8")
    assert recognise(InputFile.of(path)).key == "qof"
