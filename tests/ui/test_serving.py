"""What the server does beside answering."""

from __future__ import annotations

import threading
import tomllib
import weakref
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from starlette.applications import Starlette
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pcs_dash.tables.paths import ROOT
from pcs_dash.ui import serving
from pcs_dash.ui.serving import collect, moved, not_there
from pcs_dash.views import places
from tests.ui.asgi import finish


class _Ring:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_refers_to_itself_is_freed_in_a_thread_that_can_be_stopped() -> None:
    gone, stop = threading.Event(), threading.Event()
    ring = _Ring()
    weakref.finalize(ring, gone.set)
    del ring
    thread = threading.Thread(target=collect, args=(stop, 0.01))
    thread.start()
    assert gone.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


class _Runtime:
    """Streamlit's, where a run asks for another, which is whole."""

    def __init__(self) -> None:
        self.open: dict[str, Any] = {}
        self.pages: list[str] = []

    def connect_session(self, client: Any, _user: Any) -> str:
        self.open["session"] = client
        return "session"

    def handle_backmsg(self, session: str, message: BackMsg) -> None:
        client = self.open[session]
        client.write_forward_msg(ForwardMsg(script_finished=ForwardMsg.FINISHED_EARLY_FOR_RERUN))
        assert not client.whole.is_set()
        client.write_forward_msg(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY))
        self.pages.append(message.rerun_script.page_name)

    def close_session(self, session: str) -> None:
        assert self.open.pop(session).whole.is_set()


def test_every_page_is_made_once_for_nobody_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    server = _Runtime()
    monkeypatch.setattr(serving.runtime, "get_instance", lambda: server)
    monkeypatch.setattr(serving, "_BETWEEN", 0)
    finish(serving._show_to_nobody())
    shown = {sheet.path or "overview" for sheet in places.SHEETS}
    assert set(server.pages) == shown | {"england", "data_and_methods"}
    assert not server.open


def test_streamlit_does_not_collect_in_every_click() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["runner"]["postScriptGC"] is False


def answered(path: str, query: str) -> tuple[int, str]:
    """Status and Location that the server answers an address with."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": query.encode(), "headers": [], "root_path": "", "scheme": "http",
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    finish(Starlette(routes=[*moved(), *not_there()])(scope, receive, send))
    location = dict(sent[0].get("headers", [])).get(b"location", b"")
    return sent[0]["status"], location.decode()


ASKED = (
    "area=district-e07000107%2Be07000109&gp=permanent&given=a&given=b&practice=F81110&map=51_0_9"
)


@pytest.mark.parametrize("base", ["", "/dash/board"])
@pytest.mark.parametrize("old", places.moved())
def test_an_old_address_leads_to_the_new_place_with_all_it_asks(old: str, base: str) -> None:
    status, location = answered(f"{base}/{old}", ASKED)
    assert status == 307
    led = urlsplit(urljoin(f"http://localhost{base}/{old}", location))
    sheet = places.moved()[old]
    assert led.path.rstrip("/") == f"{base}/{sheet.path}".rstrip("/")
    assert parse_qsl(led.query) == [*sheet.asked.items(), *parse_qsl(ASKED)]


def test_a_new_address_is_left_alone() -> None:
    new = {sheet.path for sheet in places.SHEETS}
    assert [answered(f"/{path}", "")[0] for path in new] == [404] * len(new)


def test_what_a_browser_tries_under_a_page_is_no_fault_and_the_server_itself_is_left_alone() -> (
    None
):
    tried = [f"{base}/practices/_stcore/health" for base in ("", "/dash/board")]
    # Neither found, so that the browser looks further, nor a fault, which its console would show.
    assert [answered(path, "")[0] for path in tried] == [300, 300]
    assert [answered(f"{base}/_stcore/health", "")[0] for base in ("", "/dash")] == [404, 404]
