"""Nobody passes who has not signed in, by a forged header or cookie neither."""

from __future__ import annotations

import ast
import asyncio
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pcs_dash.store import audit
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.rights import Who
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui.sign_in import identity, own_files
from pcs_dash.ui.sign_in.gate import Gate
from pcs_dash.ui.sign_in.identity import HEADER, Login, from_claims, packed, unpacked
from pcs_dash.ui.sign_in.settings import Settings, read_settings
from tests import signed_cookie
from tests.signed_cookie import SECRET
from tests.ui.asgi import finish
from tests.ui.sign_in.test_settings import AUTH, OIDC, PROXY

ANN = Who("ann", "Ann", "editor")
SETTINGS = read_settings(OIDC | {"PCS_DASH_EDITORS": "E"}, AUTH)
BEHIND = read_settings(PROXY | {"PCS_DASH_EDITORS": "E"}, {})


def claims(**changed: Any) -> dict[str, Any]:
    return signed_cookie.claims(SETTINGS.origin, **changed)


def cookie(told: dict[str, Any], secret: str = SECRET) -> str:
    return f"_streamlit_user={signed_cookie.cookie(told, secret)}"


@dataclass
class Asked:
    """What the gate sent, and who reached the app behind it."""

    sent: list[Any] = field(default_factory=list)
    reached: list[Login | None] = field(default_factory=list)
    heard: list[Any] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): text.decode() for name, text in self.sent[0]["headers"]}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr(identity, "get_cookie_secret", lambda: SECRET)
    with open_database(tmp_path / "plans.sqlite") as database:
        yield database


Ask = Callable[..., Asked]


@pytest.fixture
def ask(library: Database) -> Ask:
    """Asks a gate that has just been built, or that of an earlier question (`of`)."""
    gates: dict[Settings, Gate] = {}

    def asking(
        path: str = "/",
        *,
        headers: tuple[tuple[str, str], ...] = (),
        kind: str = "http",
        method: str = "GET",
        settings: Settings = SETTINGS,
        peer: str = "192.0.2.1",
        messages: tuple[dict[str, Any], ...] = ({"type": "websocket.connect"},),
        app_sends: tuple[tuple[bytes, bytes], ...] = (),
    ) -> Asked:
        asked = Asked()
        coming = list(messages)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            told = dict(scope["headers"]).get(HEADER.encode(), b"").decode()
            asked.reached.append(unpacked(told))
            if scope["type"] == "websocket":
                while not asked.heard or asked.heard[-1]["type"] != "websocket.disconnect":
                    asked.heard.append(await receive())
                return
            headers = [(b"content-type", b"text/html"), (b"location", b"/"), *app_sends]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})

        async def receive() -> Any:
            if not coming:
                await asyncio.sleep(3600)
            return coming.pop(0)

        async def send(message: Any) -> None:
            asked.sent.append(message)

        built = gates.setdefault(
            repr(settings),
            Gate(app, settings, lambda: library),  # type: ignore[call-overload]
        )
        built.app = app
        raw = [(name.encode(), text.encode()) for name, text in headers]
        scope = {
            "type": kind, "path": path, "method": method, "headers": raw, "client": (peer, 5),
            "query_string": b"plan=go-x",
        }  # fmt: skip
        finish(built(scope, receive, send))
        return asked

    return asking


@pytest.mark.parametrize(
    "path",
    ["/", "/hubs", "/media/x.csv", "/api/v1/areas", "/static/index.js", "/app/static/base.json",
     "/_stcore/host-config", "/_stcore/metrics", "/_stcore/upload_file/s/f", "/component/x",
     "/_stcore/bidi-components/x", "/media/_stcore/health", "/api/v1/auth/login",
     "/_stcore/health/", "/sign-in/x"],
)  # fmt: skip
def test_a_stranger_gets_nothing(ask: Ask, path: str) -> None:
    # What only the gate may say, said by somebody else; and said with another process's seal.
    forged = packed(Login(ANN, "x", math.inf))[:-1] + "0"
    for headers in ((), ((HEADER, forged),), ((HEADER, packed(Login(ANN, "x", math.inf))),)):
        for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
            asked = ask(path, headers=headers, method=method)
            assert asked.status == 401, method
            assert not asked.reached
    assert ask(path, kind="websocket").sent == [{"type": "websocket.close", "code": 1008}]
    page = ask(path, headers=(("accept", "text/html"),))
    assert b"Sign in</a>" in page.sent[1]["body"]
    assert page.headers["cache-control"] == "no-store"


def test_health_and_the_ways_in_answer_anybody(ask: Ask) -> None:
    for path in ("/_stcore/health", "/auth/login", "/oauth2callback", "/auth/logout"):
        assert ask(path).reached == [None]
        if path != "/_stcore/health":
            assert ask(path, settings=BEHIND).status == 401


WRONG = {
    "another secret": cookie(claims(), "y" * 32),
    "another app": cookie(claims(origin="https://other.example")),
    "not signed in": cookie(claims(is_logged_in=False)),
    "over": cookie(claims(iat=time.time() - 12 * 3600 - 1)),
    "without a time": cookie(claims(iat=None)),
    "nameless": cookie(claims(sub=" ")),
    "our nobody": cookie(claims(sub="(nobody)")),
    "too long": cookie(claims(sub="x" * 201)),
    "no JSON": "_streamlit_user=x",
}


@pytest.mark.parametrize("given", WRONG.values(), ids=WRONG)
def test_a_cookie_that_is_over_or_forged_is_none(ask: Ask, given: str) -> None:
    asked = ask(headers=(("cookie", given),))
    assert (asked.status, asked.reached) == (401, [])


def test_a_good_cookie_passes_and_the_page_ends_with_it(ask: Ask) -> None:
    asked = ask(headers=(("cookie", cookie(claims())), (HEADER, "forged")))
    (login,) = asked.reached
    assert login is not None
    assert login.who == ANN
    assert 12 * 3600 - 70 < int(asked.headers["refresh"]) < 12 * 3600


def test_who_has_no_role_is_told_so(ask: Ask, library: Database) -> None:
    asked = ask(
        headers=(("cookie", cookie(claims(name="<b>Ann", roles=[]))), ("accept", "text/html")),
        settings=replace(SETTINGS, default=None),
    )
    assert asked.status == 403
    assert b"bAnn, who has no role" in asked.sent[1]["body"]
    assert [row["detail"] for row in audit.entries(library)] == ["no role"]


@pytest.mark.parametrize(
    ("peer", "headers", "who"),
    [
        ("10.0.0.5", {"X-Forwarded-User": "ann"}, Who("ann", "ann", "viewer")),
        ("10.1.0.9", {"X-Forwarded-User": "ann", "X-Forwarded-Groups": "x, E"},
         Who("ann", "ann", "editor")),
        ("10.0.0.5", {"X-Forwarded-User": "ann", "X-Forwarded-Preferred-Username": "Ann Öst"},
         Who("ann", "Ann Öst", "viewer")),
        ("10.0.0.5", {}, None),
        ("10.0.0.5", {"X-Forwarded-User": "ann", "x-forwarded-user": "bob"}, None),
        ("10.0.0.5", {"X-Forwarded-User": "ann", "X-Forwarded-Groups": "x",
                      "x-forwarded-groups": "E"}, None),
        ("10.0.0.6", {"X-Forwarded-User": "ann"}, None),
        ("unix:", {"X-Forwarded-User": "ann"}, None),
        # Nor does a header's word for the address help.
        ("192.0.2.1", {"X-Forwarded-User": "ann", "X-Forwarded-For": "10.0.0.5"}, None),
    ],
)  # fmt: skip
def test_headers_are_believed_from_the_proxy_alone(
    ask: Ask, peer: str, headers: dict[str, str], who: Who | None
) -> None:
    asked = ask(settings=BEHIND, peer=peer, headers=tuple(headers.items()))
    assert [login and login.who for login in asked.reached] == ([who] if who else [])
    assert asked.status == (200 if who else 401)


def test_signing_out_ends_the_cookie_for_every_replica(ask: Ask, library: Database) -> None:
    held = (("cookie", cookie(claims())),)
    connect, message = {"type": "websocket.connect"}, {"type": "websocket.receive", "bytes": b"x"}
    gone = {"type": "websocket.disconnect", "code": 1005}
    open_socket = ask(kind="websocket", headers=held, messages=(connect, message, gone))
    assert open_socket.heard == [connect, message, gone]
    ask("/auth/logout", headers=held)
    assert ask(headers=held).status == 401
    # A gate of another replica, which never saw it.
    other = ask(headers=held, settings=replace(SETTINGS, hours=13))
    assert other.status == 401
    rows = audit.entries(library)
    assert [(row["action"], row["person"]) for row in rows] == [
        ("signed out", "ann"),
        ("signed in", "ann"),
    ]


def test_what_an_open_page_says_after_the_end_is_not_heard(ask: Ask) -> None:
    told = claims(iat=time.time() - 12 * 3600 + 0.6)
    asked = ask(kind="websocket", headers=(("cookie", cookie(told)),))
    assert [message["type"] for message in asked.heard] == [
        "websocket.connect",
        "websocket.disconnect",
    ]
    assert asked.sent == [{"type": "websocket.close", "code": 1008}]


def test_somebody_comes_back_to_where_they_were_going(ask: Ask) -> None:
    page = ask("/hubs", headers=(("accept", "text/html"),))
    kept = page.headers["set-cookie"].partition(";")[0]
    signed = ((b"set-cookie", b"_streamlit_user=x"),)
    back = ask("/oauth2callback", headers=(("cookie", kept),), app_sends=signed)
    assert back.headers["location"] == "/hubs?plan=go-x"
    for elsewhere in ("%2F%2Fevil.example", "https%3A%2F%2Fevil.example", "%2F%5Cevil", "%2Fa%0D"):
        forged = (("cookie", f"pcs_dash_after={elsewhere}"),)
        asked = ask("/oauth2callback", headers=forged, app_sends=signed)
        assert asked.headers["location"] == "/"
    # Not signed in after all.
    assert ask("/oauth2callback", headers=(("cookie", kept),)).headers["location"] == "/"


def test_files_and_upload_addresses_are_one_persons(
    ask: Ask, library: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(who: Who) -> Any:
        headers = [(HEADER, packed(Login(who, "l", math.inf)))]
        return SimpleNamespace(client_context=SimpleNamespace(headers=headers))

    def execute_deferred(file: str) -> str:
        return f"/media/{file}-made.csv"

    open_sessions = {"a": client(ANN), "b": client(Who("bob", "Bob", "editor"))}
    media = SimpleNamespace(
        _files_by_session_and_coord={"a": {"1": "plan"}, "b": {"1": "other"}},
        _deferred_callables={"later": {"session_id": "a"}},
        execute_deferred=execute_deferred,
    )
    server = SimpleNamespace(get_client=open_sessions.get, media_file_mgr=media)
    monkeypatch.setattr(own_files.runtime, "get_instance", lambda: server)
    monkeypatch.setattr(own_files.runtime, "exists", lambda: True)
    held = (("cookie", cookie(claims())),)
    viewer = (("cookie", cookie(claims(sub="viv", roles=[]))),)
    assert ask("/media/plan.xlsx", headers=held).headers["cache-control"] == "private, no-store"
    # Made when a button is pressed, by whoever: it is of the page that has the button.
    assert ask("/media/later-made.csv", headers=held).status == 404
    ask(kind="websocket", headers=held, messages=({"type": "websocket.disconnect"},))
    assert media.execute_deferred("later") == "/media/later-made.csv"
    assert ask("/media/later-made.csv", headers=held).status == 200
    for name in ("other.xlsx", "nothing.csv"):
        assert ask(f"/media/{name}", headers=held).status == 404
    for name in ("plan.xlsx", "later-made.csv"):
        assert ask(f"/media/{name}", headers=viewer).status == 404
    place = "/_stcore/upload_file"
    statuses = [
        ask(f"{place}/{session}/f", headers=headers, method="PUT").status
        for session, headers in (("a", held), ("b", held), ("c", held), ("a", viewer))
    ]
    assert statuses == [200, 404, 404, 403]
    row = audit.entries(library)[0]
    assert (row["person"], row["action"], row["detail"]) == ("viv", "refused", "send files")
    # What was made in a page that is closed is no longer there for anyone.
    del open_sessions["a"]
    assert ask("/media/plan.xlsx", headers=held).status == 404


def test_a_sign_in_of_another_process_is_none() -> None:
    login = Login(ANN, "l", math.inf)
    assert unpacked(packed(login)) == login
    assert unpacked("") is unpacked("x.y") is unpacked(packed(login) + "0") is None
    assert unpacked(packed(replace(login, until=time.time() - 1))) is None
    assert from_claims(claims(), SETTINGS) != from_claims(claims(nonce="n"), SETTINGS)


def test_every_library_of_a_front_is_somebodys() -> None:
    """A library without `who` is everybody's: for commands alone."""
    found = {
        f"{path.name}: {len(node.args)}"
        for room in ("ui", "api")
        for path in (ROOT / "pcs_dash" / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Library")
    }
    assert found == {
        f"{name}.py: 2"
        for name in ("address_plan", "plan_saving", "resources", "saving", "story_saving")
    }
