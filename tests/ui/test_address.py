"""What the address asks for is chosen, what is chosen the address says; in a small app."""

from __future__ import annotations

from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.ui import address


def small_app() -> None:
    """One box of each kind."""
    import streamlit as st

    from pcs_dash.ui import address

    address.begin("")
    gps = {"all": "All GPs", "permanent": "Permanent GPs"}
    quality = {"cqc": "CQC rating (June 2025)", "F81110": "Tilbury Health Centre (F81110)"}
    st.selectbox("GPs", list(gps), format_func=gps.__getitem__, key=address.choice("gp", gps))
    st.selectbox(
        "Which", list(quality), index=None, key=address.choice("which", quality, empty=True)
    )
    st.multiselect(
        "For", ["a", "b, c", "d"], key=address.several("given", ["a", "b, c", "d"], ["a"], most=2)
    )
    st.toggle("Weighted", key=address.switch("weighted"))
    pages = {"first": "The first", "second": "The second"}
    drawn = st.tabs(list(pages.values()), key=address.tabs("tab", pages), on_change="rerun")
    drawn[1].write("open" if drawn[1].open else "shut")
    st.button("Ask", key="ask", on_click=address.ask, args=({"tab": "second", "more": "y"},))
    st.slider("Reach", 1, 15, key=address.number("reach", 1, 15, 5))
    if st.session_state.get("third"):
        st.selectbox("More", ["x", "y"], key=address.choice("more", ["x", "y"]))
    st.code(address.link("hubs", {"plan": "p1.x"}))
    address.end()


def opened(**asked: str | list[str]) -> AppTest:
    app = AppTest.from_function(small_app)
    for name, value in asked.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def says(app: AppTest) -> dict[str, tuple[str, ...]]:
    """What the browser is told to write into the address."""
    return dict(app.session_state["address"].shown)


@pytest.mark.parametrize("text", ["permanent", "Permanent", "Permanent GPs", "PERMANENT GPS"])
def test_keys_and_labels_of_any_case_are_read_and_keys_are_said(text: str) -> None:
    app = opened(gp=text)
    assert app.selectbox(key="gp").value == "permanent"
    assert says(app) == {"gp": ("permanent",)}
    assert not app.warning


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("CQC rating (January 2024)", "cqc"),
        ("Tilbury Medical Centre, renamed since (F81110)", "F81110"),
    ],
)
def test_labels_of_other_periods_and_names_are_read(text: str, key: str) -> None:
    app = opened(which=text)
    assert app.selectbox(key="which").value == key
    assert not app.warning


def test_what_the_app_opens_with_is_not_said() -> None:
    assert says(opened()) == {}
    assert says(opened(gp="all", weighted="false", reach="5")) == {}


def test_a_choice_is_said_and_taken_back() -> None:
    app = opened()
    app.toggle(key="weighted").set_value(True).run()
    app.slider(key="reach").set_value(7).run()
    assert says(app) == {"weighted": ("true",), "reach": ("7",)}
    app.toggle(key="weighted").set_value(False).run()
    assert says(app) == {"reach": ("7",)}


def test_the_page_rules_once_it_was_opened() -> None:
    """A run comes with the address that the browser had: it must not undo a click made since."""
    app = opened(gp="permanent")
    app.selectbox(key="gp").select("all").run()
    app.query_params["gp"] = "permanent"
    app.toggle(key="weighted").set_value(True).run()
    assert app.selectbox(key="gp").value == "all"


def test_an_address_gone_back_to_is_sent_to_boxes_that_seem_to_stand_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The browser may be showing what a run before this one made of it."""
    app = opened(gp="permanent").run()
    assert not app.selectbox(key="gp").proto.set_value
    back = SimpleNamespace(is_history_navigation=True)
    monkeypatch.setattr(address, "get_script_run_ctx", lambda: back)
    app.run()
    assert app.selectbox(key="gp").value == "permanent"
    assert app.selectbox(key="gp").proto.set_value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gp", "none"),
        ("reach", "99"),
        ("reach", "far"),
        ("reach", "inf"),
        ("gp", ""),
        ("weighted", "perhaps"),
        ("given", "z"),
    ],
)
def test_what_makes_no_sense_is_told_until_something_is_chosen(name: str, text: str) -> None:
    app = opened(**{name: text})
    assert [f"{name} = '{text}'" in warning.value for warning in app.warning] == [True]
    app.selectbox(key="which").select("cqc").run()
    assert app.warning
    if name == "gp":
        app.selectbox(key="gp").select("permanent").run()
        assert not app.warning


def test_several_are_read_one_by_one_and_none_is_said() -> None:
    app = opened(given=["b, c", "d"])
    assert app.multiselect(key="given").value == ["b, c", "d"]
    assert says(app) == {"given": ("b, c", "d")}
    assert opened(given="b, c|d").multiselect(key="given").value == ["b, c", "d"]
    app.multiselect(key="given").set_value([]).run()
    assert says(app) == {"given": ("",)}
    assert opened(given="").multiselect(key="given").value == []
    assert opened(given=["a", "b, c", "d"]).multiselect(key="given").value == ["a"]


def test_a_choice_that_is_drawn_later_is_what_the_address_asked_for() -> None:
    app = opened(more="y")
    assert says(app) == {}
    app.session_state["third"] = True
    app.run()
    assert app.selectbox(key="more").value == "y"
    assert says(app) == {"more": ("y",)}


@pytest.mark.parametrize("text", ["second", "The second", "SECOND"])
def test_the_address_says_the_key_of_the_open_tab(text: str) -> None:
    app = opened(tab=text)
    assert [item.value for item in app.markdown] == ["open"]
    assert says(app) == {"tab": ("second",)}
    assert not app.warning
    assert [item.value for item in opened(tab="first").markdown] == ["shut"]
    assert "tab = 'third'" in opened(tab="third").warning[0].value


def test_what_a_link_of_the_app_asks_for_stands_once_it_is_drawn() -> None:
    app = opened(more="x")
    app.button(key="ask").click().run()
    assert [item.value for item in app.markdown] == ["open"]
    app.session_state["third"] = True
    app.run()
    assert app.selectbox(key="more").value == "y"
    assert says(app) == {"tab": ("second",), "more": ("y",)}


def test_a_link_spells_out_what_the_sidebar_says_and_carries_the_plan() -> None:
    app = opened(reach="7")
    link = urlsplit(app.code[0].value)
    assert link.path == "/hubs"
    assert parse_qs(link.query) == {"gp": ["all"], "reach": ["7"], "plan": ["p1.x"]}
