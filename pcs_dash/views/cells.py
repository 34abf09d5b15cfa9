"""How a value is written in a cell: one form a kind of figure, for pages, slides and files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pcs_dash.measures.numbers import NO_FIGURE, number, p_text, per_cent, signed


@dataclass(frozen=True)
class Form:
    """`text` writes a value that is there; `column` is Streamlit's format of a number column (""
    for words), `excel` a spreadsheet's. `right`: numbers stand to the right.
    """

    text: Callable[[Any], str]
    column: str = ""
    excel: str = ""
    right: bool = True


def _yes(value: Any) -> str:
    return "yes" if value else "no"


def _p(value: Any) -> str:
    return p_text(value).removeprefix("p = ").removeprefix("p ")


FORMS: Mapping[str, Form] = {
    "text": Form(str, right=False),
    "ready": Form(str),
    "yes": Form(_yes, right=False),
    "count": Form(number, "%,.0f", "#,##0"),
    "tenth": Form(lambda value: number(value, 1), "%,.1f", "#,##0.0"),
    "hundredth": Form(lambda value: number(value, 2), "%.2f", "0.00"),
    "thousandth": Form(lambda value: number(value, 3), "%.3f", "0.000"),
    "p": Form(_p, "%.4f", "0.0000"),
    "share": Form(per_cent, "percent", "0%"),
    "share_tenth": Form(lambda value: f"{number(100 * value, 1)}%", "percent", "0.0%"),
    "per_cent": Form(lambda value: f"{number(value)}%", "%.0f%%", '0"%"'),
    "per_cent_tenth": Form(lambda value: f"{number(value, 1)}%", "%.1f%%", '0.0"%"'),
    "signed": Form(lambda value: signed(value, 0), "%+,.0f", "+#,##0;−#,##0;0"),
    "signed_tenth": Form(signed, "%+.1f", "+#,##0.0;−#,##0.0;0.0"),
    "signed_thousandth": Form(lambda value: signed(value, 3), "%+.3f", "+0.000;−0.000;0.000"),
    "signed_per_cent": Form(lambda value: f"{signed(value, 0)}%", "%+.0f%%", '+0"%";−0"%";0"%"'),
    "signed_per_cent_tenth": Form(
        lambda value: f"{signed(value)}%", "%+.1f%%", '+0.0"%";−0.0"%";0.0"%"'
    ),
    "year": Form(lambda value: f"{value:.0f}", "%d", "0"),
}


def cell_text(value: Any, form: str, missing: str = NO_FIGURE) -> str:
    """A value as text in that form; words of a missing one are empty, numbers say so."""
    if not isinstance(value, (str, list, tuple)) and pd.isna(value):
        return missing if FORMS[form].right else ""
    return FORMS[form].text(value)
