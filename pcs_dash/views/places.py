"""Where the views stand in the app: the sheets, each on a page, most of them under a tab.

A sheet is what is shown at one time. Its key is how saved stories and the addresses of earlier
versions call it: each was a page of its own once, and still is where `path` is its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pcs_dash.views.answer import View
from pcs_dash.views.registry import VIEWS, views_of

HOME = "overview"
PRACTICES, DEPRIVATION, PRESENT = "practices", "deprivation_and_gps", "present_and_pack"


@dataclass(frozen=True)
class Sheet:
    """`path` is that of its page; `tab` (key and label) and `part` (its label among those that
    share a tab) are empty where the page has none; `shows` are its views, one under another.
    """

    key: str
    path: str
    tab: str = ""
    label: str = ""
    part: str = ""
    shows: tuple[str, ...] = ()

    @property
    def views(self) -> list[View]:
        """The views it shows, the one that a slide of it shows first."""
        return [VIEWS[key] for key in self.shows] or views_of(self.key)

    @property
    def asked(self) -> dict[str, str]:
        """What an address asks its page to open this sheet; nothing where it opens first."""
        asked = {}
        if self.tab and self.tab != next(iter(tabs(self.path))):
            asked[tab_name(self.path)] = self.tab
        if self.part and self != next(iter(parts(self.path, self.tab).values())):
            asked[self.tab] = self.key
        return asked


SHEETS = (
    Sheet(HOME, "", shows=("overview",)),
    Sheet("under_doctoring", PRACTICES, "list", "Worst first", shows=("practices", "where")),
    Sheet("quality", PRACTICES, "quality", "Quality beside capacity"),
    Sheet("trends", PRACTICES, "lists", "List sizes over time"),
    Sheet("similar", PRACTICES, "similar", "Beside similar places"),
    Sheet("staff", PRACTICES, "staff", "Who works here"),
    Sheet("getting_there", PRACTICES, "getting-there", "Getting there"),
    Sheet("verdict", DEPRIVATION, "answer", "Answer", shows=("verdict",)),
    Sheet("deprivation", DEPRIVATION, "where", "Where"),
    Sheet("inequality", DEPRIVATION, "by-fifth", "By fifth"),
    Sheet("robustness", DEPRIVATION, "how-sure", "How sure", "Asked in other ways"),
    Sheet("spatial_pattern", DEPRIVATION, "how-sure", "How sure", "Near each other"),
    Sheet("then_and_now", DEPRIVATION, "then-and-now", "Then and now"),
    Sheet("catchments", DEPRIVATION, "who-lives-where", "Who lives where"),
    Sheet("correlation", DEPRIVATION, "analyst", "For the analyst", shows=("correlation",)),
    Sheet("hubs", "hubs"),
    Sheet("plan_ahead", "plan_ahead", "years", "Years ahead", shows=("plan_ahead",)),
    Sheet("new_homes", "plan_ahead", "homes", "What new homes need", shows=("new_homes",)),
    Sheet("england", "england"),
    Sheet("stories", PRESENT),
    Sheet("board_pack", PRESENT),
)
_BY_KEY = {sheet.key: sheet for sheet in SHEETS}


def tab_name(path: str) -> str:
    """By which name the address says which tab of a page is open."""
    return f"{path.partition('_')[0]}-tab"


def tabs(path: str) -> dict[str, str]:
    """The tabs of a page: key to label; none where it has none."""
    return {sheet.tab: sheet.label for sheet in SHEETS if sheet.path == path and sheet.tab}


def parts(path: str, tab: str) -> dict[str, Sheet]:
    """The sheets under a tab (or, "", on a page without) by their keys."""
    return {sheet.key: sheet for sheet in SHEETS if (sheet.path, sheet.tab) == (path, tab)}


def sheet_of(page: str, topic: str = "") -> Sheet:
    """The sheet that shows the view `topic` of `page`, or else the one that was that page."""
    own = topic in VIEWS and VIEWS[topic].page == page
    shown = [sheet for sheet in SHEETS if own and topic in sheet.shows]
    return shown[0] if shown else _BY_KEY[page]


def address(sheet: Sheet, asked: Mapping[str, str]) -> str:
    """The relative address of a sheet that is asked for something: path and query."""
    query = urlencode(sheet.asked | dict(asked))
    return f"{sheet.path}?{query}" if query else sheet.path


def moved() -> dict[str, Sheet]:
    """The keys that are no page of their own, those of earlier versions, and their sheets."""
    return {sheet.key: sheet for sheet in SHEETS if sheet.key != sheet.path}
