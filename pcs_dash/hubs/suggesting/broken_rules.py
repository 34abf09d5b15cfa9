"""Which rules of a request a plan breaks: read off the table and the plan alone.

Shares nothing with the solvers, so that it can check them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

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
    loose, foreign = sorted(set(patients) - set(hub_of)), sorted(set(hub_of) - set(patients))
    faults = [f"In no hub: {listed(loose)}."] if loose else []
    if foreign:
        return (*faults, f"Not in this area: {listed(foreign)}.")
    return (
        *faults,
        *_not_alone(groups, hub_of, request),
        *_out_of_band(groups, patients, request),
        *_changed(groups, request),
        *_pairs(hub_of, request),
        *_pieces(groups, request),
    )


def _not_alone(
    groups: dict[str, list[str]], hub_of: dict[str, str], request: SuggestRequest
) -> Iterator[str]:
    for code in request.alone:
        if code in hub_of and groups[hub_of[code]] != [code]:
            yield f"{code} does not stand alone."


def _out_of_band(
    groups: dict[str, list[str]], patients: Mapping[str, float], request: SuggestRequest
) -> Iterator[str]:
    least, most = request.min_patients, request.max_patients
    for hub, codes in groups.items():
        if len(codes) == 1 and codes[0] in request.alone:
            continue
        size = sum(patients[code] for code in codes)
        if least is not None and size < least:
            yield f"{hub} has {number(size)} patients, under {number(least)}."
        if most is not None and size > most:
            yield f"{hub} has {number(size)} patients, over {number(most)}."


def _changed(groups: dict[str, list[str]], request: SuggestRequest) -> Iterator[str]:
    if request.hubs is not None and len(groups) != request.hubs:
        yield f"There are {len(groups)} hubs, not {request.hubs}."
    for name, held in request.locked.items():
        if held and sorted(held) not in groups.values():
            yield f"The locked hub {name} has changed."


def _pairs(hub_of: dict[str, str], request: SuggestRequest) -> Iterator[str]:
    for name, whole in request.keep_whole.items():
        if len({hub_of.get(code) for code in whole}) > 1:
            yield f"{name} is split."
    for first, second in request.together:
        if hub_of.get(first) != hub_of.get(second):
            yield f"{first} and {second} are apart."
    for first, second in request.apart:
        if first in hub_of and hub_of[first] == hub_of.get(second):
            yield f"{first} and {second} are together."


def _pieces(groups: dict[str, list[str]], request: SuggestRequest) -> Iterator[str]:
    if request.neighbours is None:
        return
    beside: dict[str, set[str]] = defaultdict(set)
    for first, second in request.neighbours:
        beside[first].add(second)
        beside[second].add(first)
    for hub, codes in groups.items():
        if len(reached(codes[0], set(codes), beside)) < len(codes):
            yield f"{hub} is in pieces."


def reached(start: str, group: set[str], beside: dict[str, set[str]]) -> set[str]:
    """The practices of a group that neighbours link to one of them."""
    found, waiting = {start}, [start]
    while waiting:
        for code in beside.get(waiting.pop(), set()) & group - found:
            found.add(code)
            waiting.append(code)
    return found
