"""Mutation testing of the core: do the tests notice when the code is made wrong?

python -m benchmarks.mutants [MODULE ...] [--sample 30 --seed 1], or make mutants; by hand. mutmut
changes one thing at a time in a function (an operator, a number, an argument, a word). All tests of
the modules run once, to see which of them calls what and how long it takes; then each change has a
fork of this process, in which those that call the changed function run, the quickest first, until
one fails. A change that none of them notices survives; .mutants/ has those, as diffs. How the
figures are to be read: docs/mutants.md.
"""

from __future__ import annotations

import argparse
import difflib
import functools
import gc
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".mutants"
# Each with the tests that hold it: its mirror, and where the sums are, those of who sums.
MODULES: dict[str, tuple[str, ...]] = {
    f"measures/{name}": (f"measures/test_{name}",)
    for name in (
        "catchments", "completeness", "correlation", "deprivation", "england_areas", "funnel",
        "glossary", "gravity", "group_figures", "inequality", "intervals", "list_trends",
        "nearby_sites", "need", "numbers", "patient_matrix", "practice_measures", "process_limits",
        "profile", "quality", "register", "registrations", "similar", "slope_index",
        "small_numbers", "spatial", "specification", "sums", "then_now", "trend_lines", "verdict",
        "weighted_lists", "words", "workforce", "workforce_trends",
    )
}  # fmt: skip
MODULES |= {
    "measures/catchments": ("measures/test_catchments", "views/test_catchments"),
    "measures/group_figures": ("cli/test_metrics_command",),
    "measures/sums": ("measures/test_sums", "measures/test_workforce"),
    "measures/words": ("measures/test_words", "measures/test_verdict"),
    "measures/workforce_trends": ("views/test_staff",),
    "hubs/summary": ("hubs/test_summary", "hubs/test_journeys"),
}
# Fixtures that take minutes: the tests that need them are left out.
SLOW = {"england", "england_data", "official", "chromium"}
# Seconds of processor time for all tests of a mutant: one that never ends is noticed.
SECONDS = 60


class Mutants:
    """A module with some of its mutants in it, or all; which of them is called, mutmut decides.

    `names`: of those in it; `possible`: how many there are in all.
    """

    def __init__(self, module: str, sample: int | None, seed: int) -> None:
        from libcst import FunctionDef
        from mutmut.mutation.file_mutation import combine_mutations_to_source, create_mutations

        self.module, path = module, ROOT / "pcs_dash" / f"{module}.py"
        tree, found, *ignored = create_mutations(str(path), path.read_text(encoding="utf-8"))
        found = [m for m in found if isinstance(m.contained_by_top_level_function, FunctionDef)]
        self.possible = len(found)
        count = min(sample or len(found), len(found))
        chosen = sorted(random.Random(seed).sample(range(len(found)), count))
        made = combine_mutations_to_source(tree, [found[place] for place in chosen], *ignored)
        self.names, self.code = list(made.mutant_names), made.code
        self.spans = made.line_span_by_function_name

    def difference(self, mutant: str) -> str:
        """The mutant as a diff of its function."""
        lines = self.code.splitlines()
        before, after = (
            lines[self.spans[name].start : self.spans[name].end]
            for name in (f"{mutant.rpartition('_')[0]}_orig", mutant)
        )
        changed = difflib.unified_diff(before, after, n=1, lineterm="")
        return "\n".join([f"# {mutant}", *changed, ""])


class Mutated(MetaPathFinder):
    """Imports modules with their mutants in them."""

    def __init__(self, made: dict[str, Mutants]) -> None:
        self.made = made

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self.made else None
        if spec and spec.origin:
            spec.loader = Loader(name, spec.origin)
            spec.loader.text = self.made[name].code
        return spec


class Loader(SourceFileLoader):
    text = ""

    def get_code(self, _name: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Runner:
    """The part of pytest that runs the tests: all of them once, then some of them for each mutant.

    `only`: the mutants of a module that are tried. Functions that run while the package is imported
    and in no test can't be changed any more: their mutants are not tried, and counted.
    """

    def __init__(self, made: dict[str, Mutants], only: Callable[[Mutants], list[str]]) -> None:
        self.made, self.only = made, only
        self.seconds: dict[Any, float] = {}
        self.called: dict[Any, set[str]] = {}
        self.hits: set[str] = set()
        self.imported: set[str] = set()
        self.prepared: dict[Any, set[str]] = {}  # what each fixture calls

    def listen(self) -> None:
        """From here on it is known which functions are called."""
        from mutmut.mutation import trampoline

        trampoline.record_trampoline_hit = lambda name, **_: self.hits.add(name)
        os.environ["MUTANT_UNDER_TEST"] = "stats"

    def pytest_collection(self) -> None:
        settle_hypothesis()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items[:] = [item for item in items if not SLOW & set(item.fixturenames)]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before, self.hits = self.hits, set()
        try:
            return (yield)
        finally:
            self.prepared[fixturedef] = self.hits
            self.hits = before | self.hits

    def pytest_runtestloop(self, session: Any) -> bool:
        self.imported = self.hits
        for item, after in zip(session.items, [*session.items[1:], session.items[0]], strict=True):
            self.hits, start = set(), time.process_time()
            if not passes(item, after):
                raise RuntimeError(f"{item.nodeid} fails, and nothing was changed yet")
            self.seconds[item], self.called[item] = time.process_time() - start, self.hits
        # A fixture is set up once: whoever is given it rests on what it called.
        for item in session.items:
            given = [each[-1] for each in item._fixtureinfo.name2fixturedefs.values()]
            self.called[item].update(*(self.prepared.get(each, set()) for each in given))
        forget()
        for name, made in self.made.items():
            self.module(name, made)
        return True

    def module(self, name: str, made: Mutants) -> None:
        """Try the mutants of one module, print its line, and keep what survived."""
        files = {ROOT / "tests" / f"{test}.py" for test in MODULES[made.module]}
        items = [item for item in self.seconds if item.path in files]
        early = self.imported.difference(*(self.called[item] for item in items))
        asked = self.only(made)
        tried = [one for one in asked if f"{name}.{function_of(one)}" not in early]
        survived = [one for one in tried if self.survives(f"{name}.{one}", items)]
        kept(made.module).write_text("\n".join(map(made.difference, survived)), encoding="utf-8")
        killed = len(tried) - len(survived)
        counts = (made.possible, len(tried), killed, len(survived), len(asked) - len(tried))
        share = 100 * killed / max(len(tried), 1)
        text = " ".join(f"{n:6}" for n in counts)
        print(f"{made.module:28} {text} {share:5.1f}%", flush=True)

    def survives(self, mutant: str, items: list[Any]) -> bool:
        """Whether every test that calls the changed function passes."""
        own = [item for item in items if function_of(mutant) in self.called[item]]
        own.sort(key=self.seconds.__getitem__)
        child = os.fork()
        if not child:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os.environ["MUTANT_UNDER_TEST"] = mutant
            for fixture, called in self.prepared.items():
                if fixture.scope == "module" or function_of(mutant) in called:
                    fixture.cached_result = None
            after = [*own[1:], next(iter(self.seconds))]
            os._exit(0 if all(map(passes, own, after)) else 1)
        return os.waitpid(child, 0)[1] == 0


def function_of(mutant: str) -> str:
    """The function that a mutant is of, as mutmut names it."""
    return mutant.partition("__mutmut_")[0]


def kept(module: str) -> Path:
    """The file of what survived."""
    return FOLDER / f"{module.replace('/', '.')}.txt"


def passes(item: Any, following: Any) -> bool:
    """Whether a test passes or is skipped; its fixtures are kept as far as the next one's go."""
    from _pytest.runner import runtestprotocol

    reports = runtestprotocol(item, log=False, nextitem=following)
    return not any(report.failed for report in reports)


def forget() -> None:
    """What the code has kept is what it found while it was right."""
    for cache in gc.get_objects():
        if isinstance(cache, functools._lru_cache_wrapper):
            module = getattr(cache, "__module__", "") or ""
            if module.startswith("pcs_dash.") and not module.startswith("pcs_dash.tables."):
                cache.cache_clear()


def settle_hypothesis() -> None:
    """Always the same examples, and the smallest that fails is not sought."""
    from hypothesis import Phase, settings

    settings.register_profile(
        "mutants",
        settings.get_profile("pcs_dash"),
        max_examples=40,
        phases=(Phase.explicit, Phase.generate),
    )
    settings.load_profile("mutants")


def main() -> int:
    """Mutate the modules that are named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(MODULES))
    parser.add_argument("--sample", type=int, help="so many mutants of each; all, if not given")
    parser.add_argument("--seed", type=int, default=1, help="which ones")
    parser.add_argument("--again", action="store_true", help="those that survived the last time")
    asked = parser.parse_args()
    unknown = [name for name in asked.modules if name not in MODULES]
    if unknown:
        parser.error(f"no module called {', '.join(unknown)}")

    def only(made: Mutants) -> list[str]:
        before = kept(made.module).read_text(encoding="utf-8") if asked.again else ""
        return [name for name in made.names if not asked.again or f"# {name}\n" in before]

    FOLDER.mkdir(exist_ok=True)
    made = {
        f"pcs_dash.{name.replace('/', '.')}": Mutants(name, asked.sample, asked.seed)
        for name in asked.modules or MODULES
    }
    sys.meta_path.insert(0, Mutated(made))
    return run(Runner(made, only))


def run(runner: Runner) -> int:
    """Run the tests of the modules with the runner in pytest's place."""
    modules = [made.module for made in runner.made.values()]
    tests = sorted({f"{ROOT}/tests/{test}.py" for name in modules for test in MODULES[name]})
    options = ["-p", "no:cacheprovider", "-p", "no:unraisableexception", "--assert=plain", "-q"]
    print(f"{'module':28} {'made':>6} {'tried':>6} {'killed':>6} {'left':>6} {'early':>6}")
    runner.listen()
    ended = pytest.main([*options, "--tb=no", "-s", *tests], plugins=[runner])
    # It was not pytest that ran the tests.
    return 0 if ended in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else int(ended)


if __name__ == "__main__":
    sys.exit(main())
