"""Suggesting hubs: the form, the search in the background, the answers."""

from __future__ import annotations

import logging
from concurrent.futures import CancelledError
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.suggest import (
    OBJECTIVES,
    Progress,
    Repair,
    Suggestion,
    SuggestRequest,
    repair,
    suggest_alternatives,
)
from pcs_dash.hubs.town_names import towns_of
from pcs_dash.jobs import Job, JobError, Limits, executor
from pcs_dash.measures import numbers
from pcs_dash.measures.register import PER_GP, REGISTER
from pcs_dash.tables.constants import MODES
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import boxes, slow_work
from pcs_dash.ui.hubs import plan_figures
from pcs_dash.ui.hubs.adopt import adopt
from pcs_dash.ui.hubs.open_plan import OpenPlan, neighbours_for
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question

_WEIGHTED = "weighted"
_TAKEN = "hub-suggestion-taken"
# Seconds that a search may take to begin and to write its answer down.
_GRACE = 60.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Search:
    """A search that waits, is under way or done, of one session, in a process of its own."""

    kind: str
    area: str
    codes: tuple[str, ...]
    time_limit: float
    job: Job

    @property
    def running(self) -> bool:
        """Whether it is not at its end."""
        return not self.job.future.done()

    def found(self) -> tuple[Any, ...]:
        """The answers of one that is at its end; none where it failed, or was a repair."""
        future = self.job.future
        found = () if future.cancelled() or future.exception() is not None else future.result()
        return found if isinstance(found, tuple) else ()


def panel(opened: OpenPlan, dataset: Dataset, choices: Question) -> None:
    """The form above; below it the search under way, or its answers."""
    form(opened, dataset, choices)
    search: Search | None = opened.suggested
    if search is not None and search.running:
        watch(opened)
    elif search is not None:
        answers(opened, choices)


def just_taken() -> bool:
    """Whether an answer was put on the map since this was asked last: it is seen there."""
    return bool(st.session_state.pop(_TAKEN, False))


@st.fragment
def _belonging(choices: Question) -> tuple[list[str], list[str], list[str]]:
    """PCNs to keep whole, practices that go into one hub, and practices no two of which do."""
    with st.expander("Practices and PCNs that belong together or apart"):
        names = choices.practices["practice_name"]
        pcns = sorted(choices.practices["pcn"].dropna().unique())
        whole = st.multiselect("Keep these PCNs whole", pcns, key="hub-whole")
        every = {code: f"{name} ({code})" for code, name in names.items()}
        joined = boxes.several("In one hub", every, "hub-joined")
        parted = boxes.several("No two in one hub", every, "hub-parted")
    return whole, joined, parted


def form(opened: OpenPlan, dataset: Dataset, choices: Question) -> None:
    """What is asked for, folded so that the map stays near, and the buttons that ask."""
    with st.expander("Sizes, aim, and who belongs together"):
        st.caption(
            "Looks for the grouping that serves the aim best and keeps every rule below, and says "
            f"how sure that is. It groups the {len(choices.practices):,} practices of "
            f"{plain(choices.area.name)}; the plan on the map changes only when you take an answer."
        )
        least, most, count, limit = _sizes(opened)
        second = st.columns(5, vertical_alignment="bottom")
        aims = {**OBJECTIVES, _WEIGHTED: "a weighting of these"}
        aim = boxes.one("Aim", aims, "hub-aim", at=second[0])
        kinds = choices.journeys.kinds.items()
        way = boxes.one(
            "Distances in",
            {"": "km"} | {mode: f"minutes {MODES[mode]} ({kind})" for mode, kind in kinds},
            "hub-way",
            at=second[1],
            help="Of registered patients, from where they live to the hub's centre.",
        )
        plans = second[2].selectbox(
            "Answers", [1, 2, 3], key="hub-answers", help="Clearly different"
        )
        together = second[3].toggle("Every hub in one piece", value=False, key="hub-contiguous")
        keep = second[4].toggle("Keep locked hubs", value=True, key="hub-keep-locked")
        objective: Any = _weights() if aim == _WEIGHTED else aim
        whole, joined, parted = _belonging(choices)
    kind = _asked(busy=opened.suggested is not None and opened.suggested.running)
    if not kind:
        return
    try:
        request = SuggestRequest(
            min_patients=float(least) or None,
            max_patients=float(most) or None,
            hubs=count or None,
            objective=objective,
            gp_definition=choices.definition.key,
            locked=_locked(opened.plan, list(choices.practices.index)) if keep else {},
            keep_whole={
                pcn: list(choices.practices.index[choices.practices["pcn"] == pcn]) for pcn in whole
            },
            together=list(pairwise(joined)),
            apart=list(combinations(parted, 2)),
            neighbours=neighbours_for(choices, dataset) if together else None,
            towns=towns_of(choices.practices, dataset.towns),
            **(choices.journeys.asked(way) if way else {}),
        )
    except UserError as error:
        st.error(plain(str(error)))
        return
    start(opened, choices, kind, request, time_limit=float(limit), count=int(plans))


def _sizes(opened: OpenPlan) -> tuple[int, int, int, int]:
    """Least and most patients a hub, the number of hubs and the seconds: 0 is no limit."""
    low, high = plan_figures.band_of(opened.rules)
    boxes = st.columns(4, vertical_alignment="bottom")
    least = boxes[0].number_input("At least (patients)", 0, None, int(low), 1_000, key="hub-least")
    most = boxes[1].number_input("At most (patients)", 0, None, int(high), 1_000, key="hub-most")
    count = boxes[2].number_input(
        "Number of hubs", 0, 200, 0, help="0: as many as serve the aim best", key="hub-count"
    )
    limit = boxes[3].number_input("Time limit (seconds)", 1, 600, 20, key="hub-limit")
    return int(least), int(most), int(count), int(limit)


def _weights() -> dict[str, float]:
    return {
        key: box.slider(words.capitalize(), 0.0, 5.0, 1.0, 0.5, key=f"hub-weight-{key}")
        for box, (key, words) in zip(st.columns(len(OBJECTIVES)), OBJECTIVES.items(), strict=True)
    }


def _asked(*, busy: bool) -> str:
    """Which search a button was pressed for, "" for none."""
    ask, mend = st.columns(2)
    suggest = ask.button(
        "Suggest hubs", type="primary", disabled=busy, key="hub-suggest", width="stretch"
    )
    fewest = mend.button(
        "Repair the plan with the fewest moves",
        disabled=busy,
        key="hub-repair",
        width="stretch",
        help="Keeps the band, locks and pairs above; the aim plays no part.",
    )
    return "suggest" if suggest else "repair" if fewest else ""


def _locked(plan: Plan, codes: list[str]) -> dict[str, list[str]]:
    here = set(codes)
    held = {
        hub.name: [code for code in plan.members(hub.id) if code in here]
        for hub in plan.hubs
        if hub.locked
    }
    return {name: members for name, members in held.items() if members}


def start(
    opened: OpenPlan,
    choices: Question,
    kind: str,
    request: SuggestRequest,
    *,
    time_limit: float,
    count: int,
) -> None:
    """Search in the background and draw the page again; an earlier search of this session is
    stopped. Where work can't be taken on, that is told.
    """
    if opened.suggested is not None:
        opened.suggested.job.cancel()
    practices = choices.practices
    options: dict[str, Any] = {
        "time_limit": time_limit,
        "owner": slow_work.session(),
        # The search keeps to its limit by itself; this ends one that does not.
        "limits": Limits(2 * time_limit + _GRACE),
        "told": True,
        "long": True,
    }
    try:
        if kind == "repair":
            mend = opened.plan.to_series(practices.index), practices, request
            job = executor().submit(repair, *mend, **options)
        else:
            wanted = practices, request
            job = executor().submit(suggest_alternatives, *wanted, count=count, **options)
    except JobError as error:
        _log.warning("no search: %s", error)
        st.error(plain(str(error)))
        return
    opened.suggested = Search(kind, choices.area.key, tuple(practices.index), time_limit, job)
    st.rerun()


@st.fragment(run_every=0.5)
def watch(opened: OpenPlan) -> None:
    """How far the search is, and Cancel. The page stays usable: only this part reruns."""
    search: Search | None = opened.suggested
    if search is None:
        return
    if not search.running:
        st.rerun()
    now: Progress | None = search.job.progress
    seconds = now.seconds if now else 0.0
    begun = "starting" if search.job.future.running() else "waiting for its turn"
    stage = now.stage if now else begun
    best = gap = ""
    if now is not None and now.best is not None:
        best = f"; best so far {numbers.number(now.best)}"
    if now is not None and now.gap is not None:
        gap = f", at most {numbers.per_cent(now.gap)} from the best possible"
    st.progress(
        min(1.0, seconds / search.time_limit),
        f"{plain(stage)}: {numbers.number(seconds)} of at most "
        f"{numbers.number(search.time_limit)} seconds{best}{gap}",
    )
    if st.button("Cancel", key="hub-cancel", disabled=search.job.stopping.is_set()):
        search.job.cancel()


def answers(opened: OpenPlan, choices: Question) -> None:
    """What the search found, as it is: proven, best found, impossible and why, or unknown."""
    search: Search = opened.suggested
    try:
        found = search.job.future.result()
    except CancelledError:
        st.info("Cancelled before anything was found.")
        return
    except UserError as error:
        st.error(plain(str(error)))
        return
    except Exception:
        _log.exception("the search failed")
        st.error("The search failed; this is a fault of the program. Your plan is as it was.")
        return
    if search.area != choices.area.key:
        st.caption("The last answer was for another area. Choose that area to see it again.")
        return
    if isinstance(found, Repair):
        _repair(opened, search, found, choices)
        return
    if not found:
        st.info("Cancelled before anything was found.")
        return
    if len(found) == 1:
        _suggestion(opened, search, found[0], choices, 0)
        return
    for tab, (number, answer) in zip(
        st.tabs([f"Answer {i + 1}" for i in range(len(found))]), enumerate(found), strict=True
    ):
        with tab:
            _suggestion(opened, search, answer, choices, number)


def _status(answer: Suggestion | Repair) -> None:
    show = {"optimal": st.success, "feasible": st.info, "infeasible": st.error}.get(
        answer.status, st.warning
    )
    show(plain(answer.message))
    for reason in answer.conflicts:
        st.markdown(f"- {plain(reason)}")


def _suggestion(
    opened: OpenPlan, search: Search, answer: Suggestion, choices: Question, number: int
) -> None:
    _status(answer)
    _relaxations(opened, search, answer, choices, number)
    if not answer.hubs:
        return
    took = f"{numbers.number(answer.seconds, 1)} seconds"
    parts = (f"{len(answer.hubs)} hubs", answer.value_words, took)
    st.caption(
        f"{', '.join(part for part in parts if part)}. "
        + " ".join(plain(note) for note in answer.notes)
    )
    st.dataframe(
        pd.DataFrame(
            {
                "Hub": [hub.hub for hub in answer.hubs],
                "Practices": [len(hub.practices) for hub in answer.hubs],
                "Patients": [hub.patients for hub in answer.hubs],
                REGISTER["mean_distance_km"].short: [hub.mean_distance_km for hub in answer.hubs],
                PER_GP.label: [hub.patients_per_fte_gp for hub in answer.hubs],
                REGISTER["imd_score"].label: [hub.imd_score for hub in answer.hubs],
                "Locked": [hub.locked for hub in answer.hubs],
            }
        ),
        hide_index=True,
        height=min(420, 38 + 35 * len(answer.hubs)),
        column_config={
            "Patients": st.column_config.NumberColumn(format="localized"),
            REGISTER["mean_distance_km"].short: st.column_config.NumberColumn(format="%.1f"),
            PER_GP.label: st.column_config.NumberColumn(format="%,.0f"),
            REGISTER["imd_score"].label: st.column_config.NumberColumn(format="%.1f"),
        },
        alt="The suggested hubs, one row each",
    )
    locked = [hub.hub for hub in answer.hubs if hub.locked]
    if st.button("Take this plan", type="primary", key=f"hub-take-{number}"):
        _take(opened, search, answer.assignment, reuse=locked, label="Suggested hubs taken")


def _repair(opened: OpenPlan, search: Search, answer: Repair, choices: Question) -> None:
    _status(answer)
    _relaxations(opened, search, answer, choices, 0)
    moves = [*answer.moves, *answer.placed]
    if not moves:
        return
    names = choices.practices["practice_name"]
    st.dataframe(
        pd.DataFrame(
            {
                "Practice": [names.get(move.practice, move.practice) for move in moves],
                "From": [move.before or "no hub" for move in moves],
                "To": [move.after for move in moves],
                "Patients": [move.patients for move in moves],
            }
        ),
        hide_index=True,
        alt="The moves that mend the plan",
    )
    if st.button("Make these moves", type="primary", key="hub-take-repair"):
        reuse = [hub.name for hub in opened.plan.hubs]
        _take(opened, search, answer.assignment, reuse=reuse, label="Plan repaired")


def _take(
    opened: OpenPlan, search: Search, assignment: pd.Series, *, reuse: list[str], label: str
) -> None:
    opened.change(adopt(opened.plan, assignment, search.codes, reuse=reuse), label)
    st.session_state[_TAKEN] = True
    st.rerun()


def _relaxations(
    opened: OpenPlan, search: Search, answer: Suggestion | Repair, choices: Question, number: int
) -> None:
    """The smallest changes of the request that would work, each to be tried at once."""
    for i, relaxed in enumerate(answer.relaxations):
        least = "smallest change that works" if relaxed.smallest else "a change that works"
        text, go = st.columns([4, 1], vertical_alignment="center")
        text.markdown(f"- {plain(relaxed.text)} ({least})")
        if go.button("Try it", key=f"hub-relax-{number}-{i}"):
            kind, limit = search.kind, search.time_limit
            start(opened, choices, kind, relaxed.request, time_limit=limit, count=1)
