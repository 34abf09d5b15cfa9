"""The table of rules that a plan is judged by: change, add, switch off."""

from __future__ import annotations

import streamlit as st

from pcs_dash.hubs.rules import rules_from_frame, rules_to_frame
from pcs_dash.measures.register import rule_measures
from pcs_dash.tables.dataset import Dataset
from pcs_dash.tables.errors import UserError
from pcs_dash.ui import data, official_store
from pcs_dash.ui.hubs.open_plan import OpenPlan
from pcs_dash.ui.text import plain

_COLUMNS = {
    "name": st.column_config.TextColumn("Name", required=True, width="medium"),
    "lower": st.column_config.NumberColumn("At least", format="localized"),
    "upper": st.column_config.NumberColumn("At most", format="localized"),
    "unit": st.column_config.TextColumn("Unit"),
    "source": st.column_config.TextColumn("Source", width="large"),
    "date": st.column_config.TextColumn("Date"),
    "on": st.column_config.CheckboxColumn("On", default=True),
}


@st.fragment
def edit(opened: OpenPlan, dataset: Dataset) -> None:
    """Edit the rules. What can't be used is told by row; the rules in force stay until then."""
    own = official_store.own(dataset)
    known = rule_measures(() if own is None else own.measures)
    # A rule of a plan may hold a measure of a file that isn't loaded here.
    options = list(dict.fromkeys([*known, *(rule.measure for rule in opened.rules)]))
    measure = st.column_config.SelectboxColumn(
        "Measure",
        options=options,
        format_func=lambda key: known[key].label if key in known else f"{key} (not loaded here)",
        required=True,
        width="medium",
    )
    st.caption(
        "A hub meets a rule when the measure lies between the bounds, both included; leave a bound "
        "empty to leave it open. A practice measure judges every practice of a hub. Every export "
        "prints the rules in force."
    )
    edited = st.data_editor(
        rules_to_frame(opened.rules),
        # Other rules in force: another table, without the edits that led to them.
        key=f"hub-rules-{hash(opened.rules)}",
        num_rows="dynamic",
        hide_index=True,
        column_config={**_COLUMNS, "measure": measure},
        column_order=["on", "name", "measure", "lower", "upper", "unit", "source", "date"],
        alt="The rules, one row each",
    )
    try:
        wanted = rules_from_frame(edited)
    except UserError as error:
        st.error(f"{plain(str(error))} The rules as they were stay in force.")
        return
    apply, restore = st.columns([1, 1])
    if apply.button(
        "Judge by these rules", type="primary", disabled=wanted == opened.rules, key="hub-rules-go"
    ):
        opened.judge_by(wanted)
        st.rerun()
    if restore.button("Back to the strategies' rules", key="hub-rules-back"):
        opened.judge_by(data.rules_of(dataset))
        st.rerun()
