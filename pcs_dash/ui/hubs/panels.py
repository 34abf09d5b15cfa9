"""Starting, opening and downloading a plan: the row of buttons above the map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from pcs_dash.hubs.plan import Plan
from pcs_dash.hubs.reading import PlanReading
from pcs_dash.hubs.summary import Prepared, scorecard, summarise_hubs
from pcs_dash.measures.numbers import count
from pcs_dash.render import report_files
from pcs_dash.render.csv_files import hubs_csv, plan_csv
from pcs_dash.render.geo_files import plan_geojson, plan_geopackage
from pcs_dash.render.plan_workbook import plan_workbook
from pcs_dash.render.provenance import Provenance
from pcs_dash.store.drafts import Draft
from pcs_dash.store.rights import Action
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import boxes
from pcs_dash.ui.hubs import plan_upload
from pcs_dash.ui.hubs.address_plan import carried_over, put_carried
from pcs_dash.ui.hubs.migrating import Before
from pcs_dash.ui.hubs.open_plan import (
    STARTS,
    OpenPlan,
    every_practice,
    neighbours_for,
    prepared_for,
    provenance,
    start_plan,
)
from pcs_dash.ui.saved_documents import other_draft
from pcs_dash.ui.sign_in import person
from pcs_dash.ui.text import plain
from pcs_dash.views.question import Question
from pcs_dash.views.story import SavedView, Story


def start(opened: OpenPlan, choices: Question) -> None:
    """Start afresh from today's groups or from nothing; undo brings the old plan back."""
    with st.popover("Start from", icon=":material/restart_alt:"):
        kind = st.radio("Start from", list(STARTS), format_func=STARTS.__getitem__, key="hub-start")
        st.caption(
            f"Takes the practices of {plain(choices.area.name)} and replaces the plan on the map. "
            "Undo brings it back."
        )
        if st.button("Start", type="primary", key="hub-start-go"):
            label = f"Started from {STARTS[kind][:1].lower()}{STARTS[kind][1:]}"
            opened.change(start_plan(kind, choices.practices), label)
            opened.migration = ()
            st.rerun()


def open_file(opened: OpenPlan, dataset: Dataset, choices: Question) -> None:
    """Read a plan from a file and show what it holds. The plan on screen stays until the user puts
    another in its place; a file that puts nobody in a hub never does.
    """
    if not person.allowed(Action.UPLOAD):
        return
    with st.popover("Open a file", icon=":material/upload_file:"):
        # Any type: the reader knows a file by its content and says what to do with a wrong one.
        uploaded = st.file_uploader(plan_upload.KINDS, key="hub-file", max_upload_size=50)
        if uploaded is None:
            st.caption(
                "Plans that were downloaded here as Excel, GeoJSON or GeoPackage open again as "
                "they were; a CSV keeps who is with whom. The hubs' figures are for reading only."
            )
            return
        if st.session_state.get("hub-file-done") == uploaded.file_id:
            st.success(f"**{plain(uploaded.name)}** is on the map.")
            plan_upload.notes(st.session_state["hub-file-reading"])
            return
        # Practices of other data are kept, so that their successors can take their places.
        reading = plan_upload.read_uploaded(
            uploaded, dataset.practices, choices.area, key="hub-file", unknown="keep"
        )
        if reading is not None:
            _offer(opened, dataset, choices, reading, uploaded.file_id)


def _offer(
    opened: OpenPlan, dataset: Dataset, choices: Question, reading: PlanReading, file_id: str
) -> None:
    """The preview, and the button that puts the plan on the map."""
    plan_upload.preview(reading, choices.area)
    carried = carried_over(dataset, reading.plan, Before())
    for sentence in carried.merged:
        st.markdown(f"- {plain(sentence)}")
    here = set(every_practice(choices, dataset).index)
    if not here & set(carried.plan.assignment):
        st.warning(f"{plain(reading.nobody)} Your plan is as it was.")
        return
    lost = len(reading.unknown) - len(carried.merged)
    without = f" without {count(lost, 'unknown practice')}" if lost else ""
    if st.button(f"Put it on the map{without}", type="primary", key="hub-file-go"):
        st.session_state["hub-file-done"] = file_id
        st.session_state["hub-file-reading"] = reading
        put_carried(opened, dataset, reading.plan, Before(), f"The file '{reading.file}' opened")
        st.rerun()


def download(opened: OpenPlan, dataset: Dataset, choices: Question) -> None:
    """The plan as a file. Files are made when asked for, from the plan as it then is."""
    files = Files(opened, dataset, choices)
    with st.popover("Download", icon=":material/download:"):
        for label, suffix, mime, make in (
            ("PowerPoint of this plan", "pptx", report_files.MIME[".pptx"], files.slides),
            ("Plan as CSV (opens again here)", "csv", "text/csv", files.csv),
            ("Figures of the hubs as CSV", "figures.csv", "text/csv", files.figures),
            ("Excel workbook", "xlsx", report_files.MIME[".xlsx"], files.workbook),
            ("GeoJSON", "geojson", "application/geo+json", files.geojson),
            ("GeoPackage (EPSG:27700)", "gpkg", "application/geopackage+sqlite3", files.geopackage),
        ):
            name, key = f"hubs-{choices.area.key}.{suffix}", f"hub-download-{suffix}"
            boxes.download(label, make, name, mime, key, icon=None, width="stretch")
        st.caption("Each file says its data period, GP definition and the rules it was judged by.")


@dataclass(frozen=True)
class Files:
    """Makes each kind of file from the plan as it is when asked."""

    opened: OpenPlan
    dataset: Dataset
    choices: Question

    def slides(self) -> bytes:
        """The plan on the map beside today's PCNs, and its hubs one by one."""
        # Slides bring their own libraries with them.
        from pcs_dash.ui.stories.handout import Pack, deck_of

        area, switches = self.choices.area, self.choices.switches
        views = tuple(
            SavedView(page="hubs", topic=topic, area=area.key, switches=switches)
            for topic in ("options", "hubs")
        )
        story = Story(f"Hubs of {area.name}", views)
        pack = Pack(story, area, "hubs", self.opened.plan, self.opened.name)
        return report_files.make(deck_of(pack), ".pptx")

    def csv(self) -> bytes:
        """Practice to hub, for tables."""
        return plan_csv(*self._made_of)

    def figures(self) -> bytes:
        """The figures of each hub, for tables."""
        return hubs_csv(self._summary, self._made_of[-1])

    def workbook(self) -> bytes:
        """Plan, figures, rules and definitions as an Excel file."""
        summary = self._summary
        score = scorecard(*self._judged, summary=summary, **self._by)
        return plan_workbook(*self._made_of, summary=summary, scorecard=score)

    def geojson(self) -> bytes:
        """The hubs as shapes, one layer."""
        return plan_geojson(*self._made_of, neighbours=self._by["neighbours"])

    def geopackage(self) -> bytes:
        """Hubs and practices as layers, with the figures."""
        near, summary = self._by["neighbours"], self._summary
        return plan_geopackage(*self._made_of, neighbours=near, summary=summary)

    @property
    def _made_of(self) -> tuple[Plan, pd.DataFrame, Provenance]:
        return self.opened.plan, self.choices.practices, provenance(self.opened, self.choices)

    @property
    def _judged(self) -> tuple[Plan, Prepared]:
        return self.opened.plan, prepared_for(self.choices)

    @property
    def _by(self) -> dict[str, Any]:
        """What the hubs are judged by."""
        near = neighbours_for(self.choices, self.dataset)
        benchmark, rules = self.choices.benchmark, self.opened.rules
        return {"benchmark": benchmark, "rules": rules, "neighbours": near}

    @property
    def _summary(self) -> pd.DataFrame:
        return summarise_hubs(*self._judged, **self._by)


def _other_draft(opened: OpenPlan, draft: Draft) -> None:
    """A draft that another tab of this browser left: put it on the map, or forget it."""
    try:
        plan = OpenPlan.from_dict(draft.document, opened.token).plan
    except UserError:
        return
    said = f"a plan of its own ({len(plan.hubs):,} hubs, "
    take = partial(opened.change, plan, "Open the plan of another tab")
    other_draft(opened, draft, said, "Put it on the map", "hub", take)


def told(opened: OpenPlan) -> None:
    """What has to be said above the map: a draft that can't be kept, a version of other data."""
    if opened.fault:
        st.warning(
            f"Your plan is on the screen but not kept as a draft. {plain(opened.fault)} "
            "Download the plan before you leave."
        )
    for draft in opened.other_drafts:
        _other_draft(opened, draft)
    if opened.migration:
        with st.container(border=True):
            st.markdown("**The plan was made with other data. What is different here:**")
            st.markdown("\n".join(f"- {plain(sentence)}" for sentence in opened.migration))
            if st.button("Close the report", key="hub-migration-close"):
                opened.migration = ()
                st.rerun()
