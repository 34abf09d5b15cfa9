"""Fetch a file over an unreliable network: resumed, bounded, checked, and never half-written.

Into `<name>.part`, with what the server said of the file in `<name>.facts.json`; the finished file
gets its name in one step, and its checksum is noted, so that an update that was killed before it
could load the file asks only whether it has changed. A page with status 200 that is no data is
refused by content.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from pcs_dash import __version__
from pcs_dash.official.archive import CHUNK, kind_of
from pcs_dash.official.stored_tables import file_sha256
from pcs_dash.tables.errors import InputFileError, UserError

Progress = Callable[[str, int, int | None], None]
Sleep = Callable[[float], None]
# What stands beside a file until it is loaded.
PART, FACTS = ".part", ".facts.json"
T = TypeVar("T")


@dataclass(frozen=True)
class Patience:
    """Time-outs and retries. `stall_s`: longest wait for the next bytes; over as long a time they
    must come at `slowest_bytes_s`, and all attempts together end after `longest_s`.
    """

    connect_s: float = 15.0
    stall_s: float = 60.0
    slowest_bytes_s: float = 1_000.0
    longest_s: float = 2 * 3_600.0
    attempts: int = 5
    back_off_s: float = 1.0
    longest_back_off_s: float = 30.0
    largest_bytes: int = 3 * 1024**3
    redirects: int = 5


DEFAULT_PATIENCE = Patience()
LARGEST_PAGE = 5 * 1024**2
_RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_ADVICE = {
    401: "It asks for a password.",
    403: "It refuses programs; open it in a browser, download the file and use --from.",
    404: "There is no such file; it may have moved: see the landing page in `status`.",
    410: "The file has been withdrawn.",
}
_ADDRESS = "the address, or where it redirects to, is not valid."
_BROKEN = "the connection failed or broke off"
_FINAL: dict[type[Exception], str] = {
    requests.exceptions.TooManyRedirects: "it redirects in a circle.",
    requests.exceptions.InvalidURL: _ADDRESS,
    requests.exceptions.InvalidSchema: _ADDRESS,
    requests.exceptions.SSLError: (
        "the certificate can't be checked. A proxy may intercept traffic: ask for its certificate "
        "and set REQUESTS_CA_BUNDLE, or download the file in a browser."
    ),
}
# In this order: a time-out is a failed connection too.
_PASSING: dict[type[Exception], str] = {
    requests.exceptions.Timeout: "the server does not answer in time",
    urllib3.exceptions.ReadTimeoutError: "the server stopped sending",
    requests.exceptions.ConnectionError: _BROKEN,
    urllib3.exceptions.ProtocolError: _BROKEN,
}


class DownloadError(UserError):
    """A file could not be fetched; the text says why and what to do instead."""


class NoConnectionError(DownloadError):
    """The name of the server can't be resolved: to try again at once is of no use."""


class _PassingError(Exception):
    """A fault that may pass: try again, from where the file stopped."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


@dataclass(frozen=True)
class _Facts:
    """What the server said of a file: by which it is resumed, asked for again, and checked.

    `digest`: algorithm and hexadecimal checksum that the server states; `sha256`: of the file as
    it came whole, "" while it is a part.
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    digest: tuple[str, str] | None = None
    sha256: str = ""

    @property
    def validator(self) -> str | None:
        """What a part can be resumed with; a weak tag can't."""
        return self.modified if not self.etag or self.etag.startswith("W/") else self.etag


class _Held:
    """What is here of a file: its part, or the whole of it that was not loaded yet."""

    def __init__(self, target: Path, url: str) -> None:
        self.target = target
        self.part = target.with_name(f"{target.name}{PART}")
        self._beside = target.with_name(f"{target.name}{FACTS}")
        self.facts = self._read(url)
        facts = self.facts
        self.is_whole = bool(
            facts and facts.sha256 and target.is_file() and file_sha256(target) == facts.sha256
        )
        resumable = facts and not facts.sha256 and facts.validator and self.part.is_file()
        self.size = self.part.stat().st_size if resumable else 0

    def _read(self, url: str) -> _Facts | None:
        """The facts noted; None where they are of another address."""
        try:
            content = json.loads(self._beside.read_text(encoding="utf-8"))
            digest = content.pop("digest", None)
            facts = _Facts(**content, digest=tuple(digest) if digest else None)
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return facts if facts.url == url else None

    def conditions(self) -> dict[str, str]:
        """What to ask the server with: the rest of a part, or the file if it has changed."""
        facts = self.facts
        if facts and self.size:
            return {"Range": f"bytes={self.size}-", "If-Range": facts.validator or ""}
        if facts and self.is_whole and facts.etag:
            return {"If-None-Match": facts.etag}
        if facts and self.is_whole and facts.modified:
            return {"If-Modified-Since": facts.modified}
        return {}

    def note(self, facts: _Facts) -> None:
        """Write down what the server said."""
        self._beside.write_text(json.dumps(asdict(facts)), encoding="utf-8")

    def forget(self) -> None:
        """Throw the part away."""
        self.part.unlink(missing_ok=True)
        self._beside.unlink(missing_ok=True)

    def finish(self, facts: _Facts) -> None:
        """Give the finished part its name, and keep what it is."""
        self.note(replace(facts, sha256=file_sha256(self.part)))
        self.part.replace(self.target)


def file_name_of(url: str) -> str:
    """A safe file name for what an address gives: its last part, or its query for reports."""
    parts = urlsplit(url)
    name = unquote(parts.path.rsplit("/", 1)[-1])
    if parts.query and "." not in name:
        name = f"{name}-{parts.query.rsplit('=', 1)[-1]}"
    kept = "".join(c if c.isalnum() or c in "._- ()" else "_" for c in name).strip(". ")
    return kept[:150] or "download"


def absolute(base: str, link: str) -> str:
    """A link of a page as a full address; empty where it is none."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def download(
    url: str,
    folder: Path,
    *,
    sha256: str | None = None,
    name: str | None = None,
    patience: Patience = DEFAULT_PATIENCE,
    progress: Progress | None = None,
    sleep: Sleep = time.sleep,
) -> Path:
    """Fetch `url` into `folder` and return the file.

    A part left by an earlier attempt is taken up again where the server allows (Range with
    If-Range); a whole file left by one is kept where the server says that it has not changed.
    `sha256`: the checksum the file must have; one that the server states is compared too.
    Raises DownloadError for anything that is not the whole file: an error status, a web page, a
    truncated or endless body, a wrong checksum; after `patience.attempts` attempts for faults
    that may pass.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url}: only http and https addresses can be fetched.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UserError(f"The folder {folder} can't be written ({fault.strerror}).") from fault
    target = folder / (name or file_name_of(url))

    def attempt(line: _Line) -> None:
        held = _Held(target, url)
        facts = _fetch(line, held, progress)
        if facts is not None:
            _check(url, held, facts, sha256)
            held.finish(facts)

    kept = (
        "What came is kept and resumed the next time; or download the file in a browser and give "
        "it with --from."
    )
    _persist(url, patience, sleep, attempt, f"{url}: {{fault}}, {{attempts}}. {kept}")
    return target


def fetch_page(
    url: str, *, patience: Patience = DEFAULT_PATIENCE, sleep: Sleep = time.sleep
) -> tuple[str, str]:
    """A web page as text, and its address after redirects; tried as often as a file.

    Raises DownloadError.
    """

    def attempt(line: _Line) -> tuple[str, str]:
        with line.ask() as answer:
            body = bytearray()
            for piece in line.pieces(answer, decoded=True):
                body += piece
                if len(body) > LARGEST_PAGE:
                    raise DownloadError(f"{url}: the page is too large.")
            return body.decode(answer.encoding or "utf-8", errors="replace"), answer.url

    by_hand = "Open it in a browser, download the file and give it with --from."
    words = f"{url}: the page can't be read: {{fault}}, {{attempts}}. {by_hand}"
    return _persist(url, patience, sleep, attempt, words)


def _persist(
    url: str, patience: Patience, sleep: Sleep, attempt: Callable[[_Line], T], words: str
) -> T:
    """The attempt's answer, made again while faults are of the kind that passes."""
    usual = wait_random_exponential(
        multiplier=patience.back_off_s,
        min=patience.back_off_s / 2,
        max=patience.longest_back_off_s,
    )

    def wait(state: RetryCallState) -> float:
        """Longer each time, or what the server asks for."""
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.wait_s if isinstance(fault, _PassingError) else None
        return usual(state) if asked is None else min(asked, patience.longest_back_off_s)

    again = Retrying(
        retry=retry_if_exception_type(_PassingError), stop=stop_after_attempt(patience.attempts),
        wait=wait, sleep=sleep, reraise=True,
    )  # fmt: skip
    try:
        with requests.Session() as session:
            session.max_redirects = patience.redirects
            session.headers["User-Agent"] = f"pcs_dash/{__version__} (+python-requests)"
            return again(attempt, _Line(session, url, patience))
    except _PassingError as fault:
        attempts = f"after {patience.attempts} attempts"
        raise DownloadError(words.format(fault=fault, attempts=attempts)) from fault


class _Line:
    """The way to one address: asks, and ends a transfer that drips or lasts too long; a server
    that sends a byte a minute never stalls.
    """

    def __init__(self, session: requests.Session, url: str, patience: Patience) -> None:
        self.session, self.url, self.patience = session, url, patience
        self.begun = time.monotonic()

    @contextmanager
    def ask(self, headers: dict[str, str] | None = None) -> Iterator[requests.Response]:
        """The server's answer; faults as DownloadError, or _PassingError to try again."""
        times = (self.patience.connect_s, self.patience.stall_s)
        try:
            with self.session.get(self.url, headers=headers, stream=True, timeout=times) as answer:
                if answer.status_code not in (304, 416):
                    _check_status(self.url, answer)
                yield answer
        except (requests.RequestException, urllib3.exceptions.HTTPError) as fault:
            raise _told(self.url, fault) from fault

    def pieces(self, answer: requests.Response, *, decoded: bool = False) -> Iterator[bytes]:
        """What arrives, as it arrives: a break loses nothing that came before it."""
        since, came = time.monotonic(), 0
        while piece := answer.raw.read1(CHUNK // 8, decode_content=decoded):
            yield piece
            now = time.monotonic()
            came += len(piece)
            if now - self.begun > self.patience.longest_s:
                raise DownloadError(
                    f"{self.url}: it takes more than {self.patience.longest_s / 60:,.0f} minutes. "
                    "Download the file in a browser and give it with --from."
                )
            if now - since >= self.patience.stall_s:
                if came < self.patience.slowest_bytes_s * (now - since):
                    raise _PassingError("the server sends too slowly")
                since, came = now, 0


def _told(url: str, fault: Exception) -> DownloadError | _PassingError:
    """What a fault of the libraries means to the user."""
    if _unresolved(fault):
        return NoConnectionError(
            f"{urlsplit(url).hostname} can't be found: there is no connection to the internet, or "
            "it needs a proxy (HTTPS_PROXY)."
        )
    for kind, words in (_FINAL | _PASSING).items():
        if isinstance(fault, kind):
            return DownloadError(f"{url}: {words}") if kind in _FINAL else _PassingError(words)
    return _PassingError(f"the transfer failed ({type(fault).__name__})")


def _unresolved(fault: BaseException | None) -> bool:
    """Whether a fault, or one that it comes from, is a name that can't be resolved."""
    while fault is not None and not isinstance(fault, urllib3.exceptions.NameResolutionError):
        fault = fault.__cause__ or fault.__context__
    return fault is not None


def _check_status(url: str, answer: requests.Response) -> None:
    status = answer.status_code
    if status in (200, 206):
        if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
            raise DownloadError(f"{url}: it redirects to an unprotected address.")
        return
    said = f"the server answered {status} {answer.reason}"
    if status in _RETRY_STATUS:
        after = answer.headers.get("Retry-After", "")
        raise _PassingError(said, float(after) if after.isdigit() else None)
    advice = _ADVICE.get(status, "Download the file in a browser and use --from.")
    raise DownloadError(f"{url}: {said}. {advice}")


def _fetch(line: _Line, held: _Held, progress: Progress | None) -> _Facts | None:
    """Bring the part to its end; None when the finished file of before is still that one."""
    # Compression on the way would make lengths and ranges mean something else.
    with line.ask({"Accept-Encoding": "identity"} | held.conditions()) as answer:
        if answer.status_code == 304 and held.is_whole:
            return None
        resumed = answer.status_code == 206 and held.size > 0
        right = answer.headers.get("Content-Range", "").startswith(f"bytes {held.size}-")
        if answer.status_code in (304, 416) or (resumed and not right):
            held.forget()
            raise _PassingError("the part that was here did not fit")
        said = answer.headers
        facts = held.facts if resumed else None
        facts = facts or _Facts(
            line.url, said.get("ETag"), said.get("Last-Modified"), _stated_digest(answer)
        )
        held.note(facts)
        _write(line, answer, held, held.size if resumed else 0, progress)
    return facts


def _write(
    line: _Line, answer: requests.Response, held: _Held, start: int, progress: Progress | None
) -> None:
    """The body behind what is there; urllib3 sees to it that it is as long as it says."""
    length, most = answer.headers.get("Content-Length", ""), line.patience.largest_bytes
    expected = start + int(length) if length.isdigit() else None
    if expected is not None and expected > most:
        raise DownloadError(
            f"{line.url}: it is {expected / 1024**3:.1f} GB, larger than any known file."
        )
    size = start
    with held.part.open("ab" if start else "wb") as stream:
        for piece in line.pieces(answer):
            size += len(piece)
            if size > most:
                raise DownloadError(f"{line.url}: it does not end; stopped.")
            stream.write(piece)
            if progress:
                progress(held.target.name, size, expected)
        stream.flush()
        os.fsync(stream.fileno())


def _stated_digest(answer: requests.Response) -> tuple[str, str] | None:
    """The checksum a server states of the whole file (Repr-Digest, Content-MD5), if it does."""
    stated = re.search(r"sha-256=:([^:]+):", answer.headers.get("Repr-Digest", ""))
    md5 = answer.headers.get("Content-MD5", "") if answer.status_code == 200 else ""
    for algorithm, text, length in (("sha256", stated[1] if stated else "", 32), ("md5", md5, 16)):
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(digest) == length:
            return algorithm, digest.hex()
    return None


def _check(url: str, held: _Held, facts: _Facts, sha256: str | None) -> None:
    """Refuse what is no data, or not the data wanted; the part is thrown away then."""
    try:
        kind_of(held.part)
    except InputFileError as fault:
        held.forget()
        raise DownloadError(f"{url}: {' '.join(fault.problems)}") from fault
    wanted = [("sha256", sha256)] if sha256 else []
    for algorithm, right in [*wanted, *([facts.digest] if facts.digest else [])]:
        # MD5 finds damage on the way; nothing else rests on it.
        fresh = partial(hashlib.new, algorithm, usedforsecurity=False)
        with held.part.open("rb") as stream:
            found = hashlib.file_digest(stream, fresh).hexdigest()
        if found != right.lower():
            held.forget()
            raise _PassingError(f"the file's checksum is {found[:12]}…, not {right[:12]}…")
