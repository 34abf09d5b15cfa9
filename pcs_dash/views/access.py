"""Is there a GP within reach? Two-step floating catchments, whoever is registered where."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from pcs_dash.measures import numbers, spatial, words
from pcs_dash.measures.deprivation import QUINTILE_LABELS
from pcs_dash.measures.numbers import number
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.measures.workforce import area_patients_per_fte_gp
from pcs_dash.tables.constants import PER_PATIENTS
from pcs_dash.views.answer import Beside, Blocks, MapBlock, Option, Section, Table, Text, text_table
from pcs_dash.views.map_spec import MapSpec
from pcs_dash.views.maps import Layer
from pcs_dash.views.phrases import whole
from pcs_dash.views.question import Question

COLOURS = ("#edf8e9", "#bae4b3", "#74c476", "#31a354", "#006d2c")
CUTS = (2.0, 3.0, 4.0, 5.0)
LABELS = ("under 2", "2 to 3", "3 to 4", "4 to 5", "5 or more")
NOT_DISTANCE = (
    "Under-doctoring is not the same as distance. A practice next door may have too few GPs for "
    "its list; a village far from any surgery may be registered with a well-staffed one. This "
    "measure looks only at what is near."
)
REACH = Option(
    "reach",
    "Reach in km, straight line",
    choices={str(km): f"{km} km" for km in range(1, 16)},
    default="5",
    inside=True,
)


def blocks(question: Question) -> Blocks:
    """What is near in each small area, in words, on the map and by quintile and district."""
    dataset, reach = question.dataset, int(question.option("reach", map(str, range(1, 16)), "5"))
    own = question.area.select(dataset.lsoas)
    placed = dataset.lsoas[dataset.lsoas.geometry.notna()]
    here = own[own.index.isin(placed.index)]
    missing = _missing(question, own, here)
    if missing:
        return [Text(NOT_DISTANCE), Text(missing, "info")]
    practices = question.all_practices
    everywhere = spatial.floating_catchment_access(
        practices,
        placed,
        spatial.even_demand(placed, practices["patients"].sum()),
        definition=question.definition.key,
        max_km=float(reach),
    )
    found = everywhere.loc[here.index]
    return [
        Text(NOT_DISTANCE),
        Text(_words(question, found, everywhere, reach), words=True),
        Beside(
            (3, 2),
            (
                (_map(question, everywhere, reach),),
                (_by_quintile(question, here, found), _by_district(question, here, found)),
            ),
        ),
        _file(question, here, found, reach),
        Text(_method(question, len(own) - len(here)), "note"),
    ]


def _missing(question: Question, own: gpd.GeoDataFrame, here: gpd.GeoDataFrame) -> str:
    """Why access can't be told; "" where it can."""
    if own.empty:
        return f"{question.name} has no LSOA here, so access can't be mapped."
    if here.empty:
        return (
            "Access can't be told, as no boundaries of small areas (LSOAs) are loaded here. "
            "Data and methods says which file brings them."
        )
    if question.practices[question.definition.column].isna().all():
        return "Access can't be told, as no practice here has a GP figure."
    return ""


def _words(
    question: Question, found: pd.DataFrame, everywhere: pd.DataFrame, reach: int
) -> words.Words:
    """What is within reach, with no interval: it is a count of what there is."""
    none = int((found["practices_in_reach"] == 0).sum())
    middle = number(everywhere["fte_per_10000"].median(), 1)
    part = len(found) < len(everywhere)
    against = f", against {middle} in {whole(question.area)}" if part else ""
    return words.Words(
        f"In {question.name} the middle LSOA has {number(found['fte_per_10000'].median(), 1)} FTE "
        f"GPs per 10,000 people within {reach} km{against}; {none:,} of "
        f"{numbers.count(len(found), 'LSOA')} {'has' if none == 1 else 'have'} no practice within "
        "reach.",
        "It counts what there is, so it has no interval; it says nothing of who may register.",
        words.definition_text(question.definition.key, question.period),
    )


def _map(question: Question, everywhere: pd.DataFrame, reach: int) -> MapBlock:
    classes = pd.Series(
        [LABELS[sum(value >= cut for cut in CUTS)] for value in everywhere["fte_per_10000"]],
        index=everywhere.index,
    )
    title = f"FTE GPs per {PER_PATIENTS:,} people within {reach} km"
    spec = MapSpec(
        "layers",
        question,
        ground=Layer(
            f"LSOAs: {title}", classes, dict(zip(LABELS, COLOURS, strict=True)), tip=title
        ),
        about=f"small areas by {title}.",
    )
    return MapBlock(spec, high=420)


def _by_quintile(question: Question, here: pd.DataFrame, found: pd.DataFrame) -> Table:
    groups = found.groupby(here[f"imd{question.edition}_quintile"])
    medians, sizes = groups.median(), groups.size()
    rows = [
        (
            label,
            f"{int(sizes.get(quintile, 0)):,}",
            number(medians["fte_per_10000"].get(quintile, float("nan")), 1),
            number(medians["nearest_km"].get(quintile, float("nan")), 1),
        )
        for quintile, label in QUINTILE_LABELS.items()
    ]
    heads = ("Quintile", "LSOAs", "FTE per 10,000", "Nearest, km")
    return text_table(f"By deprivation quintile (IMD {question.edition})", heads, rows)


def _by_district(question: Question, here: pd.DataFrame, found: pd.DataFrame) -> Table:
    """Access of residents beside patients per FTE GP of the practices there."""
    medians = found.groupby(here["district"])["fte_per_10000"].median().sort_values()
    rows = []
    for district, value in medians.items():
        practices = question.practices[question.practices["district"] == district]
        ratio = area_patients_per_fte_gp(practices, question.definition.key)
        rows.append((str(district), number(value, 1), number(ratio)))
    return text_table(
        "What is near beside what the registered have: not the same",
        ("District", f"{REGISTER['gps_per_10000'].short} near", PER_GP.label),
        rows,
    )


def _file(question: Question, here: pd.DataFrame, found: pd.DataFrame, reach: int) -> Table:
    file = found.assign(name=here["lsoa11nm"], district=here["district"])
    return Table(
        "GPs within reach of each small area",
        file.reset_index(names="lsoa11cd"),
        (),
        name=f"access-{question.area.key}-{question.definition.key}-{reach}km",
        file=file,
    )


def _method(question: Question, unplaced: int) -> str:
    left_out = (
        f" {numbers.count(unplaced, 'LSOA')} without a boundary left out." if unplaced else ""
    )
    return (
        "Two-step floating catchment (Luo and Wang 2003), straight-line distance from the middle "
        f"of an LSOA. People: all patients of {whole(question.area)} spread evenly over the LSOAs, "
        "which hold alike numbers, for want of residents by LSOA. Practices beyond the border of "
        f"{whole(question.area)} do not count, so figures near it are too low.{left_out}"
    )


# Stands on the page of spatial patterns.
SECTION = Section(
    "access",
    "Is there a GP within reach? A separate question",
    blocks,
    options=("reach",),
    slow="Adding up what is within reach",
)
