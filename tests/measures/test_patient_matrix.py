"""How patients and FTE are shared over groups: by hand, and what leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures.patient_matrix import (
    PatientMatrix,
    group_ratios,
    lsoa_matrix,
    measured,
    practice_matrix,
    quintile_matrix,
)
from pcs_dash.measures.sums import over
from pcs_dash.tables.errors import UserError


def made() -> pd.DataFrame:
    """P1 half in quintile 1, half in 3; P2 all in 3; the others lack one figure each."""
    table = pd.DataFrame(
        {
            "patients": [1_000.0, 600, 500, np.nan, 700],
            "gp_fte_fully_qualified": [2.0, 0.0, np.nan, 1, 1],
            "gp_fte_all": [4.0, 1.0, 1, 1, 1],
            "imd_score": [30.0, 10, 20, 15, np.nan],
        },
        index=["P1", "P2", "P3", "P4", "P5"],
    )
    mix = {1: [400, 0, 5, 5, 0], 2: [0] * 5, 3: [400, 300, 0, 5, 0], 4: [0] * 5, 5: [0] * 5}
    for quintile, patients in mix.items():
        table[f"imd2025_patients_quintile_{quintile}"] = patients
        table[f"imd2019_patients_quintile_{quintile}"] = [0, 0, 0, 0, 9] if quintile == 5 else 0
    return table


def test_quintiles_by_hand() -> None:
    matrix = quintile_matrix(made())
    assert matrix.patients.tolist() == [1_000, 600]
    assert matrix.fte.tolist() == [2, 0]
    assert matrix.share is not None
    assert matrix.share.tolist() == [[0.5, 0.5], [0, 1]]
    assert (matrix.order.tolist(), matrix.groups) == ([1, 3], (1, 3))
    assert (matrix.n, matrix.n_missing) == (2, 3)
    assert matrix.note == "None of the patients live in quintile 2, 4 or 5."
    table = group_ratios(matrix)
    assert table.index.name == "group"
    assert table.loc[1].tolist() == [500, 1, 500, 20]
    assert table.loc[3].tolist() == pytest.approx([1_100, 1, 1_100, 1e4 / 1_100])
    # Under the other definition P3 reports GPs as well, and all of it lives in quintile 1.
    everyone = quintile_matrix(made(), definition="all")
    assert (everyone.n, everyone.n_missing) == (3, 2)
    assert group_ratios(everyone).loc[1].tolist()[:2] == [1_000, 3]


def test_what_is_said_of_empty_quintiles() -> None:
    one = quintile_matrix(made(), edition="2019")
    assert (one.n, one.groups) == (1, (5,))
    assert one.note == "None of the patients live in quintile 1, 2, 3 or 4."
    full = made().assign(**{f"imd2025_patients_quintile_{q}": 10 for q in range(1, 6)})
    assert quintile_matrix(full).note == ""
    gap = full.assign(imd2025_patients_quintile_2=0)
    assert quintile_matrix(gap).note == "None of the patients live in quintile 2."
    # Where no practice is left, nothing is said of quintiles.
    assert quintile_matrix(made()[:0]).note == ""
    assert quintile_matrix(made().assign(gp_fte_fully_qualified=np.nan)).n_missing == 5


def test_practices_as_groups_of_their_own() -> None:
    matrix = practice_matrix(made())
    assert (matrix.groups, matrix.share) == (("P1",), None)
    assert (matrix.order.tolist(), matrix.n_missing) == ([-30], 4)
    # Nobody works at P2: no patients per GP, but nought GPs per 10,000 patients.
    rate = practice_matrix(made(), measure="fte_gp_per_10000")
    assert (rate.groups, rate.n_missing) == (("P1", "P2"), 3)
    assert group_ratios(rate)["fte_gp_per_10000"].tolist() == [20, 0]
    assert np.isnan(group_ratios(rate).loc["P2", "patients_per_fte_gp"])
    ranked = pd.Series({"P5": 3, "P2": 2, "P1": 1})
    other = practice_matrix(made(), definition="all", deprivation=ranked)
    assert (other.groups, other.order.tolist()) == (("P1", "P2", "P5"), [-1, -2, -3])
    nobody = made().assign(patients=0)
    assert practice_matrix(nobody, measure="fte_gp_per_10000").n == 0


REGISTERED = pd.DataFrame(
    {
        "practice_code": ["P1", "P1", "P1", "P2", "P3", "P9"],
        "lsoa11cd": ["L1", "L2", "L9", "L2", "L1", "L1"],
        "patients": [300, 100, 100, 50, 10, 99],
    }
)


def test_lsoas_by_hand() -> None:
    """L9 has no rank: its fifth of P1's patients and FTE leave; P3 reports no FTE, P9 is no row."""
    rank = pd.Series({"L3": 5.0, "L2": 200.0, "L1": 100.0, "L9": np.nan})
    matrix = lsoa_matrix(made(), REGISTERED, rank)
    assert matrix.groups == ("L2", "L1")
    assert matrix.order.tolist() == [200, 100]
    assert matrix.patients.tolist() == [500, 50]
    assert matrix.fte.tolist() == [2, 0]
    assert matrix.share is not None
    assert matrix.share.tolist() == [[0.2, 0.6], [1, 0]]
    assert matrix.n_missing == 3
    assert matrix.note == ""
    table = group_ratios(matrix)
    assert table["patients"].tolist() == [150, 300]
    assert table["fte_gp"].tolist() == pytest.approx([0.4, 1.2])
    assert lsoa_matrix(made(), REGISTERED, rank, definition="all").n == 3
    twice = pd.concat([REGISTERED, REGISTERED])
    assert lsoa_matrix(made(), twice, rank).patients.tolist() == [1_000, 100]
    none = REGISTERED.assign(patients=[300, 100, 100, 0, 10, 99])
    assert lsoa_matrix(made(), none, rank).n_missing == 4
    with pytest.raises(UserError) as told:
        lsoa_matrix(made(), REGISTERED.rename(columns={"lsoa11cd": "lsoa"}), rank)
    assert str(told.value) == (
        "Registrations need the columns practice_code, lsoa11cd and patients."
    )


def test_without_each_is_the_sum_over_the_others() -> None:
    share = np.array([[1.0, 0], [0.25, 0.75], [0, 1]])
    people, fte = np.array([100.0, 200, 400]), np.array([1.0, 2, 8])
    matrix = PatientMatrix(people, fte, share, np.arange(3.0), ("a", "b", "c"), 0)
    for rows in (slice(0, 3), slice(1, 3)):
        patients, gps = matrix.without_each(rows)
        for place, out in enumerate(range(rows.start, rows.stop)):
            others = [i for i in range(3) if i != out]
            assert patients[place].tolist() == sum(people[i] * share[i] for i in others).tolist()
            assert gps[place].tolist() == sum(fte[i] * share[i] for i in others).tolist()


def test_nothing_is_divided_by_nothing() -> None:
    assert over(np.array([4.0, 1]), np.array([2.0, 0]))[0] == 2
    assert np.isnan(over(np.array([1.0, 1]), np.array([0.0, -1]))).all()
    patients, fte = np.array([1_000.0, 0]), np.array([2.0, 1])
    assert measured(patients, fte, "patients_per_fte_gp").tolist() == [500, 0]
    rates = measured(patients, fte, "fte_gp_per_10000")
    assert rates[0] == 20
    assert np.isnan(rates[1])
