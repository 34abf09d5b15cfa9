"""Nobody passes who has not signed in: pages, files, sockets and the API alike.

Only the question of health and the ways to sign in answer anybody. Files made for one person
(media) and the addresses to which one sends files are that person's alone.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sys
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config
from streamlit.user_info import generate_login_redirect_url
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from pcs_dash.store import audit
from pcs_dash.store.database import Database
from pcs_dash.store.rights import Action, Who, may
from pcs_dash.tables.errors import UserError
from pcs_dash.ui.sign_in import identity
from pcs_dash.ui.sign_in.identity import HEADER, Login, packed
from pcs_dash.ui.sign_in.own_files import OwnFiles, whose
from pcs_dash.ui.sign_in.settings import Settings, settings

HEALTH, SIGN_IN, CALLBACK = "/_stcore/health", "/sign-in", "/oauth2callback"
LOGOUT = "/auth/logout"
_WAYS_IN = (SIGN_IN, CALLBACK, LOGOUT, "/auth/login")
_MEDIA, _UPLOAD = "/media/", "/_stcore/upload_file/"
# Where somebody was going who had to sign in first; a longer address is not kept.
_AFTER, _LONGEST = "pcs_dash_after", 3_500
# How long another replica's sign-out may go unnoticed, in seconds.
NOTICED = 5.0
_CROWD = 20_000
_log = logging.getLogger(__name__)
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>pcs_dash: {title}</title>
<meta name="viewport" content="width=device-width">
<style>body{{font-family:sans-serif;color:#212b32;background:#f0f4f5;margin:0}}
main{{max-width:32rem;margin:15vh auto;padding:1.5rem 2rem;background:#fff}}
a{{display:inline-block;padding:.6rem 1.4rem;background:#005eb8;color:#fff;text-decoration:none;
border-radius:4px}}a:focus{{outline:3px solid #d6006e;outline-offset:2px}}</style>
<main><h1>{title}</h1><p>{words}</p>{way}</main></html>"""


class Logins:
    """Which sign-ins were ended by signing out, here or on another replica, as the audit has it;
    and each one's first sight, for the audit.
    """

    def __init__(self, database: Callable[[], Database]) -> None:
        self._database = database
        self._ended: set[str] = set()
        self._looked: dict[str, float] = {}

    async def over(self, login: Login) -> bool:
        """Whether it was ended; the database is asked once every NOTICED seconds."""
        now = time.monotonic()
        if login.id in self._ended or now - self._looked.get(login.id, -math.inf) < NOTICED:
            return login.id in self._ended
        if len(self._looked) > _CROWD:
            self._looked.clear()
        self._looked[login.id] = now
        if await asyncio.to_thread(self._has, "signed out", login.id):
            self._ended.add(login.id)
        return login.id in self._ended

    async def arrived(self, login: Login) -> None:
        """Tell the audit of a sign-in that it has not yet."""
        if not await asyncio.to_thread(self._has, "signed in", login.id):
            await self.note(login.who, "signed in", detail=login.id)

    async def end(self, login: Login) -> None:
        """Somebody signs out."""
        self._ended.add(login.id)
        await self.note(login.who, "signed out", detail=login.id)

    async def note(self, who: Who, action: str, **about: Any) -> None:
        """Tell the audit; a fault is the log's."""
        try:
            await asyncio.to_thread(audit.note, self._database(), who, action, **about)
        except UserError as error:
            _log.warning("the audit could not be told that %s %s: %s", who.id, action, error)

    def _has(self, action: str, detail: str) -> bool:
        try:
            return audit.has(self._database(), action, detail)
        except UserError as error:
            _log.warning("the audit could not be asked: %s", error)
            return False


def gates(database: Callable[[], Database]) -> list[Middleware]:
    """The gate where people sign in, or none; ends the program where settings make no sense."""
    try:
        found = settings()
    except UserError as error:
        sys.exit(f"pcs_dash: {error}")
    if not found.on:
        return []
    # A session goes on only for who began it, whatever the browser says of its number.
    config.set_option("server.trustedUserHeaders", {HEADER: "pcs_dash"})
    return [Middleware(Gate, settings=found, database=database)]


class Gate:
    """ASGI middleware: lets in who has signed in, and tells the app who that is."""

    def __init__(self, app: ASGIApp, settings: Settings, database: Callable[[], Database]) -> None:
        self.app = app
        self.settings = settings
        self.logins = Logins(database)
        self.files = OwnFiles()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        # Ours alone to say; whoever else sends it is not heard.
        kept = [
            (name, value) for name, value in scope["headers"] if name.lower() != HEADER.encode()
        ]
        scope = {**scope, "headers": kept}
        place = _inside(scope["path"])
        login = await self._login(scope)
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send, login)
        elif place == HEALTH:
            await self.app(scope, receive, send)
        elif self.settings.mode == "oidc" and place in _WAYS_IN:
            await self._way_in(scope, receive, send, place, login)
        elif login is None:
            await _stranger(scope, self.settings)(scope, receive, send)
        else:
            await self._known(scope, receive, send, place, login)

    async def _login(self, scope: Scope) -> Login | None:
        if self.settings.mode == "proxy":
            peer = (scope.get("client") or ("",))[0]
            return identity.from_headers(scope["headers"], peer, self.settings)
        login = identity.from_cookies(HTTPConnection(scope).cookies, self.settings)
        return None if login is None or await self.logins.over(login) else login

    async def _way_in(
        self, scope: Scope, receive: Receive, send: Send, place: str, login: Login | None
    ) -> None:
        if place == SIGN_IN:
            answer = RedirectResponse(generate_login_redirect_url("default"))
            await answer(scope, receive, send)
            return
        if place == LOGOUT and login is not None:
            await self.logins.end(login)
        after = _after(HTTPConnection(scope).cookies) if place == CALLBACK else ""

        async def on(message: Message) -> None:
            if after and message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if any(USER_COOKIE_NAME in told for told in headers.getlist("set-cookie")):
                    headers["location"] = after
                    headers.append("set-cookie", f"{_AFTER}=; Path=/; Max-Age=0; HttpOnly")
            await send(message)

        await self.app(scope, receive, on)

    async def _known(
        self, scope: Scope, receive: Receive, send: Send, place: str, login: Login
    ) -> None:
        who = login.who
        if refused := self._refused(scope, place, who):
            status, why, told = refused
            if told:
                await self.logins.note(who, "refused", detail=told)
            await _answered(scope, status, "Not for you", why)(scope, receive, send)
            return

        async def on(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if place.startswith(_MEDIA):
                    headers["cache-control"] = "private, no-store"
                if headers.get("content-type", "").startswith("text/html") and (
                    login.until < math.inf
                ):
                    # The sign-in page then comes by itself.
                    headers["refresh"] = str(int(login.until - time.time()) + 2)
            await send(message)

        await self.app(_with(scope, login), receive, on)

    def _refused(self, scope: Scope, place: str, who: Who) -> tuple[int, str, str] | None:
        """Status, words and what the audit is told; None where nothing stands in the way."""
        if who.role is None:
            why = f"You are signed in as {_plain(who.name)}, who has no role here."
            return 403, f"{why} Ask whoever runs this server.", "no role"
        if place.startswith(_MEDIA) and not self.files.made_for(who.id, place.removeprefix(_MEDIA)):
            return 404, "There is no such file.", ""
        if not place.startswith(_UPLOAD) or scope["method"] in ("OPTIONS", "HEAD", "GET"):
            return None
        if not may(who, Action.UPLOAD):
            return 403, f"As {who.role} you may not send files.", Action.UPLOAD.value
        session = place.removeprefix(_UPLOAD).partition("/")[0]
        return None if whose(session) == who.id else (404, "There is no such session.", "")

    async def _socket(
        self, scope: Scope, receive: Receive, send: Send, login: Login | None
    ) -> None:
        if login is None or login.who.role is None:
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        self.files.watch()
        await self.logins.arrived(login)
        end = min(login.until, time.time() + 3600 * self.settings.hours)
        over = False

        async def hear() -> Message:
            nonlocal over
            try:
                async with asyncio.timeout(max(0.0, end - time.time())):
                    message = await receive()
            except TimeoutError:
                message = {}
            if not message or await self.logins.over(login):
                # What was said after the end is not heard.
                await send({"type": "websocket.close", "code": 1008})
                over = True
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        async def say(message: Message) -> None:
            if not over:
                await send(message)

        await self.app(_with(scope, login), hear, say)


def _inside(path: str) -> str:
    """The path within the app, behind its `server.baseUrlPath`."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return path.removeprefix(f"/{base}") if base else path


def _with(scope: Scope, login: Login) -> Scope:
    return {**scope, "headers": [*scope["headers"], (HEADER.encode(), packed(login).encode())]}


def _plain(text: str) -> str:
    return "".join(character for character in text if character not in "<>&\"'")


def _stranger(scope: Scope, settings: Settings) -> Response:
    """What somebody is told who has not signed in."""
    title = "Sign in to pcs_dash"
    if settings.mode == "proxy":
        words = "Open pcs_dash by the address of your organisation's sign-in."
        return _answered(scope, 401, title, words)
    base = st.get_option("server.baseUrlPath").strip("/")
    way = f'<a href="{"/" + base if base else ""}{SIGN_IN}">Sign in</a>'
    answer = _answered(scope, 401, title, "You are not signed in, or no longer.", way)
    asked = quote(scope["path"], safe="/")
    if query := scope.get("query_string", b"").decode("latin-1"):
        asked += f"?{query}"
    if isinstance(answer, HTMLResponse) and len(asked) <= _LONGEST:
        answer.set_cookie(_AFTER, quote(asked, safe=""), max_age=900, httponly=True, samesite="lax")
    return answer


def _answered(scope: Scope, status: int, title: str, words: str, way: str = "") -> Response:
    """A page for a browser that opens one, a sentence for everything else."""
    kept = {"cache-control": "no-store"}
    if scope["method"] == "GET" and "text/html" in Headers(scope=scope).get("accept", ""):
        return HTMLResponse(_PAGE.format(title=title, words=words, way=way), status, kept)
    return JSONResponse({"error": words}, status, kept)


def _after(cookies: dict[str, str]) -> str:
    """Where somebody was going before they signed in; "" for anywhere that is not ours."""
    asked = unquote(cookies.get(_AFTER, ""))
    ours = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isascii()
    return asked if ours and asked.isprintable() else ""
