"""The published figures of 2014-2018 beside today's, and the claim of 2017 tested again.

"Then" is printed as published; "now" is computed from the embedded tables. Each row says what
changed in definition in between, and whether the two may be compared at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from pcs_dash.measures.correlation import Correlation, correlate_practices
from pcs_dash.measures.deprivation import quintile_columns
from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.measures.register import REGISTER
from pcs_dash.measures.words import Words, correlation_words
from pcs_dash.measures.workforce import area_patients_per_fte_gp, gp_definition, patients_per_fte_gp
from pcs_dash.tables.areas import places, select_area
from pcs_dash.tables.errors import UserError

CLAIM = "a strong positive correlation between levels of under-doctoring and deprivation"
CLAIM_PLACE = "Thurrock"
CLAIM_DATE = "15 March 2017"
CLAIM_SOURCE = "Thurrock Health and Wellbeing Board, 15 March 2017, item 11, 1.2"

# England's own figure shows the break: 1,321 in 2014/15, 1,938 in September 2015.
_NEW_COUNT = (
    "The national count of GPs changed in September 2015, with a new collection of the general "
    "practice workforce: England's own figure is 1,321 patients per FTE GP for 2014/15 and 1,938 "
    "for September 2015. The source of 2014/15 does not say which GPs it counts."
)
AGED_55 = REGISTER["share_gps_55_plus"].long
MID_ESSEX_2014 = ("Chelmsford", "Braintree", "Maldon")
_NO_SINGLE_CONTRACTS = (
    "Then: contracts held by a single GP. Now: practices with one GP by headcount, trainees and "
    "locums apart. A contract holder may employ other GPs, so the two differ. The source's table "
    "adds up to 50 contracts, where its total says 51."
)
_SOUTHEND_2014 = " Its text on Southend says 19 of 36, its table 12 of 36."


@dataclass(frozen=True)
class ThenNow:
    """A published figure and today's. `then_text`, `now_text` are ready to print with units.

    `now_value` is NaN where nothing comparable is embedded; `change` says what changed in
    definition; `comparable` whether the difference may be read as a change.
    """

    figure: str
    place: str
    then_value: float
    then_text: str
    then_period: str
    then_source: str
    now_value: float
    now_text: str
    now_period: str
    comparable: bool
    change: str


@dataclass(frozen=True)
class Claim:
    """The claim of 2017 and the same sentence on today's evidence, place by place."""

    then: str
    then_source: str
    now: Words
    results: dict[str, Correlation]
    verdict: str


# What `ThenNow` says of today: figure, place, value, text, whether comparable, what changed.
Today = tuple[str, str, float, str, bool, str]


def then_and_now(
    practices: pd.DataFrame,
    published: pd.DataFrame,
    ages_then: pd.DataFrame,
    *,
    definition: str = "fully_qualified",
    date: str,
    edition: str = "2025",
) -> tuple[ThenNow, ...]:
    """Every published figure of 2014-2018 that has a counterpart today, in the order of the papers.

    `practices`: all of Essex. `published`: the table of published figures. `ages_then`: GPs by age
    and place in 2014, per cent. `date`: the period of the workforce. A published figure that is
    missing from the table raises UserError.
    """
    england = _published(published, "patients per FTE GP (fully qualified)", "England", "May 2025")
    thurrock = select_area(CLAIM_PLACE, practices)
    today = (
        _to_england(thurrock, published, england, definition),
        _worse_than_england(thurrock, definition, float(england["value"]), str(england["period"])),
        _rank(practices, definition),
        _practices(thurrock),
        _gps_of_essex(practices),
        _older_gps(thurrock),
        _quintile_1(thurrock, edition),
        *(
            _patients_per_gp(select_area(f"{name} (district)", practices), name, definition)
            for name in MID_ESSEX_2014
        ),
        *(_single_handed(area.select(practices), area.name) for area in places()),
    )
    return (
        *(_beside_then(published, date, *now) for now in today),
        *_aged_55(practices, ages_then, date),
    )


def _beside_then(
    published: pd.DataFrame,
    date: str,
    figure: str,
    place: str,
    now: float,
    now_text: str,
    comparable: bool,
    change: str,
) -> ThenNow:
    """Today's figure beside the published one of the same name and place."""
    found = _published(published, figure, place)
    was = float(found["value"])
    before = _figure_text(was, str(found["unit"])), str(found["period"]), str(found["source"])
    return ThenNow(figure, place, was, *before, now, now_text, date, comparable, change)


def _to_england(
    practices: pd.DataFrame, published: pd.DataFrame, england: pd.Series, definition: str
) -> Today:
    """Thurrock's patients per FTE GP, and how many times England's that is, then and now."""
    ratio = area_patients_per_fte_gp(practices, definition)
    figure = "patients per FTE GP (mean)"
    then, england_then = (
        _published(published, figure, place) for place in (CLAIM_PLACE, "England")
    )

    def against(value: float, whole: float) -> str:
        return f"{number(value / whole, 2)} times England's {number(whole)}"

    told = (
        f"{number(ratio)} patients per FTE GP ({_which(definition)}), "
        f"{against(ratio, england['value'])} ({england['period']}); in {then['period']} it was "
        f"{against(then['value'], england_then['value'])}"
    )
    return figure, CLAIM_PLACE, ratio, told, False, _NEW_COUNT + _england_definition(definition)


def _which(definition: str) -> str:
    """The GPs that count, inside a sentence."""
    return gp_definition(definition).label.lower().replace("gps", "GPs")


def _practices(practices: pd.DataFrame) -> Today:
    return (
        "GP practices",
        CLAIM_PLACE,
        float(len(practices)),
        f"{len(practices)} practices",
        True,
        "Practices that merged count once; a branch surgery is not a practice.",
    )


def _gps_of_essex(practices: pd.DataFrame) -> Today:
    per_1000 = _gps_per_1000(practices)
    return (
        "GPs per 1000 population",
        "Essex",
        per_1000,
        f"{number(per_1000, 2)} GPs (headcount, all but trainees and locums) per 1,000 patients",
        False,
        "Then per resident, now per registered patient; the strategy does not say which GPs it "
        "counted, nor whether by headcount or FTE.",
    )


def _single_handed(practices: pd.DataFrame, place: str) -> Today:
    single = int(practices["single_handed"].sum())
    return (
        "single-handed GP contracts",
        place,
        float(single),
        f"{single} of {len(practices)} practices single-handed",
        False,
        _NO_SINGLE_CONTRACTS + (_SOUTHEND_2014 if place == "Southend" else ""),
    )


def _aged_55(practices: pd.DataFrame, ages_then: pd.DataFrame, date: str) -> list[ThenNow]:
    """GPs aged 55 and over, place by place, from the age profile of 2014."""
    bands = ["55_to_59", "60_to_64", "65_to_69", "70_plus"]
    then = ages_then.set_index(ages_then["place"].str.replace("&", "and"))[bands].sum(axis=1)
    rows = []
    source = "Transforming Primary Care in Essex, NHS England, 2014, GP age profile"
    change = (
        "Then the CCG's GPs, rounded to whole per cents, without saying which GPs count; now all "
        "GPs by headcount, trainees and locums among them, which makes the share smaller."
    )
    for area in places():
        was = float(then[area.name])
        before = (was, _figure_text(was, "per cent"), "2014", source)
        now = _share_of_gps(area.select(practices), "gps_55_plus")
        rows.append(ThenNow(AGED_55, area.name, *before, *now, date, False, change))
    return rows


def _share_of_gps(practices: pd.DataFrame, column: str) -> tuple[float, str]:
    """GPs of an age in per cent of those whose age is known, and so in words."""
    known = practices["gps_with_known_age"].sum()
    share = float(100 * practices[column].sum() / known) if known > 0 else float("nan")
    return share, f"{per_cent(share / 100)} of {number(float(known))} GPs with a known age"


def _published(
    published: pd.DataFrame, figure: str, place: str, period: str | None = None
) -> pd.Series:
    rows = published[(published["figure"] == figure) & (published["place"] == place)]
    if period is not None:
        rows = rows[rows["period"] == period]
    if rows.empty:
        raise UserError(
            f"published_figures.csv has no row '{figure}' for {place}"
            f"{f', {period}' if period else ''}; add it or restore the file."
        )
    return rows.iloc[0]


def published_value(published: pd.DataFrame, figure: str, place: str, period: str) -> float:
    """A published figure's value; UserError where the table has no such row."""
    return float(_published(published, figure, place, period)["value"])


def _figure_text(value: float, unit: str) -> str:
    decimals = 0 if value == int(value) else 2 if value < 1 else 1
    if unit.startswith("rank"):
        return f"rank {number(value)}{unit.removeprefix('rank')}"
    if unit == "per cent":
        return f"{number(value, decimals)}%"
    return f"{number(value, decimals)} {unit}"


def _england_definition(definition: str) -> str:
    if definition == "fully_qualified":
        return ""
    return " England's figure counts fully qualified GPs, so today's ratio to it mixes definitions."


def _worse_than_england(
    practices: pd.DataFrame, definition: str, england: float, period: str
) -> Today:
    ratios = patients_per_fte_gp(practices, definition).dropna()
    worse = int((ratios > england).sum())
    return (
        "practices worse than the England average",
        CLAIM_PLACE,
        float(worse),
        f"{worse} of {len(ratios)} practices with a figure above England's {number(england)} "
        f"({period})",
        False,
        "Another count of GPs and another England figure; more than half of practices can lie "
        "above a mean." + _england_definition(definition),
    )


def _rank(practices: pd.DataFrame, definition: str) -> Today:
    ratios = {
        area.name: area_patients_per_fte_gp(area.select(practices), definition) for area in places()
    }
    order = pd.Series(ratios).dropna().sort_values(ascending=False)
    names = list(order.index)
    rank = float(names.index(CLAIM_PLACE) + 1) if CLAIM_PLACE in names else float("nan")
    return (
        "rank among CCGs by under-doctoring",
        CLAIM_PLACE,
        rank,
        f"rank {number(rank)} of the {len(order)} places of Essex (1 = most patients per FTE GP)",
        False,
        "Then among all CCGs of England, now among the seven places of Essex only: CCGs ended in "
        "2022 and no figures for the rest of England are embedded.",
    )


def _gps_per_1000(practices: pd.DataFrame) -> float:
    gps, patients = practices["gp_headcount_permanent"], practices["patients"]
    known = gps.notna() & patients.notna()
    return float(1_000 * gps[known].sum() / patients[known].sum())


def _patients_per_gp(practices: pd.DataFrame, district: str, definition: str) -> Today:
    """Patients per GP by headcount, as 2014's wording has it; per FTE GP beside it."""
    value = 1_000 / _gps_per_1000(practices)
    per_fte = area_patients_per_fte_gp(practices, definition)
    return (
        "patients per GP",
        district,
        value,
        f"{number(value)} patients per GP (headcount, all but trainees and locums) in "
        f"{len(practices)} practices of the district; {number(per_fte)} per FTE GP "
        f"({_which(definition)})",
        False,
        "Then before the new national count of September 2015; the source says neither which GPs "
        "it counted, nor whether by headcount or FTE, nor whether the place is the district of "
        "that name. Now practices count where their main surgery is.",
    )


def _older_gps(practices: pd.DataFrame) -> Today:
    share, told = _share_of_gps(practices, "gps_60_plus")
    return (
        "GP workforce aged over 60",
        CLAIM_PLACE,
        share,
        f"{told} are 60 or over",
        False,
        "Then 'over 60', now 60 and over; today's age bands cover all GPs, trainees and locums "
        "among them, which makes the share smaller.",
    )


def _quintile_1(practices: pd.DataFrame, edition: str) -> Today:
    counts = practices[quintile_columns(edition)].sum()
    share = float(100 * counts.iloc[0] / counts.sum())
    return (
        "population living in the most deprived fifth of England",
        CLAIM_PLACE,
        share,
        f"{number(share, 1)}% of patients registered with Thurrock's practices (IMD {edition})",
        False,
        f"Then residents by IMD 2010, now patients (July 2023) by IMD {edition}. Each "
        "edition ranks England afresh, so a share can move though nothing has changed locally.",
    )


def claim_retested(
    practices: pd.DataFrame, *, definition: str = "fully_qualified", date: str
) -> Claim:
    """The claim of 2017, tested again in Thurrock, Mid and South Essex and Essex.

    `practices`: all of Essex. Its coefficient was not published; today's is the headline one,
    Spearman's. "Strong" is upheld only if the whole interval lies at 0.5 or above.
    """
    pair = ("imd_score", "patients_per_fte_gp")
    results = {
        name: correlate_practices(select_area(name, practices), *pair, definition=definition)
        for name in (CLAIM_PLACE, "Mid and South Essex", "Essex")
    }
    local = results[CLAIM_PLACE]
    now = correlation_words(local, place=CLAIM_PLACE, definition=definition, date=date)
    return Claim(
        f"On {CLAIM_DATE} {CLAIM_PLACE}'s Health and Wellbeing Board was told of {CLAIM}.",
        CLAIM_SOURCE,
        now,
        results,
        _verdict(local),
    )


def _verdict(result: Correlation) -> str:
    if not math.isfinite(result.p_value):
        return f"Today's figures can't test it. {result.reason}"
    if result.ci_low >= 0.5:
        return "Today's figures uphold it."
    if result.excludes_zero and result.coefficient > 0:
        return "Today's figures show a positive correlation, but not that it is strong."
    if result.excludes_zero:
        return "Today's figures point the other way."
    if result.ci_high < 0.5:
        return (
            "Today's figures do not show it: the interval includes zero, and leaves out a strong "
            "correlation (0.5 or more)."
        )
    return "Today's figures do not show it; they cannot rule it out either."
