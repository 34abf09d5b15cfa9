"""A story: what a presenter shows, in order. Immutable, comparable by value, JSON-able.

A view is a page of the app with everything that makes it look as it does: area, switches, where
the map stands, the plan, the practice or hub pointed at, and a line of text. Every change returns
a new story. A story holds choices only; figures are computed when it is shown.

Names and texts are what a person typed: they are stored as typed (control characters apart) and
must be escaped where they are shown.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from pcs_dash.hubs.plan import Plan, PlanError
from pcs_dash.hubs.rules import Rule, rules_from_list, rules_to_list
from pcs_dash.official.any_area import find_area
from pcs_dash.store.links import MAX_LINK_CHARACTERS
from pcs_dash.tables.areas import Area
from pcs_dash.tables.errors import InputFileError, UserError
from pcs_dash.views import places
from pcs_dash.views.answer import View
from pcs_dash.views.position import Position, StoryError
from pcs_dash.views.registry import VIEWS, views_of
from pcs_dash.views.scenario_words import AGAINST, LINK

FORMAT_VERSION = 1
MAX_VIEWS = 60
MAX_NAME_LENGTH = 120
MAX_TEXT_LENGTH = 600
MAX_FILE_BYTES = 4_000_000
# Beside today's PCNs: more columns are not read from the back of a room.
MAX_OPTIONS = 4

# The switches of the app's sidebar, by their names in an address.
SWITCHES = ("gp", "weight", "imd", "benchmark", "own", "exclude", "tiles")
_MAX_SWITCH_LENGTH = 120


# What shows the plans of a story, or is drafted from them.
_OF_OPTIONS = ("options", "hubs", "costs", "ask")

PAGES = tuple(dict.fromkeys(view.page for view in VIEWS.values()))
FIRST_PAGE = "under_doctoring"


def first_view(page: str) -> View:
    """What a page is first about."""
    return views_of(page)[0]


def options_of(page: str) -> tuple[str, ...]:
    """What a page is asked beside the shared switches, by its names in an address.

    Who is pointed at on a map is no option but the saved view's `highlight`.
    """
    options = [option for view in views_of(page) for option in view.options]
    return tuple(
        dict.fromkeys(option.key for option in options if option.kind != "practice" or option.sets)
    )


def pointed_at(page: str) -> str:
    """By which name a page's address says which practice is pointed at; "" where none can be."""
    for view in views_of(page):
        if any(option.kind == "practice" for option in view.options):
            return "practice"
        if view.pointer:
            return f"{view.pointer}-map-practice"
    return ""


@dataclass(frozen=True)
class SavedView:
    """One view as it is kept. `page` is its sheet (`views.places`), `area` an area's
    key, or "" for the area the story is told of.

    `topic` is a view's key ("": what the page is first about), `switches` the sidebar's by their
    names in an address (gp, imd, benchmark, own, exclude, tiles), `options` what its own page is
    asked (`options_of`), `highlight` a practice code or a hub's name, `text` the line the presenter
    wants under the title, `rules` what hubs are judged by (none: the published rules), `others`
    the plans (name, plan) that are put beside `plan`.
    """

    page: str = FIRST_PAGE
    topic: str = ""
    title: str = ""
    text: str = ""
    area: str = ""
    switches: Mapping[str, str] = field(default_factory=dict)
    position: Position | None = None
    plan: Plan | None = None
    plan_name: str = ""
    highlight: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    others: tuple[tuple[str, Plan], ...] = ()

    def __post_init__(self) -> None:
        if self.page not in PAGES:
            raise StoryError(
                f"There is no page '{_short(self.page)}'. Choose one of: {', '.join(PAGES)}."
            )
        if not self.topic:
            object.__setattr__(self, "topic", first_view(self.page).key)
        if self.topic not in VIEWS:
            raise StoryError(
                f"There is no topic '{_short(self.topic)}'. Choose one of: {', '.join(VIEWS)}."
            )
        for name in ("title", "text", "plan_name", "highlight"):
            limit = MAX_TEXT_LENGTH if name == "text" else MAX_NAME_LENGTH
            object.__setattr__(self, name, _clean(getattr(self, name), name, limit))
        others = tuple((_clean(name, "plan", MAX_NAME_LENGTH), plan) for name, plan in self.others)
        object.__setattr__(self, "others", others)
        if len(self.others) >= MAX_OPTIONS:
            raise StoryError(f"Choose at most {MAX_OPTIONS} plans to put beside today's PCNs.")
        if self.area:
            object.__setattr__(self, "area", find_area(self.area).key)
        asked = options_of(self.page)
        for name, kind, known in (("switches", "switch", SWITCHES), ("options", "option", asked)):
            given = _checked(getattr(self, name), known, kind, name)
            object.__setattr__(self, name, MappingProxyType(given))

    def __hash__(self) -> int:
        return hash((self.page, self.topic, self.title, self.text, self.area, self.highlight))

    def __reduce__(self) -> tuple[Any, ...]:
        return (SavedView.from_dict, (self.to_dict(),))

    @property
    def heading(self) -> str:
        """Its title, or the topic's where none was typed."""
        return self.title or VIEWS[self.topic].title

    def area_in(self, default: str | Area) -> Area:
        """The view's own area, or `default` where it has none."""
        if not self.area and isinstance(default, Area):
            return default
        return find_area(self.area or str(default))

    def link(self, default_area: str | Area) -> str:
        """The relative address that opens the view: page, tab, area and switches as it reads them.

        A plan is not part of it: `pcs_dash.views.report_links` adds it.
        """
        asked = {"area": self.area_in(default_area).key} | dict(sorted(self.switches.items()))
        return places.address(places.sheet_of(self.page, self.topic), asked | self.asked())

    def asked(self) -> dict[str, str]:
        """What an address asks the view's own page: options, the practice pointed at, the map."""
        asked = dict(sorted(self.options.items()))
        pointed = pointed_at(self.page)
        if pointed and self.highlight:
            asked.setdefault(pointed, self.highlight)
        if self.position is not None:
            at = self.position
            asked["map"] = "_".join(f"{x:.9g}" for x in (at.latitude, at.longitude, at.zoom))
            # A map that is about one practice stands there for this practice only.
            if self.options.get("whose") == "Practice" and "practice" in asked:
                asked["map"] += f"_{asked['practice']}"
        return asked

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form; what is empty is left out."""
        content: dict[str, Any] = {"page": self.page, "topic": self.topic}
        for name in ("title", "text", "area", "plan_name", "highlight"):
            if getattr(self, name):
                content[name] = getattr(self, name)
        for name in ("switches", "options"):
            if getattr(self, name):
                content[name] = dict(getattr(self, name))
        if self.position is not None:
            content["position"] = self.position.to_dict()
        if self.plan is not None:
            content["plan"] = self.plan.to_dict()
        if self.rules:
            content["rules"] = rules_to_list(self.rules)
        if self.others:
            content["others"] = [{"name": name, **plan.to_dict()} for name, plan in self.others]
        return content

    @classmethod
    def from_dict(cls, data: Any) -> SavedView:
        """The view of such a form; StoryError for anything else. Unknown fields are refused."""
        if not isinstance(data, Mapping):
            raise StoryError("A view must be an object.")
        known = set(cls.__dataclass_fields__)
        unknown = sorted(str(name) for name in data if name not in known)
        if unknown:
            raise StoryError(f"A view has no field '{_short(unknown[0])}'.")
        fields = dict(data)
        for name in known - {"switches", "options", "position", "plan", "rules", "others"}:
            if not isinstance(fields.get(name, ""), str):
                raise StoryError(f"The field '{name}' of a view must be text.")
        position, plan = fields.pop("position", None), fields.pop("plan", None)
        if "rules" in fields:
            fields["rules"] = rules_from_list(fields["rules"])
        if position is not None:
            parts = {"latitude", "longitude", "zoom"}
            if not isinstance(position, Mapping) or set(position) != parts:
                raise StoryError("A map position must have latitude, longitude and zoom.")
            fields["position"] = Position(**position)
        if plan is not None:
            fields["plan"] = _plan(plan)
        if "others" in fields:
            fields["others"] = _others(fields["others"])
        return cls(**fields)


@dataclass(frozen=True)
class Story:
    """A named list of views."""

    name: str = "Story"
    views: tuple[SavedView, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _clean(self.name, "name", MAX_NAME_LENGTH) or "Story")
        object.__setattr__(self, "views", tuple(self.views))
        if len(self.views) > MAX_VIEWS:
            raise StoryError(
                f"The story has {len(self.views):,} views; {MAX_VIEWS} are the most. Split it."
            )

    # --- changes ---

    def rename(self, name: str) -> Story:
        """The story under another name."""
        return replace(self, name=name)

    def add(self, view: SavedView, at: int | None = None) -> Story:
        """The story with one more view, at the end or before the view at place `at` (from 0)."""
        place = len(self.views) if at is None else max(0, min(at, len(self.views)))
        return replace(self, views=(*self.views[:place], view, *self.views[place:]))

    def remove(self, at: int) -> Story:
        """The story without the view at a place."""
        self._check(at)
        return replace(self, views=(*self.views[:at], *self.views[at + 1 :]))

    def replace_view(self, at: int, view: SavedView) -> Story:
        """The story with another view at a place."""
        self._check(at)
        return replace(self, views=(*self.views[:at], view, *self.views[at + 1 :]))

    def change(self, at: int, **changes: Any) -> Story:
        """The story with fields of one view changed (`title="..."`, `text="..."`)."""
        self._check(at)
        return self.replace_view(at, replace(self.views[at], **changes))

    def move(self, start: int, end: int) -> Story:
        """The story with the view at place `start` taken to place `end`."""
        self._check(start)
        self._check(end)
        rest = [*self.views[:start], *self.views[start + 1 :]]
        rest.insert(end, self.views[start])
        return replace(self, views=tuple(rest))

    def _check(self, at: int) -> None:
        if not 0 <= at < len(self.views):
            raise StoryError(
                f"There is no view {at + 1}: the story has {len(self.views)}. Reload and try again."
            )

    # --- storing ---

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able form with its version."""
        return {
            "version": FORMAT_VERSION,
            "name": self.name,
            "views": [view.to_dict() for view in self.views],
        }

    def to_json(self) -> str:
        """`to_dict` as text, ASCII only."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_dict(cls, data: Any) -> Story:
        """The story of `to_dict`; StoryError, naming each faulty view, for anything else."""
        if not isinstance(data, Mapping) or not isinstance(data.get("views"), list):
            raise StoryError("This is not a saved story: it has no list of 'views'.")
        if data.get("version") != FORMAT_VERSION:
            raise StoryError(
                f"This story has the format version {_short(data.get('version'))}; this program "
                f"reads version {FORMAT_VERSION}. Save it again with this version of the program."
            )
        if not isinstance(data.get("name", ""), str):
            raise StoryError("The story's 'name' must be text.")
        if len(data["views"]) > MAX_VIEWS:
            raise StoryError(f"The story has more than {MAX_VIEWS} views. Split it.")
        views, faults = [], []
        for number, item in enumerate(data["views"], start=1):
            try:
                views.append(SavedView.from_dict(item))
            except UserError as error:
                faults.append(f"View {number}: {error}")
        if faults:
            raise StoryError(" ".join(faults))
        return cls(name=data.get("name", ""), views=tuple(views))

    @classmethod
    def from_json(cls, data: bytes | str, file_name: str = "story.json") -> Story:
        """The story in a file: `to_json`, or a file exported from the story library.

        InputFileError, naming the file and every fault, for anything else.
        """
        if len(data) > MAX_FILE_BYTES:
            fault = f"More than {MAX_FILE_BYTES:,} bytes: it is no story."
            raise InputFileError(file_name, [fault])
        try:
            text = data if isinstance(data, str) else data.decode("utf-8-sig")
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise InputFileError(
                file_name, ["The file is not JSON. Choose a file that was exported as a story."]
            ) from None
        name = ""
        if isinstance(content, dict) and content.get("format") == "pcs_dash story":
            name = str(content.get("name") or "")
            content = content.get("document")
        try:
            story = cls.from_dict(content)
            return story.rename(name) if name else story
        except StoryError as error:
            raise InputFileError(file_name, [str(error)]) from error


def ready_made(
    area: Area,
    *,
    switches: Mapping[str, str] | None = None,
    plan: Plan | None = None,
    plan_name: str = "",
    has_gps: bool = True,
) -> Story:
    """The story every area starts from: where we are, is it where people are deprived, how sure
    are we, the options, what reaching each benchmark takes and each grouping costs, what we ask
    for.

    `plan` is the option put beside today's PCNs. Where no GP figures are loaded (`has_gps`), what
    they are needed for stays out.
    """
    chosen = dict(switches or {})
    with_plan: dict[str, Any] = {"plan": plan, "plan_name": plan_name}

    def view(topic: str, **more: Any) -> SavedView:
        return SavedView(
            page=VIEWS[topic].page, topic=topic, area=area.key, switches=chosen, **more
        )

    views = (
        view("where"),
        view("practices"),
        view("deprivation"),
        view("correlation"),
        view("sure"),
        view("options", **with_plan),
        view("hubs", **with_plan),
        view("costs", **with_plan),
        view("ask", **with_plan),
    )
    shown = tuple(each for each in views if has_gps or not VIEWS[each.topic].needs_gps)
    return Story(name=f"General practice in {area.name}", views=shown)


def with_options(story: Story, plans: Mapping[str, Plan], area: Area) -> Story:
    """The story with these plans (name -> plan) put beside today's PCNs, the first one on the maps.

    Every view that a plan belongs to takes them; where none shows options, two that do are added.
    """
    first = next(iter(plans), "")
    others = tuple((name, plan) for name, plan in plans.items() if name != first)
    chosen: dict[str, Any] = {"plan": plans.get(first), "plan_name": first, "others": others}
    views = story.views
    if not any(view.topic == "options" for view in views):
        more = ("options", "costs")
        views = (*views, *(SavedView(VIEWS[key].page, key, area=area.key) for key in more))
    return replace(
        story,
        views=tuple(
            replace(view, **chosen) if view.topic in _OF_OPTIONS else view for view in views
        ),
    )


def _plan(data: Any) -> Plan:
    try:
        return Plan.from_dict(data)
    except PlanError as error:
        raise StoryError(f"Its plan can't be read: {error}") from error


def _others(given: Any) -> tuple[tuple[str, Plan], ...]:
    """The plans of "others", each an object of a plan with its name; StoryError for all else."""
    if not isinstance(given, Sequence) or not all(isinstance(each, Mapping) for each in given):
        raise StoryError("The field 'others' of a view must be a list of plans.")
    return tuple(
        (each.get("name", ""), _plan({key: each[key] for key in each if key != "name"}))
        for each in given
    )


def _checked(given: Any, known: Sequence[str], kind: str, many: str) -> dict[str, str]:
    """Names of `known` with a line of text each; StoryError for anything else."""
    if not isinstance(given, Mapping):
        raise StoryError(f"The {many} of a view must be an object.")
    checked = {}
    for name, value in given.items():
        if name not in known:
            there = f"Choose of: {', '.join(known)}." if known else "This page has none."
            raise StoryError(f"There is no {kind} '{_short(name)}'. {there}")
        if not isinstance(value, str):
            raise StoryError(f"The {kind} '{name}' must be text.")
        limit = MAX_LINK_CHARACTERS if name in (LINK, AGAINST) else _MAX_SWITCH_LENGTH
        checked[str(name)] = _clean(value, f"{kind} '{name}'", limit)
    return checked


def _clean(text: Any, what: str, limit: int) -> str:
    """One line, without control characters (tabs and line ends become spaces)."""
    if not isinstance(text, str):
        raise StoryError(f"The {what} of a view must be text.")
    text = "".join(
        " " if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character
        for character in text
    )
    text = " ".join(text.split())
    if len(text) > limit:
        raise StoryError(f"The {what} has {len(text):,} characters. Shorten it to {limit:,}.")
    return text


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else text[:40] + "..."
