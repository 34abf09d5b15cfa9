"""The words of this dashboard, each in a sentence or two; docs/methods.md has the formulas."""

from __future__ import annotations

from dataclasses import dataclass

from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.tables.constants import (
    BAND,
    HUB_MINIMUM,
    IMPLAUSIBLE_PATIENTS_PER_FTE_GP,
    PATIENTS_PER_WTE_RULE,
)


@dataclass(frozen=True)
class Term:
    """A word and what it means here, in plain words. `also`: other names for it."""

    word: str
    meaning: str
    also: tuple[str, ...] = ()


TERMS: tuple[Term, ...] = (
    Term(
        "Practice",
        "A GP practice, told apart by its ODS code (such as F81110), not by its name. Several can "
        "share one building.",
        ("GP practice", "ODS code"),
    ),
    Term(
        "List size",
        "The number of patients registered with a practice. Registered patients are more than "
        "residents: some people are still on a list after moving away.",
        ("registered patients",),
    ),
    Term(
        "Weighted list",
        "Patients counted by the care they need (Carr-Hill weight, or need for primary care) "
        "instead of by head. Chosen under “Settings”, never the default, and named wherever it is "
        "used.",
        ("need", "Carr-Hill"),
    ),
    Term(
        "FTE",
        "Full-time equivalent: 37.5 contracted hours a week count as 1. Contracted, not worked, "
        "hours. Older strategies call it \"WTE\" (whole-time equivalent).",
        ("full-time equivalent", "WTE", REGISTER["fte_gp"].label),
    ),
    Term(
        "GP definitions",
        "Which GPs count. Fully qualified: without GPs in training, regular locums included (the "
        "default). All: with GPs in training and locums. Permanent: neither. Headlines differ by "
        "a third between them, so every figure says which it is.",
        ("fully qualified", "permanent", "GPs in training"),
    ),
    Term(
        PER_GP.label,
        "Registered patients divided by FTE GPs. For an area: all patients over all FTE of the "
        "practices that report both, never a mean of ratios. A practice with no GP figure, or "
        "FTE 0, has no ratio.",
        ("patients per GP",),
    ),
    Term(
        "Benchmark",
        "What a place is held against, chosen under “Settings”: England's published figure, Mid "
        "and South Essex (of areas loaded, the whole ICB), the rule of "
        f"{PATIENTS_PER_WTE_RULE:,} patients per FTE GP (strategy of 2014), or a figure typed in.",
    ),
    Term(
        "Under-doctored",
        "More patients per FTE GP than a stated benchmark. It always says which one.",
        ("under-doctoring",),
    ),
    Term(
        REGISTER["fte_gap"].term,
        "The FTE GPs to add to reach the benchmark. Below zero: there are more than the benchmark "
        "asks for.",
        (REGISTER["fte_gap"].noun,),
    ),
    Term(
        "Single-handed practice",
        "A practice with one GP by headcount, GPs in training and locums apart.",
    ),
    Term(
        "Implausible FTE",
        f"More than {IMPLAUSIBLE_PATIENTS_PER_FTE_GP:,} patients per fully qualified FTE GP: the "
        "workforce return is more likely wrong than the staffing. Shown, flagged and counted; a "
        "switch under “Settings” leaves them out.",
        ("flagged", "flag"),
    ),
    Term(
        "LSOA",
        "Lower layer Super Output Area: a small area of about 1,500 residents, made for counting. "
        "The maps show those of 2011.",
        ("small area",),
    ),
    Term(
        "IMD",
        "Index of Multiple Deprivation: ranks every LSOA of England. Rank 1 is the most deprived. "
        "The editions of 2019 and 2025 rank different LSOAs; IMD 2025 is carried to the "
        "boundaries of 2011.",
        ("deprivation", "Index of Multiple Deprivation"),
    ),
    Term(
        REGISTER["share_quintile_1"].label,
        "The most deprived fifth of England's LSOAs. Quintile 5 is the least deprived fifth.",
        ("quintile", "quintile 5"),
    ),
    Term(
        REGISTER["imd_score"].term,
        "A practice's deprivation: the mean IMD score of the LSOAs where its patients live, "
        "weighted by patients. Higher is more deprived. Not that of the surgery's own postcode.",
        ("deprivation of a practice",),
    ),
    Term(
        "PCN",
        f"Primary care network: practices that work together, by the guidance for {BAND[0]:,} to "
        f"{BAND[1]:,} patients.",
        ("primary care network",),
    ),
    Term(
        "Hub",
        "A group of practices that you draw, choose or have suggested. By the strategy of 2014 a "
        f"hub covers at least {HUB_MINIMUM:,} patients; that rule can be changed.",
    ),
    Term(
        "Sub-ICB place",
        "The seven places of Essex that were clinical commissioning groups (CCGs). Since 1 April "
        "2026 all seven are part of one integrated care board, NHS Essex ICB.",
        ("ICB", "CCG", "place"),
    ),
    Term(
        "Confidence interval",
        "How far a figure could move if practices like these came about afresh: with a 95% "
        "interval, 95 such intervals of 100 would hold the truth. It does not cover mistakes in "
        "the returns.",
        ("interval", "95% interval"),
    ),
    Term(
        "Correlation (r)",
        "How closely two figures go together, from −1 to 1; 0 is not at all. It does not say why.",
        ("Pearson", "Spearman", "coefficient"),
    ),
    Term(
        "SII",
        "Slope Index of Inequality: the figure at the least deprived end less that at the most "
        "deprived end, on a fitted line. Below zero: higher where people are more deprived.",
        ("Slope Index of Inequality",),
    ),
    Term(
        "RII",
        "Relative Index of Inequality: the same two ends as a ratio, least deprived over most "
        "deprived. 1 is no difference.",
        ("Relative Index of Inequality",),
    ),
    Term(
        "Moran's I",
        "Whether neighbours are alike: about 0 for no pattern, higher where high figures stand "
        "beside high ones and low beside low.",
        ("spatial autocorrelation", "LISA", "cluster"),
    ),
    Term(
        "Specification",
        "One way of asking the same question (which GPs, which practices, which IMD edition, which "
        "level). A finding that survives nearly all of them does not hang on one choice.",
        ("does it survive",),
    ),
    Term(
        "Funnel plot",
        "Shows how far a practice may stray from the average by chance alone, given its size. "
        "Outside the funnel it stands out.",
    ),
    Term(
        "Contiguity",
        "Whether a hub is in one piece: each practice has a neighbour in it.",
        ("in one piece",),
    ),
    Term(
        "No figure",
        "A figure that was not supplied or can't be computed. It is never counted as zero, and "
        "how many are missing is said.",
        ("missing", "NA"),
    ),
)  # fmt: skip


def meaning(word: str) -> str:
    """What a term means; KeyError for a word that is no term."""
    return _BY_WORD[word.casefold()].meaning


_BY_WORD = {term.word.casefold(): term for term in TERMS}
