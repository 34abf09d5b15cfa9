"""The address and the page never part: random walks, Back and Forward, links opened elsewhere."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Error, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from pcs_dash.hubs.plan import Plan
from pcs_dash.measures.workforce import BENCHMARK_LABELS, GP_DEFINITIONS
from pcs_dash.official.any_area import find_area
from pcs_dash.store.links import make_link, open_link
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import ROOT
from pcs_dash.views import places

from .conftest import App, Tab, another_browser, started

pytestmark = pytest.mark.browser

STEPS, SECONDS = 60, 80
# Every entry that the menu ever had.
MENU = """new MutationObserver(() => {
  const entries = [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')];
  const names = entries.map((entry) => entry.innerText.trim());
  window.menuSeen = [...new Set([...(window.menuSeen || []), ...names])];
}).observe(document, {subtree: true, childList: true});"""
SEED = int(os.environ.get("PCS_DASH_WALK_SEED", "11"))
GPS = {key: item.label for key, item in GP_DEFINITIONS.items()}
EDITIONS = {"2019": "IMD 2019", "2025": "IMD 2025"}
# Page -> how its title begins; the area's name follows.
TITLES = {
    "": "Overview: ",
    "practices": "Practices: ",
    "deprivation_and_gps": "Deprivation and GPs: ",
    "hubs": "Hubs: ",
    "present_and_pack": "Present and pack: ",
}
MENU_NAMES = (
    "Overview", "Practices", "Deprivation and GPs", "Hubs", "Present and pack",
)  # fmt: skip
# Name in the address -> label of its box, and what its keys are called there.
BOXES: dict[str, tuple[str, Callable[[str], str]]] = {
    "area": ("Area", lambda key: find_area(key).title),
    "gp": ("Which GPs count", GPS.__getitem__),
    "imd": ("Deprivation (IMD edition)", EDITIONS.__getitem__),
    "benchmark": ("Benchmark (patients per FTE GP)", BENCHMARK_LABELS.__getitem__),
}
OWN_BOXES: dict[str, dict[str, tuple[str, Callable[[str], str]]]] = {
    "": {"practice": ("Find a practice", lambda code: code)},
    "where": {"practice": ("Find a practice", lambda code: code)},
    "by-fifth": {
        "level": ("Level", {"quintile": "By quintile", "practice": "By practice"}.__getitem__)
    },
}
WAYS = (
    *("link", "menu", "menu", "area", "area", "box", "box", "switch", "practice", "tab_of_page"),
    *("back", "back", "back", "forward", "forward", "reload"),
)
OPENED_WITH = {"area": "Essex (NHS Essex ICB)", "gp": GPS["fully_qualified"], "imd": "IMD 2025"}
SWITCHES = {"exclude": "Leave out implausible FTE", "tiles": "Street map behind (needs internet)"}
READ = """() => ({
  title: (document.querySelector('h1') || {}).innerText,
  boxes: Object.fromEntries([...document.querySelectorAll('.stSelectbox [role=combobox]')]
    .map((box) => [box.getAttribute('aria-label'), box.value])),
  switches: Object.fromEntries([...document.querySelectorAll('[role=switch]')]
    .map((box) => [box.getAttribute('aria-label'), box.checked])),
  alerts: [...document.querySelectorAll('[data-testid="stException"], [role="dialog"]')]
    .map((one) => one.innerText),
  state: (document.querySelector('[data-test-script-state]') || {dataset: {}})
    .dataset.testScriptState,
  stale: document.querySelectorAll('[data-stale="true"]').length,
  tab: (document.querySelector('[role=tab][aria-selected=true]') || {}).innerText,
  url: location.href})"""


def asked_of(url: str) -> dict[str, str]:
    """What an address asks for, the last of each name."""
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    return {name: texts[-1] for name, texts in query.items()}


def calm(page: Page) -> dict:
    """What is on screen once nothing changes any more."""
    before, same = None, 0
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            now = page.evaluate(READ)
        except Error:
            # The document is being replaced: a reload, a link that was followed.
            before, same = None, 0
            page.wait_for_timeout(200)
            continue
        settled = now["state"] == "notRunning" and not now["stale"] and now["title"]
        same = same + 1 if settled and now == before else 0
        if same == 3:
            return now
        before = now
        page.wait_for_timeout(200)
    raise AssertionError(f"The page does not come to rest: {before}")


def disagreements(now: dict) -> list[str]:
    """Where the screen does not show what the address says."""
    asked = asked_of(now["url"])
    page = urlsplit(now["url"]).path.strip("/")
    if now["alerts"]:
        return [f"an error: {now['alerts']}"]
    try:
        area = find_area(asked.get("area", "essex")).title
    except UserError:
        return [] if now["title"] == "No such area" else [f"title {now['title']}"]
    found = []
    if now["title"] != f"{TITLES[page]}{area}":
        found.append(f"title {now['title']} for {page} of {area}")
    tabs = places.tabs(page)
    if tabs and now["tab"] != tabs[asked.get(places.tab_name(page), next(iter(tabs)))]:
        found.append(f"the tab {now['tab']}")
    own = OWN_BOXES.get(asked.get("deprivation-tab", page), {})
    for name, (label, words) in (BOXES | own).items():
        shown = now["boxes"].get(label)
        if name in asked:
            wanted = words(asked[name])
            right = shown is not None and (wanted in shown)
        else:
            right = name not in OPENED_WITH or shown == OPENED_WITH[name]
        if not right:
            found.append(f"{name} = {asked.get(name)}, but '{label}' shows {shown}")
    for name, label in SWITCHES.items():
        if now["switches"].get(label) != (asked.get(name) == "true"):
            found.append(f"{name} = {asked.get(name)}, the switch {now['switches'].get(label)}")
    return found


def check(page: Page, story: list[str]) -> dict:
    """What is on screen once it is what the address says; a slow machine gets half a minute."""
    end = time.monotonic() + 30
    while disagreements(now := calm(page)) and time.monotonic() < end:
        page.wait_for_timeout(500)
    assert not disagreements(now), f"{disagreements(now)} at {now['url']} after {story}"
    return now


def choose(page: Page, label: str, option: str) -> None:
    box = page.get_by_role("combobox", name=label, exact=True)
    wanted = page.get_by_role("option", name=option, exact=True).first
    box.click()
    try:
        wanted.click(timeout=10_000)
    except PlaywrightTimeout:
        # A run that ends at that moment closes the list.
        box.click()
        wanted.click()


class Walk:
    """A user who does whatever can be done, in any order."""

    def __init__(self, tab: Tab, home: str, seed: int, links: list[str]) -> None:
        self.tab, self.home, self.draw, self.links = tab, home, random.Random(seed), links
        self.story: list[str] = []

    @property
    def page(self) -> Page:
        return self.tab.page

    def step(self) -> None:
        """One thing, or two at once: nobody waits for a page before pressing Back."""
        for _ in range(self.draw.choice([1, 1, 1, 2])):
            name = self.draw.choice(WAYS)
            self.story = [*self.story[-12:], name]
            getattr(self, name)()

    def link(self) -> None:
        link = self.draw.choice(self.links)
        self.story[-1] += f" {link[:60]}"
        self.page.goto(self.home + link)

    def menu(self) -> None:
        name = self.draw.choice(MENU_NAMES)
        self.story[-1] += f" {name}"
        self.page.get_by_role("link", name=name, exact=False).first.click()

    def area(self) -> None:
        key = self.draw.choice(["essex", "thurrock", "southend", "basildon-district", "mid-essex"])
        self.pick("Area", find_area(key).title)

    def box(self) -> None:
        self.pick("Which GPs count", self.draw.choice(list(GPS.values())))

    def settings(self) -> None:
        """Open the settings, which stay open."""
        closed = self.page.locator(".st-key-settings details:not([open]) summary")
        if closed.count():
            closed.click()

    def tab_of_page(self) -> None:
        tabs = self.page.get_by_role("tab")
        if tabs.count() > 4:
            tabs.nth(self.draw.choice([1, 2, 3])).click()

    def pick(self, label: str, option: str) -> None:
        self.story[-1] += f" {option}"
        self.page.wait_for_selector("h1")
        choose(self.page, label, option)

    def switch(self) -> None:
        box = self.page.get_by_text(SWITCHES["exclude"], exact=True)
        self.settings()
        if box.count():
            box.first.click()

    def practice(self) -> None:
        box = self.page.get_by_role("combobox", name="Find a practice", exact=True)
        if box.count():
            box.first.click()
            self.page.get_by_role("option").nth(self.draw.randrange(3)).click()

    def back(self) -> None:
        self.page.go_back(wait_until="commit")
        if not self.page.url.startswith(self.home):
            self.page.goto(f"{self.home}/?area=thurrock")

    def forward(self) -> None:
        self.page.go_forward(wait_until="commit")

    def reload(self) -> None:
        self.page.reload(wait_until="commit")


@pytest.fixture(scope="module")
def plan() -> Plan:
    """Two hubs of Thurrock."""
    plan = Plan().add_hub("Riverside").add_hub("Northern heights")
    return plan.assign(["F81010", "F81082"], plan.hubs[0].id).assign(["F81110"], plan.hubs[1].id)


@pytest.fixture(scope="module")
def links(dataset: Dataset, plan: Plan) -> list[str]:
    """Addresses as people have them: short, as earlier versions wrote them, with a plan, wrong."""
    carried = make_link(plan.to_dict(), dataset.practices.index)
    return [
        "/",
        "/?area=thurrock",
        "/?area=Thurrock&gp=Permanent+GPs&practice=Tilbury+Health+Centre+%28F81110%29",
        "/deprivation?area=essex&imd=2019",
        "/correlation?area=Castle+Point+%28district%29&weighted=true",
        "/inequality?area=mid-essex&level=practice&gp=all",
        f"/hubs?area=thurrock&gp=permanent&plan={carried}",
        "/hubs?area=southend",
        "/?area=Kent",
        "/?area=basildon&benchmark=own&own=2000&exclude=true",
    ]


def test_whatever_is_done_the_page_shows_what_the_address_says(
    tab: Tab, app: App, links: list[str]
) -> None:
    walk = Walk(tab, app.url, SEED, links)
    tab.open(f"{app.url}/?area=thurrock")
    end = time.monotonic() + SECONDS
    for _ in range(STEPS):
        walk.step()
        check(tab.page, walk.story)
        if time.monotonic() > end:
            break


def test_an_area_that_is_not_there_stays_in_the_address_of_every_page(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=Kent")
    tab.page.get_by_role("link", name="Hubs", exact=False).first.click()
    tab.page.wait_for_url("**/hubs?area=Kent")
    check(tab.page, ["menu Hubs"])


def test_back_and_forward_through_a_setting(tab: Tab, app: App) -> None:
    """And both within a moment: the box once showed what the address before asked for."""
    tab.open(f"{app.url}/?area=basildon-district&gp=permanent")
    tab.page.locator(".st-key-settings summary").click()
    choose(tab.page, "Deprivation (IMD edition)", "IMD 2019")
    tab.page.wait_for_url("**imd=2019*")
    check(tab.page, ["IMD 2019"])
    tab.page.go_back()
    assert "imd" not in asked_of(check(tab.page, ["back"])["url"])
    tab.page.go_forward()
    assert asked_of(check(tab.page, ["forward"])["url"])["imd"] == "2019"
    tab.page.go_back(wait_until="commit")
    tab.page.go_forward(wait_until="commit")
    assert asked_of(check(tab.page, ["back and forward"])["url"])["imd"] == "2019"


def test_back_after_another_area_is_the_area_before(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    choose(tab.page, "Area", "Southend")
    tab.page.wait_for_url("**area=southend*")
    tab.page.go_back()
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    assert check(tab.page, ["back"])["url"] == f"{app.url}/?area=thurrock"
    tab.page.go_forward()
    expect(tab.page.get_by_role("heading", name="Overview: Southend")).to_be_visible()


def test_a_short_link_in_a_used_tab_and_back(tab: Tab, app: App) -> None:
    """The README's link, typed where another view was open, and Back through both."""
    tab.open(f"{app.url}/?area=southend&gp=all")
    tab.open(f"{app.url}/?area=thurrock&gp=permanent&practice=F81110")
    tab.page.get_by_role("link", name="Deprivation").click()
    expect(tab.page.get_by_role("heading", name="Deprivation and GPs: Thurrock")).to_be_visible()
    calm(tab.page)
    for title in ("Overview: Thurrock", "Overview: Southend"):
        tab.page.go_back()
        expect(tab.page.get_by_role("heading", name=title)).to_be_visible()
        check(tab.page, [title])


def test_one_back_leaves_a_page_that_was_opened_from_the_menu(tab: Tab, app: App) -> None:
    """What only the page before shows is not in the way: one Back, not two."""
    tab.open(f"{app.url}/?area=thurrock&practice=F81110")
    tab.page.get_by_role("link", name="Present and pack").click()
    tab.page.wait_for_url("**/present_and_pack?area=thurrock")
    tab.page.go_back()
    assert asked_of(check(tab.page, ["back"])["url"])["practice"] == "F81110"
    expect(tab.page.get_by_text("F81110 beside Thurrock")).to_be_visible()


def test_the_address_of_a_plan_opens_area_definition_and_plan_in_another_browser(
    tab: Tab, app: App, chromium: Browser, dataset: Dataset, plan: Plan, links: list[str]
) -> None:
    [link] = [link for link in links if "plan=" in link]
    tab.open(app.url + link)
    expect(tab.page.get_by_text("Riverside").first).to_be_visible(timeout=60_000)
    tab.page.get_by_role("button", name="Save and share").click()
    tab.page.get_by_role("button", name="Make a link that carries the plan").click()
    made = tab.page.locator(".pcs-link code")
    expect(made).not_to_be_empty()
    shared, bar = made.inner_text(), tab.page.url
    for address in (shared, bar):
        asked = asked_of(address)
        assert (asked["area"], asked["gp"]) == ("thurrock", "permanent")
        carried = open_link(asked["plan"], dataset.practices.index)
        assert Plan.from_dict(carried.document) == plan
        with another_browser(chromium, app.url) as other:
            other.open(address)
            expect(other.page.get_by_role("heading", name="Hubs: Thurrock")).to_be_visible()
            expect(other.page.get_by_text("Riverside").first).to_be_visible(timeout=60_000)
            check(other.page, [address])
            assert asked_of(other.page.url)["gp"] == "permanent"


def test_a_link_opens_with_its_map_where_the_sender_had_it(
    tab: Tab, app: App, chromium: Browser
) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    assert "map=" not in tab.page.url
    tab.map_frame().evaluate("() => { map.setView([51.5, 0.4], 13, {animate: false}); }")
    tab.page.wait_for_url("**map=51.5_0.4_13*")
    with another_browser(chromium, app.url) as other:
        other.open(tab.page.url)
        frame = other.map_frame()
        frame.wait_for_function("Math.abs(map.getCenter().lat - 51.5) < 1e-4")
        assert frame.evaluate("map.getZoom()") == 13
    # It goes with its page and area: elsewhere the map is the other page's.
    tab.page.get_by_role("link", name="Deprivation").click()
    tab.page.wait_for_url("**/deprivation_and_gps?area=thurrock")


def test_painting_puts_the_plan_into_the_address_and_leaves_back_alone(
    tab: Tab, app: App, dataset: Dataset
) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    tab.page.get_by_test_id("stSidebarNav").get_by_role("link", name="Hubs").click()
    expect(tab.page.get_by_role("heading", name="Hubs: Thurrock")).to_be_visible()
    tab.page.get_by_role("button", name="+ Empty hub").click()
    tab.page.wait_for_url("**plan=p1.*")
    text = asked_of(tab.page.url)["plan"]
    hubs = Plan.from_dict(open_link(text, dataset.practices.index).document).hubs
    tab.page.get_by_role("button", name="+ Empty hub").click()
    tab.page.wait_for_url(lambda url: asked_of(url).get("plan", text) != text)
    more = Plan.from_dict(
        open_link(asked_of(tab.page.url)["plan"], dataset.practices.index).document
    ).hubs
    assert len(more) == len(hubs) + 1
    tab.page.go_back()
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    check(tab.page, ["back"])
    tab.page.go_forward()
    tab.page.wait_for_url("**plan=p1.*")
    check(tab.page, ["forward"])


@pytest.mark.parametrize("page", ["deprivation", "hubs"])
def test_the_first_visitor_by_a_link_never_sees_a_menu_of_files(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, page: str
) -> None:
    folder = tmp_path_factory.mktemp("fresh")
    with started(folder, folder / "data") as fresh:
        assert "pcs_dash is ready: http" in fresh.log.read_text()
        context = chromium.new_context()
        tab = context.new_page()
        tab.add_init_script(MENU)
        tab.goto(f"{fresh.url}/{page}?area=thurrock")
        expect(tab.get_by_role("heading", name="Thurrock").first).to_be_visible(timeout=60_000)
        expect(tab.get_by_role("link", name="Data and methods")).to_be_visible()
        seen = tab.evaluate("window.menuSeen")
        context.close()
    assert seen[0].endswith("Overview")
    # England is not in the menu: the Overview leads to it where it is loaded.
    assert len(seen) == len(list((ROOT / "pages").glob("*.py"))) - 1
