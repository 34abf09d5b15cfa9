"""Plan ahead as a session runs it: every kind of area, and an address that says all of it."""

from __future__ import annotations

import pytest


def said(app) -> str:
    parts = [*app.title, *app.markdown, *app.caption, *app.info, *app.warning, *app.code]
    return "\n".join(str(part.value) for part in parts).replace("\\", "")


@pytest.mark.parametrize("area", ["essex", "thurrock", "maldon-district", "redbridge-district"])
def test_the_page_opens_for_every_kind_of_area(run_page, area: str) -> None:
    app = run_page("plan_ahead", area=area)
    assert app.title[0].value.startswith("Plan ahead")
    assert not app.error
    assert "If nothing is done" in said(app)


def test_an_address_says_what_is_asked(run_page) -> None:
    asked = {"close": "F81110", "years": "5", "leave": "retirement", "plan-part": "what-happens"}
    app = run_page("plan_ahead", area="thurrock", **asked)
    text = said(app).replace("\\", "")
    assert "In 2027 Tilbury Health Centre (F81110) closes" in text
    assert "GPs aged 55 and over leave" in text
    assert "in 2030" in text
    assert "31 December 2025" in text


def test_premises_are_asked_for_where_space_is(run_page) -> None:
    asked = {"area": "thurrock", "years": "5", "plan-part": "staff-and-space"}
    app = run_page("plan_ahead", **asked)
    assert "Your premises against need" in [box.label for box in app.expander]
    assert "September 2022" in said(app)


def test_homes_are_worked_out_for_a_phone_call(run_page) -> None:
    app = run_page("new_homes", area="thurrock", dwellings="1000", built_in="Thurrock")
    assert 1_000 in [box.value for box in app.number_input]
    text = said(app).replace("\\", "")
    assert "1,000 homes in Thurrock would bring 2,400 patients" in text
    assert "1.2 FTE GPs in 108 square metres" in text
