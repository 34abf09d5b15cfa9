"""A measure of a user's own file: what is refused, what joins the others, and what is not shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pcs_dash.__main__ import main
from pcs_dash.hubs.compare import compare_many
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import Rule, RuleError, rules_from_list, rules_to_list
from pcs_dash.hubs.summary import own_count, summarise_hubs, verdict_column
from pcs_dash.measures import practice_measures, quality, register
from pcs_dash.official.any_area import find_area
from pcs_dash.official.archive import InputFile
from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.own_columns import own_measures, with_own_columns
from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import InputFileError
from pcs_dash.ui.hubs import plan_figures
from pcs_dash.views.answer import Bullets, Table
from pcs_dash.views.correlation import VIEW as CORRELATION
from pcs_dash.views.quality import VIEW as QUALITY
from pcs_dash.views.question import ask
from pcs_dash.views.readers import Readers
from pcs_dash.views.story import SavedView, Story

HEAD = "practice_code,measure,numerator,denominator,value,unit,period,source\n"
THURROCK = ["F81010", "F81134", "F81197", "F81198", "F81206"]


def loaded(tmp_path: Path, rows: str, head: str = HEAD) -> pd.DataFrame:
    path = tmp_path / "bed_days.csv"
    path.write_text(head + rows, "utf-8")
    return SOURCES["own_measures"].load(InputFile.of(path))


def test_values_parts_units_and_periods_are_read(tmp_path: Path) -> None:
    rows = (
        "F81001,Checks,40,50,,%,2024-25,NHS\n"
        "F81003,Checks,0,0,,%,2024-25,NHS\n"
        'F81001,Visits,900,"9,000",,"per 1,000 patients",2025-03,NHS\n'
    )
    table = loaded(tmp_path, rows).set_index(["key", "practice_code"])
    assert table.loc[("own_checks", "F81001"), "value"] == 80
    assert pd.isna(table.loc[("own_checks", "F81003"), "value"])
    assert table.loc[("own_visits", "F81001"), "value"] == 100
    assert {f"{day:%Y-%m-%d}" for day in table["period"]} == {"2025-03-31"}
    named = loaded(tmp_path, "F81001,3.5,score,2025,NHS\n", "ODS code,value,unit,period,source\n")
    assert named[["key", "measure"]].to_numpy().tolist() == [["own_bed_days", "bed days"]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("F81001,A,40,50,70,%,2025,NHS\n", "F81001, A, 2025: value 70, but .* gives 80 %"),
        ("F81001,A,,50,70,%,2025,NHS\n", "one is missing"),
        ("F81001,A,60,50,,%,2025,NHS\n", "numerator 60 is more than denominator 50"),
        ("F81001,A,,,101,%,2025,NHS\n", "101 is no share"),
        ("F81001,A,1,0,,score,2025,NHS\n", "denominator of 0"),
        ("F81001,A,-1,5,,score,2025,NHS\n", "numerator"),
        ("F8100,A,1,5,,score,2025,NHS\n", "practice_code"),
        ("F81001,A,,,x,score,2025,NHS\n", "value"),
        ("F81001,A,,,1,score,2025,NHS\nF81001,A,,,2,score,2025,NHS\n", "stands in two rows"),
        ("F81001,A,,,1,score,2025,NHS\nF81003,A,,,2,%,2025,NHS\n", "more than one unit in 2025"),
        ("F81001,A,,,1,score,2025,NHS\nF81003,A,,,2,score,2025,ONS\n", "more than one source"),
        ("F81001,A,,,1,score,lately,NHS\n", "'lately' is no period"),
        ("F81001,A b,,,1,score,2025,NHS\nF81003,A-b,,,2,score,2025,NHS\n", "told apart"),
        ("F81001,A,,,,score,2025,NHS\n", "No row has a value"),
    ],
)
def test_what_is_refused(tmp_path: Path, rows: str, said: str) -> None:
    with pytest.raises(InputFileError, match=said):
        loaded(tmp_path, rows)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two files: health checks of five practices and of one elsewhere, then a score."""
    folder = tmp_path_factory.mktemp("own")
    found = Store(folder / "data")
    parts = zip(
        [*THURROCK, "Y99999"], (40, 3, 30, 20, 18, 9), (50, 20, 60, 40, 20, 10), strict=True
    )
    rows = [f"{code},Checks,{top},{of},,%,2024-25,NHS" for code, top, of in parts]
    for name, text in (
        ("checks.csv", HEAD + "\n".join([*rows, "F81010,Checks,1,50,,%,2023-24,NHS", ""])),
        ("score.csv", HEAD + "F81010,Score,,,12.5,points,2025,Trust\n"),
    ):
        (folder / name).write_text(text, "utf-8")
        assert not update_store(found, origin=str(folder / name)).failed
    return found


def test_files_stand_side_by_side_and_a_newer_one_replaces_its_own_rows(
    store: Store, tmp_path: Path
) -> None:
    assert len(store.read("own_measures")) == 8
    again = tmp_path / "checks again.csv"
    again.write_text(f"{HEAD}F81010,Checks,45,50,,%,2024-25,NHS\n", "utf-8")
    update_store(store, origin=str(again), sources=["own_measures"])
    table = store.read("own_measures")
    store.rollback()
    assert sorted(zip(table["key"], table["period_label"], table["value"], strict=True)) == [
        ("own_checks", "2023-24", 2.0), ("own_checks", "2024-25", 90.0), ("own_score", "2025", 12.5)
    ]  # fmt: skip


def test_sums_keep_what_is_too_few_to_show(store: Store, dataset: Dataset) -> None:
    found = own_measures(store, dataset.practices)
    assert found is not None
    assert found.unknown["own_checks"] == ("Y99999",)
    shown = found.table["own_checks"].dropna()
    # 3 of 20 and 18 of 20 rest on 3 and leave out 2.
    assert shown.to_dict() == {"F81010": 80.0, "F81197": 50.0, "F81198": 50.0}
    assert found.hidden == {"own_checks": 2, "own_score": 0}
    joined = with_own_columns(dataset.practices, store)
    table = quality.quality_table(joined, None)
    value, n, _, _ = quality.of_area(table, quality.available(table)["own_checks"])
    assert (value, n) == (pytest.approx(100 * (40 + 3 + 30 + 20 + 18) / 190), 5)
    exact = practice_measures.measure(joined, "own_checks")
    assert exact["F81134"] == 15
    assert practice_measures.shown_measure(joined, "own_checks").isna()["F81134"]


def test_it_is_on_the_map_in_the_table_and_in_correlations(store: Store, dataset: Dataset) -> None:
    readers = Readers(
        practices=lambda _: None, own=lambda data: own_measures(store, data.practices)
    )
    options = {"quality": "own_checks", "y": "own_checks"}
    question = ask(dataset, find_area("Thurrock"), options=options, readers=readers)
    answer = QUALITY.answer(question)
    assert answer.message.text.startswith("Checks in Thurrock, 2024-25: 58.4%.")
    # 5 + 21 of 26: the two too small to show are among those that the figure rests on.
    assert [(one.label, one.value) for one in answer.figures[1:4]] == [
        ("Rests on", "5 practices"), ("Of these too small to show", "2"), ("Without a figure", "21")
    ]  # fmt: skip
    missing = next(part for part in answer.sections if part.key == "missing")
    (told,) = [block for block in missing.blocks(question) if isinstance(block, Bullets)]
    assert any("2 rest on fewer than 5" in text and "Y99999" in text for text in told.items)
    said = CORRELATION.answer(question).message
    assert "checks" in said.finding
    assert "5 practices" in said.basis
    assert "Checks: 2024-25." in said.basis


def test_it_reaches_hubs_and_a_report(
    store: Store, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hub has the sum over the sum of its practices; what rests on too few is shown nowhere."""
    hubs = {"F81010": "East", "F81134": "East", "F81206": "West", "F81197": "Mid", "F81198": "Mid"}
    readers = Readers(
        practices=lambda _: None, own=lambda data: own_measures(store, data.practices)
    )
    options = {"quality": "own_checks", "quality-by": "Hub of my plan"}
    plan = Plan.from_series(pd.Series(hubs))
    question = ask(dataset, find_area("Thurrock"), options=options, readers=readers, plan=plan)
    part = next(part for part in QUALITY.answer(question).sections if part.key == "groups")
    (table,) = [block for block in part.blocks(question) if isinstance(block, Table)]
    found = table.frame.set_index("group")["own_checks"]
    assert found.drop("West").to_dict() == pytest.approx({"East": 4300 / 70, "Mid": 50.0})
    # 18 of 20 leave 2 people out.
    assert pd.isna(found["West"])
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(store.root.parent))
    story = Story("Checks", (SavedView("quality", options=options),))
    (tmp_path / "story.json").write_text(story.to_json(), "utf-8")
    paper = tmp_path / "paper.html"
    arguments = ["--area", "Thurrock", "--story", str(tmp_path / "story.json"), "--to", str(paper)]
    assert main(["report", *arguments]) == 0
    text = paper.read_text("utf-8")
    assert "Checks in Thurrock, 2024-25: 58.4%." in text
    # 3 of 20 and 18 of 20.
    assert "15.0%" not in text
    assert "90.0%" not in text


def test_a_rule_holds_hubs_against_it_and_their_table_has_it(
    store: Store, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """Judged as shown: what rests on too few has no figure, whatever the bound."""
    hubs = {"F81010": "East", "F81134": "East", "F81206": "West", "F81197": "Mid", "F81198": "Mid"}
    plan = Plan.from_series(pd.Series(hubs))
    rules = (
        Rule("Enough", "own_checks", 60, None, "%"),
        Rule("Not too many", "own_checks", None, 40, "%"),
        Rule("Elsewhere", "own_not_here", 1, None, "%"),
    )
    # A plan's rules are read where the file is not loaded; a slip of the pen is no measure.
    assert rules_from_list(rules_to_list(rules)) == rules
    with pytest.raises(RuleError, match="no measure 'owm_checks'"):
        Rule("Slip", "owm_checks", 1, None, "%")
    readers = Readers(
        practices=lambda _: None, own=lambda data: own_measures(store, data.practices)
    )
    question = ask(dataset, find_area("Thurrock"), readers=readers, plan=plan, rules=rules)
    table = question.hubs(plan)
    shown = table["own_checks"]
    assert shown[["East", "Mid"]].to_list() == pytest.approx([4300 / 70, 50.0])
    assert shown[["West", "Unassigned"]].isna().all()
    assert table[own_count("own_checks")].to_list() == [2, 2, 1, 0]
    verdicts = table[[verdict_column(rule) for rule in rules]].astype("str")
    assert verdicts.loc["East"].to_list() == ["meets", "above", "no figure"]
    assert verdicts.loc["Mid"].to_list() == ["below", "above", "no figure"]
    assert verdicts.loc["West"].to_list() == ["no figure"] * 3
    cards = compare_many({"Mine": plan}, question.with_own_figures, rules=rules)
    assert cards.loc[["rule:Enough", "rule:Not too many", "rule:Elsewhere"], "Mine"].to_list() == [
        1, 0, 0
    ]  # fmt: skip
    # Without the file the same rules judge, and say that there is no figure.
    bare = summarise_hubs(plan, question.practices, rules=rules)
    assert set(bare.iloc[:-1][verdict_column(rules[0])]) == {"no figure"}
    columns = plan_figures.columns(
        rules, question.benchmark, own=register.own(["own_checks", "own_score"]), every=False
    )
    assert [each["label"] for each in columns if each["key"].startswith("own")] == ["Checks, %"]
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(store.root.parent))
    path = tmp_path / "plan.csv"
    path.write_text("practice_code,hub\n" + "\n".join(map(",".join, hubs.items())), "utf-8")
    assert main(["hubs", str(path), "--area", "Thurrock", "--format", "json"]) == 0
    told = {row["hub"]: row["own_checks"] for row in json.loads(capsys.readouterr().out)}
    assert told == {
        "East": pytest.approx(4300 / 70), "Mid": 50.0, "West": None, "Unassigned": None
    }  # fmt: skip
