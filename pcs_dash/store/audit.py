"""The audit: who did what, when. Rows are added and never changed, which the database holds too.

Written where people sign in. Names of documents are not in it, since private ones have none for
others to read: their kind and number are.
"""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pcs_dash.store.database import Database
from pcs_dash.store.models import AuditRow
from pcs_dash.store.rights import Who
from pcs_dash.tables.errors import UserError

MAX_DETAIL = 500
_log = logging.getLogger(__name__)


def record(
    session: Session,
    who: Who,
    action: str,
    *,
    kind: str = "",
    id: int | None = None,
    detail: str = "",
) -> None:
    """Add a row, in the transaction of what it tells of; none where nobody signs in."""
    if not who.signed_in:
        return
    session.add(
        AuditRow(
            id=uuid.uuid4().hex,
            at=datetime.now(UTC),
            person=who.id,
            name=who.name,
            role=who.role or "",
            action=action,
            kind=kind,
            document_id=id,
            detail=detail[:MAX_DETAIL],
        )
    )


def note(database: Database, who: Who, action: str, **about: Any) -> None:
    """Add a row of its own (`record`); the log has what can't be written."""
    try:
        with database.writing() as session:
            record(session, who, action, **about)
    except UserError as error:
        _log.warning("not in the audit: %s %s of %s (%s)", action, about, who.id, error)


def has(database: Database, action: str, detail: str) -> bool:
    """Whether the audit has such a row."""
    query = select(AuditRow.id).where(AuditRow.action == action, AuditRow.detail == detail)
    with database.reading() as session:
        return session.execute(query.limit(1)).first() is not None


def entries(
    database: Database, *, since: datetime | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Rows from `since` on, latest first: at (UTC), person, name, role, action, kind, document_id,
    detail.
    """
    columns = [column for column in AuditRow.__table__.columns if column.name != "id"]
    query = select(*columns).order_by(AuditRow.at.desc(), AuditRow.id).limit(limit)
    if since is not None:
        query = query.where(AuditRow.at >= since)
    with database.reading() as session:
        return [dict(row) for row in session.execute(query).mappings()]
