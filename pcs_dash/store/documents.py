"""Documents kept as versions: the mechanism that plans and stories share.

A document is any JSON object. Every save adds a version and changes none. Who saves says on which
version the work was based; if someone else has saved since, nothing is written and the caller is
told whose version came in between.

Where people sign in a library is somebody's (`who`): what is not for them to read is not there,
whichever way they ask for it, and what is not for them to do is refused (`rights`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Required, TypedDict, TypeVar, Unpack

from sqlalchemy import (
    ColumnElement,
    Insert,
    Row,
    Select,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pcs_dash.store import audit
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
from pcs_dash.store.models import DocumentRow, GuestRow, VersionRow
from pcs_dash.store.rights import (
    BY_LINK,
    EVERYONE,
    Access,
    Action,
    RefusedError,
    Sharing,
    Who,
    may,
    require,
)
from pcs_dash.tables.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a list shows of one version. Names, notes and authors are untrusted text.

    `saved_at` is when this version was saved, `created_at` when the first one was; both UTC.
    `based_on` is the version it was made from; `access` whose it is, for `may`.
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
    owner_name: str | None
    access: Access


@dataclass(frozen=True, kw_only=True)
class Saved(Entry):
    """One version in full. `list_sizes`: patients by practice code when it was saved, or empty;
    `version_id` is the key of a short link.
    """

    version_id: int
    rules: list[Any]
    list_sizes: dict[str, int]
    document: dict[str, Any]


E = TypeVar("E", bound=Entry)


class About(TypedDict, total=False):
    """What is saved of a version beside its document."""

    name: Required[str]
    note: str
    author: str
    data_period: str
    data_fingerprint: str
    rules: Sequence[Mapping[str, Any]]
    list_sizes: Mapping[str, int] | None


class NotFoundError(UserError):
    """No such document, or no such version of it, or none for this person (`refused`: id and what
    was asked for, for the audit alone).
    """

    def __init__(self, message: str, refused: tuple[int, Action] | None = None) -> None:
        super().__init__(message)
        self.refused = refused


class DeletedError(UserError):
    """The document was deleted; the delete can be undone."""

    def __init__(self, message: str, *, id: int) -> None:
        super().__init__(message)
        self.id = id


class ConflictError(UserError):
    """Someone else saved in between. Nothing was written; `theirs` is the latest version."""

    def __init__(self, *, kind: str, based_on_version: int, theirs: Saved) -> None:
        self.id = theirs.id
        self.based_on_version = based_on_version
        self.theirs = theirs
        super().__init__(
            f"{theirs.author or 'Someone'} saved version {theirs.version} of the {kind} "
            f"'{theirs.name}' on {theirs.saved_at:%d %B %Y at %H:%M} UTC, after you opened version "
            f"{based_on_version}. Yours is not saved yet: merge the two, or save yours as a copy."
        )


class DocumentLibrary:
    """The documents of one kind, as `who` has them."""

    kind = "document"

    def __init__(self, database: Database, who: Who = EVERYONE) -> None:
        self._database = database
        self.who = who

    # --- writing ---

    def create(self, document: Mapping[str, Any], **about: Unpack[About]) -> Saved:
        """Save as a new document, at version 1. Also "save as a copy". UserError beyond limits.

        Two documents may have the same name; their ids differ.
        """
        content = self._content(document, **about)
        now = datetime.now(UTC)
        with self._writing() as session:
            require(self.who, Action.SAVE)
            row = DocumentRow(
                kind=self.kind,
                latest_version=1,
                name=content["name"],
                search_text=_search_text(content),
                created_at=now,
                saved_at=now,
                owner=self.who.id or None,
                owner_name=self.who.name or None,
                sharing=Sharing.PRIVATE if self.who.signed_in else Sharing.ALL,
            )
            session.add(row)
            session.flush()
            session.add(VersionRow(document_id=row.id, number=1, created_at=now, **content))
            session.flush()
            self._record(session, "saved", row.id, "version 1")
            return self._open(session, row.id, 1)

    def save(
        self, id: int, based_on_version: int, document: Mapping[str, Any], **about: Unpack[About]
    ) -> Saved:
        """Save the next version, if `based_on_version` is still the latest.

        ConflictError if it isn't; DeletedError or NotFoundError if there is no such document.
        Saving the very same once more (an answer was lost on the way) gives the version that the
        first attempt made.
        """
        content = self._content(document, **about)
        with self._writing() as session:
            self._permit(session, id, Action.EDIT)
            return self._add_version(session, id, based_on_version, content)

    def delete(self, id: int, *, author: str = "") -> None:
        """Take the document out of the list. Nothing is lost: `undelete` brings it back."""
        by = self.who.name if self.who.signed_in else author
        check_text(by, what="author", limit=MAX_AUTHOR)
        self._mark(id, "deleted", deleted_at=datetime.now(UTC), deleted_by=by)

    def undelete(self, id: int) -> None:
        """Undo `delete`; no effect if the document isn't deleted."""
        self._mark(id, "undeleted", deleted_at=None, deleted_by=None)

    def share(self, id: int, sharing: Sharing, link_token: str = "") -> None:
        """Change with whom the document is shared, all its versions. `link_token`: what its link
        holds from now on, where it has one; who came by another is then a stranger.
        """
        token = link_token if sharing in BY_LINK else ""
        with self._writing() as session:
            self._permit(session, id, Action.SHARE)
            self._update(session, id, sharing=sharing.value, link_token=token or None)
            self._record(session, "shared", id, sharing.value)

    # --- reading ---

    def open(self, id: int, version: int | None = None) -> Saved:
        """A version in full (the latest if None), also of a deleted document.

        NotFoundError if there is no such document or version.
        """
        with self._refusals(), self._database.reading() as session:
            return self._open(session, id, version)

    def open_by_link(self, token: str) -> Saved:
        """The latest version of the document whose link of today holds `token`; it is in this
        person's list from then on, while it has that link. NotFoundError if there is none.
        """
        query = select(DocumentRow.id).where(
            DocumentRow.kind == self.kind,
            DocumentRow.link_token == token,
            DocumentRow.sharing.in_(BY_LINK),
        )
        with self._writing() as session:
            id = session.execute(query).scalar()
            if id is None:
                raise NotFoundError(f"This link leads to no {self.kind} here (any more).")
            if self.who.signed_in and self.who.role is not None:
                session.execute(self._welcome(id, token))
            return self._open(session, id, None)

    def _welcome(self, id: int, token: str) -> Insert:
        # One statement, for two tabs at once.
        dialect = sqlite if self._database.kind == "sqlite" else postgresql
        row = dialect.insert(GuestRow).values(document_id=id, person=self.who.id, link_token=token)
        return row.on_conflict_do_update(
            index_elements=["document_id", "person"], set_={"link_token": token}
        )

    def link_token(self, id: int) -> str:
        """What the document's link holds, "" where it has none. For those who may share it."""
        with self._writing() as session:
            self._permit(session, id, Action.SHARE)
            query = select(DocumentRow.link_token).where(DocumentRow.id == id)
            return session.execute(query).scalar() or ""

    def allows(self, action: Action, entry: Entry) -> bool:
        """Whether this person may do this with a document."""
        return may(self.who, action, entry.access)

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
        query = self._select_entries().where(
            VersionRow.number == DocumentRow.latest_version, *self._matching(search, deleted)
        )
        query = query.order_by(DocumentRow.saved_at.desc(), DocumentRow.id.desc())
        with self._database.reading() as session:
            return [
                _entry(row, Entry) for row in session.execute(query.limit(limit).offset(offset))
            ]

    def count(self, search: str = "", *, deleted: bool = False) -> int:
        """How many documents `entries` would give without a limit."""
        query = select(func.count()).select_from(DocumentRow)
        with self._database.reading() as session:
            return session.execute(query.where(*self._matching(search, deleted))).scalar_one()

    def versions(self, id: int) -> list[Entry]:
        """Every version of a document, the latest first. NotFoundError if there is none."""
        query = self._select_entries().where(
            DocumentRow.kind == self.kind, DocumentRow.id == _key(id), self._readable()
        )
        with self._database.reading() as session:
            rows = session.execute(query.order_by(VersionRow.number.desc())).all()
        if not rows:
            raise self._missing(id)
        return [_entry(row, Entry) for row in rows]

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
                f"There is no {self.kind} with the id or name '{id_or_name}'. "
                f"List them to see which there are."
            )
        if len(found) > 1:
            ids = ", ".join(str(entry.id) for entry in sorted(found, key=lambda entry: entry.id))
            raise UserError(
                f"{len(found)} of the saved {self.kind} documents are named '{id_or_name}'. "
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
        return [DocumentRow.kind == self.kind, self._readable(), gone, *words]

    def _by_link(self) -> ColumnElement[bool]:
        """Whether this person has opened the document by its link of today."""
        if not self.who.signed_in:
            return literal(False)
        guests = select(GuestRow.person).where(
            GuestRow.document_id == DocumentRow.id,
            GuestRow.person == self.who.id,
            GuestRow.link_token == DocumentRow.link_token,
        )
        return guests.exists()

    def _readable(self) -> ColumnElement[bool]:
        """`may(who, Action.READ, ...)` as the database asks it of every row; a test holds them
        together.
        """
        if not self.who.signed_in:
            return true()
        if self.who.role is None:
            return false()
        return or_(
            DocumentRow.owner == self.who.id,
            DocumentRow.sharing == Sharing.ALL.value,
            and_(DocumentRow.sharing.in_(BY_LINK), self._by_link()),
        )

    def _permit(self, session: Session, id: int, action: Action) -> None:
        """RefusedError where this is not for this person to do, NotFoundError where they may not
        even know of it. Held until the transaction ends.
        """
        if not self.who.signed_in:
            return
        query = select(DocumentRow, self._by_link()).where(
            DocumentRow.kind == self.kind, DocumentRow.id == _key(id)
        )
        found = session.execute(query.with_for_update(of=DocumentRow)).one_or_none()
        if found is None:
            raise self._missing(id)
        access = _access(*found)
        if not may(self.who, Action.READ, access):
            raise self._missing(id, refused=action)
        if not may(self.who, action, access):
            owner = found[0].owner_name or "nobody who signs in"
            raise RefusedError(
                f"This {self.kind} belongs to {owner}, and you are {self.who.role} here: you may "
                f"not {action} it. Whoever may save can save it as a new one.",
                action,
                id,
            )

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """The audit has what is refused inside, once its transaction is undone."""
        try:
            yield
        except RefusedError as error:
            self._note_refused(error.id, error.action)
            raise
        except NotFoundError as error:
            if error.refused is not None:
                self._note_refused(*error.refused)
            raise

    def _note_refused(self, id: int | None, action: Action) -> None:
        audit.note(self._database, self.who, "refused", kind=self.kind, id=id, detail=action.value)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self._refusals(), self._database.writing() as session:
            yield session

    def _record(self, session: Session, action: str, id: int, detail: str = "") -> None:
        audit.record(session, self.who, action, kind=self.kind, id=id, detail=detail)

    def _add_version(
        self, session: Session, id: int, based_on: int, content: dict[str, Any]
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
                document_id=id, number=based_on + 1, based_on=based_on, created_at=now, **content
            )
        )
        session.flush()
        self._record(session, "saved", id, f"version {based_on + 1}")
        return self._open(session, id, based_on + 1)

    def _same_or_refused(
        self, session: Session, id: int, based_on: int, content: dict[str, Any]
    ) -> Saved:
        theirs = self._open(session, id, None)
        if theirs.deleted_at is not None:
            raise DeletedError(
                f"The {self.kind} '{theirs.name}' was deleted by {theirs.deleted_by or 'someone'} "
                f"on {theirs.deleted_at:%d %B %Y at %H:%M} UTC. Undo the delete and save again, "
                "or save yours as a copy.",
                id=id,
            )
        same = all(getattr(theirs, field) == value for field, value in content.items())
        if same and theirs.based_on == based_on:
            return theirs
        raise ConflictError(kind=self.kind, based_on_version=based_on, theirs=theirs)

    def _open(self, session: Session, id: int, version: int | None) -> Saved:
        number = DocumentRow.latest_version if version is None else _key(version)
        query = self._select_entries(
            VersionRow.id.label("version_id"),
            VersionRow.rules,
            VersionRow.list_sizes,
            VersionRow.document,
        ).where(
            DocumentRow.kind == self.kind, DocumentRow.id == _key(id), VersionRow.number == number
        )
        row = session.execute(query).one_or_none()
        if row is None:
            raise self._missing(id, version)
        saved = _entry(row, Saved)
        if not self.allows(Action.READ, saved):
            raise self._missing(id, version, refused=Action.READ)
        return saved

    def _mark(self, id: int, done: str, **values: Any) -> None:
        with self._writing() as session:
            self._permit(session, id, Action.DELETE)
            self._update(session, id, **values)
            self._record(session, done, id)

    def _update(self, session: Session, id: int, **values: Any) -> None:
        marked = session.execute(
            update(DocumentRow)
            .where(DocumentRow.kind == self.kind, DocumentRow.id == _key(id))
            .values(**values)
            .returning(DocumentRow.id)
        ).all()
        if not marked:
            raise self._missing(id)

    def _missing(
        self, id: int, version: int | None = None, *, refused: Action | None = None
    ) -> NotFoundError:
        # The same words whether it is not there or not for this person.
        which = "" if version is None else f", or it has no version {version}"
        return NotFoundError(
            f"There is no {self.kind} with the id {id} in the library{which}. List what there is.",
            None if refused is None else (id, refused),
        )

    def _content(
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
    ) -> dict[str, Any]:
        """The columns that the caller fills, checked; the author is who signed in, where people
        do.
        """
        by = self.who.name if self.who.signed_in else author
        sizes = {code: int(patients) for code, patients in (list_sizes or {}).items()}
        return {
            "name": check_text(name, what="name", limit=MAX_NAME, required=True),
            "note": check_text(note, what="note", limit=MAX_NOTE),
            "author": check_text(by, what="author", limit=MAX_AUTHOR),
            "data_period": check_text(data_period, what="data period", limit=MAX_PERIOD),
            "data_fingerprint": check_text(data_fingerprint, what="fingerprint", limit=MAX_PERIOD),
            "rules": check_json(
                [dict(rule) for rule in rules], what="table of rules", limit=MAX_RULES_BYTES
            ),
            "list_sizes": check_json(sizes, what="table of list sizes", limit=MAX_DOCUMENT_BYTES),
            "document": check_json(dict(document), what="document", limit=MAX_DOCUMENT_BYTES),
        }

    def _select_entries(self, *more: Any) -> Select[*tuple[Any, ...]]:
        """The columns of `Entry`, those of its access, and `more`."""
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
            DocumentRow.owner_name,
            DocumentRow.owner,
            DocumentRow.sharing,
            self._by_link().label("by_link"),
            *more,
        ).join(VersionRow, VersionRow.document_id == DocumentRow.id)


class StoryLibrary(DocumentLibrary):
    """Saved stories. A story has no merge: of two savers the second keeps a copy, or opens the
    first one's.
    """

    kind = "story"


class ScenarioLibrary(DocumentLibrary):
    """Saved scenarios: dated changes. They have no merge either."""

    kind = "scenario"


def _key(number: int) -> int:
    """A number that both databases take as a key; what can be none is made one that is not used."""
    return number if 0 < number < 2**31 else -1


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _search_text(content: Mapping[str, Any]) -> str:
    return "\n".join(_fold(content[field]) for field in ("name", "author", "note"))


def _entry(row: Row[Any], kind: type[E]) -> E:
    told = dict(row._mapping)
    owner, sharing, by_link = (told.pop(name) for name in ("owner", "sharing", "by_link"))
    return kind(**told, access=Access(owner, Sharing(sharing), bool(by_link)))


def _access(document: DocumentRow, by_link: bool) -> Access:
    return Access(document.owner, Sharing(document.sharing), bool(by_link))
