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
    for words) that is given `times` the value. `right`: numbers stand to the right.
    """

    text: Callable[[Any], str]
    column: str = ""
    right: bool = True
    times: float = 1.0


def p_cell(value: float) -> str:
    """A p-value in a cell headed "p"; "" where there is none."""
    return p_text(value).removeprefix("p = ").removeprefix("p ")


FORMS: Mapping[str, Form] = {
    "text": Form(str, right=False),
    "ready": Form(str),
    "yes": Form(lambda value: "yes" if value else "no", right=False),
    "count": Form(number, "%,.0f"),
    "tenth": Form(lambda value: number(value, 1), "%,.1f"),
    "hundredth": Form(lambda value: number(value, 2), "%.2f"),
    "thousandth": Form(lambda value: number(value, 3), "%.3f"),
    "p": Form(p_cell, "%.4f"),
    "share": Form(per_cent, "%.0f%%", times=100),
    "share_tenth": Form(lambda value: f"{number(100 * value, 1)}%", "%.1f%%", times=100),
    "per_cent": Form(lambda value: f"{number(value)}%", "%.0f%%"),
    "per_cent_tenth": Form(lambda value: f"{number(value, 1)}%", "%.1f%%"),
    "signed": Form(lambda value: signed(value, 0), "%+,.0f"),
    "signed_tenth": Form(signed, "%+.1f"),
    "signed_thousandth": Form(lambda value: signed(value, 3), "%+.3f"),
    "signed_per_cent": Form(lambda value: f"{signed(value, 0)}%", "%+.0f%%"),
    "signed_per_cent_tenth": Form(lambda value: f"{signed(value)}%", "%+.1f%%"),
    "year": Form(lambda value: f"{value:.0f}", "%d"),
}


def cell_text(value: Any, form: str, missing: str = NO_FIGURE) -> str:
    """A value as text in that form; words of a missing one are empty, numbers say so."""
    if not isinstance(value, (str, list, tuple)) and pd.isna(value):
        return missing if FORMS[form].right else ""
    return FORMS[form].text(value)
