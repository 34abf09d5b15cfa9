"""Whose drafts: the browser's token, and what of the session other pages may look at.

Every page needs this, so it imports nothing heavy.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import streamlit as st

from pcs_dash.tables.paths import LOCAL_APP

if TYPE_CHECKING:
    from pcs_dash.hubs.plan import Plan
    from pcs_dash.hubs.rules import Rule

COOKIE = "pcs_dash_browser"
HUB_WORK = "hub-work"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,100}")
_KEY = "browser-token"


def browser_token() -> str:
    """The browser's cookie, else a new token (128 random bits), the same all session long."""
    if _KEY not in st.session_state:
        given = str(st.context.cookies.get(COOKIE, ""))
        st.session_state[_KEY] = given if _TOKEN.fullmatch(given) else secrets.token_urlsafe(16)
    return str(st.session_state[_KEY])


def is_phone() -> bool:
    """Whether the browser says that it is on a phone: how wide its window is, nobody tells."""
    return "Mobi" in str(st.context.headers.get("User-Agent", ""))


def app_address() -> str:
    """Where the app is, as this browser sees it, without the page and without a slash."""
    at = urlsplit(st.context.url or LOCAL_APP)
    if base := st.get_option("server.baseUrlPath").strip("/"):
        # The first page stands at the path itself, with or without a slash behind it.
        return f"{at.scheme}://{at.netloc}/{base}"
    return f"{at.scheme}://{at.netloc}{at.path.rpartition('/')[0]}"


def rules_on_table() -> tuple[Rule, ...]:
    """The rules that the Hubs page judges by; none where it was not opened."""
    opened = st.session_state.get(HUB_WORK)
    return () if opened is None else tuple(opened.rules)


def plan_on_table() -> tuple[Plan, str] | None:
    """The Hubs page's plan and its name; None while it is still today's PCNs, or nothing."""
    opened = st.session_state.get(HUB_WORK)
    return None if opened is None or opened.untouched_since else (opened.plan, opened.name)
