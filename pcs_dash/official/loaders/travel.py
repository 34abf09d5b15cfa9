"""Minutes from small areas or postcodes to practices, as a routing program writes them (one row a
pair and mode); minutes to the nearest GP as the Department for Transport published them; households
without a car.

Programs name their columns as they like (r5: from_id, to_id, travel_time_p50); one mode a row.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import (
    LSOA_ENGLAND,
    LSOA_ENGLAND_WALES,
    POSTCODE,
    Column,
    Layout,
)
from pcs_dash.tables.errors import InputFileError

MODE_WORDS = {
    "walk": "walk", "walking": "walk", "foot": "walk", "pedestrian": "walk",
    "cycle": "cycle", "cycling": "cycle", "bicycle": "cycle", "bike": "cycle",
    "drive": "drive", "driving": "drive", "car": "drive", "auto": "drive",
    "transit": "transit", "public transport": "transit", "pt": "transit", "bus": "transit",
}  # fmt: skip
_A_DAY = 24 * 60
# A practice, or one of its sites (its code and three digits).
SITE = r"^[A-Z]\d{5}(\d{3})?$"
_PLACE = LSOA_ENGLAND_WALES.strip("^$") + "|" + SITE.strip("^$")

MINUTES = Layout(
    columns=(
        Column(
            "origin", ("origin", "from_id", "origin_id", "lsoa", "lsoa_code", "postcode"),
            "postcode",
            "small area (LSOA) or postcode that the way begins in",
            pattern=f"^({_PLACE}|{POSTCODE.strip('^$')})$", repeated=True,
        ),
        Column(
            "destination", ("destination", "to_id", "destination_id", "practice_code"), "code",
            "ODS code of the practice or site", pattern=f"^({_PLACE})$", repeated=True,
        ),
        Column(
            "mode", ("mode", "transport_mode"), "text", "walk, cycle, drive or transit",
            repeated=True,
        ),
        Column(
            "minutes", ("minutes", "travel_time", "travel_time_p50", "travel_time_minutes"),
            "float", "minutes, door to door", "minutes", minimum=0, maximum=_A_DAY,
        ),
        Column("source", ("source", "program"), "text", "what computed them", required=False,
               repeated=True),
        Column("period", ("period", "date"), "date", "day they are of", required=False),
    ),
)  # fmt: skip


def load_minutes(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Minutes by pair and mode: origin (LSOA, or postcode throughout), destination (practice),
    mode, minutes, source.

    Ways from a practice to a small area are the way back: left out and counted. InputFileError
    for other modes, pairs that stand twice, a table of ways back only, postcodes beside small
    areas, and several sources of one mode.
    """
    words = table["mode"].astype("str").str.strip().str.lower()
    mode = words.map(MODE_WORDS)
    if mode.isna().any():
        unknown = ", ".join(sorted(set(words[mode.isna()]))[:5])
        raise file.fault(f"These are no modes ({unknown}): use walk, cycle, drive or transit.")
    source = table["source"].astype("str") if "source" in table else file.base_name
    table = table.assign(mode=mode.astype("category"), source=source)
    # A small area's code may look like that of a site.
    origin, to = (table[name].astype("str") for name in ("origin", "destination"))
    is_area = LSOA_ENGLAND_WALES
    postcodes = origin.str.match(POSTCODE)
    begins = postcodes | origin.str.match(is_area)
    there = begins & to.str.match(SITE) & ~to.str.match(is_area)
    if not there.any():
        raise file.fault(
            "No row leads from a small area (E01...) or postcode to a practice (a letter and "
            "five digits). If it holds the ways back only, exchange the two columns."
        )
    if not there.all():
        file.notes.append(f"{int((~there).sum()):,} rows that lead the other way were left out.")
    table = table[there].reset_index(drop=True)
    _refuse_mixed(file, table, postcodes[there].to_numpy())
    return table.astype({"source": "category"})


def _refuse_mixed(file: InputFile, table: pd.DataFrame, postcodes: NDArray[np.bool_]) -> None:
    """InputFileError for what one figure can't be made of: pairs that stand twice, postcodes beside
    small areas, several sources of one mode.
    """
    file.refuse(
        table[table.duplicated(["origin", "destination", "mode"])],
        "{origin} to {destination} ({mode}) stands in two rows, as {count:,} pairs do.",
    )
    if postcodes.any() and not postcodes.all():
        area, postcode = (table["origin"][kind].iloc[0] for kind in (~postcodes, postcodes))
        raise file.fault(
            f"Column 'origin' has small areas ({area}) in {int((~postcodes).sum()):,} rows and "
            f"postcodes ({postcode}) in {int(postcodes.sum()):,}. Give one or the other."
        )
    for mode, sources in table.groupby("mode", observed=True)["source"]:
        named = sorted(set(sources))
        if len(named) > 1:
            raise file.fault(
                f"Mode {mode} has minutes of {len(named)} sources ({', '.join(named[:3])}), "
                "which can't be compared. Keep one source a mode."
            )


def begins_at_postcodes(table: pd.DataFrame) -> bool:
    """Whether the origins of a table of `load_minutes` are postcodes."""
    return bool(table["origin"].astype("str").str.match(POSTCODE).any())


def minutes_by_small_area(
    table: pd.DataFrame, lookup: pd.DataFrame | None, file_name: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Minutes from postcodes as minutes from small areas (LSOAs of 2011), and what to say of it.

    A small area's minutes to a practice are the median over its postcodes in the table; one
    without minutes to that practice counts as further than all others, so where half or more have
    none, the small area has none. `lookup` (postcode, lsoa11cd) is joined many to one; postcodes
    it does not know are left out and counted. InputFileError where there is none, or none match.
    """
    if lookup is None:
        raise InputFileError(
            file_name,
            [
                "Its origins are postcodes, and no postcode look-up is loaded to tell their small "
                "areas. Load the ONS Postcode Directory (`postcodes` in docs/data.md) before it, "
                "or together with it."
            ],
        )
    home = lookup.set_index("postcode")["lsoa11cd"].astype("str")
    home = home[home.str.match(LSOA_ENGLAND_WALES).eq(True)]
    asked = pd.Index(table["origin"].astype("str").unique())
    lost = asked.difference(home.index)
    if len(lost) == len(asked):
        raise InputFileError(
            file_name,
            [
                f"None of its {len(asked):,} postcodes ({', '.join(lost[:3])}) has a small area in "
                "the postcode look-up that is loaded. Load the look-up of its county, or of all."
            ],
        )
    own = home[home.index.isin(asked)]
    parts = []
    for (mode, source), rows in table.groupby(["mode", "source"], observed=True):
        wide = rows.astype({"origin": "str", "destination": "str"}).pivot_table(
            index="origin", columns="destination", values="minutes", aggfunc="first"
        )
        wide = wide.reindex(own.index.intersection(wide.index))
        middle = wide.fillna(np.inf).groupby(own.reindex(wide.index)).median()  # inf: not reached
        pairs = middle.rename_axis("origin").reset_index()
        pairs = pairs.melt("origin", var_name="destination", value_name="minutes")
        pairs = pairs[np.isfinite(pairs["minutes"])]
        parts.append(pairs.assign(mode=mode, source=f"{source}, {BY_POSTCODE}"))
    kinds = dict.fromkeys(["origin", "destination", "mode", "source"], "category")
    found = pd.concat(parts, ignore_index=True).astype(kinds)
    return found[["origin", "destination", "mode", "minutes", "source"]], (_told(own, lost),)


# Stands with the source of such minutes wherever that is named.
BY_POSTCODE = "median over the postcodes of each small area"


def _told(own: pd.Series, lost: pd.Index) -> str:
    """What the join of postcodes with small areas found."""
    each = own.value_counts()
    said = (
        f"{len(own):,} postcodes joined to {len(each):,} small areas (many to one), "
        f"{int((each == 1).sum()):,} of which rest on one postcode alone."
    )
    if not len(lost):
        return said
    more = ", ..." if len(lost) > 5 else ""
    return (
        f"{said} Without a small area in the postcode look-up, and left out: {len(lost):,} "
        f"({', '.join(lost[:5])}{more})."
    )


# Heading of JTS0505 -> our mode. By public transport is public transport or walking, whichever is
# quicker.
JTS_MODES = {"GPPTt": "transit", "GPCyct": "cycle", "GPCart": "drive", "GPWalkt": "walk"}

JTS_GP = Layout(
    columns=(
        Column("lsoa_code", ("LSOA_code",), "code", "LSOA of 2011", pattern=LSOA_ENGLAND),
        *(
            Column(mode, (heading,), "float", f"minutes to the nearest GP surgery ({mode})",
                   "minutes", minimum=0, maximum=_A_DAY, nullable=True)
            for heading, mode in JTS_MODES.items()
        ),
    ),
    key=("lsoa_code",),
    instead={
        heading: f"It is another table of the journey time statistics ({what}). Take JTS0505."
        for heading, what in (
            ("hospptt", "hospitals"), ("psptt", "primary schools"), ("ssptt", "secondary schools"),
            ("feptt", "further education"), ("foodptt", "food stores"), ("townptt", "town centres"),
        )
    },
)  # fmt: skip


_CARS = "number_of_cars_or_vans"
CARS_2021 = Layout(
    columns=(
        Column(
            "lsoa_code", ("geography code", "lsoa21cd"), "code", "LSOA of 2021",
            pattern=LSOA_ENGLAND_WALES,
        ),
        Column(
            "households", (rf"~{_CARS}_total_all_households(_measures_value)?",), "int",
            "households", "households", minimum=0,
        ),
        Column(
            "without_car", (rf"~{_CARS}_no_cars_or_vans_in_household(_measures_value)?",), "int",
            "households without a car or van", "households", minimum=0,
        ),
    ),
    key=("lsoa_code",),
    told_by="lsoa_code",
    instead=dict.fromkeys(
        ("car_or_van_availability_5_categories", "c2021_cars_5_name"),
        "It is TS045 with a row an area and number of cars. Take census2021-ts045-lsoa.csv of the "
        "bulk archive, which has a row an area.",
    ),
)  # fmt: skip


def load_cars2021(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Households, and those without a car or van, by LSOA of 2021 (Census 2021, TS045)."""
    table = table.sort_values("lsoa_code", ignore_index=True)
    file.refuse(
        table[table["without_car"] > table["households"]],
        "{lsoa_code} has {without_car:,} households without a car of {households:,} in all; "
        "{count:,} small areas are so.",
    )
    return table
