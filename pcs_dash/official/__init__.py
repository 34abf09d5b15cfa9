"""Official publications: find, fetch, recognise, check, store and build them for any area.

The chain, one module a step: `catalogue` says what there is; `landing_pages` and `download` fetch
it and `update_files` brings an update its files; `archive` opens what came, `recognise` says which
publication a file is; `loaders` read it by its `layout` (`reading`, `sheets`, `cell_types`,
`file_dates`); `outcomes` judges it beside what is stored; `store` keeps it in versions (`manifest`,
`stored_tables`); `build` joins it (`practice_table`, `lsoa_table`, `outlines`) into `built_tables`,
which `area_dataset` makes the app's `Dataset` of any of the `loaded_areas`.
"""
