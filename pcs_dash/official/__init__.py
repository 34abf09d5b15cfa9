"""Official publications: find, fetch, recognise, check, store and build them for any area.

The chain, one module a step: `catalogue` says what there is, `locate` and `download` fetch it,
`archive` opens what came, `recognise` says which publication a file is, `loaders` read it,
`store` keeps it in versions, `build` joins it. `registrations`, `gravity` and `trends` compute.
"""
