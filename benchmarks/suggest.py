"""How long suggestions take and how good they are: `python -m benchmarks.suggest`.

Prints a Markdown table for the distance objective, 30,000-50,000 patients, three areas, and with
`--more` for the other aims, connected hubs, alternatives and a repair. Takes up to three minutes
(`--more`: eight). The load of the machine is printed, as it changes every figure.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.hubs.contiguity import neighbours
from pcs_dash.hubs.suggest import (
    Progress,
    Suggestion,
    SuggestRequest,
    repair,
    suggest,
    suggest_alternatives,
)
from pcs_dash.official.any_area import find_area
from pcs_dash.tables.dataset import build_dataset

# Area, time limit in seconds, and what is to be reached.
DISTANCE = (
    ("Thurrock", 20.0, "optimal in 1.5 s"),
    ("Mid and South Essex", 60.0, "optimal in 25 s, within 5% in 5 s"),
    ("Essex", 60.0, "within 5% in 60 s"),
)
CLOSE = 0.05


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--more", action="store_true", help="the other aims and rules too")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {', '.join(f'{load:.1f}' for load in os.getloadavg())}\n")
    practices = build_dataset().practices
    print("| area | case | within 5% | status | seconds | CPU s | value | gap | to reach |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, limit, target in DISTANCE:
        area = find_area(name).select(practices)
        first = timed(area, name, "distance", SuggestRequest(), limit, target)
        again = suggest(area, SuggestRequest(), time_limit=limit)
        same = first.assignment.equals(again.assignment)
        print(f"| {name} | again | | same answer: {'yes' if same else 'no'} | | | | | |")
    if args.more:
        more(practices)
    print(f"\nload {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


def more(practices: pd.DataFrame) -> None:
    """The other aims, connected hubs, alternatives, a repair."""
    for name in ("Thurrock", "Mid and South Essex"):
        area = find_area(name).select(practices)
        for aim in ("size", "fte", "deprivation"):
            timed(area, name, aim, SuggestRequest(objective=aim), 60, "")
        around = neighbours(area)
        timed(area, name, "connected", SuggestRequest(neighbours=around), 60, "")
        start = time.perf_counter()
        plans = suggest_alternatives(area, SuggestRequest(), time_limit=60)
        seconds = time.perf_counter() - start
        states = ", ".join(plan.status for plan in plans)
        print(f"| {name} | alternatives | | {states} | {seconds:.1f} | | | | |")
        mended = repair(area["pcn"], area, SuggestRequest(neighbours=around), time_limit=60)
        print(
            f"| {name} | repair of PCNs | | {mended.status} | {mended.seconds:.1f} | | "
            f"{len(mended.moves)} moves | | |"
        )
    area = find_area("Mid and South Essex").select(practices)
    wide = SuggestRequest(min_patients=100_000, max_patients=200_000)
    timed(area, "Mid and South Essex", "100,000-200,000", wide, 60, "")


def timed(
    area: pd.DataFrame, name: str, case: str, request: SuggestRequest, limit: float, target: str
) -> Suggestion:
    """One suggestion, printed as a row."""
    close: list[float] = []

    def watch(progress: Progress) -> None:
        if not close and progress.gap is not None and progress.gap <= CLOSE:
            close.append(progress.seconds)

    cpu = time.process_time()
    answer = suggest(area, request, time_limit=limit, progress=watch)
    cpu = time.process_time() - cpu
    within = f"{close[0]:.1f} s" if close else ""
    value = "" if answer.objective_value is None else f"{answer.objective_value:,.1f}"
    gap = "" if answer.gap is None else f"{answer.gap:.2%}"
    print(
        f"| {name} | {case} | {within} | {answer.status} | {answer.seconds:.1f} | {cpu:.1f} | "
        f"{value} | {gap} | {target} |",
        flush=True,
    )
    return answer


if __name__ == "__main__":
    main()
