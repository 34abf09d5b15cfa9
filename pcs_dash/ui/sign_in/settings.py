"""How people sign in, from the environment or `.streamlit/secrets.toml` (its names outside of any
section are read as the environment's). docs/deploy.md tells every name.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, get_args

from streamlit.runtime.secrets import secrets_singleton

from pcs_dash.store.rights import ROLES, Role
from pcs_dash.tables.environment import whole_number
from pcs_dash.tables.errors import UserError

Mode = Literal["off", "oidc", "proxy"]
MODE = "PCS_DASH_SIGN_IN"
# What of a person's roles or groups stands for a role of ours.
GIVING: dict[str, Role] = {
    "PCS_DASH_VIEWERS": "viewer",
    "PCS_DASH_EDITORS": "editor",
    "PCS_DASH_DATA_MANAGERS": "data manager",
}
DEFAULT_ROLE = "PCS_DASH_DEFAULT_ROLE"
ROLE_CLAIM = "PCS_DASH_ROLE_CLAIM"
USER_CLAIM = "PCS_DASH_USER_CLAIM"
HOURS = "PCS_DASH_SESSION_HOURS"
PROXIES = "PCS_DASH_PROXY_ADDRESSES"
USER_HEADER = "PCS_DASH_PROXY_USER_HEADER"
NAME_HEADER = "PCS_DASH_PROXY_NAME_HEADER"
GROUPS_HEADER = "PCS_DASH_PROXY_GROUPS_HEADER"
# uvicorn's: whose word it takes for the address that a request comes from.
FORWARDED = "FORWARDED_ALLOW_IPS"
_AUTH = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
SECRET_LENGTH = 32


@dataclass(frozen=True)
class Settings:
    """`roles`: what a person's claim or group stands for; `default`: the role of those who have
    none of them, None to refuse them; `hours` that one sign-in lasts; `origin` of the app.
    """

    mode: Mode = "off"
    roles: Mapping[str, Role] = field(default_factory=dict)
    default: Role | None = "viewer"
    role_claim: str = "roles"
    user_claim: str = "sub"
    hours: int = 12
    origin: str = ""
    proxies: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()
    user_header: str = "x-forwarded-user"
    name_header: str = "x-forwarded-preferred-username"
    groups_header: str = "x-forwarded-groups"

    @property
    def on(self) -> bool:
        """Whether people sign in at all."""
        return self.mode != "off"

    def role_of(self, values: set[str]) -> Role | None:
        """The highest role that a person's claims or groups stand for, else the default."""
        found = {self.roles[value] for value in values if value in self.roles}
        return max(found, key=ROLES.index) if found else self.default


@cache
def settings() -> Settings:
    """The server's settings, read once. UserError names what is wrong with them."""
    known = secrets_singleton.load_if_toml_exists()
    return read_settings(os.environ, secrets_singleton.get("auth", {}) if known else {})


def read_settings(environment: Mapping[str, str], auth: Mapping[str, Any]) -> Settings:
    """The settings of an environment and of the section [auth] of the secrets."""

    def told(name: str, default: str = "") -> str:
        return environment.get(name, "").strip() or default

    mode = told(MODE, "off").lower()
    if mode not in get_args(Mode):
        raise UserError(f"{MODE} is '{mode[:40]}'. It can be: {', '.join(get_args(Mode))}.")
    if mode == "off":
        return Settings()
    default = told(DEFAULT_ROLE, "viewer").lower()
    if default not in (*ROLES, "none"):
        raise UserError(f"{DEFAULT_ROLE} is '{default[:40]}'. It can be: {', '.join(ROLES)}, none.")
    return Settings(
        mode=mode,  # type: ignore[arg-type]
        roles=_roles(told),
        default=None if default == "none" else default,  # type: ignore[arg-type]
        role_claim=told(ROLE_CLAIM, "roles"),
        user_claim=told(USER_CLAIM, "sub"),
        hours=whole_number(HOURS, 12),
        origin=_origin(auth) if mode == "oidc" else "",
        proxies=_proxies(told(PROXIES), told(FORWARDED)) if mode == "proxy" else (),
        user_header=told(USER_HEADER, Settings.user_header).lower(),
        name_header=told(NAME_HEADER, Settings.name_header).lower(),
        groups_header=told(GROUPS_HEADER, Settings.groups_header).lower(),
    )


def _roles(told: Any) -> dict[str, Role]:
    """Value -> role, the highest where one is named several times."""
    return {
        value.strip(): role
        for name, role in GIVING.items()
        for value in told(name).split(",")
        if value.strip()
    }


def _origin(auth: Mapping[str, Any]) -> str:
    """Scheme and host of the app. UserError where [auth] of the secrets lacks something."""
    for name in _AUTH:
        if not str(auth.get(name, "")).strip():
            raise UserError(
                f"{MODE}=oidc needs '{name}' in the section [auth] of .streamlit/secrets.toml."
            )
    if len(str(auth["cookie_secret"])) < SECRET_LENGTH:
        raise UserError(
            f"'cookie_secret' in [auth] has fewer than {SECRET_LENGTH} characters. Make one with: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    before, found, after = str(auth["redirect_uri"]).rpartition("/oauth2callback")
    if not found or after or "{" in before or not before.startswith(("https://", "http://")):
        raise UserError(
            "'redirect_uri' in [auth] is the app's whole address with /oauth2callback behind: "
            "https://pcs.nhs.example/oauth2callback."
        )
    return "/".join(before.split("/")[:3])


def _proxies(
    addresses: str, forwarded: str
) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        found = tuple(ipaddress.ip_network(one.strip()) for one in addresses.split(",") if one)
    except ValueError as error:
        raise UserError(f"{PROXIES}: {error}. Write addresses or networks with commas.") from None
    if not found:
        raise UserError(
            f"{MODE}=proxy needs {PROXIES}: the addresses from which the proxy asks, such as "
            "10.0.0.5 or 10.0.1.0/24. From any other nobody is believed."
        )
    if forwarded != "none":
        raise UserError(
            f"{MODE}=proxy needs {FORWARDED}=none in the environment. Otherwise the server takes "
            "a header's word for the address that a request comes from."
        )
    return found
