"""What every request meets first: whose name it asks for, where it comes from, and the headers that
an answer carries.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

# Where the maps of the switch "Street map behind" come from.
TILES = "https://tile.openstreetmap.org"
# Sites that may frame the app, as origins with blanks between: https://intranet.nhs.example
EMBED_VARIABLE = "PCS_DASH_EMBED_SITES"
_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
# Streamlit's page has one script inside; by its digest no other may be.
_PAGE = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")
_INSIDE = " ".join(
    f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
    for script in re.findall(r"<script>(.*?)</script>", _PAGE, re.DOTALL)
)
_OTHER = {
    "x-content-type-options": "nosniff",
    # The tiles' server wants to know which site asks; no page's address leaves this one.
    "referrer-policy": "strict-origin-when-cross-origin",
}


class Guard:
    """ASGI middleware: refuses foreign hosts and origins, and adds the security headers.

    Hosts are those of `server.allowedHosts`, where it is set. A foreign origin is decided here,
    since Streamlit would ask the internet for this server's own address to compare it with.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        foreign = origin is not None and not is_ours(origin, host)
        refused = _refused(scope, host)
        if scope["type"] == "websocket":
            if refused or foreign:
                await receive()
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, _to_whoever_is_there(send))
            return
        if refused:
            await PlainTextResponse("Not here.", status_code=refused)(scope, receive, send)
            return
        if foreign:
            # Answered as if no other site asked: the browser then keeps the answer from that site.
            kept = [(name, value) for name, value in scope["headers"] if name != b"origin"]
            scope = {**scope, "headers": kept}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                for name, value in _security(scope["path"], host).items():
                    sent.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, answer)


def _to_whoever_is_there(send: Send) -> Send:
    """`send` of a websocket, silent where the browser has gone: `receive` is what tells of that.

    Told by `send`, Starlette refuses to receive what is still waiting, and Streamlit takes that
    refusal for a fault of its own and writes it into the log.
    """

    async def sent(message: Message) -> None:
        try:
            await send(message)
        except OSError:
            if message["type"] != "websocket.send":
                raise

    return sent


def is_ours(origin: str, host: str) -> bool:
    """Whether a page of this origin may talk to the app asked for under this host."""
    if not st.get_option("server.enableCORS"):
        return True
    if urlsplit(origin).netloc == host or origin in st.get_option("server.corsAllowedOrigins"):
        return True
    known = {"localhost", "127.0.0.1", st.get_option("browser.serverAddress")}
    return urlsplit(origin).hostname in known


def _refused(scope: Scope, host: str) -> int:
    """The status of a refusal; 0 for none."""
    path = scope["path"]
    if path.endswith("/_stcore/metrics") and not _from_here(scope):
        return 404
    # Whoever watches over the server asks by its number.
    return 0 if path.endswith("/_stcore/health") or is_host_allowed(host) else 400


def _from_here(scope: Scope) -> bool:
    """Whether this computer asks, and for nobody else."""
    if any(name in (b"forwarded", b"x-forwarded-for") for name, _ in scope["headers"]):
        return False
    try:
        return ipaddress.ip_address(scope["client"][0]).is_loopback
    except (TypeError, ValueError):
        return False


def embedding_sites() -> list[str]:
    """The sites of PCS_DASH_EMBED_SITES; what is no origin is left out."""
    return [site for site in os.environ.get(EMBED_VARIABLE, "").split() if _SITE.fullmatch(site)]


def _security(path: str, host: str) -> dict[str, str]:
    # A map's frame writes its script as text; nothing else may.
    inline = "'unsafe-inline' 'unsafe-eval'" if "/component/" in path else _INSIDE
    # Not every browser takes 'self' to mean the websocket too.
    sockets = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    policy = {
        "default-src": "'self'",
        "script-src": f"'self' blob: {inline}",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {TILES}",
        "font-src": "'self' data:",
        "connect-src": f"'self'{sockets}",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *embedding_sites()]),
    }
    told = "; ".join(f"{name} {allowed}" for name, allowed in policy.items())
    return {"content-security-policy": told, **_OTHER}
