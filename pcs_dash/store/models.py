"""The tables of the plan library. `migrations/` makes them; a test holds the two together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from pcs_dash.store.checks import MAX_AUTHOR, MAX_NAME, MAX_PERIOD
from pcs_dash.store.rights import MAX_PERSON, Sharing


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC, whichever the database: SQLite keeps no zone, PostgreSQL its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way in: UTC; SQLite has no zones, so there it is left out."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A stored time needs a zone.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """On the way out: always with its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The tables, with a rule for the names of indexes and keys, which migrations rest on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DocumentRow(Base):
    """A plan or a story: what its versions have in common, and which version is the latest."""

    __tablename__ = "documents"
    __table_args__ = (Index(None, "kind", "saved_at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    latest_version: Mapped[int] = mapped_column(Integer)
    # Name of the latest version, and what a search looks through (folded for any alphabet, which
    # SQLite's own lower() is not).
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    search_text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_by: Mapped[str | None] = mapped_column(String(MAX_AUTHOR))
    # None: saved while nobody signed in, or by a command.
    owner: Mapped[str | None] = mapped_column(String(MAX_PERSON))
    owner_name: Mapped[str | None] = mapped_column(String(MAX_PERSON))
    sharing: Mapped[str] = mapped_column(String(10), server_default=Sharing.ALL.value)
    # What its link of today holds; a new one makes those who came by the old one strangers.
    link_token: Mapped[str | None] = mapped_column(String(40), index=True, unique=True)


class VersionRow(Base):
    """One save. Never changed once written."""

    __tablename__ = "document_versions"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int] = mapped_column(Integer)
    based_on: Mapped[int | None] = mapped_column(Integer)
    restored_from: Mapped[int | None] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    note: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(String(MAX_AUTHOR))
    data_period: Mapped[str] = mapped_column(String(MAX_PERIOD))
    data_fingerprint: Mapped[str] = mapped_column(String(MAX_PERIOD))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # The long columns last: SQLite then lists the short ones without reading these.
    rules: Mapped[list[Any]] = mapped_column(JSON)
    list_sizes: Mapped[dict[str, Any]] = mapped_column(JSON)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class DraftRow(Base):
    """What a browser is working on and has not saved; one for each browser token and kind."""

    __tablename__ = "drafts"
    __table_args__ = (Index(None, "saved_at"),)

    token: Mapped[str] = mapped_column(String(100), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    document: Mapped[dict[str, Any]] = mapped_column(JSON)


class ShortLinkRow(Base):
    """A short link: a token that stands for one version."""

    __tablename__ = "short_links"
    __table_args__ = (UniqueConstraint("version_id"),)

    token: Mapped[str] = mapped_column(String(20), primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("document_versions.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GuestRow(Base):
    """Somebody who has opened a document by its link, and which link that was."""

    __tablename__ = "guests"

    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(MAX_PERSON), primary_key=True)
    link_token: Mapped[str] = mapped_column(String(40))


class AuditRow(Base):
    """Who did what. Added to, never changed, which the database holds too (migration 0002)."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"), Index(None, "action", "detail"))

    # At random, so that rows of a backup and of the library stand side by side.
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    person: Mapped[str] = mapped_column(String(MAX_PERSON))
    name: Mapped[str] = mapped_column(String(MAX_PERSON))
    role: Mapped[str] = mapped_column(String(20))
    action: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[str] = mapped_column(Text)
