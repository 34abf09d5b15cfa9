"""Exact identities of projections, and figures worked out by hand or from the files themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from pcs_dash.cli.suggest import networks
from pcs_dash.measures.catchments import modelled
from pcs_dash.measures.inequality import area_inequality
from pcs_dash.measures.weighted_lists import WEIGHTINGS, weighted_dataset
from pcs_dash.measures.workforce import GP_DEFINITIONS, summarise
from pcs_dash.official.any_area import find_area
from pcs_dash.scenarios.changes import (
    Change,
    Close,
    Homes,
    Join,
    Leave,
    Merge,
    Open,
    Population,
    Scenario,
    ScenarioError,
    Staff,
)
from pcs_dash.scenarios.flows import drawn_by, members
from pcs_dash.scenarios.grouping import grouping
from pcs_dash.scenarios.project import FIGURES, OTHERS, Projection, do_nothing, one_group, project
from pcs_dash.scenarios.today import Today, districts_named, homes_a_year, today_of
from pcs_dash.tables import load
from pcs_dash.tables.areas import DISTRICTS
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.labels import labels_by_code
from pcs_dash.tables.paths import DATA_DIR

ESSEX = one_group("Essex")
TILBURY = "F81110"
# The workforce file itself, read without the package's readers.
RAW = pd.read_csv(DATA_DIR / "gp_workforce_practice_2025-12_essex.csv", index_col="practice_code")


def of_area(name: str):
    area = find_area(name)
    return lambda practices: pd.Series(name, index=area.select(practices).index).reindex(
        practices.index
    )


def run(today: Today, *changes: Change, years: int = 3, draws: int = 0, **more) -> Projection:
    typed: Mapping = more.pop("typed", {})
    scenario = Scenario("A try", years, changes, typed)
    return project(today, scenario, more.pop("grouping", ESSEX), draws=draws, **more)


def whole(projection: Projection, year: int) -> pd.Series:
    return projection.figures.set_index("year").loc[year]


def test_two_networks_of_one_name_are_two_groups(today: Today) -> None:
    """A network is its code, as the GRAND UNION PCNs are (U09187, U41025), whoever groups by it."""
    area, practices = find_area("Thurrock"), today.practices
    codes = practices["pcn_code"]
    pairs = practices[["pcn_code", "pcn"]].dropna().drop_duplicates()
    assert pairs["pcn_code"].is_unique
    assert pairs["pcn"].is_unique
    two = sorted(area.select(practices)["pcn_code"].dropna().unique())[:2]
    names = practices["pcn"].mask(codes.isin(two), "GRAND UNION PCN")
    renamed = practices.assign(pcn=labels_by_code(codes, names))
    groups = grouping(area, "pcn")(renamed)
    whole_ones = networks(area.select(renamed))
    for code in two:
        label = f"GRAND UNION PCN ({code})"
        own = set(practices.index[codes == code])
        assert set(groups.index[groups == label]) == own
        assert set(whole_ones[label]) == own
        for where in (code, label):
            assert set(renamed.index[members(renamed, where, {})]) == own


# --- nothing changed ---


@pytest.mark.parametrize("definition", GP_DEFINITIONS)
def test_nothing_changed_is_today_to_the_last_digit(today: Today, definition: str) -> None:
    for by in ("place", "pcn", "district"):
        found = run(today, grouping=lambda table, by=by: table[by], definition=definition)
        own = summarise(today.practices, by, definition=definition)
        for year in found.years:
            figures = found.figures[found.figures["year"] == year].set_index("group")
            for name in FIGURES:
                for suffix in ("", "_low", "_high"):
                    assert figures[name + suffix].equals(own[name].astype(float)), (by, name)
            pd.testing.assert_frame_equal(
                summarise(found.frame(year), by, definition=definition), own, check_exact=True
            )


def test_nothing_changed_leaves_inequality_as_it_is(today: Today) -> None:
    for level in ("practice", "quintile"):
        now = area_inequality(today.practices, level=level)
        then = area_inequality(run(today).frame(today.year + 3), level=level)
        assert np.isfinite(now.index.sii)
        assert then.index == now.index
        pd.testing.assert_frame_equal(then.groups, now.groups, check_exact=True)


def test_a_change_that_is_switched_off_is_none(today: Today) -> None:
    off = run(today, Close(year=2026, practice=TILBURY, on=False))
    pd.testing.assert_frame_equal(off.figures, run(today).figures, check_exact=True)


# --- homes and growth ---


def test_patients_who_come_are_homes_times_residents(today: Today) -> None:
    homes = [Homes(year=2026, a_year=n, where=where) for where, n in homes_a_year().items()]
    found = run(today, *homes, years=4)
    for place, year in enumerate(range(2025, 2030)):
        come = whole(found, year)["patients"] - RAW["TOTAL_PATIENTS"].sum() + found.outside(year)
        # 14,088 homes a year, 2.4 residents each.
        assert come == pytest.approx(place * 14_088 * 2.4, abs=1e-6)


def test_new_residents_register_where_people_of_the_district_do(today: Today) -> None:
    found = run(today, Homes(year=2026, last=2026, a_year=1_000, where="Thurrock"), years=2)
    more = found.frame(2026)["patients"] - today.practices["patients"]
    table = today.registrations.table
    living = table[
        table["lsoa_code"].isin(today.lsoas.index[today.lsoas["district"] == "Thurrock"])
    ]
    share = living.groupby("practice_code", observed=True)["patients"].sum()
    share = (share / share.sum()).reindex(more.index, fill_value=0)
    assert np.abs(more - 2_400 * share).max() < 1e-9
    assert found.frame(2027)["patients"].equals(found.frame(2026)["patients"])


def test_homes_for_one_practice_and_growth_of_an_area(today: Today) -> None:
    homes = Homes(year=2026, last=2026, a_year=100, where="F81010")
    found = run(today, homes, Population(year=2027, per_cent=(1, 2, 3), where="Thurrock"))
    start = RAW.loc["F81010", "TOTAL_PATIENTS"]
    lists = [found.frame(year).loc["F81010", "patients"] for year in found.years]
    assert lists == pytest.approx(
        [start, start + 240, (start + 240) * 1.02, (start + 240) * 1.02**2]
    )
    elsewhere = ~today.practices.index.isin(find_area("Thurrock").select(today.practices).index)
    assert found.frame(2028)["patients"][elsewhere].equals(
        today.practices["patients"][elsewhere].astype(float)
    )


def test_homes_by_district_add_up_to_the_county() -> None:
    for which, total in (
        ("homes_needed_a_year", 14_088),
        ("homes_needed_a_year_before", 10_316),
        ("homes_built_a_year_3_year_average", 7_460),
    ):
        found = homes_a_year(which)
        assert sum(found.values()) == total
        assert sorted(name for row in found for name in districts_named(row)) == sorted(
            set(DISTRICTS) - {"Redbridge"}
        )


@pytest.mark.parametrize("key", ["carr_hill", "primary_care"])
def test_weighted_lists_ahead_are_the_registered_ones_by_their_ratios(
    dataset: Dataset, today: Today, key: str
) -> None:
    """New residents count as the patients whom their practice has today do."""
    table = weighted_dataset(dataset, WEIGHTINGS[key])
    counted = today_of(table, lambda data: modelled(data.practices, data.lsoas))
    # Today to the last digit: the sum of the table's lists.
    still = run(counted, years=1).figures
    assert still["patients"].to_list() == [float(table.practices["patients"].sum())] * 2
    homes = Homes(year=2026, a_year=1_000, where="Thurrock")
    closing = Close(year=2027, practice=TILBURY)
    ratio = load.load_relative_need().set_index("practice_code")[WEIGHTINGS[key].column]
    plain, weighted = (run(each, homes, closing) for each in (today, counted))
    more, counts = (
        projection.frame(2026)["patients"] - start.practices["patients"]
        for projection, start in ((plain, today), (weighted, counted))
    )
    assert counts.sum() < 0.99 * more.sum()
    assert "differ by 5%" in " ".join(weighted.notes)
    assert "differ by 5%" not in " ".join(plain.notes)
    assert counts.to_numpy() == pytest.approx((more * ratio[more.index]).to_numpy(), rel=1e-3)
    assert weighted.outside(2026) == pytest.approx(plain.outside(2026), rel=1e-3)
    # Who moves brings along what they count as.
    lists, left = weighted.frame(2026)["patients"], weighted.frame(2027)["patients"]
    gone = weighted.outside(2027) - 2 * weighted.outside(2026)
    assert left.sum() + gone - lists.sum() == pytest.approx(counts.sum())


# --- closing, merging, opening ---


def test_patients_are_conserved_by_closing_and_go_where_the_table_says(today: Today) -> None:
    found = run(today, Close(year=2027, practice=TILBURY), years=2)
    before, after = found.frame(2026)["patients"], found.frame(2027)["patients"]
    assert TILBURY not in after.index
    assert after.sum() + found.outside(2027) == pytest.approx(before.sum(), abs=1e-6)
    raw = pd.read_csv(DATA_DIR / "closure_dispersal_2023-07_essex.csv")
    rows = (
        raw[raw["practice_code"] == TILBURY].set_index("destination").drop(columns="practice_code")
    )
    people = rows.sum(axis=1).drop("OTHER")
    share = people / people.sum()
    gained = (after - before.reindex(after.index)).loc["F81206"]
    assert gained == pytest.approx(before[TILBURY] * share["F81206"])
    assert found.outside(2027) == pytest.approx(before[TILBURY] * share.get("OUTSIDE", 0.0))


@pytest.mark.parametrize("follow", [0.0, 0.25, 1.0])
def test_staff_of_a_closed_practice_leave_or_follow(today: Today, follow: float) -> None:
    found = run(today, Close(year=2026, practice=TILBURY, staff_follow=follow), years=1)
    for name in ("gp_fte_all", "gp_fte_fully_qualified", "gp_fte_permanent", "nurse_fte"):
        gone = today.practices[name].sum() - found.frame(2026)[name].sum()
        assert gone == pytest.approx((1 - follow) * today.practices.loc[TILBURY, name]), name


def test_named_practices_or_the_hub_take_the_patients(today: Today) -> None:
    hubs = {TILBURY: "East", "F81206": "East", "F81010": "West"}
    for to, takers in ((("F81010", "F81206"), ["F81010", "F81206"]), (("hub",), ["F81206"])):
        found = run(today, Close(year=2026, practice=TILBURY, to=to), years=1, hubs=hubs)
        gained = found.frame(2026)["patients"] - today.practices["patients"]
        gained = gained[gained.abs() > 0]
        assert sorted(gained.index) == takers
        lists = RAW.loc[takers, "TOTAL_PATIENTS"]
        left = RAW.loc[TILBURY, "TOTAL_PATIENTS"]
        assert np.allclose(gained, left * lists / lists.sum())


def test_closing_two_neighbours_conserves_patients_whatever_the_order(today: Today) -> None:
    one, two = Close(year=2026, practice=TILBURY), Close(year=2027, practice="F81206")
    found = run(today, one, two)
    total = RAW["TOTAL_PATIENTS"].sum()
    for year in found.years:
        assert whole(found, year)["patients"] + found.outside(year) == pytest.approx(total)
    assert {TILBURY, "F81206"}.isdisjoint(found.frame(2028).index)


def test_a_merger_is_one_list_and_one_team(today: Today) -> None:
    codes = ("F81010", "F81206", TILBURY)
    found = run(today, Merge(year=2026, practices=codes), years=1)
    merged = found.frame(2026).loc["F81010"]
    own = today.practices.loc[list(codes)]
    for name in ("patients", "gp_fte_all", "nurse_fte", "admin_fte", "gps_55_plus"):
        assert merged[name] == pytest.approx(own[name].sum()), name
    weighted = (own["imd_score"] * own["patients"]).sum() / own["patients"].sum()
    assert merged["imd_score"] == pytest.approx(weighted)
    quintiles = [f"imd2025_patients_quintile_{q}" for q in range(1, 6)]
    mix = own[[*quintiles, "imd2025_patients_unknown"]]
    expected = mix.div(mix.sum(axis=1), axis=0).mul(own["patients"], axis=0).sum()
    assert np.allclose(merged[quintiles].astype(float), expected[quintiles])
    same = ("patients", "fte_gp", "patients_per_fte_gp")
    assert whole(found, 2026)[list(same)].astype(float).to_numpy() == pytest.approx(
        whole(found, 2025)[list(same)].astype(float).to_numpy()
    )


@pytest.mark.parametrize("codes", [("F81697", "F81197"), ("F81197", "F81697")])
def test_a_merger_with_who_has_no_figure_loses_no_staff(
    today: Today, codes: tuple[str, str]
) -> None:
    """Nobody knows how many nurses F81697 has: nor then the merged one, but sums keep the other's.
    GPs and patients leave both sums of a ratio, and each is said.
    """
    merge = Merge(year=2026, practices=codes)
    practices = today.practices.assign(
        gp_fte_fully_qualified=today.practices["gp_fte_fully_qualified"].drop("F81697")
    )
    unknown = dataclasses.replace(today, practices=practices)
    found = run(unknown, merge, years=1)
    before, after = whole(found, 2025), whole(found, 2026)
    for name in OTHERS:
        assert after[name] == pytest.approx(before[name]), name
    merged = found.frame(2026).loc[codes[0]]
    assert merged[["nurse_fte", "gp_fte_fully_qualified"]].isna().all()
    own = today.practices.loc[[*codes]]
    assert merged["direct_care_fte"] == pytest.approx(own["direct_care_fte"].sum())
    alone = run(unknown, merge, years=1, grouping=grouping(find_area("Thurrock"), "practice"))
    figures = alone.figures.set_index(["year", "group"]).loc[(2026, codes[0])]
    assert figures[["nurse_fte", "fte_gp", "patients_per_fte_gp"]].isna().all()
    known = own.loc["F81197"]
    assert before["fte_gp"] - after["fte_gp"] == pytest.approx(known["gp_fte_fully_qualified"])
    assert before["patients_in_ratio"] - after["patients_in_ratio"] == known["patients"]
    said = " ".join(found.notes)
    assert f"how many GPs F81697 has is not known, nor therefore of {codes[0]}" in said
    assert "how many nurses F81697" in said
    assert "direct care" not in said


def test_staff_who_follow_to_who_has_no_figure_stay_in_the_sum(today: Today) -> None:
    close = Close(year=2026, practice="F81197", to=("F81697",), staff_follow=0.5)
    found = run(today, close, Close(year=2027, practice="F81697", to=("F81010",), staff_follow=1))
    gone = today.practices.loc["F81197", "nurse_fte"] / 2
    assert gone > 0
    nurses = found.figures["nurse_fte"]
    assert (nurses[0] - nurses[1:]).to_list() == pytest.approx([gone] * 3)
    assert pd.isna(found.frame(2026).loc["F81697", "nurse_fte"])


def held(*changes: Change, of: Today) -> dict[str, str]:
    """Whose premises are another's after changes, and whose have fallen away ("")."""
    found = run(of, *changes, years=4)
    sites = found.sites(2029).reindex(of.practices.index, fill_value="")
    assert found.sites(2025).equals(found.sites(2025).index.to_series().rename(None))
    return sites[sites != sites.index].to_dict()


def test_premises_follow_mergers_and_closures(today: Today) -> None:
    one, two, three = "F81010", "F81206", "F81088"
    merge = Merge(year=2026, practices=(one, two, three))
    assert held(merge, of=today) == {two: "", three: ""}
    several = dataclasses.replace(merge, sites=(two, three))
    assert held(several, of=today) == {one: "", two: one, three: one}
    every = dataclasses.replace(merge, sites=merge.practices)
    assert held(every, of=today) == {two: one, three: one}
    # What has several sites gives all away: to nobody, to another practice, to its own successor.
    closing = Close(year=2027, practice=one)
    assert held(every, closing, of=today) == {one: "", two: "", three: ""}
    taken = dataclasses.replace(closing, premises=TILBURY)
    assert held(every, taken, of=today) == dict.fromkeys(merge.practices, TILBURY)
    again = Merge(year=2028, practices=(TILBURY, one), sites=(TILBURY, one))
    assert held(every, again, of=today) == dict.fromkeys(merge.practices, TILBURY)
    with pytest.raises(ScenarioError, match="F81999"):
        held(dataclasses.replace(closing, premises="F81999"), of=today)


def test_a_new_practice_competes_with_every_site_that_stays(today: Today) -> None:
    """Beside premises that stay it draws fewer of the neighbours' than where they are gone."""
    at = today.practices.loc["F81206"]
    new = Open(
        year=2027, code="N1", name="New", longitude=at["longitude"], latitude=at["latitude"], gp=4,
    )  # fmt: skip
    drawn = []
    for sites in ((), ("F81010", "F81206")):
        merge = Merge(year=2026, practices=("F81010", "F81206"), sites=sites)
        found = run(today, merge, new, years=2)
        assert whole(found, 2027)["patients"] == pytest.approx(RAW["TOTAL_PATIENTS"].sum())
        drawn.append(found.frame(2027).loc["N1", "patients"])
    assert drawn[0] > drawn[1] > 0


def test_a_new_practice_draws_from_a_merged_list_as_from_its_members(today: Today) -> None:
    """Of all its patients the share of those of the members together, whatever they count as."""
    lists = today.registrations.table.groupby("practice_code", observed=True)["patients"].sum()
    two = ["F81010", TILBURY]
    at = today.practices.loc[TILBURY, ["easting", "northing"]].astype(float)
    own, merged = (
        drawn_by(today, today.practices, tuple(at), 8_000, became)
        for became in ({}, {TILBURY: "F81010"})
    )
    assert own[TILBURY] > 5 * own["F81010"]
    assert merged["F81010"] == pytest.approx((own * lists)[two].sum() / lists[two].sum())
    others = own.index.difference(two)
    assert merged[others].equals(own[others])


def test_a_merged_practice_that_closes_gives_away_both_lists(today: Today) -> None:
    merge = Merge(year=2026, practices=("F81010", TILBURY))
    found = run(today, merge, Close(year=2027, practice="F81010"), years=2)
    total = whole(found, 2027)["patients"] + found.outside(2027)
    assert total == pytest.approx(RAW["TOTAL_PATIENTS"].sum())
    gained = found.frame(2027)["patients"] - found.frame(2026)["patients"]
    assert gained["F81206"] > run(
        today, Close(year=2026, practice=TILBURY), years=1
    ).frame(2026).loc["F81206", "patients"] - RAW.loc["F81206", "TOTAL_PATIENTS"] - 1  # fmt: skip


def test_who_opens_draws_from_around_and_conserves_patients(today: Today) -> None:
    at = today.practices.loc[TILBURY]
    new = Open(
        year=2026, code="NEW1", name="New", longitude=at["longitude"], latitude=at["latitude"],
        gp=4, nurse=2,
    )  # fmt: skip
    found = run(today, new, years=1)
    after = found.frame(2026)
    assert after["patients"].sum() == pytest.approx(RAW["TOTAL_PATIENTS"].sum())
    own = after.loc["NEW1"]
    assert own["patients"] > 0
    assert (own["gp_fte_permanent"], own["nurse_fte"], own["place"]) == (4, 2, "Thurrock")
    assert pd.isna(own["prev_hyp"])
    lost = (today.practices["patients"] - after["patients"].drop("NEW1")).sort_values()
    assert (lost > -1e-9).all()
    assert TILBURY in lost.index[-3:]
    assert whole(found, 2026)["fte_gp"] == pytest.approx(whole(found, 2025)["fte_gp"] + 4)


# --- GPs ---


def test_fewer_of_each_age_by_the_published_rates(today: Today) -> None:
    """One practice by hand: F81010 has no trainees, and all GPs of known age."""
    found = run(today, Leave(year=2026), years=2)
    bands = RAW.loc["F81010", [name for name in RAW if name.startswith("TOTAL_GP_FTE_")]]
    bands = bands.set_axis([name.removeprefix("TOTAL_GP_FTE_") for name in bands.index])
    assert bands.sum() == pytest.approx(RAW.loc["F81010", "TOTAL_GP_EXTG_FTE"])
    stay = {
        "UNDER30": 0.784, "30TO34": 0.886, "35TO39": 1 - (0.114 + 0.059) / 2, "40TO44": 0.941,
        "45TO49": 0.941, "50TO54": 1 - (0.059 + 0.112) / 2, "55TO59": 0.888,
        "60TO64": 0.5 ** (1 / 3), "65TO69": 0.5 ** (1 / 3), "70PLUS": 0.5 ** (1 / 3),
        "UNKNOWN_AGE": 0.912,
    }  # fmt: skip
    order = list(stay)
    left = {band: bands[band] * share for band, share in stay.items()}
    assert found.frame(2026).loc["F81010", "gp_fte_fully_qualified"] == pytest.approx(
        sum(left.values())
    )
    second = 0.0
    for place, band in enumerate(order):
        older = band if band in ("70PLUS", "UNKNOWN_AGE") else order[place + 1]
        second += left[band] * (0.8 * stay[band] + 0.2 * stay[older])
    assert found.frame(2027).loc["F81010", "gp_fte_fully_qualified"] == pytest.approx(second)


def test_trainees_do_not_leave_and_locums_do(today: Today) -> None:
    found = run(today, Leave(year=2026), years=1).frame(2026)
    trainees = today.practices["gp_fte_all"] - today.practices["gp_fte_fully_qualified"]
    now = found["gp_fte_all"] - found["gp_fte_fully_qualified"]
    assert np.allclose(now, trainees)
    assert (found["gp_fte_fully_qualified"] >= found["gp_fte_permanent"] - 1e-9).all()
    locums = today.practices["gp_fte_fully_qualified"] - today.practices["gp_fte_permanent"]
    left = found["gp_fte_fully_qualified"] - found["gp_fte_permanent"]
    assert left.sum() < locums.sum()


def test_retirement_leaves_the_young_alone(today: Today) -> None:
    found = run(today, Leave(year=2026, ages="retirement"), years=1).frame(2026)
    old = RAW[[f"TOTAL_GP_FTE_{band}" for band in ("55TO59", "60TO64", "65TO69", "70PLUS")]]
    young = old.sum(axis=1) == 0
    assert young.sum() > 10
    before = today.practices["gp_fte_fully_qualified"]
    assert (found["gp_fte_fully_qualified"][young] == before[young]).all()
    assert (found["gp_fte_fully_qualified"] < before).sum() > 100


def test_trainees_who_finish_by_hand(today: Today) -> None:
    """ST3 166 x 62.2% x 67% = 69 FTE (the issue's figure), against 139.5 FTE aged 60 and over."""
    assert RAW["TOTAL_GP_TRN_GR_ST3_HC"].sum() == 166
    over_60 = RAW[[f"TOTAL_GP_FTE_{band}" for band in ("60TO64", "65TO69", "70PLUS")]]
    assert over_60.to_numpy().sum() == pytest.approx(139.5, abs=0.05)
    typed = {"trainee_to_nhs_gp_within_1_year": (62.2,) * 3}
    found = run(today, Join(year=2026, last=2026), years=2, typed=typed)
    more = whole(found, 2026)["fte_gp"] - whole(found, 2025)["fte_gp"]
    assert more == pytest.approx(166 * 0.622 * 0.67)
    assert round(more) == 69
    assert whole(found, 2027)["fte_gp"] == pytest.approx(whole(found, 2026)["fte_gp"])
    assert found.assumptions["trainee_to_nhs_gp_within_1_year"].typed


def test_joiners_leave_at_the_rate_of_those_aged_30_to_34(today: Today) -> None:
    both = run(today, Leave(year=2026), Join(year=2026, last=2026), years=2)
    alone = run(today, Leave(year=2026), years=2)
    joined = 166 * 0.475 * 0.67
    for year, left in ((2026, 1.0), (2027, 0.886)):
        more = whole(both, year)["fte_gp"] - whole(alone, year)["fte_gp"]
        assert more == pytest.approx(joined * left)


def test_recruits_and_losses(today: Today) -> None:
    found = run(
        today,
        Staff(year=2026, role="gp", fte=3, where="F81010"),
        Staff(year=2026, role="nurse", fte=10, where="Thurrock"),
        Staff(year=2027, role="gp", fte=-1, where="F81010"),
        years=2,
    )
    start = RAW.loc["F81010", "TOTAL_GP_EXTG_FTE"]
    fte = [found.frame(year).loc["F81010", "gp_fte_fully_qualified"] for year in found.years]
    assert fte == pytest.approx([start, start + 3, start + 2])
    own = find_area("Thurrock").select(found.frame(2026))
    before = find_area("Thurrock").select(today.practices)
    assert own["nurse_fte"].sum() == pytest.approx(before["nurse_fte"].sum() + 10)
    assert own["nurse_fte"].isna().equals(before["nurse_fte"].isna())


EVERYTHING = (
    Homes(year=2026, a_year=1_000, where="Thurrock"),
    Homes(year=2026, a_year=50, where="East"),
    Population(year=2026, per_cent=(0.1, 0.5, 0.6), where="Mid Essex"),
    Leave(year=2026),
    Join(year=2026),
    Staff(year=2027, role="gp", fte=5, where="East"),
    Close(year=2027, practice=TILBURY, staff_follow=0.5),
    Merge(year=2028, practices=("F81010", "F81206")),
)


def test_staff_of_a_network_stay_when_a_practice_closes_and_more_can_come(today: Today) -> None:
    """A network's FTE are those published, shared by list size."""
    staff = load.load_pcn_staff()
    care = staff[staff["staff_group"] == "Other Direct Patient Care staff"]
    code = today.practices["pcn_code"]["F81110"]
    published = care.loc[care["pcn_code"] == code, "fte"].sum()
    own = today.practices[today.practices["pcn_code"] == code]
    assert published > 0
    assert own["network_care_fte"].sum() == pytest.approx(published)
    changes = [
        Close(year=2026, practice="F81110", to=tuple(own.index.drop("F81110"))),
        Staff(year=2027, role="network_care", fte=2.5, where=code),
    ]
    found = run(today, *changes, years=2)
    frame = found.frame(2027)
    left = frame.loc[frame["pcn_code"] == code, "network_care_fte"].sum()
    assert left == pytest.approx(published + 2.5)
    assert found.figures["network_care_fte"].iloc[-1] - found.figures["network_care_fte"].iloc[
        0
    ] == pytest.approx(2.5)


@pytest.mark.parametrize("definition", GP_DEFINITIONS)
def test_a_group_s_figures_are_the_sums_of_its_practices_of_the_year(
    today: Today, definition: str
) -> None:
    """By the engine that sums today's figures, from each year's table of practices."""
    hubs = {"F81003": "East", "F81004": "East"}
    for by in ("place", "pcn"):
        found = run(
            today,
            *EVERYTHING,
            grouping=lambda table, by=by: table[by],
            definition=definition,
            hubs=hubs,
            draws=20,
        )
        for year in found.years:
            own = summarise(found.frame(year), by, definition=definition)
            figures = found.figures[found.figures["year"] == year].set_index("group")
            assert (figures["practices"] == own["practices"]).all()
            for name in (*FIGURES, "nurse_fte", "direct_care_fte"):
                # Patients are counted in whole ones there.
                apart = 0.51 if name == "patients" else 1e-9
                assert np.allclose(figures[name], own[name], rtol=1e-9, atol=apart), (by, name)
            assert (figures["patients_per_fte_gp_low"] <= figures["patients_per_fte_gp"]).all()
            assert (figures["patients_per_fte_gp"] <= figures["patients_per_fte_gp_high"]).all()


def test_a_pcn_a_hub_and_an_area_are_meant_by_their_names(today: Today) -> None:
    for where, own in (
        (str(today.practices.loc[TILBURY, "pcn_code"]), today.practices["pcn_code"]
         == today.practices.loc[TILBURY, "pcn_code"]),
        ("East", today.practices.index.isin(["F81003", "F81004"])),
        ("Maldon", today.practices["district"] == "Maldon"),
    ):  # fmt: skip
        staff = Staff(year=2026, role="nurse", fte=7, where=where)
        found = run(today, staff, years=1, hubs={"F81003": "East", "F81004": "East"})
        more = found.frame(2026)["nurse_fte"] - today.practices["nurse_fte"]
        assert more[own].sum() == pytest.approx(7), where
        assert not more[~own].any(), where


# --- bands ---


def test_the_band_holds_what_it_says(today: Today) -> None:
    """Homes alone: patients are linear in residents per dwelling, whose quantiles are known."""
    homes = Homes(year=2026, last=2026, a_year=1_000, where="F81010")
    typed = {"residents_per_dwelling": (1.0, 2.0, 4.0)}
    found = whole(run(today, homes, years=1, draws=20_000, typed=typed), 2026)
    start = RAW["TOTAL_PATIENTS"].sum()
    # Triangular: P(x < 1 + t) = t2/3 below 2; P(x > 4 - t) = t2/6 above.
    low, high = 1 + (0.025 * 3) ** 0.5, 4 - (0.025 * 6) ** 0.5
    assert found["patients"] - start == pytest.approx(2_000)
    assert found["patients_low"] - start == pytest.approx(1_000 * low, rel=0.01)
    assert found["patients_high"] - start == pytest.approx(1_000 * high, rel=0.01)


def test_the_same_seed_gives_the_same_band_and_another_does_not(today: Today) -> None:
    homes = Homes(year=2026, a_year=1_000, where="Thurrock")
    one = run(today, homes, draws=100).figures
    assert one.equals(run(today, homes, draws=100).figures)
    assert not one.equals(run(today, homes, draws=100, seed=2).figures)


def test_the_tornado_is_the_projection_with_one_assumption_at_its_end(today: Today) -> None:
    changes = (Homes(year=2026, a_year=1_000, where="Thurrock"), Leave(year=2026), Join(year=2026))
    found = run(today, *changes)
    assert found.ends.index[0] == "trainee_to_nhs_gp_within_1_year"
    for key in ("residents_per_dwelling", "leavers_60_plus"):
        for end in ("low", "high"):
            value = getattr(found.assumptions[key], end)
            typed = run(today, *changes, typed={key: (value,) * 3})
            ratio = whole(typed, 2028)["patients_per_fte_gp"]
            assert found.ends.loc[key, end] == pytest.approx(ratio)


def test_doing_nothing_is_what_comes_anyway(today: Today) -> None:
    found = run(today, Leave(year=2026), Close(year=2026, practice=TILBURY))
    alone = run(today, Leave(year=2026))
    pd.testing.assert_frame_equal(do_nothing(found, ESSEX, draws=0).figures, alone.figures)


# --- what can't be ---


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ([Close(year=2026, practice="F81999")], "Change 1 (close): there is no practice F81999"),
        (
            [Close(year=2026, practice=TILBURY), Close(year=2027, practice=TILBURY)],
            "Change 2 (close): F81110 has closed",
        ),
        (
            [Close(year=2026, practice=TILBURY), Merge(year=2027, practices=("F81010", TILBURY))],
            "Change 2 (merge): F81110 has closed",
        ),
        ([Close(year=2025, practice=TILBURY)], "goes from 2026 to 2028"),
        ([Close(year=2029, practice=TILBURY)], "goes from 2026 to 2028"),
        ([Homes(year=2026, a_year=1, where="Atlantis")], "'Atlantis' is no practice, hub, PCN or"),
        (
            [Homes(year=2026, a_year=1, where="51.9, 1.8")],
            "Change 1 (homes): Where they are built is more than 10 km",
        ),
        (
            [Open(year=2026, code="N1", name="Sea", longitude=1.8, latitude=51.9, gp=2)],
            "Change 1 (open): the point where it opens is more than 10 km",
        ),
        ([Homes(year=2026, a_year=1, where="Thurrock and Atlantis")], "'Thurrock and Atlantis' is"),
        ([Leave(year=2026), Leave(year=2027)], "Change 2 (leave): GPs leave by one change only"),
        ([Staff(year=2026, role="gp", fte=-90, where="Thurrock")], "which has 68.5"),
        ([Close(year=2026, practice=TILBURY, to=("hub",))], "no open practice is there to take"),
    ],
)
def test_a_change_that_can_not_be_is_named(today: Today, changes: list[Change], says: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        run(today, *changes)
    assert says in str(caught.value)


def test_dispersal_from_registrations_is_the_table_s(today: Today) -> None:
    """Without the table, patients go by registrations; here modelled, and that is said."""
    without = dataclasses.replace(today, dispersal=None, bands=None, trainees=None)
    found = run(without, Close(year=2026, practice=TILBURY), Leave(year=2026), Join(year=2026))
    total = whole(found, 2026)["patients"] + found.outside(2026)
    assert total == pytest.approx(RAW["TOTAL_PATIENTS"].sum())
    notes = " ".join(found.notes)
    assert "modelled" in notes
    assert "GPs by age are not loaded" in notes
    assert "nobody joins from training" in notes
    left = RAW["TOTAL_GP_EXTG_FTE"].drop(TILBURY).sum() * (1 - 0.088)
    assert whole(found, 2026)["fte_gp"] == pytest.approx(left)


def test_the_tables_of_the_county_are_the_ones_read() -> None:
    assert set(load.load_closure_dispersal()["practice_code"]) == set(RAW.index)
