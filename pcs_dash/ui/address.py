"""The address: what it asks for when a page is opened, and what it says while one is looked at.

The address says every choice that is not the one the app opens with, by names that outlive a
change of wording (`?area=thurrock&gp=permanent`). It rules where a session begins and where the
user goes Back or Forward; from then on the page rules, and the address follows it. Labels, as
earlier versions wrote them, are read too. Why not Streamlit's `bind`:
docs/decisions/0009-the-address-says-what-is-shown.md.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pcs_dash.tables.paths import ASSETS_DIR
from pcs_dash.ui.browser import app_address
from pcs_dash.ui.text import plain

Labels = Mapping[str, str]
Texts = tuple[str, ...]
P = ParamSpec("P")

# What the sidebar says on every page.
SHARED = ("area", "gp", "weight", "imd", "benchmark", "own", "exclude", "tiles")
_KEY = "address"
_MISSING = object()
# Streamlit takes a style of one line for the name of a file.
_STYLE = """
div:has(> [class*="st-key-pcs-address"]) {
  display: none;
}
"""
# A component's script travels with all that it is told: the long one with what changes least.
_TELL = """export default ({ data }) => {
  const tell = window.pcsAddress?.tell;
  if (tell) tell(data); else (window.pcsTold ||= []).push(data);
}"""
_stands, _told = (
    st.components.v2.component(
        f"pcs_dash_address_{name}", html="<span></span>", css=_STYLE, js=js, isolate_styles=False
    )
    for name, js in (
        ("stands", (ASSETS_DIR / "address.js").read_text("utf-8")),
        ("told", _TELL),
    )
)


@dataclass(frozen=True)
class Parameter:
    """How a name of the address is read, written and checked.

    `read` gives the value that a text stands for, or raises ValueError; `valid` says whether the
    page can show a value; `unread` is what stands where a text makes no sense; `quiet`: a change
    of it is no step to go Back by.
    """

    read: Callable[[Texts], Any]
    write: Callable[[Any], Texts]
    valid: Callable[[Any], bool]
    default: Any
    unread: Any = _MISSING
    always: bool = False
    quiet: bool = False


@dataclass
class Held:
    """What the session holds of its address.

    `asked` is the address as it was opened, or gone back to; it rules until that page is drawn,
    except where a choice is no longer as it was `before`. `known` are the texts of every name so
    far, other pages' too; `drawn` those of the page that is drawn, `spelled` with what is as the
    app opens, too; `shown` those that the browser was told last; `unread` the texts that made no
    sense. `quiet` names and `documents` are no steps to go Back by; `turned`: the run came from
    another page; `place`: its map; `told_in`: where it is told that something is not there.
    """

    token: str = field(default_factory=lambda: secrets.token_hex(4))
    number: int = 0
    page: str = ""
    turned: bool = True
    whole: bool = False
    ruling: bool = True
    asked: dict[str, Texts] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    known: dict[str, Texts] = field(default_factory=dict)
    drawn: dict[str, Texts] = field(default_factory=dict)
    spelled: dict[str, Texts] = field(default_factory=dict)
    shown: dict[str, Texts] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    quiet: set[str] = field(default_factory=set)
    documents: set[str] = field(default_factory=set)
    place: str = ""
    told_in: Any = None

    def open(self) -> None:
        """Let the address of this run rule."""
        self.asked = {name: tuple(st.query_params.get_all(name)) for name in st.query_params}
        self.known |= self.asked
        self.before = {name: st.session_state.get(name, _MISSING) for name in self.known}
        self.ruling, self.unread = True, {}


def held() -> Held:
    """What this session holds; at its first call the address rules."""
    if _KEY not in st.session_state:
        st.session_state[_KEY] = Held()
        st.session_state[_KEY].open()
    kept: Held = st.session_state[_KEY]
    return kept


class EndedEarly(Exception):  # noqa: N818 - no fault
    """A page has no more to show; its choices stand. `st.stop` would keep the address untold."""


def begin(page: str) -> None:
    """Begin a run of the whole app at a page (its path)."""
    kept, context = held(), get_script_run_ctx()
    if context is not None and context.is_history_navigation:
        kept.open()
    kept.turned = page != kept.page
    kept.page, kept.whole, kept.drawn, kept.spelled = page, True, {}, {}


def end() -> None:
    """End such a run: the page is drawn, and the browser is told what its address says."""
    kept = held()
    _tell("whole")
    kept.ruling = kept.whole = False


def fragment(draw: Callable[P, None], where: str = "") -> Callable[P, None]:
    """`st.fragment` for choices in the address; `where` tells apart what a page draws twice."""

    @st.fragment
    @wraps(draw)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        draw(*args, **kwargs)
        if not held().whole:
            _tell(f"{draw.__name__}-{where}")

    return run


# --- choices ---


def choice(
    name: str,
    options: Labels | Iterable[str],
    *,
    default: str | None = None,
    empty: bool = False,
    tell: bool = True,
    earlier: Labels | None = None,
) -> str:
    """The key of a box with one of these options (key to label): `key=choice("gp", labels)`.

    Call it right before the box: what it chose, or what the address asks for, is then in the
    session, and a text of the address that is no option is told (unless `tell` is off, for who
    needs the choice before its box is drawn). Without a `default` the first option is; with
    `empty`, nothing. `earlier`: what an option was called in earlier versions, and its key.
    """
    labels = options if isinstance(options, Mapping) else {option: option for option in options}
    first = None if empty else next(iter(labels), None)
    return take(
        name,
        Parameter(
            read=lambda texts: (
                (earlier or {}).get(texts[-1].casefold()) or _option(texts[-1], labels)
            ),
            write=lambda key: (key or "",),
            valid=lambda key: key in labels or (empty and key is None),
            default=default if default in labels else first,
        ),
        tell=tell,
    )


def several(
    name: str, options: Labels | Iterable[str], default: Sequence[str] = (), *, most: int = 1_000
) -> str:
    """The key of a box with any number of these options, up to `most`."""
    labels = options if isinstance(options, Mapping) else {option: option for option in options}
    return take(
        name,
        Parameter(
            # A saved view holds them in one text, joined by bars.
            read=lambda texts: [
                _option(one, labels) for text in texts for one in text.split("|") if one
            ],
            write=lambda keys: tuple(keys) or ("",),
            valid=lambda keys: len(keys) <= most and set(keys) <= set(labels),
            default=list(default),
        ),
    )


def switch(name: str) -> str:
    """The key of a switch that is off when the app opens."""
    return take(
        name,
        Parameter(
            read=lambda texts: {"true": True, "false": False}[texts[-1].casefold()],
            write=lambda on: (str(on).lower(),),
            valid=lambda on: isinstance(on, bool),
            default=False,
        ),
    )


def tabs(name: str, labels: Labels) -> str:
    """The key of `st.tabs` with these labels: the session holds a label, the address its key."""
    return take(
        name,
        Parameter(
            read=lambda texts: labels[_option(texts[-1], labels)],
            write=lambda label: (next(key for key in labels if labels[key] == label),),
            valid=lambda label: label in labels.values(),
            default=next(iter(labels.values())),
        ),
    )


def number(name: str, low: int, high: int, default: int) -> str:
    """The key of a whole number. Going Back skips the steps by which it was reached."""

    def read(texts: Texts) -> int:
        value = int(float(texts[-1]))
        if not low <= value <= high:
            raise ValueError
        return value

    return take(
        name,
        Parameter(
            read=read,
            write=lambda value: (str(value),),
            valid=lambda value: low <= value <= high,
            default=default,
            quiet=True,
        ),
    )


def take(name: str, parameter: Parameter, *, tell: bool = True) -> str:
    """Put into the session what `name` stands at, and into the address what it says; `name`."""
    kept = held()
    value = st.session_state.get(name, _MISSING)
    if value is _MISSING or (kept.ruling and value == kept.before.get(name, _MISSING)):
        value = _asked(kept, name, parameter)
    elif not parameter.valid(value):
        value = _gone(kept, name, value, parameter)
    # What is set is sent, and would undo a click made meanwhile: only where it differs, or (once a
    # run) where the address rules. Back and Forward within a moment send what the box stood at
    # before either, which may be what is asked for by now, while the box still hears of the first.
    forced = kept.ruling and name not in kept.spelled
    if forced or name not in st.session_state or st.session_state[name] != value:
        st.session_state[name] = value
    if parameter.quiet:
        kept.quiet.add(name)
    if tell:
        _tell_unread(kept, name, value, parameter)
    if name in kept.unread and parameter.unread is not _MISSING:
        kept.drawn[name] = kept.known[name]
        return name
    kept.spelled[name] = parameter.write(value)
    if value == parameter.default and not parameter.always:
        kept.drawn.pop(name, None)
        kept.known[name] = ()
    else:
        kept.drawn[name] = kept.known[name] = kept.spelled[name]
    return name


def _gone(kept: Held, name: str, value: Any, parameter: Parameter) -> Any:
    """What stands for a choice that the page no longer has."""
    if parameter.unread is _MISSING:
        return parameter.default
    kept.unread[name], kept.known[name] = str(value), parameter.write(value)
    return parameter.unread


def ask(asked: Mapping[str, str]) -> None:
    """Let the page that is opened next stand at these (name -> text); before a run draws."""
    kept = held()
    for name, text in asked.items():
        st.session_state.pop(name, None)
        kept.known[name] = (text,)


def unread(name: str) -> str:
    """The text of the address that made no sense for `name`; "" where it did."""
    return held().unread.get(name, "")


def asked(name: str) -> bool:
    """Whether `name` stands at anything but what the app opens with, on this page or another."""
    return bool(held().known.get(name))


def _asked(kept: Held, name: str, parameter: Parameter) -> Any:
    texts = (kept.asked if kept.ruling else kept.known).get(name)
    if not texts:
        return parameter.default
    try:
        value = parameter.read(texts)
    except (ValueError, KeyError, OverflowError):
        kept.unread[name] = texts[-1]
        return parameter.default if parameter.unread is _MISSING else parameter.unread
    return value if parameter.valid(value) else parameter.default


@contextmanager
def telling_in(place: Any) -> Iterator[None]:
    """Meanwhile what is asked for in vain is told here: in a closed box nobody would see it."""
    kept = held()
    kept.told_in = place
    try:
        yield
    finally:
        kept.told_in = None


def _tell_unread(kept: Held, name: str, value: Any, parameter: Parameter) -> None:
    """Say so where the address asks for what is not there, until something else is chosen."""
    if name not in kept.unread:
        return
    if value != (parameter.default if parameter.unread is _MISSING else parameter.unread):
        del kept.unread[name]
    elif parameter.unread is _MISSING:
        (kept.told_in or st).warning(
            f"The address asks for {name} = '{plain(kept.unread[name])}', which is not there. "
            "Choose from the list instead."
        )


def _option(text: str, labels: Labels) -> str:
    """The option that a text names: by key, by label, by a label of other wording with its key
    in brackets ("Tilbury Health Centre (F81110)"), or but for a period in brackets.
    """
    for key, label in labels.items():
        if text.casefold() in (key.casefold(), label.casefold()):
            return key
    bracketed = re.fullmatch(r"(.+) \(([^()]+)\)", text)
    if bracketed:
        if bracketed[2] in labels:
            return bracketed[2]
        for key, label in labels.items():
            if label.startswith(f"{bracketed[1]} ("):
                return key
    raise ValueError(text)


# --- documents: a plan, a story ---


def link(page: str, documents: Mapping[str, str]) -> str:
    """The whole address of a page as this one is seen: what the sidebar says is spelled out, so
    that it opens the same where another version opens with other choices.
    """
    kept = held()
    asked = {name: kept.spelled[name] for name in SHARED if name in kept.spelled}
    asked |= {name: texts for name, texts in kept.drawn.items() if name not in kept.documents}
    asked |= {name: (text,) for name, text in documents.items()}
    return f"{app_address()}/{page}?{urlencode(asked, doseq=True)}"


def said() -> dict[str, Texts]:
    """What the address of this page says, as `st.switch_page` takes it."""
    return dict(held().shown)


def asks_for(name: str) -> bool:
    """Whether the address asks for a document that was not opened yet."""
    return held().ruling and name in held().asked


def document(name: str) -> str | None:
    """The document that the address asks for, told once; None where it asks for none."""
    kept = held()
    kept.documents.add(name)
    texts = kept.asked.pop(name, None) if kept.ruling else None
    return texts[-1] if texts and texts[-1] else None


def carry(name: str, text: str) -> None:
    """Let the address of this page carry a document; "" for none."""
    kept = held()
    kept.documents.add(name)
    if text:
        kept.drawn[name] = (text,)
    else:
        kept.drawn.pop(name, None)


# --- the browser ---


def of_map(place: str) -> None:
    """Name the map of this page by what the browser remembers its position under; "" for none.

    Once in every run, since its script writes what is told later. Where the address was opened with
    a position, the map will stand there.
    """
    kept = held()
    kept.place = place
    # Drawn in every run: what follows keeps its place on the page, and its map with it.
    opened = bool(place) and kept.ruling and "map" in kept.asked
    _write(_stands, "map", {"place": place if opened else ""})


def _tell(where: str) -> None:
    kept = held()
    kept.number += 1
    names = {*kept.drawn, *kept.shown}
    changed = {name for name in names if kept.drawn.get(name) != kept.shown.get(name)}
    step = bool(changed - kept.quiet - kept.documents) and not (kept.turned or kept.ruling)
    kept.shown, kept.turned = dict(kept.drawn), False
    data = {
        "token": kept.token,
        "n": kept.number,
        "page": kept.page,
        "asked": [[name, text] for name, texts in kept.drawn.items() for text in texts],
        "ours": sorted({*kept.known, *kept.documents} - {"map", "present"}),
        "step": step,
        "place": kept.place,
    }
    _write(_told, where, data)


def _write(writer: Callable[..., Any], where: str, data: Mapping[str, Any]) -> None:
    with st.container(key=f"pcs-address-{where}"):
        writer(key=f"address-{where}", data=data)
