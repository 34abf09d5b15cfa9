"""Find this month's file from a publication's landing page: newest edition, then the file."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag, urlsplit

import pandas as pd
from bs4 import BeautifulSoup, SoupStrainer

from pcs_dash.official.catalogue import Source
from pcs_dash.official.download import (
    DEFAULT_PATIENCE,
    DownloadError,
    Patience,
    absolute,
    fetch_page,
)
from pcs_dash.official.file_dates import month_in_name

DATA_SUFFIXES = (".csv", ".zip", ".gz", ".xlsx", ".geojson", ".json")
MOST_FILES = 200


def links(page: str, base: str) -> list[str]:
    """The addresses a page links to, in order, without repeats."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pages that look like XML or an address
        anchors = BeautifulSoup(page, "lxml", parse_only=SoupStrainer("a", href=True))
    found: dict[str, None] = {}
    for anchor in anchors.find_all("a"):
        link = urldefrag(str(anchor["href"]).strip()).url
        address = absolute(base, link) if link else ""
        if address.startswith(("http://", "https://")):
            found[address] = None
    return list(found)


def _month_of(address: str) -> pd.Timestamp | None:
    """The month in the last part of an edition's address."""
    return month_in_name(address.rstrip("/").rsplit("/", 1)[-1])


def newest_edition(addresses: list[str], pattern: str) -> str | None:
    """Of the links whose path fits, the one of the latest month; the first if none has a month."""
    fitting = [a for a in addresses if re.search(pattern, a.rstrip("/"))]
    if not fitting:
        return None
    dated = [(month, a) for a in fitting if (month := _month_of(a)) is not None]
    return max(dated, key=lambda pair: pair[0])[1] if dated else fitting[0]


@dataclass(frozen=True)
class Found:
    """The address of a file, and the month of the edition it is of, where the page is of one."""

    address: str
    month: pd.Timestamp | None = None


def locate(
    source: Source, *, landing_page: str | None = None, patience: Patience = DEFAULT_PATIENCE
) -> Found:
    """Where a source's newest file is. DownloadError says what was looked for, and where.

    A future edition ("upcoming") has a page without files: then the one before is tried.
    """
    if source.address:
        return Found(source.address)
    start = landing_page or source.landing_page
    if not source.file_pattern:
        raise DownloadError(
            f"{source.title}: no address is known. Open {source.landing_page}, download the file "
            f"and run `python -m pcs_dash update {source.key} --from FOLDER`."
        )
    page, base = fetch_page(start, patience=patience)
    addresses = links(page, base)
    if not source.edition_pattern:
        return Found(_file(source, addresses, base))
    tried: list[str] = []
    while len(tried) < 3:
        left = [a for a in addresses if a not in tried]
        edition = newest_edition(left, source.edition_pattern)
        if edition is None:
            break
        tried.append(edition)
        edition_page, edition_base = fetch_page(edition, patience=patience)
        try:
            address = _file(source, links(edition_page, edition_base), edition)
            return Found(address, _month_of(edition))
        except DownloadError:
            continue
    looked = f"the editions {', '.join(tried)}" if tried else f"any edition on {start}"
    raise DownloadError(
        f"{source.title}: no file was found on {looked}. The site may have changed: open "
        f"{source.landing_page}, download the file and use --from."
    )


def _file(source: Source, addresses: list[str], where: str) -> str:
    pattern = (source.file_pattern or "").replace(
        r"https://files\.digital\.nhs\.uk", r"https?://\S+"
    )
    fitting = [a for a in addresses if re.search(pattern, unquote(a))]
    if not fitting:
        raise DownloadError(f"{source.title}: no link on {where} fits.")
    return fitting[0]


def data_links(page: str, base: str) -> list[str]:
    """The data files that a plain list of files (a folder on a web server) links to."""
    here = urlsplit(base).netloc
    return [
        link
        for link in links(page, base)
        if urlsplit(link).netloc == here and urlsplit(link).path.lower().endswith(DATA_SUFFIXES)
    ][:MOST_FILES]
