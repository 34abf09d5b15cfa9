"""What is loaded, how old it is, and how to refresh it: for the command and the Data page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from pcs_dash.official.catalogue import SOURCES
from pcs_dash.official.store import Store

# A publication is due when what is loaded is older than its cadence and some weeks to publish.
_DUE_DAYS = (
    ("nightly", 60),
    ("monthly", 75),
    ("quarterly", 150),
    ("yearly", 550),
)


def source_rows(store: Store, *, today: datetime | None = None) -> list[dict[str, Any]]:
    """A row a source: what is loaded (period, rows, when, from which file, what was left out of
    it), age in days, whether a newer edition is due, and how to refresh it.
    """
    now = today or datetime.now(UTC)
    manifest = store.current()
    rows = []
    for source in SOURCES.values():
        entries = manifest.of(source.key) if manifest else []
        newest = entries[-1] if entries else None
        age = (now.date() - pd.Timestamp(newest.period).date()).days if newest else None
        rows.append(
            {
                "source": source.key,
                "title": source.title,
                "publisher": source.publisher,
                "period": newest.period if newest else "",
                "periods": len(entries),
                "rows": newest.rows if newest else None,
                "loaded_at": newest.loaded_at if newest else "",
                "file": newest.file_name if newest else "",
                "remarks": " ".join(newest.notes) if newest else "",
                "age_days": age,
                "due": _due(source.cadence, age),
                "cadence": source.cadence,
                "brings": source.brings,
                "refresh": f"python -m pcs_dash update {source.key}"
                + ("" if source.downloadable else " --from FOLDER"),
                "found": source.found,
                "landing_page": source.landing_page,
                "licence": source.licence,
                "note": source.note,
            }
        )
    return rows


def _due(cadence: str, age: int | None) -> str:
    if age is None:
        return "not loaded"
    limit = next((days for word, days in _DUE_DAYS if cadence.startswith(word)), None)
    return "newer edition due" if limit is not None and age > limit else "current"


def status_sentence(rows: Sequence[Mapping[str, Any]]) -> str:
    """One sentence on `source_rows`: how many are loaded, the newest period, how many are due."""
    loaded = [row for row in rows if row["period"]]
    if not loaded:
        return "No official data are loaded yet."
    # A table of allocations can be of a year to come.
    past = [row["period"] for row in loaded if row["age_days"] >= 0]
    newest = max(past or [row["period"] for row in loaded])
    due = sum(row["due"] == "newer edition due" for row in loaded)
    tail = f", {due} due for a newer edition" if due else ", none due for a newer edition"
    return (
        f"Official data loaded: {len(loaded)} of {len(rows)} sources, the newest of "
        f"{pd.Timestamp(newest):%B %Y}{tail}."
    )


def age_words(days: int | None) -> str:
    """An age as one would say it: 'today', '12 days', '7 weeks', '5 months', '3 years'."""
    if days is None:
        return ""
    if days < 0:
        return "in the future"
    for limit, length, one, many in (
        (1, 1, "today", ""),
        (28, 1, "day", "days"),
        (91, 7, "week", "weeks"),
        (730, 30.44, "month", "months"),
    ):
        if days < limit:
            count = int(days // length)
            return one if one == "today" else f"{count} {one if count == 1 else many}"
    return f"{int(days // 365.25)} years"


def history_rows(store: Store) -> list[dict[str, Any]]:
    """A row a version kept, newest first: version, created, area, tables, in_use, notes."""
    now = store.current()
    return [
        {
            "version": manifest.version,
            "created": manifest.created,
            "area": manifest.area,
            "tables": len(manifest.tables),
            "in_use": now is not None and now.version == manifest.version,
            "notes": "; ".join(manifest.notes),
        }
        for manifest in reversed(store.history())
    ]
