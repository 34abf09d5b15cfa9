"""What every request meets first."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import net_util

from pcs_dash.ui.guard import Guard, is_ours
from tests.ui.asgi import finish


def _answer(path: str = "/", kind: str = "http", **headers: str) -> tuple[list[Any], list[Any]]:
    """What the guard sends, and the scopes that reach the app behind it."""
    reached: list[Any] = []
    sent: list[Any] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        reached.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": "pcs.example", **headers}
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in given.items()]
    scope = {
        "type": kind,
        "path": path,
        "headers": raw,
        "client": ("127.0.0.1", 1),
        "method": "GET",
    }
    finish(Guard(app)(scope, receive, send))
    return sent, reached


def _headers(sent: list[Any]) -> dict[str, str]:
    return {name.decode(): text.decode() for name, text in sent[0]["headers"]}


def _policy(sent: list[Any]) -> dict[str, str]:
    told = _headers(sent)["content-security-policy"]
    return {line.split(" ", 1)[0]: line.split(" ", 1)[1] for line in told.split("; ")}


def test_an_answer_carries_the_security_headers() -> None:
    sent, _ = _answer()
    assert _headers(sent)["x-content-type-options"] == "nosniff"
    assert _headers(sent)["referrer-policy"] == "strict-origin-when-cross-origin"
    policy = _policy(sent)
    assert policy["default-src"] == policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert "wss://pcs.example" in policy["connect-src"]


def test_only_sites_that_the_administrator_names_may_frame_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PCS_DASH_EMBED_SITES", "https://intranet.nhs.example *; script-src")
    assert _policy(_answer()[0])["frame-ancestors"] == "'self' https://intranet.nhs.example"


def test_only_the_frame_of_a_map_may_write_its_own_script() -> None:
    sent, _ = _answer("/pcs/component/streamlit_folium.st_folium/index.html")
    assert "'unsafe-eval'" in _policy(sent)["script-src"]


def test_a_browser_that_leaves_is_heard_of_by_what_it_sent_last() -> None:
    """Its last messages wait, then its leaving: sending to it meanwhile ends neither."""
    waiting = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "bytes": b"asked"},
        {"type": "websocket.disconnect", "code": 1005},
    ]
    heard: list[object] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        browser = WebSocket(scope, receive, send)
        await browser.accept()
        await browser.send_bytes(b"figures")
        heard.append(await browser.receive_bytes())
        try:
            await browser.receive_bytes()
        except WebSocketDisconnect as left:
            heard.append(left.code)

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "websocket.send":
            raise ConnectionResetError

    scope = {"type": "websocket", "path": "/", "headers": [(b"host", b"pcs.example")]}
    finish(Guard(app)(scope, receive, send))
    assert heard == [b"asked", 1005]


def test_a_host_header_brings_nothing_into_the_policy() -> None:
    sent, _ = _answer(host="evil.example; script-src *")
    assert "evil" not in _headers(sent)["content-security-policy"]


def test_a_foreign_origin_gets_no_socket_and_no_leave_to_read_and_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(net_util, "get_external_ip", lambda: pytest.fail("asked the internet"))
    sent, reached = _answer(kind="websocket", origin="https://evil.example")
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert not reached
    _, reached = _answer(origin="null")
    assert b"origin" not in dict(reached[0]["headers"])


@pytest.mark.parametrize(
    "origin", ["https://pcs.example", "http://localhost:8501", "http://127.0.0.1:1"]
)
def test_our_own_origin_passes(origin: str) -> None:
    assert is_ours(origin, "pcs.example")
    assert _answer(kind="websocket", origin=origin)[1]


def test_a_host_that_is_not_named_is_refused_but_for_the_question_of_health(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    option = st.get_option
    monkeypatch.setattr(
        "streamlit.config.get_option",
        lambda key: ["pcs.nhs.example"] if key == "server.allowedHosts" else option(key),
    )
    assert _answer()[0][0]["status"] == 400
    assert _answer(kind="websocket")[0][0]["type"] == "websocket.close"
    assert _answer(host="pcs.nhs.example")[0][0]["status"] == 200
    assert _answer("/_stcore/health")[0][0]["status"] == 200


def test_metrics_are_told_to_this_computer_only() -> None:
    assert _answer("/_stcore/metrics")[0][0]["status"] == 200
    assert _answer("/_stcore/metrics", x_forwarded_for="10.0.0.1")[0][0]["status"] == 404
