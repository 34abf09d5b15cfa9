"""Small files in the layout of each publication, with the real quirks, and how to write them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

import geopandas as gpd
import openpyxl
import xlwt

EPRACCUR = (
    '"F81001","DR KHAN","Y61","QH8","12 HIGH ROAD","","BENFLEET","ESSEX","","SS7 4EA","19740401",'
    '"","A","B","99F","20130401","","01268 0","","","","0","","99F","","4",""\n'
    '"F81003","CARNAVON, ROAD","Y61","QH8","7 CARNAVON ROAD","SOUTHEND","","ESSEX","","SS2 6LR",'
    '"19740401","20231231","C","B","99G","20130401","20231231","","","","","0","","99G","","4",""\n'
    '"AAA001","PRISON","Y61","QH8","1 ROAD","","","","","","20200101","","D","Z","","","","","",'
    '"","","0","","QH8","","0",""\n'
)
MAPPING = (
    "GP_CODE,GP_NAME,SUPPLIER,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME,"
    "ICB_CODE,ICB_NAME,REGION_CODE,REGION_NAME\r\n"
    "F81001,DR KHAN,TPP,U27924,BENFLEET PCN,99F,NHS Mid and South Essex ICB - 99F,QH8,NHS Mid and "
    "South Essex Integrated Care Board,Y61,East of England\r\n"
    "F81001,DR KHAN,EMIS,U27924,BENFLEET PCN,99F,NHS Mid and South Essex ICB - 99F,QH8,NHS Mid and "
    "South Essex Integrated Care Board,Y61,East of England\r\n"
    "F81003,CARNAVON,TPP,U,UNALLOCATED,99G,NHS Mid and South Essex ICB - 99G,QH8,NHS Mid and "
    "South Essex Integrated Care Board,Y61,East of England\r\n"
    "F81100,COLCHESTER,TPP,U11111,COLNE PCN,06T,NHS Suffolk and North East Essex ICB - 06T,QJG,NHS "
    "Suffolk and North East Essex Integrated Care Board,Y61,East of England\r\n"
)
_LIST_HEAD = (
    "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,"
    "SEX,AGE,NUMBER_OF_PATIENTS\n"
)


def list_sizes(day: str, lists: dict[str, tuple[str, str, int]]) -> str:
    """A file of list sizes: code -> (sub-ICB, postcode, patients)."""
    rows = (
        f"GP_PRAC_PAT_LIST,{day},GP,{place},E38000000,{code},{postcode},ALL,ALL,{patients}\n"
        for code, (place, postcode, patients) in lists.items()
    )
    return _LIST_HEAD + "".join(rows)


LISTS_OLD = list_sizes(
    "01/05/2025",
    {
        "F81001": ("99F", "SS7 4EA", 13000),
        "F81003": ("99G", "SS2 6LR", 6000),
        "F81100": ("06T", "CO1 1AA", 9000),
        "F81101": ("06T", "CO1 1AA", 2000),
    },
)
LISTS_NEW = list_sizes(
    "2025-10-01",
    {
        "F81001": ("99F", "SS7 4EA", 13100),
        "F81003": ("99G", "SS2 6LR", 5900),
        "F81100": ("06T", "CO1 1AA", 10900),
        "F81102": ("06T", "CO2 2BB", 1500),
    },
)
BY_LSOA = (
    "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,LSOA_CODE,SEX,NUMBER_OF_PATIENTS\n"
    "GP_PRAC_PAT_LIST,01Jul2023,F81001,DR KHAN,E01000001,ALL,9000\n"
    "GP_PRAC_PAT_LIST,01Jul2023,F81001,DR KHAN,E01000002,ALL,4000\n"
    "GP_PRAC_PAT_LIST,01Jul2023,F81001,DR KHAN,NO2011,ALL,3\n"
    "GP_PRAC_PAT_LIST,01Jul2023,F81003,CARNAVON,E01000002,ALL,5990\n"
    "GP_PRAC_PAT_LIST,01Jul2023,F81003,CARNAVON,W01000003,ALL,10\n"
    "GP_PRAC_PAT_LIST,01Jul2023,F81100,COLCHESTER,E01000003,ALL,9000\n"
)
LOOKUP_2021 = (
    "LSOA11CD,LSOA11NM,LSOA21CD,LSOA21NM,CHGIND,LAD22CD,LAD22NM,LAD22NMW,ObjectId\r\n"
    "E01000001,Castle Point 001A,E01000001,Castle Point 001A,U,E07000069,Castle Point,,1\r\n"
    "E01000002,Southend 001A,E01034002,Southend 001E,S,E06000033,Southend-on-Sea,,2\r\n"
    "E01000002,Southend 001A,E01034003,Southend 001F,S,E06000033,Southend-on-Sea,,3\r\n"
    "E01000003,Colchester 001A,E01000003,Colchester 001A,U,E07000071,Colchester,,4\r\n"
    "W01000003,Anglesey 001A,W01000003,Anglesey 001A,U,W06000001,Isle of Anglesey,Ynys Môn,5\r\n"
)
RURAL = (
    "\ufeffFID,LSOA11CD,LSOA11NM,RUC11CD,RUC11\n"
    "1,E01000001,A,C1,Urban city and town\n2,E01000002,B,D1,Rural town and fringe\n"
    "3,E01000003,C,E1,Rural village and dispersed\n"
)
BARRIERS = (
    "\ufeffLSOA code (2011),LSOA name (2011),Road distance to a post office indicator (km),"
    "Road distance to a GP surgery indicator (km),,,\n"
    "E01000001,A,0.946,0.795,,,\nE01000002,B,0.502,0.952,,,\nE01000003,C,1.5,2.25,,,\n"
)
POSTCODES = (
    "pcd7,pcd8,pcds,dointr,doterm,usertype,oa11cd,lsoa11cd,msoa11cd,ladcd,lsoa11nm,msoa11nm,ladnm,"
    "ladnmw\r\n"
    "SS7 4EA,SS7  4EA,SS7 4EA,198001,,0,E00112068,E01000001,E02004591,E07000069,A,A,CP,\r\n"
    "SS2 6LR,SS2  6LR,SS2 6LR,198001,200609,0,E00112068,E01000002,E02004591,E06000033,B,B,S,\r\n"
)
ALLOCATIONS = (
    "\ufeffPractice_Code,GP_Practice_Name,Practice_Postcode,Latitude,Longitude,CCG,Former CCG,"
    "PCN_Code,PCN_Name,LOC,LOCname,ICB,ICBname,Rcode,Region,LAD,LTLA,LA,UTLA,Patients,Population,"
    "G&A WP,Final WP,Primary Medical Care WP,Final PMC WP\n"
    "F81001,DR KHAN,SS7 4EA,51.570733,0.548167,,,,,,,QH8,NHS Mid and South Essex ICB,Y61,"
    "NHS East of England,E07000069,Castle Point,,,,13582.5,1,13015.04,1,12408.97\n"
    "F81003,CARNAVON,SS2 6LR,51.55,0.7,,,,,,,QH8,NHS Mid and South Essex ICB,Y61,"
    "NHS East of England,E06000033,Southend-on-Sea,,,,5988,1,6100.5,1,6200.25\n"
    "F81100,COLCHESTER,CO1 1AA,51.89,0.9,,,,,,,QJG,NHS Suffolk and North East Essex ICB,Y61,"
    "NHS East of England,E07000071,Colchester,,,,9000,1,9100.5,1,9200.25\n"
)
QOF = (
    '\ufeff"Sub ICB Loc \nODS code","Sub ICB Loc \nONS code",Sub ICB Loc name,PCN ODS code,'
    "PCN name,Practice code,Practice name,List size,Achievement score (635 max),"
    "QOF points total / 635 available (%),Total points for indicators where register exists. "
    "(Max QOF points available),Points achieved/ max. QOF points available (%)\r\n"
    "99F,E38000030,NHS,U27924,Benfleet,F81001,Dr Khan,13500,508.25,80.03937,635,80.03937\r\n"
    "99G,E38000168,NHS,U,Unallocated,F81003,Carnavon,5900,635,100,635,100\r\n"
)
CQC = (
    '"Practice.Code","Year","location_name","service_population_group","domain","latest_rating",'
    '"inherited_rating_y_n","IMD","IMD_quintile","ICB_NAME"\n'
    '"F81001",2017,"Dr Khan","Overall","Overall","Good","N",10.9,4,"Mid and South Essex"\n'
    '"F81003",2016,"Carnavon","Overall","Overall","Outstanding","N",NA,NA,"Mid and South Essex"\n'
    '"F81003",2019,"Carnavon","Overall","Overall","Requires improvement","Y",NA,NA,"M"\n'
    '"F81001001",2024,"Branch","Overall","Overall","Inadequate","N",NA,NA,NA\n'
    '"NA",2021,"No code","Overall","Overall","Good","N",NA,NA,NA\n'
)
# By hand, to the layout of the raw data (PREVALENCE_2324.csv in QOF2324.zip): no real file of it is
# at hand.
QOF_PREVALENCE = (
    "PRACTICE_CODE,GROUP_CODE,REGISTER,PATIENT_LIST_TYPE,PRACTICE_LIST_SIZE\n"
    "F81001,AF,270,TOTAL,13500\nF81001,DM,900,17OV,10800\nF81001,DEP,0,18OV,10700\n"
    "F81003,AF,59,TOTAL,5900\nF81003,DM,300,17OV,4800\nF81003,OST,0,50OV,0\n"
)
APPOINTMENTS = (
    "Appointment Month Start Date,GP_CODE,GP_NAME,SUPPLIER,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,"
    "SUB_ICB_LOCATION_NAME,Same Day,1 Day,2 to 7 Days,8  to 14 Days,15  to 21 Days,22  to 28 Days,"
    "More than 28 Days,Unknown / Data Quality\n"
    "Apr-25,F81001,DR KHAN,TPP,U27924,BENFLEET PCN,99F,N,2000,200,1000,500,200,80,17,3\n"
    "Apr-25,F81003,CARNAVON,TPP,U,UNALLOCATED,99G,N,0,0,0,0,0,0,0,40\n"
    "Apr-25,F81003,CARNAVON,EMIS,U,UNALLOCATED,99G,N,10,0,0,0,0,0,0,0\n"
)
PAYMENTS = (
    "\ufeffPractice Code,Practice Name,Contract Type,Dispensing Practice,Practice Rurality,"
    "Average Number of Registered Patients,Average Number of Weighted Patients,"
    "Average payments per registered patient,Global Sum\r\n"
    "F81001,DR KHAN,GMS,No,Urban,13400.5,11478.61,139.57,1\r\n"
    "F81003,CARNAVON,Unknown,Unknown,Urban,0,0,0,0\r\n"
)
SURVEY = (
    "ad_practicecode,ad_practicename,distributed,received,overallexp.pcteval,"
    "gpcontactoverall.pcteval\nF81001,Dr Khan,400,120,0.7421,0.61\nF81003,Carnavon,300,90,/,0.5\n"
)
POPULATION = (
    "Mid-2022 population estimates\n\n"
    "LAD 2023 Code,LAD 2023 Name,LSOA 2021 Code,LSOA 2021 Name,Total,F0 to 15,F16 to 29,F30 to 44,"
    "F45 to 64,F65 and over,M0 to 15,M16 to 29,M30 to 44,M45 to 64,M65 and over\n"
    'E07000069,Castle Point,E01000001,A,"1,600",150,150,150,150,200,150,150,150,150,200\n'
    "E06000033,Southend,E01034002,B,1500,150,150,150,150,150,150,150,150,150,150\n"
)
PROJECTIONS = (
    "AREA_CODE,AREA_NAME,COMPONENT,SEX,AGE_GROUP,2022,2023,2024\n"
    "E06000034,Thurrock,Population,males,0,600,610,620\n"
    "E06000034,Thurrock,Population,females,0,400,406.1,412\n"
    "E06000034,Thurrock,Births,males,0,9,9,9\n"
)
LSOA_ICB = (
    "LSOA11CD,LSOA11NM,SICBL23CD,SICBL23CDH,SICBL23NM,ICB23CD,ICB23CDH,ICB23NM,LAD23CD,LAD23NM\n"
    "E01000001,A,E38000030,99F,NHS MSE - 99F,E54000026,QH8,NHS Mid and South Essex,E07000069,C\n"
)
PARTNERS = (
    '"F81001","DR KHAN","99F","NHS MID AND SOUTH ESSEX ICB - 99F","U27924","BENFLEET PCN","99F",'
    '"NHS MID AND SOUTH ESSEX ICB - 99F","20190701","","Y"\n'
    '"F81003","CARNAVON","99G","NHS MID AND SOUTH ESSEX ICB - 99G","U99999","OLD PCN","99G",'
    '"NHS MID AND SOUTH ESSEX ICB - 99G","20190701","20210331","Y"\n'
)
SUCCESSORS = '"F81101","F81100","R","20250701",""\n"F81900","F81901","R","20010101","1"\n'
PHARMACIES = EPRACCUR.split("\n", 1)[0].replace("F81001", "FA002") + "\n"
DENTAL_SITES = EPRACCUR.split("\n", 1)[0].replace("F81001", "V012345") + "\n"
OPTICIANS = EPRACCUR.split("\n", 1)[0].replace("F81001", "TP4AB") + "\n"
_WORK = (
    "PRAC_CODE,PRAC_NAME,SUB_ICB_CODE,PCN_CODE,TOTAL_PATIENTS,MALE_PATIENTS_0TO4,TOTAL_GP_HC,"
    "TOTAL_GP_EXTG_HC,TOTAL_GP_EXTGL_HC,TOTAL_GP_FTE,TOTAL_GP_EXTG_FTE,TOTAL_GP_EXTGL_FTE,"
    "TOTAL_NURSES_FTE,TOTAL_DPC_FTE,TOTAL_ADMIN_FTE\n"
)
WORKFORCE = (
    _WORK + "F81001,DR KHAN,99F,U27924,13602,1,13,8,7,12.0933333334,7.4,6.4,2.3,0.93,12.2\n"
    "F81003,CARNAVON,99G,U,5988,1,NA,NA,NA,NA,NA,NA,NA,0.6,0.4\n"
    "F81100,COLCHESTER,06T,U1,9000,1,2,0,0,2,0,0,0,0,0\n"
)
WORKFORCE_2022 = (
    _WORK + "F81001,DR KHAN,99F,U27924,13602,1,13,8,7,12.0933333334,7.4,6.4,2.3,0.93,12.2\n"
    "F81003,CARNAVON,99G,U,5988,1,0,0,0,0,0,0,0,0,0\n"
    "F81100,COLCHESTER,06T,U1,9000,1,ND,ND,ND,ND,ND,ND,1,1,1\n"
)
WORKFORCE_2017 = (
    "PRAC_CODE,PRAC_NAME,CCG_CODE,TOTAL_PATIENTS,TOTAL_GP_HC,TOTAL_GP_EXL_HC,TOTAL_GP_EXRL_HC,"
    "TOTAL_GP_EXRRL_HC,TOTAL_GP_REG_ST3_4_HC,TOTAL_GP_REG_F1_2_HC,TOTAL_GP_LOCUM_VAC_HC,"
    "TOTAL_GP_LOCUM_ABS_HC,TOTAL_GP_LOCUM_OTH_HC,TOTAL_GP_FTE,TOTAL_GP_EXL_FTE,TOTAL_GP_EXRL_FTE,"
    "TOTAL_GP_EXRRL_FTE,TOTAL_GP_REG_ST3_4_FTE,TOTAL_GP_REG_F1_2_FTE,TOTAL_GP_LOCUM_VAC_FTE,"
    "TOTAL_GP_LOCUM_ABS_FTE,TOTAL_GP_LOCUM_OTH_FTE,TOTAL_NURSES_FTE\n"
    "F81001,DR KHAN,99F,13602,10,9,7,7,2,1,1,0,0,9,8.5,6,6,1.5,1,0.25,0.25,0,2\n"
    "F81003,CARNAVON,99G,5988,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND,ND\n"
)
INDIVIDUALS = (
    "COMM_REGION_CODE,COMM_REGION_NAME,ICB_CODE,ICB_NAME,SUB_ICB_CODE,SUB_ICB_NAME,DATA_SOURCE,"
    "UNIQUE_IDENTIFIER,STAFF_GROUP,DETAILED_STAFF_ROLE,STAFF_ROLE,AGE_BAND,AGE_YEARS,GENDER,FTE\n"
    "Y61,E,QH8,M,99F,N,P,1,GP,Salaried GPs,Salaried GPs,35-39,36,Female,0.5\n"
    "Y61,E,QH8,M,99F,N,P,2,GP,Salaried GPs,Salaried GPs,35-39,38,Female,0.75\n"
    "Y61,E,QH8,M,99F,N,P,3,GP,Senior Partners,Partners,60-64,61,Male,NA\n"
)
DENTISTS = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": code,
                "geometry": {"type": "Point", "coordinates": [longitude, latitude]},
                "properties": {
                    "practice_id": code, "practice_name": "Teeth", "address": "1 Road",
                    "postcode": "SS7 4EA", "area_code": area, "accepting_adults": adults,
                    "accepting_children": "no",
                },
            }
            for code, longitude, latitude, area, adults in (
                ("V001573", 0.548, 51.571, "LSOA::E01000001", "yes"),
                ("NHS-02BAE4", 0.549, 51.572, "COUNTY::ESSEX", "no"),
                ("V000001", -2.2, 53.5, "LSOA::E01005041", "yes"),
            )
        ],
    }
)  # fmt: skip


def boundaries(prefix: str = "LSOA11") -> str:
    """Three squares of some 100 m in longitude and latitude."""
    features = []
    for number in (1, 2, 3):
        west, south = 0.5 + number / 10, 51.5
        ring = [
            [west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01],
            [west, south],
        ]  # fmt: skip
        features.append(
            {
                "type": "Feature",
                "properties": {f"{prefix}CD": f"E0100000{number}", f"{prefix}NM": f"A {number}"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    return json.dumps({"type": "FeatureCollection", "features": features})


def imd_workbook(year: int = 2011, rows: int = 3) -> bytes:
    """An Excel file with a notes sheet and the IMD sheet, like File 1."""
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "Notes"
    notes.append(["Indices of Deprivation"])
    sheet = book.create_sheet("IMD")
    districts = 2019 if year == 2011 else 2024
    tail = "" if year == 2011 else " (where 1 is most deprived)"
    sheet.append(
        [
            f"LSOA code ({year})", f"LSOA name ({year})",
            f"Local Authority District code ({districts})",
            f"Local Authority District name ({districts})",
            f"Index of Multiple Deprivation (IMD) Rank{tail}",
            f"Index of Multiple Deprivation (IMD) Decile{tail}",
        ]
    )  # fmt: skip
    if year == 2011:
        values = [("E01000001", 29199, 9), ("E01000002", 100, 1), ("E01000003", 14915, 5)]
    else:
        values = [("E01000001", 26525, 8), ("E01034002", 300, 1), ("E01034003", 900, 1),
                  ("E01000003", 25913, 8)]  # fmt: skip
    for code, rank, decile in values[: rows + 1]:
        sheet.append([code, f"Place {code}", "E07000069", "Castle Point", rank, decile])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def ods(sheets: dict[str, list[list[object]]]) -> bytes:
    """An OpenDocument spreadsheet as office programs write it: text in paragraphs, numbers as
    attributes, empty rows and columns counted to the edge of the sheet."""

    def cell(value: object) -> str:
        if value is None:
            return "<table:table-cell/>"
        if isinstance(value, (int, float)):
            kind = f'office:value-type="float" office:value="{value}"'
            return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"
        lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
        return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'

    rest = '<table:table-cell table:number-columns-repeated="16000"/>'
    end = f'<table:table-row table:number-rows-repeated="1048000">{rest}</table:table-row>'
    tables = "".join(
        f'<table:table table:name="{escape(name)}"><table:table-column/>'
        + "".join(
            f"<table:table-row>{''.join(map(cell, row))}{rest}</table:table-row>" for row in rows
        )
        + f"{end}</table:table>"
        for name, rows in sheets.items()
    )
    return ods_of(tables)


def ods_of(tables: str, prolog: str = "") -> bytes:
    """An OpenDocument spreadsheet around the XML of its tables."""
    names = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<office:document-content{names}>'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
        "</office:document-content>"
    )
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content.encode(),
        }
    )


def xls(sheets: dict[str, list[list[object]]]) -> bytes:
    """An Excel file of before 2007."""
    book = xlwt.Workbook()
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for y, row in enumerate(rows):
            for x, value in enumerate(row):
                if value is not None:
                    sheet.write(y, x, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def sheet_rows(text: str) -> list[list[object]]:
    """The cells of a CSV text, numbers as numbers, as someone would have typed them."""

    def typed(cell: str) -> object:
        try:
            return float(cell.replace(",", "")) if cell else None
        except ValueError:
            return cell

    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    return [[typed(cell) for cell in row] for row in rows]


def geopackage_path(folder: Path, prefix: str = "LSOA11") -> Path:
    """The squares of `boundaries` as a GeoPackage."""
    path = folder / f"{prefix}-sample.gpkg"
    squares(prefix).to_file(path, layer="Areas of England", engine="pyogrio")
    return path


def geopackage(folder: Path, prefix: str = "LSOA11") -> bytes:
    """The bytes of that."""
    return geopackage_path(folder, prefix).read_bytes()


def shapefile(folder: Path, prefix: str = "LSOA11") -> bytes:
    """The squares of `boundaries` as a zipped shapefile in the national grid."""
    place = folder / f"{prefix}-shape"
    place.mkdir()
    squares(prefix).to_crs(27700).to_file(place / "Areas.shp", engine="pyogrio")
    return zipped({f"Boundaries/{p.name}": p.read_bytes() for p in sorted(place.iterdir())})


def squares(prefix: str) -> gpd.GeoDataFrame:
    return gpd.read_file(io.BytesIO(boundaries(prefix).encode()))


PCN_STAFF = (
    "Data_source,CENSUS_YEAR,CENSUS_MONTH,PCN_CODE,PCN_NAME,SUB_ICB_CODE,SUB_ICB_NAME,ICB_CODE,"
    "ICB_NAME,COMM_REGION_CODE,COMM_REGION_NAME,STAFF_GROUP,STAFF_ROLE,DETAILED_STAFF_ROLE,FTE,"
    "UNIQUE_IDENTIFIER\n"
    "NWRS Staff,2022,9,U27924,BENFLEET PCN,99F,99F,QH8,MSE,Y61,East of England,"
    "Other Direct Patient Care staff,Pharmacists,Pharmacist,1,1\n"
    "NWRS Staff,2022,9,U27924,BENFLEET PCN,99F,99F,QH8,MSE,Y61,East of England,"
    "Other Direct Patient Care staff,Pharmacists,Pharmacist,0.5,2\n"
    "NWRS contracted services,2022,9,U27924,BENFLEET PCN,99F,99F,QH8,MSE,Y61,East of England,"
    "Directors,Managers,Manager,NA,NA\n"
)


# source -> (a file name, its content as bytes)
OWN_MEASURES = (
    "practice_code,measure,numerator,denominator,value,unit,period,source\n"
    "F81001,Health checks,40,50,80,%,2024-25,NHS England\n"
    "F81003,Health checks,3,20,,%,2024-25,NHS England\n"
    "F81100,Health checks,30,60,50.0,%,2024-25,NHS England\n"
)
MINUTES = (
    "origin,destination,mode,minutes,source\n"
    "E01000001,F81001,walk,12.5,r5\n"
    "E01000001,F81003,car,9,r5\n"
    "E01000002,F81001,Walking,31,r5\n"
)
_JTS_MODES = ("PT", "Cyc", "Car", "Walk")


def jts_workbook() -> bytes:
    """Two years under the headings of JTS0505: on foot is in that of 2019 alone, which is a minute
    quicker.
    """
    notes = [
        ["Department for Transport statistics"], ["JTS0505"], ["Travel time to GPs"],
        ["LSOA, England"], ["1 The shortest"], ["Field codes"],
    ]  # fmt: skip
    place = ["LSOA_code", "Region", "LA_Code", "LA_Name", "GP_pop"]
    sheets = {}
    for year, modes, quicker in (("2017", _JTS_MODES[:3], 0), ("2019", _JTS_MODES, 1)):
        within = [f"{limit}{kind}" for kind in ("n", "pct") for limit in (15, 30, 45, 60)]
        fields = [f"GP{mode}{end}" for mode in modes for end in ("t", *within)]
        rows = [
            [code, "London", "E09000001", "City", 900]
            + [cell for minutes in times[: len(modes)] for cell in (minutes, *[9] * 8)]
            for code, times in (
                ("E01000001", (9.5 - quicker, 8, 7.25, 9.5)),
                ("E01000002", (12 - quicker, 9, None, 14.5)),
            )
        ]
        sheets[year] = [*notes, [*place, *fields], *rows]
    return ods(sheets)


CARS = (
    "date,geography,geography code,Number of cars or vans: Total: All households,"
    "Number of cars or vans: No cars or vans in household,"
    "Number of cars or vans: 1 car or van in household\n"
    "2021,A,E01000001,100,40,60\n2021,B,E01000002,200,20,180\n2021,C,E01034081,50,10,40\n"
)

FILES: dict[str, tuple[str, bytes]] = {
    "ods_practices": ("epraccur.csv", EPRACCUR.encode()),
    "pcn_core_partners": ("epcncorepartnerdetails.csv", PARTNERS.encode()),
    "pcn_membership": ("mapping-2025-08.csv", MAPPING.encode()),
    "ods_successors": ("succ.csv", SUCCESSORS.encode()),
    "list_sizes": ("lists.csv", LISTS_NEW.encode()),
    "registrations_lsoa": ("by-lsoa.csv", BY_LSOA.encode()),
    "workforce": ("General Practice – December 2025 Practice Level.csv", WORKFORCE.encode()),
    "workforce_individual": ("GP – August 2024 Individual Level.csv", INDIVIDUALS.encode()),
    "pcn_workforce": ("PCN individual.csv", PCN_STAFF.encode()),
    "imd2019": ("File_1_IMD2019.xlsx", imd_workbook(2011)),
    "imd2025": ("File_1_IoD2025.xlsx", imd_workbook(2021)),
    "barriers2019": ("barriers.csv", BARRIERS.encode()),
    "lsoa11_lsoa21": ("lookup.csv", LOOKUP_2021.encode("latin-1")),
    "lsoa_icb": ("icb-lookup-2023.csv", LSOA_ICB.encode()),
    "rural_urban2011": ("ruc.csv", RURAL.encode()),
    "postcodes": ("postcodes-2022-05.csv", POSTCODES.encode()),
    "lsoa_population": ("population-mid-2022.csv", POPULATION.encode()),
    "population_projections": ("snpp-2022.csv", PROJECTIONS.encode()),
    "boundaries_lsoa11": ("lsoa.geojson", boundaries().encode()),
    "qof": ("QOF_2022-23.csv", QOF.encode()),
    "qof_prevalence": ("PREVALENCE_2324.csv", QOF_PREVALENCE.encode()),
    "cqc": ("cqc.csv", CQC.encode()),
    "appointments": ("appointments.csv", APPOINTMENTS.encode()),
    "survey": ("GPPS_2025.csv", SURVEY.encode()),
    "payments": ("nhspayments-22-23.csv", PAYMENTS.encode()),
    "allocations": ("allocations_2025-26.csv", ALLOCATIONS.encode()),
    "pharmacies": ("edispensary.csv", PHARMACIES.encode()),
    "dentists": ("dentists_2026-02.geojson", DENTISTS.encode()),
    "dental_sites": ("egdpprac.csv", DENTAL_SITES.encode()),
    "opticians": ("eoptsite.csv", OPTICIANS.encode()),
    "travel_minutes": ("minutes.csv", MINUTES.encode()),
    "jts_gp": ("jts0505.ods", jts_workbook()),
    "cars2021": ("census2021-ts045-lsoa.csv", CARS.encode()),
    "own_measures": ("health checks.csv", OWN_MEASURES.encode()),
}


def write(folder: Path, *sources: str) -> Path:
    """Write the sample files of these sources (all when none is named) into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources or FILES:
        name, content = FILES[source]
        (folder / name).write_bytes(content)
    return folder


def gzipped(content: bytes) -> bytes:
    """Gzip without a time stamp, so that it is the same every time."""
    return gzip.compress(content, mtime=0)
