"""Present and pack makes each file for the sidebar's area, and tells what it can't use."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.render import report_files
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui.hubs import plan_upload

# Without the menu: AppTest runs a page of a menu through a rerun, in which a button that was
# pressed is no longer pressed.
SCRIPT = """
import runpy
import streamlit as st
from pcs_dash.ui import choices, data
choices.of_this_run.set(choices.sidebar())
runpy.run_path("pages/present_and_pack.py")
"""


def test_the_page_offers_every_kind(run_page) -> None:
    app = run_page("board_pack", area="thurrock")
    assert app.title[0].value == "Present and pack: Thurrock"
    offered = [button.key for button in app.button if button.key.startswith("make")]
    assert offered == [f"make{kind}" for kind in report_files.KINDS]


@pytest.mark.parametrize("kind", [".xlsx", ".html"])
def test_a_file_is_made_of_what_the_sidebar_says(monkeypatch, kind: str) -> None:
    monkeypatch.chdir(ROOT)
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    app.query_params["area"] = "Thurrock"
    app.query_params["gp"] = "Permanent GPs"
    app.run()
    app.button(key=f"make{kind}").click().run()
    assert not app.exception
    assert not app.error
    _, content = app.session_state["handout-made"][kind]
    if kind == ".xlsx":
        book = zipfile.ZipFile(BytesIO(content))
        content = b"".join(book.read(name) for name in book.namelist())
    assert b"Thurrock" in content
    assert b"ermanent GPs" in content


def board_pack(content: str) -> AppTest:
    """The page with a plan's file chosen."""
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    app.query_params["area"] = "Thurrock"
    app.run()
    app.file_uploader(key="board-plan").set_value(("mine.csv", content.encode(), "text/csv")).run()
    assert not app.exception
    return app


def told(app: AppTest) -> str:
    items = (*app.markdown, *app.caption, *app.warning, *app.error)
    return "\n".join(item.value for item in items).replace("\\", "")


def test_a_plan_s_file_is_told_before_the_pack_is_made(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    app = board_pack("ODS code,hub\nf81010,West\nF81999,West\n")
    assert "Read as CSV: practices in column 'ODS code', hubs in column 'hub'." in told(app)
    assert "**1 practice in 1 hub** (West 1); 1 of the 26 practices of Thurrock." in told(app)
    assert "Row 3: F81999" in told(app)
    assert any(button.key == "make.pptx" for button in app.button)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("practice_code,hub\nF81003,Sea\n", "None of its practices is in Thurrock"),
        ("practice_code,hub\nF81010,A\nF81010,B\n", "Row 3"),
    ],
)
def test_a_plan_of_nobody_makes_no_pack(monkeypatch, content: str, says: str) -> None:
    monkeypatch.chdir(ROOT)
    app = board_pack(content)
    assert says in told(app)
    assert not any((button.key or "").startswith("make") for button in app.button)


def test_a_plan_s_file_that_takes_too_long_is_given_up(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(plan_upload, "READ_SECONDS", 0.0)
    app = board_pack("practice_code,hub\nF81010,West\n")
    assert "**mine.csv** was not opened. It took longer than 0 seconds" in told(app)
