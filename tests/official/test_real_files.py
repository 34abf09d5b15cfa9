"""The real publications, recomputed from the raw files by other means: figures agree exactly."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from benchmarks.loaded import england_lsoas, england_registrations
from pcs_dash.measures.list_trends import compare_lists, migrate_assignment, trend
from pcs_dash.measures.registrations import (
    agreement,
    catchment,
    hub_overlap,
    lsoa_totals,
    patient_weighted,
    patients_per_fte_gp_by_lsoa,
)
from pcs_dash.official import built_tables
from pcs_dash.official.area_dataset import dataset_of
from pcs_dash.official.loaded_areas import find_official_area
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import build_practices as embedded_practices
from pcs_dash.tables.paths import DATA_DIR

MONTHS = ("2025-05", "2025-10", "2025-12", "2026-01", "2026-03")


def raw_rows(path: Path, encoding: str = "utf-8-sig") -> Iterator[list[str]]:
    """The rows of a gzipped CSV as the standard library reads them."""
    with gzip.open(path) as stream:
        yield from csv.reader(io.TextIOWrapper(stream, encoding, newline=""))


def records(path: Path, encoding: str = "utf-8-sig") -> Iterator[dict[str, str]]:
    rows = raw_rows(path, encoding)
    headings = next(rows)
    for row in rows:
        yield dict(zip(headings, row, strict=True))


@pytest.fixture(scope="module")
def registered(official: Path) -> dict[tuple[str, str], int]:
    path = official / "registrations" / "gp-reg-pat-prac-lsoa-all-2023-07.csv.gz"
    rows = raw_rows(path)
    next(rows)
    return {(row[2], row[4]): int(row[6]) for row in rows}


def test_list_sizes_of_every_month(england: Store, official: Path) -> None:
    for month in MONTHS:
        path = official / "registrations" / f"gp-reg-pat-prac-all-{month}.csv.gz"
        raw = {row["CODE"]: int(row["NUMBER_OF_PATIENTS"]) for row in records(path)}
        table = england.read("list_sizes", f"{month}-01")
        assert dict(zip(table["practice_code"], table["patients"], strict=True)) == raw


def test_registrations_are_all_there(
    england: Store, registered: dict[tuple[str, str], int]
) -> None:
    table = england_registrations(store=england)
    assert len(table) == len(registered) == 868_505
    assert table["patients"].sum() == sum(registered.values())
    keys = zip(table["practice_code"].astype(str), table["lsoa_code"].astype(str), strict=True)
    assert dict(zip(keys, table["patients"], strict=True)) == registered


def test_catchment_of_a_hub(england: Store, registered: dict[tuple[str, str], int]) -> None:
    hub = set(built_tables.england_practices("QH8", store=england).index[:3])
    everyone: Counter[str] = Counter()
    ours: Counter[str] = Counter()
    for (practice, place), n in registered.items():
        everyone[place] += n
        if practice in hub:
            ours[place] += n
    registrations = england_registrations("QH8", store=england)
    totals = lsoa_totals(england_registrations(store=england))
    table = catchment(registrations, hub, totals=totals)
    assert table["patients"].to_dict() == dict(ours)
    assert table["share"].to_dict() == {p: n / everyone[p] for p, n in ours.items()}
    lsoas = england_lsoas("QH8", store=england)
    assert lsoas["registered_patients"].to_dict() == {p: everyone[p] for p in lsoas.index}


@pytest.mark.parametrize("edition", ["2019", "2025"])
def test_quintile_mix_is_that_of_the_embedded_table(edition: str, england: Store) -> None:
    path = DATA_DIR / f"practice_patients_by_imd{edition}_quintile_2023-07_essex.csv"
    embedded = pd.read_csv(path).set_index("practice_code")
    practices = built_tables.england_practices(store=england)
    columns = [f"imd{edition}_patients_quintile_{q}" for q in range(1, 6)]
    columns.append(f"imd{edition}_patients_unknown")
    ours = practices.loc[practices.index.isin(embedded.index), columns]
    assert len(ours) > 195
    np.testing.assert_array_equal(
        ours.to_numpy("int64"), embedded.loc[ours.index].iloc[:, :6].to_numpy("int64")
    )


def test_imd_of_every_lsoa(england: Store, official: Path) -> None:
    book = openpyxl.load_workbook(official / "deprivation" / "File_1_IMD2019.xlsx", read_only=True)
    rows = book["IMD2019"].iter_rows(min_row=2, values_only=True)
    raw = {row[0]: (row[4], row[5]) for row in rows}
    book.close()
    table = england_lsoas(store=england)
    assert len(table) == len(raw) == 32_844
    ranks, deciles = table["imd2019_rank"].to_dict(), table["imd2019_decile"].to_dict()
    assert {code: (ranks[code], deciles[code]) for code in raw} == raw


def test_imd_2025_on_lsoas_of_2011(england: Store, official: Path) -> None:
    parts = defaultdict(list)
    path = official / "lookups" / "LSOA11_to_LSOA21_to_LAD22.csv.gz"
    for row in records(path, "latin-1"):
        parts[row["LSOA11CD"]].append(row["LSOA21CD"])
    published = england.read("imd2025").set_index("lsoa_code")["imd_rank"].to_dict()
    table = england_lsoas(store=england)["imd2025_rank"].to_dict()
    for code, rank in table.items():
        ranks = [published[part] for part in parts[code]]
        assert rank == sum(ranks) / len(ranks)


def test_patient_weighted_imd_agrees_with_the_published_score(
    england: Store, official: Path
) -> None:
    """Essex scores of IMD 2019 (embedded) weighted by patients, against the practice scores that
    stand in the CQC file: the same figure from lists of other years."""
    scores = pd.read_csv(DATA_DIR / "imd2019_lsoa11_essex.csv").set_index("lsoa11cd")
    registrations = england_registrations(store=england)
    essex = set(pd.read_csv(DATA_DIR / "practices_essex.csv")["practice_code"])
    ours = registrations[registrations["practice_code"].isin(essex)]
    recomputed = patient_weighted(ours, scores["imd2019_score"])
    covered = recomputed["patients_matched"] / recomputed["patients"] > 0.95
    rows = records(official / "quality" / "cqc_overall_rating_by_practice_to_2024.csv.gz")
    published = {r["Practice.Code"]: float(r["IMD"]) for r in rows if r["IMD"] != "NA"}
    result = agreement(recomputed.loc[covered, "value"], pd.Series(published))
    assert result.n > 180
    assert result.pearson > 0.99
    assert result.mean_absolute_difference < 0.7


def test_patients_per_fte_gp_by_lsoa_from_the_embedded_workforce(
    england: Store, registered: dict[tuple[str, str], int]
) -> None:
    practices = embedded_practices()[0]
    practices = practices.set_index("practice_code") if "practice_code" in practices else practices
    fte = practices["gp_fte_fully_qualified"].astype("float64")
    registrations = england_registrations(store=england)
    ours = registrations[registrations["practice_code"].isin(fte.index)]
    table = patients_per_fte_gp_by_lsoa(ours, fte)
    lists: Counter[str] = Counter()
    for (practice, _), n in registered.items():
        lists[practice] += n
    place = "E01021254" if "E01021254" in table.index else table.index[0]
    patients = drawn = 0.0
    for (practice, where), n in registered.items():
        if where == place and practice in fte.index and not np.isnan(fte[practice]):
            patients += n
            drawn += fte[practice] * n / lists[practice]
    assert table.loc[place, "patients_per_fte_gp"] == pytest.approx(patients / drawn)
    with_list = fte[fte.index.isin(set(ours["practice_code"].astype(str)))]
    assert table["fte_gp"].sum() == pytest.approx(with_list.sum())


def test_overlap_between_networks(england: Store, registered: dict[tuple[str, str], int]) -> None:
    practices = built_tables.england_practices("Castle Point", store=england)
    hubs = practices["pcn"].dropna().to_dict()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (practice, place), n in registered.items():
        if practice in hubs:
            counts[place][hubs[practice]] += n
    elsewhere: Counter[str] = Counter()
    for by_hub in counts.values():
        most = min(by_hub, key=lambda hub: (-by_hub[hub], hub))
        for hub, n in by_hub.items():
            elsewhere[hub] += n if hub != most else 0
    result = hub_overlap(england_registrations("QH8", store=england), hubs)
    found = result.hubs["patients_elsewhere"].to_dict()
    assert found == {hub: elsewhere[hub] for hub in found}


def test_practices_closed_and_new_over_the_five_months(england: Store, official: Path) -> None:
    lists = {}
    for month in (MONTHS[0], MONTHS[-1]):
        path = official / "registrations" / f"gp-reg-pat-prac-all-{month}.csv.gz"
        lists[month] = {r["CODE"]: int(r["NUMBER_OF_PATIENTS"]) for r in records(path)}
    old, new = lists.values()
    changes = compare_lists(
        england.read("list_sizes", "2025-05-01"), england.read("list_sizes", "2026-03-01")
    )
    gone = set(changes.of("closed").index) | set(changes.of("merged").index)
    assert gone == set(old) - set(new)
    assert len(gone) == 62
    assert set(changes.of("new").index) == set(new) - set(old)
    table = trend(england.read(built_tables.LISTS))
    stayed = set(old) & set(new)
    change = table.loc[sorted(stayed), "change"].astype("int64")
    assert change.to_dict() == {code: new[code] - old[code] for code in sorted(stayed)}
    plan = dict.fromkeys(old, "h1")
    moved = migrate_assignment(plan, changes)
    assert set(moved.assignment) == stayed | set(changes.successors.values())


def test_quality_of_practices(england: Store, official: Path) -> None:
    practices = built_tables.england_practices(store=england)
    raw = {
        row["Practice code"]: float(row["Achievement score (635 max)"])
        for row in records(official / "quality" / "QOF_2022-23_practice_achievement.csv.gz")
    }
    achieved = practices["qof_per_cent"].dropna().to_dict()
    assert achieved == pytest.approx({code: 100 * raw[code] / 635 for code in achieved})
    assert len(achieved) == len(set(raw) & set(practices.index))
    waits = official / "quality" / "appointments_time_between_booking_2025-04.csv.gz"
    total = sum(int(cell) for row in raw_rows(waits) if row[1] != "GP_CODE" for cell in row[8:])
    assert england.read("appointments")["appointments"].sum() == total
    pay = official / "organisations" / "nhspaymentsgp-22-23-prac.csv.gz"
    contracts = Counter(row["Contract Type"] for row in records(pay))
    assert england.read("payments")["contract_type"].value_counts().to_dict() == {
        kind: n for kind, n in contracts.items() if kind != "Unknown"
    }


def test_dentists_within_a_mile(england: Store, official: Path) -> None:
    path = official / "organisations" / "dental_practices_2026-02.geojson.gz"
    features = json.loads(gzip.decompress(path.read_bytes()))["features"]
    practice = built_tables.england_practices("Castle Point", store=england).iloc[0]
    count = 0
    for feature in features:
        longitude, latitude = feature["geometry"]["coordinates"]
        # Great-circle distance on a sphere: within half a per cent of the grid distance.
        a, b = np.radians(practice["latitude"]), np.radians(latitude)
        half = np.sin((a - b) / 2) ** 2 + np.cos(a) * np.cos(b) * (
            np.sin(np.radians(practice["longitude"] - longitude) / 2) ** 2
        )
        count += 2 * 6_371_000 * np.arcsin(np.sqrt(half)) <= 1609
    assert practice["dentists_1_mile"] == count


def test_essex_is_where_it_should_be(england: Store) -> None:
    embedded = pd.read_csv(DATA_DIR / "practices_essex.csv").set_index("practice_code")
    practices = built_tables.england_practices(store=england)
    both = practices[practices.index.isin(embedded.index)]
    expected = embedded.loc[both.index]
    assert (both["sub_icb_code"] == expected["sub_icb_code"]).all()
    assert (np.hypot(both["easting"] - expected["easting"],
                     both["northing"] - expected["northing"]) < 50).mean() > 0.98  # fmt: skip


def test_every_practice_of_england_is_in_an_icb(england: Store) -> None:
    practices = built_tables.england_practices(store=england)
    assert len(practices) == 6169
    assert (practices["icb_code"] != "none").all()
    assert practices["icb_code"].nunique() == 42
    assert practices["easting"].notna().all()


def test_lists_of_the_built_table(england: Store, official: Path) -> None:
    path = official / "registrations" / "gp-reg-pat-prac-all-2026-03.csv.gz"
    raw = {row["CODE"]: int(row["NUMBER_OF_PATIENTS"]) for row in records(path)}
    practices = built_tables.england_practices(store=england)
    assert practices["list_size"].to_dict() == raw
    assert practices["list_size"].sum() == sum(raw.values())
    assert practices.loc["F81010", "list_size"] == raw["F81010"]


def test_patients_by_quintile_of_imd_2019(
    england: Store, official: Path, registered: dict[tuple[str, str], int]
) -> None:
    """Every hundredth practice of England, from the raw registrations and the raw ranks."""
    book = openpyxl.load_workbook(official / "deprivation" / "File_1_IMD2019.xlsx", read_only=True)
    rows = book["IMD2019"].iter_rows(min_row=2, values_only=True)
    # A quintile is two of the published deciles.
    quintile = {row[0]: (int(row[5]) + 1) // 2 for row in rows}
    book.close()
    practices = built_tables.england_practices(store=england)
    there = sorted({code for code, _ in registered} & set(practices.index))[::100]
    assert len(there) > 50
    counts: dict[str, Counter[int]] = {code: Counter() for code in there}
    for (code, place), patients in registered.items():
        if code in counts:
            counts[code][quintile.get(place, 0)] += patients
    for code in there:
        built = [practices.loc[code, f"imd2019_patients_quintile_{q}"] for q in range(1, 6)]
        assert built == [counts[code][q] for q in range(1, 6)]
        assert practices.loc[code, "imd2019_patients_unknown"] == counts[code][0]


def test_cqc_ratings(england: Store, official: Path) -> None:
    order = ["Outstanding", "Good", "Requires improvement", "Inadequate"]
    latest: dict[str, tuple[int, int]] = {}
    for row in records(official / "quality" / "cqc_overall_rating_by_practice_to_2024.csv.gz"):
        code, rating = row["Practice.Code"], row["latest_rating"].capitalize()
        if len(code) == 6 and row["domain"] == row["service_population_group"] == "Overall":
            found = (int(row["Year"]), order.index(rating))
            latest[code] = max(latest.get(code, found), found)
    practices = built_tables.england_practices(store=england)
    built = practices[["cqc_rating", "cqc_year"]].dropna()
    assert set(built.index) == set(latest) & set(practices.index)
    assert built["cqc_rating"].to_dict() == {c: order[latest[c][1]] for c in built.index}
    assert built["cqc_year"].to_dict() == {c: latest[c][0] for c in built.index}


def test_dispensing_practices(england: Store, official: Path) -> None:
    pay = official / "organisations" / "nhspaymentsgp-22-23-prac.csv.gz"
    raw = {row["Practice Code"]: row for row in records(pay)}
    practices = built_tables.england_practices(store=england)
    both = sorted(set(raw) & set(practices.index))
    said = {"Yes": True, "No": False}
    expected = {c: said[raw[c]["Dispensing Practice"]] for c in both
                if raw[c]["Dispensing Practice"] in said}  # fmt: skip
    built = practices["dispensing"].dropna().astype(bool)
    assert built.to_dict() == expected
    assert int(built.sum()) == sum(expected.values()) > 500


def test_appointments_and_the_same_day_share(england: Store, official: Path) -> None:
    waits = official / "quality" / "appointments_time_between_booking_2025-04.csv.gz"
    rows = raw_rows(waits)
    headings = [" ".join(heading.split()) for heading in next(rows)]
    total: Counter[str] = Counter()
    same_day: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    for row in rows:
        cells = dict(zip(headings, row, strict=True))
        code = cells["GP_CODE"]
        total[code] += sum(int(cell) for cell in row[8:])
        same_day[code] += int(cells["Same Day"])
        unknown[code] += int(cells["Unknown / Data Quality"])
    practices = built_tables.england_practices(store=england)
    built = practices["appointments"].dropna()
    assert built.to_dict() == {code: total[code] for code in built.index}
    for code in built.index[::200]:
        known = total[code] - unknown[code]
        share = practices.loc[code, "same_day_per_cent"]
        assert share == 100 * same_day[code] / known if known else pd.isna(share)


def test_every_area_and_network_of_england_has_one_name_a_code(
    england: Store, official: Path
) -> None:
    practices = built_tables.england_practices(store=england)
    raw = list(records(official / "organisations" / "practice-pcn-icb-mapping-2025-08.csv.gz"))
    for code, name, published in (
        ("icb_code", "icb", "ICB_CODE"),
        ("region_code", "region", "REGION_CODE"),
        ("pcn_code", "pcn", "PCN_CODE"),
    ):
        known = practices[practices[code] != "none"].dropna(subset=[code])
        assert known.groupby(code)[name].nunique().max() == 1
        here = {row[published] for row in raw if row["GP_CODE"] in practices.index} - {"U"}
        assert here <= set(known[code])
    assert practices["icb"].nunique() == 42
    assert practices["region"].nunique() == 7


def test_the_two_networks_called_grand_union_stay_two(england: Store) -> None:
    """U09187 has 5 practices and 66,884 patients in the published mapping, U41025 2 and 27,187."""
    practices = dataset_of(find_official_area("QM7 + QPM", england), england).practices
    ours = practices[practices["pcn_code"].isin(["U09187", "U41025"])]
    assert ours.groupby("pcn_code").size().to_dict() == {"U09187": 5, "U41025": 2}
    assert set(ours["pcn"]) == {"GRAND UNION PCN (U09187)", "GRAND UNION PCN (U41025)"}
    assert practices.dropna(subset=["pcn_code"]).groupby("pcn")["pcn_code"].nunique().max() == 1
