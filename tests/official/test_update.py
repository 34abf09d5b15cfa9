"""The whole chain on small files: load, build, swap; what fails keeps its last good table."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest
import samples
from conftest import BadServer

from benchmarks.loaded import england_lsoas, england_registrations
from pcs_dash.__main__ import main
from pcs_dash.cli.update import Bars, Lines, Shown
from pcs_dash.measures.practice_measures import VARIABLES
from pcs_dash.measures.registrations import lsoa_totals
from pcs_dash.official import available_measures, built_tables
from pcs_dash.official.built_tables import read_around
from pcs_dash.official.catalogue import SOURCES, find_source
from pcs_dash.official.download import Patience
from pcs_dash.official.loaded_areas import find_official_area, official_areas
from pcs_dash.official.outcomes import few
from pcs_dash.official.practice_table import build_practices
from pcs_dash.official.recognise import Loaded
from pcs_dash.official.status import history_rows, source_rows
from pcs_dash.official.store import Store
from pcs_dash.official.update import Report, _put_into, preview, update_store
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.tables.paths import ROOT
from pcs_dash.views.loaded_data import england_by
from tests.loading import load_file

CHAIN = (
    "list_sizes", "pcn_membership", "allocations", "registrations_lsoa", "imd2019", "imd2025",
    "lsoa11_lsoa21", "ods_practices", "qof", "cqc", "payments", "appointments", "dentists",
    "workforce", "rural_urban2011", "barriers2019", "boundaries_lsoa11", "survey",
)  # fmt: skip


@pytest.fixture(autouse=True)
def data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = samples.write(tmp_path_factory.mktemp("files"), *CHAIN)
    (folder / "lists of May").write_text(samples.LISTS_OLD, encoding="utf-8")
    store = Store(tmp_path_factory.mktemp("loaded"))
    report = update_store(store, origin=str(folder))
    assert report.failed == []
    assert report.committed
    return store


def test_practices_are_joined_with_their_gaps_kept(loaded: Store) -> None:
    table = built_tables.england_practices(store=loaded)
    assert table.index.tolist() == ["F81001", "F81003", "F81100", "F81102"]
    khan = table.loc["F81001"]
    assert khan["list_size"] == 13100
    assert khan["patients"] == 13602  # the workforce's own denominator where it is loaded
    assert khan["gp_fte_fully_qualified"] == 7.4
    assert khan["icb_code"] == "QH8"
    assert khan["place"] == "Castle Point and Rochford"
    assert (khan["qof_per_cent"], khan["cqc_rating"], khan["contract_type"]) == (
        80.03937, "Good", "GMS",
    )  # fmt: skip
    assert khan["dentists_1_mile"] == 2
    assert khan["dentists_1_mile_taking_adults"] == 1
    assert khan["appointments_per_patient"] == pytest.approx(4000 / 13602)
    carnavon = table.loc["F81003"]
    assert pd.isna(carnavon["gp_fte_fully_qualified"])
    assert pd.isna(carnavon["pcn"])
    new = table.loc["F81102"]
    # In no mapping: its ICB is that of its sub-ICB's other practices; the rest is missing.
    assert new["icb_code"] == "QJG"
    assert pd.isna(new["latitude"])
    assert pd.isna(new["cqc_rating"])
    assert new["patients"] == 1500


def test_quintiles_of_patients_of_both_editions(loaded: Store) -> None:
    table = built_tables.england_practices(store=loaded)
    khan = table.loc["F81001"]
    assert khan[[f"imd2019_patients_quintile_{q}" for q in range(1, 6)]].tolist() == [
        4000, 0, 0, 0, 9000,
    ]  # fmt: skip
    assert khan["imd2019_patients_unknown"] == 3
    assert khan["imd2019_rank_mean"] == pytest.approx((9000 * 29199 + 4000 * 100) / 13000)
    # The split LSOA has the mean rank of its parts, 300 and 900.
    assert khan["imd2025_rank_mean"] == pytest.approx((9000 * 26525 + 4000 * 600) / 13000)
    assert table.loc["F81003", "imd2019_patients_unknown"] == 10


def test_every_measure_that_needs_loaded_columns_can_be_chosen(loaded: Store) -> None:
    practices = built_tables.england_practices(store=loaded)
    needed = {name for variable in VARIABLES.values() for name in variable.needs}
    assert needed
    assert needed <= set(practices.columns)
    assert practices["qof_per_cent"].notna().any()


def test_lsoas_are_joined(loaded: Store) -> None:
    table = england_lsoas(store=loaded)
    second = table.loc["E01000002"]
    assert second["imd2025_rank"] == 600
    assert second["imd2025_split"]
    assert second["imd2025_parts"] == "E01034002 E01034003"
    assert second["registered_patients"] == 9990
    assert second["rural"]
    assert second["gp_road_km"] == 0.952
    assert table["icb_basis"].tolist() == ["registrations"] * 3
    assert table.loc["E01000003", "icb_code"] == "QJG"


@pytest.mark.parametrize(
    ("text", "kind", "codes"),
    [
        ("England", "england", ["F81001", "F81003", "F81100", "F81102"]),
        ("QH8", "icb", ["F81001", "F81003"]),
        ("NHS Mid and South Essex ICB", "icb", ["F81001", "F81003"]),
        ("mid & south essex", "icb", ["F81001", "F81003"]),
        ("99G", "sub_icb", ["F81003"]),
        ("Castle Point", "district", ["F81001"]),
        ("Castle Point + Colchester", "district", ["F81001", "F81100"]),
        ("East of England", "region", ["F81001", "F81003", "F81100", "F81102"]),
    ],
)
def test_areas_by_name_and_code(text: str, kind: str, codes: list[str], loaded: Store) -> None:
    area = find_official_area(text, loaded)
    assert area.kind == kind
    assert built_tables.england_practices(area, store=loaded).index.tolist() == codes
    assert find_official_area(area.key, loaded).codes == area.codes or "+" in area.key


def test_an_unknown_area_lists_what_is_near(loaded: Store) -> None:
    with pytest.raises(UserError, match="ICBs loaded: NHS Mid and South Essex"):
        find_official_area("Narnia", loaded)
    with pytest.raises(UserError, match="Did you mean one of"):
        find_official_area("Essex", loaded)
    assert official_areas(loaded)[0].name == "England"


def test_registrations_and_history_of_an_area(loaded: Store) -> None:
    ours = england_registrations("QH8", store=loaded)
    assert ours["patients"].sum() == 9000 + 4000 + 3 + 5990 + 10
    assert england_registrations("99G", store=loaded)["patients"].sum() == 6000
    history = loaded.read(built_tables.LISTS)
    assert sorted(history["period"].dt.strftime("%Y-%m").unique()) == ["2025-05", "2025-10"]


def test_what_found_no_partner_is_reported(loaded: Store) -> None:
    reports = loaded.read(built_tables.REPORTS).set_index("join")
    assert reports.loc["practices with CQC rating", "left_only"] == "F81100 F81102"


def test_measures_that_lack_an_input_say_which_file_brings_it(
    loaded: Store, tmp_path: Path
) -> None:
    here = available_measures.measures(loaded).set_index("column")
    assert here.loc["gp_fte_fully_qualified", "available"]
    assert here.loc["gp_fte_fully_qualified", "period"] == "2025-12-31"
    assert here.loc["gp_fte_fully_qualified", "covers"] == "2 of 4 practices"
    assert here.loc["easting", "covers"] == "3 of 3 LSOAs"
    assert here.loc["imd_score", "covers"] == ""
    assert not here.loc["imd_score", "available"]
    nothing = available_measures.measures(Store(tmp_path / "empty")).set_index("column")
    assert not nothing["available"].any()
    assert nothing.loc["imd2025_quintile", "how"] == (
        "python -m pcs_dash update imd2025 lsoa11_lsoa21 --from FOLDER"
    )


def test_registrations_by_lsoa_of_2021_are_carried_back(tmp_path: Path) -> None:
    folder = samples.write(
        tmp_path / "2021", "list_sizes", "pcn_membership", "imd2019", "imd2025", "lsoa11_lsoa21"
    )
    text = (
        samples.BY_LSOA.replace("01Jul2023", "01Apr2026")
        .replace("NO2011", "NO2021")
        .replace("F81001,DR KHAN,E01000002", "F81001,DR KHAN,E01034002")
        .replace("F81003,CARNAVON,E01000002", "F81003,CARNAVON,E01034003")
    )
    text += "GP_PRAC_PAT_LIST,01Apr2026,F81003,CARNAVON,E01034002,ALL,500\n"
    (folder / "by lsoa").write_text(text, encoding="utf-8")
    store = Store()
    update_store(store, origin=str(folder))
    lsoas = england_lsoas(store=store)
    # The parts of the split LSOA add up to it.
    assert lsoas.loc["E01000002", "registered_patients"] == 4000 + 5990 + 500
    registrations = england_registrations(store=store)
    assert registrations["patients"].sum() == 28_003 + 500
    table = built_tables.england_practices(store=store)
    # IMD 2025 ranks the parts themselves: 4,000 at 300; 5,990 at 900 and 500 at 300.
    assert table.loc["F81001", "imd2025_rank_mean"] == pytest.approx(
        (9000 * 26525 + 4000 * 300) / 13000
    )
    assert table.loc["F81003", "imd2025_rank_mean"] == pytest.approx(
        (5990 * 900 + 500 * 300) / 6490
    )
    # IMD 2019 ranks the whole.
    assert table.loc["F81003", "imd2019_rank_mean"] == 100
    assert table.loc["F81003", "imd2019_patients_quintile_1"] == 6490


def small(tmp_path: Path, name: str = "files") -> Path:
    return samples.write(tmp_path / name, "list_sizes", "pcn_membership")


def test_a_file_that_fails_keeps_the_last_good_table(tmp_path: Path) -> None:
    store = Store()
    folder = small(tmp_path)
    update_store(store, origin=str(folder))
    (folder / "mapping-2025-08.csv").write_text(
        samples.MAPPING.replace("PCN_NAME", "NETWORK"), encoding="utf-8"
    )
    newer = samples.LISTS_NEW.replace("2025-10-01", "2025-12-01")
    (folder / "lists.csv").write_text(newer, encoding="utf-8")
    report = update_store(store, origin=str(folder))
    assert report.committed
    assert [o.file_name for o in report.failed] == ["mapping-2025-08.csv"]
    assert "PCN_NAME" in report.failed[0].message
    assert store.entry("pcn_membership").period == "2025-08-31"
    assert [e.period for e in store.require().of("list_sizes")] == ["2025-10-01", "2025-12-01"]
    assert "mapping-2025-08.csv" in " ".join(store.require().notes)


def test_the_same_files_again_change_nothing(tmp_path: Path) -> None:
    store = Store()
    folder = small(tmp_path)
    update_store(store, origin=str(folder))
    again = update_store(store, origin=str(folder))
    assert {o.status for o in again.outcomes} == {"unchanged"}
    assert not again.committed
    assert store.require().version == 1


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    store = Store()
    report = update_store(store, origin=str(small(tmp_path)), dry_run=True)
    assert {o.status for o in report.outcomes} == {"new"}
    assert store.current() is None
    assert [p.name for p in store.root.rglob("*") if p.is_file()] == ["lock"]
    update_store(store, origin=str(small(tmp_path)))
    before = sorted(store.root.rglob("*"))
    more = samples.write(tmp_path / "more", "cqc", "qof")
    report = update_store(store, origin=str(more), dry_run=True)
    assert {o.status for o in report.outcomes} == {"new"}
    assert sorted(store.root.rglob("*")) == before
    assert store.verify() == []


def test_an_older_edition_does_not_replace_a_newer_one_unless_named(tmp_path: Path) -> None:
    store = Store()
    update_store(store, origin=str(small(tmp_path)))
    older = tmp_path / "mapping-2024-01.csv"
    older.write_text(samples.MAPPING + " ", encoding="utf-8")
    older.write_text(samples.MAPPING.replace("BENFLEET PCN", "OLD PCN"), encoding="utf-8")
    report = update_store(store, origin=str(older))
    assert [o.status for o in report.outcomes] == ["older"]
    assert not report.committed
    named = update_store(store, origin=str(older), sources=["pcn_membership"])
    assert named.committed
    assert store.entry("pcn_membership").period == "2024-01-31"


def test_two_files_for_one_month_are_told(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (folder / "lists again.csv").write_text(
        samples.LISTS_NEW.replace("5900", "5901"), encoding="utf-8"
    )
    report = update_store(Store(), origin=str(folder))
    assert [o.message for o in report.failed] == [
        "lists again.csv is for the same period; keep one of the two files."
    ]


def test_an_area_is_built_alone(tmp_path: Path) -> None:
    store = Store()
    folder = samples.write(tmp_path / "all", *CHAIN)
    update_store(store, origin=str(folder), area="Mid and South Essex")
    assert built_tables.england_practices(store=store).index.tolist() == ["F81001", "F81003"]
    assert set(england_registrations("QH8", store=store)["practice_code"]) == {
        "F81001", "F81003",
    }  # fmt: skip
    assert store.require().area == "Mid and South Essex"
    # England is built again from what is stored, without the files.
    update_store(store, origin=str(folder), area="England")
    assert len(built_tables.england_practices(store=store)) == 4


def test_lsoas_of_an_area_built_alone_hold_the_patients_of_all_practices(tmp_path: Path) -> None:
    """Patients cross the borders of ICBs: totals by LSOA are those of the England build."""
    folder = samples.write(tmp_path / "all", *CHAIN)
    over_the_border = "GP_PRAC_PAT_LIST,01Jul2023,{},{},E01000001,ALL,{}\n"
    text = samples.BY_LSOA + over_the_border.format("F81100", "COLCHESTER", 700)
    text += over_the_border.format("F89999", "CLOSED SINCE", 55)
    (folder / "by-lsoa.csv").write_text(text, encoding="utf-8")
    totals = {}
    for area in ("England", "Mid and South Essex"):
        store = Store(tmp_path / area)
        update_store(store, origin=str(folder), area=area)
        practices = built_tables.england_practices("QH8", store=store)
        lsoas = england_lsoas("QH8", store=store)
        around = read_around(store, practices.index, lsoas.index)
        everywhere = lsoa_totals(england_registrations(store=store))
        totals[area] = (
            lsoa_totals(around)[lsoas.index].to_dict(),
            everywhere[lsoas.index].to_dict(),
            lsoas["registered_patients"].to_dict(),
            registered_total(store, practices.index),
        )
    assert totals["England"] == totals["Mid and South Essex"]
    assert totals["England"][0]["E01000001"] == 9000 + 700 + 55
    assert totals["England"][0] == totals["England"][2]


def registered_total(store: Store, codes: pd.Index) -> int:
    table = store.read(built_tables.REGISTRATIONS)
    return int(table.loc[table["practice_code"].isin(codes), "patients"].sum())


def test_a_build_of_one_icb_does_not_call_it_england(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "all", *CHAIN)
    (folder / "lists of May").write_text(samples.LISTS_OLD, encoding="utf-8")
    store = Store()
    update_store(store, origin=str(folder), area="QH8")
    assert official_areas(store)[0].name == "All that is loaded"
    found = england_by(store, "icb")
    assert found is not None
    assert found.table.index.tolist() == ["QH8", "E92000001"]
    whole = found.table.loc["E92000001"]
    assert whole["name"] == "All that is loaded"
    assert whole["patients"] == found.table.loc["QH8", "patients"]
    assert whole["change_per_cent"] == found.table.loc["QH8", "change_per_cent"]


def test_a_faulty_build_leaves_the_version_in_use(tmp_path: Path) -> None:
    store = Store()
    update_store(store, origin=str(small(tmp_path)))
    newer = tmp_path / "newer.csv"
    newer.write_text(samples.LISTS_NEW.replace("2025-10-01", "2025-12-01"), encoding="utf-8")
    with pytest.raises(UserError, match="no area called"):
        update_store(store, origin=str(newer), area="Narnia")
    assert store.require().version == 1


def test_practices_are_needed(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "only", "cqc")
    with pytest.raises(UserError, match="No list of practices is loaded"):
        update_store(Store(), origin=str(folder))
    assert Store().current() is None
    assert "No list of practices is loaded" in Store().last_update()[1][0]
    assert not list((Store().root / "tables").iterdir())


def test_a_preview_of_an_upload_changes_nothing(tmp_path: Path) -> None:
    store = Store()
    update_store(store, origin=str(small(tmp_path)))
    upload = tmp_path / "upload.bin"
    upload.write_bytes(
        samples.zipped({"x 2025-08": samples.MAPPING.replace("F81100", "F81105").encode()})
    )
    outcome = preview(upload).outcomes[0]
    assert outcome.codes_added == ("F81105",)
    assert outcome.codes_removed == ("F81100",)
    assert (outcome.rows, outcome.rows_before) == (3, 3)
    assert store.require().version == 1


def test_links_out_of_the_folder_and_notes_are_left_alone(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (folder / "README.md").write_text("notes", encoding="utf-8")
    secret = tmp_path / "secret.csv"
    secret.write_text(samples.QOF, encoding="utf-8")
    (folder / "link.csv").symlink_to(secret)
    report = update_store(Store(), origin=str(folder))
    assert {o.source for o in report.outcomes} == {"list_sizes", "pcn_membership"}


def test_an_empty_or_absent_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "absent"):
        with pytest.raises(UserError, match=folder):
            update_store(Store(), origin=str(tmp_path / folder))


# --- what is stored of a file decides whether it is read again ---------------------------------


def whole_zip(tmp_path: Path, **others: str) -> Path:
    path = tmp_path / "all.zip"
    files = {
        "lists.csv": samples.LISTS_NEW, "mapping-2025-08.csv": samples.MAPPING, **others,
    }  # fmt: skip
    path.write_bytes(samples.zipped({name: text.encode() for name, text in files.items()}))
    return path


def statuses(report: Report) -> dict[str, str]:
    return {o.source: o.status for o in report.outcomes}


def test_the_rest_of_an_archive_loads_after_one_source_of_it(tmp_path: Path) -> None:
    store, path = Store(), whole_zip(tmp_path)
    first = update_store(store, origin=str(path), sources=["list_sizes"])
    assert statuses(first) == {"list_sizes": "new"}
    rest = update_store(store, origin=str(path))
    assert statuses(rest) == {"list_sizes": "unchanged", "pcn_membership": "new"}
    again = update_store(store, origin=str(path), sources=["pcn_membership"])
    assert statuses(again) == {"pcn_membership": "unchanged"}


def test_an_older_table_in_an_archive_loads_when_its_source_is_named(tmp_path: Path) -> None:
    store, folder = Store(), small(tmp_path)
    update_store(store, origin=str(folder))
    path = tmp_path / "old.zip"
    old = {"mapping-2024-01.csv": samples.MAPPING, "lists.csv": samples.LISTS_OLD}
    path.write_bytes(samples.zipped({name: text.encode() for name, text in old.items()}))
    report = update_store(store, origin=str(path))
    assert statuses(report) == {"list_sizes": "new", "pcn_membership": "older"}
    named = update_store(store, origin=str(path), sources=["pcn_membership"])
    assert statuses(named) == {"pcn_membership": "changed"}
    assert store.entry("pcn_membership").period == "2024-01-31"


def test_a_file_renamed_to_its_right_month_is_put_right(tmp_path: Path) -> None:
    store, folder = Store(), samples.write(tmp_path / "files", "list_sizes", "workforce")
    wrong = folder / "General Practice – December 2026 Practice Level.csv"
    (folder / samples.FILES["workforce"][0]).rename(wrong)
    (folder / "mapping-2026-08.csv").write_text(samples.MAPPING, encoding="utf-8")
    update_store(store, origin=str(folder))
    assert store.entry("workforce").period == "2026-12-31"
    wrong.rename(folder / samples.FILES["workforce"][0])
    (folder / "mapping-2026-08.csv").rename(folder / "mapping-2025-08.csv")
    report = update_store(store, origin=str(folder))
    assert [e.period for e in store.require().of("workforce")] == ["2025-12-31"]
    assert [e.period for e in store.require().of("pcn_membership")] == ["2025-08-31"]
    assert {o.message for o in report.loaded} == {
        "It was loaded for 2026-12-31 under another name; that is put right.",
        "It was loaded for 2026-08-31 under another name; that is put right.",
    }
    # A new name that says the same month changes nothing.
    (folder / "mapping-2025-08.csv").rename(folder / "August 2025.csv")
    assert set(statuses(update_store(store, origin=str(folder))).values()) == {"unchanged"}


def test_a_source_not_named_is_not_reported(tmp_path: Path) -> None:
    store, folder = Store(), small(tmp_path)
    update_store(store, origin=str(folder))
    report = update_store(store, origin=str(folder), sources=["list_sizes"])
    assert statuses(report) == {"list_sizes": "unchanged"}


# --- nothing is dropped in silence -----------------------------------------------------------


def test_tables_in_an_archive_that_can_not_be_read_are_told_one_by_one(tmp_path: Path) -> None:
    path = whole_zip(
        tmp_path,
        **{
            "QOF_2022-23.csv": samples.QOF.replace("Practice code", "Surgery"),
            "nhspayments-22-23.csv": samples.PAYMENTS.replace("GMS,No", "GMS,Perhaps"),
            "broken.xlsx": "PK\x03\x04 and no more",
            "notes.txt": "Revised figures", "women.csv": "fruit,price\napple,1\n",
        },
    )  # fmt: skip
    report = update_store(Store(), origin=str(path))
    failed = {o.file_name: (o.source, o.message) for o in report.failed}
    assert set(failed) == {
        "all.zip: QOF_2022-23.csv", "all.zip: nhspayments-22-23.csv", "all.zip: broken.xlsx",
    }  # fmt: skip
    assert failed["all.zip: QOF_2022-23.csv"][0] == "qof"
    assert "missing 'Practice code'" in failed["all.zip: QOF_2022-23.csv"][1]
    assert "Surgery" in failed["all.zip: QOF_2022-23.csv"][1]
    assert failed["all.zip: nhspayments-22-23.csv"][0] == "payments"
    assert "PERHAPS" in failed["all.zip: nhspayments-22-23.csv"][1]
    assert report.left_out_words.startswith("Left out: 2 files")
    assert {o.source for o in report.loaded} == {"list_sizes", "pcn_membership"}


def test_a_table_is_read_whatever_its_name_and_notes_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small(tmp_path)
    (folder / "mapping-2025-08.csv").rename(folder / "mapping-2025-08.txt")
    (folder / "lists.csv").rename(folder / "lists.xml")
    for name in ("README.md", "read me.txt", "meta.xml"):
        (folder / name).write_text("<about>these files</about>", encoding="utf-8")
    assert main(["update", "--from", str(folder)]) == 0
    shown = capsys.readouterr().err
    assert shown.count("Left out: 3 files with no table this tool reads") == 1
    assert set(Store().require().sources()) >= {"list_sizes", "pcn_membership"}
    (folder / "mapping-2025-08.txt").write_text(
        samples.MAPPING.replace("PCN_NAME", "NETWORK"), encoding="utf-8"
    )
    assert [o.source for o in update_store(Store(), origin=str(folder)).failed] == [
        "pcn_membership"
    ]


def test_status_says_what_the_last_update_could_not_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small(tmp_path)
    main(["update", "--from", str(folder)])
    (folder / "mapping-2025-08.csv").write_text("GP_CODE,GP_NAME\n", encoding="utf-8")
    broken = folder / "QOF_2022-23.csv"
    broken.write_text(samples.QOF.replace("List size", "Patients"), encoding="utf-8")
    assert main(["update", "--from", str(folder)]) == 1
    capsys.readouterr()
    main(["status"])
    assert "could not load:\n" in (shown := capsys.readouterr().err)
    assert "qof: QOF_2022-23.csv" in shown
    broken.unlink()
    (folder / "mapping-2025-08.csv").write_text(samples.MAPPING, encoding="utf-8")
    main(["update", "--from", str(folder)])
    capsys.readouterr()
    main(["status"])
    assert "could not load" not in capsys.readouterr().err


# --- truncated files ---------------------------------------------------------------------------


def test_a_list_that_has_lost_rows_or_patients_must_be_asked_for(tmp_path: Path) -> None:
    store, folder = Store(), small(tmp_path)
    update_store(store, origin=str(folder))
    short = tmp_path / "lists of November.csv"
    rows = samples.LISTS_NEW.replace("2025-10-01", "2025-11-01").splitlines(keepends=True)
    short.write_text("".join(rows[:-1]), encoding="utf-8")
    report = update_store(store, origin=str(short))
    assert [o.status for o in report.outcomes] == ["failed"]
    assert "3 rows, 25% fewer than the 4" in report.failed[0].message
    assert "name the source (list_sizes)" in report.failed[0].message
    assert report.failed[0].by_name
    fewer = samples.LISTS_NEW.replace("2025-10-01", "2025-11-01").replace(",13100\n", ",131\n")
    short.write_text(fewer, encoding="utf-8")
    assert "patients, 41% fewer" in update_store(store, origin=str(short)).failed[0].message
    assert not update_store(store, origin=str(short), sources=["list_sizes"]).failed
    assert store.entry("list_sizes").period == "2025-11-01"


def test_a_list_of_far_fewer_rows_than_published_is_remarked_on(tmp_path: Path) -> None:
    report = update_store(Store(), origin=str(small(tmp_path)))
    message = {o.source: o.message for o in report.outcomes}["list_sizes"]
    assert message.startswith("Only 4 rows; the published file has some 6,200")


@pytest.mark.parametrize(("rows", "remark"), [(32_844, ""), (32_843, "Only 32,843 rows")])
def test_one_row_less_than_the_only_edition_has_is_remarked_on(rows: int, remark: str) -> None:
    table = pd.DataFrame({"lsoa_code": range(rows)})
    item = Loaded(SOURCES["imd2019"], table, pd.Timestamp("2019-09-26"), "File_1.xlsx")
    assert few(item).startswith(remark)
    assert bool(few(item)) == bool(remark)


def test_the_published_files_raise_no_remark(england: Store) -> None:
    for entry in england.require().tables:
        source = SOURCES.get(entry.source)
        if source is not None:
            table = pd.DataFrame(index=range(entry.rows))
            assert few(Loaded(source, table, pd.Timestamp(entry.period), "")) == ""


CUTS = {key: item for key, item in samples.FILES.items() if not key.startswith("boundaries")}


@pytest.mark.parametrize("source", CUTS)
def test_a_file_cut_anywhere_gives_an_error_or_the_whole_table(source: str, tmp_path: Path) -> None:
    """Beside the edition that is stored; a cut between two rows shows in nothing else."""
    name, content = CUTS[source]
    path = tmp_path / name
    path.write_bytes(content)
    store = Store()
    whole = load_file(path)[0]
    with store.writing() as update:
        _put_into(update)(whole, "whole", "")
        update.commit()
    step = max(1, len(content) // 80)
    for at in {*range(1, len(content), step), *range(len(content) - 40, len(content))}:
        path.write_bytes(content[:at])
        [outcome] = preview(path, store=store).outcomes or [None]
        if outcome is None or outcome.status == "failed":
            continue
        pd.testing.assert_frame_equal(load_file(path)[0].table, whole.table)


def test_a_last_line_without_an_end_is_refused_unless_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "ruc.csv"
    text = samples.RURAL + "4,E01000004,D,E1,Rural village and dispersed"
    path.write_text(text, encoding="utf-8")
    assert len(load_file(path)[0].table) == 4
    for cut in ("Rural village and disp", "4,E01000004,D,E1,", "4"):
        path.write_text(text[: text.rindex(cut) + len(cut)], encoding="utf-8")
        with pytest.raises(InputFileError, match=r"middle of a line|columns where|value is needed"):
            load_file(path)
    lists = tmp_path / "lists.csv"
    lists.write_text(samples.LISTS_NEW[:-2], encoding="utf-8")
    report = preview(lists)
    assert "ends in the middle of a line" in report.failed[-1].message
    assert "name the source (list_sizes)" in report.failed[-1].message


# --- PCNs of two lists -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ods", "network", "words"),
    [
        ("2024-05-06", "BENFLEET PCN", "not used: older than the mapping"),
        ("2025-09-06", "NEW PCN", "1 keep that of the mapping"),
    ],
)
def test_the_newer_list_of_networks_counts_and_gaps_keep_the_other(
    ods: str, network: str, words: str, tmp_path: Path
) -> None:
    folder = samples.write(tmp_path / "files", "list_sizes", "pcn_membership")
    partners = folder / "epcncorepartnerdetails.csv"
    partners.write_text(samples.PARTNERS.replace("BENFLEET", "NEW"), encoding="utf-8")
    os.utime(partners, (0, pd.Timestamp(ods).timestamp()))
    store = Store()
    update_store(store, origin=str(folder))
    practices = built_tables.england_practices(store=store)
    assert practices["pcn"].dropna().to_dict() == {"F81001": network, "F81100": "COLNE PCN"}
    joins = store.read(built_tables.REPORTS)["join"].tolist()
    assert f"practices with PCN of the ODS list ({words})" in joins


# --- codes are keys, names are labels ---------------------------------------------------------

SPELLINGS = """GP_CODE,GP_NAME,SUPPLIER,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME,ICB_CODE,ICB_NAME,REGION_CODE,REGION_NAME
F81001,A,TPP,U41025,Grand Union Pcn,99F,NHS MSE ICB - 99F,QH8,NHS Mid and South Essex ICB,Y61,East Of England
F81001,A,EMIS,U41025,GRAND UNION PCN ,99F,NHS MSE ICB - 99F,QH8,NHS Mid and South Essex ICB,Y61,East of England
F81003,C,TPP,U41025,GRAND UNION PCN,99G,NHS MSE ICB - 99G,QH8,NHS MID AND SOUTH ESSEX ICB,Y61,East of England
F81100,B,TPP,U09187,GRAND UNION PCN,06T,NHS SNEE ICB - 06T,QJG,NHS Suffolk and North East Essex ICB,Y61,East of England
"""  # noqa: E501


def test_spellings_of_a_code_are_one_and_namesakes_are_two(tmp_path: Path) -> None:
    folder = samples.write(tmp_path / "files", "list_sizes", "pcn_membership")
    (mapping,) = (path for path in folder.iterdir() if "mapping" in path.name)
    mapping.write_text(SPELLINGS, encoding="utf-8")
    store = Store()
    report = update_store(store, origin=str(folder))
    assert not report.failed
    practices = built_tables.england_practices(store=store)
    assert practices.loc[["F81001", "F81003", "F81100"], "pcn"].tolist() == [
        "GRAND UNION PCN (U41025)", "GRAND UNION PCN (U41025)", "GRAND UNION PCN (U09187)",
    ]  # fmt: skip
    assert practices.loc["F81001", "icb"] == practices.loc["F81003", "icb"]
    assert practices["region"].dropna().unique().tolist() == ["East of England"]


# --- no traceback ------------------------------------------------------------------------------


def test_appointments_of_two_months_in_one_file_are_refused(tmp_path: Path) -> None:
    folder = small(tmp_path)
    both = samples.APPOINTMENTS + samples.APPOINTMENTS.split("\n", 1)[1].replace("Apr-", "May-")
    (folder / "appointments.csv").write_text(both, encoding="utf-8")
    report = update_store(Store(), origin=str(folder))
    assert "mixes dates (01 April 2025, 01 May 2025)" in report.failed[0].message
    assert report.committed


def test_a_source_that_names_a_practice_twice_is_told_not_thrown(tmp_path: Path) -> None:
    lists = load_file(samples.write(tmp_path, "list_sizes") / "lists.csv")[0].table
    twice = pd.DataFrame({"practice_code": ["F81001", "F81001"], "cqc_rating": ["Good", "Good"]})
    with pytest.raises(UserError, match=r"practices with CQC rating.*more than one row for F81001"):
        build_practices({"cqc": twice}.get, lists={"2025-10-01": lists})


@pytest.mark.parametrize("origin", ["address", "folder"])
def test_a_data_folder_that_is_none_is_told(
    origin: str, server: BadServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(blocked))
    place = f"{server.url}/good.csv" if origin == "address" else str(small(tmp_path))
    with pytest.raises(UserError, match=r"folder can't be written.*PCS_DASH_DATA_DIR") as told:
        update_store(Store(), origin=place)
    assert str(blocked) in told.value.aside and str(blocked) not in str(told.value)
    assert server.requests == []


def test_downloads_that_can_not_be_kept_are_told(server: BadServer, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "downloads").write_bytes(b"")
    with pytest.raises(UserError, match=r"downloads.*can't be written"):
        update_store(Store(), origin=f"{server.url}/good.csv")


def test_a_second_update_does_not_touch_the_downloads_of_the_first(server: BadServer) -> None:
    store = Store()
    with store.writing(), pytest.raises(UserError, match="Another update"):
        update_store(store, origin=f"{server.url}/good.csv")
    assert server.requests == []


# --- over the network ---------------------------------------------------------------------------

SHORT = Patience(connect_s=2, stall_s=0.5, attempts=2, back_off_s=0.01)


def test_from_an_address_of_a_list_of_files(server: BadServer) -> None:
    server.pages.update(
        {
            "/files/": b'<a href="lists.csv">a</a><a href="mapping-2025-08.csv">b</a>'
            b'<a href="gone.csv">c</a>',
            "/files/lists.csv": samples.LISTS_NEW.encode(),
            "/files/mapping-2025-08.csv": samples.MAPPING.encode(),
        }
    )
    store = Store()
    report = update_store(store, origin=f"{server.url}/files/", patience=SHORT)
    assert [o.source for o in report.loaded] == ["list_sizes", "pcn_membership"]
    assert ["404" in o.message for o in report.failed] == [True]
    assert len(built_tables.england_practices(store=store)) == 4
    assert list((store.root.parent / "downloads").iterdir()) == []


@pytest.mark.parametrize("path", ["/page.csv", "/garbage.csv", "/always-truncated.csv"])
def test_a_bad_file_from_the_network_never_reaches_the_store(
    path: str, server: BadServer, tmp_path: Path
) -> None:
    store = Store()
    update_store(store, origin=str(small(tmp_path)))
    report = update_store(store, origin=f"{server.url}{path}", patience=SHORT)
    assert len(report.failed) == 1
    assert not report.committed
    assert store.require().version == 1


# --- the commands -----------------------------------------------------------------------------


def test_update_status_and_rollback_commands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = small(tmp_path)
    assert main(["update", "--from", str(folder), "--dry-run"]) == 0
    assert "nothing was changed" in capsys.readouterr().err
    assert main(["status"]) == 0
    assert "No official data are loaded" in capsys.readouterr().err
    assert main(["update", "--from", str(folder), "--format", "json"]) == 0
    shown = capsys.readouterr()
    assert {row["source"] for row in json.loads(shown.out)} == {"list_sizes", "pcn_membership"}
    assert "Version 1 is in use" in shown.err
    (folder / "lists.csv").write_text(
        samples.LISTS_NEW.replace("2025-10-01", "2026-01-01"), encoding="utf-8"
    )
    (folder / "broken.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["update", "--from", str(folder)]) == 1
    assert "Not loaded: unknown" in capsys.readouterr().err
    assert main(["status", "--check", "--format", "json"]) == 0
    rows = {row["source"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["list_sizes"]["period"] == "2026-01-01"
    assert rows["list_sizes"]["periods"] == 2
    assert rows["workforce"]["due"] == "not loaded"
    assert main(["status", "--measures"]) == 0
    assert main(["status", "--history"]) == 0
    capsys.readouterr()
    assert main(["rollback", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    assert main(["rollback"]) == 2
    assert "no earlier version" in capsys.readouterr().err


@pytest.mark.parametrize("terminal", [False, True])
def test_every_file_and_stage_shows_on_stderr(
    terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bars in a terminal, lines elsewhere (a log of `update` run at night), nothing if asked."""
    folder = str(small(tmp_path))
    shown = Screen(terminal)
    monkeypatch.setattr(sys, "stderr", shown)
    assert main(["update", "--from", folder, "--quiet", "--dry-run"]) == 0
    assert "reading" not in shown.getvalue()
    assert main(["update", "--from", folder]) == 0
    for words in ("reading lists.csv", "reading mapping-2025-08.csv", "building: practices"):
        assert words in shown.getvalue()
    assert ("(1 of 2)\n" in shown.getvalue()) != terminal
    assert ("100%" in shown.getvalue()) == terminal


class Screen(io.StringIO):
    """A stderr that is a terminal, or is not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize("kind", [Bars, Lines])
def test_the_progress_of_downloads(kind: type[Shown], monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Screen(True)
    monkeypatch.setattr(sys, "stderr", shown)
    progress = kind()
    for done in range(0, 5_000_001, 100_000):
        progress.bytes("lists.csv", done, 5_000_000)
    progress.bytes("next.csv", 10, None)
    progress.close()
    assert "lists.csv" in shown.getvalue()
    assert "next.csv" in shown.getvalue()
    assert len(shown.getvalue()) < 3_000


def test_an_unknown_source_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["update", "nonsense"]) == 2
    assert "list_sizes" in capsys.readouterr().err


def test_status_says_what_is_due(loaded: Store) -> None:
    from datetime import UTC, datetime

    rows = {r["source"]: r for r in source_rows(loaded, today=datetime(2025, 10, 31, tzinfo=UTC))}
    assert rows["list_sizes"]["age_days"] == 30
    assert rows["list_sizes"]["due"] == "current"
    later = {r["source"]: r for r in source_rows(loaded, today=datetime(2026, 2, 1, tzinfo=UTC))}
    assert later["list_sizes"]["due"] == "newer edition due"
    assert rows["cqc"]["refresh"] == "python -m pcs_dash update cqc --from FOLDER"
    assert history_rows(loaded)[0]["in_use"]


def test_the_catalogue_is_complete() -> None:
    for source in SOURCES.values():
        assert source.title
        assert source.publisher
        assert source.cadence
        assert source.licence
        assert source.brings
        assert source.found
        assert source.reader or source.loader or source.columns.key
    assert find_source("list-sizes").key == "list_sizes"
    for layout in filter(None, (source.columns for source in SOURCES.values())):
        assert all(column.meaning for column in layout.columns)
        assert len(set(layout.names)) == len(layout.names)


def test_what_is_stored_and_not_shown_is_said() -> None:
    """Nobody should fetch a file for a map that no page draws."""
    quiet = {key for key, source in SOURCES.items() if "not shown on any page yet" in source.brings}
    assert quiet == {"workforce_individual"}
    listed = (ROOT / "docs" / "data.md").read_text(encoding="utf-8").splitlines()
    for key in quiet:
        row = next(line for line in listed if line.startswith("|") and f"`{key}`" in line)
        assert "not shown on any page yet" in row


def test_a_row_of_a_practice_without_a_list_is_reported() -> None:
    lists = pd.DataFrame(
        {"practice_code": ["F81001"], "sub_icb_code": ["99F"], "postcode": ["SS7 4EA"],
         "patients": [100]}
    )  # fmt: skip
    rated = pd.DataFrame({"practice_code": ["F81001", "F81009"], "cqc_rating": ["Good", "Good"]})
    table, (report,) = build_practices({"cqc": rated}.get, lists={"2025-10-01": lists})
    assert table["practice_code"].tolist() == ["F81001"]
    assert report.right_only == ("F81009",)


def test_an_area_or_network_has_one_name_a_code() -> None:
    """Publications spell them in several ways; two of one name stay two."""
    codes = [f"F8100{n}" for n in range(6)]
    lists = pd.DataFrame(
        {"practice_code": codes, "sub_icb_code": "06D", "postcode": "X", "patients": 100}
    )
    mapping = pd.DataFrame(
        {
            "practice_code": codes[:5],
            "pcn_code": ["U09187", "U09187", "U09187", "U41025", "U41025"],
            "pcn": ["GRAND UNION PCN", "Grand Union", "GRAND  UNION PCN", *2 * ["GRAND UNION PCN"]],
            "icb_code": "QHG", "icb": "NHS Bedfordshire Integrated Care Board",
            "region_code": "Y61", "region": "East of England", "sub_icb": "06D",
        }
    )  # fmt: skip
    allocations = pd.DataFrame(
        {
            "practice_code": codes[4:],
            "icb_code": "QHG", "icb": "Bedfordshire ICB",
            "region_code": "Y61", "region": "NHS East of England",
        }
    )  # fmt: skip
    tables = {"pcn_membership": mapping, "allocations": allocations}
    table, _ = build_practices(tables.get, lists={"2025-10-01": lists})
    assert table["icb"].unique().tolist() == ["NHS Bedfordshire Integrated Care Board"]
    assert table["region"].unique().tolist() == ["East of England"]
    named = table.dropna(subset=["pcn_code"]).groupby("pcn_code")["pcn"].unique()
    assert {code: list(names) for code, names in named.items()} == {
        "U09187": ["GRAND UNION PCN (U09187)"], "U41025": ["GRAND UNION PCN (U41025)"],
    }  # fmt: skip
