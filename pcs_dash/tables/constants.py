"""Numbers that several rooms go by, each with its source; the rules that users change have theirs
from `data/` (`hubs.rules`).
"""

from __future__ import annotations

IMD_EDITIONS = ("2025", "2019")
# LSOAs in England by edition: IMD 2019 ranks 2011 LSOAs, IMD 2025 ranks 2021 LSOAs.
LSOAS_IN_ENGLAND = {"2019": 32_844, "2025": 33_755}
QUINTILES = (1, 2, 3, 4, 5)

# What 1 FTE is: NHS England, General Practice Workforce.
FTE_IS = "37.5 hours a week = 1"
# GPs, nurses and other staff are given per so many patients.
PER_PATIENTS = 10_000

# A practice above this ratio is flagged: about twice England's 95th percentile of practices
# (5,559, September 2024, BJGP 2025), a ratio that a wrong FTE return explains better than a list.
IMPLAUSIBLE_PATIENTS_PER_FTE_GP = 10_000
# Appointments a patient in three months; the median of Essex practices is 1.3.
IMPLAUSIBLE_APPOINTMENTS_PER_PATIENT = 4

# Transforming Primary Care in Essex, NHS England, 2014: a practice has at least so many patients
# and so many WTE GPs, a hub at least so many patients.
MINIMUM_LIST = 4_500
MINIMUM_GP_WTE = 2.5
PATIENTS_PER_WTE_RULE = round(MINIMUM_LIST / MINIMUM_GP_WTE)
HUB_MINIMUM = 20_000
# Patients of a PCN or locality: Thurrock Health and Wellbeing Board, 20 July 2018.
BAND = (30_000, 50_000)
# What a benchmark can be, in patients per FTE GP, when it is typed in.
BENCHMARK_RANGE = (100, 20_000)

# How people get there; the keys of tables of minutes.
MODES = {
    "walk": "on foot",
    "cycle": "by bicycle",
    "drive": "by car",
    "transit": "by public transport",
}
