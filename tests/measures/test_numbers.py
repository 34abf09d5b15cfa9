"""Every figure is written alike."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcs_dash.measures.numbers import (
    MINUS,
    NO_FIGURE,
    between,
    count,
    decimals_for,
    number,
    of_all,
    p_text,
    per_cent,
    signed,
    signed_per_cent,
)
from pcs_dash.tables.paths import ROOT


@pytest.mark.parametrize(
    ("write", "arguments", "expected"),
    [
        (number, (12_345.6,), "12,346"),
        (number, (-1_234.5, 1), "−1,234.5"),
        (number, (-0.001, 2), "0.00"),
        (signed, (3.25,), "+3.2"),
        (signed, (-3.25, 2), "−3.25"),
        (signed, (-0.04,), "0.0"),
        (signed, (0.04,), "0.0"),
        (per_cent, (0.1234,), "12%"),
        (per_cent, (-0.1234, 1), "−12.3%"),
        (signed_per_cent, (0.236,), "+24%"),
        (signed_per_cent, (-0.236,), "−24%"),
        (signed_per_cent, (0.001,), "0%"),
        (signed_per_cent, (1.99,), "+199%"),
        (signed_per_cent, (2.0,), "3.0 times"),
        (signed_per_cent, (10.11,), "11 times"),
        (count, (1, "practice"), "1 practice"),
        (count, (1_234, "practice"), "1,234 practices"),
        (p_text, (0.0004,), "p < 0.001"),
        (p_text, (0.0152,), "p = 0.015"),
        (p_text, (0.23,), "p = 0.23"),
        (p_text, (0.04996,), "p = 0.04996"),
        (p_text, (0.0499999,), "p < 0.05"),
        (p_text, (math.nan,), ""),
        (p_text, (math.inf,), ""),
        (number, (0.5,), "0"),
        (number, (-1,), "−1"),
        (signed, (0,), "0.0"),
        (signed, (0.05,), "+0.1"),
        (per_cent, (1,), "100%"),
        (signed_per_cent, (-0.0123, 1), "−1.2%"),
        (count, (0, "practice"), "0 practices"),
        (count, (1, "country", "countries"), "1 country"),
        (count, (2, "country", "countries"), "2 countries"),
        (p_text, (0.001,), "p = 0.001"),
        (p_text, (0.1,), "p = 0.10"),
        (p_text, (0.0999,), "p = 0.100"),
        (p_text, (0.05,), "p = 0.050"),
        (p_text, (0.01,), "p = 0.010"),
        (p_text, (0.0096,), "p = 0.0096"),
        (p_text, (0.0099999,), "p < 0.01"),
        (p_text, (1.0,), "p = 1.00"),
        (between, (1, 2), "1 to 2"),
        (between, (-0.2, 3), "0 to 3"),
        (between, (0.4, 3), "0.4 to 3.0"),
        (between, (-3, -0.4), "−3.0 to −0.4"),
        (between, (0.000001, 3), "0.00000 to 3.00000"),
        (between, (0, 3), "0 to 3"),
        (between, (-3, 0), "−3 to 0"),
        (of_all, (1, 4, "group", "has", "have"), "1 of 4 groups has"),
        (of_all, (0, 1, "group", "has", "have"), "0 of 1 group have"),
        (of_all, (2, 1_000, "group", "is", "are"), "2 of 1,000 groups are"),
    ],
)
def test_figures_in_words(
    write: Callable[..., str], arguments: tuple[object, ...], expected: str
) -> None:
    assert write(*arguments) == expected


@pytest.mark.parametrize("missing", [math.nan, None, pd.NA, math.inf, -math.inf])
@pytest.mark.parametrize("write", [number, signed, per_cent, signed_per_cent])
def test_what_is_missing_is_no_figure(missing, write) -> None:  # type: ignore[no-untyped-def]
    assert write(missing) == NO_FIGURE


@pytest.mark.parametrize(
    ("low", "high", "decimals", "null", "expected"),
    [
        (-1_016.2, -20.3, 0, 0, "−1,016 to −20"),
        (-0.012, 0.45, 2, 0, "−0.01 to 0.45"),
        (0.0012, 0.45, 2, 0, "0.001 to 0.450"),
        (-0.45, -0.0004, 2, 0, "−0.4500 to −0.0004"),
        (-0.0004, 0.45, 2, 0, "0.00 to 0.45"),
        (1.004, 1.35, 2, 1, "1.004 to 1.350"),
        (2_258.3, 3_100, 0, 2_258, "2,258.3 to 3,100.0"),
        (math.nan, 3, 2, 0, "no interval"),
        (1, math.inf, 2, 0, "no interval"),
    ],
)
def test_an_interval_that_leaves_the_null_value_out_looks_as_if_it_did(
    low: float, high: float, decimals: int, null: float, expected: str
) -> None:
    assert between(low, high, decimals, null=null) == expected


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_figure_reads_back_with_one_minus_sign(value: float, decimals: int) -> None:
    for text in (number(value, decimals), signed(value, decimals)):
        assert "-" not in text
        read = float(text.replace(MINUS, "-").replace(",", ""))
        assert read == pytest.approx(round(value, decimals), abs=10**-decimals)
        assert text.lstrip(f"+{MINUS}") == text.removeprefix("+").removeprefix(MINUS)


def test_decimals_show_about_three_figures() -> None:
    assert [decimals_for(value) for value in (-2_500, 100, 99, 10, 9.9, 0)] == [0, 0, 1, 1, 2, 2]


# Not figures of the dashboard: a year, a place on the globe, the parts of a drawing, waiting.
WRITTEN_OTHERWISE = {
    "hubs/hub_shapes.py", "render/powerpoint.py", "render/report_workbook.py", "ui/slow_work.py",
    "views/cells.py", "pages/quality.py",
}  # fmt: skip


def formats(source: str) -> list[str]:
    """The fixed-point and per cent formats of a module's f-strings, but for bytes."""
    found = []
    for line in ast.walk(ast.parse(source)):
        if not isinstance(line, ast.JoinedStr):
            continue
        words = "".join(part.value for part in line.values if isinstance(part, ast.Constant))
        if " MB" in words or " GB" in words:
            continue
        for part in line.values:
            if isinstance(part, ast.FormattedValue) and part.format_spec is not None:
                text = ast.unparse(part.format_spec)
                if re.search(r"[.\d}][f%]['\"]$", text):
                    found.append(f"line {part.lineno}: {text}")
    return found


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for folder in ("measures", "hubs", "views", "render", "cli", "ui")
        for path in (ROOT / "pcs_dash" / folder).rglob("*.py")
        if path.name != "numbers.py" and f"{folder}/{path.name}" not in WRITTEN_OTHERWISE
    )
    + sorted(
        path
        for path in (ROOT / "pages").glob("*.py")
        if f"pages/{path.name}" not in WRITTEN_OTHERWISE
    ),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_no_module_writes_figures_of_its_own(path: Path) -> None:
    assert formats(path.read_text("utf-8")) == []


def test_a_format_of_its_own_would_be_seen() -> None:
    assert formats('f"{value:,.1f} and {share:.0%} of {n:,} on {day:%B %Y}, {size:.1f} x"') == [
        "line 1: f',.1f'", "line 1: f'.0%'", "line 1: f'.1f'",
    ]  # fmt: skip
    assert formats('f"{size:.1f} MB"') == []
