from __future__ import annotations

import csv
import io
import json

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.cli import output
from pcs_dash.tables.spreadsheet_text import neutralise


def test_one_object_stays_one_object(capsys) -> None:
    output.write({"n": 3, "value": float("nan"), "word": "é"}, "json")
    assert json.loads(capsys.readouterr().out) == {"n": 3, "value": None, "word": "é"}


def test_missing_values_of_every_kind_are_null(capsys) -> None:
    output.write([{"a": pd.NA, "b": None, "c": float("inf"), "d": pd.NaT}], "json")
    assert json.loads(capsys.readouterr().out) == [dict.fromkeys("abcd")]


@given(st.text())
def test_no_text_leaves_as_a_formula(text: str) -> None:
    assert not str(neutralise(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_negative_number_is_not_text(capsys) -> None:
    output.write([{"gap": -3.5, "name": "-cmd", "other": "=1+1"}], "csv")
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert row == {"gap": "-3.5", "name": "'-cmd", "other": "'=1+1"}


def test_a_heading_is_no_formula_either(capsys) -> None:
    output.write([{'=HYPERLINK("http://a.invalid")': 1, "-x": 2}], "csv")
    heading = capsys.readouterr().out.splitlines()[0]
    assert next(csv.reader([heading])) == ['\'=HYPERLINK("http://a.invalid")', "'-x"]


def test_an_empty_table_says_so(capsys) -> None:
    output.write([], "table")
    assert "nothing" in capsys.readouterr().out
