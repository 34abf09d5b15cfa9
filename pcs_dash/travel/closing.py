"""What a practice that closes means in minutes: for whom the way gets longer, and by how much."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pcs_dash.measures.catchments import Registered
from pcs_dash.tables.errors import UserError
from pcs_dash.travel.minutes import Minutes, summary


def closing(
    minutes: Minutes,
    registrations: pd.DataFrame,
    code: str,
    to: Sequence[str] = (),
    premises: str = "",
) -> pd.DataFrame:
    """Where people registered with a practice would go: one row a small area and practice, columns
    lsoa_code, practice_code, people, before and after (minutes), added.

    They go as their neighbours do: in proportion to who of the small area is registered with each
    other practice of the data (of `to`, where given); where nobody is, to the nearest of those.
    `premises`: the practice that keeps those of this one, which its new patients go on using where
    that is quicker. Minutes are missing where no way is known. UserError where nobody's small area
    is known.
    """
    table = _living(registrations)
    own = table[table["practice_code"] == code].groupby("lsoa_code")["patients"].sum()
    if own.empty:
        raise UserError(f"Where the patients of {code[:20]} live is not known.")
    others = minutes.table.columns.drop(code, errors="ignore")
    others = others.intersection(list(to)) if to else others
    there = table[table["practice_code"].isin(others) & table["lsoa_code"].isin(own.index)]
    whole = there.groupby("lsoa_code")["patients"].transform("sum")
    rows = there.assign(people=there["patients"] / whole * there["lsoa_code"].map(own))
    alone = own.drop(there["lsoa_code"].unique())
    near = minutes.table[others].reindex(alone.index).dropna(how="all").idxmin(axis=1)
    lone = pd.DataFrame({"people": alone, "practice_code": near}).rename_axis("lsoa_code")
    rows = pd.concat([rows, lone.reset_index()], ignore_index=True)
    rows["before"] = minutes.to_own(rows.assign(practice_code=code))
    rows["after"] = minutes.to_own(rows)
    stays = rows["practice_code"] == premises
    rows["after"] = rows["after"].mask(stays, rows[["before", "after"]].min(axis=1))
    return _added(rows)


def merging(
    minutes: Minutes, registrations: pd.DataFrame, codes: Sequence[str], sites: Sequence[str]
) -> pd.DataFrame:
    """As `closing`, for practices (`codes`) that become one: whoever is registered with one whose
    premises do not stay goes to the quickest of those that do (`sites`). UserError where there is
    nobody, or none of those has minutes.
    """
    table = _living(registrations)
    rows = table[table["practice_code"].isin(set(codes) - set(sites))]
    there = minutes.table[minutes.table.columns.intersection(list(sites))]
    if rows.empty or there.empty:
        raise UserError("Nobody is known to move, or where to.")
    rows = rows.rename(columns={"patients": "people"}).assign(before=minutes.to_own(rows))
    near = there.dropna(how="all").idxmin(axis=1)
    rows["practice_code"] = rows["lsoa_code"].map(near)
    rows["after"] = minutes.to_own(rows)
    return _added(rows)


def _living(registrations: pd.DataFrame) -> pd.DataFrame:
    table = registrations.astype({"practice_code": "object", "lsoa_code": "object"})
    return table[table["patients"] > 0]


def _added(rows: pd.DataFrame) -> pd.DataFrame:
    rows["added"] = rows["after"] - rows["before"]
    return rows[["lsoa_code", "practice_code", "people", "before", "after", "added"]]


def who_moves(minutes: Minutes, registered: Registered) -> pd.DataFrame:
    """Who lives where, for a closure: practice_code, lsoa_code, patients as registered; where that
    is modelled, as many as each practice's list, who live where it is the nearest.
    """
    if not registered.modelled:
        return registered.table
    table = living_nearest(minutes, registered.totals)
    lists, near = (
        each.groupby(each["practice_code"].astype("object"))["patients"].sum()
        for each in (registered.table, table)
    )
    return table.assign(patients=table["patients"] * table["practice_code"].map(lists / near))


def mean_minutes(
    minutes: Minutes, registered: Registered, code: str, premises: str = ""
) -> pd.Series:
    """Mean minutes of a practice's patients to every practice (index its code), as `who_moves` says
    where they live; those without minutes leave both sums. `premises`: as in `closing`.
    """
    table = who_moves(minutes, registered)
    own = table[table["practice_code"] == code].groupby("lsoa_code", observed=True)["patients"]
    people = own.sum()
    ways = minutes.table.reindex(people.index)
    if premises in ways:
        ways = ways.assign(**{premises: ways[[premises, code]].min(axis=1)})
    known = ways.notna().mul(people, axis=0).sum()
    return ways.mul(people, axis=0).sum() / known.where(known > 0)


def living_nearest(minutes: Minutes, people: pd.Series) -> pd.DataFrame:
    """Everyone (`people` by small area) as if registered with the quickest practice: practice_code,
    lsoa_code, patients. For `closing` where registrations are modelled: a model that spreads a
    large list widely would have a closure bring its patients nearer.
    """
    near = minutes.nearest()["practice_code"].reindex(people.index)
    table = pd.DataFrame({"practice_code": near, "lsoa_code": people.index, "patients": people})
    return table.dropna().reset_index(drop=True)


def before_and_after(found: pd.DataFrame, groups: pd.Series | None = None) -> pd.DataFrame:
    """`minutes.summary` of the rows of `closing`, before and after, by group: index group,
    columns people, unknown, then median, p90 and share_beyond_20 with _before and _after; only
    people whose minutes are known both times.
    """
    known = found["added"].notna()
    parts = []
    for when in ("before", "after"):
        part = summary(found[when].where(known), found["people"], groups, [20])
        parts.append(part[["median", "p90", "share_beyond_20"]].add_suffix(f"_{when}"))
    return pd.concat([part[["people", "unknown"]], *parts], axis=1)


def by_small_area(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of `closing` by small area (index): people, and their mean minutes before and after,
    with what that adds; most added first, small areas without minutes left out.
    """
    known = found.dropna(subset=["added"])
    summed = known[["before", "after", "added"]].mul(known["people"], axis=0)
    total = known.groupby("lsoa_code")["people"].sum()
    table = summed.groupby(known["lsoa_code"]).sum().div(total, axis=0)
    table.insert(0, "people", total)
    return table.sort_values("added", ascending=False, kind="stable")
