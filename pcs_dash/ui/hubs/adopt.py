"""Putting a grouping of an area's practices into a plan that may reach beyond the area."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from pcs_dash.hubs.plan import Plan, name_key, natural_key


def adopt(
    plan: Plan, assignment: pd.Series, codes: Collection[str], *, reuse: Collection[str] = ()
) -> Plan:
    """`plan` with the practices `codes` grouped as `assignment` (practice code -> hub name) says.

    A hub named in `reuse` stays the hub it is (id, colour, note, lock); every other name makes a
    new hub, under another number where the name is taken. Practices outside `codes` and the hubs
    that hold them stay as they are; hubs that end up without practices go.
    """
    wanted = {str(code): str(name) for code, name in assignment.dropna().items()}
    kept = {name_key(name) for name in reuse}
    cleared = plan.changed(dict.fromkeys(set(codes) & set(plan.assignment)))
    held = set(cleared.assignment.values())
    stay = [
        hub
        for hub in plan.hubs
        if hub.id in held or (name_key(hub.name) in kept and _named(hub.name, wanted))
    ]
    made = cleared.changed({}, hubs=tuple(stay))
    target: dict[str, str] = {}
    for name in sorted(set(wanted.values()), key=natural_key):
        known = made.hub_by_name(name)
        if known is not None and name_key(name) in kept:
            target[name] = known.id
            continue
        made = made.add_hub(None if known is not None else name)
        target[name] = made.hubs[-1].id
    inside = {code: target[name] for code, name in wanted.items() if code in codes}
    return made.changed(inside)


def _named(name: str, wanted: dict[str, str]) -> bool:
    return name_key(name) in {name_key(other) for other in wanted.values()}
