"""How long plans ahead take: `python -m benchmarks.scenarios`.

Essex, 15 years, 1,000 draws. Prints medians of five in milliseconds of processor time, which other
work on the machine moves less than time by the clock, and the memory after 1,000 runs.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pcs_dash.__main__ import main as command
from pcs_dash.official.any_area import dataset_for, find_area
from pcs_dash.scenarios.changes import Close
from pcs_dash.scenarios.grouping import grouping, who_takes_them
from pcs_dash.scenarios.project import project
from pcs_dash.scenarios.today import today_of
from pcs_dash.views import plan_ahead
from pcs_dash.views.question import ask
from pcs_dash.views.readers import STRAIGHT

TIMES = 5
RUNS = 1_000


def main() -> None:
    """Run and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    area = find_area("Essex")
    dataset = dataset_for(area)
    question = ask(dataset, area, options={"years": "15", "close": "F81110"})
    today = today_of(dataset, STRAIGHT.registered)
    scenario = plan_ahead.scenario_of(question, today.year)
    sections = plan_ahead.answer(question).sections
    recruits = iter(plan_ahead.RECRUITS[1:])

    def change() -> None:
        plan_ahead.answer(question.with_options({"recruit": next(recruits)}))

    row("a projection, 1,000 draws", 150, lambda: project(today, scenario, grouping(area)))
    row("a change to the answer", 150, change)
    for section in sections:
        row(f"section {section.key}", None, lambda section=section: section.blocks(question))
    close = Close(year=today.year + 1, practice="F81110")
    row("who takes them", None, lambda: who_takes_them(today, close, "fully_qualified"))
    row("the command close", 1_000, closing)
    memory(lambda: project(today, scenario, grouping(area), draws=100))


def closing() -> None:
    """The command, without its start."""
    with contextlib.redirect_stdout(io.StringIO()):
        command(["scenario", "close", "F81110", "--area", "Thurrock", "--format", "json"])


def row(name: str, limit: float | None, work: Callable[[], object]) -> None:
    """Print the median of a piece of work, and what it is to be."""
    taken = []
    for _ in range(TIMES):
        start = time.process_time()
        work()
        taken.append(1_000 * (time.process_time() - start))
    aim = "" if limit is None else f" (to reach: {limit:,g})"
    print(f"{name}: {statistics.median(taken):,.0f} ms{aim}", flush=True)


def memory(work: Callable[[], object]) -> None:
    """Print the largest memory after a tenth of the runs, and after all."""
    for run in range(1, RUNS + 1):
        work()
        if run in (RUNS // 10, RUNS):
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"memory after {run:,} runs: {most:,.0f} MB", flush=True)


if __name__ == "__main__":
    main()
