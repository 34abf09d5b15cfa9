"""What becomes of a table: new, changed, the same, older, or refused; and what to say of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pcs_dash.official.manifest import READER, TableEntry
from pcs_dash.official.recognise import Loaded
from pcs_dash.official.stored_tables import read_entry, stored_columns

_MOST_CODES = 20
# Between two editions of a publication its rows or patients fall by less than this, and by so
# much more for each year between them: practices merge, some 2% a year.
MOST_FALL = 0.10
MOST_FALL_A_YEAR = 0.03


@dataclass(frozen=True)
class Outcome:
    """What became of one table: 'new', 'changed', 'unchanged', 'older' (kept the newer one),
    'failed' (kept the last good one).
    """

    source: str
    status: str
    file_name: str = ""
    period: str = ""
    rows: int = 0
    period_before: str = ""
    rows_before: int = 0
    codes_added: tuple[str, ...] = ()
    codes_removed: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0
    columns: tuple[str, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    message: str = ""
    faults: tuple[str, ...] = ()
    by_name: bool = False  # it is loaded when its source is named

    def details(self) -> dict[str, object]:
        """All that is known, for JSON and the Data page; the codes are the first twenty."""
        return asdict(self)

    def row(self) -> dict[str, object]:
        """As a row of the command's output."""
        return {
            "source": self.source,
            "status": self.status,
            "period": self.period,
            "rows": self.rows or None,
            "was_period": self.period_before,
            "was_rows": self.rows_before or None,
            "file": self.file_name,
            "message": self.message,
        }


def unchanged(entry: TableEntry, file_name: str, message: str) -> Outcome:
    """A file that was loaded before."""
    return Outcome(
        entry.source, "unchanged", file_name, entry.period, entry.rows, entry.period, entry.rows,
        message=message,
    )  # fmt: skip


def content_of(table: pd.DataFrame) -> str:
    """A checksum of a table's figures, whatever file they stand in."""
    plain = pd.DataFrame(table)
    if isinstance(table, gpd.GeoDataFrame):
        plain = plain.assign(geometry=table.geometry.to_wkb())
    hashes = pd.util.hash_pandas_object(plain, index=False)
    return hashlib.sha256(hashes.to_numpy().tobytes()).hexdigest()


def second_file(item: Loaded, period: str, content: str, first: str, its_content: str) -> Outcome:
    """A second file for a period: the same figures again, or others."""
    if content == its_content:
        return Outcome(
            item.source.key, "unchanged", item.file_name, period, len(item.table), period,
            len(item.table), message=f"It holds the same as {first}.",
        )  # fmt: skip
    return Outcome(
        item.source.key, "failed", item.file_name, period,
        message=f"{first} is for the same period; keep one of the two files.",
    )  # fmt: skip


def judge(
    item: Loaded,
    tables: Mapping[tuple[str, str], TableEntry],
    root: Path,
    *,
    digest: str,
    itself: TableEntry | None,
    explicit: bool,
) -> Outcome:
    """Compare a loaded table with what is stored of its source (`tables`, below `root`).

    `itself`: the entry of the very same table, loaded before under another name of its file;
    `explicit`: the source was named, so an older or shorter table is taken.
    """
    day = f"{item.period:%Y-%m-%d}"
    key = item.source.key
    stored = sorted((e for e in tables.values() if e.source == key), key=lambda e: e.period)
    before = tables.get((key, day)) if item.source.series else (stored[-1] if stored else None)
    columns = tuple(str(column) for column in item.table.columns)
    # A new month stands beside the others: it is compared with the newest of them.
    beside = before or (stored[-1] if stored else None)
    if beside is None:
        return Outcome(
            key, "new", item.file_name, day, len(item.table), columns=columns, message=_told(item)
        )
    compared = {
        "period_before": beside.period,
        "rows_before": beside.rows,
        "columns": columns,
        **_columns(columns, beside, root),
        **_codes(item.table, beside, root),
    }
    status, message, by_name = "changed", _told(item), False
    if before is None:
        status = "new"
    if itself is not None and itself.period != day:
        status = "changed"
        message = f"It was loaded for {itself.period} under another name; that is put right."
    elif before is not None and (before.file_sha256, before.period) == (digest, day):
        status = "unchanged" if before.reader == READER else "changed"
    elif explicit:
        pass
    elif before is not None and day < before.period:
        status, by_name = "older", True
        message = f"Older than what is loaded; name the source ({key}) to load it all the same."
    elif fall := _fall(item, stored, root):
        status, message, by_name = "failed", fall, True
    return Outcome(
        key, status, item.file_name, day, len(item.table), message=message, by_name=by_name,
        **compared,  # type: ignore[arg-type]
    )  # fmt: skip


def _told(item: Loaded) -> str:
    """What to say of a table that loads: that it is short, and what was left out of it."""
    return " ".join(filter(None, (few(item), *item.notes)))


def few(item: Loaded) -> str:
    """A word of caution for a table of fewer rows than the publication has: any fewer where there
    is one edition, a fifth fewer where their number changes.
    """
    usual, rows = item.source.usual_rows, len(item.table)
    if rows >= usual * (1.0 if item.source.fixed_period else 0.8):
        return ""
    return f"Only {rows:,} rows; the published file has some {usual:,}: is it a part, or cut short?"


def _fall(item: Loaded, stored: Sequence[TableEntry], root: Path) -> str:
    """Why a table looks cut short beside the stored edition nearest to it in time; else nothing.

    Rows and patients are compared; without patients the lines of the files, as several lines can
    make one row.
    """
    near = min(stored, key=lambda entry: abs(pd.Timestamp(entry.period) - item.period))
    years = abs((pd.Timestamp(near.period) - item.period).days) / 365.25
    pairs = [("rows", near.rows, len(item.table))]
    if "patients" in item.table.columns and "patients" in stored_columns(root, near):
        old = read_entry(root, near, columns=["patients"])["patients"]
        pairs.append(("patients", int(old.sum()), int(item.table["patients"].sum())))
    elif item.lines and near.file_lines:
        pairs.append(("lines", near.file_lines, item.lines))
    for what, before, now in pairs:
        if now < before * (1 - MOST_FALL - MOST_FALL_A_YEAR * years):
            return (
                f"It has {now:,} {what}, {1 - now / before:.0%} fewer than the {before:,} loaded "
                f"for {near.period}: it may be cut short or a part. Download it again; if it is "
                f"right, name the source ({item.source.key}) to load it."
            )
    return ""


def _columns(
    columns: tuple[str, ...], before: TableEntry, root: Path
) -> dict[str, tuple[str, ...]]:
    """Columns that come and go."""
    old = stored_columns(root, before)
    return {
        "columns_added": tuple(column for column in columns if column not in old),
        "columns_removed": tuple(column for column in old if column not in columns),
    }


def _codes(table: pd.DataFrame, before: TableEntry, root: Path) -> dict[str, tuple[str, ...] | int]:
    """Codes that come and go, for tables with a row a practice or LSOA."""
    column = next((c for c in ("practice_code", "lsoa_code", "code") if c in table.columns), None)
    if column is None or before.geometry or column not in stored_columns(root, before):
        return {}
    old = set(read_entry(root, before, columns=[column])[column].astype(str))
    new = set(table[column].astype(str))
    return {
        "codes_added": tuple(sorted(new - old)[:_MOST_CODES]),
        "codes_removed": tuple(sorted(old - new)[:_MOST_CODES]),
        "added": len(new - old),
        "removed": len(old - new),
    }
