"""What is loaded, how old it is, and how to refresh it: for the command and the Data page."""

from __future__ import annotations

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
    """A row a source: what is loaded (period, rows, when, from which file), age in days, whether
    a newer edition is due, and how to refresh it.
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
