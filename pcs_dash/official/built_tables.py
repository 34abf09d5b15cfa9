"""The joined tables that an update builds, and what they hold of an area."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pcs_dash.official.loaded_areas import OfficialArea, find_official_area
from pcs_dash.official.store import Store
from pcs_dash.tables.errors import UserError

PRACTICES = "built_practices"
LSOAS = "built_lsoas"
REGISTRATIONS = "built_registrations"
LISTS = "built_lists"
REPORTS = "built_reports"
OUTLINES = "built_outlines"
SHAPES = "built_shapes"


def england_practices(
    area: str | OfficialArea = "England", *, store: Store | None = None
) -> pd.DataFrame:
    """Practices of England, an ICB, a sub-ICB or districts: index practice_code, sorted.

    Only the ICBs that the area touches are read into memory. The columns are those of the
    embedded `Dataset.practices` where the inputs are loaded, and those of `MEASURES`. UserError
    when nothing is loaded or there is no such area.
    """
    store = store or Store()
    chosen = find_official_area(area, store) if isinstance(area, str) else area
    table = store.read(PRACTICES, where=chosen.icb_codes)
    return chosen.select(table).set_index("practice_code").sort_index()


def read_around(store: Store, codes: Iterable[str], lsoas: Iterable[str]) -> pd.DataFrame:
    """Everyone registered with these practices, and everyone living in these LSOAs.

    Columns period, practice_code, lsoa_code, patients. So the totals of the LSOAs named are whole,
    whoever the practice belongs to; those of LSOAs beyond are not. England is filtered part by
    part and never held at once. UserError when no registrations are loaded.
    """
    folder = store.root / store.entry(REGISTRATIONS).path
    wanted = {
        "practice_code": pa.array(sorted(codes), pa.string()),
        "lsoa_code": pa.array(sorted(lsoas), pa.string()),
    }
    tables = []
    for part in sorted(folder.glob("icb_code=*/*.parquet")):
        table = pq.read_table(
            part, columns=["period", "practice_code", "lsoa_code", "patients"], partitioning=None
        )
        for name in wanted:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, table[name].cast(pa.string()))
        ours, here = (pc.is_in(table[name], value_set=wanted[name]) for name in wanted)
        tables.append(table.filter(pc.or_(ours, here)))
    if not tables:
        raise UserError("The registrations loaded hold no rows. Run `update` again.")
    found = pa.concat_tables(tables, promote_options="permissive").to_pandas()
    return found.astype({"practice_code": "category", "lsoa_code": "category"})
