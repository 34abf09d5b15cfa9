"""Minutes from small areas to practices, as a routing program writes them: one row a pair and mode;
minutes to the nearest GP as the Department for Transport published them; households without a car.

Programs name their columns as they like (r5: from_id, to_id, travel_time_p50); one mode a row.
"""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import LSOA_ENGLAND, LSOA_ENGLAND_WALES, Column, Layout
from pcs_dash.official.reading import read_table
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
            "origin", ("origin", "from_id", "origin_id", "lsoa", "lsoa_code"), "code",
            "small area (LSOA) that the way begins in", pattern=f"^({_PLACE})$", repeated=True,
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


def load_minutes(file: InputFile) -> pd.DataFrame:
    """Minutes by pair and mode: origin (LSOA), destination (practice), mode, minutes, source.

    Ways from a practice to a small area are the way back: left out and counted. InputFileError
    for other modes, pairs that stand twice, and a table of ways back only.
    """
    table = read_table(file, MINUTES)
    words = table["mode"].astype("str").str.strip().str.lower()
    mode = words.map(MODE_WORDS)
    if mode.isna().any():
        unknown = ", ".join(sorted(set(words[mode.isna()]))[:5])
        raise InputFileError(
            file.name, [f"These are no modes ({unknown}): use walk, cycle, drive or transit."]
        )
    source = table["source"].astype("str") if "source" in table else file.base_name
    table = table.assign(mode=mode.astype("category"), source=source)
    # A small area's code may look like that of a site.
    origin, to = (table[name].astype("str") for name in ("origin", "destination"))
    is_area = LSOA_ENGLAND_WALES
    there = origin.str.match(is_area) & to.str.match(SITE) & ~to.str.match(is_area)
    if not there.any():
        raise InputFileError(
            file.name,
            [
                "No row leads from a small area (E01...) to a practice (a letter and five digits). "
                "If it holds the ways back only, exchange the two columns."
            ],
        )
    if not there.all():
        file.notes.append(f"{int((~there).sum()):,} rows that lead the other way were left out.")
    table = table[there].reset_index(drop=True)
    twice = table.duplicated(["origin", "destination", "mode"])
    if twice.any():
        first = table[twice].iloc[0]
        raise InputFileError(
            file.name,
            [
                f"{first['origin']} to {first['destination']} ({first['mode']}) stands in two "
                f"rows, as {int(twice.sum()):,} pairs do."
            ],
        )
    return table.astype({"source": "category"})


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
)  # fmt: skip


def load_jts_gp(file: InputFile) -> pd.DataFrame:
    """Minutes from each LSOA of 2011 to the nearest GP surgery by mode (DfT, JTS0505)."""
    return read_table(file, JTS_GP).sort_values("lsoa_code", ignore_index=True)


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
)  # fmt: skip


def load_cars2021(file: InputFile) -> pd.DataFrame:
    """Households, and those without a car or van, by LSOA of 2021 (Census 2021, TS045)."""
    table = read_table(file, CARS_2021).sort_values("lsoa_code", ignore_index=True)
    wrong = table[table["without_car"] > table["households"]]
    if len(wrong):
        row = wrong.iloc[0]
        raise InputFileError(
            file.name,
            [
                f"{row['lsoa_code']} has {row['without_car']:,} households without a car of "
                f"{row['households']:,} in all; {len(wrong):,} small areas are so."
            ],
        )
    return table
