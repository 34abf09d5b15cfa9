"""Smooth steps of five minutes around a practice or a hub's main site: on the map, as a file."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from pcs_dash.hubs.summary import sites_of
from pcs_dash.measures.catchments import Registered
from pcs_dash.tables.constants import MODES
from pcs_dash.travel.minutes import NEAREST, Minutes, placed, reach
from pcs_dash.views.answer import File, Option
from pcs_dash.views.catchment_maps import OWN_COLOUR
from pcs_dash.views.geopackage import Look, geopackage, points_of
from pcs_dash.views.kept_answers import kept
from pcs_dash.views.maps import MINUTE_COLOURS
from pcs_dash.views.question import Question

PRACTICE, HUB = "around", "around-hub"
# Steps of five minutes, as far as the colours go.
LIMITS = (5, 10, 15, 20, 25, 30)
WORDS = ("up to 5", "5 to 10", "10 to 15", "15 to 20", "20 to 25", "25 to 30")
HOW = (
    "Lines are drawn between the middles of small areas, so they are no finer than those: a street "
    "may lie on either side."
)


@dataclass(frozen=True)
class Centre:
    """A practice that minutes are shown around, and what it is called there."""

    code: str
    name: str


def _hubs(question: Question) -> dict[str, str]:
    """The main site of each hub of the plan, else of each of today's PCNs, by its name."""
    plan, practices = question.shown_plan, question.practices.index
    named = tuple(plan.to_series(practices).fillna("").items())
    key = ("sites_of", question.readers.version, named)
    return kept(question.dataset, key, lambda: sites_of(plan, practices, question.journeys))


OPTIONS = (
    # With a condition it changes the answer; without one it would only point at a practice.
    # What it sets makes it a choice, which stories and slides keep.
    Option(
        PRACTICE,
        "Around one practice",
        "practice",
        placeholder="none",
        when=lambda _: True,
        sets={HUB: ""},
    ),
    Option(
        HUB,
        "Around a hub",
        choices=lambda question: {"": "none"} | {name: name for name in sorted(_hubs(question))},
        when=lambda question: not question.options.get(PRACTICE, ""),
        help="Around its main site: the practice that all its patients reach in the least minutes.",
    ),
)


def centre_of(question: Question, minutes: Minutes) -> Centre | None:
    """What is asked about, if there are minutes to it: a practice, else a hub's main site."""
    names = question.dataset.practices["practice_name"]
    code = question.options.get(PRACTICE, "").strip().upper()
    if code in minutes.table.columns and code != NEAREST:
        return Centre(code, str(names[code]))
    hub = question.options.get(HUB, "")
    site = _hubs(question).get(hub, "") if hub and not code else ""
    known = site in minutes.table.columns
    return Centre(site, f"the main site of {hub} ({names[site]})") if known else None


def shapes_around(question: Question, minutes: Minutes, centre: Centre) -> gpd.GeoDataFrame | None:
    """The smooth steps (`travel.steps`), with `word`, the step in words; None where the practice
    has no position or no land is known.
    """
    from pcs_dash.travel.steps import steps_around  # brings what few pages need

    dataset = question.dataset
    at = dataset.practices.loc[centre.code]
    site = tuple(at[["easting", "northing"]].to_numpy(float))
    if not np.isfinite(site).all():
        return None

    def made() -> gpd.GeoDataFrame:
        found = steps_around(
            minutes.table[centre.code], dataset.lsoas, placed(dataset), site, LIMITS
        )
        found["word"] = [WORDS[LIMITS.index(limit)] for limit in found["within"]]
        return found

    found = kept(minutes, ("steps", centre.code), made)
    return found if len(found) else None


def file_of(
    question: Question, minutes: Minutes, centre: Centre, registered: Registered
) -> File | None:
    """The steps as a GeoPackage: layers steps (polygons; whole small areas whose middle is within
    so many minutes, and who lives there), practice (a point), about.
    """
    shapes = shapes_around(question, minutes, centre)
    if shapes is None:
        return None
    near = reach(minutes, centre.code, LIMITS[-1])
    people = registered.totals.reindex(near.index)
    counted = pd.DataFrame(
        {
            "within": limit,
            "lsoas_within": int((near["minutes"] <= limit).sum()),
            "patients_within": np.round(people[near["minutes"] <= limit].sum(skipna=False)),
        }
        for limit in LIMITS
    )
    # One row a step on both sides.
    steps = shapes.merge(counted, on="within", how="left", validate="1:1")
    steps["mode"], steps["minutes_are"] = minutes.mode, minutes.kind
    point = points_of(question.dataset.practices.loc[[centre.code]], ("practice_name",))
    about = pd.DataFrame(
        [
            ("Steps around", f"{centre.name} ({centre.code})"),
            ("Rests on", minutes.label),
            ("Patients", f"with any practice, who live within so many minutes: {registered.label}"),
            ("Columns", "lsoas_within, patients_within: with those of the steps before"),
            ("Note", HOW),
        ],
        columns=["item", "value"],
    )
    looks = {
        "steps": Look("fill", "word", dict(zip(WORDS, MINUTE_COLOURS, strict=True))),
        "practice": Look("marker", "practice_code", {"": OWN_COLOUR}, rest=centre.name),
    }
    return File(
        f"minutes-{centre.code}-{minutes.mode}-{minutes.kind}.gpkg",
        f"Steps {MODES[minutes.mode]} as GeoPackage",
        "application/geopackage+sqlite3",
        lambda: geopackage({"steps": steps, "practice": point, "about": about}, looks),
    )
