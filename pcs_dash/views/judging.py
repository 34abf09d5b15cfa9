"""What a plan is judged within, and what it means there: one row a hub, for a file or a program."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd
import shapely

from pcs_dash.hubs.contiguity import Neighbours, neighbours
from pcs_dash.hubs.journeys import Journeys
from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.rules import Rule, default_rules
from pcs_dash.hubs.summary import summarise_hubs
from pcs_dash.measures.sums import whole_counts
from pcs_dash.measures.workforce import Benchmark, england_benchmark
from pcs_dash.official.any_area import dataset_for, find_area
from pcs_dash.tables.areas import Area
from pcs_dash.tables.dataset import Dataset
from pcs_dash.travel.hub_minutes import journeys_of
from pcs_dash.views.readers import STRAIGHT


@dataclass(frozen=True)
class Setting:
    """What a plan is judged within: practices, their neighbours, rules, benchmark, journeys."""

    area: Area
    practices: pd.DataFrame
    everywhere: pd.DataFrame
    neighbours: Neighbours
    rules: tuple[Rule, ...]
    benchmark: Benchmark | None
    journeys: Journeys


def find_setting(area_name: str, definition: str) -> Setting:
    """`setting_of` an area by name; UserError if there is no such area."""
    area = find_area(area_name)
    return setting_of(area, dataset_for(area), definition)


def setting_of(area: Area, dataset: Dataset, definition: str) -> Setting:
    """What a plan is judged within.

    England's benchmark counts fully qualified GPs and is left out under the other definitions.
    """
    everywhere, published = dataset.practices, dataset.published
    own = STRAIGHT.own(dataset)
    practices = area.select(everywhere if own is None else everywhere.join(own.table))
    return Setting(
        area=area,
        practices=practices,
        everywhere=everywhere,
        neighbours=neighbours(practices, outline_of(area, dataset.outlines)),
        rules=default_rules(published),
        benchmark=england_benchmark(published) if definition == "fully_qualified" else None,
        journeys=journeys_of(dataset, STRAIGHT.registered(dataset), STRAIGHT.minutes()),
    )


def outline_of(area: Area, outlines: gpd.GeoDataFrame) -> shapely.Geometry | None:
    """The area's outline (EPSG:27700); None for a district whose land is not in the data."""
    found = outlines[(outlines["kind"] == area.kind) & (outlines["name"] == area.name)]
    return found.geometry.iloc[0] if len(found) else None


def hub_figures(plan: Plan, setting: Setting, *, definition: str) -> list[dict[str, object]]:
    """One mapping a hub and one for Unassigned, which is always there; counts add up to the area.

    Hubs all of whose practices lie outside the area make no row; hubs without any practice do.
    """
    table = summarise_hubs(
        plan,
        setting.practices,
        definition=definition,
        benchmark=setting.benchmark,
        rules=setting.rules,
        neighbours=setting.neighbours,
        journeys=setting.journeys,
    )
    elsewhere = (table["practices"] == 0) & (table["practices_outside_area"] > 0)
    elsewhere.iloc[-1] = False
    table = whole_counts(table)[~elsewhere].drop(columns=["hub_id", "colour", "locked"])
    table.insert(0, "gp_definition", definition)
    return table.astype(object).reset_index().to_dict("records")  # type: ignore[return-value]
