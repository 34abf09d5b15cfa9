"""Organisations: ODS lists (no headings), PCN membership, successors, dentists."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from pcs_dash.official.archive import InputFile
from pcs_dash.official.cell_types import convert
from pcs_dash.official.layout import LSOA_ENGLAND_WALES, ODS_ANY, ODS_PRACTICE, Column, Layout
from pcs_dash.tables.no_value import NO_PCN, NOT_KNOWN

_STATUS = {"A": "active", "C": "closed", "D": "dormant", "P": "proposed"}
GP_PRACTICE_SETTING = "4"
GEOJSON_BYTES = 64 * 1024**2


def _ods_layout(code_pattern: str, what: str) -> Layout:
    """The 27 columns that every ODS list of sites shares; the code tells which list it is."""
    return Layout(
        columns=(
            Column(
                f"{what}_code",
                ("0",),
                "code",
                "ODS code",
                # Newer codes take other forms: the list is told by nine in ten of its codes.
                pattern=ODS_ANY,
            ),
            Column(f"{what}_name", ("1",), "text", "name"),
            Column("region_code", ("2",), "code", "national grouping (region)", nullable=True),
            Column("icb_code", ("3",), "code", "health geography (ICB)", nullable=True),
            Column("address_1", ("4",), "text", "address, line 1", nullable=True),
            Column("address_2", ("5",), "text", "address, line 2", nullable=True),
            Column("town", ("6",), "text", "address, line 3", nullable=True),
            Column("postcode", ("9",), "postcode", "postcode", nullable=True),
            Column("opened", ("10",), "date", "date opened", nullable=True),
            Column("closed", ("11",), "date", "date closed; none while open", nullable=True),
            Column("status", ("12",), "code", "A active, C closed, D dormant, P proposed"),
            Column(
                "sub_icb_code", ("14",), "code", "commissioner (sub-ICB location)", nullable=True
            ),
            Column(
                "prescribing_setting",
                ("25",),
                "code",
                "kind of site; 4 is a GP practice",
                nullable=True,
            ),
        ),
        key=(f"{what}_code",),
        headless=True,
        widths=(26, 30),
        probe={0: code_pattern, 10: r"(\d{8}|\d{4}-\d\d-\d\d|)", 12: r"[ACDP]"},
    )


ODS_PRACTICES = _ods_layout(r"([A-Z]\d{5}|[A-Z]{3}\d{3})", "practice")
PHARMACIES = _ods_layout(r"F[A-Z][A-Z0-9]\d\d", "pharmacy")
DENTAL_SITES = _ods_layout(r"V\d{6}", "dentist")
OPTICIANS = _ods_layout(r"T[A-Z0-9]{2,7}", "optician")


def load_ods_practices(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Every GP practice and prescribing cost centre, open and closed (epraccur).

    Adds `is_gp_practice` (prescribing setting 4) and spells out the status.
    """
    table = load_ods(file, table)
    return table.assign(
        is_gp_practice=(table["prescribing_setting"] == GP_PRACTICE_SETTING).fillna(False)
    )


def load_ods(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """A list of sites of the ODS (edispensary, egdpprac, eoptsite), its status spelt out."""
    unknown = ~table["status"].isin(list(_STATUS))
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise file.fault(
            f"Row {row + 1}: status {table['status'].iloc[row]!r} is none of A, C, D, P."
        )
    return table.assign(status=table["status"].map(_STATUS))


PCN_MEMBERSHIP = Layout(
    columns=(
        Column(
            "practice_code",
            ("GP_CODE", "PRACTICE_CODE"),
            "code",
            "ODS code of the practice",
            pattern=ODS_PRACTICE,
        ),
        Column("practice_name", ("GP_NAME", "PRACTICE_NAME"), "text", "name of the practice"),
        Column("supplier", ("SUPPLIER",), "text", "GP system", required=False, nullable=True),
        Column(
            "pcn_code", ("PCN_CODE",), "code", "primary care network", nullable=True, missing=NO_PCN
        ),
        Column("pcn", ("PCN_NAME",), "text", "name of the network", nullable=True, missing=NO_PCN),
        Column("sub_icb_code", ("SUB_ICB_LOCATION_CODE",), "code", "sub-ICB location"),
        Column("sub_icb", ("SUB_ICB_LOCATION_NAME",), "text", "name of the sub-ICB location"),
        Column("icb_code", ("ICB_CODE",), "code", "integrated care board"),
        Column("icb", ("ICB_NAME",), "text", "name of the integrated care board"),
        Column("region_code", ("REGION_CODE", "COMM_REGION_CODE"), "code", "NHS England region"),
        Column("region", ("REGION_NAME", "COMM_REGION_NAME"), "text", "name of the region"),
    ),
)


def load_pcn_membership(file: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Practice -> PCN -> sub-ICB -> ICB -> region, one row a practice.

    The published file has a row for each GP system a practice used in the month; those rows are
    made one, with the systems listed. Networks and areas are told by their codes: their names are
    spelt in several ways. A practice in two networks is refused.
    """
    places = ["practice_code", "pcn_code", "sub_icb_code", "icb_code", "region_code"]
    distinct = table.drop_duplicates(places)
    twice = distinct.loc[distinct["practice_code"].duplicated(keep=False), "practice_code"]
    if not twice.empty:
        raise file.fault(
            "These practices are in more than one network, ICB or region: "
            + ", ".join(sorted(set(twice))[:10])
            + "."
        )
    if "supplier" in table.columns:
        systems = (
            table.dropna(subset=["supplier"])
            .sort_values(["practice_code", "supplier"])
            .drop_duplicates(["practice_code", "supplier"])
            .groupby("practice_code")["supplier"]
            .agg(", ".join)
        )
        distinct = distinct.assign(supplier=distinct["practice_code"].map(systems))
    return distinct.sort_values("practice_code").reset_index(drop=True)


PCN_CORE_PARTNERS = Layout(
    columns=(
        Column("practice_code", ("0",), "code", "ODS code of the practice", pattern=ODS_ANY),
        Column("practice_name", ("1",), "text", "name of the practice", nullable=True),
        Column("sub_icb_code", ("2",), "code", "sub-ICB location of the practice", nullable=True),
        Column("sub_icb", ("3",), "text", "name of the sub-ICB location", nullable=True),
        Column("pcn_code", ("4",), "code", "primary care network", pattern=r"^U\d{5}$"),
        Column("pcn", ("5",), "text", "name of the network"),
        Column("joined", ("8",), "date", "date joined", nullable=True),
        Column("left", ("9",), "date", "date left; none for a member", nullable=True),
    ),
    headless=True,
    widths=(10, 13),
    probe={0: r"[A-Z][A-Z0-9]{2}\d{3}", 4: r"U\d{5}", 8: r"(\d{8}|\d{4}-\d\d-\d\d|)"},
)


def load_pcn_core_partners(_: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Current members of each PCN (ePCN core partner details): rows with a leaving date go."""
    current = table[table["left"].isna()].drop(columns="left")
    twice = current.loc[current["practice_code"].duplicated(keep=False)]
    if not twice.empty:
        # ODS lists practices that are core partners of two networks: the later membership counts.
        current = current.sort_values(["practice_code", "joined"]).drop_duplicates(
            "practice_code", keep="last"
        )
    return current.sort_values("practice_code").reset_index(drop=True)


SUCCESSORS = Layout(
    columns=(
        Column("practice_code", ("0",), "code", "code of the closed organisation"),
        Column("successor_code", ("1",), "code", "code of its successor"),
        Column("effective", ("3",), "date", "date of succession", nullable=True),
    ),
    headless=True,
    widths=(4, 6),
    probe={0: r"[A-Z0-9]{3,9}", 1: r"[A-Z0-9]{3,9}", 2: r"[A-Z]?", 3: r"(\d{8}|\d{4}-\d\d-\d\d|)"},
)


def load_successors(_: InputFile, table: pd.DataFrame) -> pd.DataFrame:
    """Successor organisations of the ODS: closed code, successor code, date."""
    return table.drop_duplicates().sort_values(["practice_code", "effective"], ignore_index=True)


DENTISTS = Layout(
    columns=(
        Column(
            "dentist_code",
            ("practice_id",),
            "code",
            "NHS dental practice",
            pattern=r"^[A-Z0-9_-]{3,30}$",
        ),
        Column("dentist_name", ("practice_name",), "text", "name"),
        Column("address", ("address",), "text", "address", nullable=True),
        Column("postcode", ("postcode",), "postcode", "postcode", nullable=True),
        Column(
            "lsoa_code",
            ("area_code",),
            "code",
            "LSOA it stands in",
            nullable=True,
            pattern=LSOA_ENGLAND_WALES,
        ),
        Column(
            "accepting_adults",
            ("accepting_adults",),
            "yes_no",
            "takes new adults",
            nullable=True,
            missing=NOT_KNOWN,
        ),
        Column(
            "accepting_children",
            ("accepting_children",),
            "yes_no",
            "takes new children",
            nullable=True,
            missing=NOT_KNOWN,
        ),
        Column("longitude", ("longitude",), "float", "longitude", minimum=-9, maximum=3),
        Column("latitude", ("latitude",), "float", "latitude", minimum=49, maximum=61),
    ),
    key=("dentist_code",),
)


def load_dentists(file: InputFile) -> pd.DataFrame:
    """NHS dental practices with coordinates (a GeoJSON compiled by a third party)."""
    features = read_features(file)
    texts: dict[str, list[str]] = {c.name: [] for c in DENTISTS.columns}
    for feature in features:
        properties = feature.get("properties") or {}
        geometry = feature.get("geometry") or {}
        where = geometry.get("coordinates") if geometry.get("type") == "Point" else None
        at = where if isinstance(where, list) and len(where) >= 2 else ["", ""]
        for column in DENTISTS.columns[:-2]:
            value = properties.get(column.sources[0], "")
            texts[column.name].append("" if value is None else str(value).strip())
        texts["longitude"].append(str(at[0]))
        texts["latitude"].append(str(at[1]))
    texts["lsoa_code"] = [
        # Some stand for a county only: their LSOA is not known.
        t.removeprefix("LSOA::") if t.startswith("LSOA::") else ""
        for t in texts["lsoa_code"]
    ]
    arrays = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    return convert(file, arrays, DENTISTS, first_row=1)


def read_features(file: InputFile) -> list[dict[str, Any]]:
    """The features of a GeoJSON file; InputFileError when it is none or too large."""
    if file.path.stat().st_size > GEOJSON_BYTES:
        raise file.fault("The GeoJSON is larger than 64 MB, far more than the list of dentists.")
    try:
        content = json.loads(file.path.read_bytes())
    except (ValueError, RecursionError) as fault:
        raise file.fault(f"It is no valid JSON ({str(fault)[:80]}).") from fault
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise file.fault("It is JSON, but no GeoJSON FeatureCollection.")
    if not features:
        raise file.fault("The GeoJSON holds no features.")
    return features
