"""ONS lookups: LSOA 2011 -> 2021 -> district, LSOA -> ICB, rural-urban class, postcodes,
and the population of LSOAs.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import LSOA_ENGLAND_WALES, Column, Layout

LSOA11_LSOA21 = Layout(
    columns=(
        Column("lsoa11cd", ("LSOA11CD",), "code", "LSOA of 2011", pattern=LSOA_ENGLAND_WALES),
        Column("lsoa11nm", ("LSOA11NM",), "text", "its name"),
        Column("lsoa21cd", ("LSOA21CD",), "code", "LSOA of 2021", pattern=LSOA_ENGLAND_WALES),
        Column("lsoa21nm", ("LSOA21NM",), "text", "its name"),
        Column(
            "change", ("CHGIND", "CHNGIND"), "code",
            "U unchanged, S split, M merged, X other", allowed=("U", "S", "M", "X"),
        ),
        Column("district_code", (r"~lad\d\dcd",), "code", "district"),
        Column("district", (r"~lad\d\dnm",), "text", "name of the district"),
    ),
    key=("lsoa11cd", "lsoa21cd"),
)  # fmt: skip


LSOA_ICB = Layout(
    columns=(
        Column("lsoa_code", (r"~lsoa(11|21)cd",), "code", "LSOA", pattern=LSOA_ENGLAND_WALES),
        Column("sub_icb_ons", (r"~(sicbl|loc)\d\dcd",), "code", "sub-ICB location, ONS code"),
        Column("sub_icb_code", (r"~(sicbl|loc)\d\dcdh",), "code", "sub-ICB location, NHS code"),
        Column("icb_ons", (r"~icb\d\dcd",), "code", "ICB, ONS code"),
        Column("icb_code", (r"~icb\d\dcdh",), "code", "ICB, NHS code"),
        Column("icb", (r"~icb\d\dnm",), "text", "name of the ICB"),
    ),
    key=("lsoa_code",),
)


RURAL_URBAN_2011 = Layout(
    columns=(
        Column("lsoa_code", ("LSOA11CD",), "code", "LSOA of 2011", pattern=LSOA_ENGLAND_WALES),
        Column("rural_urban_code", ("RUC11CD",), "code", "class, A1 to F2"),
        Column("rural_urban", ("RUC11",), "text", "rural-urban class of 2011"),
    ),
    key=("lsoa_code",),
)


def load_rural_urban(_: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Rural-urban class of 2011 by LSOA, with `rural` (classes D to F)."""
    return table.assign(rural=table["rural_urban_code"].str[0].isin(list("DEF"))).sort_values(
        "lsoa_code", ignore_index=True
    )


POSTCODES = Layout(
    columns=(
        Column("postcode", ("pcds",), "postcode", "postcode with one space"),
        Column("ended", ("doterm",), "date", "month it ended; none while in use", nullable=True),
        Column(
            "lsoa11cd", ("lsoa11", "lsoa11cd"), "code", "LSOA of 2011", nullable=True,
            repeated=True,
        ),
        Column(
            "lsoa21cd", ("lsoa21", "lsoa21cd"), "code", "LSOA of 2021", nullable=True,
            required=False, repeated=True,
        ),
        Column(
            "district_code", ("oslaua", "ladcd", "lad25cd", "lad24cd"), "code", "district",
            nullable=True, repeated=True,
        ),
        Column(
            "easting", ("oseast1m", "east1m"), "float", "easting", "m", required=False,
            nullable=True,
        ),
        Column(
            "northing", ("osnrth1m", "north1m"), "float", "northing", "m", required=False,
            nullable=True,
        ),
    ),
    key=("postcode",),
)  # fmt: skip


POPULATION = Layout(
    columns=(
        Column(
            "lsoa_code", ("LSOA 2021 Code", "LSOA Code", "LSOA21CD"), "code", "LSOA",
            pattern=LSOA_ENGLAND_WALES,
        ),
        Column(
            "population", ("Total", "All Ages", "Population"), "float", "residents", "people",
            minimum=0,
        ),
    ),
    key=("lsoa_code",),
)  # fmt: skip


PROJECTED = range(2018, 2051)
SEXES, AGES = ("males", "females"), (0, 5, 15, 45, 65, 75, 85)
AGED = tuple(f"{sex}_{age}" for sex in SEXES for age in AGES)
PROJECTIONS = Layout(
    columns=(
        Column("area_code", ("AREA_CODE",), "code", "district, county, region or country"),
        Column("area", ("AREA_NAME",), "text", "its name"),
        Column("component", ("COMPONENT",), "text", "what is counted: Population is used"),
        Column("sex", ("SEX",), "text", "males, females or persons"),
        Column("age_group", ("AGE_GROUP",), "text", "age, or All ages"),
        *(
            Column(
                f"people_{year}", (str(year),), "float", f"projected for mid-{year}", "people",
                required=False, minimum=0,
            )
            for year in PROJECTED
        ),
    ),
    key=("area_code", "component", "sex", "age_group"),
)  # fmt: skip


def load_projections(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """People by area and year (ONS subnational population projections): one row each of area_code,
    area, year, people, and where the file has sexes and ages those of each (`AGED`, from the age in
    the name on; missing else). Totals are taken where the file has them, else both are added.
    """
    years = {name: int(name[-4:]) for name in table.columns if name.startswith("people_")}
    own = table[table["component"].str.casefold().str.startswith("population")]
    if own.empty or len(years) < 2:
        raise file.fault(
            "It has no rows of the component Population with two years and more (2022, 2023)."
        )
    aged = _by_age(own, years)
    for column, whole in (
        ("sex", ("persons", "people", "all")),
        ("age_group", ("all ages", "all")),
    ):
        words = own[column].str.casefold()
        totals = words.isin(whole)
        if totals.any():
            own = own[totals]
    sums = own.groupby(["area_code", "area"], sort=True)[[*years]].sum(min_count=1)
    long = (
        sums.rename(columns=years)
        .reset_index()
        .melt(["area_code", "area"], var_name="year", value_name="people")
    )
    found = long.dropna(subset=["people"]).astype({"year": "int64"})
    found = found.join(aged, on=["area_code", "year"])
    return found.sort_values(["area_code", "year"], ignore_index=True)


def _by_age(own: pd.DataFrame, years: Mapping[str, int]) -> pd.DataFrame:
    """People by `AGED`; index area_code and year. A group of ages is in the band of its first."""
    first = pd.to_numeric(own["age_group"].str.extract(r"^\D{0,3}(\d+)", expand=False))
    sex = own["sex"].str.casefold()
    counted = own[sex.isin(SEXES) & first.notna()]
    bands = pd.cut(first, [*AGES, 200], labels=[*map(str, AGES)], right=False).astype("str")
    long = counted.assign(aged=sex + "_" + bands).melt(
        ["area_code", "aged"], [*years], var_name="year", value_name="people"
    )
    sums = long.assign(year=long["year"].map(years)).pivot_table(
        "people", ["area_code", "year"], "aged", "sum"
    )
    return sums.reindex(columns=[*AGED])
