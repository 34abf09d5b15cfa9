"""Staff by role and month: sums over who reports, gaps, mergers followed, networks' own staff."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pcs_dash.measures import workforce_trends as trends
from pcs_dash.official.any_area import find_area
from pcs_dash.official.store import Store
from pcs_dash.tables.dataset import Dataset
from pcs_dash.views import loaded_data
from pcs_dash.views.answer import Chart, Table
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers
from pcs_dash.views.staff import VIEW

CODES = ["F81010", "F81134", "F81197"]
PLACE = "Thurrock"


def months(dataset: Dataset, days: list[str]) -> pd.DataFrame:
    """Three practices of Thurrock: 6,000 patients and 3 FTE each; the second reports no figure in
    the last month, the third has closed by then and F81010 has its patients and GPs.
    """
    parts = []
    for number, day in enumerate(days):
        last = number == len(days) - 1
        part = pd.DataFrame({
            "practice_code": CODES, "period": pd.Timestamp(day), "patients": 6_000.0,
            "TOTAL_GP_FTE": 3.0, "TOTAL_GP_EXTG_FTE": [3.0, 3.0, 2.0], "TOTAL_GP_EXTGL_FTE": 2.0,
            "TOTAL_GP_EXTG_HC": [4.0, 4.0, 3.0], "TOTAL_GP_SEN_PTNR_FTE": 1.0,
            "TOTAL_GP_PTNR_PROV_FTE": 0.5, "TOTAL_NURSES_FTE": 1.0,
        })  # fmt: skip
        if last:
            part.loc[0, ["patients", "TOTAL_GP_EXTG_FTE", "TOTAL_GP_EXTG_HC"]] = [12_000, 5, 6]
            part.loc[1, ["TOTAL_GP_EXTG_FTE", "TOTAL_GP_EXTG_HC"]] = np.nan
            part = part.drop(index=2)
        parts.append(part)
    found = trends.months_of_staff(pd.concat(parts, ignore_index=True))
    where = dataset.practices.loc[CODES[0], ["sub_icb_code", "district", "district_code"]]
    return found.assign(**where.to_dict())


def asked(dataset: Dataset, history: pd.DataFrame | None, **options: str) -> Question:
    own = dataset.practices.drop(index="F81197")
    successors = pd.DataFrame({"practice_code": ["F81197"], "successor_code": ["F81010"]})
    readers = Readers(
        staff=lambda _: history,
        network_staff=lambda _: pd.DataFrame({
            "period": pd.Timestamp("2022-09-30"), "pcn_code": own.loc["F81010", "pcn_code"],
            "staff_group": "Care", "staff_role": ["Pharmacists", "Paramedics", "Pharmacists"],
            "fte": [1.5, np.nan, 2.0],
        }),
        successors=lambda: successors,
        names=lambda data: data.practices["practice_name"].to_dict(),
    )  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return ask(replace(dataset, practices=own), find_area(PLACE), options=named, readers=readers)


def section(question: Question, key: str) -> Table:
    parts = {part.key: part for part in VIEW.answer(question).sections}
    return next(b for b in parts[key].blocks(question) if isinstance(b, Table))


YEAR = [f"{day:%Y-%m-%d}" for day in pd.date_range("2024-12-31", "2025-12-31", freq="ME")]


def test_a_ratio_is_a_sum_over_a_sum_of_who_reports(dataset: Dataset) -> None:
    question = asked(dataset, months(dataset, YEAR))
    answer = VIEW.answer(question)
    assert "2,250 in December 2024, 2,400 in December 2025" in answer.message.finding
    assert "1 of 2 practices report it" in answer.message.basis
    table = section(question, "months").frame
    assert table[["n", "of"]].iloc[0].tolist() == [1, 2]
    assert table["value"].iloc[-1] == 18_000 / 8


def test_a_merger_moves_nobody_and_the_successor_holds_its_history(dataset: Dataset) -> None:
    question = asked(dataset, months(dataset, YEAR), staff_by="Practice")
    moves = section(question, "moves").frame.set_index("unit")
    one = moves.loc[next(unit for unit in moves.index if "F81010" in unit)]
    # 4 and 3 heads became 6: one left at least.
    assert (one["joined"], one["left"], one["skipped"]) == (0, 1, 0)
    other = moves.loc[next(unit for unit in moves.index if "F81134" in unit)]
    assert (other["left"], other["compared"], other["skipped"]) == (0, 11, 1)
    fte = asked(dataset, months(dataset, YEAR), staff_by="Practice", staff="fte_gp")
    ends = next(block for block in VIEW.answer(fte).front if isinstance(block, Table))
    assert not ends.frame["unit"].str.contains("F81197").any()
    own = ends.frame[ends.frame["unit"].str.contains("F81010")]
    assert own[["first", "last", "first_n", "last_n"]].to_numpy().tolist() == [[5, 5, 2, 1]]
    pcn = asked(dataset, months(dataset, YEAR), staff_by="PCN", staff="fte_gp")
    ends = next(block for block in VIEW.answer(pcn).front if isinstance(block, Table))
    of = {code: dataset.practices.loc[code, "pcn"] for code in CODES}
    expected = 5.0 if of["F81134"] != of["F81010"] else 8.0
    assert ends.frame.set_index("unit").loc[of["F81010"], "first"] == expected


def test_months_that_are_missing_are_gaps(dataset: Dataset) -> None:
    held = [day for day in YEAR if not day.startswith("2025-06")]
    answer = VIEW.answer(asked(dataset, months(dataset, held)))
    assert "1 month between not loaded." in answer.message.basis
    chart = next(block for block in answer.front if isinstance(block, Chart))
    lines = [series for series in chart.series if series.line and series.name != "Mean"]
    values = [series for series in lines if not series.dash]
    assert [len(series.values) for series in values] == [6, 6]
    quarters = [pd.Timestamp(day) for day in ("2020-12-31", "2021-06-30", "2021-08-31")]
    assert [f"{day:%Y-%m}" for day in trends.missing_months(quarters)] == ["2021-03", "2021-07"]


def test_figures_marked_as_missing_begin_new_limits(dataset: Dataset) -> None:
    days = [f"{day:%Y-%m-%d}" for day in pd.date_range("2022-02-28", "2024-01-31", freq="ME")]
    table = section(asked(dataset, months(dataset, days)), "months").frame.set_index("month")
    assert table.loc["Feb 2023", "note"].startswith("figures marked as missing")
    # December 2024's change lies in the newer stretch alone.
    assert table.loc["Jan 2023", "high"] == 2_250
    assert table.loc["Jan 2024", "high"] > 2_250


def test_roles_are_those_of_the_publication(dataset: Dataset) -> None:
    question = asked(dataset, months(dataset, YEAR))
    frame = section(question, "roles").frame
    assert frame[["fte_partners", "nurse_fte", "without"]].iloc[0].tolist() == [3.0, 2.0, 0]
    assert "fte_trainees" not in frame.columns
    networks = section(question, "networks").frame
    assert networks.loc[0, ["all", "Pharmacists"]].tolist() == [3.5, 3.5]


def test_the_embedded_month_says_who_works_here(dataset: Dataset, tmp_path) -> None:
    store = Store(tmp_path)
    found = loaded_data.staff(store, dataset)
    assert found is not None
    own = found[found["practice_code"].isin(find_area(PLACE).select(dataset.practices).index)]
    roles = own[["fte_partners", "fte_salaried", "fte_locums", "fte_retainers"]].sum().sum()
    # Together they are the fully qualified: 68.52 FTE in Thurrock.
    assert roles == pytest.approx(68.52, abs=0.005)
    readers = Readers(staff=lambda _: found, network_staff=lambda _: None, successors=lambda: None)
    answer = VIEW.answer(ask(dataset, find_area(PLACE), readers=readers))
    assert "Only December 2025 is loaded" in answer.message.caution
    notes = {}
    for place in (PLACE, "Basildon (district)"):
        table = VIEW.answer(ask(dataset, find_area(place), readers=readers)).front[0]
        assert isinstance(table, Table)
        notes[place] = table.note
    # Murree Medical Group is in no PCN.
    assert "1 practice in none of these, so in no row." in notes["Basildon (district)"]
    assert "in none of these" not in notes[PLACE]
