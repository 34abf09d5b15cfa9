"""The scenario library: dated changes, kept as plans and stories are."""

from __future__ import annotations

from pcs_dash.store.documents import DocumentLibrary


class ScenarioLibrary(DocumentLibrary):
    """Saved scenarios (`DocumentLibrary` says what it can do). A scenario has no merge: of two
    savers the second keeps a copy, or opens the first one's.
    """

    kind = "scenario"
    noun = "scenario"
