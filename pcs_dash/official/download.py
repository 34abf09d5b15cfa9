"""Fetch a file over an unreliable network: resumed, bounded, checked, and never half-written.

Into `<name>.part`, with what the server said of the file in `<name>.part.json`; the finished
file gets its name in one step. A page with status 200 that is no data is refused by content.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import requests
import urllib3

from pcs_dash import __version__
from pcs_dash.errors import InputFileError, UserError
from pcs_dash.official.archive import CHUNK, kind_of
from pcs_dash.official.store import file_sha256

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Patience:
    """Time-outs and retries. `stall_s`: longest wait for the next bytes."""

    connect_s: float = 15.0
    stall_s: float = 60.0
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
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Fetch `url` into `folder` and return the file.

    A part left by an earlier attempt is taken up again where the server allows (Range with
    If-Range). `sha256`: the checksum the file must have. Raises DownloadError for anything that
    is not the whole file: an error status, a web page, a truncated or endless body, a wrong
    checksum; after `patience.attempts` attempts for faults that may pass.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise DownloadError(f"{url}: only http and https addresses can be fetched.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise UserError(f"The folder {folder} can't be written ({fault.strerror}).") from fault
    target = folder / (name or file_name_of(url))
    part = target.with_name(f"{target.name}.part")
    reason = ""
    with requests.Session() as session:
        session.max_redirects = patience.redirects
        session.headers["User-Agent"] = f"pcs_dash/{__version__} (+python-requests)"
        for attempt in range(1, patience.attempts + 1):
            try:
                _fetch(session, url, part, patience, progress)
                _check(url, part, sha256)
                part.replace(target)
                _facts(part).unlink(missing_ok=True)
                return target
            except _PassingError as fault:
                reason = str(fault)
                if attempt < patience.attempts:
                    sleep(_wait(fault, attempt, patience))
    raise DownloadError(
        f"{url}: {reason}, after {patience.attempts} attempts. What came is kept and resumed the "
        "next time; or download the file in a browser and give it with --from."
    )


def _wait(fault: _PassingError, attempt: int, patience: Patience) -> float:
    """Twice as long each time, with some chance in it so that many clients don't keep step."""
    if fault.wait_s is not None:
        return min(fault.wait_s, patience.longest_back_off_s)
    base = min(patience.back_off_s * 2 ** (attempt - 1), patience.longest_back_off_s)
    return base * random.uniform(0.5, 1.0)


def _facts(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _known(part: Path, url: str) -> tuple[int, str | None]:
    """Bytes already here, and the validator to resume with; nothing for another address."""
    try:
        facts = json.loads(_facts(part).read_text(encoding="utf-8"))
        if facts.get("url") == url and facts.get("validator"):
            return part.stat().st_size, str(facts["validator"])
    except (OSError, ValueError, AttributeError):
        pass
    return 0, None


def _fetch(
    session: requests.Session, url: str, part: Path, patience: Patience, progress: Progress | None
) -> None:
    have, validator = _known(part, url)
    # Compression on the way would make lengths and ranges mean something else.
    headers = {"Accept-Encoding": "identity"}
    if have and validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    else:
        have = 0
    try:
        with session.get(
            url, headers=headers, stream=True, timeout=(patience.connect_s, patience.stall_s)
        ) as answer:
            _check_status(url, answer, have, part)
            resumed = answer.status_code == 206 and have > 0
            if resumed and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                _forget(part)
                raise _PassingError("the server resumed at the wrong place")
            _write(url, answer, part, have if resumed else 0, patience, progress)
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


def _check_status(url: str, answer: requests.Response, have: int, part: Path) -> None:
    status = answer.status_code
    if status in (200, 206):
        if urlsplit(url).scheme == "https" and urlsplit(answer.url).scheme != "https":
            raise DownloadError(f"{url}: it redirects to an unprotected address.")
        return
    if status == 416 and have:
        _forget(part)
        raise _PassingError("the part that was here did not fit")
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
    progress: Progress | None,
) -> None:
    length = answer.headers.get("Content-Length", "")
    expected = start + int(length) if length.isdigit() else None
    if expected is not None and expected > patience.largest_bytes:
        raise DownloadError(
            f"{url}: it is {expected / 1024**3:.1f} GB, larger than any known file."
        )
    validator = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
    if validator and validator.startswith("W/"):
        validator = answer.headers.get("Last-Modified")  # a weak tag can't be resumed with
    _facts(part).write_text(json.dumps({"url": url, "validator": validator}), encoding="utf-8")
    size = start
    with part.open("ab" if start else "wb") as stream:
        for chunk in _pieces(answer):
            size += len(chunk)
            if size > patience.largest_bytes:
                raise DownloadError(f"{url}: it does not end; stopped.")
            stream.write(chunk)
            if progress:
                progress(part.name.removesuffix(".part"), size, expected)
        stream.flush()
        os.fsync(stream.fileno())
    if expected is not None and size != expected:
        raise _PassingError(f"the file broke off at {size:,} of {expected:,} bytes")


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    """What arrives, as it arrives: a break loses nothing that came before it."""
    try:
        while piece := answer.raw.read1(CHUNK // 8, decode_content=False):
            yield piece
    except urllib3.exceptions.ReadTimeoutError as fault:
        raise _PassingError("the server stopped sending") from fault
    except urllib3.exceptions.ProtocolError as fault:
        if fault.args and isinstance(fault.args[-1], urllib3.exceptions.IncompleteRead):
            return  # told by the caller, with the sizes
        raise _PassingError("the connection broke off") from fault
    except urllib3.exceptions.HTTPError as fault:
        raise _PassingError(f"the transfer failed ({type(fault).__name__})") from fault


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _facts(part).unlink(missing_ok=True)


def _check(url: str, part: Path, sha256: str | None) -> None:
    """Refuse what is no data, or not the data wanted; the part is thrown away then."""
    try:
        kind_of(part)
    except InputFileError as fault:
        _forget(part)
        raise DownloadError(f"{url}: {' '.join(fault.problems)}") from fault
    if sha256 is None:
        return
    found = file_sha256(part)
    if found.lower() != sha256.lower():
        _forget(part)
        raise _PassingError(f"the file's checksum is {found[:12]}…, not {sha256[:12]}…")


def fetch_page(
    url: str,
    *,
    patience: Patience = DEFAULT_PATIENCE,
    largest_bytes: int = 5 * 1024**2,
) -> tuple[str, str]:
    """A web page as text, and its address after redirects. Raises DownloadError."""
    try:
        with requests.get(
            url,
            stream=True,
            timeout=(patience.connect_s, patience.stall_s),
            headers={"User-Agent": f"pcs_dash/{__version__} (+python-requests)"},
        ) as answer:
            if answer.status_code != 200:
                raise DownloadError(
                    f"{url}: the server answered {answer.status_code} {answer.reason}. Open the "
                    "page in a browser, download the file and give it with --from."
                )
            body = b""
            for chunk in answer.iter_content(1 << 16):
                body += chunk
                if len(body) > largest_bytes:
                    raise DownloadError(f"{url}: the page is too large.")
            return body.decode(answer.encoding or "utf-8", errors="replace"), answer.url
    except requests.RequestException as fault:
        if _unresolved(fault):
            raise _no_connection(url) from fault
        raise DownloadError(
            f"{url}: the page can't be reached ({type(fault).__name__}). Open it in a browser, "
            "download the file and give it with --from."
        ) from fault


def absolute(base: str, link: str) -> str:
    """A link of a page as a full address."""
    return urljoin(base, link)
