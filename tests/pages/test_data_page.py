"""The Data page: nothing loaded, official data, loading, going back, what is switched off."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.store import audit
from pcs_dash.store.database import open_database
from pcs_dash.store.rights import Who
from pcs_dash.tables.paths import ROOT
from pcs_dash.ui.sign_in import person

sys.path.insert(0, str(ROOT / "tests" / "official"))
import samples

# Without the menu: see test_board_pack.py.
SCRIPT = """
import runpy
import streamlit as st
from pcs_dash.ui import choices
choices.of_this_run.set(choices.sidebar())
runpy.run_path("pages/data_and_methods.py")
"""


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("PCS_DASH_UPLOADS", raising=False)
    monkeypatch.chdir(ROOT)


def open_tab(name: str = "What is loaded") -> AppTest:
    app = AppTest.from_string(SCRIPT, default_timeout=120)
    app.query_params["area"] = "thurrock"
    app.session_state["official"] = name
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def load(tmp_path: Path, *sources: str) -> Store:
    folder = samples.write(
        tmp_path / "files", *(sources or ("list_sizes", "pcn_membership", "qof", "imd2019"))
    )
    store = Store()
    assert not update_store(store, origin=str(folder)).failed
    return store


def headline(app: AppTest) -> str:
    return next(m.value for m in app.markdown if m.value.startswith("Figures embedded"))


def alt(app: AppTest, words: str):
    """The table that is described so."""
    return next(d.value for d in app.dataframe if d.proto.alt == words)


def texts(app: AppTest) -> str:
    return "\n".join(
        str(e.value)
        for e in (*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success)
    )


def test_with_nothing_loaded_the_first_step_is_clear() -> None:
    app = open_tab()
    assert headline(app) == ("Figures embedded: 31 December 2025. No official data are loaded yet.")
    # No command in a reader's face: a button has them for whoever runs the server.
    (button,) = app.get("popover")
    (commands,) = button.markdown
    assert texts(app).count("python -m") == commands.value.count("python -m") > 0
    table = alt(app, "Official data that are not loaded")
    assert table["Source"].iloc[0].startswith("Patients Registered at a GP Practice: totals")
    assert table["Landing page"].str.startswith("https://").all()


def test_what_is_loaded_with_age_and_file(tmp_path: Path) -> None:
    load(tmp_path)
    app = open_tab()
    assert "Official data loaded: 4 of" in headline(app)
    table = alt(app, "Official data that are loaded").set_index("Source")
    lists = table.loc["Patients Registered at a GP Practice: totals (gp-reg-pat-prac-all)"]
    assert f"{lists['Period']:%Y-%m-%d}" == "2025-10-01"
    assert lists["State"] == "newer edition due"
    assert lists["Rows"] == 4
    assert lists["From file"] == "lists.csv"
    missing = alt(app, "Official data that are not loaded")
    assert len(missing) + len(table) == int(headline(app).split(" of ")[1].split()[0])


def test_measures_say_which_publication_brings_them(tmp_path: Path) -> None:
    load(tmp_path)
    table = alt(open_tab("Measures"), "Measures and the publications that bring them")
    table = table.set_index("Measure")
    assert table.loc["QOF achievement", "There"] == "yes"
    assert table.loc["CQC rating", "There"] == "no"
    assert table.loc["CQC rating", "Missing publication"] == "Latest ratings of GP practices"


def test_joins_of_the_build(tmp_path: Path) -> None:
    load(tmp_path)
    table = alt(open_tab("Joins"), "Joins of the build").set_index("Join")
    assert table.loc["practices with QOF", "Matched"] == 2
    assert table.loc["practices with QOF", "Which are without"] == "F81100 F81102"


def test_files_are_looked_at_then_loaded_then_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person, "who", lambda: Who("dot", "Dot", "data manager"))
    store = load(tmp_path)
    app = open_tab("Load files")
    bad = samples.PAYMENTS.replace("13400.5", "<b>many</b>").encode()
    app.file_uploader[0].set_value(
        [
            ("ratings.bin", samples.zipped({"x": samples.CQC.encode()}), ""),
            ("<i>pay</i> 22-23.csv", bad, "text/csv"),
        ]
    ).run()
    assert not app.exception
    table = alt(app, "What the files hold and what would change")
    assert table["Recognised as"].tolist() == ["Latest ratings of GP practices"]
    assert table["What"].tolist() == ["new"]
    fault = app.error[0].value
    assert "Row 2, column" in fault
    assert "<b>" not in fault
    assert "<i>" not in fault
    assert store.require().version == 1
    app.button(key="official-load").click().run()
    assert not app.exception
    assert app.success[0].value.startswith("Loaded: Latest ratings of GP practices")
    assert store.require().version == 2
    assert store.require().latest("cqc") is not None
    assert "5 of" in headline(app)
    # The uploader is empty again.
    assert app.file_uploader[0].value in (None, [])

    app = open_tab("Versions")
    go_back = app.button(key="official-rollback")
    assert go_back.disabled
    app.checkbox(key="official-sure-1").check().run()
    app.button(key="official-rollback").click().run()
    assert not app.exception
    assert store.require().version == 1
    assert "4 of" in headline(app)
    with open_database(tmp_path / "plans.sqlite") as database:
        told = [(row["person"], row["action"]) for row in audit.entries(database)]
    assert told == [("dot", "rolled back"), ("dot", "loaded")]

    # Who is no data manager is offered neither.
    monkeypatch.setattr(person, "who", lambda: Who("ann", "Ann", "editor"))
    app = open_tab("Load files")
    assert "Data managers load files here." in texts(app)
    assert not app.file_uploader
    assert not [b for b in open_tab("Versions").button if b.key == "official-rollback"]


def test_what_can_not_be_built_is_told_before_loading() -> None:
    app = open_tab("Load files")
    app.file_uploader[0].set_value([("QOF_2022-23.csv", samples.QOF.encode(), "")]).run()
    assert "can't be loaded alone" in app.warning[0].value.replace("\\", "")
    assert not [b for b in app.button if b.key == "official-load"]


def test_an_older_edition_needs_a_word(tmp_path: Path) -> None:
    store = load(tmp_path)
    app = open_tab("Load files")
    app.file_uploader[0].set_value(
        [("QOF_2021-22.csv", samples.QOF.replace("508.25", "500").encode(), "")]
    ).run()
    assert not [b for b in app.button if b.key == "official-load"]
    app.checkbox(key="official-older").check().run()
    app.button(key="official-load").click().run()
    assert not app.exception
    assert store.entry("qof").period == "2022-03-31"


def test_uploads_and_going_back_can_be_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = load(tmp_path).root.parent
    again = tmp_path / "again"
    samples.write(again, "cqc")
    update_store(Store(folder), origin=str(again))
    monkeypatch.setenv("PCS_DASH_UPLOADS", "off")
    app = open_tab("Load files")
    assert "switched off" in app.info[0].value
    assert not app.file_uploader
    app = open_tab("Versions")
    assert "Whoever runs the server can go back" in texts(app)
    assert not app.button


def test_a_folder_that_can_not_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "file"))
    app = open_tab("Load files")
    assert "PCS_DASH_DATA_DIR" in app.warning[0].value
    assert not app.file_uploader


def test_a_damaged_version_is_told(tmp_path: Path) -> None:
    store = load(tmp_path)
    samples.write(tmp_path / "again", "cqc")
    update_store(store, origin=str(tmp_path / "again"))
    (store.root / "versions" / "000002.json").write_text("{", encoding="utf-8")
    app = open_tab()
    assert "damaged" in app.warning[0].value
    assert "4 of" in headline(app)
