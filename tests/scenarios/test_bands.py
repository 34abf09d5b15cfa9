"""Every practice in every draw: what its sums and roles add up to."""

from __future__ import annotations

import numpy as np
import pytest

from pcs_dash.measures.inequality import area_inequality, slopes_of
from pcs_dash.measures.patient_matrix import quintile_matrix
from pcs_dash.scenarios.bands import banded
from pcs_dash.scenarios.changes import Close, Homes, Join, Leave, Merge, Scenario, Staff
from pcs_dash.scenarios.project import Projection, one_group, project
from pcs_dash.scenarios.state import GP_ROLES
from pcs_dash.scenarios.today import Today

DEFAULT = "gp_fte_fully_qualified"
CONTRACTS = ("fte_partners", "fte_salaried", "fte_retainers")


@pytest.fixture(scope="module")
def ahead(today: Today) -> Projection:
    changes = (
        Homes(year=2026, a_year=900, where="Thurrock"),
        Leave(year=2026),
        Join(year=2026),
        Staff(year=2027, role="gp", fte=4, where="Thurrock"),
        Close(year=2027, practice="F81110", staff_follow=0.5),
        Merge(year=2028, practices=("F81001", "F81003")),
        Staff(year=2029, role="gp", fte=-1, where="F81001"),
    )
    return project(today, Scenario("All", 6, changes), one_group("all"), draws=200)


def test_practices_in_every_draw_add_up_to_the_area_s_bands(ahead: Projection) -> None:
    last = ahead.figures.iloc[-1]
    drawn = ahead.last_year(DEFAULT)
    assert list(drawn.codes) == list(ahead.frame(2031).index)
    for name, values in (
        ("patients", drawn.patients.sum(axis=0)),
        ("fte_gp", drawn.fte.sum(axis=0)),
    ):
        found = banded(values)
        ends = last[[name, f"{name}_low", f"{name}_high"]].to_list()
        assert [found.central, found.low, found.high] == pytest.approx(ends, rel=1e-6)
    assert drawn.fte[:, 0] == pytest.approx(ahead.frame(2031)[DEFAULT].to_numpy())


def test_roles_add_up_to_definitions_in_every_draw(ahead: Projection, today: Today) -> None:
    role = {name: ahead.last_year(name).fte for name in GP_ROLES}
    whole, fully, permanent = (
        ahead.last_year(f"gp_fte_{name}").fte for name in ("all", "fully_qualified", "permanent")
    )
    assert fully - permanent == pytest.approx(role["fte_locums"])
    assert whole - fully == pytest.approx(role["fte_trainees"])
    since = permanent - sum(role[name] for name in CONTRACTS)
    # Who joined or was recruited; of today's, none.
    assert since.min() > -1e-9
    assert since.sum(axis=0).min() > 3
    table = today.practices
    assert (table["gp_fte_permanent"] - table[[*CONTRACTS]].sum(axis=1)).abs().max() < 1e-9
    assert role["fte_partners"].sum(axis=0).max() < table["fte_partners"].sum()


def test_slopes_of_draws_are_those_of_each_table(ahead: Projection) -> None:
    practices = ahead.frame(2031)
    matrix = quintile_matrix(practices)
    drawn = ahead.last_year(DEFAULT).of(practices.index[practices.index.isin(matrix.codes)])
    sii, rii = slopes_of(matrix, drawn.patients.T, drawn.fte.T)
    index = area_inequality(practices).index
    assert (sii[0], rii[0]) == pytest.approx((index.sii, index.rii), rel=1e-5)
    one = practices.loc[drawn.codes].assign(
        **{"patients": drawn.patients[:, 7], DEFAULT: drawn.fte[:, 7]}
    )
    assert sii[7] == pytest.approx(area_inequality(one).index.sii, rel=1e-5)


def test_a_figure_lies_in_its_band_and_one_without_draws_has_none() -> None:
    values = np.arange(101.0)
    assert (banded(np.append(50, values)).low, banded(np.append(50, values)).high) == (2.5, 97.5)
    assert banded(np.append(200, values)).text() == "200 (2 to 200)"
    assert banded(3.25).text(1) == "3.2"
