"""Appointments, rooms, space and the slope, by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.inequality import area_inequality
from pcs_dash.scenarios.assumptions import published
from pcs_dash.scenarios.bands import as_today
from pcs_dash.scenarios.demand import (
    appointments_by_practice,
    appointments_more,
    central,
    no_longer_known,
    rooms_needed,
    space_needed,
)
from pcs_dash.scenarios.premises import against_need, by_year, read_premises
from pcs_dash.scenarios.slope import close_slope, least_posts
from pcs_dash.tables.errors import InputFileError, UserError

CENTRAL = central(published())
QUINTILES = [f"imd2025_patients_quintile_{q}" for q in range(1, 6)]


def practices(*rows: tuple[float, float, list[float]]) -> pd.DataFrame:
    """Practices by patients, FTE GPs and shares of patients by fifth."""
    return pd.DataFrame(
        {
            "practice_name": [f"P{n}" for n in range(len(rows))],
            "patients": [row[0] for row in rows],
            "gp_fte_fully_qualified": [row[1] for row in rows],
            "nurse_fte": 1.0,
            "direct_care_fte": 2.0,
            "network_care_fte": 1.0,
            **{name: [row[2][q] * row[0] for row in rows] for q, name in enumerate(QUINTILES)},
        },
        index=pd.Index([f"A{n:05}" for n in range(len(rows))], name="practice_code"),
    )


def test_needed_by_hand() -> None:
    """5.16 a person a year of England: of 1.034 parts, 1.17 in the most deprived fifth."""
    england = practices((10_000, 5, [0.2] * 5))
    # Two draws: 10,000 and 20,000 patients.
    lists = np.array([[10_000.0, 20_000.0]])
    found = appointments_by_practice(england, lists, CENTRAL, "2025").sum(axis=0)
    assert found == pytest.approx(lists[0] * 5.16 / 4)
    deprived = practices((10_000, 5, [1, 0, 0, 0, 0]))
    more = appointments_by_practice(deprived, lists, CENTRAL, "2025").sum(axis=0)
    assert more == pytest.approx(lists[0] * 5.16 / 4 * 1.17 / 1.034)
    older = appointments_by_practice(
        england, lists, CENTRAL, "2025", pd.Series({"A00000": 1.1})
    ).sum(axis=0)
    assert older == pytest.approx(1.1 * found)


def test_one_more_of_each_role_gives_what_was_published() -> None:
    before = practices((10_000, 5, [0.2] * 5))
    after = before.assign(
        gp_fte_fully_qualified=6.0, nurse_fte=0.0, direct_care_fte=4.0, network_care_fte=1.5
    )
    became = before.index.to_series()
    found = appointments_more(before, after, np.ones(1), CENTRAL, became)
    assert found == {"gp": 175, "nurse_fte": -367, "direct_care_fte": 436, "network_care_fte": 109}
    # Two that merge and of which one has no figure for nurses lose none: it is not known.
    two = pd.concat([before, before.rename(index={"A00000": "A00001"}).assign(nurse_fte=np.nan)])
    merged = two[:1].assign(nurse_fte=np.nan, direct_care_fte=4.0, network_care_fte=2.0)
    one = pd.Series("A00000", index=two.index)
    assert appointments_more(two, merged, np.zeros(1), CENTRAL, one) == dict.fromkeys(found, 0)
    assert [*no_longer_known(merged["nurse_fte"], one)] == ["A00000", "A00001"]


def test_rooms_and_space_by_hand() -> None:
    # 6,825 appointments of 9.22 minutes: 1,048.8 hours; a room gives 13 x 52.5 x 60% = 409.5.
    assert rooms_needed(np.array([6_825.0]), CENTRAL) == pytest.approx(1_048.775 / 409.5)
    assert space_needed(np.array([3_500.0]), CENTRAL) == 240


def test_the_slope_is_closed_by_few_posts_where_the_deprived_are() -> None:
    table = practices(
        (10_000, 4, [0.6, 0.4, 0, 0, 0]),
        (10_000, 5, [0, 0.2, 0.6, 0.2, 0]),
        (10_000, 6, [0, 0, 0, 0.4, 0.6]),
        (10_000, 5, [0.2] * 5),
        (10_000, 5, [0.1, 0.3, 0.2, 0.3, 0.1]),
    )
    found = close_slope(table, definition="fully_qualified", edition="2025", most=9)
    index = area_inequality(table).index
    assert found.before == pytest.approx(index.sii)
    grown = table["gp_fte_fully_qualified"] + found.posts
    after = area_inequality(table.assign(gp_fte_fully_qualified=grown)).index
    assert found.after == pytest.approx(after.sii)
    assert found.reached
    assert found.proven
    assert found.posts.iloc[0] > 0
    assert found.posts.iloc[1:].sum() == 0
    assert abs(found.after) < abs(found.before) / 3
    held = close_slope(table, definition="fully_qualified", edition="2025", most=1)
    assert not held.reached
    assert held.proven
    with pytest.raises(UserError, match="fifths"):
        close_slope(table.iloc[:1], definition="fully_qualified", edition="2025", most=1)


@pytest.mark.parametrize("most", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_fewer_posts_than_proven_do_not_close_the_slope(seed: int, most: int) -> None:
    """Against every placing there is, of made-up practices and fifths."""
    draw = np.random.default_rng(seed)
    share = draw.dirichlet([0.7] * 3, size=5)
    fte = draw.uniform(3, 6, 3)
    wanted = np.array([-1.0, 0.1, 0.95]) * draw.uniform(900, 1_000, 3)
    able = [
        sum(posts)
        for posts in product(range(most + 1), repeat=5)
        if (wanted / (fte + np.array(posts) @ share)).sum() >= 0
    ]
    least, found = least_posts(wanted, fte, share, most, 5 * most)
    assert least <= min(able, default=np.inf)
    assert least >= min(able, default=least) - 1
    if found is not None:
        assert found.sum() in able
        assert found.max() <= most


def test_premises_against_need_by_year() -> None:
    given = read_premises(
        b"practice_code,site,m2,rooms,lease_end\n"
        b"a00000,Main,300,5,2040\nA00000,Branch,100,2,31/03/2030\nA00001,Only,,3,\n",
        "mine.csv",
    )
    table = practices((7_000, 4, [0.2] * 5), (1_750, 1, [0.2] * 5), (9_000, 1, [0.2] * 5))
    # What is drawn: 7,000 patients or 14,000 of the first.
    drawn = as_today(table, "gp_fte_fully_qualified")
    drawn = replace(drawn, patients=drawn.patients * [1, 1, 2])
    own = table.index.to_series()
    early, late = (
        against_need(given, table, drawn, year, CENTRAL, "2025", own) for year in (2029, 2030)
    )
    assert early.loc["A00000", ["m2", "m2_needed", "m2_short"]].to_list() == [400, 480, 80]
    ends = early.loc["A00000", ["m2_short_low", "m2_short_high"]].to_list()
    assert ends == pytest.approx([80, 80 + 0.975 * 480])
    assert late.loc["A00000", ["m2", "leases_end", "pounds"]].to_list() == [300, 1, 180 * 2_300]
    # A size that is not given is not 0.
    assert pd.isna(early.loc["A00001", "m2_short"])
    assert early.loc["A00001", "rooms"] == 3
    assert "A00002" not in early.index
    # Every site stays with the second: what there is is the same, what is needed of all together.
    kept = own.replace("A00000", "A00001")
    merged = against_need(given.fillna({"m2": 50}), table[1:], drawn, 2029, CENTRAL, "2025", kept)
    assert merged.loc["A00001", ["sites", "m2", "rooms"]].to_list() == [3, 450, 10]
    # What falls away is gone, what another had without telling is not known.
    gone = against_need(given, table[1:], drawn, 2029, CENTRAL, "2025", own[1:])
    assert gone.loc["A00001", "rooms"] == 3
    unknown = against_need(
        given[given["practice_code"] == "A00000"], table[:1], drawn, 2029, CENTRAL, "2025",
        own.replace("A00001", "A00000"),
    )  # fmt: skip
    assert unknown[["m2", "rooms"]].isna().all(axis=None)
    years = by_year((2029, 2030), {2029: early, 2030: late}.__getitem__)
    assert years["m2"].to_list() == [400, 300]
    assert years["rooms"].to_list() == [10, 8]
    assert years["rooms_short"].to_list() == [
        pytest.approx(table["rooms_short"].sum()) for table in (early, late)
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,site\nA,B\n", "practice_code is missing"),
        ("practice_code,site,m2\nA00000,B,many\n", "Row 2: m2"),
        ("practice_code,site,m2\nA00000,B,inf\n", "Row 2: m2 is no number from 0 to 1,000,000"),
        ("practice_code,site\nA00000,B\na00000,B\n", "Row 3: the same site of A00000"),
        ("practice_code,site,lease_end\nA00000,B,soon\n", "Row 2: lease_end"),
        ("practice_code,site\n,B\n", "Row 2: practice_code"),
    ],
)
def test_a_list_of_premises_with_faults_is_told(text: str, said: str) -> None:
    with pytest.raises(InputFileError, match=said):
        read_premises(text.encode(), "mine.csv")
