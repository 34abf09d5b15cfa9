"""Whoever looks at a page learns neither where the server keeps things, nor who may open them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pcs_dash.official.store import Store
from pcs_dash.official.update import update_store
from pcs_dash.tables.paths import ROOT

sys.path.insert(0, str(ROOT / "tests" / "official"))
import samples

PAGES = (
    "", "practices", "deprivation_and_gps", "hubs", "plan_ahead", "present_and_pack",
    "data_and_methods", "england",
)  # fmt: skip
RunPage = Callable[..., AppTest]


def sent(app: AppTest) -> str:
    """All that the browser was sent."""

    def walk(node: Any) -> Iterator[Any]:
        yield node
        for child in getattr(node, "children", {}).values():
            yield from walk(child)

    return "".join(str(getattr(node, "proto", "")) for node in walk(app._tree))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Official data of which every table is damaged, beside a library that is none."""
    folder = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PCS_DASH_DATA_DIR", str(folder))
        files = samples.write(folder / "files", "list_sizes", "pcn_membership", "qof", "imd2019")
        assert not update_store(Store(), origin=str(files)).failed
        for table in Store().root.glob("tables/**/*.parquet"):
            table.write_bytes(b"no table")
    (folder / "plans.sqlite").write_bytes(b"no library")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_what_is_damaged_is_told_without_its_place(
    run_page: RunPage,
    page: str,
    broken: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("PCS_DASH_DATABASE", str(broken / "plans.sqlite"))
    monkeypatch.setenv("PCS_DASH_DATA_DIR", str(broken))
    app = run_page(page, area="thurrock")
    assert len(app.title) == 1
    told = sent(app)
    assert app.title[0].value in told
    assert str(broken) not in told and "plans.sqlite" not in told
    if page in ("hubs", "plan_ahead", "present_and_pack"):
        assert [*app.warning, *app.error]
        # The log is for who runs the server.
        assert "plans.sqlite" in caplog.text


@pytest.mark.parametrize("page", ["hubs", "plan_ahead", "present_and_pack"])
def test_a_database_out_of_reach_is_told_without_its_host_and_user(
    run_page: RunPage, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql://somebody:secret@127.0.0.1:9/kept_here"
    monkeypatch.setenv("PCS_DASH_DATABASE_URL", url)
    told = sent(run_page(page, area="thurrock"))
    assert "library" in told
    assert not [word for word in ("somebody", "secret", "127.0.0.1", "kept_here") if word in told]
