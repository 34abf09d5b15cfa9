"""The cookie that Streamlit gives somebody who has signed in, as it signs it."""

from __future__ import annotations

import json
import time
from typing import Any

from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

SECRET = "0123456789abcdef" * 3


def claims(origin: str, /, **changed: Any) -> dict[str, Any]:
    """What the cookie of Ann says, who signed in a minute ago and has the role E."""
    told = {"sub": "ann", "name": "Ann", "roles": ["E"], "iat": time.time() - 60}
    return told | {"origin": origin, "is_logged_in": True} | changed


def cookie(told: dict[str, Any], secret: str = SECRET) -> str:
    """Its value."""
    return create_signed_value(secret, USER_COOKIE_NAME, json.dumps(told)).decode()
