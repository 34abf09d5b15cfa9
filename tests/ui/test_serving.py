"""What the server does beside answering."""

from __future__ import annotations

import threading
import tomllib
import weakref

from pcs_dash.tables.paths import ROOT
from pcs_dash.ui.serving import collect


class _Ring:
    """Refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


def test_what_refers_to_itself_is_freed_in_a_thread_that_can_be_stopped() -> None:
    gone, stop = threading.Event(), threading.Event()
    ring = _Ring()
    weakref.finalize(ring, gone.set)
    del ring
    thread = threading.Thread(target=collect, args=(stop, 0.01))
    thread.start()
    assert gone.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_streamlit_does_not_collect_in_every_click() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["runner"]["postScriptGC"] is False
