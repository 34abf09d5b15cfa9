"""From what a request carries to who asks: Streamlit's signed cookie, or a trusted proxy's headers.

Who asks travels on to pages and API in a header of our own, which no request from outside keeps.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import math
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from pcs_dash.store.rights import MAX_PERSON, Who
from pcs_dash.ui.sign_in.settings import Settings

HEADER = "x-pcs-dash-who"
_NAMES = ("name", "preferred_username", "email")
_KEY = secrets.token_bytes(32)


@dataclass(frozen=True)
class Login:
    """A person's sign-in: `id` tells it from others of theirs; it ends at `until` (seconds since
    1970, infinity where a proxy says each time who it is).
    """

    who: Who
    id: str
    until: float


def from_cookies(cookies: Mapping[str, str], settings: Settings) -> Login | None:
    """The sign-in of Streamlit's cookie; None without one, or over, forged or of another app."""

    def one(name: str) -> bytes | None:
        signed = cookies.get(name, "").encode("latin-1", "replace")
        return decode_signed_value(get_cookie_secret(), name, signed)

    raw = get_cookie_with_chunks(one, USER_COOKIE_NAME)
    try:
        claims = json.loads(raw or b"{}")
    except ValueError:
        return None
    if claims.get("origin") != settings.origin or claims.get("is_logged_in") is not True:
        return None
    return from_claims(claims, settings)


def from_claims(claims: Mapping[str, Any], settings: Settings) -> Login | None:
    """The sign-in that a token's claims tell of; None where it is over, or they name nobody."""
    began, id = claims.get("iat"), _text(claims.get(settings.user_claim))
    if id is None or isinstance(began, bool) or not isinstance(began, (int, float)):
        return None
    until = began + 3600 * settings.hours
    if until <= time.time():
        return None
    names = (_text(claims.get(name)) for name in _NAMES)
    given = claims.get(settings.role_claim)
    values = {str(value) for value in given} if isinstance(given, list) else {str(given)}
    who = Who(id, next((name for name in names if name), id), settings.role_of(values))
    return Login(who, _short(json.dumps(claims, sort_keys=True)), until)


def from_headers(
    headers: Iterable[tuple[bytes, bytes]], peer: str, settings: Settings
) -> Login | None:
    """The person whom the proxy names; None where another address asks, or a header stands there
    twice: one of them would be the browser's own.
    """
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None
    if not any(address in network for network in settings.proxies):
        return None
    wanted = (settings.user_header, settings.name_header, settings.groups_header)
    found: dict[str, str] = {}
    for raw_name, raw in headers:
        name = raw_name.decode("latin-1").lower()
        if name not in wanted:
            continue
        if name in found:
            return None
        found[name] = raw.decode("utf-8", "replace")
    id = _text(found.get(settings.user_header))
    if id is None:
        return None
    groups = {group.strip() for group in found.get(settings.groups_header, "").split(",")}
    name = _text(found.get(settings.name_header)) or id
    # A day is one sign-in, for the audit.
    return Login(
        Who(id, name, settings.role_of(groups)), _short(f"{id} {time.strftime('%F')}"), math.inf
    )


def _text(given: Any) -> str | None:
    """A name as we keep it; None for what is none."""
    text = given.strip() if isinstance(given, str) else ""
    # "(nobody)" is ours.
    good = text and len(text) <= MAX_PERSON and text.isprintable() and not text.startswith("(")
    return text if good else None


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def packed(login: Login) -> str:
    """The sign-in as text for `HEADER`, with this process's seal."""
    told = json.dumps([asdict(login.who), login.id, login.until]).encode()
    return f"{base64.urlsafe_b64encode(told).decode()}.{_seal(told)}"


def unpacked(text: str) -> Login | None:
    """What `packed` made in this process; None for anything else, or once it is over."""
    body, _, seal = text.partition(".")
    try:
        told = base64.urlsafe_b64decode(body)
    except ValueError:
        return None
    if not told or not hmac.compare_digest(seal.encode(), _seal(told).encode()):
        return None
    who, id, until = json.loads(told)
    return Login(Who(**who), id, until) if until > time.time() else None


def _seal(told: bytes) -> str:
    return hmac.new(_KEY, told, "sha256").hexdigest()
