"""Links: a whole plan in the text of a link, and short links to a version in the database.

A whole-plan link opens on any machine, with the same data or other data. Its text is

    p1.<base64url of: 6 bytes checksum, deflate stream>

and the stream holds, in this order (numbers as LEB128 varints, texts preceded by their length):

    flags           1: the assignment is packed; 2: every practice of the data is listed
    6 bytes         hash of the data's practice codes
    text            data period
    codes           n, then n differences between codes of the form A00000 taken as numbers
    other codes     text, one a line: codes of any other form
    hubs            for each code the place of its hub in `hubs` counted from 1, 0 for none
                    (only if packed)
    JSON            the document (without `assignment` if packed)

The codes are spelt out, as differences, rather than looked up in a list that the reader would
have to have: it costs some 150 characters and lets a link tell what has changed when the data
is another. A link is untrusted: its length, the size it unpacks to and its checksum are tested
before anything is read from it, and what it holds must still pass `Plan.from_dict`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from pcs_dash.store.database import Database
from pcs_dash.store.documents import DeletedError, DocumentLibrary, NotFoundError, Saved
from pcs_dash.store.models import DocumentRow, ShortLinkRow, VersionRow
from pcs_dash.store.rights import BY_LINK, EVERYONE, Action, Sharing, Who, require
from pcs_dash.tables.errors import UserError

PREFIXES = {"plan": "p1.", "story": "s1.", "scenario": "c1."}
SHORT_PREFIX = "go-"

# Browsers, proxies and mail programs differ; all pass 8,000 characters, most no more than that.
MAX_LINK_CHARACTERS = 8_000
# What a link may unpack to: deflate makes 1,000 bytes of 1, so 8,000 characters could be 6 MB.
MAX_UNPACKED_BYTES = 500_000
# Beyond this many practices a link lists those in hubs only, and can't tell which are new.
MAX_LISTED = 1_000

_CHECKSUM_BYTES = 6
_PACKED, _LISTED = 1, 2
_ALPHABET = re.compile(r"[A-Za-z0-9_-]*")
_CODE = re.compile(r"[A-Z][0-9]{5}")
_OTHER_CODE = re.compile(r"[^\n\0]{1,20}")
_SHORT_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
# Of a version: 50 bits, and no rights of its own. Of a document that is shared by link: 129 bits,
# since who has it may read.
_VERSION_LENGTH, _SHARED_LENGTH = 10, 26
_SHORT = re.compile(
    f"{SHORT_PREFIX}([{_SHORT_ALPHABET}]{{{_VERSION_LENGTH}}}|"
    f"[{_SHORT_ALPHABET}]{{{_SHARED_LENGTH}}})"
)

# Text that plans share, for deflate to refer back to: hubs as the builder first names and colours
# them. It is part of format 1: never change it, whatever becomes of the palette.
_COLOURS = (
    "0072b2e69f00009e73cc79a756b4e9d55e00f0e442662200113377994444"
    "aa00ffaaddcc6600bb99bb881155888888ff55ff99cc22bb881144eebbff"
    "aa558866dd66bb4400ff77dd0011eeee33dd774400ddaabbee77447777dd"
    "aa0088ff4477663366cccc9900ddeeeebb00aa775566aa556600666644aa"
)
_DICTIONARY = (
    "Basildon Brentwood Castle Point Rochford Thurrock Southend Chelmsford Colchester Harlow PCN "
    'North East South West Central Essex "locked":true 31 December 2025{"version":1,"hubs":['
    + ",".join(
        f'{{"id":"h{n}","name":"Hub {n}","colour":"#{_COLOURS[6 * n - 6 : 6 * n]}",'
        '"note":"","locked":false}'
        for n in range(1, len(_COLOURS) // 6 + 1)
    )
    + "]}"
).encode()


@dataclass(frozen=True)
class LinkedPlan:
    """What a link held, and how it fits the data at hand.

    document      as it was linked, practices that are not in the data included
    data_period   of the data it was made with, or ""
    matches_data  the practices (and the period, where given) are the same
    missing_codes practices of the link that the data lack, sorted
    new_codes     practices of the data that the link's data lacked, sorted; empty if unknown
    new_known     False if the link doesn't list its data's practices (new ones can't be told then)
    """

    document: dict[str, Any]
    data_period: str
    matches_data: bool
    missing_codes: tuple[str, ...]
    new_codes: tuple[str, ...]
    new_known: bool = True


class LinkError(UserError):
    """The text is no link of ours, was cut or changed on the way, or is too long to make."""


def data_fingerprint(practice_codes: Iterable[str], data_period: str = "") -> str:
    """What tells one set of data from another: the period and a hash of the practice codes."""
    return f"{data_period}#{_codes_hash(practice_codes).hex()}"


def make_link(
    document: Mapping[str, Any],
    practice_codes: Iterable[str],
    *,
    data_period: str = "",
    kind: str = "plan",
) -> str:
    """The document as link text (letters, digits, '-', '_', '.').

    `practice_codes`: all practices of the data the plan was made with. LinkError if the link would
    be longer than MAX_LINK_CHARACTERS.
    """
    known = set(practice_codes)
    assignment, hub_ids = _packable(document)
    packed = assignment is not None
    listed = len(known) <= MAX_LISTED
    assigned = set(assignment or {})
    codes = sorted(assigned | known) if listed else sorted(assigned)
    regular = [code for code in codes if _CODE.fullmatch(code)]
    other = [code for code in codes if not _CODE.fullmatch(code)]
    if any(not _OTHER_CODE.fullmatch(code) for code in other):
        raise LinkError("A practice code has more than 20 characters. Share the plan as a file.")

    body = bytearray()
    _put(body, _PACKED * packed + _LISTED * listed)
    body += _codes_hash(known)
    _put_text(body, data_period)
    _put(body, len(regular))
    previous = 0
    for code in regular:
        number = _number(code)
        _put(body, number - previous)
        previous = number
    _put_text(body, "\n".join(other))
    rest = dict(document)
    if assignment is not None:
        place = {id: index for index, id in enumerate(hub_ids, start=1)}
        for code in [*regular, *other]:
            _put(body, place[assignment[code]] if code in assignment else 0)
        del rest["assignment"]
    body += _utf8(json.dumps(rest, separators=(",", ":"), ensure_ascii=False, allow_nan=False))

    text = PREFIXES[kind] + _armour(bytes(body))
    if len(text) > MAX_LINK_CHARACTERS or len(body) > MAX_UNPACKED_BYTES:
        raise LinkError(
            f"This {kind} makes a link of {len(text):,} characters, more than the "
            f"{MAX_LINK_CHARACTERS:,} that browsers and mail programs pass on. "
            "Save it and share its short link, or share it as a file."
        )
    return text


def open_link(
    text: str,
    practice_codes: Iterable[str],
    *,
    data_period: str | None = None,
    kind: str = "plan",
) -> LinkedPlan:
    """What a link holds, compared with the data at hand. LinkError if it is damaged.

    `practice_codes`: all practices of the data at hand; `data_period`: theirs, if it should count.
    """
    body = _Reader(_disarm("".join(text.split()), kind))
    flags = body.number(limit=3)
    codes_hash = body.take(len(_codes_hash(())))
    period = body.text()
    codes = _take_codes(body)
    hubs = [body.number() for _ in codes] if flags & _PACKED else []
    document = _document(body.rest())
    if flags & _PACKED:
        document = _with_assignment(document, codes, hubs)

    present = set(practice_codes)
    listed = bool(flags & _LISTED)
    return LinkedPlan(
        document=document,
        data_period=period,
        matches_data=codes_hash == _codes_hash(present) and data_period in (None, period),
        missing_codes=tuple(sorted(set(codes) - present)),
        new_codes=tuple(sorted(present - set(codes))) if listed else (),
        new_known=listed,
    )


# --- short links ---


def is_short_link(text: str) -> bool:
    """Whether the text has the form of a short link."""
    return _SHORT.fullmatch(text.strip()) is not None


def _drawn(length: int) -> str:
    return "".join(secrets.choice(_SHORT_ALPHABET) for _ in range(length))


def share(library: DocumentLibrary, id: int, sharing: Sharing) -> str:
    """Share a document, all its versions; the text of its link, "" where it has none. A link that
    it has already stays while it is shared by link, whether to read or to edit.
    """
    token = library.link_token(id) or _drawn(_SHARED_LENGTH)
    library.share(id, sharing, token)
    return SHORT_PREFIX + token if sharing in BY_LINK else ""


def shared_link(library: DocumentLibrary, id: int) -> str:
    """The text of the link by which a document is shared; "" where it has none."""
    token = library.link_token(id)
    return token and SHORT_PREFIX + token


def make_short_link(database: Database, saved: Saved, who: Who = EVERYONE) -> str:
    """A short text that stands for this very version wherever the database is shared; the same
    text every time. NotFoundError if the version isn't in this database.
    """
    require(who, Action.SAVE)
    for _ in range(5):
        token = _drawn(_VERSION_LENGTH)
        try:
            with database.writing() as session:
                known = select(VersionRow.id).where(
                    VersionRow.id == saved.version_id,
                    VersionRow.document_id == saved.id,
                    VersionRow.number == saved.version,
                )
                if session.execute(known).first() is None:
                    raise NotFoundError("Save the version first; then it can have a short link.")
                made = session.execute(
                    select(ShortLinkRow.token).where(ShortLinkRow.version_id == saved.version_id)
                ).scalar()
                if made is not None:
                    return SHORT_PREFIX + made
                session.add(
                    ShortLinkRow(
                        token=token, version_id=saved.version_id, created_at=datetime.now(UTC)
                    )
                )
            return SHORT_PREFIX + token
        except IntegrityError:
            # Someone made the same link, or drew the same token, at this moment: look again.
            continue
    raise RuntimeError("no free short link after five draws")


def open_short_link(library: DocumentLibrary, database: Database, text: str) -> Saved:
    """The version that a short link stands for, or the latest of the document shared by it.

    NotFoundError if there is no such link here, or it stands for another kind of document;
    DeletedError if what it stands for was deleted.
    """
    token = text.strip().removeprefix(SHORT_PREFIX)
    if is_short_link(text) and len(token) == _SHARED_LENGTH:
        return _not_deleted(library, library.open_by_link(token))
    query = (
        select(VersionRow.document_id, VersionRow.number)
        .join(ShortLinkRow, ShortLinkRow.version_id == VersionRow.id)
        .join(DocumentRow, DocumentRow.id == VersionRow.document_id)
        .where(
            ShortLinkRow.token == token,
            DocumentRow.kind == library.kind,
        )
    )
    row = None
    if is_short_link(text):
        with database.reading() as session:
            row = session.execute(query).one_or_none()
    try:
        if row is not None:
            return _not_deleted(library, library.open(row.document_id, row.number))
    except NotFoundError:
        # Not for this person, who need not learn that it is there.
        pass
    raise NotFoundError(
        f"This short link leads to no {library.kind} here. Short links work only where the "
        "library they were made in is shared; ask for the long link or a file."
    )


def _not_deleted(library: DocumentLibrary, saved: Saved) -> Saved:
    if saved.deleted_at is not None:
        raise DeletedError(
            f"The {library.kind} '{saved.name}' of this link was deleted on "
            f"{saved.deleted_at:%d %B %Y}. Undo the delete to open it.",
            id=saved.id,
        )
    return saved


# --- inside: the document ---


def _packable(document: Mapping[str, Any]) -> tuple[dict[str, str] | None, list[str]]:
    """The assignment and the hub ids it refers to; None if the document is not like a plan."""
    hubs, assignment = document.get("hubs"), document.get("assignment")
    if not isinstance(hubs, list) or not isinstance(assignment, Mapping):
        return None, []
    ids = [hub.get("id") if isinstance(hub, Mapping) else None for hub in hubs]
    texts = [id for id in ids if isinstance(id, str)]
    if len(set(texts)) != len(ids) or not set(assignment.values()) <= set(texts):
        return None, []
    return dict(assignment), texts


def _with_assignment(
    document: dict[str, Any], codes: Sequence[str], hubs: Sequence[int]
) -> dict[str, Any]:
    try:
        ids = [hub["id"] for hub in document["hubs"]]
        assignment = {
            code: ids[place - 1] for code, place in zip(codes, hubs, strict=True) if place
        }
    except (KeyError, TypeError, IndexError):
        _refuse()
    return {**document, "assignment": dict(sorted(assignment.items()))}


def _document(data: bytes) -> dict[str, Any]:
    def refuse_constant(_: str) -> NoReturn:
        raise ValueError

    try:
        document = json.loads(data.decode(), parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        _refuse()
    if not isinstance(document, dict):
        _refuse()
    return document


# --- inside: codes ---


def _codes_hash(practice_codes: Iterable[str]) -> bytes:
    joined = "\n".join(sorted(set(practice_codes)))
    return hashlib.blake2b(_utf8(joined), digest_size=6).digest()


def _number(code: str) -> int:
    return (ord(code[0]) - ord("A")) * 100_000 + int(code[1:])


def _take_codes(body: _Reader) -> list[str]:
    count = body.number(limit=20_000)
    codes = []
    number = 0
    for _ in range(count):
        number += body.number(limit=2_599_999)
        if number > 2_599_999:
            _refuse()
        codes.append(f"{chr(ord('A') + number // 100_000)}{number % 100_000:05d}")
    other = body.text()
    codes += other.split("\n") if other else []
    if len(set(codes)) != len(codes):
        _refuse()
    return codes


# --- inside: bytes ---


def _put(body: bytearray, number: int) -> None:
    while number > 127:
        body.append(number & 127 | 128)
        number >>= 7
    body.append(number)


def _put_text(body: bytearray, text: str) -> None:
    data = _utf8(text)
    _put(body, len(data))
    body += data


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise LinkError(
            "A name or note holds a character that no link can carry. Type it again."
        ) from None


class _Reader:
    """Reads the unpacked bytes of a link; LinkError where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) != count:
            _refuse()
        self._at += count
        return piece

    def number(self, limit: int = 1_000_000) -> int:
        number = shift = 0
        while True:
            byte = self.take(1)[0]
            number |= (byte & 127) << shift
            shift += 7
            if number > limit or shift > 28:
                _refuse()
            if byte < 128:
                return number

    def text(self) -> str:
        try:
            return self.take(self.number()).decode()
        except UnicodeDecodeError:
            _refuse()

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)


def _armour(body: bytes) -> str:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY)
    packed = deflate.compress(body) + deflate.flush()
    return base64.urlsafe_b64encode(_checksum(packed) + packed).decode().rstrip("=")


def _disarm(text: str, kind: str) -> bytes:
    prefix = PREFIXES[kind]
    if not text.startswith(prefix):
        if re.match(rf"{prefix[0]}[0-9]+\.", text):
            raise LinkError(
                f"This link was made by a newer version of pcs_dash. Update it to open the {kind}."
            )
        raise LinkError(f"This is no link to a {kind}: it begins otherwise than '{prefix}'.")
    armoured = text[len(prefix) :]
    if len(text) > MAX_LINK_CHARACTERS or not _ALPHABET.fullmatch(armoured):
        _refuse()
    try:
        data = base64.urlsafe_b64decode(armoured + "=" * (-len(armoured) % 4))
    except binascii.Error:
        _refuse()
    # Base64 leaves bits unused at the end; only their usual spelling is ours.
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != armoured:
        _refuse()
    checksum, packed = data[:_CHECKSUM_BYTES], data[_CHECKSUM_BYTES:]
    if checksum != _checksum(packed):
        _refuse()
    inflate = zlib.decompressobj(-15, _DICTIONARY)
    try:
        body = inflate.decompress(packed, MAX_UNPACKED_BYTES)
    except zlib.error:
        _refuse()
    if not inflate.eof or inflate.unused_data:
        _refuse()
    return body


def _checksum(packed: bytes) -> bytes:
    """Tells damage, not forgery: anyone may make a link, and its content is never trusted."""
    return hashlib.blake2b(packed, digest_size=_CHECKSUM_BYTES, person=b"pcs_dash link").digest()


def _refuse() -> NoReturn:
    raise LinkError(
        "This link is damaged: it was cut or changed on its way. Copy the whole of it again, or "
        "ask for a file instead."
    ) from None
