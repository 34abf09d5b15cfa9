"""Dates in files and in their names, in every form the publications use."""

from __future__ import annotations

import re
from datetime import datetime

import pandas as pd

from pcs_dash.official.archive import InputFile

_DATE_FORMATS = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%d%b%Y",
    "%Y%m%d",
    "%b-%y",
    "%b%y",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%Y%m",
    "%B %Y",
)
# A date that could be of either order.
US_DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")


def parse_date(text: str) -> pd.Timestamp | None:
    """A date in any form the publications use (01Jul2023, 2025-10-01, 01/05/2025, Apr-25 ...);
    the day before the month.
    """
    return next((day for form in _DATE_FORMATS if (day := _parsed(text, form))), None)


def parse_us_date(text: str) -> pd.Timestamp | None:
    """The same figures with the month before the day, as Excel writes them in the United States."""
    return _parsed(text, "%m/%d/%Y")


def _parsed(text: str, form: str) -> pd.Timestamp | None:
    try:
        value = datetime.strptime(text, form)
    except ValueError:
        return None
    # strptime reads '2023071' as a date too; years beyond the series are faults.
    if 1850 <= value.year <= 2100 and (form != "%Y%m%d" or len(text) == 8):
        return pd.Timestamp(value)
    return None


def one_period(file: InputFile, periods: pd.Series) -> None:
    """Refuse a table that mixes dates."""
    days = sorted(periods.unique())
    if len(days) != 1:
        named = ", ".join(f"{pd.Timestamp(day):%d %B %Y}" for day in days[:4])
        raise file.fault(f"It mixes dates ({named}): give one file a date.")


_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def month_in_name(name: str) -> pd.Timestamp | None:
    """The month a file name carries ('... December 2025 ...', '2025-12', '122025'), or None.

    The last day of that month, as the workforce is counted on it.
    """
    for match in re.finditer(r"(?i)(?<![a-z])([a-z]{3,9})[ _.-]*((?:19|20)\d\d)(?!\d)", name):
        word = match[1].lower()
        for number, month in enumerate(_MONTHS, start=1):
            if month.startswith(word):
                return _month_end(int(match[2]), number)
    digits = re.search(r"(?<!\d)((?:19|20)\d\d)[-_.]?(0[1-9]|1[0-2])(?!\d)", name)
    if digits:
        return _month_end(int(digits[1]), int(digits[2]))
    digits = re.search(r"(?<!\d)(0[1-9]|1[0-2])[-_.]?(20\d\d)(?!\d)", name)
    return _month_end(int(digits[2]), int(digits[1])) if digits else None


def _month_end(year: int, month: int) -> pd.Timestamp:
    return pd.Timestamp(year, month, 1) + pd.offsets.MonthEnd(0)


def years_run_together(name: str) -> pd.Timestamp | None:
    """The last day of a financial year written 2324, or None."""
    found = re.search(r"(?<!\d)(\d\d)(\d\d)(?![-_/]?\d)", name)
    if found and int(found[2]) == int(found[1]) + 1:
        return pd.Timestamp(2000 + int(found[2]), 3, 31)
    return None


def year_in_name(name: str) -> pd.Timestamp | None:
    """The last day of a financial or calendar year in a file name ('2022-23', '22-23', 2023)."""
    found = re.search(r"(?<!\d)(?:20)?(\d\d)[-_/](\d\d)(?!\d)", name)
    if found and int(found[2]) == int(found[1]) + 1:
        return pd.Timestamp(2000 + int(found[2]), 3, 31)
    found = re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", name)
    return pd.Timestamp(int(found[1]), 12, 31) if found else None
