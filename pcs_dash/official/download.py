"""Fetch a file over an unreliable network: resumed, bounded, checked, and never half-written.

Into `<name>.part`, with what the server said of the file in `<name>.part.json`; the finished
file gets its name in one step, and `<name>.done.json` says what it is, so that an update that was
killed before it could load the file asks only whether it has changed. A page with status 200 that
is no data is refused by content.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from pcs_dash import __version__
from pcs_dash.official.archive import CHUNK, kind_of
from pcs_dash.official.store import file_sha256
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.tables.writing import replace_whole

Progress = Callable[[str, int, int | None], None]
Sleep = Callable[[float], None]


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
_RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})


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

    `digest`: algorithm and hexadecimal checksum that the server states; `sha256` and `size` of a
    finished file.
    """

    url: str
    etag: str | None = None
    modified: str | None = None
    digest: tuple[str, str] | None = None
    sha256: str = ""
    size: int = 0

    @property
    def validator(self) -> str | None:
        """What a part can be resumed with; a weak tag can't."""
        return self.modified if not self.etag or self.etag.startswith("W/") else self.etag


def file_name_of(url: str) -> str:
    """A safe file name for what an address gives: its last part, or its query for reports."""
    parts = urlsplit(url)
    name = unquote(parts.path.rsplit("/", 1)[-1])
    if parts.query and "." not in name:
        name = f"{name}-{parts.query.rsplit('=', 1)[-1]}"
    kept = "".join(c if c.isalnum() or c in "._- ()" else "_" for c in name).strip(". ")
    return kept[:150] or "download"


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
    part = target.with_name(f"{target.name}.part")
    pace = _Pace(patience)
    try:
        with _session(patience) as session:
            for attempt in _retrying(patience, sleep):
                with attempt:
                    facts = _fetch(session, url, target, patience, pace, progress)
                    if facts is not None:
                        _check(url, part, facts, sha256)
                        _finish(part, target, facts)
    except _PassingError as fault:
        raise DownloadError(
            f"{url}: {fault}, after {patience.attempts} attempts. What came is kept and resumed "
            "the next time; or download the file in a browser and give it with --from."
        ) from fault
    return target


def _session(patience: Patience) -> requests.Session:
    session = requests.Session()
    session.max_redirects = patience.redirects
    session.headers["User-Agent"] = f"pcs_dash/{__version__} (+python-requests)"
    return session


def _retrying(patience: Patience, sleep: Sleep) -> Retrying:
    """Attempts while faults are of the kind that passes."""

    def wait(state: RetryCallState) -> float:
        """Twice as long each time, with some chance in it so that many clients don't keep step;
        or what the server asks for.
        """
        fault = state.outcome.exception() if state.outcome else None
        if isinstance(fault, _PassingError) and fault.wait_s is not None:
            return min(fault.wait_s, patience.longest_back_off_s)
        base = patience.back_off_s * 2 ** (state.attempt_number - 1)
        return min(base, patience.longest_back_off_s) * random.uniform(0.5, 1.0)

    return Retrying(
        retry=retry_if_exception_type(_PassingError),
        stop=stop_after_attempt(patience.attempts),
        wait=wait,
        sleep=sleep,
        reraise=True,
    )


class _Pace:
    """Ends a transfer that drips: a server that sends a byte a minute never stalls."""

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self.begun = time.monotonic()
        self.restart()

    def restart(self) -> None:
        """A new attempt begins."""
        self.since, self.came = time.monotonic(), 0

    def count(self, url: str, size: int) -> None:
        """So many bytes have come."""
        now = time.monotonic()
        self.came += size
        if now - self.begun > self.patience.longest_s:
            raise DownloadError(
                f"{url}: it takes more than {self.patience.longest_s / 60:,.0f} minutes. Download "
                "the file in a browser and give it with --from."
            )
        passed = now - self.since
        if passed >= self.patience.stall_s:
            if self.came < self.patience.slowest_bytes_s * passed:
                raise _PassingError("the server sends too slowly")
            self.restart()


def _facts_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _done(target: Path) -> Path:
    return target.with_name(f"{target.name}.done.json")


def _read_facts(path: Path, url: str) -> _Facts | None:
    """What is known of a file; nothing when it came from another address."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        digest = content.pop("digest", None)
        facts = _Facts(**content, digest=tuple(digest) if digest else None)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
    return facts if facts.url == url else None


def _finish(part: Path, target: Path, facts: _Facts) -> None:
    """Give the finished file its name, and keep what it is."""
    known = _Facts(
        facts.url, facts.etag, facts.modified, facts.digest, file_sha256(part), part.stat().st_size
    )
    replace_whole(_done(target), json.dumps(asdict(known)))
    part.replace(target)
    _facts_of(part).unlink(missing_ok=True)


def _kept(target: Path, url: str) -> _Facts | None:
    """The facts of a file that came whole before and was not loaded; checked by its checksum."""
    facts = _read_facts(_done(target), url)
    try:
        whole = (
            facts is not None
            and target.stat().st_size == facts.size
            and file_sha256(target) == facts.sha256
        )
    except OSError:
        return None
    return facts if whole else None


def _fetch(
    session: requests.Session,
    url: str,
    target: Path,
    patience: Patience,
    pace: _Pace,
    progress: Progress | None,
) -> _Facts | None:
    """Bring the part to its end; None when the finished file of before is still that one."""
    part = target.with_name(f"{target.name}.part")
    # Compression on the way would make lengths and ranges mean something else.
    headers = {"Accept-Encoding": "identity"}
    begun = _read_facts(_facts_of(part), url)
    have = part.stat().st_size if begun and begun.validator and part.is_file() else 0
    kept = None if have else _kept(target, url)
    if have and begun and begun.validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": begun.validator}
    elif kept and kept.etag:
        headers["If-None-Match"] = kept.etag
    elif kept and kept.modified:
        headers["If-Modified-Since"] = kept.modified
    with _asked(session, url, headers, patience) as answer:
        if answer.status_code == 304 and kept:
            return None
        if answer.status_code == 416 and have:
            _forget(part)
            raise _PassingError("the part that was here did not fit")
        _check_status(url, answer)
        resumed = answer.status_code == 206 and have > 0
        if resumed and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            _forget(part)
            raise _PassingError("the server resumed at the wrong place")
        facts = begun if resumed and begun else _stated(url, answer)
        replace_whole(_facts_of(part), json.dumps(asdict(facts)))
        pace.restart()
        _write(url, answer, part, have if resumed else 0, patience, pace, progress)
    return facts


@contextmanager
def _asked(
    session: requests.Session, url: str, headers: dict[str, str], patience: Patience
) -> Iterator[requests.Response]:
    """The server's answer; faults on the way as DownloadError, or _PassingError to try again."""
    try:
        with session.get(
            url, headers=headers, stream=True, timeout=(patience.connect_s, patience.stall_s)
        ) as answer:
            yield answer
    except requests.TooManyRedirects as fault:
        raise DownloadError(f"{url}: it redirects in a circle.") from fault
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as fault:
        raise DownloadError(
            f"{url}: the address, or where it redirects to, is not valid."
        ) from fault
    except requests.exceptions.SSLError as fault:
        raise DownloadError(
            f"{url}: the certificate can't be checked. A proxy may intercept traffic: ask for its "
            "certificate and set REQUESTS_CA_BUNDLE, or download the file in a browser."
        ) from fault
    except requests.exceptions.Timeout as fault:
        raise _PassingError("the server does not answer in time") from fault
    except requests.exceptions.ConnectionError as fault:
        if _unresolved(fault):
            raise _no_connection(url) from fault
        timed_out = "timed out" in str(fault).lower()
        raise _PassingError(
            "the server stopped sending" if timed_out else "the connection failed or broke off"
        ) from fault
    except requests.RequestException as fault:
        raise _PassingError(f"the transfer failed ({type(fault).__name__})") from fault


def _stated(url: str, answer: requests.Response) -> _Facts:
    """What the server says of the whole file it sends."""
    return _Facts(
        url,
        etag=answer.headers.get("ETag"),
        modified=answer.headers.get("Last-Modified"),
        digest=_stated_digest(answer),
    )


def _stated_digest(answer: requests.Response) -> tuple[str, str] | None:
    """The checksum a server states of the whole file (Repr-Digest, Content-MD5), if it does."""
    stated = re.search(r"sha-256=:([^:]+):", answer.headers.get("Repr-Digest", ""))
    pairs = [("sha256", stated[1] if stated else "", 32)]
    if answer.status_code == 200:
        pairs.append(("md5", answer.headers.get("Content-MD5", ""), 16))
    for algorithm, text, length in pairs:
        try:
            digest = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(digest) == length:
            return algorithm, digest.hex()
    return None


def _unresolved(fault: BaseException | None) -> bool:
    """Whether a fault, or one that it comes from, is a name that can't be resolved."""
    seen = 0
    while fault is not None and seen < 10:
        if isinstance(fault, urllib3.exceptions.NameResolutionError):
            return True
        inner = [a for a in fault.args if isinstance(a, BaseException)]
        reason = getattr(fault, "reason", None)
        fault = reason if isinstance(reason, BaseException) else next(iter(inner), None)
        seen += 1
    return False


def _no_connection(url: str) -> NoConnectionError:
    return NoConnectionError(
        f"{urlsplit(url).hostname} can't be found: there is no connection to the internet, or it "
        "needs a proxy (HTTPS_PROXY)."
    )


def _check_status(url: str, answer: requests.Response) -> None:
    status = answer.status_code
    if status in (200, 206):
        if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
            raise DownloadError(f"{url}: it redirects to an unprotected address.")
        return
    if status in _RETRY_STATUS:
        after = answer.headers.get("Retry-After", "")
        raise _PassingError(
            f"the server answered {status} {answer.reason}",
            float(after) if after.isdigit() else None,
        )
    advice = {
        401: "It asks for a password.",
        403: "It refuses programs; open it in a browser, download the file and use --from.",
        404: "There is no such file; it may have moved: see the landing page in `status`.",
        410: "The file has been withdrawn.",
    }.get(status, "Download the file in a browser and use --from.")
    raise DownloadError(f"{url}: the server answered {status} {answer.reason}. {advice}")


def _write(
    url: str,
    answer: requests.Response,
    part: Path,
    start: int,
    patience: Patience,
    pace: _Pace,
    progress: Progress | None,
) -> None:
    length = answer.headers.get("Content-Length", "")
    expected = start + int(length) if length.isdigit() else None
    if expected is not None and expected > patience.largest_bytes:
        raise DownloadError(
            f"{url}: it is {expected / 1024**3:.1f} GB, larger than any known file."
        )
    size = start
    with part.open("ab" if start else "wb") as stream:
        for chunk in _pieces(answer):
            size += len(chunk)
            if size > patience.largest_bytes:
                raise DownloadError(f"{url}: it does not end; stopped.")
            stream.write(chunk)
            pace.count(url, len(chunk))
            if progress:
                progress(part.name.removesuffix(".part"), size, expected)
        _to_disk(stream)
    if expected is not None and size != expected:
        raise _PassingError(f"the file broke off at {size:,} of {expected:,} bytes")


def _to_disk(stream: IO[bytes]) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _pieces(answer: requests.Response, *, decoded: bool = False) -> Iterator[bytes]:
    """What arrives, as it arrives: a break loses nothing that came before it."""
    try:
        while piece := answer.raw.read1(CHUNK // 8, decode_content=decoded):
            yield piece
    except urllib3.exceptions.ReadTimeoutError as fault:
        raise _PassingError("the server stopped sending") from fault
    except urllib3.exceptions.ProtocolError as fault:
        last = fault.args[-1] if fault.args else None
        broken_off = isinstance(last, urllib3.exceptions.IncompleteRead)
        if broken_off and not decoded:
            return  # told by the caller, with the sizes
        raise _PassingError("the connection broke off") from fault
    except urllib3.exceptions.HTTPError as fault:
        raise _PassingError(f"the transfer failed ({type(fault).__name__})") from fault


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _facts_of(part).unlink(missing_ok=True)


def _check(url: str, part: Path, facts: _Facts, sha256: str | None) -> None:
    """Refuse what is no data, or not the data wanted; the part is thrown away then."""
    try:
        kind_of(part)
    except InputFileError as fault:
        _forget(part)
        raise DownloadError(f"{url}: {' '.join(fault.problems)}") from fault
    wanted = [("sha256", sha256)] if sha256 else []
    for algorithm, right in [*wanted, *([facts.digest] if facts.digest else [])]:
        # MD5 finds damage on the way; nothing else rests on it.
        digest = hashlib.new(algorithm, usedforsecurity=False)
        with part.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        found = digest.hexdigest()
        if found.lower() != right.lower():
            _forget(part)
            raise _PassingError(f"the file's checksum is {found[:12]}…, not {right[:12]}…")


def fetch_page(
    url: str,
    *,
    patience: Patience = DEFAULT_PATIENCE,
    largest_bytes: int = 5 * 1024**2,
    sleep: Sleep = time.sleep,
) -> tuple[str, str]:
    """A web page as text, and its address after redirects; tried as often as a file.

    Raises DownloadError.
    """
    pace = _Pace(patience)
    try:
        with _session(patience) as session:
            for attempt in _retrying(patience, sleep):
                with attempt, _asked(session, url, {}, patience) as answer:
                    _check_status(url, answer)
                    pace.restart()
                    body = bytearray()
                    for chunk in _pieces(answer, decoded=True):
                        pace.count(url, len(chunk))
                        body += chunk
                        if len(body) > largest_bytes:
                            raise DownloadError(f"{url}: the page is too large.")
                    text = body.decode(answer.encoding or "utf-8", errors="replace")
                    return text, answer.url
    except _PassingError as fault:
        raise DownloadError(
            f"{url}: the page can't be read: {fault}, after {patience.attempts} attempts. Open it "
            "in a browser, download the file and give it with --from."
        ) from fault
    raise AssertionError("unreachable")  # pragma: no cover - the last attempt returns or raises


def absolute(base: str, link: str) -> str:
    """A link of a page as a full address; empty where it is none."""
    try:
        return urljoin(base, link)
    except ValueError:
        return ""
