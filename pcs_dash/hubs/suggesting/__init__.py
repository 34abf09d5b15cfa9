"""How hubs are suggested: the request, the model, the solvers, the explanations, the repair.

Others use `pcs_dash.hubs.suggest`.
"""
