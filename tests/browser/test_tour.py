"""Help on every page: a tour that changes nothing, examples that open, a glossary in place."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pcs_dash.measures.glossary import TERMS
from pcs_dash.ui.help_panel import TOUR

from .conftest import App, Tab

pytestmark = pytest.mark.browser


def ready(page: Page) -> None:
    page.wait_for_selector(".pcs-help[data-ready]", state="attached")


def help_button(page: Page):
    return page.get_by_role("button", name="Help", exact=True)


STATE = """() => ({
  url: location.href,
  scrolled: document.querySelector('.stMain').scrollTop,
  choices: [...document.querySelectorAll('.stSelectbox input')].map((box) => box.value),
})"""


def serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def test_the_tour_has_six_steps_and_changes_nothing(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/?area=thurrock")
    tab.map_frame()
    ready(tab.page)
    before = tab.page.evaluate(STATE)
    assert len(before["choices"]) >= 4
    tab.page.get_by_role("button", name="Take the tour").click()
    for number, step in enumerate(TOUR, start=1):
        dialog = tab.page.get_by_role("dialog", name=step.title)
        expect(dialog.get_by_text(f"Step {number} of 6")).to_be_visible()
        assert tab.page.evaluate(
            "document.querySelector('.pcs-tour').contains(document.activeElement)"
        )
        # It points at a part of the screen, which it leaves bare.
        light = tab.page.locator(".pcs-tour-light").bounding_box()
        target = tab.page.evaluate(
            """(at) => { const e = at.map((s) => document.querySelector(s)).find(Boolean);
            const b = e.getBoundingClientRect(); return [b.left, b.top]; }""",
            list(step.at),
        )
        assert light is not None
        assert abs(light["x"] + 4 - max(target[0], 4)) < 2
        assert abs(light["y"] + 4 - max(target[1], 4)) < 2
        if number in (1, 4):
            assert serious(tab.page) == []
        tab.page.keyboard.press("Enter")  # the button "Next" has the focus
    expect(tab.page.locator(".pcs-tour")).to_have_count(0)
    assert tab.page.evaluate(STATE) == before
    expect(help_button(tab.page)).to_be_focused()


def test_on_a_phone_each_step_points_at_what_is_there(tab: Tab, app: App) -> None:
    """The sidebar is shut there: the button that opens it stands in its place."""
    page = tab.page
    page.set_viewport_size({"width": 390, "height": 844})
    tab.open(f"{app.url}/?area=thurrock")
    tab.map_frame()
    ready(page)
    help_button(page).click()
    page.get_by_role("button", name="Take the tour (six steps)").click()
    for number, step in enumerate(TOUR, start=1):
        expect(page.get_by_role("dialog", name=step.title)).to_be_visible()
        light = page.locator(".pcs-tour-light")
        expect(light).to_be_visible()
        box = light.bounding_box()
        assert box is not None
        assert -8 <= box["x"] < 390
        opens = page.get_by_text("This button opens the menu")
        expect(opens).to_have_count(1 if number in (1, 2, 6) else 0)
        page.keyboard.press("Enter")
    assert "Present and pack" in TOUR[-1].text
    assert "Present" in TOUR[-1].text


@pytest.mark.parametrize("steps", [0, 3, 5])
def test_it_can_be_left_at_any_point_and_called_again(tab: Tab, app: App, steps: int) -> None:
    tab.open(f"{app.url}/deprivation?area=thurrock")
    ready(tab.page)
    before = tab.page.evaluate(STATE)
    for _ in range(2):
        help_button(tab.page).click()
        tab.page.get_by_role("button", name="Take the tour (six steps)").click()
        for _ in range(steps):
            tab.page.keyboard.press("ArrowRight")
        expect(tab.page.get_by_role("dialog", name=TOUR[steps].title)).to_be_visible()
        # Tab stays inside.
        for _ in range(4):
            tab.page.keyboard.press("Tab")
            assert tab.page.evaluate(
                "document.querySelector('.pcs-tour').contains(document.activeElement)"
            )
        tab.page.keyboard.press("Escape")
        expect(tab.page.locator(".pcs-tour")).to_have_count(0)
        assert tab.page.evaluate(STATE) == before
        assert tab.page.evaluate("document.getElementById('root').inert") is False


def test_it_is_offered_once(tab: Tab, app: App) -> None:
    tab.open(app.url)
    ready(tab.page)
    offer = tab.page.get_by_role("button", name="Take the tour", exact=True)
    expect(offer).to_be_visible()
    tab.page.get_by_role("button", name="No thanks").click()
    expect(offer).to_have_count(0)
    tab.open(app.url)
    ready(tab.page)
    expect(help_button(tab.page)).to_be_visible()
    expect(offer).to_have_count(0)


def test_the_glossary_opens_in_place_and_can_be_searched(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/inequality?area=thurrock")
    ready(tab.page)
    address = tab.page.url
    help_button(tab.page).click()
    panel = tab.page.get_by_role("region", name="Help")
    expect(panel.locator(".pcs-help-terms dt")).to_have_count(len(TERMS))
    assert serious(tab.page) == []
    # What help names in quotes stands on the page, or in the menu, under that very name.
    told = panel.inner_text() + "".join(step.title + step.text for step in TOUR)
    names = set(re.findall("“([^”]+)”", told))
    assert len(names) > 8
    for name in names:
        called = tab.page.get_by_text(name, exact=True)
        expect(called.or_(tab.page.get_by_placeholder(name, exact=True)).first).to_be_attached()
    panel.get_by_role("searchbox", name="Find a word").fill("slope")
    expect(panel.locator(".pcs-help-terms dt").first).to_have_text("SII")
    panel.get_by_role("searchbox", name="Find a word").fill("zzz")
    expect(panel.get_by_text("No such word here")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(help_button(tab.page)).to_be_focused()
    assert tab.page.url == address


def test_the_examples_open(tab: Tab, app: App) -> None:
    tab.open(f"{app.url}/correlation?area=essex")
    ready(tab.page)
    help_button(tab.page).click()
    tab.page.get_by_role("link", name="Thurrock: where are GPs short?").click()
    expect(tab.page.get_by_role("heading", name="Overview: Thurrock")).to_be_visible()
    ready(tab.page)
    help_button(tab.page).click()
    tab.page.get_by_role("link", name="Thurrock in five hubs").click()
    expect(tab.page.get_by_role("heading", name="Hubs: Thurrock")).to_be_visible()
    expect(
        tab.page.get_by_text("PCN or locality (30,000 to 50,000 patients): 5 of 5")
    ).to_be_visible()
