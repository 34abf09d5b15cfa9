"""English Indices of Deprivation 2019 and 2025: File 1 (Excel) or File 7 (CSV), and barriers."""

from __future__ import annotations

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import LSOA_ENGLAND, Column, Layout
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND


def _imd(year: int, lsoas: int) -> Layout:
    rank = "index_of_multiple_deprivation_imd_rank"
    decile = "index_of_multiple_deprivation_imd_decile"
    return Layout(
        columns=(
            Column(
                "lsoa_code", (f"LSOA code ({year})",), "code", f"LSOA of {year}",
                pattern=LSOA_ENGLAND,
            ),
            Column("lsoa_name", (f"LSOA name ({year})",), "text", "name of the LSOA"),
            Column(
                "district_code", (r"~local_authority_district_code_\d{4}",), "code",
                "district (of the year in the heading)",
            ),
            Column(
                "district", (r"~local_authority_district_name_\d{4}",), "text",
                "name of the district",
            ),
            Column(
                "imd_rank", (f"~{rank}(_where.*)?",), "int", "rank, 1 = most deprived",
                minimum=1, maximum=lsoas,
            ),
            Column(
                "imd_decile", (f"~{decile}(_where.*)?",), "int", "decile, 1 = most deprived",
                minimum=1, maximum=10,
            ),
            Column(
                "imd_score", ("Index of Multiple Deprivation (IMD) Score",), "float",
                "score, higher = more deprived (File 7 only)", required=False, minimum=0,
                maximum=100,
            ),
            Column(
                "population", (r"~total_population_mid_\d{4}.*",), "float",
                "population denominator (File 7 only)", "people", required=False, minimum=0,
            ),
        ),
        key=("lsoa_code",),
    )  # fmt: skip


IMD = {
    edition: _imd(year, LSOAS_IN_ENGLAND[edition])
    for edition, year in (("2019", 2011), ("2025", 2021))
}


def load_imd(file: InputFile, table: pd.DataFrame, *, edition: str) -> pd.DataFrame:
    """The IMD by LSOA of its edition, England: rank, decile, quintile; score if the file has it."""
    _decile_fits_rank(file, table, LSOAS_IN_ENGLAND[edition])
    quintile = (table["imd_decile"] + 1) // 2
    return table.assign(imd_quintile=quintile).sort_values("lsoa_code").reset_index(drop=True)


def _decile_fits_rank(file: InputFile, table: pd.DataFrame, lsoas: int) -> None:
    """The decile follows from the rank; one apart at a boundary is rounding, more is a mix-up."""
    expected = ((table["imd_rank"] - 1) * 10) // lsoas + 1
    wrong = table[(expected - table["imd_decile"]).abs() > 1]
    file.refuse(
        wrong,
        "LSOA {lsoa_code} has rank {imd_rank:,} and decile {imd_decile}: they can't belong "
        "together ({count:,} such rows).",
    )


BARRIERS_2019 = Layout(
    columns=(
        Column(
            "lsoa_code", ("LSOA code (2011)",), "code", "LSOA of 2011", pattern=LSOA_ENGLAND
        ),
        Column(
            "gp_road_km", ("Road distance to a GP surgery indicator (km)",), "float",
            "mean road distance to a GP surgery", "km", minimum=0, maximum=200,
        ),
        Column(
            "post_office_road_km", ("Road distance to a post office indicator (km)",), "float",
            "mean road distance to a post office", "km", minimum=0, maximum=200,
        ),
    ),
    key=("lsoa_code",),
)  # fmt: skip
