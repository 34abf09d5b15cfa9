"""What the sidebar promises on every page: choices in the address, definitions on screen."""

from __future__ import annotations

import pytest

PAGES = ["", "deprivation", "correlation", "data_and_methods"]
AREAS = ["essex", "mid-and-south-essex", "thurrock", "castle-point-district", "redbridge-district"]


def text_of(app) -> str:
    """Everything the page says, as one text."""
    parts = [*app.title, *app.markdown, *app.caption, *app.info, *app.warning, *app.metric]
    return "\n".join(str(getattr(part, "value", "")) for part in parts)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("area", AREAS)
def test_every_page_opens_for_every_kind_of_area(run_page, page: str, area: str) -> None:
    app = run_page(page, area=area)
    assert len(app.title) == 1
    assert not app.error


@pytest.mark.parametrize("definition", ["all", "fully_qualified", "permanent"])
def test_the_definition_of_the_address_is_named_on_screen(run_page, definition: str) -> None:
    app = run_page(area="thurrock", gp=definition)
    label = {
        "all": "All GPs",
        "fully_qualified": "Fully qualified GPs",
        "permanent": "Permanent GPs",
    }
    assert label[definition] in text_of(app)
    expected = {"all": "2,330", "fully_qualified": "2,780", "permanent": "3,229"}
    assert app.metric[0].value == expected[definition]


def test_england_is_not_offered_for_another_definition(run_page) -> None:
    app = run_page(gp="all")
    assert "England" not in app.selectbox(key="benchmark").options
    assert "England" in run_page().selectbox(key="benchmark").options


def test_an_unknown_area_is_told_and_another_page_is_not_shown_in_its_name(run_page) -> None:
    app = run_page(area="Kent")
    assert any("Kent" in warning.value for warning in app.warning)
    assert app.title[0].value == "No such area"
    assert not app.metric
    assert app.selectbox(key="area").value is None


@pytest.mark.parametrize("text", ["a " * 3_000, "\0<b>x</b>", "+++", "😀"])
def test_any_text_for_an_area_is_told_and_ends_no_run(run_page, text: str) -> None:
    assert run_page(area=text).title[0].value == "No such area"


@pytest.mark.parametrize(("text", "key"), [("Thurock", "thurrock"), ("mid", "mid-essex")])
def test_the_areas_of_the_nearest_names_are_one_press_away(run_page, text: str, key: str) -> None:
    app = run_page(area=text)
    app.button(key=f"near-{key}").click().run()
    assert app.title[0].value.startswith("Overview: ")
    assert app.selectbox(key="area").value == key
    assert not app.warning


def test_an_unknown_definition_is_told(run_page) -> None:
    app = run_page(gp="<b>some</b>")
    assert any("gp" in warning.value for warning in app.warning)
    assert "<b>" not in app.warning[0].value.replace("\\<", "")


def test_leaving_out_flagged_practices_says_what_it_did(run_page) -> None:
    app = run_page(area="basildon-and-brentwood")
    before = app.metric[0].value
    app.toggle(key="exclude").set_value(True).run()
    assert app.metric[0].value != before
    said = text_of(app)
    assert "left out" in said.lower()
    assert "F81006" in said
    assert "F81737" in said


def test_a_typed_benchmark_is_used(run_page) -> None:
    app = run_page(area="thurrock", benchmark="own", own="2780")
    assert "within half a per cent" in text_of(app)


def test_both_dates_are_on_screen(run_page) -> None:
    said = text_of(run_page(area="thurrock"))
    assert "31 December 2025" in said
    assert "May 2025" in said


def test_five_figures_and_a_headline(run_page) -> None:
    app = run_page(area="thurrock")
    assert len(app.metric) == 5
    assert any(
        "Thurrock has 2,780 patients per FTE GP, 23% more than England" in item.value
        for item in app.markdown
    )


def test_a_practice_in_the_address_shows_its_card(run_page) -> None:
    app = run_page(area="thurrock", practice="F81010")
    assert app.selectbox(key="practice").value == "F81010"
    assert any("Aveley Medical Centre" in item.value for item in app.markdown)


def test_the_correlation_page_claims_nothing_for_thurrock(run_page) -> None:
    said = text_of(run_page("correlation", area="thurrock"))
    assert "no evidence of an association" in said
    assert "26 practices" in said


def test_the_map_of_an_area_without_lsoas_says_so(run_page) -> None:
    app = run_page("deprivation", area="redbridge-district")
    assert any("no LSOA" in item.value for item in app.info)


@pytest.mark.parametrize("asked", [{"imd": "1066"}, {"benchmark": "own", "own": "abc"}])
def test_what_a_closed_box_has_not_is_told_outside_it(run_page, asked: dict[str, str]) -> None:
    app = run_page(area="thurrock", **asked)
    name, text = list(asked.items())[-1]
    said = f"The address asks for {name} = '{text}', which is not there."
    assert any(said in warning.value for warning in app.sidebar.warning)
    assert not any(box.warning for box in app.sidebar.expander)
