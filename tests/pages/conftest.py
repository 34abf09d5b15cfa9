"""The app without a browser: every page run as a session would run it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.tables.paths import ROOT
from pcs_dash.views import places


@pytest.fixture
def run_page(tmp_path, monkeypatch) -> Callable[..., AppTest]:
    """Run app.py at a sheet (`views.places`) or a page without any, with query parameters; fails
    if the page raised.
    """
    monkeypatch.setenv("PCS_DASH_DATABASE", str(tmp_path / "plans.sqlite"))
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(tmp_path / "data"))

    def run(page: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        sheet = next((sheet for sheet in places.SHEETS if sheet.key == page), None)
        for name, value in (({} if sheet is None else sheet.asked) | query).items():
            app.query_params[name] = value
        path = page if sheet is None else sheet.path
        if path:
            app.switch_page(f"pages/{path}.py")
        app.run()
        assert not app.exception, app.exception[0].stack_trace
        return app

    return run
