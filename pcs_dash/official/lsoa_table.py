"""One row an LSOA of 2011 in England, and each practice's patients by the IMD of their LSOA."""

from __future__ import annotations

import pandas as pd

from pcs_dash.measures.registrations import patient_weighted, quintile_mix
from pcs_dash.official.loaded_areas import NO_ICB
from pcs_dash.official.loaders.registrations import lsoa_vintage
from pcs_dash.official.practice_table import Read, Rows
from pcs_dash.tables.constants import LSOAS_IN_ENGLAND
from pcs_dash.tables.dataset import JoinReport, quintile_of_rank, with_words


def build_lsoas(
    read: Read, practices: pd.DataFrame, registrations: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[JoinReport]]:
    """One row an LSOA of 2011 in England: deprivation, district, rural class, patients, ICB."""
    imd2019 = read("imd2019")
    if imd2019 is None:
        return pd.DataFrame(), []
    lsoas = imd2019.rename(
        columns={
            "lsoa_code": "lsoa11cd",
            "lsoa_name": "lsoa11nm",
            "population": "population_2015",
            **{
                f"imd_{what}": f"imd2019_{what}" for what in ("rank", "decile", "quintile", "score")
            },
        }
    )
    lookup = read("lsoa11_lsoa21")
    if lookup is not None:
        newest = lookup.drop_duplicates("lsoa11cd").set_index("lsoa11cd")
        for column in ("district_code", "district"):
            lsoas[column] = lsoas["lsoa11cd"].map(newest[column]).fillna(lsoas[column])
    rows = Rows(lsoas, "lsoa11cd")
    if lookup is not None and (imd2025 := read("imd2025")) is not None:
        rows.join(imd2025_on_lsoa11(imd2025, lookup).reset_index(), "LSOAs with IMD 2025")
    for source, columns, name in (
        ("barriers2019", ["gp_road_km"], "LSOAs with road distance to a GP"),
        ("rural_urban2011", ["rural_urban", "rural"], "LSOAs with rural-urban class"),
    ):
        table = read(source)
        if table is not None:
            table = table[["lsoa_code", *columns]].rename(columns={"lsoa_code": "lsoa11cd"})
            table = table[table["lsoa11cd"].str.startswith("E")]
            rows.join(table, name)
    boundaries = read("boundaries_lsoa11")
    if boundaries is not None:
        points = boundaries.geometry.representative_point()
        where = pd.DataFrame(
            {"lsoa11cd": boundaries["code"], "easting": points.x, "northing": points.y}
        )
        rows.join(where, "LSOAs with boundaries")
    lsoas = _with_patients(rows.table, practices, registrations)
    lsoas = _with_lsoa_icb(lsoas, practices, read("lsoa_icb"))
    return lsoas.sort_values("lsoa11cd").reset_index(drop=True), rows.reports


def imd2025_on_lsoa11(imd2025: pd.DataFrame, lookup: pd.DataFrame) -> pd.DataFrame:
    """IMD 2025 carried to LSOAs of 2011: index lsoa11cd, imd2025_rank, _quintile, _split, _parts.

    Unchanged LSOAs keep their rank; where the lookup names several parts (split, merged or
    otherwise changed) the rank is the mean of the parts' ranks. England only.
    """
    pairs = lookup[lookup["lsoa11cd"].str.startswith("E")].merge(
        imd2025[["lsoa_code", "imd_rank"]],
        left_on="lsoa21cd",
        right_on="lsoa_code",
        how="left",
        validate="m:1",
    )
    grouped = pairs.sort_values("lsoa21cd").groupby("lsoa11cd")
    # A part without a rank leaves the whole without one.
    complete = grouped["imd_rank"].count() == grouped.size()
    rank = grouped["imd_rank"].mean().where(complete)
    first = pairs.drop_duplicates("lsoa11cd").set_index("lsoa11cd")["lsoa21cd"]
    several = pairs[pairs["lsoa11cd"].duplicated(keep=False)].sort_values("lsoa21cd")
    parts = first.reindex(rank.index)
    parts.update(several.groupby("lsoa11cd")["lsoa21cd"].agg(" ".join))
    return pd.DataFrame(
        {
            "imd2025_rank": rank.astype("float64"),
            "imd2025_quintile": quintile_of_rank(rank, LSOAS_IN_ENGLAND["2025"]),
            "imd2025_split": parts.str.contains(" "),
            "imd2025_parts": parts,
        }
    )


def _with_patients(
    lsoas: pd.DataFrame, practices: pd.DataFrame, registrations: pd.DataFrame | None
) -> pd.DataFrame:
    if registrations is None:
        return lsoas
    by_lsoa = registrations.groupby("lsoa_code", observed=True)["patients"]
    lsoas["registered_patients"] = lsoas["lsoa11cd"].map(by_lsoa.sum()).astype("Int64")
    sub_icb = practices.set_index("practice_code")["sub_icb_code"]
    mapped = registrations["practice_code"].astype(str).map(sub_icb)
    by_place = (
        registrations.assign(sub_icb_code=mapped)
        .dropna(subset=["sub_icb_code"])
        .groupby(["lsoa_code", "sub_icb_code"], observed=True)["patients"]
        .sum()
        .reset_index()
    )
    main = by_place.loc[by_place.groupby("lsoa_code", observed=True)["patients"].idxmax()]
    lsoas["sub_icb_code"] = lsoas["lsoa11cd"].map(main.set_index("lsoa_code")["sub_icb_code"])
    return lsoas


def _with_lsoa_icb(
    lsoas: pd.DataFrame, practices: pd.DataFrame, lookup: pd.DataFrame | None
) -> pd.DataFrame:
    """The ICB of each LSOA: by the ONS lookup, else where most of its patients are registered,
    else where most practices of its district are.
    """
    lsoas = with_words(lsoas, ["sub_icb_code"])
    basis = pd.Series("registrations", index=lsoas.index, dtype="str")
    icb_of = practices.drop_duplicates("sub_icb_code").set_index("sub_icb_code")["icb_code"]
    icb = lsoas["sub_icb_code"].map(icb_of)
    if lookup is not None:
        by_code = lookup.set_index("lsoa_code")
        official = lsoas["lsoa11cd"].map(by_code["icb_code"])
        basis = basis.mask(official.notna(), "ONS lookup")
        icb = official.fillna(icb)
        lsoas["sub_icb_code"] = (
            lsoas["lsoa11cd"].map(by_code["sub_icb_code"]).fillna(lsoas["sub_icb_code"])
        )
    if "district_code" in practices.columns:
        main = practices.groupby("district_code")["icb_code"].agg(
            lambda codes: codes.mode().iloc[0]
        )
        gap = icb.isna()
        icb = icb.fillna(lsoas["district_code"].map(main))
        basis = basis.mask(gap, "district")
    return lsoas.assign(icb_code=icb.fillna(NO_ICB), icb_basis=basis.where(icb.notna()))


def on_lsoas_of_2011(
    registrations: pd.DataFrame | None, lookup: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, list[JoinReport]]:
    """Registrations on LSOAs of 2011, on which maps and IMD 2019 stand.

    Registrations by LSOA of 2021 (since 2024) are carried back: unchanged LSOAs keep their
    code, parts of a split LSOA add up to it. LSOAs that were merged or otherwise redrawn can't
    be told apart again: they keep their code of 2021, match no LSOA, and are reported. Without
    the lookup nothing can be joined, and None is returned.
    """
    if registrations is None or lsoa_vintage(registrations["lsoa_code"]) == 2011:
        return registrations, []
    if lookup is None:
        return None, []
    single = lookup[~lookup["lsoa21cd"].duplicated(keep=False)].set_index("lsoa21cd")["lsoa11cd"]
    codes = registrations["lsoa_code"].astype("str")
    back = codes.map(single)
    known = codes.str.match(r"[EW]01")
    lost = known & back.isna()
    report = JoinReport(
        "registrations by LSOA of 2021 on LSOAs of 2011",
        "m:1",
        len(registrations),
        len(single),
        int((known & ~lost).sum()),
        tuple(sorted(set(codes[lost]))),
        (),
    )
    moved = registrations.assign(lsoa_code=back.fillna(codes))
    carried = pd.DataFrame(
        moved.groupby(["period", "practice_code", "lsoa_code"], observed=True, as_index=False)[
            ["patients"]
        ].sum()
    )
    for column in ("practice_code", "lsoa_code"):
        carried[column] = carried[column].astype("category")
    return carried, [report]


def surroundings(registrations: pd.DataFrame, lsoas: pd.DataFrame) -> pd.DataFrame:
    """Where each practice's patients live: index practice_code, patients_gp_road_km (mean road
    distance from home to the nearest GP surgery, km) and patients_rural_per_cent, each where its
    source is loaded. `registrations` on LSOAs of 2011.
    """
    by_code = lsoas.set_index("lsoa11cd")
    found = {}
    for column, name, times in (
        ("gp_road_km", "patients_gp_road_km", 1),
        ("rural", "patients_rural_per_cent", 100),
    ):
        if column in by_code.columns:
            values = times * by_code[column].astype("Float64").astype("float64")
            found[name] = patient_weighted(registrations, values)["value"]
    return pd.DataFrame(found)


def quintile_mixes(registrations: pd.DataFrame, lsoas: pd.DataFrame, read: Read) -> pd.DataFrame:
    """Each practice's patients by IMD quintile (both editions), the patient-weighted mean rank
    and, where scores are loaded, the patient-weighted scores. Index practice_code.
    """
    by_code = _imd_values(lsoa_vintage(registrations["lsoa_code"]), lsoas, read)
    parts = []
    for edition in ("2019", "2025"):
        if f"imd{edition}_quintile" not in by_code.columns:
            continue
        mix = quintile_mix(registrations, by_code[f"imd{edition}_quintile"])
        parts.append(mix.add_prefix(f"imd{edition}_"))
        rank = patient_weighted(registrations, by_code[f"imd{edition}_rank"])["value"]
        parts.append(rank.rename(f"imd{edition}_rank_mean").to_frame())
    # The pages' score is that of IMD 2025; the one of 2019 stands beside it under its own name.
    for column, name in (("imd2025_score", "imd_score"), ("imd2019_score", "imd2019_score_mean")):
        if column in by_code.columns and by_code[column].notna().any():
            score = patient_weighted(registrations, by_code[column])["value"]
            parts.append(score.rename(name).to_frame())
    return pd.concat(parts, axis=1) if parts else pd.DataFrame()


def _imd_values(vintage: int, lsoas: pd.DataFrame, read: Read) -> pd.DataFrame:
    """IMD of both editions by LSOA of the vintage of the registrations: index LSOA code."""
    if lsoas.empty:
        return pd.DataFrame()
    imd2025, lookup = read("imd2025"), read("lsoa11_lsoa21")
    if vintage == 2011:
        return lsoas.set_index("lsoa11cd").join(_scores_2025_on_lsoa11(imd2025, lookup))
    values = pd.DataFrame()
    if imd2025 is not None:
        own = imd2025.set_index("lsoa_code")
        values = own[["imd_rank"]].rename(columns={"imd_rank": "imd2025_rank"}).astype("float64")
        values["imd2025_quintile"] = quintile_of_rank(
            values["imd2025_rank"], LSOAS_IN_ENGLAND["2025"]
        )
        if "imd_score" in own.columns:
            values["imd2025_score"] = own["imd_score"]
    if lookup is not None:
        pairs = lookup.merge(
            lsoas[[c for c in ("lsoa11cd", "imd2019_rank", "imd2019_score") if c in lsoas.columns]],
            on="lsoa11cd",
            validate="m:1",
        )
        # Parts of a split have the rank of the whole; a merger the mean of what went into it.
        carried = pairs.groupby("lsoa21cd")[
            [c for c in ("imd2019_rank", "imd2019_score") if c in pairs.columns]
        ].mean()
        carried["imd2019_quintile"] = quintile_of_rank(
            carried["imd2019_rank"], LSOAS_IN_ENGLAND["2019"]
        )
        values = values.join(carried, how="outer") if len(values) else carried
    return values


def _scores_2025_on_lsoa11(imd2025: pd.DataFrame | None, lookup: pd.DataFrame | None) -> pd.Series:
    """IMD 2025 scores by LSOA of 2011, the mean of the parts of a split; empty without scores."""
    if imd2025 is None or lookup is None or "imd_score" not in imd2025.columns:
        return pd.Series(dtype="float64", name="imd2025_score")
    scores = imd2025.set_index("lsoa_code")["imd_score"]
    pairs = lookup[["lsoa11cd", "lsoa21cd"]].drop_duplicates()
    parts = pairs["lsoa21cd"].map(scores).groupby(pairs["lsoa11cd"])
    # A part without a score leaves the whole without one.
    whole = parts.agg(lambda part: part.mean(skipna=False))
    return whole.rename("imd2025_score")
