"""The area that all pages are about: its box, and what to do where the address asks for none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice, product

import streamlit as st

from pcs_dash.official.any_area import find_area, near_areas
from pcs_dash.official.loaded_areas import loaded_areas
from pcs_dash.tables.areas import Area, all_areas
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import address
from pcs_dash.ui.address import Parameter
from pcs_dash.ui.text import plain

DEFAULT_AREA = "essex"
_NAME = "area"
# Of an address with spaces, how many ways to read some of them as a plus are tried.
_MOST_READINGS = 64
_LONGEST = 100


def box() -> Area | None:
    """Draw the box; None where the address asks for an area that is not there."""
    areas: dict[str, Area] = {area.key: area for area in (*all_areas(), *loaded_areas())}

    def know(area: Area) -> str:
        # A set of areas is no entry of the list until it is asked for.
        areas.setdefault(area.key, area)
        return area.key

    chosen = st.session_state.get(_NAME)
    if chosen is not None and chosen not in areas:
        with suppress(UserError):
            know(find_area(chosen))
    address.take(
        _NAME,
        Parameter(
            read=lambda texts: know(asked_for(texts[-1] or DEFAULT_AREA)),
            write=lambda key: (key,),
            valid=lambda key: key is None or key in areas,
            default=DEFAULT_AREA,
            unread=None,
            always=True,
        ),
    )
    key = st.selectbox(
        "Area",
        # The default comes first: Streamlit warns of a default index beside a value of our own.
        sorted(areas, key=lambda key: key != DEFAULT_AREA),
        index=0 if st.session_state[_NAME] else None,
        format_func=lambda key: areas[key].label if areas[key].loaded else areas[key].title,
        key=_NAME,
        placeholder="Choose an area",
        help="Type to search. Essex (NHS Essex ICB since April 2026), Mid and South Essex (an ICB "
        "until then), the seven sub-ICB places (the CCGs of the 2014 strategy), and the districts; "
        "where official data are loaded, also every "
        'ICB, sub-ICB location and district of England, marked "loaded".',
    )
    if key and areas[key].note:
        st.caption(plain(areas[key].note))
    return areas[key] if key else None


def asked_for(text: str) -> Area:
    """The area that an address asks for; UserError where there is none.

    The `+` of a set of areas ("castle-point+basildon") arrives as a space.
    """
    try:
        return find_area(text)
    except UserError:
        for spelled in _with_pluses(text):
            with suppress(UserError):
                return find_area(spelled)
        raise


def _with_pluses(text: str) -> Iterator[str]:
    """How a text may have been typed if some of its spaces were pluses."""
    if "  " in text:
        # "Castle Point + Basildon"
        yield re.sub(r" {2,}", " + ", text)
        return
    words = text.split()
    ways = product(" +", repeat=max(0, len(words) - 1))
    for signs in islice(ways, 1, _MOST_READINGS):
        yield "".join(word + sign for word, sign in zip(words, (*signs, ""), strict=True))


def offer_nearest() -> None:
    """What the address asked for is not there: say so, and offer the areas of the nearest names."""
    text = address.unread(_NAME)[:_LONGEST]
    st.title("No such area")
    st.warning(
        f"The address asks for the area '{plain(text)}', which is not there. Nothing is shown in "
        "its place. The nearest names:"
    )

    def choose(key: str) -> None:
        st.session_state[_NAME] = key

    for area in near_areas(text):
        st.button(plain(area.label), key=f"near-{area.key}", on_click=choose, args=(area.key,))
    st.caption(
        "The box Area, at the left, has all of them. Official data bring the areas of all of "
        "England: see the README, Start it."
    )
