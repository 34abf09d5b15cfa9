"""Sign-in with a real provider of OpenID Connect, two servers, and who may not at every door."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from pcs_dash.store import audit
from pcs_dash.store.database import Database, open_database
from pcs_dash.store.plan_library import PlanLibrary
from tests.browser.conftest import App, Tab, free_port
from tests.signed_cookie import SECRET, claims, cookie

HERE = Path(__file__).parent / "oidc"
NAME = "_streamlit_user"


@dataclass
class Site:
    """Two servers of one library, and who the provider says is there."""

    one: App
    two: App
    library: Database
    chromium: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def cookie_of(self, person: str, **changed: object) -> str:
        """The cookie of somebody who has signed in as the provider would have them."""
        told = claims(self.one.url, sub=person, name=person, roles=[person.split("-")[1]])
        return cookie(told | changed)

    def context(self, signed: str = "") -> BrowserContext:
        made = self.chromium.new_context(
            viewport={"width": 1440, "height": 900}, bypass_csp=True, accept_downloads=True
        )
        self.contexts.append(made)
        if signed:
            made.add_cookies([{"name": NAME, "value": signed, "url": self.one.url}])
        return made

    def status(self, url: str, signed: str = "", method: str = "GET") -> int:
        asked = urllib.request.Request(url, method=method, data=b"x" if method == "PUT" else None)
        asked.add_header("Cookie", f"{NAME}={signed}")
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


def _provider_parts() -> Path:
    """oidc-provider as its lock names it, outside of the project; installed once a lock."""
    lock = (HERE / "package-lock.json").read_bytes()
    kept = platformdirs.user_cache_path("pcs_dash-tests", appauthor=False)
    folder = kept / f"oidc-{hashlib.sha256(lock).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("npm is needed: sh tests/install_system_packages.sh")
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "whole").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            subprocess.run([npm, "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)
            (folder / "whole").touch()
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("sign-in")
    port, provider = free_port(), free_port()
    callback = f"http://localhost:{port}/oauth2callback"
    with (folder / "provider.log").open("w") as log:
        node = subprocess.Popen(
            ["node", str(HERE / "provider.mjs"), str(provider), callback, SECRET,
             str(_provider_parts())],
            stdout=log, stderr=log,
        )  # fmt: skip
    (folder / "secrets.toml").write_text(
        f"""
        PCS_DASH_SIGN_IN = "oidc"
        PCS_DASH_EDITORS = "editor"
        PCS_DASH_DATA_MANAGERS = "manager"
        [auth]
        redirect_uri = "{callback}"
        cookie_secret = "{SECRET}"
        client_id = "pcs"
        client_secret = "{SECRET}"
        server_metadata_url = "http://localhost:{provider}/.well-known/openid-configuration"
        client_kwargs = {{ prompt = "login" }}
        """
    )
    environment = os.environ | {
        "PCS_DASH_DATABASE": str(folder / "plans.sqlite"),
        "PCS_DASH_DATA_DIR": str(folder / "data"),
        "STREAMLIT_SECRETS_FILES": str(folder / "secrets.toml"),
    }
    servers = [App(number, environment, folder / f"{number}.log") for number in (port, free_port())]
    with ThreadPoolExecutor() as pool:
        list(pool.map(App.start, servers))
    with open_database(folder / "plans.sqlite") as library:
        opened = Site(*servers, library, chromium)
        yield opened
    # A page whose server is gone looks for it for good, which takes a third of a processor.
    for context in opened.contexts:
        context.close()
    node.terminate()
    node.wait(timeout=20)
    for server in servers:
        server.stop()
        assert "Traceback" not in server.log.read_text(), server.log.read_text()[-4000:]


def _sign_in(page: Page, person: str) -> None:
    page.get_by_role("link", name="Sign in").click()
    page.fill("input[name=login]", person)
    page.fill("input[name=password]", "any")
    page.get_by_role("button", name="Sign-in").click()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector("h1", timeout=60_000)


def _opened(site: Site, person: str, place: str, **changed: object) -> Tab:
    tab = Tab(site.context(site.cookie_of(person, **changed)).new_page(), site.one.url)
    tab.open(f"{site.one.url}/{place}")
    return tab


def test_from_sign_in_to_sign_out(site: Site) -> None:
    context = site.context()
    page = context.new_page()
    tab, frames = Tab(page, site.one.url), list[bytes]()
    page.on("websocket", lambda socket: socket.on("framesent", lambda sent: frames.append(sent)))
    soon_over = _opened(site, "old-editor", "practices", iat=time.time() - 12 * 3600 + 25)

    # Ann follows a link, signs in, and is where the link leads.
    page.goto(f"{site.one.url}/hubs?area=thurrock")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    _sign_in(page, "ann-editor")
    tab.settle()
    assert "/hubs?area=thurrock" in page.url
    expect(page.get_by_text("Signed in: ann (editor)")).to_be_visible()
    page.get_by_text("Save and share").first.click()
    page.get_by_label("Name of the plan").fill("Secret")
    page.keyboard.press("Tab")
    frames.clear()
    page.get_by_role("button", name="Save as a new plan").click()
    expect(page.get_by_text("Saved: 'Secret', version 1.")).to_be_visible()
    saving = [bytes(sent) for sent in frames if b"hub-save-new" in bytes(sent)]
    assert saving
    file = _downloaded(page)
    held = next(c["value"] for c in context.cookies() if c["name"] == NAME)
    assert site.status(file, held) == 200
    (entry,) = PlanLibrary(site.library).entries()
    assert (entry.access.owner, entry.access.sharing, entry.author) == (
        "ann-editor", "private", "ann",
    )  # fmt: skip

    _others_at_every_door(site, file, saving)
    _shared_by_link(site, tab)

    # Who signs out is out in every tab and on every server, with the cookie of before too.
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Yes, sign me out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    for server in (site.one, site.two):
        assert site.status(server.url, held) == 401
    expect(soon_over.page.get_by_role("heading", name="Sign in")).to_be_visible()
    rows = audit.entries(site.library)
    done = [row["action"] for row in reversed(rows) if row["person"] == "ann-editor"]
    assert done == ["signed in", "saved", "shared", "signed out"]


def _downloaded(page: Page) -> str:
    """The address of a file that was made on the page."""
    page.get_by_role("button", name="Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").first.click()
    page.keyboard.press("Escape")
    return download.value.url


def _others_at_every_door(site: Site, file: str, saving: list[bytes]) -> None:
    """A viewer and another editor: pages, file, upload, API, and what Ann's browser said, again."""
    viv, bob = site.cookie_of("viv-viewer"), site.cookie_of("bob-editor")
    for server in (site.one, site.two):
        assert site.status(server.url) == site.status(f"{server.url}/api/v1/areas") == 401
        assert site.status(server.url, viv) == site.status(f"{server.url}/api/v1/areas", viv) == 200
    assert [site.status(file, who) for who in ("", viv, bob)] == [401, 404, 404]
    upload = f"{site.one.url}/_stcore/upload_file/some-session/some-file"
    assert [site.status(upload, who, "PUT") for who in ("", viv, bob)] == [401, 403, 404]

    tab = _opened(site, "viv-viewer", "hubs?area=thurrock")
    page = tab.page
    expect(page.get_by_role("button", name="Share", exact=True)).to_be_visible()
    for absent in ("Save and share", "Open a file"):
        expect(page.get_by_role("button", name=absent)).to_have_count(0)
    page.get_by_role("tab", name="Plan library").click()
    expect(page.get_by_text("No plan found")).to_be_visible()
    tab.open(f"{site.one.url}/data_and_methods")
    expect(page.get_by_role("tab", name="Who did what")).to_have_count(0)
    page.get_by_role("tab", name="Load files").click()
    expect(page.get_by_text("Data managers load files here.")).to_be_visible()
    page.context.close()

    # What Ann's browser sent saves where an editor sends it, and nothing where a viewer does.
    for person, plans in (("viv-viewer", 1), ("eve-editor", 2)):
        _send_again(site, site.cookie_of(person), saving)
        entries = PlanLibrary(site.library).entries()
        assert [entry.latest_version for entry in entries] == [1] * plans
    assert entries[0].access.owner == "eve-editor"


def _session_of(site: Site, signed: str, number: str = "") -> str:
    """The session that somebody gets who asks to go on with the one of this number."""
    wanted = ["streamlit", "no-token", number] if number else ["streamlit"]
    with connect(
        f"{site.one.url.replace('http', 'ws')}/_stcore/stream",
        origin=site.one.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{NAME}={signed}"},
        subprotocols=wanted,  # type: ignore[arg-type]
        max_size=None,
    ) as socket:
        socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        while True:
            said = ForwardMsg.FromString(bytes(socket.recv(timeout=60)))
            if said.WhichOneof("type") == "new_session":
                return str(said.new_session.initialize.session_id)


def test_a_session_goes_on_for_who_began_it_alone(site: Site) -> None:
    signed = {person: site.cookie_of(person) for person in ("ann-editor", "bob-editor")}
    ann = _session_of(site, signed["ann-editor"])
    assert _session_of(site, signed["bob-editor"], ann) != ann
    assert _session_of(site, signed["ann-editor"], ann) == ann


def _send_again(site: Site, signed: str, messages: list[bytes]) -> None:
    """What one browser said, said by another in a session of its own, until its page is drawn."""
    with connect(
        f"{site.one.url.replace('http', 'ws')}/_stcore/stream",
        origin=site.one.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"{NAME}={signed}"},
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
    ) as socket:
        for sent in messages:
            socket.send(sent)
        for _ in messages:
            while ForwardMsg.FromString(bytes(socket.recv(timeout=60))).WhichOneof("type") != (
                "script_finished"
            ):
                pass


def _shared_by_link(site: Site, ann: Tab) -> None:
    """Ann shares by link; Bob, who has it, reads and saves no version. Then the audit."""
    page = ann.page
    page.get_by_role("tab", name="Plan library").click()
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_label("Who may see this plan").last.click()
    page.get_by_role("option", name="Who has the link may read", exact=True).click()
    link = page.locator(".pcs-link code").last
    expect(link).to_contain_text("plan=go-")
    address = link.inner_text()
    page.keyboard.press("Escape")
    tab = _opened(site, "bob-editor", address.removeprefix(f"{site.one.url}/"))
    tab.page.get_by_text("Save and share").first.click()
    expect(tab.page.get_by_text("On the table: version 1")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Save version")).to_have_count(0)
    tab.page.context.close()
    manager = _opened(site, "dot-manager", "data_and_methods?official=Who+did+what")
    expect(manager.page.get_by_text("times in UTC")).to_be_visible()
    manager.page.context.close()
