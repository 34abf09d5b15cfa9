"""Who looks at this page, and what a page shows of that."""

from __future__ import annotations

import hashlib

import streamlit as st
from starlette.requests import Request

from pcs_dash.store.rights import EVERYONE, NOBODY, Action, Who, may
from pcs_dash.ui.browser import browser_token
from pcs_dash.ui.sign_in.identity import HEADER, unpacked
from pcs_dash.ui.sign_in.settings import settings
from pcs_dash.ui.text import plain


def who() -> Who:
    """Who looks at this page; everyone where nobody signs in."""
    return _told(st.context.headers.get(HEADER, "")) if settings().on else EVERYONE


def of_request(request: Request) -> Who:
    """Who asks over HTTP; everyone where nobody signs in."""
    return _told(request.headers.get(HEADER, "")) if settings().on else EVERYONE


def _told(header: str) -> Who:
    login = unpacked(header)
    return NOBODY if login is None else login.who


def allowed(action: Action) -> bool:
    """Whether who looks at this page may do what needs no document."""
    return may(who(), action)


def draft_token() -> str:
    """Whose drafts: this browser's, and where people sign in this person's in this browser."""
    token, looking = browser_token(), who()
    if not looking.signed_in:
        return token
    return hashlib.sha256(f"{looking.id}\n{token}".encode()).hexdigest()


def show() -> None:
    """Who is signed in, in the sidebar, and the way out; nothing where nobody signs in."""
    looking = who()
    if not looking.signed_in:
        return
    with st.sidebar:
        st.caption(f"Signed in: {plain(looking.name)} ({looking.role})")
        if settings().mode == "oidc" and st.button("Sign out", key="sign-out"):
            st.logout()
