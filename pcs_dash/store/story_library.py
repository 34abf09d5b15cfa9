"""The story library: the presenter's lists of views, kept as plans are."""

from __future__ import annotations

from pcs_dash.store.documents import DocumentLibrary


class StoryLibrary(DocumentLibrary):
    """Saved stories (`DocumentLibrary` says what it can do). A story has no merge: of two savers
    the second keeps a copy, or opens the first one's.
    """

    kind = "story"
    noun = "story"
