"""`view`: what a page says, as words and as data."""

from __future__ import annotations

import json
import re

import pytest

from pcs_dash.__main__ import main
from pcs_dash.views.registry import VIEWS


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["view", *arguments]) == 0
    return capsys.readouterr().out


def test_without_a_key_every_view_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys).splitlines()
    assert [line.split()[0] for line in lines] == list(VIEWS)


def test_the_first_view_says_the_area_s_figure(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(capsys, "where", "--area", "Thurrock", "--format", "json"))
    # 190,486 patients over 68.52 FTE, as the publisher's file adds up.
    assert found["figures"][0] == {
        "label": "Patients per FTE GP", "value": "2,780", "note": "+23% against England",
    }  # fmt: skip
    assert "2,780" in found["finding"]
    assert "2,780" in shown(capsys, "where", "--area", "Thurrock")


def test_a_table_is_rows_of_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(capsys, "practices", "--area", "Thurrock", "--format", "json"))
    (table,) = [block for block in found["front"] if block["kind"] == "table"]
    assert len(table["rows"]) == 26
    assert sum(row["patients"] for row in table["rows"]) == 190_486


def test_switches_and_options_are_those_of_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("where", "--area", "Thurrock", "--gp-definition", "permanent", "--benchmark", "1800")
    found = json.loads(shown(capsys, *asked, "--format", "json"))
    assert found["figures"][0]["value"] == "3,229"
    assert found["benchmark"]["value"] == 1800


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "Choose one of: overview, where"),
        (["where", "--area", "Atlantis"], "Atlantis"),
        (["where", "--option", "x=1"], "no option of this view"),
        (["where", "--gp-definition", "some"], "no GP definition 'some'"),
    ],
)
def test_what_is_not_there_is_told(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(["view", *arguments]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("view", "asked", "said"),
    [
        ("plan_ahead", "years=9999999", "years can't be '9999999' here. Choose of: 10, 5, "),
        ("plan_ahead", "close=F00000", "close can't be 'F00000' here. Choose of: "),
        ("quality", "quality=luck", "quality can't be 'luck' here. Choose of: "),
    ],
)
def test_an_option_is_not_answered_as_if_another_had_been_asked(
    capsys: pytest.CaptureFixture[str], view: str, asked: str, said: str
) -> None:
    assert main(["view", view, "--area", "Thurrock", "--option", asked]) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_more_gps_than_the_benchmark_takes_are_not_called_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = shown(capsys, "where", "--area", "Essex", "--benchmark", "5,000")
    assert re.search(r"FTE GPs to add: −[\d.]+ \(more than 5,000 takes\)", told)
