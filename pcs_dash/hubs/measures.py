"""What a hub, a practice and a plan are measured by: one dictionary for tables, exports and
rules.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A column: `key` in code, `label` on screen, `unit`, `definition` in words, `decimals` shown.

    A measure whose unit is "share" runs from 0 to 1 and is shown as a percentage.
    """

    key: str
    label: str
    unit: str
    definition: str
    decimals: int = 0


_RATIO = (
    "Sum of patients over sum of FTE GPs (chosen GP definition; 37.5 hours a week = 1) of the "
    "practices that report FTE; missing where none does."
)
_AGES = "Share, by headcount, of GPs of known age (all GPs) who are aged {age} or over."


SMALL_SHARES = (
    "Rounded to whole per cent, or missing, where a quintile has fewer than 5 of the patients."
)


def _quintile(number: int) -> Measure:
    label = f"Quintile {number}" + {1: " (most deprived)", 5: " (least deprived)"}.get(number, "")
    return Measure(
        f"share_quintile_{number}",
        label,
        "share",
        "Share of registered patients (in the month of the registrations by LSOA) living in LSOAs "
        f"of national IMD quintile {number} in the chosen edition (1 = most deprived fifth of "
        f"England's LSOAs), of those whose quintile is known. {SMALL_SHARES}",
        3,
    )


HUB_MEASURES: dict[str, Measure] = {
    measure.key: measure
    for measure in (
        Measure("practices", "Practices", "practices", "Practices of the area in the hub."),
        Measure("patients", "Patients", "patients", "Sum of registered patients."),
        Measure(
            "practices_without_fte",
            "Practices without GP FTE",
            "practices",
            "Practices that report no FTE under the chosen GP definition.",
        ),
        Measure(
            "patients_in_ratio",
            "Patients counted in the ratio",
            "patients",
            "Patients of the practices that report FTE under the chosen GP definition.",
        ),
        Measure(
            "fte_gp",
            "FTE GPs",
            "FTE",
            "Sum of FTE GPs (chosen GP definition; 37.5 hours a week = 1).",
            1,
        ),
        Measure("patients_per_fte_gp", "Patients per FTE GP", "patients per FTE GP", _RATIO),
        Measure(
            "fte_gap",
            "FTE gap",
            "FTE",
            "FTE GPs to add to reach the benchmark: patients counted in the ratio / benchmark - "
            "FTE GPs. Negative: more GPs than the benchmark asks for.",
            1,
        ),
        Measure(
            "gps_per_10000",
            "FTE GPs per 10,000 patients",
            "FTE per 10,000 patients",
            "10,000 x sum of FTE GPs / sum of patients, of the practices that report FTE.",
            2,
        ),
        Measure("nurse_fte", "Nurses", "FTE", "Sum of nurse FTE of practices that report it.", 1),
        Measure(
            "practices_without_nurse_figure",
            "Practices without a nurse figure",
            "practices",
            "Practices whose nurse FTE is missing.",
        ),
        Measure(
            "direct_care_fte",
            "Direct patient care staff",
            "FTE",
            "Sum of direct-patient-care FTE (not GPs, nurses or administrators) of practices that "
            "report it.",
            1,
        ),
        Measure(
            "practices_without_direct_care_figure",
            "Practices without a direct-care figure",
            "practices",
            "Practices whose direct-patient-care FTE is missing.",
        ),
        Measure(
            "single_handed",
            "Single-handed practices",
            "practices",
            "Practices with one GP by headcount, trainees and locums apart.",
        ),
        Measure(
            "below_4500",
            "Practices under 4,500 patients",
            "practices",
            "Practices with fewer than 4,500 registered patients.",
        ),
        Measure(
            "below_2_5_wte",
            "Practices under 2.5 WTE GPs",
            "practices",
            "Practices with less than 2.5 FTE GPs (chosen GP definition); practices without a "
            "figure are not counted.",
        ),
        Measure(
            "flagged_low_fte",
            "Practices flagged for implausibly low FTE",
            "practices",
            "Practices whose reported FTE is too low for the list to be believed; they stay in "
            "every sum.",
        ),
        Measure("share_gps_55_plus", "GPs aged 55+", "share", _AGES.format(age=55), 3),
        Measure("share_gps_60_plus", "GPs aged 60+", "share", _AGES.format(age=60), 3),
        Measure(
            "imd_score",
            "IMD score",
            "IMD 2025 score",
            "Patient-weighted mean of the practices' IMD 2025 scores, themselves patient-weighted "
            "means over the LSOAs where their patients live. Higher = more deprived.",
            1,
        ),
        *(_quintile(number) for number in range(1, 6)),
        Measure(
            "patients_without_quintile",
            "Patients without a known quintile",
            "patients",
            "Registered patients (in the month of the registrations by LSOA) outside England or "
            "with an unknown LSOA. Missing where they are few (fewer than 5), or would tell "
            "another hub's few.",
        ),
        Measure(
            "mean_distance_km",
            "Mean distance of practices from the centre",
            "km",
            "Mean, each practice counted once, of the straight-line distance to the hub's "
            "patient-weighted centre (mean position weighted by patients).",
            1,
        ),
        Measure(
            "patient_distance_km",
            "Mean distance of patients' practices from the centre",
            "km",
            "As the mean distance of practices, each practice weighted by its patients.",
            1,
        ),
        Measure(
            "widest_km",
            "Widest distance",
            "km",
            "Straight-line distance between the hub's two practices furthest apart.",
            1,
        ),
        Measure(
            "practices_without_position",
            "Practices without a position",
            "practices",
            "Practices that no distance and no contiguity can include.",
        ),
        Measure(
            "pieces",
            "Pieces",
            "pieces",
            "Connected pieces of the hub, practices being neighbours where their Voronoi cells, "
            "clipped to the area, share an edge or they share a building.",
        ),
        Measure("contiguous", "In one piece", "yes/no", "Whether the hub is one connected piece."),
        Measure(
            "meets_20000",
            "At least 20,000 patients",
            "yes/no",
            "Whether the hub has the 20,000 patients that the 2014 strategy asks of a hub.",
        ),
        Measure(
            "within_30000_50000",
            "30,000 to 50,000 patients",
            "yes/no",
            "Whether the hub's patients lie in the 2018 strategy's band of a locality or PCN, "
            "bounds included.",
        ),
        Measure(
            "practices_outside_area",
            "Practices outside the area",
            "practices",
            "Practices of the plan's hub that lie outside the area shown and are in no figure.",
        ),
    )
}

PRACTICE_MEASURES: dict[str, Measure] = {
    measure.key: measure
    for measure in (
        Measure("practice_patients", "Patients of a practice", "patients", "Registered patients."),
        Measure(
            "practice_fte_gp",
            "FTE GPs of a practice",
            "FTE",
            "FTE GPs (chosen GP definition; 37.5 hours a week = 1).",
            2,
        ),
        Measure(
            "practice_patients_per_fte_gp",
            "Patients per FTE GP of a practice",
            "patients per FTE GP",
            "Registered patients over FTE GPs; missing where FTE is 0 or missing.",
        ),
        Measure("practice_imd_score", "IMD score of a practice", "IMD 2025 score", "See IMD.", 1),
    )
}

# What a rule can hold a hub, or each practice of a hub, against.
RULE_MEASURES: dict[str, Measure] = {
    key: measure
    for key, measure in (HUB_MEASURES | PRACTICE_MEASURES).items()
    if measure.unit != "yes/no"
}
