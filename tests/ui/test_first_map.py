"""The first map of a session is painted before the rest of its page is sent."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from streamlit.runtime.context import StreamlitCookies
from streamlit.testing.v1 import AppTest

from pcs_dash.ui import first_map
from pcs_dash.ui.first_map import told, wait
from tests.ui.asgi import finish


def _visit(patch: pytest.MonkeyPatch, cookie: str, longest: float) -> dict[str, Any]:
    """A session whose browser has this cookie; returns what the session holds."""
    held: dict[str, Any] = {}
    cookies = StreamlitCookies({"_streamlit_xsrf": cookie} if cookie else {})
    context = SimpleNamespace(cookies=cookies)
    patch.setattr(first_map, "st", SimpleNamespace(context=context, session_state=held))
    patch.setattr(first_map, "_LONGEST", longest)
    return held


def _tell(cookie: str) -> int:
    """The status that a map is answered with."""
    sent: list[Any] = []
    scope = {
        "type": "http", "method": "POST", "path": "/told/map", "query_string": b"",
        "headers": [(b"cookie", f"_streamlit_xsrf={cookie}".encode())],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    finish(Starlette(routes=told())(scope, receive, send))
    return int(sent[0]["status"])


def test_what_is_below_waits_for_the_map_of_its_own_browser(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _visit(monkeypatch, "mine", longest=60)
    waiting = threading.Thread(target=wait)
    waiting.start()
    while "mine" not in first_map._waiting:
        pass
    assert _tell("another's") == 204
    assert waiting.is_alive()
    assert _tell("mine") == 204
    waiting.join(60)
    assert not (waiting.is_alive() or first_map._waiting)


def test_a_map_that_tells_nothing_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    held = _visit(monkeypatch, "silent", longest=0.01)
    wait()
    assert held
    monkeypatch.setattr(first_map, "_LONGEST", 600)
    wait()


def test_a_page_made_for_nobody_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    held = _visit(monkeypatch, "", longest=600)
    wait()
    assert not held


def test_a_page_of_the_tests_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server, Streamlit makes up whatever cookie it is asked for."""
    monkeypatch.setattr(first_map, "_LONGEST", 0.01)
    page = AppTest.from_function(_page)
    page.run(timeout=60)
    assert not page.exception
    assert first_map._SEEN not in page.session_state


def _page() -> None:
    from pcs_dash.ui.first_map import wait

    wait()
