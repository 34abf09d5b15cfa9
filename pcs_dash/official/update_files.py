"""Where an update gets its files: a folder, a web server, or each publisher."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pcs_dash.official.catalogue import SOURCES, Source
from pcs_dash.official.download import (
    FACTS,
    PART,
    DownloadError,
    NoConnectionError,
    Patience,
    Progress,
    download,
    fetch_page,
    file_name_of,
)
from pcs_dash.official.file_dates import month_in_name
from pcs_dash.official.landing_pages import Found, data_links, locate
from pcs_dash.official.outcomes import Outcome
from pcs_dash.official.recognise import NOTES, name_carries_period
from pcs_dash.official.store import data_dir
from pcs_dash.tables.errors import UserError

# The parts of a shapefile beside its .shp, and of a download, are no files of their own.
_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix", PART)
NOT_DATA = (*NOTES, *_PARTS)


@contextmanager
def gathered(
    wanted: list[Source],
    origin: str | None,
    patience: Patience,
    progress: Progress | None,
    outcomes: list[Outcome],
) -> Iterator[list[Path]]:
    """The files to load: those of a folder, or downloaded into the store's download folder; what
    could not be fetched is put into `outcomes`.
    """
    if origin is None:
        yield _from_publishers(wanted, patience, progress, outcomes)
    elif urlsplit(origin).scheme in ("http", "https"):
        yield _from_address(origin, patience, progress, outcomes)
    else:
        yield folder_files(Path(origin))
        return
    # Everything that loaded is in the store now; parts of failed downloads stay to be resumed.
    for path in _downloads().glob("*"):
        part = path.with_name(path.name.removesuffix(FACTS).removesuffix(PART) + PART)
        if path.is_file() and not part.is_file():
            path.unlink(missing_ok=True)


def _downloads() -> Path:
    return data_dir() / "downloads"


def folder_files(folder: Path) -> list[Path]:
    """The files in a folder (and below) that may hold data; or the one file given.

    Hidden files and parts of shapefiles are left out; links are not followed out of the folder.
    """
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise UserError(f"There is no folder or file {folder}.")
    root = folder.resolve()
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and path.suffix.lower() not in _PARTS
        and not path.name.lower().endswith(".shp.xml")
        and path.resolve().is_relative_to(root)
    ]
    if not found:
        raise UserError(f"{folder}: there are no files to load in it.")
    return found


def _from_publishers(
    wanted: list[Source], patience: Patience, progress: Progress | None, outcomes: list[Outcome]
) -> list[Path]:
    chosen = wanted or [source for source in SOURCES.values() if source.downloadable]
    paths = []
    unknown: dict[str | None, str] = {}
    for source in chosen:
        host = urlsplit(source.address or source.landing_page).hostname
        message = unknown.get(host)
        try:
            if message is None:
                found = locate(source, patience=patience)
                name = _named(source, found)
                paths.append(
                    download(
                        found.address, _downloads(), name=name, patience=patience, progress=progress
                    )
                )
                continue
        except NoConnectionError as fault:
            message = unknown[host] = str(fault)
        except DownloadError as fault:
            outcomes.append(Outcome(source.key, "failed", message=str(fault)))
            continue
        by_hand = f"By hand: open {source.landing_page}, download the file, and use --from."
        outcomes.append(Outcome(source.key, "failed", message=f"{message} {by_hand}"))
    return paths


def _named(source: Source, found: Found) -> str:
    """The file's own name; with the month of its edition where only a name can say the period."""
    name = file_name_of(found.address)
    if found.month is None or not name_carries_period(source) or month_in_name(name) is not None:
        return name
    return f"{found.month:%Y-%m} {name}"


def _from_address(
    origin: str, patience: Patience, progress: Progress | None, outcomes: list[Outcome]
) -> list[Path]:
    """One file, or every data file that a list of files links to."""
    addresses = [origin]
    if origin.endswith("/"):
        page, base = fetch_page(origin, patience=patience)
        addresses = data_links(page, base)
        if not addresses:
            raise DownloadError(f"{origin}: the page links to no data files.")
    paths: list[Path] = []
    for address in addresses:
        name = file_name_of(address)
        if name in {path.name for path in paths}:
            name = f"{len(paths)}-{name}"  # of another folder on that server
        try:
            paths.append(
                download(address, _downloads(), name=name, patience=patience, progress=progress)
            )
        except DownloadError as fault:
            outcomes.append(Outcome(address.rsplit("/", 1)[-1], "failed", message=str(fault)))
    return paths
