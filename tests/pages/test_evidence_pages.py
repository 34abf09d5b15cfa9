"""The evidence pages as a session runs them: any area, any definition, and what they must say."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

PAGES = ["correlation", "inequality", "spatial_pattern", "robustness", "then_and_now"]
# A region, a place, a district, and the district with one practice and no LSOA.
AREAS = ["mid-and-south-essex", "thurrock", "maldon-district", "redbridge-district"]


def text_of(app) -> str:
    """Everything the page says, as one text."""
    parts = [*app.title, *app.markdown, *app.caption, *app.info, *app.warning, *app.code]
    return "\n".join(str(part.value) for part in parts)


def opened(app: AppTest) -> AppTest:
    """The page with its one box of words to copy open: a closed one is not made."""
    (box,) = (box for box in app.get("expander") if box.label == "Words for your paper")
    app.session_state[box.key] = True
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("area", AREAS)
def test_every_page_opens_for_every_kind_of_area(run_page, page: str, area: str) -> None:
    app = run_page(page, area=area)
    assert len(app.title) == 1
    assert not app.error


@pytest.mark.parametrize("page", PAGES)
def test_definition_date_and_count_stand_on_every_page(run_page, page: str) -> None:
    said = text_of(run_page(page, area="thurrock", gp="permanent"))
    assert "31 December 2025" in said
    assert "ermanent GPs" in said
    assert "26 practices" in said or "26 practices" in said.replace(" of 26", " 26 practices")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_words_to_copy(run_page, page: str) -> None:
    app = run_page(page, area="essex")
    assert not app.code
    app = opened(app)
    assert app.code
    assert all(len(block.value) > 80 for block in app.code)


@pytest.mark.parametrize("page", ["correlation", "inequality", "robustness", "spatial_pattern"])
def test_one_practice_is_told_and_not_measured(run_page, page: str) -> None:
    said = text_of(run_page(page, area="redbridge-district"))
    assert any(word in said for word in ("Only 1", "too few", "nothing to draw", "can't"))


@pytest.mark.parametrize("page", ["correlation", "inequality", "spatial_pattern"])
def test_practices_left_out_are_named(run_page, page: str) -> None:
    app = run_page(page, area="essex", exclude="true")
    assert not app.error
    assert "F81006" in text_of(app)


def test_the_headlines_match_the_intervals_of_the_area(run_page) -> None:
    assert "no evidence of a gradient" in text_of(run_page("inequality", area="thurrock"))
    essex = text_of(run_page("inequality", area="essex"))
    assert (
        "clear evidence that patients per FTE GP are higher where people are more deprived" in essex
    )
    assert "Slope Index of Inequality −527" in essex


def test_an_address_that_asks_for_an_option_opens_its_section(run_page) -> None:
    app = run_page("inequality", area="essex", level="practice")
    assert [box.key for box in app.selectbox if box.key == "level"]
    app = run_page("inequality", area="essex")
    assert not [box.key for box in app.selectbox if box.key == "level"]


def test_levels_differ(run_page) -> None:
    by_quintile = text_of(run_page("inequality", area="essex", level="quintile"))
    by_practice = text_of(run_page("inequality", area="essex", level="practice"))
    assert "Measured by practice" in by_practice
    assert "Measured by practice" not in by_quintile


def test_the_specifications_are_filtered(run_page) -> None:
    app = run_page("robustness", area="essex")
    assert "of 96 ways of measuring" in text_of(app)
    app.multiselect(key="spec-level").set_value(["quintile"]).run()
    assert "of 48 ways of measuring" in text_of(app)
    app.multiselect(key="spec-imd_edition").set_value(["IMD 2019"]).run()
    assert "of 24 ways of measuring" in text_of(app)


def test_the_funnel_counts_what_chance_would_do(run_page) -> None:
    asked = {"area": "essex", "survives-section": "funnel"}
    said = text_of(opened(run_page("robustness", **asked)))
    assert "chance alone would put about 10.2 outside" in said


def test_the_claim_of_2015_is_not_upheld_for_thurrock(run_page) -> None:
    app = opened(run_page("then_and_now", **{"then_now-section": "changes"}))
    assert "Today's figures do not show it" in text_of(app)
    assert "not measured alike" in app.code[0].value


def test_the_spatial_page_says_what_chance_gives_and_that_distance_is_another_matter(
    run_page,
) -> None:
    asked = {"area": "essex", "pattern-section": "access"}
    said = text_of(opened(run_page("spatial_pattern", **asked)))
    assert "chance alone would give about 10.2" in said
    assert "expected under chance −0.005" in said
    assert "not the same as distance" in said
    assert "4,999 permutations" in said


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("both", "Bivariate local Moran"),
        ("deprivation", "shared borders (queen)"),
        ("under-doctoring", "Local Moran's I"),
    ],
)
def test_every_pattern_names_its_statistic_and_neighbours(run_page, pattern, words) -> None:
    assert words in text_of(run_page("spatial_pattern", area="thurrock", pattern=pattern))


def test_other_neighbours_are_named(run_page) -> None:
    said = text_of(run_page("spatial_pattern", area="thurrock", near="4-nearest"))
    assert "neighbours by the 4 nearest" in said
    said = text_of(opened(run_page("spatial_pattern", area="thurrock", statistic="getis")))
    assert "Getis and Ord's G*" in said


def test_partial_correlation_says_what_is_allowed_for(run_page) -> None:
    app = run_page("correlation", area="essex", **{"correlation-section": "given"})
    assert "Once share aged 65 and over, hypertension, diabetes are allowed for" in text_of(app)
    app.multiselect(key="given").set_value([]).run()
    assert "Choose at least one figure" in text_of(app)


def test_influence_names_the_practice_that_carries_most(run_page) -> None:
    asked = {"area": "essex", "correlation-section": "influence"}
    assert "Without the most influential one (F81206)" in text_of(run_page("correlation", **asked))


def slow_work() -> None:
    """A page whose work fails the first time."""
    import streamlit as st

    from pcs_dash.ui import slow_work

    tried = st.session_state.setdefault("tried", [])

    def work() -> str:
        tried.append(1)
        if len(tried) == 1:
            raise ValueError("the first try fails")
        return "done"

    st.write(slow_work.computed(("test", "fails once"), work, label="Working"))
    st.write(f"{len(tried)} tries")


def test_work_is_done_once_and_tried_afresh_where_it_failed() -> None:
    app = AppTest.from_function(slow_work, default_timeout=30).run()
    assert len(app.exception) == 1
    app.run()
    assert not app.exception
    app.run()
    assert [part.value for part in app.markdown] == ["done", "2 tries"]
