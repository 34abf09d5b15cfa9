"""Documents kept as versions: the mechanism that plans and stories share.

A document is any JSON object. Every save adds a version and changes none. Who saves says on which
version the work was based; if someone else has saved since, nothing is written and the caller is
told whose version came in between.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select, update
from sqlalchemy.orm import Session

from pcs_dash.store.checks import (
    MAX_AUTHOR,
    MAX_DOCUMENT_BYTES,
    MAX_NAME,
    MAX_NOTE,
    MAX_PERIOD,
    MAX_RULES_BYTES,
    MAX_SEARCH,
    check_json,
    check_text,
)
from pcs_dash.store.database import Database
from pcs_dash.store.models import DocumentRow, VersionRow
from pcs_dash.tables.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a list shows of one version. Names, notes and authors are untrusted text.

    `saved_at` is when this version was saved, `created_at` when the first one was; both UTC.
    `based_on` is the version it was made from.
    """

    id: int
    version: int
    latest_version: int
    name: str
    note: str
    author: str
    data_period: str
    data_fingerprint: str
    saved_at: datetime
    created_at: datetime
    based_on: int | None
    deleted_at: datetime | None
    deleted_by: str | None


@dataclass(frozen=True, kw_only=True)
class Saved(Entry):
    """One version in full. `list_sizes`: patients by practice code when it was saved, or empty;
    `version_id` is the key of a short link.
    """

    version_id: int
    rules: list[Any]
    list_sizes: dict[str, int]
    document: dict[str, Any]


class NotFoundError(UserError):
    """No such document, or no such version of it."""


class DeletedError(UserError):
    """The document was deleted; the delete can be undone."""

    def __init__(self, message: str, *, id: int) -> None:
        super().__init__(message)
        self.id = id


class ConflictError(UserError):
    """Someone else saved in between. Nothing was written; `theirs` is the latest version."""

    def __init__(self, *, noun: str, based_on_version: int, theirs: Saved) -> None:
        self.id = theirs.id
        self.based_on_version = based_on_version
        self.theirs = theirs
        super().__init__(
            f"{theirs.author or 'Someone'} saved version {theirs.version} of the {noun} "
            f"'{theirs.name}' on {theirs.saved_at:%d %B %Y at %H:%M} UTC, after you opened version "
            f"{based_on_version}. Yours is not saved yet: merge the two, or save yours as a copy."
        )


class DocumentLibrary:
    """The documents of one kind. `noun` names them in messages."""

    kind = "document"
    noun = "document"

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- writing ---

    def create(
        self,
        document: Mapping[str, Any],
        *,
        name: str,
        note: str = "",
        author: str = "",
        data_period: str = "",
        data_fingerprint: str = "",
        rules: Sequence[Mapping[str, Any]] = (),
        list_sizes: Mapping[str, int] | None = None,
    ) -> Saved:
        """Save as a new document, at version 1. Also "save as a copy". UserError beyond limits.

        Two documents may have the same name; their ids differ.
        """
        content = _content(
            document, name, note, author, data_period, data_fingerprint, rules, list_sizes
        )
        now = datetime.now(UTC)
        with self._database.writing() as session:
            row = DocumentRow(
                kind=self.kind,
                latest_version=1,
                name=name,
                search_text=_search_text(content),
                created_at=now,
                saved_at=now,
            )
            session.add(row)
            session.flush()
            version = VersionRow(document_id=row.id, number=1, created_at=now, **content)
            session.add(version)
            session.flush()
            return _saved(row, version)

    def save(
        self,
        id: int,
        based_on_version: int,
        document: Mapping[str, Any],
        *,
        name: str,
        note: str = "",
        author: str = "",
        data_period: str = "",
        data_fingerprint: str = "",
        rules: Sequence[Mapping[str, Any]] = (),
        list_sizes: Mapping[str, int] | None = None,
    ) -> Saved:
        """Save the next version, if `based_on_version` is still the latest.

        ConflictError if it isn't; DeletedError or NotFoundError if there is no such document.
        Saving the very same once more (an answer was lost on the way) gives the version that the
        first attempt made.
        """
        content = _content(
            document, name, note, author, data_period, data_fingerprint, rules, list_sizes
        )
        with self._database.writing() as session:
            return self._add_version(session, id, based_on_version, content)

    def delete(self, id: int, *, author: str = "") -> None:
        """Take the document out of the list. Nothing is lost: `undelete` brings it back."""
        check_text(author, what="author", limit=MAX_AUTHOR)
        self._mark(id, deleted_at=datetime.now(UTC), deleted_by=author)

    def undelete(self, id: int) -> None:
        """Undo `delete`; no effect if the document isn't deleted."""
        self._mark(id, deleted_at=None, deleted_by=None)

    # --- reading ---

    def open(self, id: int, version: int | None = None) -> Saved:
        """A version in full (the latest if None), also of a deleted document.

        NotFoundError if there is no such document or version.
        """
        with self._database.reading() as session:
            return self._open(session, id, version)

    def entries(
        self,
        search: str = "",
        *,
        deleted: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Entry]:
        """The latest version of each document, last saved first.

        `search`: words, each of which must occur in name, author or note, in any case; `deleted`
        lists the deleted ones instead.
        """
        query = _select_entries().where(
            VersionRow.number == DocumentRow.latest_version, *self._matching(search, deleted)
        )
        query = query.order_by(DocumentRow.saved_at.desc(), DocumentRow.id.desc())
        with self._database.reading() as session:
            return [_entry(row) for row in session.execute(query.limit(limit).offset(offset))]

    def count(self, search: str = "", *, deleted: bool = False) -> int:
        """How many documents `entries` would give without a limit."""
        query = select(func.count()).select_from(DocumentRow)
        with self._database.reading() as session:
            return session.execute(query.where(*self._matching(search, deleted))).scalar_one()

    def versions(self, id: int) -> list[Entry]:
        """Every version of a document, the latest first. NotFoundError if there is none."""
        query = _select_entries().where(DocumentRow.kind == self.kind, DocumentRow.id == _key(id))
        with self._database.reading() as session:
            rows = session.execute(query.order_by(VersionRow.number.desc())).all()
        if not rows:
            raise self._missing(id)
        return [_entry(row) for row in rows]

    def find(self, id_or_name: str) -> Entry:
        """The document with this id or, failing that, with this name (case ignored if no name is
        spelt so); deleted ones only by id.

        NotFoundError if there is none, UserError if several have the name.
        """
        text = id_or_name.strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:
            try:
                return self.versions(int(text))[0]
            except NotFoundError:
                pass
        named = [
            entry
            for entry in self.entries(id_or_name[:MAX_SEARCH])
            if _fold(entry.name) == _fold(id_or_name)
        ]
        exact = [entry for entry in named if entry.name == id_or_name]
        found = exact or named
        if not found:
            raise NotFoundError(
                f"There is no {self.noun} with the id or name '{id_or_name}'. "
                f"List them to see which there are."
            )
        if len(found) > 1:
            ids = ", ".join(str(entry.id) for entry in sorted(found, key=lambda entry: entry.id))
            raise UserError(
                f"{len(found)} of the saved {self.noun} documents are named '{id_or_name}'. "
                f"Give an id: {ids}."
            )
        return found[0]

    # --- inside ---

    def _matching(self, search: str, deleted: bool) -> list[Any]:
        check_text(search, what="search", limit=MAX_SEARCH)
        words = [
            DocumentRow.search_text.contains(word, autoescape=True)
            for word in _fold(search).split()
        ]
        gone = DocumentRow.deleted_at.is_not(None) if deleted else DocumentRow.deleted_at.is_(None)
        return [DocumentRow.kind == self.kind, gone, *words]

    def _add_version(
        self,
        session: Session,
        id: int,
        based_on: int,
        content: dict[str, Any],
    ) -> Saved:
        now = datetime.now(UTC)
        # The test of the version and its step forward are one statement, so that of two savers
        # exactly one gets through, whatever the database's isolation.
        moved = session.execute(
            update(DocumentRow)
            .where(
                DocumentRow.kind == self.kind,
                DocumentRow.id == _key(id),
                DocumentRow.latest_version == _key(based_on),
                DocumentRow.deleted_at.is_(None),
            )
            .values(
                latest_version=DocumentRow.latest_version + 1,
                name=content["name"],
                search_text=_search_text(content),
                saved_at=now,
            )
            .returning(DocumentRow.id)
        ).all()
        if not moved:
            return self._same_or_refused(session, id, based_on, content)
        session.add(
            VersionRow(
                document_id=id,
                number=based_on + 1,
                based_on=based_on,
                created_at=now,
                **content,
            )
        )
        session.flush()
        return self._open(session, id, based_on + 1)

    def _same_or_refused(
        self,
        session: Session,
        id: int,
        based_on: int,
        content: dict[str, Any],
    ) -> Saved:
        theirs = self._open(session, id, None)
        if theirs.deleted_at is not None:
            raise DeletedError(
                f"The {self.noun} '{theirs.name}' was deleted by {theirs.deleted_by or 'someone'} "
                f"on {theirs.deleted_at:%d %B %Y at %H:%M} UTC. Undo the delete and save again, "
                "or save yours as a copy.",
                id=id,
            )
        same = all(getattr(theirs, field) == value for field, value in content.items())
        if same and theirs.based_on == based_on:
            return theirs
        raise ConflictError(noun=self.noun, based_on_version=based_on, theirs=theirs)

    def _open(self, session: Session, id: int, version: int | None) -> Saved:
        number = DocumentRow.latest_version if version is None else _key(version)
        row = session.execute(
            select(DocumentRow, VersionRow)
            .join(VersionRow, VersionRow.document_id == DocumentRow.id)
            .where(
                DocumentRow.kind == self.kind,
                DocumentRow.id == _key(id),
                VersionRow.number == number,
            )
            # The session may hold the row as it was before an UPDATE.
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            raise self._missing(id, version)
        return _saved(*row)

    def _mark(self, id: int, **values: Any) -> None:
        with self._database.writing() as session:
            marked = session.execute(
                update(DocumentRow)
                .where(DocumentRow.kind == self.kind, DocumentRow.id == _key(id))
                .values(**values)
                .returning(DocumentRow.id)
            ).all()
            if not marked:
                raise self._missing(id)

    def _missing(self, id: int, version: int | None = None) -> NotFoundError:
        which = "" if version is None else f", or it has no version {version}"
        return NotFoundError(
            f"There is no {self.noun} with the id {id} in the library{which}. List what there is."
        )


def _key(number: int) -> int:
    """A number that both databases take as a key; what can be none is made one that is not used."""
    return number if 0 < number < 2**31 else -1


def _content(
    document: Mapping[str, Any],
    name: str,
    note: str,
    author: str,
    data_period: str,
    data_fingerprint: str,
    rules: Sequence[Mapping[str, Any]],
    list_sizes: Mapping[str, int] | None,
) -> dict[str, Any]:
    """The columns of a version that the caller fills, checked."""
    return {
        "name": check_text(name, what="name", limit=MAX_NAME, required=True),
        "note": check_text(note, what="note", limit=MAX_NOTE),
        "author": check_text(author, what="author", limit=MAX_AUTHOR),
        "data_period": check_text(data_period, what="data period", limit=MAX_PERIOD),
        "data_fingerprint": check_text(data_fingerprint, what="fingerprint", limit=MAX_PERIOD),
        "rules": check_json(
            [dict(rule) for rule in rules], what="table of rules", limit=MAX_RULES_BYTES
        ),
        "list_sizes": check_json(
            {code: int(patients) for code, patients in (list_sizes or {}).items()},
            what="table of list sizes",
            limit=MAX_DOCUMENT_BYTES,
        ),
        "document": check_json(dict(document), what="document", limit=MAX_DOCUMENT_BYTES),
    }


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _search_text(content: Mapping[str, Any]) -> str:
    return "\n".join(_fold(content[field]) for field in ("name", "author", "note"))


def _select_entries() -> Select[*tuple[Any, ...]]:
    """The columns of `Entry`, in its order, without the long ones."""
    return select(
        DocumentRow.id,
        VersionRow.number.label("version"),
        DocumentRow.latest_version,
        VersionRow.name,
        VersionRow.note,
        VersionRow.author,
        VersionRow.data_period,
        VersionRow.data_fingerprint,
        VersionRow.created_at.label("saved_at"),
        DocumentRow.created_at,
        VersionRow.based_on,
        DocumentRow.deleted_at,
        DocumentRow.deleted_by,
    ).join(VersionRow, VersionRow.document_id == DocumentRow.id)


def _entry(row: Row[Any]) -> Entry:
    return Entry(**row._mapping)


def _saved(document: DocumentRow, version: VersionRow) -> Saved:
    return Saved(
        id=document.id,
        version=version.number,
        latest_version=document.latest_version,
        name=version.name,
        note=version.note,
        author=version.author,
        data_period=version.data_period,
        data_fingerprint=version.data_fingerprint,
        saved_at=version.created_at,
        created_at=document.created_at,
        based_on=version.based_on,
        deleted_at=document.deleted_at,
        deleted_by=document.deleted_by,
        version_id=version.id,
        rules=version.rules,
        list_sizes=version.list_sizes,
        document=version.document,
    )
