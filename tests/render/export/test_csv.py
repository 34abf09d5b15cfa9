from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.plan import EMPTY_PLAN, plan_from_column
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.official.any_area import find_area
from pcs_dash.render.csv_files import hubs_csv, plan_csv, table_csv
from pcs_dash.render.provenance import Provenance
from pcs_dash.tables.as_plain import as_plain
from pcs_dash.tables.spreadsheet_text import FORMULA_STARTS, neutralise, restore
from pcs_dash.views.judging import Setting
from pcs_dash.views.judging import hub_figures as hub_rows


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_text_that_starts_a_formula_gets_an_apostrophe(start: str) -> None:
    assert neutralise(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("value", [-3.5, 4, None, True, "plain", "'quoted'", "a=b", ""])
def test_everything_else_stays(value: object) -> None:
    assert neutralise(value) is value


@given(st.text() | st.text(alphabet="'=+-@\t\rab", max_size=6))
def test_restoring_is_the_way_back_and_no_two_texts_meet(text: str) -> None:
    safe = neutralise(text)
    assert not safe.startswith(FORMULA_STARTS)
    assert restore(safe) == text


def test_numbers_stay_numbers_and_missing_stays_empty() -> None:
    table = pd.DataFrame(
        {
            "=name": ["-x", None],
            "figure": [-1.25, float("nan")],
            "count": pd.array([-3, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "day": pd.to_datetime(["2025-12-01", None]),
        },
        index=pd.Index(["@a", "b"], name="hub"),
    )
    text = table_csv(table).decode("utf-8-sig")
    assert text == (
        "hub,'=name,figure,count,flag,day\r\n'@a,'-x,-1.25,-3,true,2025-12-01\r\nb,,,,,\r\n"
    )


def test_numbers_of_rows_are_no_column_but_codes_and_quintiles_are() -> None:
    table = pd.DataFrame({"pcn": ["A", "B"], "practices": [3, 4]})
    assert table_csv(table.iloc[::-1]).decode("utf-8-sig") == "pcn,practices\r\nB,4\r\nA,3\r\n"
    codes = table_csv(table.set_axis(["E1", "E2"])).decode("utf-8-sig")
    assert codes.splitlines()[1] == "E1,A,3"
    quintiles = table_csv(table.rename_axis("quintile")).decode("utf-8-sig")
    assert quintiles.splitlines() == ["quintile,pcn,practices", "0,A,3", "1,B,4"]


def test_excel_is_told_that_it_is_utf_8(thurrock: pd.DataFrame) -> None:
    assert plan_csv(EMPTY_PLAN, thurrock).startswith(b"\xef\xbb\xbfpractice_code,hub,")


def test_a_plan_has_a_row_for_every_practice(
    thurrock: pd.DataFrame, provenance: Provenance
) -> None:
    plan = plan_from_column(thurrock, "pcn").unassign([thurrock.index[0]])
    plan = plan.rename("h1", "-1 hub").changed({"X99999": "h1"})
    found = rows(plan_csv(plan, thurrock, provenance))
    assert [row["practice_code"] for row in found] == sorted([*thurrock.index, "X99999"])
    by_code = {row["practice_code"]: row for row in found}
    assert by_code[thurrock.index[0]]["hub"] == ""
    assert by_code["X99999"]["hub"] == "'-1 hub"
    assert by_code["X99999"]["patients"] == ""
    assert sum(int(row["patients"] or 0) for row in found) == thurrock["patients"].sum()


def test_every_row_says_what_it_was_made_from(
    thurrock: pd.DataFrame, provenance: Provenance
) -> None:
    plan = plan_from_column(thurrock, "pcn")
    summary = summarise_hubs(plan, thurrock, rules=provenance.rules)
    for content, with_rules in (
        (plan_csv(plan, thurrock, provenance), 1),
        (hubs_csv(summary, provenance), len(summary)),
    ):
        told = [row["rules"] for row in rows(content)]
        assert all(text.startswith("Hub (at least 20,000") for text in told[:with_rules])
        assert not any(told[with_rules:])
        for row in rows(content):
            assert set(provenance.columns()) <= set(row)
            assert row["exported"] == "2026-03-04"
            assert row["data_period"] == "31 December 2025"
            assert row["gp_definition"] == "fully_qualified"


def test_counts_of_gps_stay_whole_where_a_hub_s_practices_report_none(
    thurrock: pd.DataFrame, provenance: Provenance
) -> None:
    plan = plan_from_column(thurrock, "pcn")
    silent = thurrock["pcn"] == plan.hubs[0].name
    practices = thurrock.assign(
        gp_fte_fully_qualified=thurrock["gp_fte_fully_qualified"].mask(silent)
    )
    first, *others = rows(hubs_csv(summarise_hubs(plan, practices), provenance))
    assert first["below_2_5_wte"] == ""
    small = practices.loc[~silent, "gp_fte_fully_qualified"] < 2.5
    assert sum(int(row["below_2_5_wte"]) for row in others) == small.sum()
    place = find_area("Thurrock")
    setting = Setting(place, practices, practices, neighbours(practices, None), (), None, None)
    told = [row["below_2_5_wte"] for row in hub_rows(plan, setting, definition="fully_qualified")]
    assert as_plain(told) == [None, *(int(row["below_2_5_wte"]) for row in others)]
    assert not any(isinstance(count, float) for count in told)


def test_the_hub_table_adds_up(thurrock: pd.DataFrame, provenance: Provenance) -> None:
    plan = plan_from_column(thurrock, "pcn").rename("h1", "@home")
    found = rows(hubs_csv(summarise_hubs(plan, thurrock, rules=provenance.rules), provenance))
    others = [hub.name for hub in plan.hubs[1:]]
    assert [row["hub"] for row in found] == ["'@home", *others, "Unassigned"]
    assert sum(int(row["patients"]) for row in found) == thurrock["patients"].sum()
    assert {row["Rule: Hub"] for row in found} == {"meets", ""}
