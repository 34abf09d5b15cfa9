"""List sizes over time: changes by plain sums, comings and goings, too few months."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pcs_dash.measures import list_trends
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.views.answer import Bullets, Chart, Table
from pcs_dash.views.list_sizes import VIEW
from pcs_dash.views.question import Question, ask
from pcs_dash.views.readers import Readers
from pcs_dash.views.slides import slides_of
from pcs_dash.views.story import SavedView

MONTHS = ("2025-05-01", "2025-10-01", "2026-03-01")


@pytest.fixture
def history(dataset: Dataset) -> pd.DataFrame:
    """Thurrock's practices in three months: the first shrinks, the second closes, others stay."""
    own = find_area("Thurrock").select(dataset.practices)
    parts = []
    for step, month in enumerate(MONTHS):
        part = own[["sub_icb_code", "district"]].assign(
            patients=own["patients"].astype("int64"), period=pd.Timestamp(month), postcode="RM1 1AA"
        )
        part["postcode"] = [f"RM{place} 1AA" for place in range(len(own))]
        part.loc["F81010", "patients"] -= 1_000 * step
        parts.append(part.reset_index(names="practice_code"))
    table = pd.concat(parts, ignore_index=True)
    closed = (table["practice_code"] == "F81134") & (table["period"] == MONTHS[2])
    return table[~closed]


def asked(dataset: Dataset, history: pd.DataFrame | None, **options: str) -> Question:
    readers = Readers(
        history=lambda _: history,
        successors=lambda: None,
        names=lambda data: data.practices["practice_name"].to_dict(),
        positions=lambda data: data.practices[["easting", "northing"]],
    )
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return ask(dataset, find_area("Thurrock"), options=named, readers=readers)


def test_lists_beside_their_usual_variation(dataset: Dataset) -> None:
    """A month that is not loaded is a gap, a practice taken over a step with limits of its own."""
    days = pd.date_range("2023-01-01", "2024-12-01", freq="MS")
    own = dataset.practices.loc[["F81010", "F81134"], ["sub_icb_code", "district"]]
    parts = [
        own.assign(period=day, postcode="RM1 1AA", patients=[5_000 + 10 * (step % 2), 3_000])
        for step, day in enumerate(days)
    ]
    table = pd.concat(parts).reset_index(names="practice_code")
    # From 2024 the first has the second's patients too; one month is not loaded.
    after = table["period"] >= "2024-01-01"
    table.loc[after & (table["practice_code"] == "F81010"), "patients"] += 3_000
    table = table[~(after & (table["practice_code"] == "F81134")) & (table["period"] != days[17])]
    named = {"trend-by": "Practice", "trend-unit": f"{_name(dataset, 'F81010')} (F81010)"}
    question = asked(dataset, table, **{key.replace("-", "_"): each for key, each in named.items()})
    successors = pd.DataFrame({"practice_code": ["F81134"], "successor_code": ["F81010"]})
    readers = replace(question.readers, successors=lambda: successors)
    without = replace(dataset, practices=dataset.practices.drop(index="F81134"))
    changes = replace(question, readers=readers, dataset=without)
    question = replace(changes, options={**named, "trend-follow": "List size"})
    (section,) = [part for part in VIEW.answer(question).sections if part.key == "usual"]
    said, chart, _ = section.blocks(question)
    assert "No month stands out" in said.said
    assert "Taken over by January 2024: " in said.said
    assert "(F81134). Limits begin anew. 1 month between not loaded." in said.said
    lines = [part.values for part in chart.series if part.line and part.name == "Patients"]
    # Two runs: the gap breaks the line, the step does not.
    assert [len(values) for values in lines] == [17, 6]
    means = sorted({part.values[0] for part in chart.series if part.name == "Mean"})
    assert means == pytest.approx([5_005, 8_005], abs=1)
    # The change of the month of the step is drawn, and judged with no other.
    said, chart, _ = section.blocks(changes)
    assert "No month stands out" in said.said
    (drawn,) = [part for part in chart.series if part.name == "Change" and len(part.values) == 16]
    assert drawn.values[11] == 2_990
    # Nine changes after it are too few for limits.
    means = [part.values[0] for part in chart.series if part.name == "Mean"]
    assert means == pytest.approx([10 / 11])
    (moves,) = [part for part in VIEW.answer(changes).sections if part.key == "moves"]
    frame = of_kind(moves.blocks(changes), Table).frame
    # 11 months up by 10 and 10 down; the merger moves nobody.
    assert frame[["joined", "left", "skipped"]].to_numpy().tolist() == [[110, 100, 0]]
    whole = list_trends.months_of(
        table, dict.fromkeys(own.index, "Both"), "Both", {"F81134": "F81010"}
    )
    assert whole["taken_over"].map(bool).sum() == 0
    assert set(whole["patients"].dropna()) == {8_000, 8_010}


def _name(dataset: Dataset, code: str) -> str:
    return str(dataset.practices.loc[code, "practice_name"])


def of_kind(blocks, kind: type):
    return next(block for block in blocks if isinstance(block, kind))


def test_the_change_is_that_of_the_lists(dataset: Dataset, history: pd.DataFrame) -> None:
    answer = VIEW.answer(asked(dataset, history))
    sums = history.groupby("period")["patients"].sum()
    first, last = int(sums[MONTHS[0]]), int(sums[MONTHS[2]])
    figures = {figure.label: figure.value for figure in answer.figures}
    assert figures["Patients, Mar 2026"] == f"{last:,}"
    assert figures["Change"] == f"−{first - last:,}"
    assert figures["Practices"] == "25"
    (changes,) = (text for name, text in figures.items() if name.startswith("Practices since "))
    assert changes == "1 closed, 0 merged, 0 new"
    assert f"(−{100 * (first - last) / first:.1f}%)" in answer.message.finding


def test_the_months_asked_for_and_the_level(dataset: Dataset, history: pd.DataFrame) -> None:
    question = asked(
        dataset, history, trend_to="October 2025", trend_by="Practice", trend_in="Patients"
    )
    answer = VIEW.answer(question)
    assert answer.message.finding.startswith("From May 2025 to October 2025")
    chart = of_kind(answer.front, Chart)
    values = dict(zip(chart.categories, chart.series[0].values, strict=True))
    (shrunk,) = [name for name in values if name.endswith("(F81010)")]
    assert values[shrunk] == -1_000
    assert chart.categories[-1] == shrunk
    assert sum(values.values()) == -1_000


def test_months_the_wrong_way_round_are_all_there_are(
    dataset: Dataset, history: pd.DataFrame
) -> None:
    answer = VIEW.answer(asked(dataset, history, trend_from="October 2025", trend_to="May 2025"))
    assert answer.message.finding.startswith("From May 2025 to March 2026")


def test_lines_stand_where_the_months_fall(dataset: Dataset, history: pd.DataFrame) -> None:
    question = asked(dataset, history, trend_by="Practice", trend_in="Patients")
    labels = VIEW.option("trend-lines").labels(question)
    (mine,) = [name for name in labels if name.endswith("(F81010)")]
    question = question.with_options({"trend-lines": mine})
    section = next(part for part in VIEW.answer(question).sections if part.key == "lines")
    chart = of_kind(section.blocks(question), Chart)
    assert chart.series[0].values == (0.0, -1_000.0, -2_000.0)
    assert chart.series[0].x == pytest.approx((2025 + 120 / 365, 2025 + 273 / 365, 2026 + 59 / 365))


def test_a_closed_practice_is_told(dataset: Dataset, history: pd.DataFrame) -> None:
    question = asked(dataset, history)
    section = next(part for part in VIEW.answer(question).sections if part.key == "changes")
    told = of_kind(section.blocks(question), Bullets).items
    patients = dataset.practices.loc["F81134", "patients"]
    assert any("F81134" in line and f"closed with {patients:,} patients" in line for line in told)
    plan = next(part for part in VIEW.answer(question).sections if part.key == "plan")
    assert any("F81134" in line for line in of_kind(plan.blocks(question), Bullets).items)


@pytest.mark.parametrize("months", [0, 1])
def test_one_month_is_no_trend(dataset: Dataset, history: pd.DataFrame, months: int) -> None:
    few = history[history["period"] == MONTHS[0]] if months else None
    question = asked(dataset, few)
    answer = VIEW.answer(question)
    assert ("only May 2025 is" if months else "none is") in answer.message.finding
    table = of_kind(answer.front, Table)
    own = find_area("Thurrock").select(dataset.practices)
    assert table.frame["patients"].sum() == own["patients"].sum()
    assert not VIEW.option("trend-by").labels(question)
    with pytest.raises(UserError, match="Data and methods"):
        slides_of(SavedView(page="trends"), question, answer, "http://localhost")
