"""The areas a user can choose: Essex (one ICB since April 2026), Mid and South Essex (one before),
seven sub-ICB places, districts; and, where official data are loaded, every ICB, sub-ICB location
and district of England.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

import pandas as pd

Frame = TypeVar("Frame", bound=pd.DataFrame)

# The seven CCG places of the 2014 strategy, today's sub-ICB locations, by NHS code.
PLACES = {
    "07G": "Thurrock",
    "99G": "Southend",
    "99F": "Castle Point and Rochford",
    "99E": "Basildon and Brentwood",
    "06Q": "Mid Essex",
    "06T": "North East Essex",
    "07H": "West Essex",
}
MID_AND_SOUTH_ESSEX = ("07G", "99G", "99F", "99E", "06Q")
DISTRICTS = (
    "Basildon",
    "Braintree",
    "Brentwood",
    "Castle Point",
    "Chelmsford",
    "Colchester",
    "Epping Forest",
    "Harlow",
    "Maldon",
    "Rochford",
    "Southend-on-Sea",
    "Tendring",
    "Thurrock",
    "Uttlesford",
    # One West Essex practice (F81062, Chigwell) stands just over the county border.
    "Redbridge",
)


@dataclass(frozen=True)
class Area:
    """An area: its name as shown, its kind, and the sub-ICB codes or district that make it up.

    `key` is what stands in an address (`?area=mid-and-south-essex`); it is unique over all kinds.
    `body` is the NHS body that the area is or was, with its dates; `note` says what it became.
    """

    name: str
    kind: str
    key: str
    sub_icb_codes: tuple[str, ...] = ()
    body: str = ""
    note: str = ""

    @property
    def loaded(self) -> bool:
        """Whether its figures come from the official data loaded, not from the embedded ones."""
        return False

    @property
    def label(self) -> str:
        """The name with its kind where the name alone could mean two areas."""
        if self.kind == "district":
            return f"{self.name} (district)"
        return self.name

    @property
    def title(self) -> str:
        """The label, with the body that the area is: for headings and menus."""
        return f"{self.label} ({self.body})" if self.body else self.label

    def select(self, table: Frame) -> Frame:
        """The rows of `table` in this area; needs the columns `sub_icb_code` and `district`.

        A practice belongs where its surgery stands and to the sub-ICB it is a member of; an LSOA
        to the district and sub-ICB it lies in.
        """
        if self.kind == "district":
            return table[table["district"] == self.name]
        return table[table["sub_icb_code"].isin(self.sub_icb_codes)]


def slug(name: str) -> str:
    """A name as an area's key has it: "Mid and South Essex" is "mid-and-south-essex"."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


@cache
def all_areas() -> tuple[Area, ...]:
    """Every area, in the order of the menu: regions, places, districts."""
    regions = (
        Area(
            "Essex",
            "region",
            "essex",
            tuple(PLACES),
            body="NHS Essex ICB",
            note="One ICB since 1 April 2026. Every figure keeps its own date, most from before.",
        ),
        Area(
            "Mid and South Essex",
            "region",
            "mid-and-south-essex",
            MID_AND_SOUTH_ESSEX,
            body="ICB until 31 March 2026",
            note="Its five places are part of NHS Essex ICB since 1 April 2026.",
        ),
    )
    places = tuple(Area(name, "place", slug(name), (code,)) for code, name in PLACES.items())
    districts = tuple(Area(name, "district", f"{slug(name)}-district") for name in DISTRICTS)
    return regions + places + districts


def places() -> tuple[Area, ...]:
    """The seven sub-ICB places."""
    return tuple(area for area in all_areas() if area.kind == "place")


def embedded_area(text: str) -> Area | None:
    """The embedded area of that name, key or label; None when there is none.

    A place wins over a district of the same name (Thurrock); `Thurrock (district)` names the
    other. Case does not matter, `&` is `and`; "NHS Essex ICB" is Essex.
    """
    wanted = slug(text.replace("&", " and "))
    if wanted in ("nhs-essex-icb", "essex-icb", "nhs-essex-integrated-care-board"):
        wanted = "essex"
    for area in all_areas():
        if wanted in (area.key, slug(area.name)):
            return area
    return next(
        (area for area in all_areas() if wanted in (slug(area.label), slug(area.title))), None
    )


def select_area(name: str, table: Frame) -> Frame:
    """The rows of `table` in the embedded area of that name, which must be one."""
    area = embedded_area(name)
    if area is None:
        raise LookupError(f"no embedded area is called {name!r}")
    return area.select(table)


def short_name(name: str, kind: str) -> str:
    """As sentences and menus call it: "Kent and Medway" for "NHS Kent and Medway Integrated Care
    Board"; a sub-ICB location keeps its code, since its name is mostly that of its ICB.
    """
    short = re.sub(r"^NHS | Integrated Care Board| ICB\b| Commissioning Region", "", name).strip()
    return short.replace(" - ", " ") if kind == "sub_icb" else short


def plain_name(name: str) -> str:
    """'NHS Mid and South Essex Integrated Care Board' -> 'mid and south essex'."""
    text = re.sub(r"[^a-z0-9 ]+", " ", name.lower().replace("&", " and "))
    text = re.sub(r"\b(nhs|integrated care board|icb|commissioning region)\b", " ", text)
    return " ".join(text.split())
