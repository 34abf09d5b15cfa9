"""The search box "What about ...?", on every page at one place, and the card of what it found.

The browser searches (assets/find.js) and moves the map; the server is asked for the card only, and
to open an area.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.official.absent_practices import sentences
from pcs_dash.official.any_area import find_area
from pcs_dash.render import web
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.tables.paths import STATIC_DIR
from pcs_dash.tables.writing import replace_whole
from pcs_dash.ui import data, official_store
from pcs_dash.ui.component import component
from pcs_dash.views import cards
from pcs_dash.views.question import Question
from pcs_dash.views.search import KINDS, Hit, areas_of, build_index, directory_near, directory_parts

KEY = "find-box"
_HELD = "find-held"
# How long the lists of postcodes and of codes wait for the first page.
_DIRECTORY_AFTER_S = 2.0
MOST_CODES = 2_000
_log = logging.getLogger(__name__)

# Only what keeps the box in its place from the first moment; the rest is in assets/find.css.
_STYLE = """
div:has(> .st-key-pcs-find) {
  position: sticky; top: 2.6rem; height: 0; z-index: 999991; margin-bottom: -1rem;
  overflow: visible;
}
@media (max-width: 640px) { div:has(> .st-key-pcs-find) { top: 4.2rem; } }
"""
_find = component(
    "find",
    "pcs-find",
    'window.PCSFind.show(root, data, (asked) => setStateValue("asked", asked))',
    what="The search box",
    css=_STYLE,
)


@dataclass(frozen=True)
class Held:
    """What is on the card, and the choices to go back to: name in the session -> value."""

    number: int
    hit: Hit
    before: Mapping[str, Any]


def box(dataset: Dataset, files: web.WebFiles, choices: Question) -> None:
    """Draw the box and, where something was chosen, its card; called once a run for every page."""
    held: Held | None = st.session_state.get(_HELD)
    areas, others = areas_of(dataset, choices.area)
    # One text: Streamlit takes longer over a tuple of hundreds.
    keys = " ".join(area.key for area in (*areas, *others))
    url, directory, codes = _published(dataset, keys, *_entries(), areas, others)
    content: dict[str, Any] = {
        "scripts": list(files.find_scripts),
        "styles": list(files.find_styles),
        "index": url,
        "directory": directory,
        "codes": codes,
        "area": choices.area.key,
        "hubs": _hubs(),
        "heard": st.session_state.get("find-heard", 0),
        "held": None,
        "card": None,
    }
    if held is not None:
        content["held"] = {
            **_for_browser(held.hit),
            "n": held.number,
            "places": _places(held.hit, dataset),
        }
        content["card"] = _card(held.hit, dataset, choices, areas)
    with st.container(key="pcs-find"):
        _find(key=KEY, data=content, on_asked_change=lambda: _hear(dataset, choices))


def _hear(dataset: Dataset, choices: Question) -> None:
    """Do what the box asks, before anything is drawn."""
    state = st.session_state.get(KEY)
    asked = state.get("asked") if state is not None else None
    if not isinstance(asked, Mapping) or not isinstance(asked.get("n"), int):
        return
    if asked["n"] <= st.session_state.get("find-heard", 0):
        return
    st.session_state["find-heard"] = asked["n"]
    held: Held | None = st.session_state.get(_HELD)
    match asked.get("do"):
        case "choose":
            hit = hit_from(asked.get("hit"))
            if hit is not None:
                _choose(hit, asked["n"], held, dataset, choices)
        case "back" if held is not None:
            st.session_state.update(held.before)
            st.session_state[_HELD] = None
        case "stay":
            st.session_state[_HELD] = None
        case "switch":
            area = _open(asked.get("area"))
            if area is not None and held is not None:
                _pick(held.hit, area, dataset)
        case "open":
            _open(asked.get("area"))
            st.session_state[_HELD] = None


def _open(key: object) -> Area | None:
    """Choose an area on the page; None where there is none of this key."""
    try:
        area = find_area(str(key))
    except UserError:
        return None
    st.session_state["area"] = area.key
    return area


def _choose(hit: Hit, number: int, held: Held | None, dataset: Dataset, choices: Question) -> None:
    # A second find still goes back to where the first one set out from.
    now = {
        name: st.session_state[name] for name in ("area", "practice") if name in st.session_state
    }
    st.session_state[_HELD] = Held(number, hit, held.before if held else now)
    _pick(hit, choices.area, dataset)


def _pick(hit: Hit, area: Area, dataset: Dataset) -> None:
    """Choose a found practice on the page too, where the page has such a choice."""
    if hit.kind != "practice" or "practice" not in st.session_state:
        return
    if hit.key in area.select(dataset.practices).index:
        st.session_state["practice"] = hit.key


def hit_from(given: Any) -> Hit | None:
    """A find as the browser reports it, or None if it is none: it may come from anywhere."""
    if not isinstance(given, Mapping) or given.get("kind") not in KINDS:
        return None
    texts = [given.get(name, "") for name in ("key", "name", "detail", "note")]
    at = [given.get(name) for name in ("latitude", "longitude")]
    codes, zoom = given.get("codes"), given.get("zoom")
    if not all(isinstance(text, str) and len(text) <= 1_000 for text in texts):
        return None
    # Practices without a position are found, but no map can go there.
    unplaced = given["kind"] in ("practice", "hub", "pcn", "area") and at == [None, None]
    if unplaced:
        at = [math.nan, math.nan]
    elif not all(isinstance(x, int | float) and math.isfinite(x) and abs(x) <= 90 for x in at):
        return None
    if not isinstance(codes, list | tuple) or len(codes) > MOST_CODES:
        return None
    key, name, detail, note = texts
    latitude, longitude = (float(x) for x in at if x is not None)
    zoom = int(zoom) if isinstance(zoom, int) and 5 <= zoom <= 18 else 13
    kept = tuple(code for code in codes if isinstance(code, str))
    return Hit(str(given["kind"]), key, name, detail, latitude, longitude, zoom, kept, note=note)


def _card(hit: Hit, dataset: Dataset, choices: Question, areas: tuple[Area, ...]) -> dict[str, Any]:
    counted = dataset.practices
    if st.session_state.get("exclude"):
        counted = counted[~counted["flag_low_fte"]]
    residents, residents_basis = (
        _residents(dataset, choices, counted) if hit.kind == "lsoa" else (None, "")
    )
    basis = cards.Basis(
        dataset=dataset,
        counted=counted,
        area=choices.area,
        areas=areas,
        definition=choices.definition,
        benchmark=choices.benchmark,
        edition=choices.edition,
        residents=residents,
        residents_basis=residents_basis,
    )
    return asdict(cards.card(hit, basis)) | {"basis": choices.basis}


def _residents(
    dataset: Dataset, choices: Question, counted: pd.DataFrame
) -> tuple[pd.Series | None, str]:
    """Patients per FTE GP by LSOA where registrations are loaded; small numbers stay missing."""
    registered = official_store.published(dataset)
    if registered is None:
        return None, ""
    from pcs_dash.measures.registrations import patients_per_fte_gp_by_lsoa
    from pcs_dash.measures.small_numbers import small_number

    table = patients_per_fte_gp_by_lsoa(registered.table, counted[choices.definition.column])
    enough = table["patients_in_ratio"] >= small_number()
    return table["patients_per_fte_gp"].where(enough), registered.label


def _for_browser(hit: Hit) -> dict[str, Any]:
    """A hit as JSON can carry it: what is missing is None."""
    told = asdict(hit).items()
    return {key: None if isinstance(x, float) and math.isnan(x) else x for key, x in told}


def _places(hit: Hit, dataset: Dataset) -> dict[str, list[float]]:
    placed = dataset.practices[["latitude", "longitude"]].dropna()
    known = placed.loc[[code for code in hit.codes if code in placed.index]]
    return {
        str(code): [round(latitude, 5), round(longitude, 5)]
        for code, latitude, longitude in known.itertuples(name=None)
    }


def _hubs() -> list[tuple[str, str, tuple[str, ...]]]:
    """Hubs of the plan on the table: id, name, practices; none before the page Hubs was opened."""
    work = st.session_state.get("hub-work")
    if work is None:
        return []
    return [(hub.id, hub.name, tuple(work.plan.members(hub.id))) for hub in work.plan.hubs]


def _entries() -> tuple[str, str]:
    """Checksum of the postcode directory, version of the official data; empty without them."""
    loaded = official_store.manifest()
    if loaded is None:
        return "", ""
    entry = loaded.latest("postcodes")
    return entry.sha256 if entry else "", "".join(filter(str.isalnum, loaded.identity))


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs={Dataset: data.key_of})
def _published(
    dataset: Dataset,
    area_keys: str,  # noqa: ARG001 - part of the cache's key
    sha256: str,
    version: str,
    _areas: tuple[Area, ...],
    _others: tuple[Area, ...],
) -> tuple[str, str, str]:
    """Addresses of the index, of the folder of postcodes ("" without a directory), and of what is
    known of codes that are not in the index ("" without official data).
    """
    url = web.publish("find", build_index(dataset, areas=_areas, others=_others).as_json())
    codes = ""
    if version:
        name = f"codes-{version}.json"
        codes = web.address_of(name)
        _later(_publish_codes, name)
    if not sha256:
        return url, "", codes
    folder = f"postcodes-{sha256[:10]}-{url.rsplit('-', 1)[-1].removesuffix('.json')}"
    _later(_publish_directory, dataset, folder, _areas)
    return url, web.address_of(f"{folder}/"), codes


def _later(publish: Callable[..., None], *args: Any) -> None:
    # At once it would take the processor from the page that is about to be drawn.
    later = threading.Timer(_DIRECTORY_AFTER_S, publish, args=args)
    later.daemon = True
    later.start()


def _publish_codes(name: str) -> None:
    """Write what is known of each practice code that a search may not find."""
    made = STATIC_DIR / name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(made, json.dumps(sentences(), separators=(",", ":")), lasting=False)


def _publish_directory(dataset: Dataset, folder: str, areas: tuple[Area, ...]) -> None:
    """Write the directory by outward code; its list comes last, and says that all is there."""
    from pcs_dash.official.store import Store

    made = STATIC_DIR / folder
    if (made / "list.json").exists():
        return
    try:
        parts = directory_parts(directory_near(Store().read("postcodes"), dataset, areas))
    except UserError as error:
        _log.warning("postcode directory not read: %s", error)
        return
    made.mkdir(parents=True, exist_ok=True)
    for outward, part in parts.items():
        text = json.dumps(part, separators=(",", ":"))
        replace_whole(made / f"{outward}.json", text, lasting=False)
    replace_whole(made / "list.json", json.dumps(sorted(parts)), lasting=False)
