"""Any measure of practices, in a file of one's own: a row a practice, measure and period.

Columns practice_code, value or numerator and denominator, unit, period, source; `measure` names it
where the file holds several, else the file's name does. Checked as the publications are: a figure
that contradicts its own parts is refused, never mended.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from pcs_dash.measures.register import OWN_PREFIX
from pcs_dash.official.archive import InputFile
from pcs_dash.official.file_dates import month_in_name, parse_date, year_in_name
from pcs_dash.official.layout import ODS_PRACTICE, Column, Layout, normalise_heading
from pcs_dash.tables.no_value import NO_FIGURE

MOST_MEASURES = 50
LONGEST_TEXT = 80
# A value may be rounded: it agrees with its parts within one per cent or half its last decimal.
_ROUNDED = 0.01
_KEY = ["practice_code", "measure", "period_label"]
_MISSING = ("NA", "ND", "*", *NO_FIGURE)


def _figure(
    name: str, sources: tuple[str, ...], meaning: str, minimum: float | None = None
) -> Column:
    return Column(
        name, sources, "float", meaning, required=False, nullable=True, missing=_MISSING,
        minimum=minimum,
    )  # fmt: skip


OWN_MEASURES = Layout(
    columns=(
        Column("practice_code", ("practice_code", "ODS code", "Practice code", "GP_CODE"), "code",
               "ODS code", pattern=ODS_PRACTICE),
        Column("measure", ("measure", "indicator", "Indicator name"), "text", "what is measured",
               required=False, nullable=True),
        _figure("value", ("value", "figure"), "the practice's figure"),
        _figure("numerator", ("numerator", "count"), "what is counted", minimum=0),
        _figure("denominator", ("denominator",), "what it is of", minimum=0),
        Column("unit", ("unit", "units"), "text", "unit: %, per 1,000 patients, ..."),
        Column("period_label", ("period", "Time period"), "text", "when: 2024-25, March 2025"),
        Column("source", ("source", "publisher"), "text", "who published it"),
    ),
)  # fmt: skip


def load_own_measures(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """One row a practice, measure and period: practice_code, key, measure, value, numerator,
    denominator, unit, times (what numerator over denominator is multiplied by), period_label,
    period (its last day), source.

    A value that is not given is that of its parts. InputFileError for a figure that they
    contradict, a share beyond 0 to 100%, a part without the other, a row that stands twice, and a
    measure of two units or sources.
    """
    for name in ("value", "numerator", "denominator"):
        if name not in table.columns:
            table[name] = np.nan
    named = re.sub(r"\.\w+$", "", file.base_name).replace("_", " ").strip()
    table["measure"] = table["measure"].fillna(named) if "measure" in table.columns else named
    for name in ("measure", "unit", "period_label", "source"):
        table[name] = table[name].astype("str").str.strip()
    table["period"] = _periods(file, table["period_label"])
    table["key"] = OWN_PREFIX + table["measure"].map(normalise_heading)
    table["times"] = table["unit"].map(_times)
    faults = [
        *_names(table),
        *_told(table[table.duplicated(_KEY)], "stands in two rows."),
        *_parts(table),
        *_shares(table),
    ]
    if faults:
        raise file.fault(*faults)
    exact = (
        table["times"] * table["numerator"] / table["denominator"].where(table["denominator"] > 0)
    )
    table["value"] = table["value"].fillna(exact)
    if table["value"].isna().all():
        raise file.fault("No row has a value, or a numerator and a denominator above 0.")
    without = int(table["value"].isna().sum())
    if without:
        file.notes.append(f"{without:,} rows without a figure: missing, not 0.")
    columns = ["practice_code", "key", "measure", "value", "numerator", "denominator", "unit",
               "times", "period_label", "period", "source"]  # fmt: skip
    return table[columns].sort_values(["key", "period", "practice_code"]).reset_index(drop=True)


def _times(unit: str) -> float:
    """100 for "%", 1,000 for "per 1,000 patients", else 1."""
    if unit.startswith("%"):
        return 100.0
    found = re.search(r"\bper (\d[\d,]*)", unit)
    return float(found[1].replace(",", "")) if found else 1.0


def _periods(file: InputFile, labels: pd.Series) -> pd.Series:
    days = {text: year_in_name(text) if re.fullmatch(r"\d{4}([-/]\d\d(\d\d)?)?", text) else
            parse_date(text) or month_in_name(text) or year_in_name(text)
            for text in labels.unique()}  # fmt: skip
    # 2025-03 is a month and 2024-25 a financial year.
    days |= {text: month_in_name(text) or days[text] for text in days
             if re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", text)}  # fmt: skip
    unread = [text[:40] for text, day in days.items() if day is None]
    if unread:
        raise file.fault(
            f"Column 'period': '{unread[0]}' is no period. Write 2024-25, 2025, March 2025 or "
            "2025-03-31."
        )
    return pd.to_datetime(labels.map(days))


def _names(table: pd.DataFrame) -> list[str]:
    """Names that can't stand in a menu, and measures that are not one."""
    faults = []
    measures = table["measure"].unique()
    if len(measures) > MOST_MEASURES:
        faults.append(f"It has {len(measures):,} measures; {MOST_MEASURES} are read at most.")
    for name in ("measure", "unit", "source"):
        long = [text for text in table[name].unique() if not 0 < len(text) <= LONGEST_TEXT]
        if long:
            faults.append(f"Column '{name}': '{long[0][:40]}...' is empty or longer than "
                          f"{LONGEST_TEXT} characters.")  # fmt: skip
    for key, own in table.groupby("key"):
        if key == "own_" or len(own["measure"].unique()) > 1:
            faults.append(f"Column 'measure': {', '.join(own['measure'].unique()[:3])} can't be "
                          "told apart by letters and figures.")  # fmt: skip
        for name in ("unit", "source"):
            several = own.groupby("period_label")[name].nunique()
            if (several > 1).any():
                faults.append(f"{own['measure'].iloc[0]}: more than one {name} in "
                              f"{several.index[several > 1][0]}.")  # fmt: skip
        if len(own["unit"].unique()) > 1:
            faults.append(f"{own['measure'].iloc[0]}: its unit changes between periods.")
    return faults


def _told(rows: pd.DataFrame, what: str) -> list[str]:
    """The first five rows of which something is wrong, and how many there are."""
    told = [
        f"{row['practice_code']}, {row['measure']}, {row['period_label']}: {what.format_map(row)}"
        for row in rows.head(5).to_dict("records")
    ]
    return [*told, *([f"... {len(rows):,} such rows in all."] if len(rows) > 5 else [])]


def _parts(table: pd.DataFrame) -> list[str]:
    """Rows of which a part is missing, the whole is 0, or the value is not what the parts give."""
    top, bottom, value = (table[name] for name in ("numerator", "denominator", "value"))
    one = table[top.notna() != bottom.notna()]
    nothing = table[(bottom == 0) & ((top > 0) | value.notna())]
    exact = table["times"] * top / bottom.where(bottom > 0)
    decimals = value.map(_decimals)
    allowed = np.maximum(_ROUNDED * exact.abs(), 0.5 * 10.0**-decimals) + 1e-9
    wrong = table.assign(exact=exact.round(4))[(value - exact).abs() > allowed]
    return [
        *_told(one, "numerator and denominator go together; one is missing."),
        *_told(nothing, "a figure over a denominator of 0."),
        *_told(wrong, "value {value:g}, but numerator over denominator gives {exact:g} {unit}."),
    ]


def _shares(table: pd.DataFrame) -> list[str]:
    """Shares beyond 0 to 100%."""
    share = table["unit"].str.match(r"%($| of )")
    beyond = share & ((table["value"] < 0) | (table["value"] > 100))
    over = share & (table["numerator"] > table["denominator"])
    return [
        *_told(table[beyond], "value {value:g} is no share of 0 to 100%."),
        *_told(table[over], "numerator {numerator:g} is more than denominator {denominator:g}."),
    ]


def _decimals(value: float) -> int:
    """Decimals that a figure is written with, four at most."""
    text = f"{value:.4f}".rstrip("0")
    return len(text.partition(".")[2]) if np.isfinite(value) else 0
