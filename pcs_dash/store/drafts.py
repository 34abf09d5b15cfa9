"""The autosaved draft: what a browser has on its table, whether saved or not.

A draft belongs to a browser token (random, kept by the browser) and a kind, and is overwritten at
every change. It survives a reload, a dropped connection and a restart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from pcs_dash.store.checks import MAX_DOCUMENT_BYTES, check_json
from pcs_dash.store.database import Database
from pcs_dash.store.models import DraftRow
from pcs_dash.tables.errors import UserError

KEEP_DAYS = 90
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,100}")


@dataclass(frozen=True)
class Draft:
    """A draft as it was last saved, at `saved_at` (UTC)."""

    document: dict[str, Any]
    saved_at: datetime


def save_draft(
    database: Database, token: str, document: Mapping[str, Any], *, kind: str = "plan"
) -> None:
    """Keep `document` as the draft of this browser. UserError for a token that is none, or a
    document beyond the limit.
    """
    values = {
        "document": check_json(dict(document), what="draft", limit=MAX_DOCUMENT_BYTES),
        "saved_at": datetime.now(UTC),
    }
    dialect = sqlite if database.kind == "sqlite" else postgresql
    insert = dialect.insert(DraftRow).values(token=_checked(token), kind=kind, **values)
    with database.writing() as session:
        session.execute(insert.on_conflict_do_update(index_elements=["token", "kind"], set_=values))


def load_draft(database: Database, token: str, *, kind: str = "plan") -> Draft | None:
    """The draft of this browser, or None. UserError for a token that is none."""
    query = select(DraftRow.document, DraftRow.saved_at)
    with database.reading() as session:
        row = session.execute(
            query.where(DraftRow.token == _checked(token), DraftRow.kind == kind)
        ).one_or_none()
    return None if row is None else Draft(row.document, row.saved_at)


def clean_drafts(database: Database, *, older_than_days: int = KEEP_DAYS) -> int:
    """Delete drafts untouched for this many days; how many there were. Call it at start-up."""
    before = datetime.now(UTC) - timedelta(days=older_than_days)
    with database.writing() as session:
        gone = session.execute(
            delete(DraftRow).where(DraftRow.saved_at < before).returning(DraftRow.token)
        )
        return len(gone.all())


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise UserError(
            "This browser's token is damaged. Open the page afresh from its first address."
        )
    return token
