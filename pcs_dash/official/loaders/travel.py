"""Minutes from small areas to practices, as a routing program writes them: one row a pair and mode.

Programs name their columns as they like (r5: from_id, to_id, travel_time_p50); one mode a row.
"""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import LSOA_ENGLAND_WALES, Column, Layout
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
