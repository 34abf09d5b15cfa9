"""The official publications this project can read: who, where, when, what, and the loader.

Addresses: `address` is a file that keeps its address from issue to issue; otherwise
`edition_pattern` and `file_pattern` say how the file is found from the landing page (the newest
edition whose link matches, then the file on it). Where neither is known for certain the record
says so, and the file is downloaded by hand and given with `--from`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd

from pcs_dash.official.archive import InputFile
from pcs_dash.official.layout import Layout
from pcs_dash.official.loaders import boundaries as _boundaries
from pcs_dash.official.loaders import deprivation as _deprivation
from pcs_dash.official.loaders import lookups as _lookups
from pcs_dash.official.loaders import organisations as _organisations
from pcs_dash.official.loaders import own_measures as _own_measures
from pcs_dash.official.loaders import quality as _quality
from pcs_dash.official.loaders import registrations as _registrations
from pcs_dash.official.loaders import travel as _travel
from pcs_dash.official.loaders import workforce as _workforce
from pcs_dash.official.reading import read_table
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND
from pcs_dash.tables.errors import UserError

OGL = "Open Government Licence v3.0"
NHS_ENGLAND = "NHS England"
ODS = "NHS England, Organisation Data Service"
ONS = "Office for National Statistics"
MHCLG = "Ministry of Housing, Communities and Local Government"
GEOPORTAL = "https://geoportal.statistics.gov.uk/"
_STATISTICS = "https://digital.nhs.uk/data-and-information/publications/statistical"
_ODS_REPORT = "https://www.odsdatasearchandexport.nhs.uk/api/getReport?report="
_ODS_PAGE = (
    "https://digital.nhs.uk/services/organisation-data-service/data-search-and-export/csv-downloads"
)
_DIGITAL_FILE = r"https://files\.digital\.nhs\.uk/\S*"
_BY_HAND = (
    "No lasting address is known. Found from the landing page: download it in a browser and give "
    "it with --from."
)


@dataclass(frozen=True)
class Joined:
    """A source whose tables may need another one: `join` takes the table, the `columns` of what is
    loaded of `source` (None: nothing is) and the file's name, and returns the table and notes on
    what matched; InputFileError says what to load.
    """

    source: str
    columns: tuple[str, ...]
    needed: Callable[[pd.DataFrame], bool]
    join: Callable[[pd.DataFrame, pd.DataFrame | None, str], tuple[pd.DataFrame, tuple[str, ...]]]


@dataclass(frozen=True)
class Source:
    """One publication.

    `series`: several periods are kept side by side (lists of several months); otherwise a new
    file replaces the old. `reader`: of a file that is no table of these columns; `loader`: what
    is made of the table read, which without one is taken in the order of its key. `period_from`:
    'column' (in the table), 'name' (in the file's name), 'rating' (the newest year rated), or
    'loaded' (a list made anew every night, which carries no date); of no use with a
    `fixed_period`, of an edition that has one period only. `stands_alone`: it is
    of use where no list of practices is loaded, beside the embedded ones. `usual_rows`: about
    how many rows the published file has, 0 where a part of it is as good. `largest_bytes`: what a
    file of it may take unpacked, a few times the published one. `dated_as_named`: a month in its
    file's name is that of its dates. `merged_by`: a file joins what is stored, and replaces the
    rows of the same values of these columns. `joined`: what its tables may be joined with first.
    """

    key: str
    publisher: str
    title: str
    landing_page: str
    cadence: str
    columns: Layout | None
    brings: str
    reader: Callable[[InputFile], pd.DataFrame] | None = None
    loader: Callable[[InputFile, pd.DataFrame], pd.DataFrame] | None = None
    licence: str = OGL
    address: str | None = None
    edition_pattern: str | None = None
    file_pattern: str | None = None
    period_from: str = "column"
    fixed_period: str | None = None
    series: bool = False
    note: str = ""
    usual_rows: int = 0
    largest_bytes: int = 250 * 1024**2
    dated_as_named: bool = False
    stands_alone: bool = False
    merged_by: tuple[str, ...] = ()
    joined: Joined | None = None

    @property
    def found(self) -> str:
        """How the file is found, in words."""
        if self.address:
            return self.address
        if self.file_pattern:
            return "Found from the landing page: the newest edition, then the file whose name fits."
        return _BY_HAND

    def load(self, file: InputFile) -> pd.DataFrame:
        """The table in a file of it. Raises InputFileError."""
        if self.reader is not None:
            return self.reader(file)
        assert self.columns is not None
        table = read_table(file, self.columns)
        if self.loader is not None:
            return self.loader(file, table)
        return table.sort_values([*self.columns.key], ignore_index=True)

    @property
    def downloadable(self) -> bool:
        """Whether `update` can fetch it: its address, or how to find it, is known."""
        return bool(self.address or self.file_pattern)


# What several publications share.
_nhs = partial(Source, publisher=NHS_ENGLAND)
_nightly = partial(Source, publisher=ODS, cadence="nightly", period_from="loaded")
_portal = partial(Source, publisher=ONS, landing_page=GEOPORTAL)
_indices_2019 = partial(
    Source,
    publisher=MHCLG,
    landing_page="https://www.gov.uk/government/statistics/english-indices-of-deprivation-2019",
    usual_rows=LSOAS_IN_ENGLAND["2019"],
    fixed_period="2019-09-26",
)

_ALL = (
    _nightly(
        key="ods_practices",
        title="GP practices (epraccur)",
        landing_page=f"{_ODS_PAGE}/gp-and-gp-practice-related-data",
        address=f"{_ODS_REPORT}epraccur",
        columns=_organisations.ODS_PRACTICES,
        loader=_organisations.load_ods_practices,
        brings="names of practices, of closed ones too, and gaps in their postcodes",
        note=(
            "No headings; 27 columns. The former address (files.digital.nhs.uk/assets/ods) "
            "answers 403 to programs."
        ),
    ),
    _nightly(
        key="pcn_core_partners",
        title="Primary care networks and their core partners (ePCN)",
        landing_page=f"{_ODS_PAGE}/gp-and-gp-practice-related-data",
        address=f"{_ODS_REPORT}epcncorepartnerdetails",
        columns=_organisations.PCN_CORE_PARTNERS,
        loader=_organisations.load_pcn_core_partners,
        brings="this month's PCN membership",
        note="No headings; rows with a leaving date are former members.",
    ),
    _nhs(
        key="pcn_membership",
        title="Practice, PCN, sub-ICB, ICB and region (Appointments in General Practice, mapping)",
        landing_page=f"{_STATISTICS}/appointments-in-general-practice",
        cadence="monthly",
        columns=_organisations.PCN_MEMBERSHIP,
        loader=_organisations.load_pcn_membership,
        brings="PCN, sub-ICB, ICB and region of every practice",
        usual_rows=6_200,
        period_from="name",
        edition_pattern=r"/appointments-in-general-practice/[a-z]+-20\d\d$",
        file_pattern=_DIGITAL_FILE + r"[Mm]apping\S*\.(?:csv|zip)",
        note="Up to three rows a practice, one for each GP system; made one.",
    ),
    Source(
        key="ods_successors",
        publisher=ODS,
        title="Successor organisations (succ, succarc)",
        landing_page=_ODS_PAGE,
        cadence="quarterly",
        columns=_organisations.SUCCESSORS,
        loader=_organisations.load_successors,
        brings="which practice took over from a closed one (Lists over time, plans carried over)",
        period_from="loaded",
        note=_BY_HAND,
    ),
    _nhs(
        key="list_sizes",
        title="Patients Registered at a GP Practice: totals (gp-reg-pat-prac-all)",
        landing_page=f"{_STATISTICS}/patients-registered-at-a-gp-practice",
        cadence="monthly",
        columns=_registrations.LIST_SIZES,
        loader=_registrations.load_list_sizes,
        brings="list sizes, and their change over time",
        usual_rows=6_200,
        edition_pattern=r"/patients-registered-at-a-gp-practice/[a-z]+-20\d\d$",
        file_pattern=_DIGITAL_FILE + r"gp-reg-pat-prac-all\S*\.(?:csv|zip)",
        series=True,
        dated_as_named=True,
        note="EXTRACT_DATE is written 01/05/2025 in some months and 2025-10-01 in others.",
    ),
    _nhs(
        key="registrations_lsoa",
        title="Patients Registered at a GP Practice: by LSOA (gp-reg-pat-prac-lsoa-all)",
        landing_page=f"{_STATISTICS}/patients-registered-at-a-gp-practice",
        cadence="quarterly (January, April, July, October)",
        columns=_registrations.BY_LSOA,
        loader=_registrations.load_registrations_lsoa,
        brings="catchments as they are, deprivation of each practice's patients, distances",
        usual_rows=868_000,
        edition_pattern=r"/patients-registered-at-a-gp-practice/(?:january|april|july|october)-20\d\d$",
        file_pattern=_DIGITAL_FILE + r"gp-reg-pat-prac-lsoa\S*\.zip",
        dated_as_named=True,
        note="LSOAs of 2011 until 2023; NO2011 or NO2021 stands for an unknown place.",
    ),
    _nhs(
        key="workforce",
        title="General Practice Workforce: practice level",
        landing_page=f"{_STATISTICS}/general-and-personal-medical-services",
        cadence="monthly",
        columns=_workforce.WORKFORCE,
        loader=_workforce.load_workforce,
        brings="FTE and headcount of GPs, FTE of nurses and others: patients per FTE GP",
        usual_rows=6_200,
        edition_pattern=r"/general-and-personal-medical-services/\d\d?-[a-z]+-20\d\d$",
        file_pattern=_DIGITAL_FILE + r"GPWPracticeCSV\S*\.zip",
        series=True,
        note=(
            "NA is no data from February 2023; before, ND or 0. Up to 2019 the registrars' columns "
            "have other names. The month is in the name of the file."
        ),
    ),
    _nhs(
        key="workforce_individual",
        title="General Practice Workforce: individual level",
        landing_page=f"{_STATISTICS}/general-and-personal-medical-services",
        cadence="monthly",
        columns=_workforce.INDIVIDUALS,
        loader=_workforce.load_workforce_individual,
        # Said, so that nobody waits for it.
        brings="roles, ages and genders by sub-ICB: stored, not shown on any page yet",
        edition_pattern=r"/general-and-personal-medical-services/\d\d?-[a-z]+-20\d\d$",
        file_pattern=_DIGITAL_FILE + r"GPWIndividualCSV\S*\.zip",
        note="Added up when read: no single person is kept.",
    ),
    _nhs(
        key="pcn_workforce",
        title="Primary Care Network Workforce: individual level",
        landing_page=f"{_STATISTICS}/primary-care-network-workforce",
        cadence="monthly",
        columns=_workforce.PCN_WORKFORCE,
        loader=_workforce.load_pcn_workforce,
        brings="staff of each network by role (Practices, Who works here)",
        note=_BY_HAND + " Added up when read: no single person is kept.",
    ),
    _indices_2019(
        key="imd2019",
        title="English Indices of Deprivation 2019, File 1 or 7",
        address=(
            "https://assets.publishing.service.gov.uk/government/uploads/system/uploads/"
            "attachment_data/file/845345/"
            "File_7_-_All_IoD2019_Scores__Ranks__Deciles_and_Population_Denominators_3.csv"
        ),
        cadence="every four to six years",
        columns=_deprivation.IMD["2019"],
        loader=partial(_deprivation.load_imd, edition="2019"),
        brings="deprivation by LSOA of 2011",
        note="File 7 also has scores and populations; File 1 (Excel) ranks and deciles only.",
    ),
    Source(
        key="imd2025",
        publisher=MHCLG,
        title="English Indices of Deprivation 2025, File 1 or 7",
        landing_page="https://www.gov.uk/government/statistics/english-indices-of-deprivation-2025",
        address=(
            "https://assets.publishing.service.gov.uk/media/691ded56d140bbbaa59a2a7d/"
            "File_7_IoD2025_All_Ranks_Scores_Deciles_Population_Denominators.csv"
        ),
        cadence="every four to six years",
        columns=_deprivation.IMD["2025"],
        loader=partial(_deprivation.load_imd, edition="2025"),
        brings="deprivation by LSOA of 2021",
        usual_rows=LSOAS_IN_ENGLAND["2025"],
        fixed_period="2025-10-30",
        note="LSOAs of 2021: never joined to those of 2011 without the ONS lookup.",
    ),
    _indices_2019(
        key="barriers2019",
        title="IoD 2019 underlying indicators: barriers to housing and services",
        cadence="once",
        columns=_deprivation.BARRIERS_2019,
        brings="patients' mean road distance to a GP surgery (Quality beside capacity)",
        note=_BY_HAND + " File 8, sheet 'IoD2019 Barriers Domain'.",
    ),
    _portal(
        key="lsoa11_lsoa21",
        title="LSOA (2011) to LSOA (2021) to district (2022), exact fit",
        cadence="once",
        columns=_lookups.LSOA11_LSOA21,
        brings="the join between IMD 2025 and registrations by LSOA of 2011",
        usual_rows=35_796,
        fixed_period="2022-12-01",
        note="In latin-1; U unchanged, S split, M merged, X other.",
    ),
    _portal(
        key="lsoa_icb",
        title="LSOA to sub-ICB location to ICB to district",
        cadence="yearly, April",
        columns=_lookups.LSOA_ICB,
        brings="the ICB in which an LSOA lies; without it that of most of its patients",
        usual_rows=LSOAS_IN_ENGLAND["2025"],
        period_from="name",
        note=_BY_HAND,
    ),
    _portal(
        key="rural_urban2011",
        title="Rural Urban Classification (2011) of LSOAs",
        cadence="once",
        columns=_lookups.RURAL_URBAN_2011,
        loader=_lookups.load_rural_urban,
        brings="share of patients in rural areas (Quality beside capacity)",
        usual_rows=34_753,
        fixed_period="2013-08-01",
    ),
    _portal(
        key="postcodes",
        title="ONS Postcode Directory, or a postcode lookup",
        cadence="quarterly (February, May, August, November)",
        columns=_lookups.POSTCODES,
        brings=(
            "the place of pharmacies, opticians and dental sites; districts of closed practices; "
            "small areas of minutes from postcodes"
        ),
        largest_bytes=2_500 * 1024**2,  # the whole directory has some 1.5 GB
        period_from="name",
        stands_alone=True,
        note=(
            "Contains Royal Mail data (c) Royal Mail copyright and database right. Northern "
            "Ireland postcodes have a licence of their own."
        ),
    ),
    Source(
        key="lsoa_population",
        publisher=ONS,
        title="LSOA mid-year population estimates",
        landing_page=(
            "https://www.ons.gov.uk/peoplepopulationandcommunity/populationandmigration/"
            "populationestimates/datasets/lowersuperoutputareamidyearpopulationestimates"
        ),
        cadence="yearly",
        columns=_lookups.POPULATION,
        brings="residents by LSOA: a better modelled catchment",
        usual_rows=35_672,
        period_from="name",
        note=_BY_HAND,
    ),
    Source(
        key="population_projections",
        publisher=ONS,
        title="Subnational population projections",
        landing_page=(
            "https://www.ons.gov.uk/peoplepopulationandcommunity/populationandmigration/"
            "populationprojections/datasets/populationprojectionsforlocalauthorities"
        ),
        cadence="irregular",
        columns=_lookups.PROJECTIONS,
        loader=_lookups.load_projections,
        brings="how a district's population grows, for plans ahead",
        period_from="name",
        note=_BY_HAND,
    ),
    _portal(
        key="boundaries_lsoa11",
        title="LSOA (December 2011) boundaries",
        cadence="once",
        columns=None,
        reader=_boundaries.load_boundaries,
        brings="maps of the LSOAs it holds, and the outlines of their ICBs and districts",
        fixed_period="2011-12-01",
        note=(
            "Take the super-generalised or generalised layer (BSC or BGC) as GeoJSON, GeoPackage "
            "or zipped shapefile. Contains OS data (c) Crown copyright and database right."
        ),
    ),
    _nhs(
        key="qof",
        title="Quality and Outcomes Framework: achievement by practice",
        landing_page=(
            f"{_STATISTICS}/"
            "quality-and-outcomes-framework-achievement-prevalence-and-exceptions-data"
        ),
        cadence="yearly",
        columns=_quality.QOF,
        brings="QOF achievement by practice, per cent of points",
        usual_rows=6_300,
        period_from="name",
        note=_BY_HAND + " The total points (635 in 2022/23) stand in the headings.",
    ),
    _nhs(
        key="qof_prevalence",
        title="Quality and Outcomes Framework: prevalence by practice (PREVALENCE, raw data)",
        landing_page=(
            f"{_STATISTICS}/"
            "quality-and-outcomes-framework-achievement-prevalence-and-exceptions-data"
        ),
        cadence="yearly",
        columns=_quality.QOF_PREVALENCE,
        loader=_quality.load_qof_prevalence,
        brings="patients on each disease register, per cent",
        usual_rows=6_200,
        period_from="name",
        note=(
            _BY_HAND + " In the zip of raw data (QOF2324.zip). Some registers are of patients of "
            "certain ages only; the notes of the table name them."
        ),
    ),
    Source(
        key="cqc",
        publisher="Care Quality Commission",
        title="Latest ratings of GP practices",
        landing_page="https://www.cqc.org.uk/about-us/transparency/using-cqc-data",
        cadence="monthly",
        columns=_quality.CQC,
        loader=_quality.load_cqc,
        brings="overall CQC rating by practice",
        period_from="rating",
        note=_BY_HAND + " Published as an OpenDocument file, which is read as it is.",
    ),
    _nhs(
        key="appointments",
        title="Appointments in General Practice: time between booking and appointment, by practice",
        landing_page=f"{_STATISTICS}/appointments-in-general-practice",
        cadence="monthly",
        columns=_quality.APPOINTMENTS,
        loader=_quality.load_appointments,
        brings="appointments per patient and the share on the day",
        usual_rows=6_200,
        series=True,
        note=_BY_HAND,
    ),
    Source(
        key="survey",
        publisher="NHS England and Ipsos",
        title="GP Patient Survey: practice data, weighted",
        landing_page="https://www.gp-patient.co.uk/surveysandreports",
        cadence="yearly, July",
        columns=_quality.SURVEY,
        loader=_quality.load_survey,
        brings="patients' experience by practice",
        usual_rows=6_200,
        period_from="name",
        note=_BY_HAND,
    ),
    _nhs(
        key="payments",
        title="NHS Payments to General Practice",
        landing_page=f"{_STATISTICS}/nhs-payments-to-general-practice",
        cadence="yearly",
        columns=_quality.PAYMENTS,
        loader=_quality.load_payments,
        brings="contract type, dispensing, patients weighted by Carr-Hill, payments per patient",
        usual_rows=6_500,
        period_from="name",
        note=_BY_HAND,
    ),
    _nhs(
        key="allocations",
        title="ICB allocations: weighted populations by practice",
        landing_page="https://www.england.nhs.uk/allocations/",
        cadence="with each round of allocations",
        columns=_quality.ALLOCATIONS,
        brings="coordinates, district and ICB of every practice, weighted populations",
        usual_rows=6_200,
        period_from="name",
        note=_BY_HAND + " `Patients` and the PCN columns are empty in the 2025/26 file.",
    ),
    _nightly(
        key="pharmacies",
        title="Pharmacies and dispensaries (edispensary)",
        landing_page=_ODS_PAGE,
        address=f"{_ODS_REPORT}edispensary",
        columns=_organisations.PHARMACIES,
        loader=_organisations.load_ods,
        brings="with the postcodes of England: pharmacies within a mile",
    ),
    Source(
        key="dentists",
        publisher="Third-party compilation of NHS.UK data",
        title="NHS dental practices with coordinates",
        landing_page="https://www.nhs.uk/service-search/find-a-dentist",
        cadence="irregular",
        columns=_organisations.DENTISTS,
        reader=_organisations.load_dentists,
        brings="dental practices near each practice, and whether they take patients",
        period_from="name",
        note="Not an official statistic: compiled by a third party. " + _BY_HAND,
    ),
    _nightly(
        key="dental_sites",
        title="Dental practices (egdpprac)",
        landing_page=_ODS_PAGE,
        address=f"{_ODS_REPORT}egdpprac",
        columns=_organisations.DENTAL_SITES,
        loader=_organisations.load_ods,
        brings="with the postcodes of England: dental sites within a mile",
    ),
    _nightly(
        key="opticians",
        title="Optical sites (eoptsite)",
        landing_page=_ODS_PAGE,
        address=f"{_ODS_REPORT}eoptsite",
        columns=_organisations.OPTICIANS,
        loader=_organisations.load_ods,
        brings="with the postcodes of England: opticians within a mile",
    ),
    Source(
        key="travel_minutes",
        publisher="Whoever computed it",
        title="Minutes from small areas or postcodes to practices (of any routing program)",
        landing_page="https://download.geofabrik.de/",
        cadence="as computed",
        columns=_travel.MINUTES,
        loader=_travel.load_minutes,
        brings="measured minutes in place of modelled ones (Getting there)",
        licence="that of its roads and timetables (OpenStreetMap: ODbL)",
        period_from="loaded",
        note=(
            "Computed, not published: columns origin, destination, mode, minutes (docs/travel.md). "
            "Origins that are postcodes need the postcode directory too. "
            "`python -m pcs_dash travel build` makes one of an OpenStreetMap extract, which the "
            "landing page has."
        ),
        stands_alone=True,
        joined=Joined(
            "postcodes",
            ("postcode", "lsoa11cd"),
            _travel.begins_at_postcodes,
            _travel.minutes_by_small_area,
        ),
    ),
    Source(
        key="jts_gp",
        publisher="Department for Transport",
        title="Journey time statistics: GPs by mode of travel, LSOA (JTS0505)",
        landing_page=(
            "https://www.gov.uk/government/statistical-data-sets/journey-time-statistics-data-"
            "tables-jts"
        ),
        cadence="ended with 2019",
        columns=_travel.JTS_GP,
        brings="published minutes to the nearest GP surgery, public transport too (Getting there)",
        usual_rows=LSOAS_IN_ENGLAND["2019"],
        fixed_period="2019-12-19",
        note=(
            _BY_HAND
            + " One sheet a year, headings after six rows: of sheets as long as each other "
            "the newest is read. Where the .ods is too large to open, save the sheet 2019 as CSV. "
            "The period is that of the 2019 issue; the surgeries are those of its year."
        ),
        stands_alone=True,
    ),
    Source(
        key="cars2021",
        publisher=ONS,
        title="Census 2021, TS045: car or van availability, LSOA",
        landing_page="https://www.nomisweb.co.uk/sources/census_2021_bulk",
        cadence="every ten years",
        columns=_travel.CARS_2021,
        loader=_travel.load_cars2021,
        brings="minutes for households without a car (Getting there)",
        usual_rows=35_672,
        fixed_period="2021-03-21",
        note=_BY_HAND + " census2021-ts045-lsoa.csv of the archive; LSOAs of 2021.",
        stands_alone=True,
    ),
    Source(
        key="own_measures",
        publisher="Whoever published the figures",
        title="Any measure of practices, in a file of your own",
        landing_page="https://fingertips.phe.org.uk/profile/general-practice",
        cadence="as published",
        columns=_own_measures.OWN_MEASURES,
        loader=_own_measures.load_own_measures,
        brings="what you measure, beside capacity: map, table, correlation, groups",
        licence="that of its publication",
        note=(
            "Columns practice_code, value (or numerator and denominator), unit, period, source, "
            "and measure where the file holds several (docs/data.md). Measures of other files stay."
        ),
        merged_by=("key", "period"),
        stands_alone=True,
    ),
)

SOURCES: dict[str, Source] = {source.key: source for source in _ALL}


def find_source(key: str) -> Source:
    """The source of that key; UserError, which lists the keys, when there is none."""
    try:
        return SOURCES[key.strip().lower().replace("-", "_")]
    except KeyError:
        raise UserError(
            f"There is no source called '{key}'. Choose from: {', '.join(SOURCES)}."
        ) from None
