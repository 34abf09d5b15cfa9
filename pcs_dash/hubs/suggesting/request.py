"""What is asked of a suggestion, and what comes back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import pandas as pd

from pcs_dash.measures.numbers import number, per_cent
from pcs_dash.measures.workforce import DEFAULT_DEFINITION, GP_DEFINITIONS
from pcs_dash.tables.constants import BAND
from pcs_dash.tables.errors import UserError

OBJECTIVES = {
    "distance": "short distances",
    "size": "equal size",
    "fte": "even patients per FTE GP",
    "deprivation": "even deprivation",
}
UNITS = {
    "distance": "patient-km",
    "size": "patients",
    "fte": "patients",
    "deprivation": "IMD score points",
}
# The unit of short distances where they are asked in minutes.
IN_MINUTES = "patient-minutes"
# In a weighting these count as 1 each: 1 km (or minute) of mean distance, 1% of the patients (size
# and FTE) and 1 point of IMD score.
MIXED_UNIT = "weighted score"

Status = Literal["optimal", "feasible", "infeasible", "unknown"]
Ended = Literal["finished", "time limit", "cancelled"]
Codes = tuple[str, ...]
Pair = tuple[str, str]


@dataclass(frozen=True)
class SuggestRequest:
    """The rules and the aim of a suggestion. Give a band, a number of hubs, or both.

    min_patients, max_patients: patients of every hub, both ends allowed, None = no bound.
    hubs: how many, locked ones included; None = as many as serve the aim best.
    objective: a key of OBJECTIVES, or weights of several ({"distance": 1, "deprivation": 0.5}).
    gp_definition: whose FTE the objective "fte" evens out.
    locked: hub name -> practice codes: stays exactly as it is, and must keep the rules itself.
    alone: codes of practices that are each a hub by themselves, whatever their size; these hubs
    count towards the number.
    keep_whole: group name (a PCN) -> practice codes that stay in one hub.
    together, apart: pairs of codes that must, or must not, share a hub.
    neighbours: pairs of codes that are neighbours (or a `contiguity.Neighbours`, or a libpysal W or
    Graph): every hub must hang together. None = hubs may be in pieces.
    nearest: a practice's hub has its centre among so many practices nearest to it (itself
    included); None = 15, more where the band is wide.
    minutes: mean minutes of each practice's patients (rows, codes) to each practice (columns), in
    which distances count instead of km, as `minutes_label` says; None = straight lines.
    towns: practice code -> its town (`town_names.towns_of`), after which new hubs are called.
    """

    min_patients: float | None = BAND[0]
    max_patients: float | None = BAND[1]
    hubs: int | None = None
    objective: str | Mapping[str, float] = "distance"
    gp_definition: str = DEFAULT_DEFINITION
    locked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    alone: Sequence[str] = ()
    keep_whole: Mapping[str, Sequence[str]] = field(default_factory=dict)
    together: Sequence[Pair] = ()
    apart: Sequence[Pair] = ()
    neighbours: Any = None
    nearest: int | None = None
    minutes: pd.DataFrame | None = field(default=None, compare=False)
    minutes_label: str = ""
    towns: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Freeze what was given, and refuse what no area could satisfy."""
        for name in ("locked", "keep_whole"):
            groups = getattr(self, name).items()
            held = {str(group): tuple(map(str, codes)) for group, codes in groups}
            object.__setattr__(self, name, held)
        object.__setattr__(self, "alone", tuple(map(str, self.alone)))
        for name in ("together", "apart"):
            object.__setattr__(self, name, _pairs(getattr(self, name), name))
        if self.neighbours is not None:
            object.__setattr__(self, "neighbours", neighbour_pairs(self.neighbours))
        faults = [*_band_faults(self), *_objective_faults(self)]
        if self.gp_definition not in GP_DEFINITIONS:
            faults.append(
                f"There is no GP definition '{self.gp_definition}': choose one of "
                f"{', '.join(GP_DEFINITIONS)}."
            )
        if self.nearest is not None and self.nearest < 1:
            faults.append(f"The number of nearest practices is {self.nearest}; give 1 or more.")
        if faults:
            raise UserError(" ".join(faults))

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each objective that counts, in the order of OBJECTIVES."""
        if isinstance(self.objective, str):
            return {self.objective: 1.0}
        return {
            name: float(self.objective[name]) for name in OBJECTIVES if self.objective.get(name)
        }

    @property
    def held(self) -> dict[str, Codes]:
        """Hub name -> practices of every hub that is settled: locked ones and practices alone."""
        alone = {f"{code} alone": (code,) for code in self.alone}
        return {name: tuple(codes) for name, codes in self.locked.items()} | alone

    @property
    def unit(self) -> str:
        """The unit of the objective's value."""
        weights = self.weights
        if len(weights) > 1:
            return MIXED_UNIT
        (aim,) = weights
        return UNITS[aim] if aim != "distance" or self.minutes is None else IN_MINUTES

    def but(self, **changes: Any) -> SuggestRequest:
        """The same request with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True)
class SuggestedHub:
    """One hub of a suggestion.

    centre: code of the practice with the least patient-weighted distance to the hub's practices;
    mean_distance_km: of its practices to that centre, weighted by patients; patients_per_fte_gp
    under the definition asked for and imd_score are None where no practice has a figure.
    """

    hub: str
    practices: Codes
    patients: int
    centre: str
    mean_distance_km: float
    patients_per_fte_gp: float | None
    imd_score: float | None
    locked: bool = False


@dataclass(frozen=True)
class Relaxation:
    """A change of the request that makes it possible: a plan that meets it was found.

    text: the change in words; request: the request with the change made; smallest: whether a
    smaller change of the same kind is proven to be impossible.
    """

    text: str
    request: SuggestRequest
    smallest: bool = True


@dataclass(frozen=True)
class Outcome:
    """What a search came to: the plan (practice code -> hub name, every practice of the table;
    empty without one), or why there is none (`reason`, rule by rule in `conflicts`) and what would
    help.
    """

    status: Status
    request: SuggestRequest
    seconds: float
    stopped: Ended = "finished"
    assignment: pd.Series = field(default_factory=lambda: assignment_of({}))
    reason: str = ""
    conflicts: tuple[str, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()


@dataclass(frozen=True)
class Suggestion(Outcome):
    """The answer, and how good it is.

    status: "optimal" (proven), "feasible" (best found, `gap` says how far from the best possible it
    may be), "infeasible" (proven: no plan keeps the rules; see `conflicts`, `relaxations`) or
    "unknown" (none found in time, none ruled out).
    objective_value, best_bound: in `unit`; gap: (value - bound) / value.
    tolerance: the difference, in `unit`, that is not told apart when a plan counts as optimal.
    measures: all four objectives of the plan, whichever was asked for; "minutes" (patient-minutes)
    where distances were asked in them.
    """

    hubs: tuple[SuggestedHub, ...] = ()
    objective_value: float | None = None
    best_bound: float | None = None
    gap: float | None = None
    unit: str = ""
    tolerance: float = 0.0
    measures: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def value_words(self) -> str:
        """How well the plan serves its aim: "2.5 km a patient on average"; "" without a plan."""
        if self.objective_value is None:
            return ""
        key = "minutes" if self.unit == IN_MINUTES else "distance"
        return self._in_words(self.measures.get(key, math.nan), self.objective_value)

    def _in_words(self, distance: float, value: float) -> str:
        """A value of the objective; patient-km, which nobody counts in, over the patients."""
        patients = sum(hub.patients for hub in self.hubs)
        unit = {UNITS["distance"]: "km", IN_MINUTES: self.request.minutes_label}.get(self.unit)
        if unit and patients and math.isfinite(distance):
            average = distance / patients
            return f"{number(average, 1 if average >= 1 else 3)} {unit} a patient on average"
        return f"{number(value, 1)} {self.unit}"

    @property
    def message(self) -> str:
        """One or two sentences that say what this answer is."""
        if self.status == "infeasible":
            return self.reason
        if self.status == "unknown":
            ending = "You cancelled" if self.stopped == "cancelled" else "The time ran out"
            return (
                f"{ending} before any plan was found, and it is not known whether there is one. "
                "Allow more time, or ask for less."
            )
        if self.status == "optimal":
            more = f" by more than {self._in_words(self.tolerance, self.tolerance)}"
            return (
                f"Proven: no plan that keeps these rules is better{more if self.tolerance else ''}."
            )
        endings = {"cancelled": "you cancelled", "time limit": "the time ran out"}
        how = endings.get(self.stopped, "the search ended")
        if self.gap is None or self.best_bound is None:
            return f"The best plan found when {how}; how far it is from the best is not known."
        return (
            f"The best plan found when {how}: it keeps every rule, and the best possible one is "
            f"at most {per_cent(self.gap, 1)} better."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able: status, figures, reason, hubs; without the request."""
        return {
            "status": self.status,
            "message": self.message,
            "objective": dict(self.request.weights),
            "objective_value": self.objective_value,
            "best_bound": self.best_bound,
            "gap": self.gap,
            "unit": self.unit,
            "seconds": round(self.seconds, 3),
            "stopped": self.stopped,
            "reason": self.reason or None,
            "conflicts": list(self.conflicts),
            "relaxations": [item.text for item in self.relaxations],
            "measures": dict(self.measures),
            "notes": list(self.notes),
            "hubs": [asdict(hub) | {"practices": list(hub.practices)} for hub in self.hubs],
        }


def assignment_of(hub_of: Mapping[str, str]) -> pd.Series:
    """Hub name by practice code, sorted."""
    hubs = pd.Series(dict(sorted(hub_of.items())), dtype=object, name="hub")
    return hubs.rename_axis("practice_code")


def neighbour_pairs(neighbours: Any) -> tuple[Pair, ...]:
    """Pairs of neighbouring codes, each once and sorted.

    Takes pairs of codes, a `contiguity.Neighbours`, a libpysal Graph or a libpysal W.
    """
    if hasattr(neighbours, "pairs") and hasattr(neighbours, "codes"):
        codes = [str(code) for code in neighbours.codes]
        found = [(codes[first], codes[second]) for first, second in neighbours.pairs]
    elif hasattr(neighbours, "adjacency"):
        joined = neighbours.adjacency[neighbours.adjacency != 0]
        found = [(str(first), str(second)) for first, second in joined.index]
    elif hasattr(neighbours, "neighbors"):
        found = [
            (str(first), str(second))
            for first, others in neighbours.neighbors.items()
            for second in others
        ]
    else:
        found = [(str(first), str(second)) for first, second in neighbours]
    return tuple(sorted({(min(pair), max(pair)) for pair in found if pair[0] != pair[1]}))


def _pairs(given: Iterable[Pair], name: str) -> tuple[Pair, ...]:
    pairs = []
    for item in given:
        codes = tuple(str(code) for code in item)
        if len(codes) != 2 or codes[0] == codes[1]:
            raise UserError(f"'{name}' takes pairs of two different practice codes, not {item!r}.")
        pairs.append((codes[0], codes[1]))
    return tuple(pairs)


def _band_faults(request: SuggestRequest) -> list[str]:
    faults = []
    low, high, hubs = request.min_patients, request.max_patients, request.hubs
    for name, bound in (("least", low), ("most", high)):
        if bound is not None and not (math.isfinite(bound) and bound >= 0):
            faults.append(f"The {name} number of patients is {bound}: give 0 or more.")
    if low is not None and high is not None and low > high:
        faults.append(
            f"The least number of patients ({number(low)}) is above the most ({number(high)}): "
            "swap them, or widen the band."
        )
    if hubs is not None and (isinstance(hubs, bool) or int(hubs) != hubs or hubs < 1):
        faults.append(f"The number of hubs is {hubs}: give a whole number of 1 or more.")
    if hubs is None and low is None and high is None:
        faults.append("Give a band of patients, or the number of hubs.")
    return faults


def _objective_faults(request: SuggestRequest) -> list[str]:
    names = ", ".join(OBJECTIVES)
    if isinstance(request.objective, str):
        fault = f"There is no objective '{request.objective}': choose one of {names}."
        return [fault] if request.objective not in OBJECTIVES else []
    faults = [
        f"There is no objective '{name}': choose among {names}."
        for name in request.objective
        if name not in OBJECTIVES
    ]
    weights = list(request.objective.values())
    if not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        faults.append("A weight of an objective is below 0 or not a number.")
    elif not any(weights):
        faults.append("Every weight is 0: give at least one objective a weight above 0.")
    return faults
