"""The board pack page makes each file for the sidebar's area, and tells what it can't use."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.render import report_files
from pcs_dash.tables.paths import ROOT

# Without the menu: AppTest runs a page of a menu through a rerun, in which a button that was
# pressed is no longer pressed.
SCRIPT = """
import runpy
import streamlit as st
from pcs_dash.ui import choices, data
st.session_state["ran-app"] = True
choices.of_this_run.set(choices.sidebar())
runpy.run_path("pages/board_pack.py")
"""


def test_the_page_offers_every_kind(run_page) -> None:
    app = run_page("board_pack", area="thurrock")
    assert app.title[0].value == "Board pack: Thurrock"
    assert [button.key for button in app.button] == [f"make{kind}" for kind in report_files.KINDS]


@pytest.mark.parametrize("kind", [".xlsx", ".html"])
def test_a_file_is_made_of_what_the_sidebar_says(monkeypatch, kind: str) -> None:
    monkeypatch.chdir(ROOT)
    made: dict[str, bytes] = {}
    real = report_files.make

    def keep(deck, wanted, *, template=None):
        made[wanted] = real(deck, wanted, template=template)
        return made[wanted]

    monkeypatch.setattr(report_files, "make", keep)
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    app.query_params["area"] = "Thurrock"
    app.query_params["gp"] = "Permanent GPs"
    app.run()
    app.button(key=f"make{kind}").click().run()
    assert not app.exception
    assert not app.error
    content = made[kind]
    if kind == ".xlsx":
        book = zipfile.ZipFile(BytesIO(content))
        content = b"".join(book.read(name) for name in book.namelist())
    assert b"Thurrock" in content
    assert b"ermanent GPs" in content
