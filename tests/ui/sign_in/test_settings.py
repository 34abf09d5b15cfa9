"""How people sign in is read from the environment; what is wrong is named."""

from __future__ import annotations

import pytest

from pcs_dash.tables.errors import UserError
from pcs_dash.ui.sign_in.settings import Settings, read_settings

AUTH = {
    "redirect_uri": "https://pcs.nhs.example/pcs/oauth2callback",
    "cookie_secret": "x" * 32,
    "client_id": "pcs",
    "client_secret": "s",
    "server_metadata_url": "https://login.example/.well-known/openid-configuration",
}
OIDC = {"PCS_DASH_SIGN_IN": "oidc"}
PROXY = {
    "PCS_DASH_SIGN_IN": "proxy",
    "PCS_DASH_PROXY_ADDRESSES": "10.0.0.5, 10.1.0.0/24",
    "FORWARDED_ALLOW_IPS": "none",
}


def test_nobody_signs_in_unless_it_is_said() -> None:
    assert read_settings({}, {}) == read_settings({"PCS_DASH_SIGN_IN": " Off "}, AUTH) == Settings()
    assert not Settings().on


def test_oidc_and_roles() -> None:
    given = {"PCS_DASH_EDITORS": "Planners, PCS Editors", "PCS_DASH_DATA_MANAGERS": "Planners"}
    found = read_settings(OIDC | given, AUTH)
    assert (found.mode, found.origin, found.hours) == ("oidc", "https://pcs.nhs.example", 12)
    assert found.role_of({"PCS Editors", "x"}) == "editor"
    assert found.role_of({"PCS Editors", "Planners"}) == "data manager"
    assert found.role_of({"planners"}) == "viewer"
    assert read_settings(OIDC | {"PCS_DASH_DEFAULT_ROLE": "None"}, AUTH).role_of(set()) is None


@pytest.mark.parametrize("name", AUTH)
def test_what_oidc_lacks_is_named(name: str) -> None:
    with pytest.raises(UserError, match=name):
        read_settings(OIDC, AUTH | {name: " "})


@pytest.mark.parametrize(
    ("environment", "auth", "words"),
    [
        ({"PCS_DASH_SIGN_IN": "ldap"}, {}, "PCS_DASH_SIGN_IN is 'ldap'"),
        (OIDC | {"PCS_DASH_DEFAULT_ROLE": "admin"}, AUTH, "PCS_DASH_DEFAULT_ROLE is 'admin'"),
        (OIDC, AUTH | {"cookie_secret": "short"}, "fewer than 32"),
        (OIDC, AUTH | {"redirect_uri": "https://pcs.nhs.example/"}, "redirect_uri"),
        (OIDC, AUTH | {"redirect_uri": "/oauth2callback"}, "redirect_uri"),
        (PROXY | {"PCS_DASH_PROXY_ADDRESSES": ""}, {}, "needs PCS_DASH_PROXY_ADDRESSES"),
        (PROXY | {"PCS_DASH_PROXY_ADDRESSES": "proxy"}, {}, "PCS_DASH_PROXY_ADDRESSES: 'proxy'"),
        (PROXY | {"FORWARDED_ALLOW_IPS": "*"}, {}, "FORWARDED_ALLOW_IPS=none"),
    ],
)
def test_what_makes_no_sense_is_named(
    environment: dict[str, str], auth: dict[str, str], words: str
) -> None:
    with pytest.raises(UserError, match=words.replace("*", r"\*")):
        read_settings(environment, auth)
