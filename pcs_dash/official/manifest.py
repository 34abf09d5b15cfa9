"""What a version of the refreshed data is made of: its manifest, and one entry a table."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

FORMAT = 1
# Raised when a loader changes what it makes of a file, so that the same file is read again.
READER = 3


@dataclass(frozen=True)
class TableEntry:
    """One stored table: what it is, where it came from, and the checksum of its files."""

    source: str
    period: str  # ISO date
    path: str  # below the store's folder
    rows: int
    loaded_at: str
    file_name: str = ""
    file_sha256: str = ""
    bytes: int = 0
    sha256: str = ""
    geometry: bool = False
    partitioned_by: str | None = None
    notes: tuple[str, ...] = ()
    reader: int = READER
    file_member: str = ""  # the table's name in the archive it came from
    file_lines: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """Source and period, of which there is one table in a version."""
        return (self.source, self.period)


@dataclass(frozen=True)
class Manifest:
    """One version of the data."""

    version: int
    created: str
    area: str = "England"
    tables: tuple[TableEntry, ...] = ()
    notes: tuple[str, ...] = ()
    recovered: bool = field(default=False, compare=False)

    @property
    def of_england(self) -> bool:
        """Whether it was built for all of England, not for one ICB or region."""
        return self.area.strip().lower() == "england"

    def of(self, source: str) -> list[TableEntry]:
        """The tables of a source, oldest period first."""
        return sorted((t for t in self.tables if t.source == source), key=lambda t: t.period)

    def latest(self, source: str) -> TableEntry | None:
        """The table of the newest period, or None."""
        entries = self.of(source)
        return entries[-1] if entries else None

    @property
    def identity(self) -> str:
        """What tells this version from every other of its store, also after a rollback."""
        return f"{self.version} of {self.created}"

    def sources(self) -> tuple[str, ...]:
        """The keys of the sources that the version holds, sorted."""
        return tuple(sorted({t.source for t in self.tables}))


def now() -> str:
    """The time as a manifest has it, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def text_of(manifest: Manifest) -> str:
    """A manifest as it is stored, with its checksum."""
    content = asdict(manifest)
    del content["recovered"]
    body = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({"format": FORMAT, "sha256": digest, "manifest": body}, ensure_ascii=False)


def manifest_of(text: str) -> Manifest:
    """The manifest of a stored text; ValueError, KeyError or TypeError where it is damaged."""
    outer = json.loads(text)
    if outer["format"] != FORMAT:
        raise ValueError("a format of another version of pcs_dash")
    body = outer["manifest"]
    if hashlib.sha256(body.encode()).hexdigest() != outer["sha256"]:
        raise ValueError("checksum")
    content = json.loads(body)
    tables = tuple(TableEntry(**{**t, "notes": tuple(t["notes"])}) for t in content.pop("tables"))
    return Manifest(**{**content, "tables": tables, "notes": tuple(content["notes"])})
