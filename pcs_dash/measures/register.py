"""Every measure once: its names, unit and decimals, what is over what, what it needs, its caveat.

Pages, slides, workbooks, commands, the glossary and the tables of docs/methods.md read it. A figure
of a practice is `top` over `bottom`, that of any group the sum of `top` over the sum of `bottom`
(`sums.ratio_by_group`) over the practices where both are known: never a mean of ratios. Menus below
say which measures a page offers, under the keys that addresses and files have for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from pcs_dash.measures import numbers
from pcs_dash.measures.deprivation import QUINTILE_LABELS, quintile_columns
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS, gp_definition
from pcs_dash.tables.constants import (
    BAND,
    FTE_IS,
    HUB_MINIMUM,
    IMD_EDITIONS,
    IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT,
    MINIMUM_GP_WTE,
    MINIMUM_LIST,
    MODES,
    PER_PATIENTS,
    QUINTILES,
)
from pcs_dash.tables.sources import APPOINTMENTS_PERIOD

# What is summed: a column of the practices, or what is made of several.
Part = str | Callable[[pd.DataFrame], pd.Series]
# Stands for the FTE column of the GP definition that is chosen.
GP_FTE = "gp_fte"


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A measure. `label` heads columns; `long` stands alone, `short` in narrow tables, `noun` in
    sentences (all as `label` where not given).

    `unit` "share" runs from 0 to 1 and is written as a percentage; one that begins with "%" is in
    per cent. `definition` says what it is over what, `beware` what not to read into it; `term` is
    its word in the glossary. `top` over `bottom` times `times` is a practice's figure; or it is the
    column `weighted`, of which a group has the mean weighted by patients. `needs`: columns that
    must have a figure; `sources`: the publications that bring them (none: embedded), the first
    one's date is its period; `fixed_period` where it has its own. `higher` completes "a higher
    figure means ..."; `flag` marks the practices whose figure is implausible. `family`: what
    measures of one publication are called together where none of them is there.
    """

    key: str
    label: str
    unit: str = ""
    definition: str = ""
    decimals: int = 0
    long: str = ""
    short: str = ""
    noun: str = ""
    kind: Literal["number", "category", "yes_no"] = "number"
    signed: bool = False
    top: Part = ""
    bottom: Part = ""
    times: float = 1
    weighted: str = ""
    needs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    fixed_period: str = ""
    beware: str = ""
    term: str = ""
    higher: str = ""
    flag: str = ""
    categories: tuple[str, ...] = ()
    family: str = ""

    def __post_init__(self) -> None:
        for name in ("long", "short", "noun"):
            if not getattr(self, name):
                object.__setattr__(self, name, self.label)

    @property
    def per_gp(self) -> bool:
        """Whether the GP definition changes it."""
        return GP_FTE in (self.top, self.bottom)

    @property
    def form(self) -> str:
        """How a cell of a table writes it: a key of `views.cells.FORMS`."""
        if self.unit == "share":
            return "share"
        if self.unit.startswith("%"):
            return f"{'signed_' * self.signed}per_cent{'_tenth' * bool(self.decimals)}"
        name = ("count", "tenth", "hundredth", "thousandth")[self.decimals]
        return f"signed_{name}" if self.signed else name

    @property
    def number_format(self) -> str:
        """How a cell of a workbook writes it."""
        number = "#,##0" + ("." + "0" * self.decimals if self.decimals else "")
        if self.unit == "share":
            return "0.0%"
        if self.unit.startswith("%"):
            return f'{number}"%"'
        return f"+{number};{numbers.MINUS}{number};{number[4:]}" if self.signed else number

    def text(self, value: float, decimals: int | None = None) -> str:
        """A figure as text: "1,234.5", "12.3%", "no figure"."""
        places = self.decimals if decimals is None else decimals
        if self.unit == "share":
            return numbers.per_cent(value, 0 if decimals is None else decimals)
        text = (numbers.signed if self.signed else numbers.number)(value, places)
        return f"{text}%" if self.unit.startswith("%") and text != numbers.NO_FIGURE else text

    def with_unit(self, value: float) -> str:
        """A figure as text with its unit: "2,607 patients"."""
        bare = self.unit in ("", "share") or self.unit.startswith("%") or pd.isna(value)
        return self.text(value) if bare else f"{self.text(value)} {self.unit}"

    def parts(
        self, practices: pd.DataFrame, definition: str = DEFAULT_DEFINITION
    ) -> tuple[pd.Series, pd.Series]:
        """What each practice adds above and below, as floats on the same index; missing stays."""
        if self.weighted:
            own, lists = (
                each.astype("float64") for each in (practices[self.weighted], people(practices))
            )
            return own * lists, lists.where(own.notna())
        column = gp_definition(definition).column
        found = [
            practices[column if part == GP_FTE else part] if isinstance(part, str)
            else part(practices)
            for part in (self.top, self.bottom)
        ]  # fmt: skip
        return found[0].astype("float64"), found[1].astype("float64")

    def values(self, practices: pd.DataFrame, definition: str = DEFAULT_DEFINITION) -> pd.Series:
        """The figure of each practice; NaN where a part is missing or there is nothing below."""
        if self.weighted:
            return practices[self.weighted].astype("float64").rename(self.key)
        top, bottom = self.parts(practices, definition)
        return (self.times * (top / bottom.where(bottom > 0))).rename(self.key)


# --- parts ---


def people(practices: pd.DataFrame) -> pd.Series:
    """Registered patients, all of one date: `patients` are those of the workforce where it knows a
    practice, which is another month's.
    """
    return practices["list_size" if "list_size" in practices.columns else "patients"]


def _one(practices: pd.DataFrame) -> pd.Series:
    return pd.Series(1.0, index=practices.index)


def _known(column: str) -> Part:
    """1 for each practice for which the column is known, else missing."""
    return lambda practices: practices[column].notna().astype("float64").replace(0.0, np.nan)


def flagged_appointments(practices: pd.DataFrame) -> pd.Series:
    """Whether a practice's appointments of the month are marked as implausible."""
    return practices["flag_appointments"].astype("boolean").eq(True).fillna(False).astype(bool)


def _plausible(column: str) -> Callable[[pd.DataFrame], pd.Series]:
    """A count of appointments, missing where it is marked as implausible."""
    return lambda p: p[column].astype("float64").mask(flagged_appointments(p))


def _known_waits(practices: pd.DataFrame) -> pd.Series:
    return _plausible("appointments")(practices) - practices["wait_unknown"].astype("float64")


def _good(practices: pd.DataFrame) -> pd.Series:
    return practices["cqc_rating"].isin(("Good", "Outstanding")).astype("float64")


def _any_quintile(edition: str) -> Part:
    columns = quintile_columns(edition)
    return lambda p: p[columns].astype("float64").sum(axis=1, skipna=False)


# --- capacity: of practices, areas and hubs alike ---

_RATIO = "Patients per FTE GP"
_SUM_FTE = f"FTE GPs (chosen GP definition; {FTE_IS})"
_AGES = "Share, by headcount, of GPs of known age (all GPs) who are aged {age} or over."
_REPORT = "of the practices that report FTE"


def _aged(age: int) -> Measure:
    return Measure(
        key=f"share_gps_{age}_plus", label=f"GPs aged {age}+", unit="share", decimals=3,
        long=f"GPs aged {age} and over", definition=_AGES.format(age=age),
        top=f"gps_{age}_plus", bottom="gps_with_known_age", higher="more GPs are near retirement",
    )  # fmt: skip


_CAPACITY = (
    Measure(key="practices", label="Practices", unit="practices",
            definition="Practices of the area in the hub."),
    Measure(key="patients", label="Patients", unit="patients", term="List size",
            definition="Sum of registered patients."),
    Measure(key="practices_without_fte", label="Practices without GP FTE", unit="practices",
            short="No FTE figure",
            definition="Practices that report no FTE under the chosen GP definition."),
    Measure(key="patients_in_ratio", label="Patients counted in the ratio", unit="patients",
            definition="Patients of the practices that report FTE under the chosen GP definition."),
    Measure(key="fte_gp", label="FTE GPs", unit="FTE", decimals=1,
            definition=f"Sum of {_SUM_FTE}."),
    Measure(key="patients_per_fte_gp", label=_RATIO, unit=f"p{_RATIO[1:]}",
            noun=f"p{_RATIO[1:]}", term=_RATIO,
            definition=f"Sum of patients over sum of {_SUM_FTE} {_REPORT}; missing where none "
            "does.",
            top="patients", bottom=GP_FTE, higher="fewer GPs for the patients",
            flag="flag_low_fte", sources=("workforce",)),
    Measure(key="fte_gap", label="FTE gap", unit="FTE", decimals=1, signed=True, term="FTE gap",
            long="FTE GPs to add to reach the benchmark", short="FTE to add",
            noun="FTE GPs to add",
            definition="FTE GPs to add to reach the benchmark: patients counted in the ratio / "
            "benchmark - FTE GPs. Negative: more GPs than the benchmark asks for."),
    Measure(key="gps_per_1000", label="FTE GPs per 1,000 patients", decimals=2,
            unit="FTE per 1,000 patients", top=GP_FTE, bottom="patients", times=1_000,
            definition=f"1,000 x sum of FTE GPs / sum of patients, {_REPORT}."),
    Measure(key="gps_per_10000", label=f"FTE GPs per {PER_PATIENTS:,} patients", decimals=2,
            unit=f"FTE per {PER_PATIENTS:,} patients", short=f"FTE GPs per {PER_PATIENTS:,}",
            definition=f"{PER_PATIENTS:,} x sum of FTE GPs / sum of patients, {_REPORT}.",
            top=GP_FTE, bottom="patients", times=PER_PATIENTS, higher="more GPs for the patients",
            flag="flag_low_fte"),
    Measure(key="nurse_fte", label="Nurses", unit="FTE", decimals=1, long="Nurse FTE",
            short="Nurse FTE", definition="Sum of nurse FTE of practices that report it."),
    Measure(key="practices_without_nurse_figure", label="Practices without a nurse figure",
            unit="practices", definition="Practices whose nurse FTE is missing."),
    Measure(key="direct_care_fte", label="Direct patient care staff", unit="FTE", decimals=1,
            long="Direct patient care FTE", short="Direct care FTE",
            definition="Sum of direct-patient-care FTE (not GPs, nurses or administrators) of "
            "practices that report it."),
    Measure(key="practices_without_direct_care_figure", unit="practices",
            label="Practices without a direct-care figure",
            definition="Practices whose direct-patient-care FTE is missing."),
    Measure(key="single_handed", label="Single-handed practices", unit="practices",
            short="Single-handed", term="Single-handed practice",
            definition="Practices with one GP by headcount, trainees and locums apart."),
    Measure(key="single_handed_share", label="Single-handed practices, share", unit="share",
            decimals=3, definition="Single-handed practices over all practices."),
    Measure(key="below_4500", label=f"Practices under {MINIMUM_LIST:,} patients",
            unit="practices", short=f"Under {MINIMUM_LIST:,} patients",
            definition=f"Practices with fewer than {MINIMUM_LIST:,} registered patients."),
    Measure(key="below_2_5_wte", label=f"Practices under {MINIMUM_GP_WTE} FTE GPs",
            unit="practices", short=f"Under {MINIMUM_GP_WTE} FTE",
            definition=f"Practices with less than {MINIMUM_GP_WTE} FTE GPs (chosen GP definition); "
            "practices without a figure are not counted."),
    Measure(key="flagged_low_fte", label="Practices flagged for implausibly low FTE",
            unit="practices", term="Implausible FTE",
            definition="Practices whose reported FTE is too low for the list to be believed; they "
            "stay in every sum."),
    _aged(55),
    _aged(60),
    Measure(key="imd_score", label="IMD score", unit="IMD 2025 score", decimals=1,
            long="IMD 2025 score of patients", term="IMD score",
            definition="Patient-weighted mean of the practices' IMD 2025 scores, themselves "
            "patient-weighted means over the LSOAs where their patients live. Higher = more "
            "deprived.",
            weighted="imd_score",
            higher="patients live in more deprived areas"),
)  # fmt: skip

# --- of hubs alone ---

SMALL_SHARES = (
    "Rounded to whole per cent, or missing, where a quintile has fewer than 5 of the patients."
)


def _quintile(number: int) -> Measure:
    return Measure(
        key=f"share_quintile_{number}", label=f"Quintile {QUINTILE_LABELS[number]}", unit="share",
        decimals=3, short=f"In quintile {number}",
        definition="Share of registered patients (in the month of the registrations by LSOA) "
        f"living in LSOAs of national IMD quintile {number} in the chosen edition (1 = most "
        "deprived fifth of England's LSOAs), of those whose quintile is known. "
        f"{SMALL_SHARES}",
    )  # fmt: skip


_GOALS = {
    "own": ("own practice", "the practice they are registered with"),
    "site": ("main site", "their hub's main site"),
}
_SHARES = {"half": "half", "most": "nine in ten"}
_FEW_WORDS = {"half": "half", "most": "9 in 10"}


def _minutes(mode: str, goal: str, part: str) -> Measure:
    """Minutes that half, or nine in ten, of a hub's patients do not exceed."""
    short, to = _GOALS[goal]
    what = f"{_SHARES[part]} within"
    return Measure(
        key=f"{goal}_{part}_{mode}", label=f"Minutes {MODES[mode]} to {short}, {what}",
        unit="minutes", short=f"{MODES[mode].capitalize()} to {short}, {_FEW_WORDS[part]}",
        definition=f"Minutes {MODES[mode]} from where the hub's patients live to {to} that "
        f"{_SHARES[part]} of them do not exceed; patients without known minutes left out.",
    )  # fmt: skip


_BAND = f"{BAND[0]:,} to {BAND[1]:,}"
_OF_HUBS = (
    *map(_quintile, QUINTILES),
    Measure(key="patients_without_quintile", label="Patients without a known quintile",
            unit="patients",
            definition="Registered patients (in the month of the registrations by LSOA) outside "
            "England or with an unknown LSOA. Missing where they are few (fewer than 5), or would "
            "tell another hub's few."),
    Measure(key="mean_distance_km", label="Mean distance of practices from the centre", unit="km",
            decimals=1, short="Mean km to centre",
            definition="Mean, each practice counted once, of the straight-line distance to the "
            "hub's patient-weighted centre (mean position weighted by patients)."),
    Measure(key="patient_distance_km", unit="km", decimals=1,
            label="Mean distance of patients' practices from the centre",
            definition="As the mean distance of practices, each practice weighted by its "
            "patients."),
    Measure(key="widest_km", label="Widest distance", unit="km", decimals=1, short="Widest km",
            definition="Straight-line distance between the hub's two practices furthest apart."),
    Measure(key="main_site", label="Main site", unit="code", kind="category",
            definition="The practice of the hub that all its patients together reach in the least "
            "minutes (by car, where there are such minutes)."),
    *(_minutes(mode, goal, part) for mode in MODES for goal in _GOALS for part in _SHARES),
    Measure(key="minutes_are", label="What the minutes are", unit="text", kind="category",
            definition="By mode whether the minutes are modelled or measured, and whose patients "
            "they are."),
    Measure(key="practices_without_position", label="Practices without a position",
            unit="practices",
            definition="Practices that no distance and no contiguity can include."),
    Measure(key="pieces", label="Pieces", unit="pieces",
            definition="Connected pieces of the hub, practices being neighbours where their "
            "Voronoi cells, clipped to the area, share an edge or they share a building."),
    Measure(key="contiguous", label="In one piece", unit="yes/no", term="Contiguity",
            definition="Whether the hub is one connected piece."),
    Measure(key="meets_20000", label=f"At least {HUB_MINIMUM:,} patients", unit="yes/no",
            definition=f"Whether the hub has the {HUB_MINIMUM:,} patients that the 2014 strategy "
            "asks of a hub."),
    Measure(key="within_30000_50000", label=f"{_BAND} patients", unit="yes/no", short=_BAND,
            definition="Whether the hub's patients lie in the 2018 strategy's band of a locality "
            "or PCN, bounds included."),
    Measure(key="practices_outside_area", label="Practices outside the area", unit="practices",
            short="Not in these figures",
            definition="Practices of the plan's hub that lie outside the area shown and are in no "
            "figure."),
)  # fmt: skip
_OF_ONE_PRACTICE = (
    Measure(key="practice_patients", label="Patients of a practice", unit="patients",
            definition="Registered patients."),
    Measure(key="practice_fte_gp", label="FTE GPs of a practice", unit="FTE", decimals=2,
            definition=f"{_SUM_FTE}."),
    Measure(key="practice_patients_per_fte_gp", unit=f"p{_RATIO[1:]}",
            label=f"{_RATIO} of a practice",
            definition="Registered patients over FTE GPs; missing where FTE is 0 or missing."),
    Measure(key="practice_imd_score", label="IMD score of a practice", unit="IMD 2025 score",
            decimals=1, definition="See IMD."),
)  # fmt: skip

# --- of practices, to be set against each other ---


def _rate(staff: str, column: str, who: str) -> Measure:
    return Measure(
        key=f"{column}_per_10000", label=f"FTE {who} per {PER_PATIENTS:,} patients",
        unit=f"FTE {staff}", top=column, bottom="patients", times=PER_PATIENTS, decimals=1,
        higher=f"more {who} for the patients",
    )  # fmt: skip


def _most_deprived(edition: str) -> Measure:
    return Measure(
        key=f"imd{edition}_share_quintile_1", unit="%", decimals=1, times=100,
        label=f"Patients in the most deprived fifth (IMD {edition})",
        definition="patients who live in the most deprived fifth of England's small areas, of "
        "those whose small area is known",
        top=quintile_columns(edition)[0], bottom=_any_quintile(edition),
        needs=(quintile_columns(edition)[0],), sources=("registrations_lsoa", f"imd{edition}"),
        beware="Registrations of their own month.",
        higher="more patients live in the most deprived fifth",
    )  # fmt: skip


_BOOKED = (
    "What is in the appointment book: practices book differently, and not every contact is an "
    "appointment."
)
_PRACTICE = (
    *map(_most_deprived, IMD_EDITIONS),
    Measure(key="patients_per_nurse_fte", label="Patients per FTE nurse", unit="patients",
            top="patients", bottom="nurse_fte", higher="fewer nurses for the patients"),
    _rate("nurses", "nurse_fte", "nurses"),
    _rate("staff", "direct_care_fte", "direct patient care staff"),
    Measure(key="appointments_three_months", unit="appointments in three months", decimals=2,
            label=f"Appointments per patient, {APPOINTMENTS_PERIOD}", top="appointments",
            bottom="patients", higher="more appointments for the patients",
            flag="flag_appointments", beware=_BOOKED),
)  # fmt: skip

# --- of quality, and beside it ---

_COUNTED, _WEIGHTED = "practices counted", "mean weighted by patients"
_SOUND = "implausible counts left out"
_RECORDED = "What is recorded: age and how well a practice looks for it move it as much as need."
_QOF_PREVALENCE = "QOF 2024/25"
_PREVALENCE = {
    "prev_hyp": "hypertension",
    "prev_dm": "diabetes (17 and over)",
    "prev_copd": "COPD",
    "prev_chd": "coronary heart disease",
    "prev_dep": "depression (18 and over)",
    "prev_ob": "obesity (18 and over)",
    "prev_smok": "smoking (15 and over)",
}
_REGISTER = "qof_prev_"
# The register of each group, as the headings of a page or table say it; others keep their code.
QOF_REGISTERS = {
    "AF": "atrial fibrillation",
    "AST": "asthma",
    "CAN": "cancer",
    "CHD": "coronary heart disease",
    "CKD": "chronic kidney disease",
    "COPD": "chronic obstructive pulmonary disease",
    "DEM": "dementia",
    "DEP": "depression",
    "DM": "diabetes mellitus",
    "EP": "epilepsy",
    "HF": "heart failure",
    "HYP": "hypertension",
    "LD": "learning disability",
    "MH": "serious mental illness",
    "NDH": "non-diabetic hyperglycaemia",
    "OB": "obesity",
    "OST": "osteoporosis",
    "PAD": "peripheral arterial disease",
    "PC": "palliative care",
    "RA": "rheumatoid arthritis",
    "SMOK": "smoking",
    "STIA": "stroke and transient ischaemic attack",
}
_WITHIN_A_MILE = (
    "Straight line from the surgery; says nothing of whether they take patients.",
    "As the practices say themselves, in a third party's compilation; it changes from week to "
    "week.",
    "Open ones of the ODS list, straight line from the surgery to their postcode; counted only "
    "where the place of at least 95% of the list is known.",
)
_SAMPLE = "A sample of patients: small practices have few answers."


def _mean(key: str, label: str, unit: str, beware: str, *sources: str, **more: Any) -> Measure:
    """A figure that practices are published with; a group's is their mean weighted by patients."""
    return Measure(
        key=key, label=label, unit=unit, definition=_WEIGHTED, beware=beware, sources=sources,
        weighted=key, **{"decimals": 1} | more,
    )  # fmt: skip


def recent_appointments(practices: pd.DataFrame) -> pd.Series:
    """Appointments a patient in three months, on the list of 1 December 2025."""
    size = practices["list_size_2025_12"]
    return practices["appointments"] / size.where(size > 0)


def flagged_recent(practices: pd.DataFrame) -> pd.Series:
    """Whether a practice's appointments of three months are implausible for its list, or none."""
    recent = recent_appointments(practices)
    return (recent > IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT) | (recent == 0)


_QUALITY = (
    Measure(key="cqc_rating", label="CQC rating", kind="category", unit="overall rating",
            definition=_COUNTED, sources=("cqc",),
            beware="The latest overall rating up to the period given; many are years old. A rating "
            "can be inherited from the provider before.",
            categories=("Outstanding", "Good", "Requires improvement", "Inadequate")),
    _mean("qof_per_cent", "QOF achievement", "% of points",
          "Points for what is recorded and done for registered conditions, not the quality of all "
          "care.", "qof", needs=("qof_per_cent",), higher="more of the quality points achieved"),
    Measure(key="appointments_per_patient", label="Appointments per patient and month", decimals=2,
            noun="appointments per patient", unit="a patient and month", flag="flag_month",
            definition=f"sum of appointments over sum of patients, {_SOUND}", beware=_BOOKED,
            sources=("appointments",), needs=("appointments",),
            top=_plausible("appointments"), bottom=people),
    Measure(key="same_day_per_cent", label="Same-day appointments", decimals=1, times=100,
            noun="the same-day share of appointments", flag="flag_month",
            unit="% of appointments with a known wait",
            definition="sum of same-day appointments over sum of those with a known wait, "
            f"{_SOUND}",
            beware="Same day is not better in itself: some patients want a later date.",
            sources=("appointments",), needs=("same_day",),
            top=_plausible("same_day"), bottom=_known_waits),
    *(Measure(key=f"{part}_per_cent", label=label, noun=noun, decimals=1, times=100,
              flag="flag_month", unit="% of appointments with a known wait",
              definition=f"sum of those appointments over sum of those with a known wait, {_SOUND}",
              beware=f"{wait} Booked ahead by choice or for want of one sooner: not told apart.",
              sources=("appointments",), needs=(part,), top=_plausible(part), bottom=_known_waits)
      for part, label, noun, wait in (
          ("within_week", "Appointments within a week of booking",
           "the share of appointments within a week", "The same day to seven days."),
          ("days_over_28", "Appointments more than 28 days after booking",
           "the share of appointments after more than 28 days", "More than four weeks."),
      )),
    Measure(key="recent_appointments_per_patient", label="Appointments per patient, three months",
            noun="appointments per patient in three months", unit="a patient in three months",
            definition=f"sum of appointments over sum of patients, {_SOUND}", decimals=2,
            beware=f"{_BOOKED} Held against the list of 1 December 2025.",
            fixed_period=APPOINTMENTS_PERIOD, flag="flag_recent",
            top=lambda p: p["appointments"].mask(flagged_recent(p)),
            bottom=lambda p: p["list_size_2025_12"].mask(flagged_recent(p))),
    *(_mean(key, f"Prevalence: {name}", "% of registered patients", _RECORDED,
            noun=f"recorded prevalence of {name}", fixed_period=_QOF_PREVALENCE)
      for key, name in _PREVALENCE.items()),
    *(_mean(f"{_REGISTER}{key.lower()}", f"Prevalence: {name}",
            "% of the patients of the register's ages",
            f"{_RECORDED} Some registers are of patients of certain ages only.", "qof_prevalence",
            noun=f"recorded prevalence of {name}", family="Prevalence of the registers of the QOF")
      for key, name in QOF_REGISTERS.items()),
    Measure(key="contract_type", label="Contract type", noun="contract type", kind="category",
            unit="contract", definition=_COUNTED, sources=("payments",),
            beware="GMS: national contract; PMS: locally agreed; APMS: with any provider.",
            categories=("GMS", "PMS", "APMS")),
    Measure(key="dispensing", label="Dispensing practice", noun="dispensing", kind="yes_no",
            unit="dispenses", definition=_COUNTED, sources=("payments",), categories=("yes", "no"),
            beware="Practices that may dispense medicines, mostly where pharmacies are far."),
    _mean("carr_hill_ratio", "Patients weighted by Carr-Hill, per registered patient",
          "weighted over registered",
          "The formula by which practices are paid: age, sex, nursing homes, turnover, rurality, "
          "staff costs. It weighs the work expected, not the work done.", "payments",
          noun="weighted patients per registered patient", decimals=3),
    _mean("payment_per_patient", "NHS payments per registered patient", "pounds a year",
          "All NHS payments to the practice over its mean list, premises and dispensing among "
          "them: not income, and not alike between dispensing and other practices.", "payments",
          noun="payments per registered patient", decimals=0),
    Measure(key="payment_per_weighted_patient", label="NHS payments per weighted patient",
            unit="pounds a year", noun="payments per weighted patient", decimals=0,
            definition="sum of payments over sum of patients weighted by Carr-Hill",
            beware="As payments per registered patient, but held against the work that the formula "
            "expects: what is left is not need.", sources=("payments",),
            needs=("payment_per_patient", "carr_hill_ratio"),
            top=lambda p: p["payment_per_patient"] * p["patients"],
            bottom=lambda p: (p["carr_hill_ratio"] * p["patients"]).where(
                p["payment_per_patient"].notna())),
    Measure(key="need_per_patient", unit="weighted over registered", decimals=3,
            label="Patients weighted by need for primary care, per registered patient",
            noun="need-weighted patients per registered patient",
            definition="the allocations' population weighted by need for primary medical care over "
            "registered patients", beware="A formula for money, not a count.",
            sources=("allocations", "list_sizes"), needs=("weighted_primary_care", "list_size"),
            top="weighted_primary_care", bottom="list_size"),
    _mean("patients_gp_road_km", "Patients' road distance to the nearest GP surgery",
          "km, mean of its patients",
          "From the patients' small areas to the nearest surgery of any practice (IoD 2019), not "
          "to their own.", "barriers2019", "registrations_lsoa",
          noun="patients' road distance to a GP surgery"),
    _mean("patients_rural_per_cent", "Patients who live in rural areas", "% of patients",
          "By the rural-urban classification of 2011 of the patients' small areas.",
          "rural_urban2011", "registrations_lsoa", noun="the share of patients in rural areas"),
    _mean("dentists_1_mile", "Dental practices within a mile", "practices", _WITHIN_A_MILE[0],
          "dentists", "allocations", noun="dental practices within a mile", decimals=0),
    _mean("dentists_1_mile_taking_adults", "Dental practices within a mile that take adults",
          "practices", _WITHIN_A_MILE[1], "dentists", "allocations", decimals=0,
          noun="dental practices within a mile that say they take adults"),
    *(_mean(f"{key}_1_mile", f"{name} within a mile", unit, _WITHIN_A_MILE[2], key, "postcodes",
            "allocations", noun=f"{name[0].lower()}{name[1:]} within a mile", decimals=0)
      for key, name, unit in (
          ("pharmacies", "Pharmacies", "pharmacies"),
          ("opticians", "Opticians", "opticians"),
          ("dental_sites", "Dental sites of the ODS", "dental sites"),
      )),
    _mean("survey_overall_good", "Patients' overall experience good", "% of answers", _SAMPLE,
          "survey", noun="the share of patients with a good overall experience"),
    _mean("survey_contact_good", "Patients' experience of contact good", "% of answers", _SAMPLE,
          "survey",
          noun="the share of patients with a good experience of contacting the practice"),
)  # fmt: skip

# --- staff by role ---

_TRAINEES = ("ST1", "ST2", "ST3", "ST4", "OTH", "F1_2")
_ROLES = {
    "fte_partners": ("GP partners", "senior partners, partners and providers",
                     ("SEN_PTNR", "PTNR_PROV")),
    "fte_salaried": ("Salaried GPs", "GPs salaried by the practice or by another body",
                     ("SAL_BY_PRAC", "SAL_BY_OTH")),
    "fte_trainees": ("Trainee GPs", "GPs in training of all years and foundation doctors",
                     tuple(f"TRN_GR_{year}" for year in _TRAINEES)),
    "fte_st3": ("Third-year trainee GPs (ST3)", "GPs in their third year of training, who may "
                "work independently soonest", ("TRN_GR_ST3",)),
    "fte_locums": ("Locum GPs", "locums for a vacancy, an absence or otherwise",
                   ("LOCUM_VAC", "LOCUM_ABS", "LOCUM_OTH")),
    "fte_retainers": ("Retained GPs", "GPs on the retention scheme", ("RET",)),
}  # fmt: skip
# FTE by role: what the publisher's columns of the practice-level workforce it is the sum of.
ROLE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **{key: tuple(f"TOTAL_GP_{part}_FTE" for part in parts)
       for key, (_, _, parts) in _ROLES.items()},
    "nurse_fte": ("TOTAL_NURSES_FTE",),
    "direct_care_fte": ("TOTAL_DPC_FTE",),
    "admin_fte": ("TOTAL_ADMIN_FTE",),
}  # fmt: skip
_STAFF = (
    *(Measure(key=key, label=label, unit="FTE", decimals=1, sources=("workforce",),
              definition=f"Sum of FTE of {who}, of practices that report it.")
      for key, (label, who, _) in _ROLES.items()),
    Measure(key="admin_fte", label="Administrative staff", unit="FTE", decimals=1,
            sources=("workforce",), definition="Sum of FTE of administrative and other staff, of "
            "practices that report it."),
)  # fmt: skip

# --- of areas of England ---


def _share(key: str, label: str, definition: str, beware: str, column: str, top: Part,
           *sources: str) -> Measure:  # fmt: skip
    """Practices of which something is so, in per cent of those of which it is known."""
    return Measure(
        key=key, label=label, unit="%", decimals=1, times=100, definition=definition,
        beware=beware, needs=(column,), sources=sources, top=top, bottom=_known(column),
    )  # fmt: skip


_OF_AREAS = (
    Measure(key="patients_per_practice", label="Patients per practice", unit="patients",
            definition="registered patients over practices", beware="Says nothing of sites.",
            needs=("patients",), sources=("list_sizes",), top=people, bottom=_one),
    Measure(key="need_weighted", label="Population weighted by need, per registered patient",
            definition="the allocations' weighted population over registered patients",
            beware="A formula for money, not a count.", decimals=3,
            needs=("weighted_population",), sources=("allocations", "list_sizes"),
            top="weighted_population", bottom="list_size"),
    _share("cqc", "Practices that CQC rates good or outstanding",
           "practices so rated over practices with a rating", "Unrated practices are in neither.",
           "cqc_rating", _good, "cqc"),
    _share("dispensing_share", "Practices that dispense",
           "dispensing practices over practices with a contract record", "Of 2022-23.",
           "dispensing", lambda p: p["dispensing"].astype("Float64"), "payments"),
    _share("dentists", "Practices with a dental practice within a mile",
           "practices with one within a mile (straight line) over practices with a position",
           "A third party's list.", "dentists_1_mile",
           lambda p: p["dentists_1_mile"].gt(0).astype("Float64"), "dentists", "allocations"),
    Measure(key="change_per_cent", label="Change of registered patients", unit="%", decimals=1,
            short="Change in %",
            signed=True, definition="registered patients, first to last month loaded",
            beware="Closed practices count by sub-ICB; for districts only practices open in both "
            "months."),
)  # fmt: skip

REGISTER: Mapping[str, Measure] = {
    measure.key: measure
    for measure in (
        *_CAPACITY, *_OF_HUBS, *_OF_ONE_PRACTICE, *_PRACTICE, *_QUALITY, *_STAFF, *_OF_AREAS,
    )
}  # fmt: skip
PER_GP = REGISTER["patients_per_fte_gp"]

# --- measures of files that users bring ---

OWN_PREFIX = "own_"
_OWN: dict[str, Measure] = {}


def join(measures: Mapping[str, Measure]) -> None:
    """Let measures of a file of practices stand beside the others, at load: a later one of the
    same key replaces the earlier. Tables offer those that they have the column of.
    """
    _OWN.update(measures)


def own(names: Iterable[str]) -> dict[str, Measure]:
    """Those of users' files that these names are the keys of: columns of a table, or others."""
    there = set(names)
    return {key: measure for key, measure in _OWN.items() if key in there}


def is_own(key: str) -> bool:
    """Whether a key is that of a measure of a user's file, loaded here or not."""
    return key.startswith(OWN_PREFIX) and key not in REGISTER


# --- menus ---


def _named(key: str, own: str = "", **changes: Any) -> tuple[str, Measure]:
    """A measure of the register under the key and in the words of a menu."""
    return key, replace(REGISTER[own or key], key=key, **changes)


# Of a hub; with those of its practices, what a rule can hold it against.
_ONLY_SUMMARIES = ("gps_per_1000", "single_handed_share")
HUB_MEASURES = {m.key: m for m in (*_CAPACITY, *_OF_HUBS) if m.key not in _ONLY_SUMMARIES}
PRACTICE_MEASURES = {measure.key: measure for measure in _OF_ONE_PRACTICE}
HUB_MINUTES = tuple(key for key in HUB_MEASURES if key.startswith(("own_", "site_")))
RULE_MEASURES = {
    key: each
    for key, each in (HUB_MEASURES | PRACTICE_MEASURES).items()
    if each.unit != "yes/no" and each.kind != "category"
}


def rule_measures(own_keys: Iterable[str] = ()) -> dict[str, Measure]:
    """What a rule can hold hubs against, with those of users' files that are loaded."""
    return RULE_MEASURES | own(own_keys)


_KNOWN_AGE: dict[str, Any] = {"unit": "per cent of GPs with a known age", "times": 100}
# Of practices, on the two axes of a scatter chart: deprivation across, what is compared with it up.
ACROSS = dict((
    _named("imd_score", label="Deprivation score (IMD 2025, patient-weighted)", unit="score"),
    *(_named(f"imd{edition}_share_quintile_1", unit="per cent") for edition in IMD_EDITIONS),
))  # fmt: skip
UP = dict((
    _named("patients_per_fte_gp", unit="patients"),
    _named("fte_gp_per_10000", "gps_per_10000", unit="FTE GPs"),
    *(_named(f"share_gps_{age}_plus", label=REGISTER[f"share_gps_{age}_plus"].long, **_KNOWN_AGE)
      for age in (60, 55)),
    _named("patients_per_nurse_fte"),
    _named("nurse_fte_per_10000"),
    _named("direct_care_fte_per_10000"),
    _named("appointments_per_patient", "appointments_three_months"),
    _named("qof_per_cent", unit="per cent of points"),
))  # fmt: skip

QUALITY_MEASURES = {measure.key: measure for measure in _QUALITY}

_LEFT_OUT = "practices with implausible counts left out"
# Of ICBs, sub-ICB locations and districts.
AREA_MEASURES = dict((
    *(_named(
        f"patients_per_fte_gp_{each.key}", "patients_per_fte_gp", unit="patients",
        label=f"{PER_GP.label} ({each.label[0].lower()}{each.label[1:]})", bottom=each.column,
        definition="patients over FTE GPs, of practices that report both", needs=(each.column,),
        beware="The loaded workforce must cover the area.",
    ) for each in GP_DEFINITIONS.values()),
    *(_named(f"share_quintile_1_{edition}", f"imd{edition}_share_quintile_1")
      for edition in IMD_EDITIONS),
    _named("patients_per_practice"),
    _named("need_weighted"),
    _named("qof", "qof_per_cent", label="QOF achievement, by patients", unit="%",
           definition="practices' achievement weighted by list size"),
    _named("appointments", "appointments_per_patient", label="Appointments a patient in the month",
           unit="", definition=f"appointments over patients, {_LEFT_OUT}",
           sources=("appointments", "list_sizes")),
    _named("same_day", "same_day_per_cent", label="Appointments on the day they were booked",
           unit="%", definition="same-day appointments over appointments with a known wait, "
           f"{_LEFT_OUT}"),
    _named("cqc"),
    _named("dispensing", "dispensing_share"),
    _named("dentists"),
))  # fmt: skip
