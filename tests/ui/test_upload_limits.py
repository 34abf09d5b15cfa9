"""Files sent to the raw upload address: a total per session and per server."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from pcs_dash.ui import upload_limits
from pcs_dash.ui.upload_limits import SESSION_MB, TOTAL_VARIABLE, UploadLimits
from tests.ui.asgi import finish

MB = 1024**2


class _Server:
    """Files kept by session, and the limits before the app that keeps them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: Counter[str] = Counter()
        self.read = 0
        monkeypatch.setattr(upload_limits, "held", lambda: Counter(self.kept))
        self.limits = UploadLimits(self._keep)

    async def _keep(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0)
        self.read += 1
        session, size = scope["path"].split("/")[-2], int(dict(scope["headers"])[b"content-length"])
        self.kept[session] += size
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def put(self, session: str, size: int | None, method: str = "PUT") -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [] if size is None else [(b"content-length", str(size).encode())]
        path = f"/pcs/_stcore/upload_file/{session}/file"
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await self.limits(scope, receive, send)
        return int(sent[0]["status"])


def _statuses(server: _Server, *puts: tuple[str, int | None]) -> list[int]:
    found: list[int] = []

    async def at_once() -> None:
        found.extend(await asyncio.gather(*(server.put(*put) for put in puts)))

    finish(at_once())
    return found


def test_one_session_has_so_much_also_of_files_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    third = SESSION_MB * MB // 3
    assert _statuses(server, *[("one", third)] * 5) == [204, 204, 204, 413, 413]
    # The next session has its own; the first still has none left.
    assert _statuses(server, ("two", third), ("one", third)) == [204, 413]
    server.kept.clear()
    assert _statuses(server, ("one", third)) == [204]


def test_all_sessions_together_have_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOTAL_VARIABLE, "10")
    server = _Server(monkeypatch)
    assert _statuses(server, *[(f"s{n}", 4 * MB) for n in range(4)]) == [204, 204, 413, 413]


def test_a_file_of_no_length_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Server(monkeypatch)
    assert _statuses(server, ("one", None)) == [411]
    assert server.read == 0
