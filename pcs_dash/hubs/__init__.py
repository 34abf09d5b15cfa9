"""Hubs: groups of practices, the plans that hold them, and what a plan means.

`plan` and `history` hold what the user decided; `rules`, `summary`, `contiguity` and `compare` say
what it means; `hub_shapes` relates practices to shapes; `reading` reads plans that people
bring along.
"""
