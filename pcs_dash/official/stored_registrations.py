"""Registrations by practice and LSOA as the store holds them, those around an area only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from pcs_dash.tables.errors import UserError

if TYPE_CHECKING:
    from pcs_dash.official.store import Store


def read_around(store: Store, codes: Iterable[str], lsoas: Iterable[str]) -> pd.DataFrame:
    """Everyone registered with these practices, and everyone living in these LSOAs.

    Columns period, practice_code, lsoa_code, patients. So the totals of the LSOAs named are whole,
    whoever the practice belongs to; those of LSOAs beyond are not. England is filtered part by
    part and never held at once. UserError when no registrations are loaded.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from pcs_dash.official.build import REGISTRATIONS

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
