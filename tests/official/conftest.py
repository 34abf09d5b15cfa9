"""What the tests of official data share: the real files where they are, and a bad web server."""

from __future__ import annotations

import base64
import hashlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parents[2]


class BadServer(ThreadingHTTPServer):
    """A real HTTP server on loopback that misbehaves as the path asks."""

    daemon_threads = True
    body: bytes = b"a,b\n" + b"1,2\n" * 50_000
    requests: ClassVar[list[tuple[str, str | None]]] = []
    pages: ClassVar[dict[str, bytes]] = {}
    answers: ClassVar[list[tuple[str, int]]] = []
    failures_left = 0
    slow_s = 0.0

    @property
    def url(self) -> str:
        host, port = self.server_address[:2]
        return f"http://{host}:{port}"


class _Handler(BaseHTTPRequestHandler):
    server: BadServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.server.answers.append((self.path, status))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.server.requests.append((path, self.headers.get("Range")))
        try:
            if path in self.server.pages:
                self._send(200, self.server.pages[path])
            elif path in PLAIN:
                status, body, headers = PLAIN[path]
                self._send(status, body, **headers)
            elif path.endswith(("-md5.csv", "-digest.csv")):
                self._stated(path)
            elif path in ODD:
                ODD[path](self, self.server.body, self.headers.get("Range"))
            else:
                self._send(404, b"unknown")
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self.close_connection = True

    def _good(self, body: bytes, _wanted: str | None) -> None:
        self._send(200, body, ETag='"one"')

    def _flaky(self, body: bytes, _wanted: str | None) -> None:
        if self.server.failures_left > 0:
            self.server.failures_left -= 1
            self._send(503, b"later")
        else:
            self._send(200, body, ETag='"one"')

    def _stated(self, path: str) -> None:
        body = self.server.body
        right = body if "right" in path else b"other"
        md5, sha = (hashlib.new(name, right).digest() for name in ("md5", "sha256"))
        if "md5" in path:
            self._send(200, body, Content_MD5=base64.b64encode(md5).decode())
        else:
            self._send(200, body, Repr_Digest=f"sha-256=:{base64.b64encode(sha).decode()}:")

    def _kept(self, body: bytes, _wanted: str | None) -> None:
        if self.headers.get("If-None-Match") == '"one"':
            self._send(304, b"")
        else:
            self._send(200, body, ETag='"one"')

    def _slow(self, body: bytes, wanted: str | None) -> None:
        if wanted is None:
            self._slowly(body, len(body) // 50, self.server.slow_s)
        else:
            self._truncated(body, wanted)

    def _stall(self, body: bytes, _wanted: str | None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1000])
        self.wfile.flush()
        time.sleep(1.5)

    def _endless(self, _body: bytes, _wanted: str | None) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(10_000):
            self.wfile.write(b"1,2\n" * 20_000)

    def _slowly(self, body: bytes, piece: int, pause_s: float) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"one"')
        self.end_headers()
        for start in range(0, len(body), piece):
            self.wfile.write(body[start : start + piece])
            self.wfile.flush()
            time.sleep(pause_s)

    def _half(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"one"')
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])

    def _truncated(self, body: bytes, wanted: str | None, *, wrong: bool = False) -> None:
        """Half the body at first; the rest when asked to resume with the right validator."""
        if wanted and self.headers.get("If-Range") == '"one"':
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            shown = 0 if wrong else start
            self._send(
                206, body[start:], Content_Range=f"bytes {shown}-{len(body) - 1}/{len(body)}"
            )
        elif wrong and self.server.failures_left == 0:
            self._send(200, body, ETag='"one"')
        else:
            self.server.failures_left = 0
            self._half(body)

    def _changed(self, body: bytes, wanted: str | None) -> None:
        """The file changed between the two attempts: If-Range fails, so all of it comes anew."""
        if wanted:
            self._send(200, b"new," + body, ETag='"two"')
        else:
            self._half(body)


# Paths with one answer, and those that need a method.
PLAIN: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "/missing.csv": (404, b"not here", {}),
    "/forbidden.csv": (403, b"no programs", {}),
    "/page.csv": (200, b"<!DOCTYPE html><html><body>Sign in</body></html>", {}),
    "/garbage.csv": (200, bytes(range(256)) * 40, {}),
    "/redirect.csv": (302, b"", {"Location": "/good.csv"}),
    "/circle.csv": (302, b"", {"Location": "/circle.csv"}),
    "/ftp.csv": (302, b"", {"Location": "ftp://127.0.0.1/good.csv"}),
}
ODD: dict[str, Callable[[_Handler, bytes, str | None], None]] = {
    "/good.csv": _Handler._good,
    "/flaky.csv": _Handler._flaky,
    "/truncated.csv": _Handler._truncated,
    "/broken-resume.csv": partial(_Handler._truncated, wrong=True),
    "/always-truncated.csv": lambda handler, body, _: handler._half(body),
    "/changed.csv": _Handler._changed,
    "/kept.csv": _Handler._kept,
    "/drip.csv": lambda handler, body, _: handler._slowly(body[:1000], 1, 0.02),
    "/slow.csv": _Handler._slow,
    "/stall.csv": _Handler._stall,
    "/endless.csv": _Handler._endless,
}


@pytest.fixture
def server() -> Iterator[BadServer]:
    with BadServer(("127.0.0.1", 0), _Handler) as running:
        running.requests.clear()
        running.answers.clear()
        running.pages.clear()
        running.failures_left = 0
        thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()
