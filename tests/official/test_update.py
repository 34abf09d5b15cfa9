"""The whole chain on small files: load, build, swap; what fails keeps its last good table."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import samples
from conftest import BadServer

from pcs_dash.__main__ import main
from pcs_dash.errors import UserError
from pcs_dash.official import build
from pcs_dash.official.areas import find_official_area, official_areas
from pcs_dash.official.catalogue import SOURCES, dictionary, find_source
from pcs_dash.official.download import Patience
from pcs_dash.official.status import history_rows, source_rows
from pcs_dash.official.store import Store
from pcs_dash.official.update import preview, update_store
from pcs_dash.paths import ROOT

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
    table = build.england_practices(store=loaded)
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
    table = build.england_practices(store=loaded)
    khan = table.loc["F81001"]
    assert khan[[f"imd2019_patients_quintile_{q}" for q in range(1, 6)]].tolist() == [
        4000, 0, 0, 0, 9000,
    ]  # fmt: skip
    assert khan["imd2019_patients_unknown"] == 3
    assert khan["imd2019_rank_mean"] == pytest.approx((9000 * 29199 + 4000 * 100) / 13000)
    # The split LSOA has the mean rank of its parts, 300 and 900.
    assert khan["imd2025_rank_mean"] == pytest.approx((9000 * 26525 + 4000 * 600) / 13000)
    assert table.loc["F81003", "imd2019_patients_unknown"] == 10


def test_lsoas_are_joined(loaded: Store) -> None:
    table = build.england_lsoas(store=loaded)
    second = table.loc["E01000002"]
    assert second["imd2025_rank"] == 600
    assert second["imd2025_split"]
    assert second["imd2025_parts"] == "E01034002 E01034003"
    assert second["registered_patients"] == 9990
    assert second["dominant_practice"] == "F81003"
    assert second["dominant_practice_share"] == pytest.approx(5990 / 9990)
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
    assert build.england_practices(area, store=loaded).index.tolist() == codes
    assert find_official_area(area.key, loaded).codes == area.codes or "+" in area.key


def test_an_unknown_area_lists_what_is_near(loaded: Store) -> None:
    with pytest.raises(UserError, match="ICBs loaded: NHS Mid and South Essex"):
        find_official_area("Narnia", loaded)
    with pytest.raises(UserError, match="Did you mean one of"):
        find_official_area("Essex", loaded)
    assert official_areas(loaded)[0].name == "England"


def test_registrations_and_history_of_an_area(loaded: Store) -> None:
    ours = build.england_registrations("QH8", store=loaded)
    assert ours["patients"].sum() == 9000 + 4000 + 3 + 5990 + 10
    assert build.england_registrations("99G", store=loaded)["patients"].sum() == 6000
    history = build.list_history("06T", store=loaded)
    assert sorted(history["period"].dt.strftime("%Y-%m").unique()) == ["2025-05", "2025-10"]


def test_what_found_no_partner_is_reported(loaded: Store) -> None:
    reports = loaded.read(build.REPORTS).set_index("join")
    assert reports.loc["practices with CQC rating", "left_only"] == "F81100 F81102"
    assert reports.loc["practices with ODS status", "right_only"] == "AAA001"


def test_measures_that_lack_an_input_say_which_file_brings_it(
    loaded: Store, tmp_path: Path
) -> None:
    here = build.measures(loaded).set_index("column")
    assert here.loc["gp_fte_fully_qualified", "available"]
    assert here.loc["gp_fte_fully_qualified", "period"] == "2025-12-31"
    assert not here.loc["imd_score", "available"]
    nothing = build.measures(Store(tmp_path / "empty")).set_index("column")
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
    lsoas = build.england_lsoas(store=store)
    # The parts of the split LSOA add up to it.
    assert lsoas.loc["E01000002", "registered_patients"] == 4000 + 5990 + 500
    registrations = build.england_registrations(store=store)
    assert registrations["patients"].sum() == 28_003 + 500
    table = build.england_practices(store=store)
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
    report = update_store(Store(), origin=str(small(tmp_path)), dry_run=True)
    assert {o.status for o in report.outcomes} == {"new"}
    assert Store().current() is None


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
    assert build.england_practices(store=store).index.tolist() == ["F81001", "F81003"]
    assert set(build.england_registrations(store=store)["practice_code"]) == {"F81001", "F81003"}
    assert store.require().area == "Mid and South Essex"
    # England is built again from what is stored, without the files.
    update_store(store, origin=str(folder), area="England")
    assert len(build.england_practices(store=store)) == 4


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


def test_a_preview_of_an_upload_changes_nothing(tmp_path: Path) -> None:
    store = Store()
    update_store(store, origin=str(small(tmp_path)))
    upload = tmp_path / "upload.bin"
    upload.write_bytes(samples.zipped({"x": samples.MAPPING.replace("F81100", "F81105").encode()}))
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
    assert len(build.england_practices(store=store)) == 4
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
        assert callable(source.parser)
    assert find_source("list-sizes").key == "list_sizes"
    table = dictionary()
    assert (table["meaning"] != "").all()
    assert not table.duplicated(["source", "column"]).any()


def test_what_is_stored_and_not_shown_is_said() -> None:
    """Nobody should fetch a file for a map that no page draws."""
    quiet = {key for key, source in SOURCES.items() if "not shown on any page yet" in source.brings}
    assert quiet == {
        "workforce_individual", "lsoa_population", "boundaries_lsoa21", "boundaries_district",
        "boundaries_sub_icb", "boundaries_icb",
    }  # fmt: skip
    listed = (ROOT / "docs" / "data.md").read_text(encoding="utf-8").splitlines()
    for key in quiet:
        row = next(line for line in listed if line.startswith("|") and f"`{key}`" in line)
        assert "not shown on any page yet" in row
