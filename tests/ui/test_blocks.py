"""Tables that can be sorted: names whole, shares as elsewhere, words for what is missing whole."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock, patch

import pandas as pd

from pcs_dash.ui import blocks
from pcs_dash.views.answer import Column, Table

NAME = "Peartree Surgery & West Horndon Surgery"
TABLE = Table(
    "t",
    pd.DataFrame({"name": [NAME, "B"], "part": [0.4639, 0.6], "value": [1.0, None]}),
    (Column("name", "Practice"), Column("part", "Share", "share"), Column("value", "To", "tenth")),
)


def shown(*, phone: bool) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What is sent of the table, and its columns as they are set up."""
    with (
        patch.object(blocks.st, "dataframe", MagicMock()) as sent,
        patch.object(blocks.st, "markdown"),
        patch.object(blocks.browser, "is_phone", return_value=phone),
    ):
        blocks.data_table(TABLE, key="k", pick=lambda *_: None)
    return sent.call_args.args[0].to_pandas(), sent.call_args.kwargs["column_config"]


def test_a_name_is_whole_but_leaves_a_phone_room_for_the_figure() -> None:
    assert shown(phone=False)[1]["name"]["width"] >= 7 * len(NAME)
    assert shown(phone=True)[1]["name"]["width"] <= 180


def test_a_share_is_in_per_cent_to_its_own_decimals_and_no_figure_is_whole() -> None:
    sent, columns = shown(phone=False)
    assert sent["part"].tolist() == [46.39, 60]
    assert columns["part"]["type_config"]["format"] == "%.0f%%"
    assert columns["part"]["width"] is None
    assert columns["value"]["width"] >= 7 * len(TABLE.missing)
