"""The autosaved draft: what a browser has on its table, whether saved or not.

A draft belongs to a browser token (random, kept by the browser) and a kind, and is overwritten at
every change, but never by another tab: that one keeps a draft of its own. It survives a reload, a
dropped connection and a restart.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import delete, false, func, select, true
from sqlalchemy.dialects import postgresql, sqlite

from pcs_dash.store.checks import MAX_DOCUMENT_BYTES, check_json
from pcs_dash.store.database import Database
from pcs_dash.store.models import DraftRow
from pcs_dash.tables.errors import UserError

KEEP_DAYS = 90
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,100}")


@dataclass(frozen=True)
class Draft:
    """A draft as it was last saved, at `saved_at` (UTC), and the place it is kept in."""

    document: dict[str, Any]
    saved_at: datetime
    kind: str


@dataclass
class Place:
    """Where one tab keeps its draft, so that no tab overwrites what another has written.

    `name` is the kind ("plan") or, once another tab wrote there, a name of the tab's own;
    `seen` when the draft was saved that the tab's stands on; `others` the drafts of other tabs
    that it was told of.
    """

    token: str
    kind: str
    name: str
    seen: datetime | None = None
    others: frozenset[str] = frozenset()

    def keep(self, database: Database, document: Mapping[str, Any]) -> str:
        """Save the tab's draft; returns what to tell of other tabs, "" for nothing.

        UserError as `save_draft` raises it.
        """
        told = ""
        saved = save_draft(database, self.token, document, kind=self.name, after=self.seen)
        if saved is None:
            self.name = f"{self.kind}~{secrets.token_hex(5)}"
            saved = save_draft(database, self.token, document, kind=self.name)
            told = "Another tab of this browser was first, so this tab keeps its own from now on."
        self.seen = saved
        names = _names(database, self.token, self.kind)
        others = names - {self.name}
        if others - self.others and not told:
            told = "Another tab of this browser has changes of its own from now on."
        self.others = others
        return f"{told} Both are kept." if told else ""


def open_draft(database: Database, token: str, kind: str) -> tuple[Place, list[Draft]]:
    """The place for a tab that begins, and the drafts of this browser, latest first: the tab's
    stands on the first. UserError for a token that is none.
    """
    found = [
        draft
        for name in _names(database, token, kind)
        if (draft := load_draft(database, token, kind=name)) is not None
    ]
    found.sort(key=lambda draft: draft.saved_at, reverse=True)
    first = found[0] if found else None
    others = frozenset(draft.kind for draft in found[1:])
    place = Place(
        token, kind, first.kind if first else kind, first.saved_at if first else None, others
    )
    return place, found


def save_draft(
    database: Database,
    token: str,
    document: Mapping[str, Any],
    *,
    kind: str = "plan",
    after: datetime | Literal["any"] | None = "any",
) -> datetime | None:
    """Keep `document` as the draft of this browser where the last one was saved at `after` (None:
    where there is none); returns when it was saved, None where another was saved in between.

    UserError for a token that is none, or a document beyond the limit.
    """
    now = database.now()
    # No two saves of one draft have the same time, whatever the clock does.
    last = after if isinstance(after, datetime) else None
    saved_at = now if last is None or now > last else last + timedelta(microseconds=1)
    values = {
        "document": check_json(dict(document), what="draft", limit=MAX_DOCUMENT_BYTES),
        "saved_at": saved_at,
    }
    dialect = sqlite if database.kind == "sqlite" else postgresql
    insert = dialect.insert(DraftRow).values(token=_checked(token), kind=kind, **values)
    standing = true() if after == "any" else false() if last is None else DraftRow.saved_at == last
    save = insert.on_conflict_do_update(
        index_elements=["token", "kind"], set_=values, where=standing
    ).returning(DraftRow.kind)
    with database.writing() as session:
        return saved_at if session.execute(save).all() else None


def load_draft(database: Database, token: str, *, kind: str = "plan") -> Draft | None:
    """The draft of this browser, or None. UserError for a token that is none."""
    query = select(DraftRow.document, DraftRow.saved_at)
    with database.reading() as session:
        row = session.execute(
            query.where(DraftRow.token == _checked(token), DraftRow.kind == kind)
        ).one_or_none()
    return None if row is None else Draft(row.document, row.saved_at, kind)


def drop_draft(database: Database, token: str, kind: str) -> None:
    """Delete a draft of this browser, which is no longer wanted."""
    with database.writing() as session:
        session.execute(
            delete(DraftRow).where(DraftRow.token == _checked(token), DraftRow.kind == kind)
        )


def _names(database: Database, token: str, kind: str) -> frozenset[str]:
    query = select(DraftRow.kind).where(DraftRow.token == _checked(token))
    with database.reading() as session:
        names = session.execute(query).scalars()
        return frozenset(name for name in names if name.partition("~")[0] == kind)


def clean_drafts(database: Database, *, older_than_days: int = KEEP_DAYS) -> int:
    """Delete drafts untouched for this many days; how many there were. Call it at start-up.

    Days before the last time that anything was written here, where that was earlier than now: a
    clock that jumps ahead makes no draft old.
    """
    with database.writing() as session:
        newest = session.execute(select(func.max(DraftRow.saved_at))).scalar()
        if newest is None:
            return 0
        before = min(newest, datetime.now(UTC)) - timedelta(days=older_than_days)
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
