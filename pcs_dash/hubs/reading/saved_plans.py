"""Plans that were exported whole, as JSON: by `plans export` or the plan library."""

from __future__ import annotations

import json
import re
from typing import Any

from pcs_dash.hubs.plan import Plan, PlanError
from pcs_dash.hubs.reading.faults import Faults

_FORMAT = re.compile(rb'"format"\s*:\s*"pcs_dash')


def saved_plan(content: bytes, faults: Faults) -> tuple[Plan, str] | None:
    """The plan of an export and its name ("" if it has none), None where the file is none. Refuses
    one that is damaged, or a story.

    Author, note and rules beside it are for `store.library_files` to read.
    """
    start = content[:4_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start.startswith(b"{") or not _FORMAT.search(start):
        return None
    try:
        data: Any = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        faults.refuse("The exported plan is damaged. Export it again.")
    if data.get("format") != "pcs_dash plan":
        faults.refuse(f"This is a {str(data.get('format'))[:20]}, not a plan. Choose a plan.")
    name = data.get("name")
    try:
        plan = Plan.from_dict(data.get("document"))
    except PlanError as error:
        faults.refuse(str(error))
    return plan, name if isinstance(name, str) else ""
