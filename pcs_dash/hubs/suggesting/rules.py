"""Which rules of a request a plan breaks: read off the table and the plan alone.

Shares nothing with the solvers, so that it can check them.
"""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from pcs_dash.hubs.suggesting.model import listed
from pcs_dash.hubs.suggesting.request import SuggestRequest
from pcs_dash.measures.numbers import number


def broken_rules(
    assignment: pd.Series, practices: pd.DataFrame, request: SuggestRequest
) -> tuple[str, ...]:
    """One sentence for each hard rule that a plan breaks; empty when it keeps them all.

    assignment: practice code -> hub name (missing = in no hub). The rule of the nearest centre is
    no rule of the user's and is not looked at.
    """
    patients = {str(code): float(count) for code, count in practices["patients"].items()}
    hub_of = {str(code): str(hub) for code, hub in assignment.dropna().items()}
    groups: dict[str, list[str]] = defaultdict(list)
    for code in sorted(hub_of):
        groups[hub_of[code]].append(code)
    faults = []
    if loose := sorted(set(patients) - set(hub_of)):
        faults.append(f"In no hub: {listed(loose)}.")
    if foreign := sorted(set(hub_of) - set(patients)):
        faults.append(f"Not in this area: {listed(foreign)}.")
        return tuple(faults)
    for code in request.alone:
        if code in hub_of and groups[hub_of[code]] != [code]:
            faults.append(f"{code} does not stand alone.")
    for hub, codes in groups.items():
        if len(codes) == 1 and codes[0] in request.alone:
            continue
        size = sum(patients[code] for code in codes)
        if request.min_patients is not None and size < request.min_patients:
            faults.append(
                f"{hub} has {number(size)} patients, under {number(request.min_patients)}."
            )
        if request.max_patients is not None and size > request.max_patients:
            faults.append(
                f"{hub} has {number(size)} patients, over {number(request.max_patients)}."
            )
    if request.hubs is not None and len(groups) != request.hubs:
        faults.append(f"There are {len(groups)} hubs, not {request.hubs}.")
    for name, held in request.locked.items():
        if held and not any(sorted(held) == group for group in groups.values()):
            faults.append(f"The locked hub {name} has changed.")
    for name, whole in request.keep_whole.items():
        if len({hub_of.get(code) for code in whole}) > 1:
            faults.append(f"{name} is split.")
    for first, second in request.together:
        if hub_of.get(first) != hub_of.get(second):
            faults.append(f"{first} and {second} are apart.")
    for first, second in request.apart:
        if first in hub_of and hub_of[first] == hub_of.get(second):
            faults.append(f"{first} and {second} are together.")
    if request.neighbours is not None:
        beside: dict[str, set[str]] = defaultdict(set)
        for first, second in request.neighbours:
            beside[first].add(second)
            beside[second].add(first)
        for hub, codes in groups.items():
            if len(reached(codes[0], set(codes), beside)) < len(codes):
                faults.append(f"{hub} is in pieces.")
    return tuple(faults)


def reached(start: str, group: set[str], beside: dict[str, set[str]]) -> set[str]:
    """The practices of a group that neighbours link to one of them."""
    found, waiting = {start}, [start]
    while waiting:
        for code in beside.get(waiting.pop(), set()) & group - found:
            found.add(code)
            waiting.append(code)
    return found
