"""Files given on the Data page: looked at and loaded by a process of its own.

So a file made to do harm, or the memory that a build takes, can't stop the app for the others:
limits of time and (but for Windows) of memory hold. The process is the `update` command; the
store is changed in one step by it or not at all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pcs_dash.jobs.process import ENVIRONMENT
from pcs_dash.official.archive import SHAPE_PARTS
from pcs_dash.official.bounded_memory import EXIT_OUT_OF_MEMORY, memory_mb
from pcs_dash.official.load_changes import CHANGES
from pcs_dash.official.store import Store
from pcs_dash.official.update_files import NOT_DATA
from pcs_dash.tables.paths import ROOT

UPLOADS_VARIABLE = "PCS_DASH_UPLOADS"
LARGEST_FILE_MB = 200
PREVIEW_SECONDS = 300
LOAD_SECONDS = 1_200
_NAME_LENGTH = 120
_USER_ERROR = 2  # the command's exit status when nothing could be done


@dataclass(frozen=True)
class Answer:
    """What the command said: an outcome a table (`update.Outcome` as a mapping), its last words,
    and whether it ran to its end (a file that failed is told in its outcome). `changes`: sentences
    on what differs from the last load.
    """

    outcomes: tuple[Mapping[str, Any], ...]
    words: str
    finished: bool
    changes: tuple[str, ...] = ()

    @property
    def to_load(self) -> list[Mapping[str, Any]]:
        """What is new or has changed."""
        return [o for o in self.outcomes if o["status"] in ("new", "changed")]

    @property
    def failed(self) -> list[Mapping[str, Any]]:
        """What could not be read."""
        return [o for o in self.outcomes if o["status"] == "failed"]


def uploads_allowed() -> bool:
    """Whether files may be loaded from the page; PCS_DASH_UPLOADS=off (no, 0, false) forbids."""
    chosen = os.environ.get(UPLOADS_VARIABLE, "").strip().lower()
    return chosen not in ("off", "no", "0", "false")


def unwritable(store: Store) -> str:
    """Why the data folder can't be written, as a sentence; empty when it can."""
    place = store.root
    while not place.exists() and place != place.parent:
        place = place.parent
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return ""
    return "The data folder can't be written by this server."


def keep_files(files: Iterable[tuple[str, bytes]], folder: Path) -> list[Path]:
    """Write uploaded files (name, content) into a folder under names that are safe there.

    The month in a name and the parts of a shapefile keep their names; a name that `update` would
    leave out as no data gets an ending, so that every file is answered.
    """
    written = []
    for number, (given, content) in enumerate(files, start=1):
        name = PurePosixPath(given.replace("\\", "/")).name
        name = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in name)
        stem, suffix = PurePosixPath(name).stem, PurePosixPath(name).suffix[:10]
        stem = stem.encode()[:_NAME_LENGTH].decode(errors="ignore")  # file systems count bytes
        name = f"{stem}{suffix}".lstrip(".") or f"file {number}"
        if suffix.lower() in NOT_DATA and suffix.lower() not in SHAPE_PARTS:
            name += ".upload"
        path = folder / name
        if path.exists():
            path = folder / f"{number}" / name
            path.parent.mkdir()
        path.write_bytes(content)
        written.append(path)
    return written


def look(folder: Path, *, sources: Sequence[str] = ()) -> Answer:
    """What loading the files of a folder would change. Nothing is changed."""
    return _run(["--preview"], folder, sources, PREVIEW_SECONDS)


def load(folder: Path, *, sources: Sequence[str] = ()) -> Answer:
    """Load the files of a folder into the store. `sources`: these only, older editions too."""
    return _run([], folder, sources, LOAD_SECONDS)


def _run(options: list[str], folder: Path, sources: Sequence[str], seconds: float) -> Answer:
    command = [
        sys.executable, "-m", "pcs_dash.official.bounded_memory", "update", *sources,
        "--from", str(folder), *options, "--format", "json", "--quiet",
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, timeout=seconds, check=False, text=True,
            encoding="utf-8", errors="replace", env=os.environ | ENVIRONMENT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return _stopped(f"It took longer than {seconds / 60:.0f} minutes")
    words = done.stderr.strip().replace(f"{folder}/", "").replace(str(folder), "the files")
    if done.returncode in (0, 1):
        try:
            told = json.loads(done.stdout)
            outcomes = tuple(one for one in told if one["source"] != CHANGES)
            changes = tuple(s for one in told if one["source"] == CHANGES for s in one["sentences"])
            return Answer(outcomes, words, True, changes)
        except ValueError:
            pass
    if done.returncode == _USER_ERROR:
        return Answer((), words.removeprefix("pcs_dash: "), False)
    if done.returncode == EXIT_OUT_OF_MEMORY:
        return _stopped(f"The files need more memory than {memory_mb():,} MB")
    return Answer(
        (), f"The files could not be read to the end (status {done.returncode}). Nothing was "
        "changed. One of them may be damaged: try them one by one.", False,
    )  # fmt: skip


def _stopped(why: str) -> Answer:
    then = "so it was stopped. Nothing was changed. Load fewer files, or use the command."
    return Answer((), f"{why}, {then}", False)
