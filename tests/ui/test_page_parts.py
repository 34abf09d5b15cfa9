"""Maps on a page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
import streamlit_folium

from pcs_dash.ui import page_parts
from pcs_dash.views.maps import PracticeMap, view_layer
from pcs_dash.views.web_files import WebFiles


def test_a_map_is_sent_as_st_folium_would_send_it(monkeypatch: pytest.MonkeyPatch) -> None:
    web = SimpleNamespace(scripts=("/app/static/a.js", "/b.js"), styles=("/c.css",))
    view = {"key": "home", "notes": {"X": "<script>'\"&"}, "values": [1, None], "tiles": False}
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(streamlit_folium, "_component_func", lambda **given: sent.append(given))
    page_parts.show_map(cast(WebFiles, web), view, key="home-map", height=400)
    streamlit_folium.st_folium(
        PracticeMap(web.scripts, web.styles),
        key="home-map",
        height=400,
        use_container_width=True,
        returned_objects=[],
        feature_group_to_add=view_layer(view),
        on_change=lambda: None,
    )
    ours, theirs = ({k: v for k, v in one.items() if k != "on_change"} for one in sent)
    assert ours == theirs
