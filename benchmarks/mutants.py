"""Mutation testing of the core: do the tests notice when the code is made wrong?

python -m benchmarks.mutants [MODULE ...], or make mutants: minutes a module, by hand. mutmut
changes one thing at a time in a module (an operator, a number, an argument, a word) and runs the
module's own tests; a change that none of them notices survives. Nothing is written outside
.mutants/, which holds what survived, as diffs. Figures and their reading: docs/mutants.md.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".mutants"
# Each with the tests that hold it: its mirror, and where the sums are, those of who sums.
MODULES = {
    "measures/sums": ("measures/test_sums", "measures/test_workforce"),
    "measures/small_numbers": ("measures/test_small_numbers",),
    "measures/numbers": ("measures/test_numbers",),
    "measures/workforce": ("measures/test_workforce",),
    "measures/deprivation": ("measures/test_deprivation",),
    "measures/practice_measures": ("measures/test_practice_measures",),
    "measures/intervals": ("measures/test_intervals",),
    "measures/funnel": ("measures/test_funnel",),
    "measures/need": ("measures/test_need",),
    "measures/slope_index": ("measures/test_slope_index",),
    "measures/profile": ("measures/test_profile",),
    "measures/quality": ("measures/test_quality",),
    "measures/correlation": ("measures/test_correlation",),
    "measures/inequality": ("measures/test_inequality",),
    "hubs/summary": ("hubs/test_summary",),
}
# All tests passed, or none runs the function. A run that never ends is noticed.
PASSED = (0, 33)


def pytest_configure(config: Any) -> None:  # noqa: ARG001 - pytest's form
    """Build the embedded data once for all mutants: `tables` is never among what is changed."""
    from hypothesis import Phase, settings

    from pcs_dash.tables import dataset

    for name in ("build_dataset", "build_practices"):
        build = getattr(dataset, name)
        if not hasattr(build, "cache_info"):
            setattr(dataset, name, functools.cache(build))
    # Always the same examples; that a machine is busy is no fault, and the smallest is not sought.
    settings.register_profile(
        "mutants",
        settings.get_profile("ci"),
        max_examples=40,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutants")


def prepare(module: str) -> Path:
    """A folder for one module: links to everything here, and settings of its own for mutmut."""
    folder = FOLDER / module.replace("/", ".")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    own = {"pyproject.toml", FOLDER.name, ".git", ".venv"}
    copied = sorted({path.name for path in ROOT.iterdir()} - own)
    for name in copied:
        (folder / name).symlink_to(ROOT / name)
    settings = {
        "source_paths": ["pcs_dash"],
        "only_mutate": [f"pcs_dash/{module}.py"],
        "also_copy": [name for name in copied if name != "pcs_dash" and name[0] != "."],
        "pytest_add_cli_args": [
            *("-p", "benchmarks.mutants", "-p", "no:cacheprovider", "-p", "no:unraisableexception"),
            *("--assert=plain", "--tb=no"),
        ],
        "pytest_add_cli_args_test_selection": [f"tests/{test}.py" for test in MODULES[module]],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    lines += ["use_git_change_detection = false", "track_dependencies = false"]
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    own_text = "\n".join([text, "[tool.mutmut]", *lines, ""])
    (folder / "pyproject.toml").write_text(own_text, encoding="utf-8")
    return folder


def mutmut(folder: Path, *names: str) -> str:
    """What mutmut prints when it tries the mutants of those names, or all."""
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout[-4_000:] + done.stderr[-4_000:]


def results(folder: Path, module: str) -> dict[str, int | None]:
    """How the tests ended for each mutant: 0 passed, 33 none runs it, None not tried."""
    kept = folder / "mutants" / "pcs_dash" / f"{module}.py.meta"
    found: dict[str, int | None] = json.loads(kept.read_text())["exit_code_by_key"]
    return found


def functions(source: str) -> dict[str, list[str]]:
    """The lines of every function under its first one, by its name."""
    lines = source.splitlines()
    return {
        node.name: lines[node.lineno : node.end_lineno]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


def difference(found: dict[str, list[str]], name: str) -> str:
    """The mutant as a diff of its function."""
    own = name.rpartition(".")[2]
    before, after = found[f"{own.rpartition('_')[0]}_orig"], found[own]
    return "\n".join([f"# {name}", *difflib.unified_diff(before, after, n=1, lineterm=""), ""])


def run(module: str, every: int, start: int) -> None:
    """Mutate one module, print its line, and keep the diffs of what survived."""
    folder = prepare(module)
    said = mutmut(folder, "none of them: only makes the mutants")
    names = list(results(folder, module))
    chosen = names[start::every]
    said = mutmut(folder, *chosen)
    ended = results(folder, module)
    if any(ended[name] is None for name in chosen):
        raise RuntimeError(said)
    survived = [name for name in chosen if ended[name] in PASSED]
    mutated = (folder / "mutants" / "pcs_dash" / f"{module}.py").read_text(encoding="utf-8")
    found = functions(mutated)
    report = "\n".join(difference(found, name) for name in survived)
    (FOLDER / f"{folder.name}.txt").write_text(report, encoding="utf-8")
    noticed = len(chosen) - len(survived)
    share = 100 * noticed / max(len(chosen), 1)
    row = f"{module:28} {len(names):6} {len(chosen):6} {noticed:6} {len(survived):6} {share:5.1f}%"
    print(row, flush=True)


def main() -> int:
    """Mutate the modules that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--every", type=int, default=1, help="try one mutant in so many")
    parser.add_argument("--start", type=int, default=0, help="and leave so many out at first")
    chosen = parser.parse_args()
    unknown = [name for name in chosen.modules if name not in MODULES]
    if unknown:
        parser.error(f"no module called {', '.join(unknown)}")
    print(f"{'module':28} {'made':>6} {'tried':>6} {'killed':>6} {'left':>6}", flush=True)
    for module in chosen.modules or MODULES:
        run(module, chosen.every, chosen.start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
