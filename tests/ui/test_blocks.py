"""Tables that can be sorted: names whole, shares as elsewhere, words for what is missing whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import MagicMock, patch

import pandas as pd

from pcs_dash.ui import blocks
from pcs_dash.views.answer import Column, Table, text_table

NAME = "Peartree Surgery & West Horndon Surgery"
TABLE = Table(
    "t",
    pd.DataFrame({"name": [NAME, "B"], "part": [0.4639, 0.6], "value": [1.0, None]}),
    (Column("name", "Practice"), Column("part", "Share", "share"), Column("value", "To", "tenth")),
)


def sent_of(table: Table, *, phone: bool) -> MagicMock:
    """How the table is sent to a browser."""
    with (
        patch.object(blocks.st, "dataframe", MagicMock()) as sent,
        patch.object(blocks.st, "markdown"),
        patch.object(blocks.browser, "is_phone", return_value=phone),
    ):
        blocks.data_table(table, key="k", pick=lambda *_: None)
    return sent


def shown(*, phone: bool) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What is sent of the table, and its columns as they are set up."""
    sent = sent_of(TABLE, phone=phone)
    return sent.call_args.args[0].to_pandas(), sent.call_args.kwargs["column_config"]


def test_a_name_is_whole_but_leaves_a_phone_room_for_the_figure() -> None:
    assert shown(phone=False)[1]["name"]["width"] >= 7 * len(NAME)
    assert shown(phone=True)[1]["name"]["width"] <= 180
    # Streamlit breaks a name over lines in rows of more than 64 pixels alone.
    assert sent_of(TABLE, phone=True).call_args.kwargs["row_height"] > 64
    short = replace(TABLE, frame=TABLE.frame.assign(name=["A", "B"]))
    assert sent_of(short, phone=True).call_args.kwargs["row_height"] is None


def test_a_hub_s_row_has_its_colour_and_its_figures_as_they_are() -> None:
    sent = sent_of(replace(TABLE, colours=("#0072b2", "")), phone=False).call_args.args[0]
    assert sent.data["part"].tolist() == [46.39, 60]
    styles = {place: dict(style) for place, style in sent._compute().ctx.items() if style}
    assert styles == {(0, 0): {"background-color": f"#0072b2{blocks._TINT}", "color": "#000000"}}


def test_figures_of_plans_side_by_side_stack_on_a_phone_but_words_do_not() -> None:
    heads, row = ("Measure", "A", "B", "C"), ("Patients", "1", "2", "3")
    for table, stacked in (
        (text_table("t", heads, [row]), True),
        (text_table("t", heads, [row], words=True), False),
        (text_table("t", heads[:3], [row[:3]]), False),
    ):
        with patch.object(blocks.st, "html") as sent:
            blocks.small_table(table)
        assert ("pcs-stacked" in sent.call_args.args[0]) is stacked


def test_a_share_is_in_per_cent_to_its_own_decimals_and_no_figure_is_whole() -> None:
    sent, columns = shown(phone=False)
    assert sent["part"].tolist() == [46.39, 60]
    assert columns["part"]["type_config"]["format"] == "%.0f%%"
    assert columns["part"]["width"] is None
    assert columns["value"]["width"] >= 7 * len(TABLE.missing)
