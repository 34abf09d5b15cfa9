"""Official publications: find, fetch, recognise, check, store and build them for any area.

The chain, one module a step: `catalogue` says what there is; `locate` and `download` fetch it and
`gather` brings an update its files; `archive` opens what came, `recognise` says which publication
a file is; `loaders` read it by its `layout` (`reading`, `sheets`, `cells`, `file_dates`);
`outcomes` judges it beside what is stored; `store` keeps it in versions (`manifest`,
`stored_tables`); `build` joins it (`practices`, `lsoas`, `outlines`) into `built_tables`, which
`area_dataset` makes the app's `Dataset` of any of the `loaded_areas`.
"""
