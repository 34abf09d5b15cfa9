"""The plan library: saved hub plans and the merge of two people's work on one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pcs_dash.store.documents import DocumentLibrary
from pcs_dash.store.merge import Conflict, MergeResult, Side, three_way_merge

__all__ = ["Conflict", "MergeResult", "PlanLibrary", "Side", "three_way_merge"]


class PlanLibrary(DocumentLibrary):
    """Saved plans; the document is `Plan.to_dict()`."""

    kind = "plan"

    def merge(
        self,
        id: int,
        based_on_version: int,
        mine: Mapping[str, Any],
        *,
        theirs_version: int,
        choices: Mapping[str, Side] | None = None,
    ) -> MergeResult:
        """What comes of both changes to `based_on_version`: mine, and those up to
        `theirs_version` (ConflictError.theirs.version). Saves nothing; save the result based on
        `theirs_version`, which still fails if a third person saved meanwhile.
        """
        base = self.open(id, based_on_version).document
        theirs = self.open(id, theirs_version).document
        return three_way_merge(base, mine, theirs, choices=choices)
